/* The peer under load: a pool runs handlers, four threads answer, one consumes, the test's own plays the
 * caller, who cancels at random and often leaves in the middle; and ten threads that answer one call. Meant for ThreadSanitizer
 * and Helgrind. */
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

enum { UNARY = 10, STREAM = 20, CONCURRENT = 30, ONEWAY = 40, KEPT = 50 };

#define CONNECTIONS 10u
#define CALLS 150u /* of one connection */
#define SLOTS 16u
#define PRODUCERS 4u
#define PATIENCE_SECONDS 60
#define ANSWERERS 10u
#define ANSWERED_CALLS 20u /* by all of them */

typedef struct tally {
  uint32_t index;
  uint32_t items, endings;           /* seen by the consumer */
  unsigned answers, callbacks, dropped; /* on the callee's side */
  uint32_t method;
  bool cancelled, watched;
} tally;

typedef struct job {
  mbr_call call;
  uint32_t number, method;
} job;

static mbr_peer peer;
static mbr_pool pool;
static mbr_peer_memory memory;
static pthread_mutex_t peer_lock = PTHREAD_MUTEX_INITIALIZER;

/* Everything below is under this one. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static tally calls[CALLS];
static uint32_t at_index[SLOTS];
static job jobs[CALLS * 2];
static size_t job_first, job_count, jobs_in_hand;
static bool ringing, leaving, stopping;
static unsigned quiets, disconnects;
static mbr_call kept;
static bool has_kept;
static unsigned good_answers, late_answers, defects;
static size_t blocks;
static int first_failure;

#define CHECK(condition) \
  do {                   \
    if (!(condition)) note_failure(__LINE__); \
  } while (0)

static void note_failure(int line) {
  pthread_mutex_lock(&lock);
  if (first_failure == 0) first_failure = line;
  pthread_mutex_unlock(&lock);
}

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

static void wake_hook(void *owner) {
  (void)owner;
  pthread_mutex_lock(&lock);
  ringing = true;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&lock);
}

static void schedule_hook(void *owner, mbr_task *task) {
  (void)owner;
  mbr_pool_submit(&pool, task);
}

static void *alloc_hook(void *owner, size_t size) {
  (void)owner;
  pthread_mutex_lock(&lock);
  blocks++;
  pthread_mutex_unlock(&lock);
  return malloc(size);
}

static void free_hook(void *owner, void *block) {
  (void)owner;
  pthread_mutex_lock(&lock);
  blocks--;
  pthread_mutex_unlock(&lock);
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
  pthread_mutex_lock(&lock);
  quiets++;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&lock);
}

static void on_disconnect(void *arg) {
  (void)arg;
  pthread_mutex_lock(&lock);
  disconnects++;
  pthread_mutex_unlock(&lock);
}

static void on_cancel(void *arg, mbr_cancel_reason reason) {
  tally *t = arg;
  (void)reason;
  pthread_mutex_lock(&lock);
  t->callbacks++;
  pthread_mutex_unlock(&lock);
}

static void note_answer(uint32_t number, mbr_status status) {
  CHECK(status == MBR_OK || status == MBR_CLOSED);
  pthread_mutex_lock(&lock);
  if (status == MBR_OK) calls[number].answers++;
  pthread_mutex_unlock(&lock);
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

static void add_job(job j) {
  pthread_mutex_lock(&lock);
  jobs[(job_first + job_count++) % (CALLS * 2)] = j;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&lock);
}

/* Answered here, dropped, or left to the producers; a unary call to two of them at once. */
static mbr_status handle(mbr_call call, uint32_t number, uint32_t method) {
  const job j = {call, number, method};
  if (method == ONEWAY) return MBR_OK;
  mbr_status watched = mbr_call_on_cancel(call, on_cancel, &calls[number]);
  CHECK(watched == MBR_OK); /* one that was cancelled before is told here */
  pthread_mutex_lock(&lock);
  calls[number].watched = true;
  if (number % 5 == 1) calls[number].dropped = 1;
  pthread_mutex_unlock(&lock);
  if (number % 5 == 0 && method != STREAM) {
    note_answer(number, answer(call, MBR_FRAME_OK, number, 8));
  } else if (number % 5 != 1) {
    mbr_call_defer(call);
    add_job(j);
    if (method != STREAM) add_job(j);
  }
  return MBR_OK;
}

static mbr_status dispatch(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  uint32_t number, method;
  (void)ops;
  (void)self;
  (void)mbr_read_u32(args, &number);
  (void)mbr_read_u32(args, &method);
  mbr_status status = mbr_reader_finish(args);
  return status == MBR_OK ? handle(call, number, method) : status;
}

static mbr_status keep(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  (void)ops;
  (void)self;
  (void)args;
  mbr_call_defer(call);
  pthread_mutex_lock(&lock);
  kept = call;
  has_kept = true;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&lock);
  return MBR_OK;
}

static const mbr_method methods[] = {
  {.id = UNARY, .ending_max = 8, .name = "t.S.unary", .dispatch = dispatch},
  {.id = STREAM, .flags = MBR_METHOD_STREAM, .ending_max = 4, .name = "t.S.stream", .dispatch = dispatch},
  {.id = CONCURRENT, .flags = MBR_METHOD_CONCURRENT, .ending_max = 8, .name = "t.S.concurrent",
   .dispatch = dispatch},
  {.id = ONEWAY, .flags = MBR_METHOD_ONEWAY, .name = "t.S.oneway", .dispatch = dispatch},
  {.id = KEPT, .ending_max = 8, .name = "t.S.kept", .dispatch = keep},
};
static const mbr_service service = {
  .name = "t.S", .methods = methods, .method_count = sizeof methods / sizeof *methods};

static void produce(const job *j, uint64_t *random) {
  if (j->method != STREAM) {
    bool fault = pick(random, 3) == 0;
    note_answer(j->number, fault ? mbr_call_fault(j->call, MBR_INTERNAL, "on purpose")
                                 : answer(j->call, MBR_FRAME_OK, j->number, 8));
    return;
  }
  uint32_t items = pick(random, 60);
  for (uint32_t i = 0; i < items;) {
    size_t size = pick(random, 12) == 0 ? 3000 : 4 + pick(random, 200);
    mbr_status status = answer(j->call, MBR_FRAME_ITEM, i, size);
    if (status == MBR_CLOSED) break;
    if (status == MBR_OK) i++;
    else sched_yield();
    CHECK(status == MBR_OK || status == MBR_WOULD_BLOCK);
  }
  note_answer(j->number, answer(j->call, MBR_FRAME_END, 0, 0));
}

static void *producer(void *arg) {
  uint64_t random = *(const uint64_t *)arg;
  pthread_mutex_lock(&lock);
  for (;;) {
    while (job_count == 0 && !stopping) pthread_cond_wait(&changed, &lock);
    if (job_count == 0) break;
    job j = jobs[job_first % (CALLS * 2)];
    job_first++;
    job_count--;
    jobs_in_hand++;
    pthread_mutex_unlock(&lock);
    produce(&j, &random);
    pthread_mutex_lock(&lock);
    if (--jobs_in_hand == 0) pthread_cond_broadcast(&changed);
  }
  pthread_mutex_unlock(&lock);
  return NULL;
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
  bool filled = true;
  if (frame.kind == MBR_FRAME_ITEM) {
    for (size_t i = MBR_FRAME_HEADER_SIZE + 4u; i < frame.size; i++) filled &= data[i] == (uint8_t)value;
  }
  CHECK(filled);
  pthread_mutex_lock(&lock);
  tally *t = &calls[number % CALLS];
  bool good = number < CALLS && t->endings == 0;
  if (frame.kind == MBR_FRAME_ITEM) {
    good = good && value == t->items++;
  } else {
    t->endings++;
    if (at_index[t->index] == number) at_index[t->index] = UINT32_MAX;
    pthread_cond_broadcast(&changed);
  }
  pthread_mutex_unlock(&lock);
  CHECK(good);
}

static void consume_all(uint64_t *random) {
  const uint8_t *frames;
  size_t size;
  while ((size = mbr_peer_outgoing(&peer, &frames)) != 0) {
    size_t done = 0;
    uint32_t limit = 1 + pick(random, 40);
    while (done < size && limit-- > 0) {
      look_at(frames + done);
      done += (mbr_get_u32(frames + done) + 15u) / 16u * 16u;
    }
    mbr_peer_consume(&peer, done);
  }
}

static void *consumer(void *arg) {
  uint64_t random = *(const uint64_t *)arg;
  pthread_mutex_lock(&lock);
  for (;;) {
    while (!ringing && !leaving) pthread_cond_wait(&changed, &lock);
    if (!ringing) break;
    ringing = false;
    pthread_mutex_unlock(&lock);
    consume_all(&random);
    pthread_mutex_lock(&lock);
  }
  pthread_mutex_unlock(&lock);
  return NULL;
}

static void open_connection(void) {
  static const mbr_hooks hooks = {
    .lock = lock_hook, .unlock = unlock_hook, .wake = wake_hook, .schedule = schedule_hook,
    .alloc = alloc_hook, .free = free_hook, .quiet = quiet_hook,
  };
  memory = (mbr_peer_memory){
    .slots = malloc(SLOTS * sizeof(struct mbr_slot)), .slot_count = SLOTS,
    .calls = malloc(SLOTS * sizeof(uint16_t)), .call_count = SLOTS,
    .bindings = malloc(sizeof(struct mbr_binding)), .binding_count = 1,
    .storage = malloc(SLOTS * 64), .storage_size = 64,
    .outbox = malloc(8192), .outbox_size = 8192,
  };
  memset(calls, 0, sizeof calls);
  for (size_t i = 0; i < SLOTS; i++) at_index[i] = UINT32_MAX;
  ringing = leaving = false;
  quiets = disconnects = 0;
  assert_int_equal(mbr_peer_open(&peer, &memory, &hooks, NULL), MBR_OK);
  assert_int_equal(mbr_peer_serve(&peer, &service, NULL, NULL), MBR_OK);
  assert_int_equal(mbr_peer_on_disconnect(&peer, on_disconnect, NULL), MBR_OK);
}

static mbr_status send_frame(mbr_frame frame, const uint32_t *words, size_t count) {
  uint8_t data[64];
  frame.size = (uint32_t)(MBR_FRAME_HEADER_SIZE + 4 * count);
  frame.flags = MBR_FRAME_FROM_CALLER;
  mbr_frame_write(data, &frame);
  for (size_t i = 0; i < count; i++) mbr_put_u32(data + MBR_FRAME_HEADER_SIZE + 4 * i, words[i]);
  return mbr_peer_receive(&peer, data, frame.size);
}

static uint32_t wire(uint32_t number) { return (number + 1) << 16 | calls[number].index; }

/* Sends call `number` on a free index; false when there is none or the peer is busy. */
static bool send_call(uint32_t number, uint64_t *random) {
  static const uint32_t kinds[] = {UNARY, STREAM, STREAM, CONCURRENT, ONEWAY};
  uint32_t method = kinds[pick(random, 5)];
  uint32_t index = pick(random, SLOTS);
  pthread_mutex_lock(&lock);
  bool available = at_index[index] == UINT32_MAX;
  if (available) {
    calls[number].index = index;
    calls[number].method = method;
    if (method != ONEWAY) at_index[index] = number; /* before the consumer can see its ending */
  }
  pthread_mutex_unlock(&lock);
  if (!available) return false;
  const uint32_t words[] = {0, pick(random, 20), number, method};
  const mbr_frame frame = {.kind = MBR_FRAME_CALL, .call = wire(number), .method = method};
  mbr_status status = send_frame(frame, words, 4);
  if (status == MBR_OK) return true;
  assert_int_equal(status, MBR_BUSY);
  pthread_mutex_lock(&lock);
  at_index[index] = UINT32_MAX;
  pthread_mutex_unlock(&lock);
  return false;
}

static void send_credit_or_cancel(uint64_t *random, bool may_cancel) {
  uint32_t index = pick(random, SLOTS);
  pthread_mutex_lock(&lock);
  uint32_t number = at_index[index];
  pthread_mutex_unlock(&lock);
  if (number == UINT32_MAX) return;
  bool cancel = may_cancel && pick(random, 12) == 0;
  const uint32_t word = cancel ? MBR_CANCEL_CANCELLED : 10;
  if (cancel) {
    pthread_mutex_lock(&lock);
    calls[number].cancelled = true;
    pthread_mutex_unlock(&lock);
  }
  const mbr_frame frame = {.kind = cancel ? MBR_FRAME_CANCEL : MBR_FRAME_CREDIT, .call = wire(number)};
  assert_int_equal(send_frame(frame, &word, 1), MBR_OK);
  if (!cancel) return;
  pthread_mutex_lock(&lock);
  if (at_index[index] == number) at_index[index] = UINT32_MAX;
  pthread_mutex_unlock(&lock);
}

static bool all_indices_are_free(void) {
  bool all = true;
  pthread_mutex_lock(&lock);
  for (size_t i = 0; i < SLOTS; i++) all = all && at_index[i] == UINT32_MAX;
  pthread_mutex_unlock(&lock);
  return all;
}

static time_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec;
}

/* Plays the caller up to `count` calls; then, when it stays, waits for every ending. */
static void play(uint32_t count, bool stays, uint64_t *random) {
  time_t until = now() + PATIENCE_SECONDS;
  for (uint32_t number = 0; number < count;) {
    if (send_call(number, random)) number++;
    else sched_yield();
    send_credit_or_cancel(random, true);
    assert_true(now() < until);
  }
  while (stays && !all_indices_are_free()) {
    send_credit_or_cancel(random, false);
    sched_yield();
    assert_true(now() < until); /* else a wake-up or an ending was lost */
  }
}

/* Under the lock; false when it took too long. */
static bool wait_for_change(void) {
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += PATIENCE_SECONDS;
  return pthread_cond_timedwait(&changed, &lock, &until) == 0;
}

static void wait_for_quiet(void) {
  bool in_time = true;
  pthread_mutex_lock(&lock);
  while (quiets == 0 && in_time) in_time = wait_for_change();
  pthread_mutex_unlock(&lock);
  assert_true(in_time);
}

static void check_tallies(uint32_t count, bool stayed) {
  for (uint32_t i = 0; i < count; i++) {
    const tally *t = &calls[i];
    assert_true(t->endings <= 1 && t->answers <= 1 && t->callbacks <= 1);
    if (t->method == ONEWAY) assert_int_equal(t->endings, 0);
    else if (stayed && !t->cancelled) assert_int_equal(t->endings, 1);
    /* Its own side ended it, or the callback was called, and never both. */
    if (t->watched && !t->dropped) assert_int_equal(t->answers + t->callbacks, 1);
    if (t->endings == 1) assert_int_equal(t->callbacks, 0);
  }
}

static void test_many_threads_and_many_connections(void **state) {
  (void)state;
  uint64_t random = 42;
  uint64_t seeds[PRODUCERS + 1] = {1, 2, 3, 4, 5};
  pthread_t producers[PRODUCERS], reader;
  assert_int_equal(mbr_pool_start(&pool, 2, 0), MBR_OK);
  for (size_t i = 0; i < PRODUCERS; i++) {
    assert_int_equal(pthread_create(&producers[i], NULL, producer, &seeds[i]), 0);
  }
  for (unsigned round = 0; round < CONNECTIONS; round++) {
    bool stays = round % 2 == 0;
    uint32_t count = stays ? CALLS : 1 + pick(&random, CALLS);
    open_connection();
    assert_int_equal(pthread_create(&reader, NULL, consumer, &seeds[PRODUCERS]), 0);
    play(count, stays, &random);
    mbr_peer_close(&peer);
    wait_for_quiet();
    pthread_mutex_lock(&lock);
    leaving = true;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    pthread_join(reader, NULL);
    pthread_mutex_lock(&lock);
    /* The ending that makes the peer quiet is noted after that. */
    while (jobs_in_hand != 0) pthread_cond_wait(&changed, &lock);
    assert_int_equal(quiets, 1);
    assert_int_equal(disconnects, 1);
    assert_int_equal(blocks, 0);
    if (first_failure != 0) fail_msg("failed at line %d", first_failure);
    check_tallies(count, stays);
    pthread_mutex_unlock(&lock);
  }
  pthread_mutex_lock(&lock);
  stopping = true;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&lock);
  for (size_t i = 0; i < PRODUCERS; i++) pthread_join(producers[i], NULL);
  mbr_pool_stop(&pool);
}

static pthread_barrier_t all_ready;

/* Of all threads at once, in each of the ways that there are. */
static void *answer_kept(void *arg) {
  const uint32_t number = *(const uint32_t *)arg;
  pthread_barrier_wait(&all_ready);
  mbr_status status = number % 3 == 0 ? mbr_call_fault(kept, MBR_INTERNAL, "on purpose")
                                      : answer(kept, MBR_FRAME_OK, number, 8);
  CHECK(status == MBR_OK || status == MBR_CLOSED);
  pthread_mutex_lock(&lock);
  if (status == MBR_OK) good_answers++;
  else late_answers++;
  pthread_mutex_unlock(&lock);
  return NULL;
}

static void on_log(void *arg, const mbr_log_record *record) {
  (void)arg;
  CHECK(record->level == MBR_LOG_ERROR && record->status == MBR_CLOSED);
  pthread_mutex_lock(&lock);
  defects++;
  pthread_mutex_unlock(&lock);
}

static void call_and_keep(uint32_t number) {
  const uint32_t words[] = {0, 0};
  const mbr_frame frame = {.kind = MBR_FRAME_CALL, .call = wire(number), .method = KEPT};
  bool in_time = true;
  has_kept = false;
  assert_int_equal(send_frame(frame, words, 2), MBR_OK);
  pthread_mutex_lock(&lock);
  while (!has_kept && in_time) in_time = wait_for_change();
  pthread_mutex_unlock(&lock);
  assert_true(in_time);
}

static void answer_with_all_threads(void) {
  pthread_t threads[ANSWERERS];
  uint32_t numbers[ANSWERERS];
  good_answers = late_answers = defects = 0;
  for (uint32_t i = 0; i < ANSWERERS; i++) {
    numbers[i] = i;
    assert_int_equal(pthread_create(&threads[i], NULL, answer_kept, &numbers[i]), 0);
  }
  for (uint32_t i = 0; i < ANSWERERS; i++) pthread_join(threads[i], NULL);
}

static void test_of_ten_threads_that_answer_one_call_nine_are_reported(void **state) {
  (void)state;
  assert_int_equal(mbr_pool_start(&pool, 2, 0), MBR_OK);
  assert_int_equal(pthread_barrier_init(&all_ready, NULL, ANSWERERS), 0);
  open_connection();
  assert_int_equal(mbr_peer_on_log(&peer, MBR_LOG_ERROR, on_log, NULL), MBR_OK);
  for (uint32_t number = 0; number < ANSWERED_CALLS; number++) {
    call_and_keep(number);
    answer_with_all_threads();
    assert_int_equal(good_answers, 1);
    assert_int_equal(late_answers, ANSWERERS - 1);
#ifdef NDEBUG
    assert_int_equal(defects, 0);
#else
    assert_int_equal(defects, ANSWERERS - 1);
#endif
  }
  mbr_peer_close(&peer);
  wait_for_quiet();
  mbr_pool_stop(&pool);
  pthread_barrier_destroy(&all_ready);
  assert_int_equal(blocks, 0);
  assert_int_equal(first_failure, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_many_threads_and_many_connections),
    cmocka_unit_test(test_of_ten_threads_that_answer_one_call_nine_are_reported),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
