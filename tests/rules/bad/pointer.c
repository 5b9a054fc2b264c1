/* Calls through a pointer that no list knows. */
struct hooks { void (*unknown)(void); };
void bad_enter(const struct hooks *hooks);
void bad_enter(const struct hooks *hooks) { hooks->unknown(); }
