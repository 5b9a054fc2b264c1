/* Generated C against bytes that Rust's bincode made: vectors VECTORS.TXT BAD.TXT
 * Each value decodes and encodes to the same bytes, and what must be refused is, at its place. Then the
 * values are damaged: whatever is accepted encodes to the same bytes too, and what is refused adds up to a
 * digest, which must be the same on every kind of machine. Plain C, for machines without a test library. */
#include <float.h>
#include <stdio.h>
#include <string.h>

#include "vector_types.h"

enum {
  LINE_MAX_SIZE = 1 << 16,
  DAMAGED_MAX = 160 /* larger values are not damaged: they have nothing new, and cost */
};

typedef struct vector {
  const char *line;
  const codec *codec;
  uint8_t *bytes; /* ends where its memory ends, so that a sanitizer sees every byte read too far */
  size_t size;
  char status[32]; /* of one that is refused */
  size_t offset;
} vector;

typedef struct answer {
  mbr_status status;
  size_t offset;
} answer;

static unsigned failures;

static void fail(const vector *v, const char *what, const answer *a) {
  failures++;
  fprintf(stderr, "%s: %s at %zu\n  %.200s\n", what, mbr_status_name(a->status), a->offset, v->line);
}

static int digit(char c) {
  const char *digits = "0123456789abcdef", *at = strchr(digits, c);
  return c != '\0' && at != NULL ? (int)(at - digits) : -1;
}

static bool read_hex(vector *v, const char *hex) {
  size_t digits = strcmp(hex, "-") == 0 ? 0 : strlen(hex);
  v->size = digits / 2;
  v->bytes = malloc(v->size != 0 ? v->size : 1);
  if (v->bytes == NULL || digits % 2 != 0) return false;
  for (size_t i = 0; i < v->size; i++) {
    int high = digit(hex[2 * i]), low = digit(hex[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    v->bytes[i] = (uint8_t)(high << 4 | low);
  }
  return true;
}

static bool read_vector(vector *v, const char *line) {
  static char name[64], hex[LINE_MAX_SIZE];
  *v = (vector){.line = line};
  if (sscanf(line, "%63s %65535s %31s %zu", name, hex, v->status, &v->offset) < 2) return false;
  for (size_t i = 0; i < VECTOR_TYPE_COUNT; i++)
    if (strcmp(vector_types[i].name, name) == 0) v->codec = vector_types[i].codec;
  return v->codec != NULL && read_hex(v, hex);
}

/* An x87 unit makes a signalling NaN a quiet one when it is moved: bit 22 of 32, 51 of 64 is then set. */
static bool is_same(const uint8_t *a, const uint8_t *b, size_t size) {
  for (size_t i = 0; i < size; i++) {
    uint8_t different = a[i] ^ b[i];
    bool quiet = FLT_EVAL_METHOD == 2 && (different == 0x40 || different == 0x08);
    if (different != 0 && !quiet) return false;
  }
  return true;
}

/* Into exactly the announced size, and not a byte less. */
static bool encodes_to(const codec *c, const void *value, const uint8_t *bytes, size_t size) {
  mbr_writer w;
  if (c->size(value) != size) return false;
  uint8_t *encoded = malloc(size != 0 ? size : 1);
  mbr_writer_init(&w, encoded, size);
  bool same = encoded != NULL && c->encode(&w, value) == MBR_OK && w.offset == size;
  same = same && is_same(encoded, bytes, size);
  free(encoded);
  return same;
}

static answer ask(const vector *v, size_t size) {
  answer a = {0};
  test_arena arena;
  mbr_reader r;
  void *value = malloc(v->codec->value_size);
  if (value == NULL) abort();
  memset(value, 0xA5, v->codec->value_size);
  test_arena_init(&arena);
  mbr_reader_init(&r, v->bytes, size, &arena.arena);
  a.status = v->codec->decode(&r, value);
  if (a.status != r.status) fail(v, "answered and kept another status", &a);
  if (a.status == MBR_OK) a.status = mbr_reader_finish(&r);
  a.offset = r.offset;
  bool same = a.status != MBR_OK || encodes_to(v->codec, value, v->bytes, size);
  if (!same) fail(v, "encodes to other bytes", &a);
  test_arena_free(&arena);
  free(value);
  return a;
}

static void check_good(const vector *v) {
  answer a = ask(v, v->size);
  if (a.status != MBR_OK) fail(v, "refused", &a);
}

/* The end of the input may be seen before it is reached: several fields are asked for at a time. */
static void check_bad(const vector *v) {
  answer a = ask(v, v->size);
  bool early = a.status == MBR_TRUNCATED && a.offset < v->offset;
  if (strcmp(mbr_status_name(a.status), v->status) != 0)
    fail(v, "refused otherwise", &a);
  else if (a.offset != v->offset && !early)
    fail(v, "refused elsewhere", &a);
}

static uint32_t digest = 0x811c9dc5u;
static unsigned long damaged;

static void add_to_digest(uint32_t number) {
  for (int shift = 0; shift < 32; shift += 8) digest = (digest ^ (number >> shift & 0xFFu)) * 0x01000193u;
}

static void digest_answer(const vector *v, size_t size) {
  answer a = ask(v, size);
  add_to_digest((uint32_t)a.status);
  add_to_digest((uint32_t)a.offset);
  damaged++;
}

static void damage(const vector *v) {
  static const uint8_t flips[] = {0x01, 0x80, 0xFE};
  if (v->size > DAMAGED_MAX) return;
  for (size_t i = 0; i < v->size; i++) {
    for (size_t k = 0; k < sizeof flips; k++) {
      v->bytes[i] ^= flips[k];
      digest_answer(v, v->size);
      v->bytes[i] ^= flips[k];
    }
    digest_answer(v, i);
  }
}

/* Calls `check` for each line; the number of lines. */
static unsigned for_each(const char *path, void (*check)(const vector *v)) {
  static char line[LINE_MAX_SIZE];
  unsigned count = 0;
  vector v;
  FILE *file = fopen(path, "r");
  if (file == NULL) {
    perror(path);
    exit(2);
  }
  while (fgets(line, sizeof line, file) != NULL) {
    line[strcspn(line, "\n")] = '\0';
    count++;
    if (read_vector(&v, line)) {
      check(&v);
    } else {
      failures++;
      fprintf(stderr, "%s:%u: not a vector\n", path, count);
    }
    free(v.bytes);
  }
  fclose(file);
  return count;
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  unsigned good = for_each(argv[1], check_good), bad = for_each(argv[2], check_bad);
  (void)for_each(argv[1], damage);
  printf("%u values, %u refusals, %lu damaged values with digest %08lx: %u failed\n", good, bad, damaged,
         (unsigned long)digest, failures);
  return failures == 0 && good != 0 && bad != 0 ? 0 : 1;
}
