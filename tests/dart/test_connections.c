/* The Dart connection without Dart: a table of the native API and ports made up here, isolates that are
 * threads, so that thread sanitizer and valgrind can watch them begin, work and die. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "../../runtime/dart/config.h"
#include "mbr/dart.h"

#define PORTS 16
#define ISOLATES 8
#define ROUNDS 20
#define ITEMS 300u
#define CREDIT 64u
#define WAIT_S 20

/* Ports: where posts arrive, and whether they still may. */

typedef struct port {
  pthread_mutex_t lock;
  pthread_cond_t rung;
  bool open;
  bool ringing;
} port;

static port ports[PORTS];

static bool post_integer(int64_t number, int64_t value) {
  port *p = &ports[number];
  (void)value;
  pthread_mutex_lock(&p->lock);
  bool open = p->open;
  p->ringing = open;
  pthread_cond_signal(&p->rung);
  pthread_mutex_unlock(&p->lock);
  return open;
}

static void set_open(port *p, bool open) {
  pthread_mutex_lock(&p->lock);
  p->open = open;
  p->ringing = false;
  pthread_mutex_unlock(&p->lock);
}

static void wait_for_ring(port *p) {
  struct timespec limit;
  clock_gettime(CLOCK_REALTIME, &limit);
  limit.tv_sec += WAIT_S;
  pthread_mutex_lock(&p->lock);
  while (!p->ringing) {
    if (pthread_cond_timedwait(&p->rung, &p->lock, &limit) != 0) abort();
  }
  p->ringing = false;
  pthread_mutex_unlock(&p->lock);
}

typedef struct dl_entry {
  const char *name;
  void (*function)(void);
} dl_entry;

typedef struct dl_table {
  int major;
  int minor;
  const dl_entry *entries;
} dl_table;

static const dl_entry entries[] = {
  {"Dart_Other", NULL}, {"Dart_PostInteger", (void (*)(void))post_integer}, {NULL, NULL}};
static const dl_table table = {2, 5, entries};

/* The application: a stream of numbers from a thread of its own, and a call that it keeps. */

#define SOURCE 7u
#define KEPT 9u
#define HELD 11u

static atomic_uint sources;
static atomic_uint cancels;
static atomic_uint disconnects;
static atomic_uint held;
static _Atomic uint64_t kept_id;
static mbr_peer *_Atomic kept_peer;

static void pause_us(long us) {
  const struct timespec pause = {0, us * 1000};
  nanosleep(&pause, NULL);
}

static mbr_status send(mbr_call call, mbr_frame_kind kind, uint32_t value) {
  mbr_writer w;
  mbr_status status = mbr_call_begin(call, kind, kind == MBR_FRAME_END ? 0 : 4, &w);
  if (status != MBR_OK) return status;
  return mbr_call_commit(call, &w, kind == MBR_FRAME_END ? MBR_OK : mbr_write_u32(&w, value));
}

static void *emit(void *arg) {
  mbr_call call = *(mbr_call *)arg;
  free(arg);
  mbr_status status = MBR_OK;
  for (uint32_t i = 0; status == MBR_OK || status == MBR_WOULD_BLOCK; i++) {
    status = send(call, MBR_FRAME_ITEM, i);
    if (status == MBR_WOULD_BLOCK) pause_us(50);
  }
  (void)send(call, MBR_FRAME_END, 0);
  atomic_fetch_sub(&sources, 1);
  return NULL;
}

static void on_cancel(void *arg, mbr_cancel_reason reason) {
  (void)arg;
  (void)reason;
  atomic_fetch_add(&cancels, 1);
}

static mbr_status source(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  (void)ops;
  (void)self;
  (void)args;
  mbr_call *copy = malloc(sizeof *copy);
  pthread_t thread;
  if (copy == NULL) return MBR_NO_MEMORY;
  *copy = call;
  if (mbr_call_on_cancel(call, on_cancel, NULL) != MBR_OK) abort();
  mbr_call_defer(call);
  atomic_fetch_add(&sources, 1);
  if (pthread_create(&thread, NULL, emit, copy) != 0) abort();
  pthread_detach(thread);
  return MBR_OK;
}

static mbr_status keep(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  (void)ops;
  (void)self;
  (void)args;
  mbr_call_defer(call);
  atomic_store(&kept_peer, call.peer);
  atomic_store(&kept_id, call.id);
  return MBR_OK;
}

/* Keeps its thread until the caller has lost interest. */
static mbr_status hold(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  (void)ops;
  (void)self;
  (void)args;
  atomic_fetch_add(&held, 1);
  while (mbr_call_cancelled(call) == MBR_CANCEL_NONE) pause_us(200);
  atomic_fetch_sub(&held, 1);
  return MBR_OK;
}

static const mbr_method methods[] = {
  {SOURCE, 0, MBR_METHOD_STREAM, "t.T.source", source},
  {KEPT, 4, 0, "t.T.kept", keep},
  {HELD, 4, MBR_METHOD_CONCURRENT, "t.T.held", hold},
};
static const mbr_service service = {"t.T", methods, sizeof methods / sizeof *methods};

static void on_disconnect(void *arg) {
  (void)arg;
  atomic_fetch_add(&disconnects, 1);
}

static mbr_status connect(mbr_peer *peer) {
  mbr_status status = mbr_peer_on_disconnect(peer, on_disconnect, NULL);
  return status == MBR_OK ? mbr_peer_serve(peer, &service, NULL, NULL) : status;
}

static mbr_status refuse(mbr_peer *peer) {
  (void)peer;
  return MBR_BUSY;
}

MBR_DART_LIBRARY(t, connect)
MBR_DART_LIBRARY(refused, refuse)

/* What an isolate does. */

static int32_t start_call(mbr_dart_connection *c, uint16_t index, uint32_t method, uint32_t credit) {
  const mbr_frame frame = {
    .size = MBR_FRAME_HEADER_SIZE + MBR_CALL_PREFIX_SIZE,
    .kind = MBR_FRAME_CALL,
    .flags = MBR_FRAME_FROM_CALLER,
    .call = 0x10000u | index,
    .method = method,
  };
  mbr_frame_write(c->request, &frame);
  mbr_put_u32(c->request + MBR_FRAME_HEADER_SIZE, 0);
  mbr_put_u32(c->request + MBR_FRAME_HEADER_SIZE + 4, credit);
  return t_connect()->submit(c, frame.size);
}

/* Counts the frames of a run. */
static uint32_t count_frames(const mbr_dart_connection *c, uint64_t run) {
  const uint8_t *at = c->ring + (run >> 32);
  const uint8_t *end = at + (uint32_t)run;
  uint32_t count = 0;
  while (at < end) {
    mbr_frame frame;
    if (mbr_frame_read(&frame, at, (size_t)(end - at)) != MBR_OK) abort();
    at += (frame.size + 15u) & ~(size_t)15u;
    count++;
  }
  return count;
}

typedef struct isolate {
  int64_t port;
  unsigned round;
  void *ticket;
} isolate;

/* Reads a stream for a while and dies: in the middle of a run every other time, its port closed before its
 * finalizer runs or only later. */
static void *live(void *arg) {
  isolate *self = arg;
  const mbr_dart_api *api = t_connect();
  port *p = &ports[self->port];
  set_open(p, true);
  self->ticket = api->ticket();
  mbr_dart_opened opened = api->open(api, (void *)(uintptr_t)&table, self->port, self->ticket);
  mbr_dart_connection *c = opened.connection;
  if (c == NULL || start_call(c, (uint16_t)self->round, SOURCE, CREDIT) != MBR_OK) abort();
  for (uint32_t items = 0; items < ITEMS;) {
    wait_for_ring(p);
    for (uint64_t run; (run = api->drain(c, 0)) != 0;) {
      uint32_t count = count_frames(c, run);
      items += count;
      if (self->round % 2 == 0 && items >= ITEMS) break;
      (void)api->drain(c, (uint32_t)run);
      (void)api->control(c, MBR_FRAME_CREDIT, 0x10000u | self->round, count);
    }
  }
  if (self->round % 3 != 0) set_open(p, false);
  if (self->round % 3 == 1) pause_us(300);
  return NULL;
}

static void *finalize(void *arg) {
  isolate *self = arg;
  t_connect()->close(self->ticket);
  set_open(&ports[self->port], false);
  return NULL;
}

static void run_isolate(isolate *self) {
  pthread_t thread;
  assert_int_equal(pthread_create(&thread, NULL, live, self), 0);
  pthread_join(thread, NULL);
  assert_int_equal(pthread_create(&thread, NULL, finalize, self), 0);
  pthread_join(thread, NULL);
}

static void *live_and_die(void *arg) {
  isolate *self = arg;
  for (self->round = 0; self->round < ROUNDS; self->round++) run_isolate(self);
  return NULL;
}

#define WAIT_UNTIL(condition)                        \
  for (int waited_ms = 0; !(condition); waited_ms++) { \
    assert_true(waited_ms < WAIT_S * 1000);          \
    pause_us(1000);                                  \
  }

static void wait_until_quiet(void) { WAIT_UNTIL(mbr_live_blocks() == 0 && atomic_load(&sources) == 0) }

static mbr_dart_connection *open_on(int64_t number, void **ticket) {
  const mbr_dart_api *api = t_connect();
  set_open(&ports[number], true);
  *ticket = api->ticket();
  mbr_dart_opened opened = api->open(api, (void *)(uintptr_t)&table, number, *ticket);
  assert_int_equal(opened.failure, MBR_DART_OPENED);
  return opened.connection;
}

static void refuses_another_dart(void **state) {
  (void)state;
  const mbr_dart_api *api = t_connect();
  dl_table other = {3, 0, entries};
  assert_int_equal(api->open(api, &other, 1, api->ticket()).failure, MBR_DART_NO_API);
  other = (dl_table){2, 0, entries + 2};
  assert_int_equal(api->open(api, &other, 1, api->ticket()).failure, MBR_DART_NO_API);
  assert_int_equal(api->open(api, NULL, 1, api->ticket()).failure, MBR_DART_NO_API);
}

static void tells_why_the_application_refuses(void **state) {
  (void)state;
  const mbr_dart_api *api = refused_connect();
  mbr_dart_opened opened = api->open(api, (void *)(uintptr_t)&table, 1, api->ticket());
  assert_int_equal(opened.failure, MBR_DART_NOT_CONNECTED);
  assert_int_equal(opened.status, MBR_BUSY);
  assert_null(opened.connection);
  wait_until_quiet();
}

static void resizes_the_request_buffer(void **state) {
  (void)state;
  const mbr_dart_api *api = t_connect();
  void *ticket;
  mbr_dart_connection *c = open_on(1, &ticket);
  c->request[0] = 0x5a;
  assert_int_equal(api->resize(c, 1000000), MBR_OK);
  assert_int_equal(c->request_size, 1000000);
  assert_int_equal(c->request[0], 0x5a);
  assert_int_equal(api->resize(c, UINT32_MAX), MBR_NO_MEMORY);
  assert_int_equal(api->resize(c, 0), MBR_MISUSE);
  assert_int_equal(c->request_size, 1000000);
  assert_int_equal(api->submit(c, 1000001), MBR_MISUSE);
  assert_int_equal(mbr_live_blocks(), 2);
  api->close(ticket);
  wait_until_quiet();
}

static void a_refused_post_ends_the_connection(void **state) {
  (void)state;
  unsigned before = atomic_load(&cancels);
  void *ticket;
  mbr_dart_connection *c = open_on(2, &ticket);
  set_open(&ports[2], false);
  assert_int_equal(start_call(c, 0, SOURCE, CREDIT), MBR_OK);
  WAIT_UNTIL(atomic_load(&sources) == 0 && atomic_load(&cancels) == before + 1)
  assert_int_equal(start_call(c, 1, SOURCE, CREDIT), MBR_CLOSED);
  assert_true(t_connect()->drain(c, 0) == 0);
  t_connect()->close(ticket);
  wait_until_quiet();
}

static void a_late_answer_is_refused_after_the_place_was_reused(void **state) {
  (void)state;
  void *ticket;
  mbr_dart_connection *first = open_on(3, &ticket);
  atomic_store(&kept_id, 0);
  assert_int_equal(start_call(first, 0, KEPT, 0), MBR_OK);
  WAIT_UNTIL(atomic_load(&kept_id) != 0)
  const mbr_call late = {atomic_load(&kept_peer), atomic_load(&kept_id)};
  t_connect()->close(ticket);
  WAIT_UNTIL(mbr_call_cancelled(late) == MBR_CANCEL_DISCONNECTED)
  /* It was not ended, so its memory is still there. */
  assert_int_equal(mbr_live_blocks(), 2);
  assert_int_equal(send(late, MBR_FRAME_OK, 1), MBR_CLOSED);
  wait_until_quiet();
  mbr_dart_connection *second = open_on(3, &ticket);
  assert_ptr_equal(first, second);
  assert_int_equal(start_call(second, 0, KEPT, 0), MBR_OK);
  assert_int_equal(send(late, MBR_FRAME_OK, 2), MBR_CLOSED);
  assert_int_equal(mbr_call_cancelled(late), MBR_CANCEL_DISCONNECTED);
  WAIT_UNTIL(atomic_load(&kept_id) != late.id)
  const mbr_call current = {atomic_load(&kept_peer), atomic_load(&kept_id)};
  assert_int_equal(send(current, MBR_FRAME_OK, 3), MBR_OK);
  t_connect()->close(ticket);
  wait_until_quiet();
}

static void handlers_that_hold_every_thread_are_told_of_the_end(void **state) {
  (void)state;
  unsigned before = atomic_load(&disconnects);
  void *ticket;
  mbr_dart_connection *c = open_on(4, &ticket);
  for (uint16_t i = 0; i < MBR_DART_THREADS + 3; i++) assert_int_equal(start_call(c, i, HELD, 0), MBR_OK);
  WAIT_UNTIL(atomic_load(&held) == MBR_DART_THREADS)
  t_connect()->close(ticket);
  wait_until_quiet();
  assert_int_equal(atomic_load(&held), 0);
  WAIT_UNTIL(atomic_load(&disconnects) == before + 1)
}

static void a_ticket_ends_its_own_connection_and_once(void **state) {
  (void)state;
  const mbr_dart_api *api = t_connect();
  void *first, *second, *unused = api->ticket();
  assert_non_null(unused);
  mbr_dart_connection *c = open_on(5, &first);
  api->close(unused);
  assert_int_equal(start_call(c, 0, KEPT + 1, 0), MBR_UNIMPLEMENTED);
  api->close(first);
  wait_until_quiet();
  assert_ptr_equal(open_on(5, &second), c);
  api->close(first);
  assert_int_equal(start_call(c, 0, KEPT + 1, 0), MBR_UNIMPLEMENTED);
  api->close(second);
  api->close(second);
  api->close(NULL);
  wait_until_quiet();
}

static void a_goodbye_ends_the_connection_for_both(void **state) {
  (void)state;
  unsigned before = atomic_load(&disconnects);
  void *first, *second;
  mbr_dart_connection *c = open_on(6, &first);
  const mbr_frame goodbye = {.size = MBR_FRAME_HEADER_SIZE, .kind = MBR_FRAME_GOODBYE};
  mbr_frame_write(c->request, &goodbye);
  assert_int_equal(t_connect()->submit(c, goodbye.size), MBR_OK);
  WAIT_UNTIL(atomic_load(&disconnects) == before + 1)
  assert_int_equal(start_call(c, 0, KEPT, 0), MBR_CLOSED);
  t_connect()->close(first);
  assert_ptr_equal(open_on(6, &second), c);
  assert_int_equal(start_call(c, 0, KEPT + 1, 0), MBR_UNIMPLEMENTED);
  t_connect()->close(second);
  wait_until_quiet();
}

static void isolates_die_amid_streams(void **state) {
  (void)state;
  static isolate isolates[ISOLATES];
  pthread_t threads[ISOLATES];
  unsigned before = atomic_load(&disconnects);
  for (int i = 0; i < ISOLATES; i++) {
    isolates[i].port = i + 1;
    assert_int_equal(pthread_create(&threads[i], NULL, live_and_die, &isolates[i]), 0);
  }
  for (int i = 0; i < ISOLATES; i++) pthread_join(threads[i], NULL);
  wait_until_quiet();
  assert_int_equal(atomic_load(&disconnects), before + ISOLATES * ROUNDS);
}

int main(void) {
  for (int i = 0; i < PORTS; i++) {
    pthread_mutex_init(&ports[i].lock, NULL);
    pthread_cond_init(&ports[i].rung, NULL);
  }
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(refuses_another_dart),
    cmocka_unit_test(tells_why_the_application_refuses),
    cmocka_unit_test(resizes_the_request_buffer),
    cmocka_unit_test(a_refused_post_ends_the_connection),
    cmocka_unit_test(a_late_answer_is_refused_after_the_place_was_reused),
    cmocka_unit_test(handlers_that_hold_every_thread_are_told_of_the_end),
    cmocka_unit_test(a_ticket_ends_its_own_connection_and_once),
    cmocka_unit_test(a_goodbye_ends_the_connection_for_both),
    cmocka_unit_test(isolates_die_amid_streams),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
