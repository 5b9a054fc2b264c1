/* An array of as many bytes as it is told. */
#include <string.h>
unsigned char bad_enter(unsigned size);
unsigned char bad_enter(unsigned size) {
  unsigned char bytes[size];
  memset(bytes, 1, size);
  return bytes[size - 1u];
}
