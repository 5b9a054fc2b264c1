/* A peer whose other side is the test itself: it plays the caller with raw frames, runs scheduled tasks when
 * it likes, and checks on the way that no hook is called under the lock or after quiet. One thread. */
#ifndef TESTS_RUNTIME_LOOPBACK_H
#define TESTS_RUNTIME_LOOPBACK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mbr/transport.h"

enum { UNARY = 10, STREAM = 20, ONEWAY = 30, CONCURRENT = 40, LARGE = 50, OTHER = 60, NOBODY = 70 };
/* UPLOAD has a stream parameter, BOTH a stream result too; ASIDE is UPLOAD and CONCURRENT. */
enum { UPLOAD = 51, BOTH = 52, LATEST = 53, INLINE = 54, SYNC = 55, BLOB = 56, ASIDE = 57, QUIET = 58 };

#define UPLOAD_WINDOW 4u
#define LATEST_MAX 16u

typedef struct loopback loopback;
typedef mbr_status handler(loopback *l, mbr_call call, mbr_reader *args);
typedef mbr_status item_handler(loopback *l, mbr_call call, mbr_reader *item); /* NULL at the end */

typedef struct received {
  mbr_frame frame;
  uint8_t *payload;
  size_t size;
} received;

#define RECEIVED_MAX 4096

struct loopback {
  mbr_peer peer;
  mbr_hooks hooks;
  mbr_peer_memory memory;
  bool locked;
  bool gone; /* quiet was called */
  bool refuse_blocks;
  bool close_on_alloc;
  mbr_call look_at_on_free; /* a late look from within the free hook */
  unsigned locks, wakes, quiets, disconnects, cancels;
  mbr_cancel_reason cancel_reason;
  size_t blocks, blocks_taken;
  mbr_task *first, *last;
  size_t scheduled;
  handler *handle;
  item_handler *handle_item;
  uint64_t time, alarm; /* the clock, and the last alarm */
  unsigned alarms;
  unsigned readies;
  mbr_counters counters[16];
  mbr_call calls[64]; /* in the order their handlers started */
  size_t started;
  received got[RECEIVED_MAX];
  size_t got_count;
};

static inline void lock_hook(void *owner) {
  loopback *l = owner;
  assert_false(l->locked);
  l->locked = true;
  l->locks++;
}

static inline void unlock_hook(void *owner) {
  loopback *l = owner;
  assert_true(l->locked);
  l->locked = false;
}

static inline void check_hook(const loopback *l) {
  assert_false(l->locked);
  assert_false(l->gone);
}

static inline void wake_hook(void *owner) {
  loopback *l = owner;
  check_hook(l);
  l->wakes++;
}

static inline void schedule_hook(void *owner, mbr_task *task) {
  loopback *l = owner;
  check_hook(l);
  task->next = NULL;
  if (l->first == NULL) l->first = task;
  else l->last->next = task;
  l->last = task;
  l->scheduled++;
}

static inline void *alloc_hook(void *owner, size_t size) {
  loopback *l = owner;
  check_hook(l);
  if (l->close_on_alloc) mbr_peer_close(&l->peer);
  if (l->refuse_blocks) return NULL;
  l->blocks++;
  l->blocks_taken++;
  return malloc(size);
}

static inline void free_hook(void *owner, void *block) {
  loopback *l = owner;
  check_hook(l);
  l->blocks--;
  (void)mbr_call_cancelled(l->look_at_on_free);
  free(block);
}

static inline uint64_t now_hook(void *owner) {
  const loopback *l = owner;
  assert_false(l->locked);
  return l->time;
}

static inline void alarm_hook(void *owner, uint64_t at) {
  loopback *l = owner;
  check_hook(l);
  l->alarm = at;
  l->alarms++;
}

/* The memory goes at once, so that a sanitizer sees a later touch. */
static inline void quiet_hook(void *owner) {
  loopback *l = owner;
  check_hook(l);
  l->quiets++;
  l->gone = true;
  free(l->memory.slots);
  free(l->memory.calls);
  free(l->memory.bindings);
  free(l->memory.storage);
  free(l->memory.outbox);
}

static inline mbr_status dispatch_any(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  loopback *l = self;
  (void)ops;
  assert_false(l->locked);
  l->calls[l->started++ % 64] = call;
  return l->handle != NULL ? l->handle(l, call, args) : MBR_OK;
}

static inline mbr_status item_any(const void *ops, void *self, mbr_call call, mbr_reader *item) {
  loopback *l = self;
  (void)ops;
  assert_false(l->locked);
  return l->handle_item != NULL ? l->handle_item(l, call, item) : MBR_OK;
}

static inline uint32_t twice(const mbr_target *target, uint32_t value) {
  loopback *l = target->self;
  l->started++;
  return 2 * value;
}

static const mbr_method methods[] = {
  {.id = UNARY, .name = "t.S.unary", .dispatch = dispatch_any},
  {.id = STREAM, .flags = MBR_METHOD_STREAM, .ending_max = 8, .name = "t.S.stream", .dispatch = dispatch_any},
  {.id = ONEWAY, .flags = MBR_METHOD_ONEWAY, .name = "t.S.oneway", .dispatch = dispatch_any},
  {.id = CONCURRENT, .flags = MBR_METHOD_CONCURRENT, .ending_max = 16, .name = "t.S.concurrent",
   .dispatch = dispatch_any},
  {.id = LARGE, .ending_max = 200, .name = "t.S.large", .dispatch = dispatch_any},
  {.id = UPLOAD, .flags = MBR_METHOD_UPLOAD, .ending_max = 16, .window = UPLOAD_WINDOW, .fingerprint = 51,
   .name = "t.S.upload", .dispatch = dispatch_any, .item = item_any},
  {.id = BOTH, .flags = MBR_METHOD_UPLOAD | MBR_METHOD_STREAM, .ending_max = 16, .name = "t.S.both",
   .dispatch = dispatch_any, .item = item_any},
  {.id = LATEST, .flags = MBR_METHOD_STREAM | MBR_METHOD_LATEST, .ending_max = 8, .item_max = LATEST_MAX,
   .name = "t.S.latest", .dispatch = dispatch_any},
  {.id = INLINE, .flags = MBR_METHOD_INLINE, .ending_max = 16, .name = "t.S.inline",
   .dispatch = dispatch_any},
  {.id = SYNC, .flags = MBR_METHOD_SYNC, .name = "t.S.sync", .dispatch = dispatch_any,
   .direct = (void (*)(void))twice},
  {.id = BLOB, .flags = MBR_METHOD_BYTES, .name = "t.S.blob", .dispatch = dispatch_any},
  {.id = ASIDE, .flags = MBR_METHOD_UPLOAD | MBR_METHOD_CONCURRENT, .ending_max = 16, .window = 1,
   .name = "t.S.aside", .dispatch = dispatch_any, .item = item_any},
  {.id = QUIET, .flags = MBR_METHOD_QUIET, .ending_max = 16, .name = "t.S.quiet", .dispatch = dispatch_any},
};
static const mbr_type_shape shapes[] = {{.name = 3, .shape = 33}, {.name = 4, .shape = 44}};
static const mbr_service service = {
  .name = "t.S", .methods = methods, .method_count = sizeof methods / sizeof *methods,
  .types = shapes, .type_count = sizeof shapes / sizeof *shapes,
};

static const mbr_method other_methods[] = {{.id = OTHER, .name = "t.O.other", .dispatch = dispatch_any}};
static const mbr_service other_service = {.name = "t.O", .methods = other_methods, .method_count = 1};

static inline void *aligned_memory(size_t size) {
  void *memory = malloc(size);
  assert_non_null(memory);
  assert_int_equal((uintptr_t)memory % 16, 0);
  return memory;
}

typedef struct shape {
  uint16_t slots;
  size_t storage_size;
  size_t outbox_size;
  bool inline_handlers;
  bool no_blocks;
} shape;

static const shape usual = {8, 256, 4096, false, false};
static const shape direct = {8, 256, 4096, true, false};

static inline void open_peer(loopback *l, shape s) {
  l->hooks = (mbr_hooks){
    .lock = lock_hook, .unlock = unlock_hook, .wake = wake_hook, .schedule = schedule_hook,
    .alloc = alloc_hook, .free = free_hook, .now = now_hook, .alarm = alarm_hook, .quiet = quiet_hook,
  };
  if (l->time == 0) l->time = 1000;
  if (s.inline_handlers) l->hooks.schedule = NULL;
  if (s.no_blocks) l->hooks.alloc = NULL;
  if (s.no_blocks) l->hooks.free = NULL;
  l->memory = (mbr_peer_memory){
    .slots = aligned_memory(s.slots * sizeof(struct mbr_slot)), .slot_count = s.slots,
    .calls = aligned_memory(s.slots * sizeof(uint16_t)), .call_count = s.slots,
    .bindings = aligned_memory(2 * sizeof(struct mbr_binding)), .binding_count = 2,
    .counters = l->counters, .counter_count = sizeof l->counters / sizeof *l->counters,
    .storage = aligned_memory(s.slots * s.storage_size), .storage_size = s.storage_size,
    .outbox = aligned_memory(s.outbox_size), .outbox_size = s.outbox_size,
  };
  l->gone = false;
  assert_int_equal(mbr_peer_open(&l->peer, &l->memory, &l->hooks, l), MBR_OK);
  assert_int_equal(mbr_peer_serve(&l->peer, &service, NULL, l), MBR_OK);
  assert_int_equal(mbr_peer_serve(&l->peer, &other_service, NULL, l), MBR_OK);
}

static inline loopback *new_loopback(shape s) {
  loopback *l = calloc(1, sizeof *l);
  assert_non_null(l);
  open_peer(l, s);
  return l;
}

static inline bool run_one(loopback *l) {
  mbr_task *task = l->first;
  if (task == NULL) return false;
  l->first = task->next;
  l->scheduled--;
  task->run(task);
  return true;
}

static inline void run_all(loopback *l) {
  while (run_one(l)) {
  }
}

static inline void keep_frame(loopback *l, const uint8_t *data, size_t size) {
  assert_true(l->got_count < RECEIVED_MAX);
  received *r = &l->got[l->got_count++];
  assert_int_equal((uintptr_t)data % 8, 0);
  assert_int_equal(mbr_frame_read(&r->frame, data, size), MBR_OK);
  if ((r->frame.flags & MBR_FRAME_BLOCK) != 0) {
    const uint8_t *block = (const uint8_t *)(uintptr_t)mbr_get_u64(data + MBR_FRAME_HEADER_SIZE);
    uint64_t block_size = mbr_get_u64(data + MBR_FRAME_HEADER_SIZE + 8);
    assert_int_equal(mbr_frame_read(&r->frame, block, (size_t)block_size), MBR_OK);
    assert_int_equal(r->frame.size, block_size);
    data = block;
  }
  assert_int_equal(r->frame.flags, 0);
  r->size = r->frame.size - MBR_FRAME_HEADER_SIZE;
  r->payload = malloc(r->size > 0 ? r->size : 1);
  assert_non_null(r->payload);
  memcpy(r->payload, data + MBR_FRAME_HEADER_SIZE, r->size);
}

/* Takes up to `limit` frames of one run; whether there were any. */
static inline bool drain_some(loopback *l, size_t limit) {
  const uint8_t *frames = NULL;
  size_t size = mbr_peer_outgoing(&l->peer, &frames);
  size_t done = 0;
  if (size == 0) return false;
  while (done < size && limit-- > 0) {
    keep_frame(l, frames + done, size - done);
    done += (mbr_get_u32(frames + done) + 15u) / 16u * 16u;
  }
  assert_true(done <= size);
  mbr_peer_consume(&l->peer, done);
  return true;
}

static inline void drain(loopback *l) {
  while (drain_some(l, SIZE_MAX)) {
  }
}

static inline void forget(loopback *l) {
  for (size_t i = 0; i < l->got_count; i++) free(l->got[i].payload);
  l->got_count = 0;
}

static inline void end_loopback(loopback *l) {
  mbr_peer_close(&l->peer);
  run_all(l);
  forget(l);
  assert_int_equal(l->quiets, 1);
  assert_int_equal(l->blocks, 0);
  free(l);
}

typedef mbr_status receiver(mbr_peer *peer, const uint8_t *frame, size_t size);

/* What an inline call's caller does, but that it drains later; its answer is kept as a frame from the outbox. */
static inline mbr_status receive_here(mbr_peer *peer, const uint8_t *frame, size_t size) {
  uint64_t buffer[16];
  mbr_answer answer = {.buffer = (uint8_t *)buffer, .capacity = sizeof buffer};
  mbr_status status = mbr_peer_receive_here(peer, frame, size, &answer);
  if (status != MBR_OK) assert_int_equal(answer.size, 0);
  if (answer.size != 0) keep_frame(peer->owner, answer.frame, answer.size);
  return status;
}

static inline mbr_status send_call_to(loopback *l, receiver *receive, uint32_t method, uint32_t id,
                                      uint32_t credit, uint32_t timeout_ms, const void *args, size_t size) {
  size_t whole = MBR_FRAME_HEADER_SIZE + MBR_CALL_PREFIX_SIZE + size;
  uint8_t *data = malloc(whole);
  assert_non_null(data);
  const mbr_frame frame = {(uint32_t)whole, MBR_FRAME_CALL, MBR_FRAME_FROM_CALLER, 0, id, method};
  mbr_frame_write(data, &frame);
  mbr_put_u32(data + MBR_FRAME_HEADER_SIZE, timeout_ms);
  mbr_put_u32(data + MBR_FRAME_HEADER_SIZE + 4, credit);
  if (size > 0) memcpy(data + MBR_FRAME_HEADER_SIZE + MBR_CALL_PREFIX_SIZE, args, size);
  mbr_status status = receive(&l->peer, data, whole);
  free(data);
  return status;
}

static inline mbr_status send_call(loopback *l, uint32_t method, uint32_t id, uint32_t credit,
                                   const void *args, size_t size) {
  return send_call_to(l, mbr_peer_receive, method, id, credit, 0, args, size);
}

static inline mbr_status send_call_within(loopback *l, uint32_t method, uint32_t id, uint32_t timeout_ms) {
  return send_call_to(l, mbr_peer_receive, method, id, 100, timeout_ms, NULL, 0);
}

/* An item of the stream parameter, or its end. */
static inline mbr_status send_item(loopback *l, mbr_frame_kind kind, uint32_t id, const void *item,
                                   size_t size) {
  size_t whole = MBR_FRAME_HEADER_SIZE + size;
  uint8_t *data = malloc(whole);
  assert_non_null(data);
  const mbr_frame frame = {(uint32_t)whole, (uint8_t)kind, MBR_FRAME_FROM_CALLER, 0, id, 0};
  mbr_frame_write(data, &frame);
  if (size > 0) memcpy(data + MBR_FRAME_HEADER_SIZE, item, size);
  mbr_status status = mbr_peer_receive(&l->peer, data, whole);
  free(data);
  return status;
}

static inline mbr_status send_end(loopback *l, uint32_t id) {
  return send_item(l, MBR_FRAME_END, id, NULL, 0);
}

/* A wire id from a caller's index and generation. */
static inline uint32_t wire(uint32_t index, uint32_t generation) { return generation << 16 | index; }

static inline mbr_status send_control(loopback *l, mbr_frame_kind kind, uint32_t id, uint32_t value) {
  uint8_t data[MBR_FRAME_HEADER_SIZE + 4];
  const mbr_frame frame = {sizeof data, (uint8_t)kind, MBR_FRAME_FROM_CALLER, 0, id, 0};
  mbr_frame_write(data, &frame);
  mbr_put_u32(data + MBR_FRAME_HEADER_SIZE, value);
  return mbr_peer_receive(&l->peer, data, sizeof data);
}

static inline mbr_status send_cancel(loopback *l, uint32_t id) {
  return send_control(l, MBR_FRAME_CANCEL, id, MBR_CANCEL_CANCELLED);
}

/* What generated code does: size, begin, encode, commit. */
static inline mbr_status answer_in_steps(mbr_call call, mbr_frame_kind kind, const void *data, size_t size) {
  mbr_writer w;
  mbr_status status = mbr_call_begin(call, kind, size, &w);
  if (status != MBR_OK) return status;
  if (size > 0) {
    uint8_t *p = mbr_writer_take(&w, size);
    assert_non_null(p);
    memcpy(p, data, size);
  }
  return mbr_call_commit(call, &w, MBR_OK);
}

/* And with what is short: encode, send. */
#define SHORT_MAX 64u
static inline mbr_status answer_in_one_step(mbr_call call, mbr_frame_kind kind, const void *data,
                                            size_t size) {
  uint8_t payload[SHORT_MAX];
  mbr_writer w;
  mbr_writer_init(&w, size > 0 ? payload : NULL, size);
  if (size > 0) memcpy(mbr_writer_take(&w, size), data, size);
  return mbr_call_send(call, kind, &w, MBR_OK);
}

/* Tests see no difference: they run with the one, then with the other. */
static bool in_one_step;
#define RUN_BOTH_WAYS(tests)                        \
  (cmocka_run_group_tests(tests, NULL, NULL) != 0 || \
   (in_one_step = true, cmocka_run_group_tests(tests, NULL, NULL) != 0))

static inline mbr_status answer(mbr_call call, mbr_frame_kind kind, const void *data, size_t size) {
  if (in_one_step && size <= SHORT_MAX) return answer_in_one_step(call, kind, data, size);
  return answer_in_steps(call, kind, data, size);
}

static inline mbr_status defer(loopback *l, mbr_call call, mbr_reader *args) {
  (void)l;
  (void)args;
  mbr_call_defer(call);
  return MBR_OK;
}

/* Calls, has the handler run and defer, returns the handle. */
static inline mbr_call deferred_call(loopback *l, uint32_t method, uint32_t id, uint32_t credit) {
  l->handle = defer;
  assert_int_equal(send_call(l, method, id, credit, NULL, 0), MBR_OK);
  run_all(l);
  return l->calls[(l->started - 1) % 64];
}

static inline void assert_frame(const received *r, mbr_frame_kind kind, uint32_t id, size_t size) {
  assert_int_equal(r->frame.kind, kind);
  assert_int_equal(r->frame.call, id);
  assert_int_equal(r->size, size);
}

static inline void assert_fault(const received *r, uint32_t id, mbr_status code, const char *text) {
  assert_frame(r, MBR_FRAME_FAULT, id, 12 + strlen(text));
  assert_int_equal(mbr_get_u32(r->payload), code);
  assert_int_equal(mbr_get_u64(r->payload + 4), strlen(text));
  assert_memory_equal(r->payload + 12, text, strlen(text));
}

static inline void assert_credit(const received *r, uint32_t id, uint32_t credit) {
  assert_frame(r, MBR_FRAME_CREDIT, id, 4);
  assert_int_equal(mbr_get_u32(r->payload), credit);
}

/* Whatever happened: every call that was accepted is open, or ended in one way. */
static inline void check_counters(loopback *l, uint32_t method, uint64_t calls, uint64_t ok) {
  mbr_counters c;
  assert_int_equal(mbr_peer_counters(&l->peer, method, &c), MBR_OK);
  assert_int_equal(c.calls, calls);
  assert_int_equal(c.calls, c.open + ok + c.errors + c.cancelled);
}

/* Free room covers what is promised, but for the waste that a wrap at the ring's end has already cost. */
static inline void check_ring(const loopback *l) {
  const mbr_outbox *o = &l->peer.outbox;
  size_t mask = o->size - 1;
  size_t wasted = 0;
  assert_true(o->tail - o->head <= o->size);
  for (size_t at = o->head; at != o->tail;) {
    const uint8_t *record = o->data + (at & mask);
    size_t size = (mbr_get_u32(record) + 15u) / 16u * 16u;
    assert_true(size >= 16 && (at & mask) + size <= o->size);
    at += size;
    if ((at & mask) == 0 && record[4] == 0) wasted = size;
  }
  assert_true(o->size - (o->tail - o->head) + wasted >= o->promised + o->largest);
}

#endif
