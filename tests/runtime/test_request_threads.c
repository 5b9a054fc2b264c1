/* Two peers that call each other from many threads at once: blocking calls, callbacks, streams, random
 * cancels and deadlines, and a connection that ends at any moment. Every receiver is told exactly once,
 * streams arrive as gapless prefixes, and no block is left. */
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "mbr/pool.h"
#include "request_kit.h"

#define BLOCKING_THREADS 8
#define ASKING_THREADS 4
#define THREADS (BLOCKING_THREADS + ASKING_THREADS)
#ifndef ROUNDS
#define ROUNDS 150
#endif
#define LATE_MAX 1024
#define PATIENCE_MS 60000u

typedef struct tally {
  atomic_uint told; /* of the ending */
  atomic_uint items;
  atomic_bool out_of_order;
  atomic_uint kind, fault, value;
} tally;

/* Calls that were deferred, to be ended on a thread of their own. */
typedef struct late_calls {
  pthread_mutex_t lock;
  mbr_call calls[LATE_MAX];
  bool streams[LATE_MAX];
  size_t first, last;
  bool stopping;
} late_calls;

typedef struct storm {
  mbr_loopback *loopback;
  client near, far;
  late_calls late;
  atomic_uint finished; /* threads */
  atomic_uint sent, told, refused;
} storm;

typedef struct worker {
  storm *storm;
  client *client;
  unsigned seed;
  bool blocking;
  pthread_t thread;
} worker;

static unsigned next_random(unsigned *seed) {
  *seed = *seed * 1664525u + 1013904223u;
  return *seed >> 8;
}

static void nap(void) {
  const struct timespec time = {.tv_nsec = 200000};
  nanosleep(&time, NULL);
}

static mbr_status tell_tally(const mbr_receiver *to, mbr_frame_kind kind, mbr_status fault, mbr_str text,
                             mbr_reader *payload) {
  tally *t = to->arg;
  uint32_t value = 0;
  (void)text;
  if (payload != NULL && mbr_read_u32(payload, &value) != MBR_OK) return payload->status;
  if (kind == MBR_FRAME_ITEM) {
    if (atomic_load(&t->told) != 0 || atomic_fetch_add(&t->items, 1) != value) {
      atomic_store(&t->out_of_order, true);
    }
    return MBR_OK;
  }
  atomic_store(&t->kind, (unsigned)kind);
  atomic_store(&t->fault, (unsigned)fault);
  atomic_store(&t->value, value);
  atomic_fetch_add(&t->told, 1);
  return MBR_OK;
}

static const mbr_remote_method tally_methods[] = {
  {.id = UNARY, .name = "t.S.unary", .fingerprint = 1, .receive = tell_tally},
  {.id = STREAM, .flags = MBR_METHOD_STREAM, .window = WINDOW, .name = "t.S.stream", .fingerprint = 2,
   .receive = tell_tally},
  {.id = UPLOAD, .flags = MBR_METHOD_UPLOAD, .name = "t.S.upload", .fingerprint = 4, .receive = tell_tally},
};
static const mbr_remote_service tally_service = {.name = "t.S", .methods = tally_methods, .method_count = 3};

static void put_late(late_calls *late, mbr_call call, bool stream) {
  pthread_mutex_lock(&late->lock);
  if (late->last - late->first == LATE_MAX) abort();
  late->calls[late->last % LATE_MAX] = call;
  late->streams[late->last++ % LATE_MAX] = stream;
  pthread_mutex_unlock(&late->lock);
}

static bool take_late(late_calls *late, mbr_call *call, bool *stream, bool *stopping) {
  pthread_mutex_lock(&late->lock);
  bool found = late->first != late->last;
  *stopping = late->stopping;
  if (found) {
    *call = late->calls[late->first % LATE_MAX];
    *stream = late->streams[late->first++ % LATE_MAX];
  }
  pthread_mutex_unlock(&late->lock);
  return found;
}

/* The argument says how the call is answered. */
static mbr_status serve_unary(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  storm *s = self;
  uint32_t value = 0;
  (void)ops;
  if (mbr_read_u32(args, &value) != MBR_OK) return args->status;
  if (value % 4 == 0) return MBR_OK; /* dropped */
  if (value % 4 == 1) return mbr_call_fault(call, MBR_INTERNAL, "no");
  if (value % 4 == 2) {
    mbr_call_defer(call);
    put_late(&s->late, call, false);
    return MBR_OK;
  }
  mbr_status status = put_u32(call, MBR_FRAME_OK, value);
  return status == MBR_CLOSED ? MBR_OK : status;
}

static mbr_status serve_stream(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  storm *s = self;
  (void)ops;
  (void)args;
  mbr_call_defer(call);
  put_late(&s->late, call, true);
  return MBR_OK;
}

/* Counts items in the call's context; one that is not the next one spoils the count. */
static mbr_status serve_upload(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  (void)ops;
  (void)self;
  (void)call;
  (void)args;
  return MBR_OK;
}

static mbr_status count_item(const void *ops, void *self, mbr_call call, mbr_reader *item) {
  uintptr_t count = (uintptr_t)mbr_call_context(call);
  uint32_t value = 0;
  (void)ops;
  (void)self;
  if (item == NULL) {
    (void)put_u32(call, MBR_FRAME_OK, (uint32_t)count);
    return MBR_OK;
  }
  if (mbr_read_u32(item, &value) != MBR_OK) return item->status;
  mbr_call_set_context(call, (void *)(value == count ? count + 1 : count + 1000000));
  return MBR_OK;
}

static const mbr_method storm_methods[] = {
  {.id = UNARY,
   .name = "t.S.unary",
   .dispatch = serve_unary,
   .fingerprint = 1,
   .flags = MBR_METHOD_CONCURRENT},
  {.id = STREAM,
   .flags = MBR_METHOD_STREAM,
   .name = "t.S.stream",
   .dispatch = serve_stream,
   .fingerprint = 2},
  {.id = UPLOAD,
   .flags = MBR_METHOD_UPLOAD,
   .name = "t.S.upload",
   .dispatch = serve_upload,
   .item = count_item,
   .window = WINDOW,
   .fingerprint = 4},
};
static const mbr_service storm_service = {.name = "t.S", .methods = storm_methods, .method_count = 3};

static void emit_some(mbr_call call) {
  uint32_t item = 0;
  for (unsigned tries = 0; item < 20 && tries < 200; tries++) {
    mbr_status status = put_u32(call, MBR_FRAME_ITEM, item);
    if (status == MBR_OK) item++;
    else if (status == MBR_WOULD_BLOCK) nap();
    else break;
  }
  (void)put_u32(call, MBR_FRAME_END, 0);
}

static void *answer_late(void *arg) {
  late_calls *late = arg;
  mbr_call call;
  bool stream = false, stopping = false;
  while (!stopping) {
    while (take_late(late, &call, &stream, &stopping)) {
      if (stream) emit_some(call);
      else (void)put_u32(call, MBR_FRAME_OK, 7);
    }
    nap();
  }
  return NULL;
}

static void block_once(worker *w) {
  const mbr_request_options options = {.timeout_ms = next_random(&w->seed) % 8 == 0 ? 1u : 20000u};
  uint64_t memory[16];
  mbr_arena arena;
  mbr_writer writer;
  mbr_request request;
  tally t = {0};
  const mbr_receiver receiver = {.arg = &t};
  mbr_arena_init(&arena, memory, sizeof memory);
  mbr_status status =
    mbr_request_begin_wait(&w->client->base, 0, 4, &options, &receiver, &arena, &writer, &request);
  if (status == MBR_OK) {
    (void)mbr_write_u32(&writer, next_random(&w->seed));
    status = mbr_request_commit(request, &writer, MBR_OK);
  }
  if (status == MBR_OK) {
    atomic_fetch_add(&w->storm->sent, 1);
    status = mbr_request_wait(request);
    atomic_fetch_add(&w->storm->told, atomic_load(&t.told) == 1 && status == MBR_OK ? 1u : 1000000u);
  } else {
    atomic_fetch_add(&w->storm->refused, 1);
    nap();
  }
}

/* A few calls at once, of which some are cancelled, at random moments. */
#define AT_ONCE 4
static void ask_some(worker *w) {
  tally t[AT_ONCE];
  mbr_request requests[AT_ONCE];
  bool sent[AT_ONCE];
  memset(t, 0, sizeof t);
  for (int i = 0; i < AT_ONCE; i++) {
    const mbr_receiver receiver = {.arg = &t[i]};
    mbr_writer writer;
    mbr_status status = mbr_request_begin(&w->client->base, next_random(&w->seed) % 2, 4, NULL, &receiver,
                                          &writer, &requests[i]);
    if (status == MBR_OK) {
      (void)mbr_write_u32(&writer, next_random(&w->seed));
      status = mbr_request_commit(requests[i], &writer, MBR_OK);
    }
    sent[i] = status == MBR_OK;
  }
  for (int i = 0; i < AT_ONCE; i++) {
    if (!sent[i]) continue;
    unsigned what = next_random(&w->seed) % 4;
    if (what == 0) nap();
    if (what <= 1) (void)mbr_request_cancel(requests[i]);
    if (what == 2) (void)mbr_request_pause(requests[i]);
    if (what == 2) (void)mbr_request_resume(requests[i]);
  }
  for (int i = 0; i < AT_ONCE; i++) {
    if (!sent[i]) continue;
    atomic_fetch_add(&w->storm->sent, 1);
    while (atomic_load(&t[i].told) == 0) nap();
    nap(); /* a second ending would come about now */
    bool good = atomic_load(&t[i].told) == 1 && !atomic_load(&t[i].out_of_order);
    atomic_fetch_add(&w->storm->told, good ? 1u : 1000000u);
  }
}

/* Sends a stream parameter of some items, to its end or until it is cancelled. */
static void upload_some(worker *w) {
  mbr_writer writer;
  mbr_request request;
  tally t;
  uint32_t wanted = next_random(&w->seed) % 30, pushed = 0;
  bool cancels = next_random(&w->seed) % 3 == 0;
  memset(&t, 0, sizeof t);
  const mbr_receiver receiver = {.arg = &t};
  mbr_status status = mbr_request_begin(&w->client->base, 2, 0, NULL, &receiver, &writer, &request);
  if (status == MBR_OK) status = mbr_request_commit(request, &writer, MBR_OK);
  if (status != MBR_OK) return;
  atomic_fetch_add(&w->storm->sent, 1);
  while (pushed < wanted && status != MBR_CLOSED) {
    status = push(request, pushed);
    if (status == MBR_OK) pushed++;
    else nap();
    if (cancels && pushed == wanted / 2) (void)mbr_request_cancel(request);
  }
  (void)mbr_request_end_items(request);
  while (atomic_load(&t.told) == 0) nap();
  nap();
  bool whole = atomic_load(&t.kind) != MBR_FRAME_OK || atomic_load(&t.value) == wanted;
  atomic_fetch_add(&w->storm->told, atomic_load(&t.told) == 1 && whole ? 1u : 1000000u);
}

static void *work(void *arg) {
  worker *w = arg;
  for (unsigned i = 0; i < ROUNDS; i++) {
    if (w->blocking) block_once(w);
    else if (i % 4 == 0) upload_some(w);
    else ask_some(w);
  }
  atomic_fetch_add(&w->storm->finished, 1);
  return NULL;
}

static bool all_finished(void *arg) { return atomic_load(&((storm *)arg)->finished) == THREADS; }

typedef struct moment {
  storm *storm;
  unsigned sent;
} moment;

static bool is_now(void *arg) {
  const moment *m = arg;
  return atomic_load(&m->storm->sent) >= m->sent || all_finished(m->storm);
}

/* A storm whose connection ends after so many calls, 0: when all are made. */
static void run_storm(unsigned seed, unsigned end_after) {
  storm s;
  worker workers[THREADS];
  mbr_pool pool;
  pthread_t answerer;
  memset(&s, 0, sizeof s);
  memset(workers, 0, sizeof workers);
  pthread_mutex_init(&s.late.lock, NULL);
  assert_int_equal(mbr_pool_start(&pool, 3, 0), MBR_OK);
  const mbr_loopback_options options = {
    .executor = &pool.executor, .real_time = true, .calls = 16, .outbox_size = 4096};
  s.loopback = mbr_loopback_open(&options);
  assert_non_null(s.loopback);
  mbr_peer *near = mbr_loopback_near(s.loopback), *far = mbr_loopback_far(s.loopback);
  assert_int_equal(mbr_peer_serve(near, &storm_service, NULL, &s), MBR_OK);
  assert_int_equal(mbr_peer_serve(far, &storm_service, NULL, &s), MBR_OK);
  assert_int_equal(mbr_client_open(&s.near.base, near, &tally_service, s.near.compatibility), MBR_OK);
  assert_int_equal(mbr_client_open(&s.far.base, far, &tally_service, s.far.compatibility), MBR_OK);
  mbr_loopback_run(s.loopback);
  pthread_create(&answerer, NULL, answer_late, &s.late);
  for (unsigned i = 0; i < THREADS; i++) {
    workers[i] = (worker){.storm = &s, .client = i % 2 == 0 ? &s.near : &s.far, .seed = seed + i,
                          .blocking = i < BLOCKING_THREADS};
    pthread_create(&workers[i].thread, NULL, work, &workers[i]);
  }
  moment end = {&s, end_after};
  if (end_after != 0) {
    assert_true(mbr_loopback_run_until(s.loopback, is_now, &end, PATIENCE_MS));
    mbr_loopback_disconnect(s.loopback);
  }
  assert_true(mbr_loopback_run_until(s.loopback, all_finished, &s, PATIENCE_MS));
  for (unsigned i = 0; i < THREADS; i++) pthread_join(workers[i].thread, NULL);
  mbr_loopback_disconnect(s.loopback);
  pthread_mutex_lock(&s.late.lock);
  s.late.stopping = true;
  pthread_mutex_unlock(&s.late.lock);
  pthread_join(answerer, NULL);
  assert_true(atomic_load(&s.sent) > 0);
  assert_int_equal(atomic_load(&s.told), atomic_load(&s.sent));
  assert_true(mbr_loopback_close(s.loopback));
  mbr_pool_stop(&pool);
  pthread_mutex_destroy(&s.late.lock);
}

static void test_calls_both_ways_from_many_threads(void **state) {
  (void)state;
  run_storm(1, 0);
}

static void test_a_connection_that_ends_in_the_middle(void **state) {
  (void)state;
  for (unsigned i = 1; i <= 8; i++) run_storm(1000 * i, 40 * i);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_calls_both_ways_from_many_threads),
    cmocka_unit_test(test_a_connection_that_ends_in_the_middle),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
