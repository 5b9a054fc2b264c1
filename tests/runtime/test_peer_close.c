/* The end of a connection against everything else: three sides close it at once while calls come in, while
 * threads answer, watch and poll calls of this connection and of earlier ones, and while callbacks run. Who
 * ends a call is a race too: a thread, its cancel callback or the disconnect callback. Meant for
 * ThreadSanitizer. */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "mbr/pool.h"
#include "mbr/transport.h"

enum { UNARY = 10, STREAM = 20, CONCURRENT = 30 };

#define CONNECTIONS 40u
#define CALLS 80u /* of one connection */
#define SLOTS 8u
#define THREADS 3u
#define PATIENCE_SECONDS 60

typedef struct record {
  _Atomic uint64_t id; /* 0 until its handler has run */
  atomic_bool taken;   /* by the one who ends it */
  atomic_uint answers, callbacks, watched;
} record;

static mbr_peer peer;
static mbr_pool pool;
static mbr_peer_memory memory;
static pthread_mutex_t peer_lock = PTHREAD_MUTEX_INITIALIZER;
static record records[2][CALLS]; /* of this connection and the one before */
static atomic_uint sent;
static atomic_uint handlers, disconnects, quiets, blocks;
static atomic_bool closing, leaving;

static void lock_hook(void *owner) {
  (void)owner;
  pthread_mutex_lock(&peer_lock);
}

static void unlock_hook(void *owner) {
  (void)owner;
  pthread_mutex_unlock(&peer_lock);
}

static void schedule_hook(void *owner, mbr_task *task) {
  (void)owner;
  mbr_pool_submit(&pool, task);
}

static void *alloc_hook(void *owner, size_t size) {
  (void)owner;
  atomic_fetch_add(&blocks, 1);
  return malloc(size);
}

static void free_hook(void *owner, void *block) {
  (void)owner;
  atomic_fetch_sub(&blocks, 1);
  free(block);
}

/* The memory goes here, so that a sanitizer sees who comes later. */
static void quiet_hook(void *owner) {
  (void)owner;
  free(memory.slots);
  free(memory.calls);
  free(memory.bindings);
  free(memory.storage);
  free(memory.outbox);
  atomic_fetch_add(&quiets, 1);
}

static uint32_t pick(uint64_t *random, uint32_t below) {
  *random = *random * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(*random >> 33) % below;
}

static mbr_call call_of(record *r) { return (mbr_call){&peer, atomic_load(&r->id)}; }

static mbr_status answer(mbr_call call, mbr_frame_kind kind, size_t size) {
  mbr_writer w;
  mbr_status status = mbr_call_begin(call, kind, size, &w);
  if (status != MBR_OK) return status;
  if (size > 0) memset(mbr_writer_take(&w, size), 0x5a, size);
  return mbr_call_commit(call, &w, MBR_OK);
}

/* Ends a call that was deferred; only the first to come does. */
static void end_call(record *r) {
  if (atomic_load(&r->id) == 0 || atomic_exchange(&r->taken, true)) return;
  if (mbr_call_fault(call_of(r), MBR_INTERNAL, "over") == MBR_OK) atomic_fetch_add(&r->answers, 1);
}

static void on_cancel(void *arg, mbr_cancel_reason reason) {
  record *r = arg;
  if (reason == MBR_CANCEL_NONE) abort();
  if (atomic_fetch_add(&r->callbacks, 1) % 2 == 0 && (uintptr_t)r / sizeof *r % 2 == 0) end_call(r);
}

/* What nobody has ended by now. */
static void on_disconnect(void *arg) {
  record *mine = arg;
  if (atomic_load(&handlers) != 0) abort();
  for (size_t i = 0; i < CALLS; i++) end_call(&mine[i]);
  atomic_fetch_add(&disconnects, 1);
}

static mbr_status handle(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  record *mine = self;
  uint32_t number;
  (void)ops;
  (void)mbr_read_u32(args, &number);
  if (number >= CALLS || atomic_load(&disconnects) != 0) abort();
  atomic_fetch_add(&handlers, 1);
  mbr_call_defer(call);
  atomic_store(&mine[number].id, call.id);
  sched_yield();
  if (number % 7 == 0 && atomic_load(&closing)) mbr_peer_close(&peer);
  sched_yield();
  atomic_fetch_sub(&handlers, 1);
  return MBR_OK;
}

static const mbr_method methods[] = {
  {.id = UNARY, .ending_max = 8, .name = "t.S.unary", .dispatch = handle},
  {.id = STREAM, .flags = MBR_METHOD_STREAM, .ending_max = 4, .name = "t.S.stream", .dispatch = handle},
  {.id = CONCURRENT, .flags = MBR_METHOD_CONCURRENT, .ending_max = 8, .name = "t.S.concurrent",
   .dispatch = handle},
};
static const mbr_service service = {
  .name = "t.S", .methods = methods, .method_count = sizeof methods / sizeof *methods};

static void meddle(record *r, uint64_t *random) {
  mbr_call call = call_of(r);
  uint32_t what = pick(random, 12);
  if (call.id == 0) return;
  if (what < 4) (void)mbr_call_cancelled(call);
  else if (what < 7) (void)answer(call, MBR_FRAME_ITEM, what == 4 ? 3000 : 40);
  else if (what < 10 && mbr_call_on_cancel(call, on_cancel, r) == MBR_OK) atomic_fetch_add(&r->watched, 1);
  else end_call(r);
}

static void *meddler(void *arg) {
  uint64_t random = *(const uint64_t *)arg;
  while (!atomic_load(&leaving)) {
    meddle(&records[pick(&random, 2)][pick(&random, CALLS)], &random);
    if (pick(&random, 8) == 0) sched_yield();
  }
  return NULL;
}

static void *consumer(void *arg) {
  uint64_t random = *(const uint64_t *)arg;
  const uint8_t *frames;
  while (!atomic_load(&leaving)) {
    size_t size = mbr_peer_outgoing(&peer, &frames);
    if (size == 0) sched_yield();
    else mbr_peer_consume(&peer, pick(&random, 4) == 0 ? 0 : size);
  }
  mbr_peer_consume(&peer, 0);
  return NULL;
}

static void *closer(void *arg) {
  uint32_t after = *(const uint32_t *)arg;
  while (atomic_load(&sent) < after) sched_yield();
  atomic_store(&closing, true);
  mbr_peer_close(&peer);
  return NULL;
}

static mbr_status send_frame(mbr_frame frame, const uint32_t *words, size_t count) {
  uint8_t data[64];
  frame.size = (uint32_t)(MBR_FRAME_HEADER_SIZE + 4 * count);
  frame.flags = MBR_FRAME_FROM_CALLER;
  mbr_frame_write(data, &frame);
  for (size_t i = 0; i < count; i++) mbr_put_u32(data + MBR_FRAME_HEADER_SIZE + 4 * i, words[i]);
  return mbr_peer_receive(&peer, data, frame.size);
}

static time_t seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec;
}

/* Plays the caller until somebody has closed: calls, and cancels what last had the index. */
static void play(uint64_t *random, bool says_goodbye) {
  static const uint32_t kinds[] = {UNARY, STREAM, STREAM, CONCURRENT};
  time_t until = seconds() + PATIENCE_SECONDS;
  uint32_t number = 0, last[SLOTS] = {0};
  mbr_status status = MBR_OK;
  while (status != MBR_CLOSED) {
    uint32_t index = pick(random, SLOTS), method = kinds[pick(random, 4)];
    const uint32_t reason = MBR_CANCEL_CANCELLED;
    const mbr_frame cancel = {.kind = MBR_FRAME_CANCEL, .call = last[index]};
    const mbr_frame call = {.kind = MBR_FRAME_CALL, .call = (number + 1) << 16 | index, .method = method};
    const uint32_t words[] = {0, 30, number};
    if (last[index] != 0 && pick(random, 3) != 0) status = send_frame(cancel, &reason, 1);
    if (status == MBR_CLOSED || number == CALLS) continue;
    status = send_frame(call, words, 3);
    if (status == MBR_OK) {
      last[index] = call.call;
      atomic_store(&sent, ++number);
    }
    if (says_goodbye && number == CALLS / 2) {
      const mbr_frame goodbye = {.kind = MBR_FRAME_GOODBYE};
      (void)send_frame(goodbye, NULL, 0);
    }
    assert_true(seconds() < until);
  }
}

static void open_connection(record *mine) {
  static const mbr_hooks hooks = {
    .lock = lock_hook, .unlock = unlock_hook, .schedule = schedule_hook,
    .alloc = alloc_hook, .free = free_hook, .quiet = quiet_hook,
  };
  memory = (mbr_peer_memory){
    .slots = malloc(SLOTS * sizeof(struct mbr_slot)), .slot_count = SLOTS,
    .calls = malloc(SLOTS * sizeof(uint16_t)), .call_count = SLOTS,
    .bindings = malloc(sizeof(struct mbr_binding)), .binding_count = 1,
    .storage = malloc(SLOTS * 64), .storage_size = 64,
    .outbox = malloc(8192), .outbox_size = 8192,
  };
  for (size_t i = 0; i < CALLS; i++) {
    atomic_store(&mine[i].id, 0);
    atomic_store(&mine[i].taken, false);
    atomic_store(&mine[i].answers, 0);
    atomic_store(&mine[i].callbacks, 0);
    atomic_store(&mine[i].watched, 0);
  }
  atomic_store(&sent, 0);
  atomic_store(&disconnects, 0);
  atomic_store(&quiets, 0);
  atomic_store(&closing, false);
  atomic_store(&leaving, false);
  assert_int_equal(mbr_peer_open(&peer, &memory, &hooks, NULL), MBR_OK);
  assert_int_equal(mbr_peer_serve(&peer, &service, NULL, mine), MBR_OK);
  assert_int_equal(mbr_peer_on_disconnect(&peer, on_disconnect, mine), MBR_OK);
}

static void wait_for_quiet(void) {
  time_t until = seconds() + PATIENCE_SECONDS;
  while (atomic_load(&quiets) == 0) {
    assert_true(seconds() < until);
    sched_yield();
  }
}

static void check_records(record *mine) {
  for (size_t i = 0; i < CALLS; i++) {
    unsigned answers = atomic_load(&mine[i].answers), callbacks = atomic_load(&mine[i].callbacks);
    assert_true(answers <= 1 && callbacks <= 1 && atomic_load(&mine[i].watched) <= 1);
    assert_true(atomic_load(&mine[i].id) == 0 || atomic_load(&mine[i].taken));
    /* Whoever watches learns of exactly one. */
    if (atomic_load(&mine[i].watched) == 1) assert_int_equal(answers + callbacks, 1);
  }
}

static void test_everything_ends_once_whoever_closes(void **state) {
  (void)state;
  uint64_t random = 7;
  static const uint64_t seeds[THREADS + 1] = {11, 12, 13, 14};
  assert_int_equal(mbr_pool_start(&pool, 2, 0), MBR_OK);
  for (unsigned round = 0; round < CONNECTIONS; round++) {
    record *mine = records[round % 2];
    pthread_t threads[THREADS + 3];
    const uint32_t after = pick(&random, CALLS);
    open_connection(mine);
    for (size_t i = 0; i < THREADS + 3; i++) {
      void *(*run)(void *) = i < THREADS ? meddler : i == THREADS ? consumer : closer;
      const void *arg = i <= THREADS ? (const void *)&seeds[i] : &after;
      assert_int_equal(pthread_create(&threads[i], NULL, run, (void *)(uintptr_t)arg), 0);
    }
    play(&random, round % 3 == 0);
    /* A closer waits for calls that a goodbye has kept from being sent. */
    atomic_store(&sent, CALLS);
    wait_for_quiet();
    atomic_store(&leaving, true);
    for (size_t i = 0; i < THREADS + 3; i++) pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&quiets), 1);
    assert_int_equal(atomic_load(&disconnects), 1);
    assert_int_equal(atomic_load(&blocks), 0);
    check_records(mine);
  }
  mbr_pool_stop(&pool);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_everything_ends_once_whoever_closes)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
