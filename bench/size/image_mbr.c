/* Encodes and decodes each message once. Never run. */
#include "size_messages.h"

#include "messages.h"

unsigned char buffer[256];
static uint64_t memory[64];
#define VALUE(name, proto) static size_messages_##name name##_value;
EACH_MESSAGE(VALUE)

int main(void) {
  int failed = 0;
  mbr_writer w;
  mbr_reader r;
  mbr_arena arena;
  mbr_frame frame = {0};
#define PASS(name, proto)                                                \
  mbr_writer_init(&w, buffer + MBR_FRAME_HEADER_SIZE, sizeof buffer - MBR_FRAME_HEADER_SIZE); \
  failed += size_messages_##name##_encode(&w, &name##_value) != MBR_OK;  \
  frame.size = (uint32_t)w.offset;                                       \
  mbr_frame_write(buffer, &frame);                                       \
  failed += mbr_frame_read(&frame, buffer, sizeof buffer) != MBR_OK;     \
  mbr_arena_init(&arena, memory, sizeof memory);                         \
  mbr_reader_init(&r, buffer + MBR_FRAME_HEADER_SIZE, frame.size, &arena); \
  failed += size_messages_##name##_decode(&r, &name##_value) != MBR_OK;  \
  failed += mbr_reader_finish(&r) != MBR_OK;
  EACH_MESSAGE(PASS)
  return failed;
}
