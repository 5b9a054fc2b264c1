/* What bytes and frames of a sender that means ill cost the one that takes them: each measure is one dump of
 * callgrind, which counts instructions, named "group size". cost.sh says what they may be.
 *
 * Groups: `feed` and `poll` of a link that is up, by what comes over its line; the others are frames for a peer
 * that runs its handlers itself, by the method they call and what its argument looks like. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <valgrind/callgrind.h>

#include "cost.h"
#include "mbr/link.h"

#define CHECK(condition) \
  do { \
    if (!(condition)) { \
      fprintf(stderr, "cost.c:%d: not so: %s\n", __LINE__, #condition); \
      exit(1); \
    } \
  } while (0)

enum { LEAST = 8192, STORAGE = 1 << 20, OUTBOX = 4096, RING = 65536, FRAME_MAX = 512 };

static void begin_measure(void) {
  CALLGRIND_ZERO_STATS;
  CALLGRIND_TOGGLE_COLLECT;
}

static void end_measure(const char *group, size_t size) {
  char name[64];
  CALLGRIND_TOGGLE_COLLECT;
  (void)snprintf(name, sizeof name, "%s %zu", group, size);
  CALLGRIND_DUMP_STATS_AT(name);
}

/* A generator that is the same everywhere. */
static uint32_t noise(void) {
  static uint32_t state = 1;
  state = state * 1664525u + 1013904223u;
  return state >> 8;
}

/* Frames. */

static mbr_peer peer;
static struct mbr_slot slots[1];
static struct mbr_binding bindings[1];
static uint16_t calls[1];
static _Alignas(16) uint8_t storage[STORAGE];
static _Alignas(16) uint8_t outbox[OUTBOX];

static void numbers(void *self, cost_shapes_numbers_call call, const mbr_list_u32 *of) {
  (void)self, (void)cost_shapes_numbers_ok(call, (uint32_t)of->count);
}
static void bools(void *self, cost_shapes_bools_call call, const mbr_list_bool *of) {
  (void)self, (void)cost_shapes_bools_ok(call, (uint32_t)of->count);
}
static void text(void *self, cost_shapes_text_call call, mbr_str of) {
  (void)self, (void)cost_shapes_text_ok(call, (uint32_t)of.size);
}
static void texts(void *self, cost_shapes_texts_call call, const mbr_list_str *of) {
  (void)self, (void)cost_shapes_texts_ok(call, (uint32_t)of->count);
}
static void rows(void *self, cost_shapes_rows_call call, const mbr_list_cost_row *of) {
  (void)self, (void)cost_shapes_rows_ok(call, (uint32_t)of->count);
}
static void keys(void *self, cost_shapes_keys_call call, const mbr_set_u32 *of) {
  (void)self, (void)cost_shapes_keys_ok(call, (uint32_t)of->count);
}
static void nothings(void *self, cost_shapes_nothings_call call, const mbr_list_cost_nothing *of) {
  (void)self, (void)cost_shapes_nothings_ok(call, (uint32_t)of->count);
}

static const cost_shapes_ops ops = {numbers, bools, text, texts, rows, keys, nothings};

static void open_peer(void) {
  const mbr_peer_memory memory = {
    .slots = slots, .slot_count = 1, .calls = calls, .call_count = 1, .bindings = bindings, .binding_count = 1,
    .storage = storage, .storage_size = STORAGE, .outbox = outbox, .outbox_size = OUTBOX,
  };
  const mbr_hooks hooks = {.lock = NULL};
  CHECK(mbr_peer_open(&peer, &memory, &hooks, NULL) == MBR_OK);
  CHECK(cost_shapes_serve(&peer, &ops, NULL) == MBR_OK);
}

static uint32_t number_of(const char *method) {
  const char *parts[] = {"cost.Shapes.", method};
  uint32_t hash = 0x811C9DC5u;
  for (int i = 0; i < 2; i++) {
    for (const char *c = parts[i]; *c != '\0'; c++) hash = (hash ^ (uint8_t)*c) * 0x01000193u;
  }
  return hash;
}

/* The kind and status of the answer that waits. */
static mbr_frame_kind take_answer(uint32_t *code) {
  const uint8_t *frames;
  mbr_frame frame;
  size_t size = mbr_peer_outgoing(&peer, &frames);
  CHECK(mbr_frame_read(&frame, frames, size) == MBR_OK);
  *code = mbr_get_u32(frames + MBR_FRAME_HEADER_SIZE);
  mbr_peer_consume(&peer, size);
  return (mbr_frame_kind)frame.kind;
}

/* Writes an argument of about `size` bytes. */
typedef void write_fn(mbr_writer *w, size_t size);

/* One CALL; `answer` is what its fault is to be, MBR_OK for none. */
static void measure_call(const char *group, const char *method, write_fn *write, size_t size, mbr_status answer) {
  static uint32_t call = 0;
  static _Alignas(8) uint8_t data[STORAGE / 2];
  mbr_writer w;
  uint32_t code = 0;
  mbr_writer_init(&w, data + MBR_FRAME_HEADER_SIZE, sizeof data - MBR_FRAME_HEADER_SIZE);
  (void)mbr_write_u64(&w, 0); /* neither timeout nor credit */
  write(&w, size);
  CHECK(w.status == MBR_OK);
  call += 0x10000u;
  const mbr_frame frame = {(uint32_t)(MBR_FRAME_HEADER_SIZE + w.offset), MBR_FRAME_CALL, MBR_FRAME_FROM_CALLER, 0, call,
                           number_of(method)};
  mbr_frame_write(data, &frame);
  begin_measure();
  mbr_status status = mbr_peer_receive(&peer, data, frame.size);
  end_measure(group, size);
  CHECK(status == MBR_OK);
  mbr_frame_kind kind = take_answer(&code);
  if (answer == MBR_OK) CHECK(kind == MBR_FRAME_OK);
  else CHECK(kind == MBR_FRAME_FAULT && code == (uint32_t)answer);
}

static void write_numbers(mbr_writer *w, size_t size) {
  (void)mbr_write_u64(w, size / 4);
  for (size_t i = 0; i < size / 4; i++) (void)mbr_write_u32(w, noise());
}
static void write_lie(mbr_writer *w, size_t size) {
  (void)mbr_write_u64(w, UINT64_MAX / 4);
  for (size_t i = 0; i < size; i++) (void)mbr_write_u8(w, 0);
}
static void write_bools(mbr_writer *w, size_t size) {
  (void)mbr_write_u64(w, size);
  for (size_t i = 0; i < size; i++) (void)mbr_write_u8(w, noise() & 1u);
}
static void write_letters(mbr_writer *w, size_t size) {
  (void)mbr_write_u64(w, size);
  for (size_t i = 0; i < size; i++) (void)mbr_write_u8(w, 'a');
}
static void write_wide_letters(mbr_writer *w, size_t size) {
  (void)mbr_write_u64(w, size);
  for (size_t i = 0; i < size / 4; i++) (void)mbr_write_u32(w, 0x80989FF0u); /* U+1F600 */
}
static void write_bad_text(mbr_writer *w, size_t size) {
  write_letters(w, size);
  w->data[w->offset - 1] = 0xFF;
}
static void write_empty_texts(mbr_writer *w, size_t size) {
  (void)mbr_write_u64(w, size / 8);
  for (size_t i = 0; i < size / 8; i++) (void)mbr_write_u64(w, 0);
}
static void write_rows(mbr_writer *w, size_t size) {
  const size_t row = 4 + 1 + 8 + 2 + 8 + 1;
  (void)mbr_write_u64(w, size / row);
  for (size_t i = 0; i < size / row; i++) {
    const mbr_str note = {"ab", 2};
    (void)mbr_write_u32(w, noise());
    (void)mbr_write_option(w, true);
    (void)mbr_write_str(w, note, MBR_UNBOUNDED);
    (void)mbr_write_u64(w, 1);
    (void)mbr_write_bool(w, true);
  }
}
static void write_falling_keys(mbr_writer *w, size_t size) {
  (void)mbr_write_u64(w, size / 4);
  for (size_t i = 0; i < size / 4; i++) (void)mbr_write_u32(w, (uint32_t)(size - i));
}
static void write_shuffled_keys(mbr_writer *w, size_t size) { /* sizes are powers of two: each key once */
  (void)mbr_write_u64(w, size / 4);
  for (size_t i = 0; i < size / 4; i++) (void)mbr_write_u32(w, (uint32_t)(i * 2654435761u % (size / 4)));
}
static void write_same_keys(mbr_writer *w, size_t size) {
  (void)mbr_write_u64(w, size / 4);
  for (size_t i = 0; i < size / 4; i++) (void)mbr_write_u32(w, i + 1 < size / 4 ? (uint32_t)i : 0);
}
static void write_nothings(mbr_writer *w, size_t size) {
  (void)size;
  (void)mbr_write_u64(w, MBR_EMPTY_ITEMS_MAX);
}

/* Names of methods that are not there, sorted as a HELLO has them. */
static void measure_hello(size_t size) {
  static _Alignas(8) uint8_t data[STORAGE / 2];
  const size_t count = size / 12;
  const mbr_frame frame = {(uint32_t)(MBR_FRAME_HEADER_SIZE + 16 + 12 * count), MBR_FRAME_HELLO, 0, 0, 0, 0};
  uint8_t *p = data + MBR_FRAME_HEADER_SIZE;
  mbr_frame_write(data, &frame);
  mbr_put_u32(p, MBR_PROTOCOL_VERSION);
  mbr_put_u32(p + 8, (uint32_t)count);
  for (size_t i = 0; i < count; i++) mbr_put_u32(p + 16 + 12 * i, (uint32_t)i);
  begin_measure();
  mbr_status status = mbr_peer_receive(&peer, data, frame.size);
  end_measure("hello", size);
  CHECK(status == MBR_OK);
}

static void measure_frames(size_t size) {
  measure_call("numbers", "numbers", write_numbers, size, MBR_OK);
  measure_call("numbers_lie", "numbers", write_lie, size, MBR_BAD_LENGTH);
  measure_call("bools", "bools", write_bools, size, MBR_OK);
  measure_call("text", "text", write_letters, size, MBR_OK);
  measure_call("text_wide", "text", write_wide_letters, size, MBR_OK);
  measure_call("text_bad", "text", write_bad_text, size, MBR_BAD_UTF8);
  measure_call("texts_empty", "texts", write_empty_texts, size, MBR_OK);
  measure_call("texts_lie", "texts", write_lie, size, MBR_BAD_LENGTH);
  measure_call("rows", "rows", write_rows, size, MBR_OK);
  measure_call("keys_rising", "keys", write_same_keys, size, MBR_DUPLICATE);
  measure_call("keys_falling", "keys", write_falling_keys, size, MBR_OK);
  measure_call("keys_shuffled", "keys", write_shuffled_keys, size, MBR_OK);
  measure_call("nothings", "nothings", write_nothings, size, MBR_OK);
  measure_hello(size);
}

/* Bytes: two links, one of them only for the handshake and for a packet to be repeated. */

typedef struct end {
  mbr_link link;
  mbr_link_config config;
  struct end *to;
  uint8_t said[256]; /* the last bytes written */
  size_t said_size;
  uint64_t time;
  _Alignas(8) uint8_t frame[FRAME_MAX + MBR_LINK_CRC_SIZE];
  _Alignas(8) uint8_t hello[64];
  uint8_t ring[RING];
} end;

static size_t write_hook(void *owner, const uint8_t *bytes, size_t size) {
  end *e = owner;
  e->said_size = size < sizeof e->said ? size : sizeof e->said;
  memcpy(e->said, bytes, e->said_size);
  return mbr_link_feed(&e->to->link, bytes, size);
}
static uint64_t now_hook(void *owner) { return ((end *)owner)->time; }
static void down_hook(void *owner, mbr_status why) { (void)owner, (void)why; }

static mbr_status take_nothing(void *above, const uint8_t *frame, size_t size) {
  (void)above, (void)frame, (void)size;
  return MBR_OK;
}
static size_t give_nothing(void *above, const uint8_t **frames) {
  (void)above, (void)frames;
  return 0;
}
static void consume_nothing(void *above, size_t size) { (void)above, (void)size; }
static size_t no_hello(void *above, uint16_t index, uint8_t *out, size_t capacity) {
  (void)above, (void)index, (void)out, (void)capacity;
  return MBR_PEER_HELLO_NONE;
}

static void open_end(end *e, end *to, uint32_t epoch) {
  static const mbr_link_hooks hooks = {.write = write_hook, .now = now_hook, .down = down_hook};
  static const mbr_link_above nothing = {take_nothing, give_nothing, consume_nothing, no_hello};
  e->to = to;
  e->time = 1000;
  e->config = (mbr_link_config){
    .hooks = &hooks, .owner = e, .calls = &nothing, .frame = e->frame, .frame_max = FRAME_MAX,
    .ring = e->ring, .ring_size = RING, .hello = e->hello, .hello_size = sizeof e->hello,
    .retry_ms = 100, .lost_ms = 1000,
  };
  CHECK(mbr_link_init(&e->link, &e->config) == MBR_OK);
  CHECK(mbr_link_start(&e->link, epoch) == MBR_OK);
}

static end near, far;

static void connect_ends(void) {
  open_end(&near, &far, 11);
  open_end(&far, &near, 22);
  for (int i = 0; i < 8; i++) {
    (void)mbr_link_poll(&near.link);
    (void)mbr_link_poll(&far.link);
  }
  CHECK(mbr_link_is_up(&near.link) && mbr_link_is_up(&far.link));
}

/* The nth byte of a line on which somebody sends what costs most. */
typedef uint8_t byte_fn(size_t n);
static uint8_t zero_byte(size_t n) { return (void)n, 0; }
static uint8_t full_byte(size_t n) { return (void)n, 0xFF; }
static uint8_t short_byte(size_t n) { return (void)n, 1; }
static uint8_t empty_byte(size_t n) { return n % 2 == 0 ? 0 : 2; } /* packets of next to nothing */
static uint8_t noise_byte(size_t n) { return (void)n, (uint8_t)noise(); }
static uint8_t repeated_byte(size_t n) { return far.said[n % far.said_size]; } /* a packet that is good */

static void measure_bytes(const char *feeding, const char *polling, byte_fn *byte, size_t size) {
  static uint8_t bytes[RING];
  connect_ends();
  for (size_t i = 0; i < size; i++) bytes[i] = byte(i);
  begin_measure();
  for (size_t i = 0; i < size; i++) CHECK(mbr_link_feed(&near.link, &bytes[i], 1) == 1);
  end_measure(feeding, size);
  begin_measure();
  (void)mbr_link_poll(&near.link);
  end_measure(polling, size);
  CHECK(mbr_link_is_up(&near.link));
}

static void measure_full_ring(size_t size) {
  const uint8_t byte = 7;
  connect_ends();
  while (mbr_link_feed(&near.link, &byte, 1) == 1) {
  }
  begin_measure();
  for (size_t i = 0; i < size; i++) CHECK(mbr_link_feed(&near.link, &byte, 1) == 0);
  end_measure("feed_full", size);
}

static void measure_lines(size_t size) {
  measure_bytes("feed_zeros", "poll_zeros", zero_byte, size);
  measure_bytes("feed_blocks", "poll_blocks", full_byte, size);
  measure_bytes("feed_short", "poll_short", short_byte, size);
  measure_bytes("feed_empty", "poll_empty", empty_byte, size);
  measure_bytes("feed_noise", "poll_noise", noise_byte, size);
  measure_bytes("feed_repeated", "poll_repeated", repeated_byte, size);
  measure_full_ring(size);
}

int main(void) {
  CALLGRIND_TOGGLE_COLLECT; /* on from the start: off */
  open_peer();
  for (size_t size = LEAST; size <= 4 * LEAST; size *= 2) {
    measure_frames(size);
    measure_lines(size);
  }
  return 0;
}
