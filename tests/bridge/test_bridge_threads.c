/* A bridge under everything at once: threads that call, cancel, pause and upload over two instances whose
 * cables are cut at random, and a connection that ends while all of it goes on. Every receiver is told
 * exactly once, items arrive as gapless prefixes, and nothing is left. */
#include <pthread.h>

#include "bridge_kit.h"
#include "mbr/pool.h"

#define THREADS 4
#ifndef ROUNDS
#define ROUNDS 120
#endif

/* What is heard of one call. */
typedef struct tally {
  atomic_uint told, items, kind, fault, value, readies;
  atomic_bool out_of_order, pauses;
  mbr_request request;
} tally;

typedef struct storm {
  rig *rig;
  mbr_client client;
  uint8_t compatibility[METHODS];
  atomic_bool over; /* for those who move and cut */
  atomic_uint ok, lost, other;
} storm;

typedef struct worker {
  storm *storm;
  unsigned seed;
  pthread_t thread;
} worker;

static unsigned next_random(unsigned *seed) {
  *seed = *seed * 1664525u + 1013904223u;
  return *seed >> 8;
}

static mbr_status count(const mbr_receiver *to, mbr_frame_kind kind, mbr_status fault, mbr_str text,
                        mbr_reader *payload) {
  tally *t = to->arg;
  uint32_t value = 0;
  (void)text;
  if (payload != NULL && mbr_read_u32(payload, &value) != MBR_OK) return payload->status;
  if (atomic_load(&t->told) != 0) atomic_store(&t->out_of_order, true);
  if (kind == MBR_FRAME_ITEM) {
    if (atomic_fetch_add(&t->items, 1) + 1 != value) atomic_store(&t->out_of_order, true);
    if (atomic_load(&t->pauses) && value % 5 == 0) (void)mbr_request_pause(t->request);
    return MBR_OK;
  }
  atomic_store(&t->kind, (unsigned)kind);
  atomic_store(&t->fault, (unsigned)fault);
  atomic_store(&t->value, value);
  atomic_fetch_add(&t->told, 1);
  return MBR_OK;
}

static mbr_remote_method counted_methods[METHODS];
static const mbr_remote_service counted_service = {
  .name = "t.S", .methods = counted_methods, .method_count = METHODS};

static void be_ready(void *arg) { atomic_fetch_add(&((tally *)arg)->readies, 1); }

/* False: it was refused, and nothing will be heard. */
static bool start(worker *w, size_t method, uint32_t value, tally *t) {
  const mbr_request_options options = {
    .instance = (uint16_t)(next_random(&w->seed) % INSTANCES),
    .timeout_ms = next_random(&w->seed) % 8 == 0 ? 1 + next_random(&w->seed) % 20 : PATIENCE_MS,
  };
  const mbr_receiver receiver = {.ready = (void (*)(void))be_ready, .arg = t};
  mbr_writer writer;
  mbr_request request;
  mbr_status status =
    mbr_request_begin(&w->storm->client, method, 4, &options, &receiver, &writer, &request);
  if (status != MBR_OK) return false;
  t->request = request;
  (void)mbr_write_u32(&writer, value);
  return mbr_request_commit(request, &writer, MBR_OK) == MBR_OK;
}

static bool is_told(tally *t) { return atomic_load(&t->told) != 0; }

static bool await_told(tally *t) {
  const uint64_t until = milliseconds() + 3 * PATIENCE_MS;
  while (!is_told(t) && milliseconds() < until) nap();
  return is_told(t);
}

static void fail_if(bool wrong, const char *what) {
  if (!wrong) return;
  print_error("%s\n", what);
  abort();
}

/* What came of the call is one of what may come. */
static void judge(storm *s, tally *t, mbr_frame_kind kind) {
  fail_if(!await_told(t), "a call has no ending");
  nap();
  fail_if(atomic_load(&t->told) != 1, "a call has ended twice");
  fail_if(atomic_load(&t->out_of_order), "items are out of order");
  const mbr_status fault = (mbr_status)atomic_load(&t->fault);
  if (atomic_load(&t->kind) == (unsigned)kind) {
    atomic_fetch_add(&s->ok, 1);
    return;
  }
  fail_if(atomic_load(&t->kind) != MBR_FRAME_FAULT, "an ending of another kind");
  if (fault == MBR_DISCONNECTED || fault == MBR_CLOSED) { /* refused by the connection that has ended */
    atomic_fetch_add(&s->lost, 1);
    return;
  }
  fail_if(fault != MBR_CANCELLED && fault != MBR_DEADLINE && fault != MBR_BUSY, mbr_status_name(fault));
  atomic_fetch_add(&s->other, 1);
}

static void call_once(worker *w) {
  tally t = {0};
  const uint32_t value = next_random(&w->seed) % ASK_ERROR;
  const bool hangs = next_random(&w->seed) % 6 == 0;
  if (!start(w, AT_UNARY, hangs ? ASK_NOTHING : value, &t)) return;
  if (hangs) {
    nap();
    (void)mbr_request_cancel(t.request);
  }
  judge(w->storm, &t, MBR_FRAME_OK);
  if (atomic_load(&t.kind) != MBR_FRAME_OK) return;
  fail_if(atomic_load(&t.value) % INSTANCE_STEP != value + 1, "another call's answer");
}

static void stream_once(worker *w) {
  tally t = {.pauses = next_random(&w->seed) % 2 == 0};
  const uint32_t items = next_random(&w->seed) % 60;
  const bool cancels = next_random(&w->seed) % 4 == 0;
  if (!start(w, AT_STREAM, cancels ? ENDLESS : items, &t)) return;
  for (unsigned naps = 0; !is_told(&t); naps++) {
    nap();
    if (cancels && naps == 3) (void)mbr_request_cancel(t.request);
    (void)mbr_request_resume(t.request);
    if (naps > 200000) break;
  }
  judge(w->storm, &t, MBR_FRAME_END);
  fail_if(atomic_load(&t.kind) == MBR_FRAME_END && atomic_load(&t.items) != items, "items are missing");
}

static void upload_once(worker *w) {
  tally t = {0};
  const uint32_t items = next_random(&w->seed) % 40;
  uint32_t pushed = 0;
  if (!start(w, AT_UPLOAD, 0, &t)) return;
  while (pushed < items && !is_told(&t)) {
    const mbr_status status = push(t.request, pushed + 1);
    if (status == MBR_OK) pushed++;
    else if (status != MBR_WOULD_BLOCK) break;
    else nap();
  }
  if (pushed == items) (void)mbr_request_end_items(t.request);
  else (void)mbr_request_cancel(t.request);
  judge(w->storm, &t, MBR_FRAME_OK);
  const bool ok = atomic_load(&t.kind) == MBR_FRAME_OK;
  fail_if(ok && atomic_load(&t.value) != items * (items + 1) / 2, "a wrong sum");
}

static void *work(void *arg) {
  worker *w = arg;
  for (unsigned round = 0; round < ROUNDS; round++) {
    switch (next_random(&w->seed) % 4) {
      case 0: stream_once(w); break;
      case 1: upload_once(w); break;
      default: call_once(w); break;
    }
  }
  return NULL;
}

static bool is_over(void *arg) { return atomic_load(&((storm *)arg)->over); }

static void *move(void *arg) {
  storm *s = arg;
  while (!is_over(s)) (void)mbr_loopback_run_until(s->rig->loopback, is_over, s, 1000);
  return NULL;
}

static void *cut_at_random(void *arg) {
  storm *s = arg;
  unsigned seed = 77;
  while (!is_over(s)) {
    cable *c = &s->rig->remotes[next_random(&seed) % INSTANCES].cable;
    for (unsigned naps = next_random(&seed) % 120; naps > 0; naps--) nap();
    cable_cut(c);
    for (unsigned naps = next_random(&seed) % 20; naps > 0; naps--) nap();
    cable_plug(c);
  }
  return NULL;
}

static void run_storm(bool cuts, bool ends_early, uint16_t calls) {
  mbr_pool *pool = calloc(1, sizeof *pool); /* not on the stack: should a test fail, its threads go on */
  storm *s = calloc(1, sizeof *s);
  worker workers[THREADS];
  pthread_t mover, cutter;
  assert_true(pool != NULL && s != NULL);
  assert_int_equal(mbr_pool_start(pool, 3, 0), MBR_OK);
  memcpy(counted_methods, known_methods, sizeof counted_methods);
  for (size_t i = 0; i < METHODS; i++) counted_methods[i].receive = count;
  s->rig = open_rig(calls, &(mbr_loopback_options){.executor = &pool->executor, .real_time = true});
  /* Another client of the same service, since these receivers count. */
  mbr_peer *near = mbr_loopback_near(s->rig->loopback), *far = mbr_loopback_far(s->rig->loopback);
  uint8_t hello[1024];
  assert_int_equal(mbr_client_open(&s->client, far, &counted_service, s->compatibility), MBR_OK);
  const size_t size = mbr_peer_hello(near, 0, hello, sizeof hello);
  assert_int_equal(mbr_peer_receive(far, hello, size), MBR_OK);
  assert_int_equal(pthread_create(&mover, NULL, move, s), 0);
  if (cuts) assert_int_equal(pthread_create(&cutter, NULL, cut_at_random, s), 0);
  for (unsigned i = 0; i < THREADS; i++) {
    workers[i] = (worker){.storm = s, .seed = 1000 * i + calls + 1};
    assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
  }
  if (ends_early) {
    for (unsigned i = 0; i < 100; i++) nap();
    mbr_peer_close(near);
    mbr_peer_close(far);
  }
  for (unsigned i = 0; i < THREADS; i++) assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
  atomic_store(&s->over, true);
  assert_int_equal(pthread_join(mover, NULL), 0);
  if (cuts) assert_int_equal(pthread_join(cutter, NULL), 0);
  close_rig(s->rig);
  mbr_pool_stop(pool);
  print_message("             %u ok, %u lost, %u given up\n", atomic_load(&s->ok), atomic_load(&s->lost),
                atomic_load(&s->other));
  if (!ends_early) assert_true(atomic_load(&s->ok) > 0);
  free(pool);
  free(s);
}

static void test_calls_of_many_threads(void **state) {
  (void)state;
  run_storm(false, false, 0);
}

static void test_calls_of_many_threads_wait_for_one_another(void **state) {
  (void)state;
  run_storm(false, false, 2);
}

static void test_lines_are_cut_at_random(void **state) {
  (void)state;
  run_storm(true, false, 0);
}

static void test_lines_are_cut_while_calls_wait(void **state) {
  (void)state;
  run_storm(true, false, 2);
}

static void test_the_connection_ends_amid_all_of_it(void **state) {
  (void)state;
  for (uint16_t calls = 1; calls < 4; calls++) run_storm(true, true, calls);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_calls_of_many_threads),
    cmocka_unit_test(test_calls_of_many_threads_wait_for_one_another),
    cmocka_unit_test(test_lines_are_cut_at_random),
    cmocka_unit_test(test_lines_are_cut_while_calls_wait),
    cmocka_unit_test(test_the_connection_ends_amid_all_of_it),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
