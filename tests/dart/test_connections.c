/* The Dart connection without Dart: a table of the native API and ports made up here, isolates that are
 * threads, so that thread sanitizer and valgrind can watch them begin, work and die. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* for pthread_getattr_np */
#endif
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../runtime/dart/config.h"
#include "mbr/dart.h"
#include "mbr/request.h"

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

/* Whether this thread is an isolate's. */
static _Thread_local bool in_dart;

static void *current_isolate(void) { return in_dart ? &in_dart : NULL; }

/* What memory was last given to a Dart object, and how it goes when that is garbage. A NULL handle is refused. */
typedef void finalizer(void *data, void *memory);

static struct {
  void *memory;
  intptr_t size;
  finalizer *finalize;
} given;

static void *new_finalizable_handle(void *handle, void *memory, intptr_t size, finalizer *finalize) {
  if (handle == NULL) return NULL;
  given.memory = memory;
  given.size = size;
  given.finalize = finalize;
  return &given;
}

#define FUNCTIONS 3

static const dl_entry entries[] = {{"Dart_PostInteger", (void (*)(void))post_integer},
                                   {"Dart_CurrentIsolate", (void (*)(void))current_isolate},
                                   {"Dart_NewFinalizableHandle", (void (*)(void))new_finalizable_handle},
                                   {"Dart_Other", NULL},
                                   {NULL, NULL}};
static const dl_table table = {2, 5, entries};

/* The application: a stream of numbers from a thread of its own, and a call that it keeps. */

#define SOURCE 7u
#define KEPT 9u
#define HELD 11u
#define ECHO 13u
#define INLINED 14u
#define IMAGE 15u
#define ADD 17u
#define ASKED 21u /* of the host service */
#define IMAGE_SIZE 100000u
#define TIMEOUT_MS 30u
#define LARGE_STACK 0x4000000u

static atomic_uint sources;
static atomic_uint cancels;
static atomic_uint disconnects;
static atomic_bool told_of_exit;
static atomic_uint held;
static atomic_size_t stack_of_held;
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

/* The bytes of the thread's stack, as far as this system tells. */
static size_t own_stack_size(void) {
  size_t size = SIZE_MAX;
#ifdef __GLIBC__
  pthread_attr_t attributes;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) return 0;
  (void)pthread_attr_getstacksize(&attributes, &size);
  pthread_attr_destroy(&attributes);
#endif
  return size;
}

/* Keeps its thread until the caller has lost interest. */
static mbr_status hold(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  (void)ops;
  (void)self;
  (void)args;
  atomic_store(&stack_of_held, own_stack_size());
  atomic_fetch_add(&held, 1);
  while (mbr_call_cancelled(call) == MBR_CANCEL_NONE) pause_us(200);
  atomic_fetch_sub(&held, 1);
  return MBR_OK;
}

/* Sync and inline: the number that came. */
static mbr_status echo(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  uint32_t value = 0;
  (void)ops;
  (void)self;
  (void)mbr_read_u32(args, &value);
  return send(call, MBR_FRAME_OK, value);
}

static mbr_status image(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  mbr_writer w;
  (void)ops;
  (void)self;
  (void)args;
  mbr_status status = mbr_call_begin(call, MBR_FRAME_OK, IMAGE_SIZE, &w);
  if (status != MBR_OK) return status;
  memset(mbr_writer_take(&w, IMAGE_SIZE), 0x5a, IMAGE_SIZE);
  return mbr_call_commit(call, &w, MBR_OK);
}

static uint32_t add(const mbr_target *target, uint32_t a, uint32_t b) {
  return target->ops == NULL ? a + b : 0;
}

static const mbr_method methods[] = {
  {.id = SOURCE, .flags = MBR_METHOD_STREAM, .name = "t.T.source", .dispatch = source},
  {.id = KEPT, .ending_max = 4, .name = "t.T.kept", .dispatch = keep},
  {.id = HELD, .ending_max = 4, .flags = MBR_METHOD_CONCURRENT, .name = "t.T.held", .dispatch = hold},
  {.id = ECHO, .ending_max = 4, .flags = MBR_METHOD_SYNC, .name = "t.T.echo", .dispatch = echo},
  {.id = INLINED, .ending_max = 4, .flags = MBR_METHOD_INLINE, .name = "t.T.inlined", .dispatch = echo},
  {.id = IMAGE, .flags = MBR_METHOD_BYTES, .name = "t.T.image", .dispatch = image},
  {.id = ADD, .flags = MBR_METHOD_SYNC, .name = "t.T.add", .dispatch = echo, .direct = (void (*)(void))add},
};
static const mbr_service service = {
  .name = "t.T", .methods = methods, .method_count = sizeof methods / sizeof *methods};

static void on_disconnect(void *arg) {
  (void)arg;
  if (mbr_dart_is_exiting()) atomic_store(&told_of_exit, true);
  atomic_fetch_add(&disconnects, 1);
}

/* What is called in Dart: the outcome is left where the receiver says. */
static mbr_status hear(const mbr_receiver *to, mbr_frame_kind kind, mbr_status fault, mbr_str text,
                       mbr_reader *payload) {
  (void)kind;
  (void)text;
  (void)payload;
  *(mbr_status *)to->arg = fault;
  return MBR_OK;
}

static const mbr_remote_method asked = {.id = ASKED, .fingerprint = 3, .name = "t.H.asked", .receive = hear};
static const mbr_remote_service host = {.name = "t.H", .methods = &asked, .method_count = 1};
static mbr_client client;
static uint8_t compatibility[1];

/* Connections that are to call into Dart, one at a time. */
static mbr_status connect_caller(mbr_peer *peer) {
  return mbr_client_open(&client, peer, &host, compatibility);
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
MBR_DART_LIBRARY(caller, connect_caller)
MBR_DART_LIBRARY(refused, refuse)
MBR_DART_LIBRARY_ON(of_two, connect, 2, LARGE_STACK)

/* What an isolate does. */

/* Writes a call with one number. */
static uint32_t write_call(mbr_dart_connection *c, uint16_t index, uint32_t method, uint32_t timeout_ms,
                           uint32_t credit, uint32_t value) {
  const mbr_frame frame = {
    .size = MBR_FRAME_HEADER_SIZE + MBR_CALL_PREFIX_SIZE + 4,
    .kind = MBR_FRAME_CALL,
    .flags = MBR_FRAME_FROM_CALLER,
    .call = 0x10000u | index,
    .method = method,
  };
  mbr_frame_write(c->request, &frame);
  mbr_put_u32(c->request + MBR_FRAME_HEADER_SIZE, timeout_ms);
  mbr_put_u32(c->request + MBR_FRAME_HEADER_SIZE + 4, credit);
  mbr_put_u32(c->request + MBR_FRAME_HEADER_SIZE + MBR_CALL_PREFIX_SIZE, value);
  return frame.size;
}

static int32_t start_call(mbr_dart_connection *c, uint16_t index, uint32_t method, uint32_t credit) {
  return t_connect()->submit(c, write_call(c, index, method, 0, credit, 0));
}

/* The one frame that is there now. */
static const uint8_t *only_frame(mbr_dart_connection *c, uint64_t run, mbr_frame *frame) {
  const uint8_t *at = c->ring + (run >> 32);
  assert_int_equal(mbr_frame_read(frame, at, (uint32_t)run), MBR_OK);
  assert_int_equal((frame->size + 15u) & ~15u, (uint32_t)run);
  return at + MBR_FRAME_HEADER_SIZE;
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
      (void)api->control(c, MBR_FRAME_CREDIT, MBR_FRAME_FROM_CALLER, 0x10000u | self->round, count);
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

static int told[2]; /* a pipe */
static const atomic_bool *good_in_child;

static void tell_parent(void) {
  const char answer = atomic_load(good_in_child) ? 'y' : 'n';
  if (write(told[1], &answer, 1) != 1) abort();
  _exit(0);
}

/* In a process of its own, in which no connection was opened before: what is done at exit comes before
 * `tell_parent`. */
static void assert_good_in_child(void (*run)(void), const atomic_bool *good) {
  char answer = '?';
  good_in_child = good;
  assert_int_equal(pipe(told), 0);
  const pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    if (atexit(tell_parent) != 0) abort();
    run();
    exit(0);
  }
  close(told[1]);
  assert_int_equal(read(told[0], &answer, 1), 1);
  assert_int_equal(answer, 'y');
  close(told[0]);
  assert_int_equal(waitpid(child, NULL, 0), child);
}

static void only_connect(void) {
  void *ticket;
  (void)open_on(1, &ticket);
}

static void a_disconnect_callback_can_tell_that_the_process_exits(void **state) {
  (void)state;
  assert_false(mbr_dart_is_exiting());
  assert_good_in_child(only_connect, &told_of_exit);
}

static atomic_bool two_have_begun;

/* Whether of five handlers that hold their threads two have begun, with the stack that was asked for. */
static void hold_five(void) {
  const mbr_dart_api *api = of_two_connect();
  set_open(&ports[1], true);
  mbr_dart_connection *c = api->open(api, (void *)(uintptr_t)&table, 1, api->ticket()).connection;
  if (c == NULL) abort();
  for (uint16_t i = 0; i < 5; i++) {
    if (start_call(c, i, HELD, 0) != MBR_OK) abort();
  }
  for (int waited_ms = 0; atomic_load(&held) < 2 && waited_ms < WAIT_S * 1000; waited_ms++) pause_us(1000);
  pause_us(100000); /* for a third one, that must not come */
  atomic_store(&two_have_begun,
               atomic_load(&held) == 2 && atomic_load(&stack_of_held) >= LARGE_STACK);
}

static void a_library_says_how_many_threads_there_are_and_their_stack(void **state) {
  (void)state;
  assert_good_in_child(hold_five, &two_have_begun);
}

static void refuses_another_dart(void **state) {
  (void)state;
  const mbr_dart_api *api = t_connect();
  dl_table other = {3, 0, entries};
  assert_int_equal(api->open(api, &other, 1, api->ticket()).failure, MBR_DART_NO_API);
  for (size_t missing = 0; missing < FUNCTIONS; missing++) {
    dl_entry fewer[sizeof entries / sizeof *entries];
    memcpy(fewer, entries, sizeof entries);
    fewer[missing].name = "Dart_Another";
    other = (dl_table){2, 0, fewer};
    assert_int_equal(api->open(api, &other, 1, api->ticket()).failure, MBR_DART_NO_API);
  }
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

static void the_clock_ends_a_call_that_is_late(void **state) {
  (void)state;
  const mbr_dart_api *api = t_connect();
  void *ticket;
  mbr_frame frame;
  for (uint16_t i = 0; i < 3; i++) {
    mbr_dart_connection *c = open_on(7, &ticket);
    atomic_store(&kept_id, 0);
    assert_true(api->drain(c, 0) == 0);
    assert_int_equal(api->submit(c, write_call(c, i, KEPT, TIMEOUT_MS, 0, 0)), MBR_OK);
    wait_for_ring(&ports[7]);
    uint64_t run = api->drain(c, 0);
    const uint8_t *payload = only_frame(c, run, &frame);
    assert_int_equal(frame.kind, MBR_FRAME_FAULT);
    assert_int_equal(mbr_get_u32(payload), MBR_DEADLINE);
    const mbr_call late = {atomic_load(&kept_peer), atomic_load(&kept_id)};
    assert_int_equal(mbr_call_cancelled(late), MBR_CANCEL_DEADLINE);
    assert_int_equal(send(late, MBR_FRAME_OK, 1), MBR_CLOSED);
    assert_true(api->drain(c, (uint32_t)run) == 0);
    api->close(ticket);
    wait_until_quiet();
  }
}

static void sync_and_inline_calls_are_answered_at_once(void **state) {
  (void)state;
  const mbr_dart_api *api = t_connect();
  void *ticket;
  mbr_frame frame;
  mbr_dart_connection *c = open_on(8, &ticket);
  const uint8_t *answer = c->answer;
  assert_int_equal(api->sync(c, write_call(c, 0, ECHO, 0, 0, 41)), MBR_FRAME_HEADER_SIZE + 4);
  assert_int_equal(mbr_get_u32(c->answer + MBR_FRAME_HEADER_SIZE), 41);
  assert_int_equal(api->sync(c, write_call(c, 0, KEPT + 1, 0, 0, 0)), -MBR_UNIMPLEMENTED);
  assert_int_equal(api->sync(c, c->request_size + 1), -MBR_MISUSE);
  assert_int_equal(api->sync(c, write_call(c, 0, IMAGE, 0, 0, 0)), MBR_FRAME_HEADER_SIZE + IMAGE_SIZE);
  assert_int_equal(c->answer[MBR_FRAME_HEADER_SIZE + IMAGE_SIZE - 1], 0x5a);
  assert_int_equal(mbr_live_blocks(), 3);
  assert_int_equal(api->sync(c, write_call(c, 0, ECHO, 0, 0, 42)), MBR_FRAME_HEADER_SIZE + 4);
  assert_int_equal(mbr_live_blocks(), 2);
  assert_int_equal(api->submit_here(c, write_call(c, 0, KEPT + 1, 0, 0, 0)), -MBR_UNIMPLEMENTED);
  assert_int_equal(api->submit_here(c, c->request_size + 1), -MBR_MISUSE);
  assert_int_equal(api->submit_here(c, write_call(c, 0, INLINED, 0, 0, 43)), MBR_FRAME_HEADER_SIZE + 4);
  assert_int_equal(mbr_get_u32(answer + MBR_FRAME_HEADER_SIZE), 43);
  assert_true(api->drain(c, 0) == 0);
  const mbr_dart_function direct = api->direct(c, ADD);
  typedef uint32_t add_function(const mbr_target *target, uint32_t a, uint32_t b);
  assert_int_equal(((add_function *)direct.function)(direct.target, 2, 3), 5);
  assert_null(api->direct(c, ECHO).function);
  assert_int_equal(api->counters(c, ECHO), MBR_OK);
  assert_int_equal(c->counters.calls, 2);
  assert_int_equal(api->hello(c, 1), 0);
  assert_true(api->hello(c, 0) > MBR_FRAME_HEADER_SIZE);
  assert_int_equal(mbr_frame_read(&frame, c->request, c->request_size), MBR_OK);
  assert_int_equal(frame.kind, MBR_FRAME_HELLO);
  api->close(ticket);
  wait_until_quiet();
}

static void a_block_that_was_taken_over_outlives_its_connection(void **state) {
  (void)state;
  const mbr_dart_api *api = t_connect();
  void *ticket;
  mbr_frame frame;
  mbr_dart_connection *c = open_on(9, &ticket);
  for (uint16_t i = 0; i < 2; i++) {
    assert_true(api->drain(c, 0) == 0);
    assert_int_equal(start_call(c, i, IMAGE, 0), MBR_OK);
    wait_for_ring(&ports[9]);
    uint64_t run = api->drain(c, 0);
    const uint8_t *payload = only_frame(c, run, &frame);
    assert_int_equal(frame.flags, MBR_FRAME_BLOCK);
    const uint8_t *block = (const uint8_t *)(uintptr_t)mbr_get_u64(payload);
    if (i == 0) {
      assert_int_equal(api->take(c, (uint32_t)(run >> 32), NULL), MBR_NO_MEMORY);
      assert_int_equal(api->take(c, (uint32_t)(run >> 32), ticket), MBR_OK);
      assert_ptr_equal(given.memory, block);
      assert_int_equal(given.size, MBR_FRAME_HEADER_SIZE + IMAGE_SIZE);
      assert_true(api->drain(c, (uint32_t)run) == 0);
      assert_int_equal(block[MBR_FRAME_HEADER_SIZE + IMAGE_SIZE - 1], 0x5a);
    }
  }
  api->close(ticket); /* with the second in its hands */
  WAIT_UNTIL(mbr_live_blocks() == 1)
  given.finalize(NULL, given.memory);
  wait_until_quiet();
}

/* Submits the HELLO by which the isolate serves what `host` describes. */
static void serve_host(mbr_dart_connection *c) {
  const mbr_frame frame = {.size = MBR_FRAME_HEADER_SIZE + 28, .kind = MBR_FRAME_HELLO};
  uint8_t *payload = c->request + MBR_FRAME_HEADER_SIZE;
  uint32_t name = 0x811c9dc5u;
  for (const char *at = host.name; *at != '\0'; at++) name = (name ^ (uint8_t)*at) * 0x01000193u;
  mbr_frame_write(c->request, &frame);
  mbr_put_u32(payload, MBR_PROTOCOL_VERSION);
  mbr_put_u32(payload + 4, name);
  mbr_put_u32(payload + 8, 1);
  mbr_put_u32(payload + 12, 0);
  mbr_put_u32(payload + 16, ASKED);
  mbr_put_u64(payload + 20, asked.fingerprint);
  assert_int_equal(caller_connect()->submit(c, frame.size), MBR_OK);
}

static mbr_status ask(mbr_status *heard) {
  const mbr_receiver to = {.arg = heard};
  const mbr_request_options options = {.timeout_ms = TIMEOUT_MS};
  mbr_writer w;
  mbr_arena arena;
  mbr_request request;
  uint8_t space[64];
  mbr_arena_init(&arena, space, sizeof space);
  mbr_status status = mbr_request_begin_wait(&client, 0, 0, &options, &to, &arena, &w, &request);
  if (status == MBR_OK) status = mbr_request_commit(request, &w, MBR_OK);
  return status == MBR_OK ? mbr_request_wait(request) : status;
}

static void blocking_calls_end_and_never_begin_on_the_isolates_thread(void **state) {
  (void)state;
  const mbr_dart_api *api = caller_connect();
  void *ticket = api->ticket();
  mbr_status heard = MBR_OK;
  set_open(&ports[10], true);
  mbr_dart_connection *c = api->open(api, (void *)(uintptr_t)&table, 10, ticket).connection;
  assert_non_null(c);
  assert_int_equal(ask(&heard), MBR_UNIMPLEMENTED);
  serve_host(c);
  assert_int_equal(ask(&heard), MBR_OK);
  assert_int_equal(heard, MBR_DEADLINE);
  in_dart = true;
  assert_int_equal(ask(&heard), MBR_DEADLOCK);
  in_dart = false;
  api->close(ticket);
  assert_int_equal(ask(&heard), MBR_CLOSED);
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
    cmocka_unit_test(a_disconnect_callback_can_tell_that_the_process_exits), /* before there are threads */
    cmocka_unit_test(a_library_says_how_many_threads_there_are_and_their_stack), /* too */
    cmocka_unit_test(refuses_another_dart),
    cmocka_unit_test(tells_why_the_application_refuses),
    cmocka_unit_test(resizes_the_request_buffer),
    cmocka_unit_test(a_refused_post_ends_the_connection),
    cmocka_unit_test(a_late_answer_is_refused_after_the_place_was_reused),
    cmocka_unit_test(handlers_that_hold_every_thread_are_told_of_the_end),
    cmocka_unit_test(a_ticket_ends_its_own_connection_and_once),
    cmocka_unit_test(a_goodbye_ends_the_connection_for_both),
    cmocka_unit_test(the_clock_ends_a_call_that_is_late),
    cmocka_unit_test(sync_and_inline_calls_are_answered_at_once),
    cmocka_unit_test(a_block_that_was_taken_over_outlives_its_connection),
    cmocka_unit_test(blocking_calls_end_and_never_begin_on_the_isolates_thread),
    cmocka_unit_test(isolates_die_amid_streams),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
