/* Keeps something between calls. */
unsigned bad_enter(void);
unsigned bad_enter(void) {
  static unsigned counted;
  return ++counted;
}
