/* More stack than it may have, in two frames that are each within the bound. */
unsigned char bad_lower(unsigned at);
unsigned char bad_enter(unsigned at);
__attribute__((noinline)) unsigned char bad_lower(unsigned at) {
  volatile unsigned char bytes[160];
  bytes[at] = 1;
  return bytes[0];
}
unsigned char bad_enter(unsigned at) {
  volatile unsigned char bytes[160];
  bytes[at] = 1;
  return (unsigned char)(bad_lower(at) + bytes[0]);
}
