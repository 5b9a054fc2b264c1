/* Two functions that call each other; not in tail position, where a compiler may make it a loop. */
unsigned bad_even(unsigned n);
unsigned bad_odd(unsigned n);
void bad_enter(unsigned n);
__attribute__((noinline, noclone)) unsigned bad_even(unsigned n) { return n == 0 ? 1 : 3u * bad_odd(n - 1u); }
__attribute__((noinline, noclone)) unsigned bad_odd(unsigned n) { return n == 0 ? 0 : 5u * bad_even(n - 1u); }
void bad_enter(unsigned n) { (void)bad_even(n); }
