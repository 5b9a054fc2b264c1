/* Flow control and time under load: stream parameters, sources that are called when there is room, items
 * that are replaced, deadlines, inline and sync calls, all at once on several threads, with a caller that
 * cancels at random and often leaves in the middle. Meant for ThreadSanitizer and Helgrind. */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "mbr/pool.h"
#include "mbr/transport.h"

enum { UPLOAD = 10, ECHO = 20, LATEST = 30, READY = 40, TIMED = 50, INLINE = 60, SYNC = 70 };

#define CONNECTIONS 12u
#define CALLS 120u /* of one connection */
#define SLOTS 16u
#define PRODUCERS 3u
#define WINDOW 5u
#define READY_ITEMS 80u
#define LATEST_ITEMS 60u
#define PATIENCE_SECONDS 60

typedef struct tally {
  /* The caller's and the consumer's side, under the lock. */
  uint32_t index, method;
  uint32_t sent, credit; /* items of the stream parameter */
  uint32_t items, last;  /* items of the result */
  unsigned endings;
  bool accepted, cancelled, items_ended;
  /* The side that serves. */
  mbr_call call;
  uint32_t handled, emitted;
  unsigned answers, callbacks, pumping; /* counts: see below */
} tally;

static mbr_peer peer;
static mbr_pool pool;
static mbr_peer_memory memory;
static pthread_mutex_t peer_lock = PTHREAD_MUTEX_INITIALIZER;

/* Counts that several threads look at: by add and get only. */
static pthread_mutex_t count_lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned blocks, quiets, inside, leaving;
static int first_failure;

/* Everything below is under this one. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static tally calls[CALLS];
static uint32_t at_index[SLOTS];
static uint32_t jobs[CALLS];
static size_t job_first, job_count;
static bool ringing, stopping;
static unsigned good_endings;

#define CHECK(condition)                      \
  do {                                        \
    if (!(condition)) note_failure(__LINE__); \
  } while (0)

static void note_failure(int line) {
  pthread_mutex_lock(&count_lock);
  if (first_failure == 0) first_failure = line;
  pthread_mutex_unlock(&count_lock);
}

/* Answers what it was before. */
static unsigned add(unsigned *count, unsigned n) {
  pthread_mutex_lock(&count_lock);
  unsigned before = *count;
  *count += n;
  pthread_mutex_unlock(&count_lock);
  return before;
}

static unsigned get(unsigned *count) { return add(count, 0); }

static uint32_t pick(uint64_t *random, uint32_t below) {
  *random = *random * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(*random >> 33) % below;
}

static void lock_hook(void *owner) {
  (void)owner;
  pthread_mutex_lock(&peer_lock);
}

static void unlock_hook(void *owner) {
  (void)owner;
  pthread_mutex_unlock(&peer_lock);
}

static void ring(void) {
  pthread_mutex_lock(&lock);
  ringing = true;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&lock);
}

static void wake_hook(void *owner) {
  (void)owner;
  ring();
}

static void schedule_hook(void *owner, mbr_task *task) {
  (void)owner;
  mbr_pool_submit(&pool, task);
}

static void *alloc_hook(void *owner, size_t size) {
  (void)owner;
  add(&blocks, 1);
  return malloc(size);
}

static void free_hook(void *owner, void *block) {
  (void)owner;
  add(&blocks, 0u - 1u);
  free(block);
}

static uint64_t now_hook(void *owner) {
  struct timespec t;
  (void)owner;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000u + (uint64_t)t.tv_nsec / 1000000u;
}

/* The memory goes here, so that a sanitizer sees who comes later. */
static void quiet_hook(void *owner) {
  (void)owner;
  free(memory.slots);
  free(memory.calls);
  free(memory.bindings);
  free(memory.counters);
  free(memory.storage);
  free(memory.outbox);
  add(&quiets, 1);
}

static void count_answer(tally *t, mbr_status status) {
  CHECK(status == MBR_OK || status == MBR_CLOSED);
  if (status == MBR_OK) add(&t->answers, 1);
}

/* Every other one in one step, if it is short. */
static mbr_status answer(mbr_call call, mbr_frame_kind kind, uint32_t value, size_t size) {
  uint8_t payload[64] = {0};
  mbr_writer w;
  if (size <= sizeof payload && value % 2 == 0) {
    mbr_writer_init(&w, payload, size);
    if (size >= 4) (void)mbr_write_u32(&w, value);
    if (size > w.offset) memset(mbr_writer_take(&w, size - w.offset), (int)(uint8_t)value, size - w.offset);
    return mbr_call_send(call, kind, &w, MBR_OK);
  }
  mbr_status status = mbr_call_begin(call, kind, size, &w);
  if (status != MBR_OK) return status;
  if (size >= 4) {
    (void)mbr_write_u32(&w, value);
    memset(mbr_writer_take(&w, size - 4), (int)(uint8_t)value, size - 4);
  }
  return mbr_call_commit(call, &w, MBR_OK);
}

/* The one ending that a deferred call owes, if nobody has tried before. */
static void on_cancel(void *arg, mbr_cancel_reason reason) {
  tally *t = arg;
  CHECK(reason != MBR_CANCEL_NONE);
  CHECK(get(&t->pumping) == 0);
  add(&t->callbacks, 1);
  if (t->method == READY) count_answer(t, mbr_call_fault(t->call, MBR_CANCELLED, NULL));
}

/* Emits until there is no more room, then asks to be called again. */
static void pump(void *arg) {
  tally *t = arg;
  mbr_status status = MBR_OK;
  CHECK(add(&t->pumping, 1) == 0);
  CHECK(get(&t->callbacks) == 0);
  while (t->emitted < READY_ITEMS && status == MBR_OK) {
    size_t size = t->emitted % 9 == 0 ? 1500 : 4 + t->emitted % 60;
    status = answer(t->call, MBR_FRAME_ITEM, t->emitted, size);
    if (status == MBR_OK) t->emitted++;
  }
  CHECK(status == MBR_OK || status == MBR_CLOSED || status == MBR_WOULD_BLOCK);
  add(&t->pumping, 0u - 1u);
  if (status == MBR_WOULD_BLOCK) {
    status = mbr_call_on_ready(t->call, pump, t);
    CHECK(status == MBR_OK || status == MBR_CLOSED);
  } else if (status == MBR_OK) {
    count_answer(t, answer(t->call, MBR_FRAME_END, 0, 0));
  }
}

static void add_job(uint32_t number) {
  pthread_mutex_lock(&lock);
  jobs[(job_first + job_count++) % CALLS] = number;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&lock);
}

static void produce(uint32_t number, uint64_t *random) {
  tally *t = &calls[number];
  if (t->method == TIMED) {
    const struct timespec some_time = {0, (long)pick(random, 6) * 1000000};
    nanosleep(&some_time, NULL);
    count_answer(t, answer(t->call, MBR_FRAME_OK, number, 4));
    return;
  }
  for (uint32_t i = 1; i <= LATEST_ITEMS; i++) {
    mbr_status status = answer(t->call, MBR_FRAME_ITEM, i, 4 + pick(random, 10) * 12);
    CHECK(status == MBR_OK || status == MBR_CLOSED);
    if (i % 16 == 0) (void)mbr_call_dropped(t->call);
    if (i % 8 == 0) sched_yield();
  }
  count_answer(t, answer(t->call, MBR_FRAME_END, 0, 0));
}

static void *producer(void *arg) {
  uint64_t random = *(const uint64_t *)arg;
  pthread_mutex_lock(&lock);
  for (;;) {
    while (job_count == 0 && !stopping) pthread_cond_wait(&changed, &lock);
    if (job_count == 0) break;
    uint32_t number = jobs[job_first++ % CALLS];
    job_count--;
    pthread_mutex_unlock(&lock);
    produce(number, &random);
    pthread_mutex_lock(&lock);
  }
  pthread_mutex_unlock(&lock);
  return NULL;
}

static mbr_status dispatch(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  uint32_t number;
  (void)ops;
  (void)self;
  if (mbr_read_u32(args, &number) != MBR_OK) return args->status;
  if (number == UINT32_MAX) { /* a sync call */
    CHECK(answer(call, MBR_FRAME_OK, 7, 4 + 40 * (call.id >> 16 & 15u)) != MBR_WOULD_BLOCK);
    return MBR_OK;
  }
  tally *t = &calls[number];
  CHECK(add(&inside, 1) == 0); /* one handler of the service at a time */
  t->call = call;
  mbr_call_set_context(call, t);
  if (t->method == INLINE) {
    count_answer(t, answer(call, MBR_FRAME_OK, number, 4));
  } else {
    if (t->method != UPLOAD && t->method != ECHO) mbr_call_defer(call);
    CHECK(mbr_call_on_cancel(call, on_cancel, t) == MBR_OK);
    if (t->method == TIMED || t->method == LATEST) add_job(number);
    if (t->method == READY) {
      mbr_status status = mbr_call_on_ready(call, pump, t);
      CHECK(status == MBR_OK || status == MBR_CLOSED);
    }
  }
  add(&inside, 0u - 1u);
  return MBR_OK;
}

static mbr_status take_item(const void *ops, void *self, mbr_call call, mbr_reader *item) {
  uint32_t value;
  (void)ops;
  (void)self;
  CHECK(add(&inside, 1) == 0);
  tally *t = mbr_call_context(call);
  if (t == NULL) { /* cancelled and gone since the item was taken up: only where its slot is not held */
    CHECK(false);
  } else if (item == NULL) {
    count_answer(t, answer(call, t->method == ECHO ? MBR_FRAME_END : MBR_FRAME_OK, t->handled,
                           t->method == ECHO ? 0 : 4));
  } else {
    (void)mbr_read_u32(item, &value);
    CHECK(value == t->handled);
    t->handled++;
    if (t->method == ECHO && answer(call, MBR_FRAME_ITEM, t->emitted, 8) == MBR_OK) t->emitted++;
  }
  add(&inside, 0u - 1u);
  return MBR_OK;
}

static const mbr_method methods[] = {
  {.id = UPLOAD, .flags = MBR_METHOD_UPLOAD, .ending_max = 8, .window = WINDOW, .name = "t.S.upload",
   .dispatch = dispatch, .item = take_item},
  {.id = ECHO, .flags = MBR_METHOD_UPLOAD | MBR_METHOD_STREAM, .ending_max = 4, .item_max = 8,
   .window = WINDOW, .name = "t.S.echo", .dispatch = dispatch, .item = take_item},
  {.id = LATEST, .flags = MBR_METHOD_STREAM | MBR_METHOD_LATEST, .ending_max = 4, .name = "t.S.latest",
   .dispatch = dispatch},
  {.id = READY, .flags = MBR_METHOD_STREAM, .ending_max = 4, .name = "t.S.ready", .dispatch = dispatch},
  {.id = TIMED, .ending_max = 8, .name = "t.S.timed", .dispatch = dispatch},
  {.id = INLINE, .flags = MBR_METHOD_INLINE, .ending_max = 8, .name = "t.S.inline", .dispatch = dispatch},
  {.id = SYNC, .flags = MBR_METHOD_SYNC, .name = "t.S.sync", .dispatch = dispatch},
};
#define METHOD_COUNT (sizeof methods / sizeof *methods)
static const mbr_service service = {.name = "t.S", .methods = methods, .method_count = METHOD_COUNT};

static bool is_good_item(tally *t, uint32_t value) {
  bool good = t->method == LATEST ? value > t->last : value == t->items;
  t->items++;
  t->last = value;
  return good;
}

static bool is_good_ending(const tally *t, const mbr_frame *frame, uint32_t value) {
  if (t->method == UPLOAD && frame->kind == MBR_FRAME_OK) return t->items_ended && value == t->sent;
  if (t->method == READY && frame->kind == MBR_FRAME_END) return t->items == READY_ITEMS;
  return true;
}

static void look_at(const uint8_t *data) {
  mbr_frame frame;
  CHECK(mbr_frame_read(&frame, data, mbr_get_u32(data)) == MBR_OK);
  if ((frame.flags & MBR_FRAME_BLOCK) != 0) {
    data = (const uint8_t *)(uintptr_t)mbr_get_u64(data + MBR_FRAME_HEADER_SIZE);
    CHECK(mbr_frame_read(&frame, data, mbr_get_u32(data)) == MBR_OK);
  }
  uint32_t number = (frame.call >> 16) - 1;
  uint32_t value = frame.size >= MBR_FRAME_HEADER_SIZE + 4u ? mbr_get_u32(data + MBR_FRAME_HEADER_SIZE) : 0;
  pthread_mutex_lock(&lock);
  tally *t = &calls[number % CALLS];
  CHECK(number < CALLS && t->endings == 0);
  if (frame.kind == MBR_FRAME_CREDIT) {
    t->credit += value;
  } else if (frame.kind == MBR_FRAME_ITEM) {
    CHECK(is_good_item(t, value));
  } else {
    CHECK(is_good_ending(t, &frame, value));
    if (frame.kind == MBR_FRAME_FAULT) CHECK(value == MBR_DEADLINE);
    else good_endings++;
    t->endings++;
    if (at_index[t->index] == number) at_index[t->index] = UINT32_MAX;
  }
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&lock);
}

static void *consumer(void *arg) {
  uint64_t random = *(const uint64_t *)arg;
  const uint8_t *frames;
  size_t size;
  pthread_mutex_lock(&lock);
  for (;;) {
    while (!ringing && !get(&leaving)) pthread_cond_wait(&changed, &lock);
    if (!ringing) break;
    ringing = false;
    pthread_mutex_unlock(&lock);
    while ((size = mbr_peer_outgoing(&peer, &frames)) != 0) {
      size_t done = 0;
      uint32_t limit = 1 + pick(&random, 40);
      while (done < size && limit-- > 0) {
        look_at(frames + done);
        done += (mbr_get_u32(frames + done) + 15u) / 16u * 16u;
      }
      mbr_peer_consume(&peer, done);
    }
    pthread_mutex_lock(&lock);
  }
  pthread_mutex_unlock(&lock);
  return NULL;
}

static void *timer(void *arg) {
  const struct timespec tick = {0, 500000};
  (void)arg;
  while (!get(&leaving)) {
    (void)mbr_peer_poll(&peer);
    nanosleep(&tick, NULL);
  }
  return NULL;
}

static void *sync_caller(void *arg) {
  uint8_t data[MBR_FRAME_HEADER_SIZE + MBR_CALL_PREFIX_SIZE + 4] = {0};
  uint64_t buffer[16];
  const mbr_frame frame = {.size = sizeof data, .kind = MBR_FRAME_CALL, .flags = MBR_FRAME_FROM_CALLER,
                           .call = 1, .method = SYNC};
  (void)arg;
  mbr_frame_write(data, &frame);
  mbr_put_u32(data + sizeof data - 4, UINT32_MAX);
  while (!get(&leaving)) {
    mbr_answer to = {.buffer = (uint8_t *)buffer, .capacity = sizeof buffer};
    mbr_status status = mbr_peer_receive_sync(&peer, data, sizeof data, &to);
    CHECK(status == MBR_OK || status == MBR_BUSY || status == MBR_CLOSED);
    if (status == MBR_OK) {
      mbr_frame got;
      CHECK(mbr_frame_read(&got, to.frame, to.size) == MBR_OK);
      CHECK(got.kind == MBR_FRAME_OK || mbr_get_u32(to.frame + 16) == MBR_DISCONNECTED);
      if (to.is_block) free_hook(NULL, (void *)(uintptr_t)to.frame);
    }
    sched_yield();
  }
  return NULL;
}

static void open_connection(void) {
  static const mbr_hooks hooks = {
    .lock = lock_hook, .unlock = unlock_hook, .wake = wake_hook, .schedule = schedule_hook,
    .alloc = alloc_hook, .free = free_hook, .now = now_hook, .quiet = quiet_hook,
  };
  memory = (mbr_peer_memory){
    .slots = malloc(SLOTS * sizeof(struct mbr_slot)), .slot_count = SLOTS,
    .calls = malloc(SLOTS * sizeof(uint16_t)), .call_count = SLOTS,
    .bindings = malloc(sizeof(struct mbr_binding)), .binding_count = 1,
    .counters = malloc(METHOD_COUNT * sizeof(mbr_counters)), .counter_count = METHOD_COUNT,
    .storage = malloc(SLOTS * 256), .storage_size = 256,
    .outbox = malloc(8192), .outbox_size = 8192,
  };
  memset(calls, 0, sizeof calls);
  for (size_t i = 0; i < SLOTS; i++) at_index[i] = UINT32_MAX;
  ringing = false;
  good_endings = 0;
  leaving = quiets = 0;
  assert_int_equal(mbr_peer_open(&peer, &memory, &hooks, NULL), MBR_OK);
  assert_int_equal(mbr_peer_serve(&peer, &service, NULL, NULL), MBR_OK);
}

static uint32_t wire(uint32_t number) { return (number + 1) << 16 | calls[number].index; }

static mbr_status send_frame(mbr_frame frame, const uint32_t *words, size_t count) {
  uint8_t data[64];
  frame.size = (uint32_t)(MBR_FRAME_HEADER_SIZE + 4 * count);
  frame.flags = MBR_FRAME_FROM_CALLER;
  mbr_frame_write(data, &frame);
  for (size_t i = 0; i < count; i++) mbr_put_u32(data + MBR_FRAME_HEADER_SIZE + 4 * i, words[i]);
  if (frame.method != INLINE) return mbr_peer_receive(&peer, data, frame.size);
  uint64_t buffer[16];
  mbr_answer answer = {.buffer = (uint8_t *)buffer, .capacity = sizeof buffer};
  mbr_status status = mbr_peer_receive_here(&peer, data, frame.size, &answer);
  if (answer.size != 0) look_at(answer.frame);
  if (answer.drain) ring();
  return status;
}

/* Sends call `number` on a free index; false when there is none or the peer is busy. */
static bool send_call(uint32_t number, uint64_t *random) {
  static const uint32_t kinds[] = {UPLOAD, UPLOAD, ECHO, LATEST, READY, READY, TIMED, INLINE};
  uint32_t method = kinds[pick(random, 8)];
  uint32_t index = pick(random, SLOTS);
  pthread_mutex_lock(&lock);
  bool available = at_index[index] == UINT32_MAX;
  if (available) {
    calls[number].index = index;
    calls[number].method = method;
    at_index[index] = number; /* before the consumer can see its ending */
  }
  pthread_mutex_unlock(&lock);
  if (!available) return false;
  uint32_t timeout = method == TIMED ? 1 + pick(random, 5) : pick(random, 8) == 0 ? 4 : 0;
  const uint32_t words[] = {timeout, pick(random, 20), number};
  const mbr_frame frame = {.kind = MBR_FRAME_CALL, .call = wire(number), .method = method};
  mbr_status status = send_frame(frame, words, 3);
  if (status != MBR_OK) assert_int_equal(status, MBR_BUSY);
  pthread_mutex_lock(&lock);
  if (status != MBR_OK) at_index[index] = UINT32_MAX;
  calls[number].accepted = status == MBR_OK;
  pthread_mutex_unlock(&lock);
  return status == MBR_OK;
}

/* One thing that the caller of an open call does. Returns what is to be sent. */
static mbr_frame next_frame(tally *t, uint32_t number, bool may_cancel, uint64_t *random, uint32_t *word) {
  bool upload = t->method == UPLOAD || t->method == ECHO;
  if (may_cancel && pick(random, 24) == 0) {
    *word = MBR_CANCEL_CANCELLED;
    t->cancelled = true;
    if (at_index[t->index] == number) at_index[t->index] = UINT32_MAX;
    return (mbr_frame){.kind = MBR_FRAME_CANCEL};
  }
  if (upload && !t->items_ended && (t->sent >= 40 || pick(random, 40) == 0)) {
    t->items_ended = true;
    return (mbr_frame){.kind = MBR_FRAME_END};
  }
  if (upload && !t->items_ended && t->credit > 0 && pick(random, 8) != 0) {
    t->credit--;
    *word = t->sent++;
    return (mbr_frame){.kind = MBR_FRAME_ITEM};
  }
  *word = 1 + pick(random, 12);
  return (mbr_frame){.kind = MBR_FRAME_CREDIT};
}

static void send_something(uint64_t *random, bool may_cancel) {
  uint32_t index = pick(random, SLOTS), word = 0;
  mbr_frame frame = {0};
  pthread_mutex_lock(&lock);
  uint32_t number = at_index[index];
  if (number != UINT32_MAX) {
    frame = next_frame(&calls[number], number, may_cancel, random, &word);
    frame.call = wire(number);
  }
  pthread_mutex_unlock(&lock);
  if (number == UINT32_MAX) return;
  assert_int_equal(send_frame(frame, &word, frame.kind == MBR_FRAME_END ? 0 : 1), MBR_OK);
}

static bool all_indices_are_free(void) {
  bool all = true;
  pthread_mutex_lock(&lock);
  for (size_t i = 0; i < SLOTS; i++) all = all && at_index[i] == UINT32_MAX;
  pthread_mutex_unlock(&lock);
  return all;
}

/* Plays the caller up to `count` calls; then, when it stays, waits for every ending. */
static void play(uint32_t count, bool stays, uint64_t *random) {
  uint64_t until = now_hook(NULL) + PATIENCE_SECONDS * 1000u;
  for (uint32_t number = 0; number < count;) {
    if (send_call(number, random)) number++;
    for (int i = 0; i < 6; i++) send_something(random, true);
    sched_yield();
    assert_true(now_hook(NULL) < until);
  }
  while (stays && !all_indices_are_free()) {
    send_something(random, false);
    sched_yield();
    assert_true(now_hook(NULL) < until); /* else a wake-up, a credit or an ending was lost */
  }
}

/* When every call has ended, each is in exactly one counter. */
static void check_all_counters(uint32_t count) {
  uint64_t called = 0, failed = 0, open = 0, queued = 0;
  for (size_t i = 0; i < METHOD_COUNT; i++) {
    mbr_counters c;
    if (methods[i].id == SYNC) continue;
    assert_int_equal(mbr_peer_counters(&peer, methods[i].id, &c), MBR_OK);
    called += c.calls;
    failed += c.errors + c.cancelled;
    open += c.open;
    queued += c.queued;
  }
  pthread_mutex_lock(&lock);
  assert_int_equal(called, count);
  assert_int_equal(open + queued, 0);
  assert_in_range(good_endings, called - failed, called);
  pthread_mutex_unlock(&lock);
}

static void wait_for_quiet(void) {
  const struct timespec tick = {0, 500000};
  uint64_t until = now_hook(NULL) + PATIENCE_SECONDS * 1000u;
  while (get(&quiets) == 0) {
    assert_true(now_hook(NULL) < until);
    nanosleep(&tick, NULL);
  }
}

static void check_tallies(uint32_t count, bool stayed) {
  for (uint32_t i = 0; i < count; i++) {
    tally *t = &calls[i];
    unsigned answers = get(&t->answers), callbacks = get(&t->callbacks);
    assert_true(t->endings <= 1 && answers <= 1 && callbacks <= 1 && answers + callbacks <= 1);
    if (stayed && !t->cancelled) assert_int_equal(t->endings, 1);
    bool whole = t->method == READY && t->endings == 1 && answers == 1;
    if (stayed && whole) assert_int_equal(t->items, t->emitted);
  }
}

static void test_flow_under_load(void **state) {
  (void)state;
  uint64_t random = 7;
  uint64_t seeds[PRODUCERS + 1] = {1, 2, 3, 4};
  pthread_t producers[PRODUCERS], others[3];
  assert_int_equal(mbr_pool_start(&pool, 3, 0), MBR_OK);
  for (size_t i = 0; i < PRODUCERS; i++) {
    assert_int_equal(pthread_create(&producers[i], NULL, producer, &seeds[i]), 0);
  }
  for (unsigned round = 0; round < CONNECTIONS; round++) {
    bool stays = round % 2 == 0;
    uint32_t count = stays ? CALLS : 1 + pick(&random, CALLS);
    open_connection();
    assert_int_equal(pthread_create(&others[0], NULL, consumer, &seeds[PRODUCERS]), 0);
    assert_int_equal(pthread_create(&others[1], NULL, timer, NULL), 0);
    assert_int_equal(pthread_create(&others[2], NULL, sync_caller, NULL), 0);
    play(count, stays, &random);
    if (stays) check_all_counters(count);
    mbr_peer_close(&peer);
    wait_for_quiet();
    pthread_mutex_lock(&lock);
    add(&leaving, 1);
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    for (size_t i = 0; i < 3; i++) pthread_join(others[i], NULL);
    pthread_mutex_lock(&count_lock);
    if (first_failure != 0) fail_msg("failed at line %d", first_failure);
    pthread_mutex_unlock(&count_lock);
    assert_int_equal(get(&quiets), 1);
    assert_int_equal(get(&blocks), 0);
    check_tallies(count, stays);
  }
  pthread_mutex_lock(&lock);
  stopping = true;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&lock);
  for (size_t i = 0; i < PRODUCERS; i++) pthread_join(producers[i], NULL);
  mbr_pool_stop(&pool);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_flow_under_load)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
