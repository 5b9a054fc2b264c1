/* Two links over a simulated line with a manual clock: bytes take their time, and noise of any kind may be
 * put on it. In place of a peer each has a station: a source of numbered frames in an outbox that is spoilt
 * as soon as it is consumed, and a sink that takes nothing but the next frame of the other one. One thread.
 * */
#ifndef TESTS_LINK_LINE_H
#define TESTS_LINK_LINE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mbr/link.h"
#include "noise.h"

enum {
  FRAME_MAX = 256,
  OUTBOX = 4096,
  RING = 1024,
  HELLO_MAX = 64,
  HELLOS = 3,
  CALLS = 1024,       /* numbers of calls whose fault may be outstanding */
  TX_FIFO = 128,      /* what `write` takes ahead of the line, usually */
  WIRE = 8192,        /* bytes on the line */
  BYTES_PER_MS = 100, /* one megabaud */
  LATENCY_MS = 2,
  RETRY_MS = 12,      /* 2 × (FRAME_MAX / BYTES_PER_MS + LATENCY_MS), and what polling adds */
  LOST_MS = 2000,
};

/* One direction. */
typedef struct wire {
  uint8_t bytes[WIRE];
  uint64_t at[WIRE]; /* µs */
  size_t head, tail;
  uint64_t free_at; /* µs: when the last byte has been sent */
  uint64_t stalled; /* µs: nothing arrives before */
  unsigned burst;
} wire;

typedef struct line line;

typedef struct station {
  mbr_link link;
  mbr_link_config config;
  line *on;
  struct station *to;
  wire out;
  _Alignas(16) uint8_t outbox[OUTBOX];
  _Alignas(16) uint8_t frame[FRAME_MAX + MBR_LINK_CRC_SIZE];
  _Alignas(8) uint8_t hello[HELLO_MAX];
  uint8_t ring[RING];
  size_t head, tail, run; /* of the outbox */
  uint8_t *block;         /* of the one frame that does not lie in the outbox */
  bool closed;
  bool refuses;           /* some of what comes */
  bool restarts;          /* from within `down` */
  uint32_t epoch;         /* of every connection, where it is not 0 */
  unsigned fifo;          /* bytes that its write hook takes ahead of the line */
  uint64_t next_poll;

  uint32_t life;  /* connections begun */
  uint32_t sent;  /* frames of this connection put into the outbox */
  uint32_t heard; /* frames of it taken from the other side */
  unsigned hellos;
  uint32_t other_life;
  bool asked[CALLS], faulted[CALLS];
  unsigned ups, downs;
  mbr_status why;
  uint64_t total; /* frames taken, over all connections */
  bool refused;       /* the last frame */
  unsigned refusals;  /* of calls */
  unsigned faults;    /* for calls that the other one refused */
  mbr_status fault;
  unsigned local_faults, local_cancels;
  uint64_t heard_ms; /* when the last frame was taken */
} station;

struct line {
  station a, b;
  uint64_t us;
  noise noise;
  uint64_t random;
};

static inline uint32_t random_of(line *l) { return noise_random(&l->random); }

static inline bool chance(line *l, unsigned in_a_million) { return noise_chance(&l->random, in_a_million); }

static inline uint8_t content(uint32_t life, uint32_t serial, size_t i) {
  return (uint8_t)((life * 31u + serial * 7u + i * (serial | 1u)) % 5u == 0 ? 0 : life + serial + i);
}

static inline void put_on_wire(line *l, wire *w, uint8_t byte) {
  if (w->tail - w->head == WIRE) return;
  uint64_t at = w->free_at + LATENCY_MS * 1000u;
  if (chance(l, l->noise.stall)) w->stalled = at + random_of(l) % 30000u;
  w->bytes[w->tail % WIRE] = byte;
  w->at[w->tail % WIRE] = at > w->stalled ? at : w->stalled;
  w->tail++;
}

static inline void disturb(line *l, wire *w, uint8_t byte) {
  uint8_t bytes[NOISE_MOST];
  const size_t size = noise_disturb(&l->noise, &l->random, &w->burst, byte, bytes);
  for (size_t i = 0; i < size; i++) put_on_wire(l, w, bytes[i]);
}

static inline size_t write_hook(void *owner, const uint8_t *bytes, size_t size) {
  station *s = owner;
  wire *w = &s->out;
  const uint64_t ahead = 1000u / BYTES_PER_MS * s->fifo; /* µs */
  size_t taken = 0;
  if (w->free_at < s->on->us) w->free_at = s->on->us;
  while (taken < size && w->free_at - s->on->us < ahead) {
    w->free_at += 1000u / BYTES_PER_MS;
    disturb(s->on, w, bytes[taken++]);
  }
  return taken;
}

static inline uint64_t now_hook(void *owner) { return ((station *)owner)->on->us / 1000u; }

/* A new connection: everything that is numbered starts anew. */
static inline void begin_life(station *s) {
  s->life++;
  s->sent = s->heard = 0;
  s->hellos = 0;
  s->refused = false;
  s->refusals = s->faults = 0;
  s->head = s->tail = s->run = 0;
  s->closed = false;
  memset(s->asked, 0, sizeof s->asked);
  memset(s->faulted, 0, sizeof s->faulted);
  assert_int_equal(mbr_link_start(&s->link, s->epoch != 0 ? s->epoch : random_of(s->on)), MBR_OK);
}

static inline void up_hook(void *owner) {
  station *s = owner;
  assert_true(mbr_link_is_up(&s->link));
  s->ups++;
}

static inline void down_hook(void *owner, mbr_status why) {
  station *s = owner;
  assert_false(mbr_link_is_up(&s->link));
  assert_int_equal(s->run, 0);
  s->downs++;
  s->why = why;
  if (s->restarts) begin_life(s);
}

/* Only with the end of a call that the link made up. */
static inline mbr_status take_ending(station *s, const mbr_frame *f, const uint8_t *payload) {
  if (f->kind == MBR_FRAME_CANCEL) {
    assert_int_equal(f->flags, MBR_FRAME_FROM_CALLER);
    s->local_cancels++;
    return MBR_OK;
  }
  assert_int_equal(f->size, MBR_LINK_FAULT_SIZE);
  assert_int_equal(mbr_get_u64(payload + 4), 0);
  s->fault = (mbr_status)mbr_get_u32(payload);
  if (s->fault == MBR_NO_MEMORY) {
    s->local_faults++;
    return MBR_OK;
  }
  assert_int_equal(s->fault, MBR_BUSY);
  assert_int_equal(f->method, s->life);
  assert_true(s->asked[f->call % CALLS]);
  assert_false(s->faulted[f->call % CALLS]);
  s->faulted[f->call % CALLS] = true;
  s->faults++;
  return MBR_OK;
}

static inline mbr_status take_hello(station *s, const mbr_frame *f) {
  assert_int_equal(f->call, s->hellos);
  assert_int_equal(s->heard, 0);
  if (s->hellos == 0) {
    assert_true(f->method > s->other_life);
    s->other_life = f->method;
  }
  s->hellos++;
  return MBR_OK;
}

static inline mbr_status receive_hook(void *above, const uint8_t *frame, size_t size) {
  station *s = above;
  mbr_frame f;
  if (s->closed) return MBR_CLOSED;
  assert_int_equal(mbr_frame_read(&f, frame, size), MBR_OK);
  assert_int_equal(f.size, size);
  if (f.kind == MBR_FRAME_FAULT || f.kind == MBR_FRAME_CANCEL)
    return take_ending(s, &f, frame + MBR_FRAME_HEADER_SIZE);
  if (f.kind == MBR_FRAME_HELLO) return take_hello(s, &f);
  assert_int_equal(s->hellos, HELLOS);
  assert_int_equal(f.method, s->other_life);
  /* A call whose refusal the link could not keep comes again. */
  if (s->refused && f.call + 1u == s->heard) return MBR_BUSY;
  s->refused = false;
  assert_int_equal(f.call, s->heard);
  for (size_t i = 0; i < size - MBR_FRAME_HEADER_SIZE; i++)
    assert_int_equal(frame[MBR_FRAME_HEADER_SIZE + i], content(f.method, f.call, i));
  if (s->refuses && f.kind != MBR_FRAME_CALL && random_of(s->on) % 50u == 0) return MBR_BUSY;
  if (s->refuses && f.kind == MBR_FRAME_CALL && random_of(s->on) % 3u == 0) s->refused = true;
  s->heard++;
  s->total++;
  s->heard_ms = s->on->us / 1000u;
  if (s->refused) s->refusals++;
  return s->refused ? MBR_BUSY : MBR_OK;
}

static inline size_t outgoing_hook(void *above, const uint8_t **frames) {
  station *s = above;
  if (s->closed) return 0;
  *frames = s->outbox + s->head;
  s->run = s->tail - s->head;
  return s->run;
}

static inline void consume_hook(void *above, size_t size) {
  station *s = above;
  assert_true(size <= s->run);
  memset(s->outbox + s->head, 0xEE, size);
  s->head += size;
  s->run = 0;
  if (s->head == s->tail) s->head = s->tail = 0;
}

static inline size_t hello_hook(void *above, uint16_t index, uint8_t *out, size_t capacity) {
  const station *s = above;
  const mbr_frame f = {MBR_FRAME_HEADER_SIZE + 8u + index, MBR_FRAME_HELLO, 0, 0, index, s->life};
  if (index >= HELLOS) return MBR_PEER_HELLO_NONE;
  if (capacity < f.size) return f.size;
  memset(out, index, f.size);
  mbr_frame_write(out, &f);
  return f.size;
}

static const mbr_link_hooks station_hooks = {write_hook, now_hook, up_hook, down_hook};
static const mbr_link_above station_above = {receive_hook, outgoing_hook, consume_hook, hello_hook};

/* A frame of `size` bytes into the outbox; false when there is no room. */
static inline bool put_frame(station *s, mbr_frame_kind kind, uint8_t flags, size_t size) {
  const size_t record = (size + 15u) / 16u * 16u;
  if (OUTBOX - s->tail < record) return false;
  uint8_t *out = s->outbox + s->tail;
  const mbr_frame f = {(uint32_t)size, (uint8_t)kind, flags, 0, s->sent, s->life};
  mbr_frame_write(out, &f);
  for (size_t i = 0; i < size - MBR_FRAME_HEADER_SIZE; i++)
    out[MBR_FRAME_HEADER_SIZE + i] = content(s->life, s->sent, i);
  s->tail += record;
  return true;
}

static inline bool say(station *s, mbr_frame_kind kind, size_t size) {
  if (!put_frame(s, kind, kind == MBR_FRAME_CALL ? MBR_FRAME_FROM_CALLER : 0, size)) return false;
  s->asked[s->sent % CALLS] = kind == MBR_FRAME_CALL;
  s->faulted[s->sent % CALLS] = false;
  s->sent++;
  return true;
}

static inline void open_station(line *l, station *s, station *to) {
  s->on = l;
  s->to = to;
  s->restarts = true;
  s->fifo = TX_FIFO;
  s->config = (mbr_link_config){
    .hooks = &station_hooks, .owner = s, .calls = &station_above, .above = s,
    .frame = s->frame, .frame_max = FRAME_MAX, .ring = s->ring, .ring_size = RING,
    .hello = s->hello, .hello_size = HELLO_MAX, .retry_ms = RETRY_MS, .lost_ms = LOST_MS,
  };
  assert_int_equal(mbr_link_init(&s->link, &s->config), MBR_OK);
}

static inline line *new_line(uint64_t seed) {
  line *l = calloc(1, sizeof *l);
  assert_non_null(l);
  l->random = noise_seed(seed);
  l->us = 1000;
  open_station(l, &l->a, &l->b);
  open_station(l, &l->b, &l->a);
  return l;
}

static inline void end_noise(line *l) {
  l->noise = (noise){0};
  l->a.out.burst = l->b.out.burst = 0;
}

static inline void hear_wire(line *l, station *s, wire *from) {
  uint8_t bytes[64];
  size_t most = 1 + random_of(l) % sizeof bytes;
  size_t size = 0;
  while (from->head != from->tail && from->at[from->head % WIRE] <= l->us) {
    bytes[size++] = from->bytes[from->head++ % WIRE];
    if (size < most) continue;
    (void)mbr_link_feed(&s->link, bytes, size);
    size = 0;
  }
  (void)mbr_link_feed(&s->link, bytes, size);
}

static inline void poll_station(station *s) {
  const uint64_t now = s->on->us / 1000u;
  s->next_poll = mbr_link_poll(&s->link);
  /* A connection that was begun within the poll may have something due. */
  if (s->next_poll == now) s->next_poll = mbr_link_poll(&s->link);
  assert_true(s->next_poll > now);
}

/* One millisecond. */
static inline void tick(line *l) {
  l->us += 1000;
  hear_wire(l, &l->a, &l->b.out);
  hear_wire(l, &l->b, &l->a.out);
  poll_station(&l->a);
  poll_station(&l->b);
}

static inline void run_for(line *l, unsigned ms) {
  while (ms-- > 0) tick(l);
}

static inline void connect(line *l) {
  begin_life(&l->a);
  begin_life(&l->b);
  run_for(l, 100);
  assert_true(mbr_link_is_up(&l->a.link) && mbr_link_is_up(&l->b.link));
  assert_int_equal(l->a.hellos, HELLOS);
  assert_int_equal(l->b.hellos, HELLOS);
}

static inline bool all_heard(const line *l) {
  return l->a.heard == l->b.sent && l->b.heard == l->a.sent && l->a.head == l->a.tail &&
         l->b.head == l->b.tail && l->a.faults == l->b.refusals && l->b.faults == l->a.refusals;
}

/* Asserts that nothing is missing in the end. */
static inline void settle(line *l, unsigned ms) {
  while (!all_heard(l) && ms-- > 0) tick(l);
  assert_true(all_heard(l));
}

#endif
