/* The same with nanopb. */
#include <pb_decode.h>
#include <pb_encode.h>

#include "messages.h"
#include "messages.pb.h"

unsigned char buffer[256];
#define VALUE(name, proto) static size_##proto name##_value;
EACH_MESSAGE(VALUE)

int main(void) {
  int failed = 0;
#define PASS(name, proto)                                                          \
  {                                                                                \
    pb_ostream_t out = pb_ostream_from_buffer(buffer, sizeof buffer);              \
    failed += !pb_encode(&out, size_##proto##_fields, &name##_value);              \
    pb_istream_t in = pb_istream_from_buffer(buffer, out.bytes_written);           \
    failed += !pb_decode(&in, size_##proto##_fields, &name##_value);               \
  }
  EACH_MESSAGE(PASS)
  return failed;
}
