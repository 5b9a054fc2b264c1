/* Fuzzing of generated decoders: the first byte chooses a type of vectors.mbr, the rest is its input. What is
 * accepted has the announced size and encodes to the bytes it came from; what is refused is refused at a
 * place inside. A small arena that cannot grow may only change the answer to MBR_NO_MEMORY. */
#include "../codec/vector_types.h"

enum { SMALL_ARENA_SIZE = 256 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds) {
  if (!holds) abort();
}

static void *take_memory(size_t size) {
  void *memory = malloc(size != 0 ? size : 1);
  demand(memory != NULL);
  return memory;
}

static void check_accepted(const codec *c, const void *value, const uint8_t *input, size_t size) {
  mbr_writer w;
  uint8_t *again = take_memory(size);
  demand(c->size(value) == size);
  mbr_writer_init(&w, again, size);
  demand(c->encode(&w, value) == MBR_OK && w.offset == size);
  demand(size == 0 || memcmp(again, input, size) == 0);
  free(again);
  if (size == 0) return;
  uint8_t *shorter = take_memory(size - 1);
  mbr_writer_init(&w, shorter, size - 1);
  demand(c->encode(&w, value) == MBR_NO_SPACE);
  free(shorter);
}

/* The answer; `value` is good for as long as the input and the arena are. */
static mbr_status decode(const codec *c, void *value, const uint8_t *input, size_t size, mbr_arena *arena,
                         size_t *offset) {
  mbr_reader r;
  memset(value, 0xA5, c->value_size);
  mbr_reader_init(&r, input, size, arena);
  mbr_status status = c->decode(&r, value);
  demand(status == r.status && r.offset <= size);
  demand(status != MBR_TRAILING && (status <= MBR_TOO_DEEP || status == MBR_NO_MEMORY));
  *offset = r.offset;
  return status;
}

static void check(const codec *c, const uint8_t *input, size_t size) {
  uint64_t few[SMALL_ARENA_SIZE / sizeof(uint64_t)];
  void *value = take_memory(c->value_size);
  size_t offset, other_offset;
  test_arena grown;
  test_arena_init(&grown);
  mbr_status status = decode(c, value, input, size, &grown.arena, &offset);
  demand(status != MBR_NO_MEMORY);
  if (status == MBR_OK) check_accepted(c, value, input, offset);
  test_arena_free(&grown);
  mbr_arena small;
  mbr_arena_init(&small, few, sizeof few);
  mbr_status other = decode(c, value, input, size, &small, &other_offset);
  demand(other == MBR_NO_MEMORY || (other == status && other_offset == offset));
  free(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  /* In memory of its own, so that a byte read before it or behind it is seen. */
  uint8_t *input = take_memory(size - 1);
  if (size > 1) memcpy(input, data + 1, size - 1);
  check(vector_types[data[0] % VECTOR_TYPE_COUNT].codec, input, size - 1);
  free(input);
  return 0;
}
