/* The C side of a random contract: exchange VALUES ANSWERS
 * VALUES holds records of a type's number, a size and bytes; to each it answers with a status, an offset, the
 * size that the decoded value announces, the size that it takes when it is encoded again, and its bytes. All
 * numbers are u32, little endian. Knows no types, and judges nothing: that is left to the Dart side. */
#include <stdio.h>
#include <string.h>

#include "exchange.h"

static void die(const char *what) {
  perror(what);
  exit(2);
}

/* Ends where its memory ends, so that a sanitizer sees every byte read or written too far. */
static uint8_t *allocate(size_t size) {
  uint8_t *memory = malloc(size != 0 ? size : 1);
  if (memory == NULL) die("malloc");
  return memory;
}

static uint8_t *read_file(const char *path, size_t *size) {
  FILE *file = fopen(path, "rb");
  if (file == NULL || fseek(file, 0, SEEK_END) != 0) die(path);
  long end = ftell(file);
  if (end < 0) die(path);
  rewind(file);
  *size = (size_t)end;
  uint8_t *bytes = allocate(*size);
  if (fread(bytes, 1, *size, file) != *size) die(path);
  fclose(file);
  return bytes;
}

static void answer(FILE *out, const mbr_reader *r, mbr_status status, size_t announced, const mbr_writer *w) {
  uint8_t head[16];
  mbr_put_u32(head, (uint32_t)status);
  mbr_put_u32(head + 4, (uint32_t)r->offset);
  mbr_put_u32(head + 8, (uint32_t)announced);
  mbr_put_u32(head + 12, (uint32_t)w->offset);
  if (fwrite(head, 1, sizeof head, out) != sizeof head || fwrite(w->data, 1, w->offset, out) != w->offset)
    die("answers");
}

/* A value that decodes and does not encode is told by the status of the latter. One that is too deep has no
 * size; as many bytes as it was decoded from are room enough to find that out. */
static void exchange(FILE *out, const codec *c, const uint8_t *bytes, size_t size) {
  test_arena arena;
  mbr_reader r;
  mbr_writer w;
  uint8_t *copy = allocate(size);
  void *value = allocate(c->value_size);
  size_t announced = 0;
  memcpy(copy, bytes, size);
  memset(value, 0xA5, c->value_size);
  test_arena_init(&arena);
  mbr_reader_init(&r, copy, size, &arena.arena);
  mbr_status status = c->decode(&r, value);
  if (status == MBR_OK) status = mbr_reader_finish(&r);
  if (status == MBR_OK) announced = c->size(value);
  size_t room = announced == (size_t)-1 ? size : announced;
  uint8_t *encoded = allocate(room);
  mbr_writer_init(&w, encoded, room);
  if (status == MBR_OK) status = c->encode(&w, value);
  answer(out, &r, status, announced, &w);
  test_arena_free(&arena);
  free(encoded);
  free(value);
  free(copy);
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  size_t size, at = 0;
  uint8_t *bytes = read_file(argv[1], &size);
  FILE *out = fopen(argv[2], "wb");
  if (out == NULL) die(argv[2]);
  while (size - at >= 8) {
    uint32_t subject = mbr_get_u32(bytes + at), length = mbr_get_u32(bytes + at + 4);
    at += 8;
    if (subject >= subject_count || length > size - at) break;
    exchange(out, subjects[subject], bytes + at, length);
    at += length;
  }
  if (fclose(out) != 0) die(argv[2]);
  free(bytes);
  return at == size ? 0 : 2;
}
