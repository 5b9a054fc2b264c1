/* Two lines over a cable: the connection begins, is lost in every way there is, and begins anew; calls end
 * with it, and no answer reaches a call of a later one. */
#define _XOPEN_SOURCE 700 /* terminals */
#include <fcntl.h>
#include <stdatomic.h>
#include <termios.h>
#include <time.h>

#include "cable.h"
#include "mbr/line.h"
#include "mbr/pool.h"
#include "../runtime/request_kit.h"

enum { PATIENCE_MS = 20000, LOST_MS = 1000, RETRY_MS = 40, REOPEN_MS = 50 };

static uint64_t milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

static void nap(void) {
  const struct timespec time = {.tv_nsec = 1000000};
  nanosleep(&time, NULL);
}

/* Waits for the condition, within reason. */
#define EVENTUALLY(condition)                                                             \
  do {                                                                                    \
    const uint64_t until = milliseconds() + PATIENCE_MS;                                  \
    bool met;                                                                             \
    while (!(met = (condition)) && milliseconds() < until) nap();                         \
    if (!met) fail_msg("%s", "never: " #condition);                                       \
  } while (0)

/* The side that serves. Calls are counted, so that an answer tells which of them it belongs to. */
typedef struct host {
  cable_end *end;
  mbr_line *line;
  atomic_uint connections, ups, downs, calls;
  atomic_bool refuses, defers;
  atomic_bool is_interrupted, may_crash; /* by signals, on the line's thread */
  pthread_mutex_t lock;
  mbr_call deferred[HEARD_MAX];
  size_t deferred_count;
} host;

static mbr_status serve(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  host *h = self;
  uint32_t value = 0;
  (void)ops;
  atomic_fetch_add(&h->calls, 1);
  if (mbr_read_u32(args, &value) != MBR_OK) return args->status;
  if (!atomic_load(&h->defers)) return put_u32(call, MBR_FRAME_OK, value + 1);
  mbr_call_defer(call);
  pthread_mutex_lock(&h->lock);
  assert_true(h->deferred_count < HEARD_MAX);
  h->deferred[h->deferred_count++] = call;
  pthread_mutex_unlock(&h->lock);
  return MBR_OK;
}

static const mbr_method host_methods[] = {
  {.id = UNARY, .name = "t.S.unary", .dispatch = serve, .fingerprint = 1},
};
static const mbr_service host_service = {.name = "t.S", .methods = host_methods, .method_count = 1};

static size_t deferred_calls(host *h) {
  pthread_mutex_lock(&h->lock);
  const size_t count = h->deferred_count;
  pthread_mutex_unlock(&h->lock);
  return count;
}

static mbr_status answer_deferred(host *h, size_t i, uint32_t value) {
  return put_u32(h->deferred[i], MBR_FRAME_OK, value);
}

static mbr_status connect_host(void *arg, mbr_peer *peer) {
  host *h = arg;
  sigset_t blocked;
  if (pthread_sigmask(SIG_SETMASK, NULL, &blocked) == 0) {
    atomic_store(&h->is_interrupted, !sigismember(&blocked, SIGTERM) || !sigismember(&blocked, SIGPIPE));
    atomic_store(&h->may_crash, sigismember(&blocked, SIGSEGV) == 0 && sigismember(&blocked, SIGBUS) == 0);
  }
  atomic_fetch_add(&h->connections, 1);
  if (atomic_load(&h->refuses)) return MBR_BUSY;
  return mbr_peer_serve(peer, &host_service, NULL, h);
}

static void count_changes(atomic_uint *ups, atomic_uint *downs, mbr_line_state state) {
  if (state == MBR_LINE_UP) atomic_fetch_add(ups, 1);
  else atomic_fetch_add(downs, 1);
}

static void host_changed(void *arg, mbr_line_state state) {
  host *h = arg;
  count_changes(&h->ups, &h->downs, state);
}

static int open_host(void *arg) { return cable_open(((host *)arg)->end); }

/* The side that calls. */
typedef struct caller {
  cable_end *end;
  mbr_line *line;
  client client;
  atomic_uint ups, downs;
} caller;

static mbr_status connect_caller(void *arg, mbr_peer *peer) {
  caller *c = arg;
  return mbr_client_open(&c->client.base, peer, &known_service, c->client.compatibility);
}

static void caller_changed(void *arg, mbr_line_state state) {
  caller *c = arg;
  count_changes(&c->ups, &c->downs, state);
}

static int open_caller(void *arg) { return cable_open(((caller *)arg)->end); }

typedef struct pair {
  cable cable;
  host host;
  caller caller;
} pair;

static mbr_line_options options_of(void *arg) {
  return (mbr_line_options){.arg = arg, .retry_ms = RETRY_MS, .lost_ms = LOST_MS, .reopen_ms = REOPEN_MS};
}

/* Not on the stack: should a test fail, its threads go on. */
static pair *open_pair(mbr_executor *executor) {
  pair *p = calloc(1, sizeof *p);
  assert_non_null(p);
  cable_start(&p->cable);
  p->host = (host){.end = &p->cable.ends[0]};
  p->caller = (caller){.end = &p->cable.ends[1]};
  pthread_mutex_init(&p->host.lock, NULL);
  mbr_line_options options = options_of(&p->host);
  options.open = open_host;
  options.connect = connect_host;
  options.changed = host_changed;
  options.executor = executor;
  p->host.line = mbr_line_open(&options);
  options = options_of(&p->caller);
  options.open = open_caller;
  options.connect = connect_caller;
  options.changed = caller_changed;
  options.executor = executor;
  p->caller.line = mbr_line_open(&options);
  assert_non_null(p->host.line);
  assert_non_null(p->caller.line);
  return p;
}

static void close_pair(pair *p) {
  assert_true(mbr_line_close(p->caller.line));
  assert_true(mbr_line_close(p->host.line));
  cable_stop(&p->cable);
  pthread_mutex_destroy(&p->host.lock);
  free(p);
}

static bool is_compatible(client *c) {
  return mbr_client_compatibility(&c->base, AT_UNARY) == MBR_METHOD_COMPATIBLE;
}

/* Not before its client was opened. */
static bool is_known(pair *p) { return atomic_load(&p->caller.ups) != 0 && is_compatible(&p->caller.client); }

/* What a call on a thread of its own comes to. */
static mbr_status call_and_wait(pair *p, uint32_t value, uint32_t timeout_ms, heard *h) {
  const mbr_request_options options = {.timeout_ms = timeout_ms};
  *h = (heard){0};
  return ask_and_wait(&p->caller.client, AT_UNARY, value, &options, h);
}

static void assert_answered(pair *p, uint32_t value) {
  heard h;
  assert_int_equal(call_and_wait(p, value, PATIENCE_MS, &h), MBR_OK);
  assert_int_equal(h.kind, MBR_FRAME_OK);
  assert_int_equal(h.value, value + 1);
}

static void test_calls_pass(void **state) {
  pair *p = open_pair(NULL);
  (void)state;
  EVENTUALLY(is_known(p));
  assert_int_equal(mbr_line_get_state(p->caller.line), MBR_LINE_UP);
  for (uint32_t i = 0; i < 100; i++) assert_answered(p, i);
  assert_int_equal(atomic_load(&p->host.calls), 100);
  EVENTUALLY(mbr_line_counters(p->caller.line).received >= 100);
  close_pair(p);
}

static void test_its_thread_takes_no_signals_but_its_own_faults(void **state) {
  pair *p = open_pair(NULL);
  (void)state;
  EVENTUALLY(atomic_load(&p->host.ups) == 1);
  assert_false(atomic_load(&p->host.is_interrupted));
  assert_true(atomic_load(&p->host.may_crash));
  close_pair(p);
}

static void test_a_cut_ends_calls_and_plugging_in_begins_anew(void **state) {
  pair *p = open_pair(NULL);
  heard h = {0};
  (void)state;
  atomic_store(&p->host.defers, true);
  EVENTUALLY(is_known(p));
  for (unsigned round = 1; round <= 3; round++) {
    h = (heard){0};
    assert_int_equal(ask(&p->caller.client, AT_UNARY, 1, NULL, &h), MBR_OK);
    EVENTUALLY(deferred_calls(&p->host) == round);
    cable_cut(&p->cable);
    EVENTUALLY(atomic_load(&p->caller.downs) == round && atomic_load(&p->host.downs) == round);
    EVENTUALLY(mbr_call_cancelled(p->host.deferred[round - 1]) == MBR_CANCEL_DISCONNECTED);
    assert_int_equal(answer_deferred(&p->host, round - 1, 77), MBR_CLOSED);
    cable_plug(&p->cable);
    EVENTUALLY(atomic_load(&p->caller.ups) == round + 1 && is_known(p));
    assert_int_equal(h.dones, 1);
    assert_int_equal(h.fault, MBR_DISCONNECTED);
  }
  atomic_store(&p->host.defers, false);
  assert_answered(p, 5);
  close_pair(p);
}

/* The host's connection stays closed until its deferred call was ended; the caller's begins again and
 * again. */
static void test_a_deferred_call_holds_up_the_next_connection(void **state) {
  pair *p = open_pair(NULL);
  heard h = {0};
  (void)state;
  atomic_store(&p->host.defers, true);
  EVENTUALLY(is_known(p));
  assert_int_equal(ask(&p->caller.client, AT_UNARY, 1, NULL, &h), MBR_OK);
  EVENTUALLY(deferred_calls(&p->host) == 1);
  cable_cut(&p->cable);
  EVENTUALLY(atomic_load(&p->host.downs) == 1);
  cable_plug(&p->cable);
  for (unsigned i = 0; i < 200; i++) nap();
  assert_int_equal(atomic_load(&p->host.connections), 1);
  assert_int_equal(answer_deferred(&p->host, 0, 77), MBR_CLOSED);
  EVENTUALLY(is_known(p));
  atomic_store(&p->host.defers, false);
  assert_answered(p, 5);
  close_pair(p);
}

static void test_silence_ends_the_connection_and_opens_another_descriptor(void **state) {
  pair *p = open_pair(NULL);
  (void)state;
  EVENTUALLY(is_known(p));
  const unsigned opened = cable_opened(&p->cable, 1);
  cable_mute(&p->cable, true);
  EVENTUALLY(atomic_load(&p->caller.downs) == 1 && atomic_load(&p->host.downs) == 1);
  EVENTUALLY(cable_opened(&p->cable, 1) >= opened + 2); /* nor is anybody heard over the next one */
  assert_int_equal(mbr_line_get_state(p->caller.line), MBR_LINE_DOWN);
  cable_mute(&p->cable, false);
  EVENTUALLY(is_known(p));
  assert_answered(p, 9);
  close_pair(p);
}

/* One side begins anew, as after a reset, and the other one's descriptor is none the wiser. */
static void test_the_other_side_may_begin_anew(void **state) {
  pair *p = open_pair(NULL);
  (void)state;
  EVENTUALLY(is_known(p));
  const unsigned opened = cable_opened(&p->cable, 1);
  assert_true(mbr_line_close(p->host.line));
  mbr_line_options options = options_of(&p->host);
  options.open = open_host;
  options.connect = connect_host;
  options.changed = host_changed;
  p->host.line = mbr_line_open(&options);
  assert_non_null(p->host.line);
  EVENTUALLY(atomic_load(&p->caller.ups) == 2 && is_known(p));
  assert_int_equal(cable_opened(&p->cable, 1), opened);
  assert_answered(p, 9);
  close_pair(p);
}

static void test_a_connect_function_may_refuse(void **state) {
  pair *p = open_pair(NULL);
  (void)state;
  EVENTUALLY(is_known(p));
  atomic_store(&p->host.refuses, true);
  cable_cut(&p->cable);
  cable_plug(&p->cable);
  EVENTUALLY(atomic_load(&p->host.connections) >= 4);
  assert_int_equal(atomic_load(&p->host.ups), 1);
  atomic_store(&p->host.refuses, false);
  EVENTUALLY(is_known(p));
  assert_answered(p, 9);
  close_pair(p);
}

static void test_blocking_calls_end_with_the_connection_and_with_their_time(void **state) {
  pair *p = open_pair(NULL);
  heard h;
  (void)state;
  atomic_store(&p->host.defers, true);
  EVENTUALLY(is_known(p));
  assert_int_equal(call_and_wait(p, 1, 50, &h), MBR_OK);
  assert_int_equal(h.fault, MBR_DEADLINE);
  EVENTUALLY(mbr_call_cancelled(p->host.deferred[0]) == MBR_CANCEL_DEADLINE);
  (void)answer_deferred(&p->host, 0, 77);
  cable_mute(&p->cable, true);
  assert_int_equal(call_and_wait(p, 1, PATIENCE_MS, &h), MBR_OK);
  assert_int_equal(h.fault, MBR_DISCONNECTED);
  /* At first; then it tries again, and has heard of no service. */
  const mbr_status refused = call_and_wait(p, 1, PATIENCE_MS, &h);
  assert_true(refused == MBR_CLOSED || refused == MBR_UNIMPLEMENTED);
  cable_mute(&p->cable, false);
  atomic_store(&p->host.defers, false);
  EVENTUALLY(is_known(p));
  assert_answered(p, 9);
  close_pair(p);
}

typedef struct blocker {
  pair *pair;
  atomic_int status;
} blocker;

static void block_when_answered(heard *h) {
  blocker *b = h->context;
  heard other;
  atomic_store(&b->status, (int)call_and_wait(b->pair, 3, 1000, &other));
}

static void test_a_blocking_call_on_the_lines_thread_is_a_deadlock(void **state) {
  pair *p = open_pair(NULL);
  blocker b = {p, -1};
  heard h = {.on_done = block_when_answered, .context = &b};
  (void)state;
  EVENTUALLY(is_known(p));
  assert_int_equal(ask(&p->caller.client, AT_UNARY, 1, NULL, &h), MBR_OK);
  EVENTUALLY(atomic_load(&b.status) >= 0);
  assert_int_equal(atomic_load(&b.status), MBR_DEADLOCK);
  close_pair(p);
}

static void test_handlers_run_on_the_executor_that_is_given(void **state) {
  static mbr_pool pool;
  (void)state;
  assert_int_equal(mbr_pool_start(&pool, 2, 0), MBR_OK);
  pair *p = open_pair(&pool.executor);
  blocker b = {p, -1};
  heard h = {.on_done = block_when_answered, .context = &b};
  EVENTUALLY(is_known(p));
  assert_int_equal(ask(&p->caller.client, AT_UNARY, 1, NULL, &h), MBR_OK);
  EVENTUALLY(atomic_load(&b.status) >= 0);
  assert_int_equal(atomic_load(&b.status), MBR_OK);
  for (uint32_t i = 0; i < 20; i++) assert_answered(p, i);
  close_pair(p);
  mbr_pool_stop(&pool);
}

static void test_closing_ends_what_is_open(void **state) {
  pair *p = open_pair(NULL);
  heard h = {0};
  (void)state;
  atomic_store(&p->host.defers, true);
  EVENTUALLY(is_known(p));
  assert_int_equal(ask(&p->caller.client, AT_UNARY, 1, NULL, &h), MBR_OK);
  EVENTUALLY(deferred_calls(&p->host) == 1);
  assert_true(mbr_line_close(p->caller.line));
  assert_int_equal(h.fault, MBR_DISCONNECTED);
  assert_int_equal(ask(&p->caller.client, AT_UNARY, 1, NULL, &h), MBR_CLOSED);
  EVENTUALLY(mbr_call_cancelled(p->host.deferred[0]) == MBR_CANCEL_DISCONNECTED);
  assert_false(mbr_line_close(p->host.line));
  assert_int_equal(answer_deferred(&p->host, 0, 77), MBR_CLOSED);
  assert_true(mbr_line_close(p->host.line));
  cable_stop(&p->cable);
  pthread_mutex_destroy(&p->host.lock);
  free(p);
}

static void test_noise_on_the_cable_is_repaired(void **state) {
  pair *p = open_pair(NULL);
  (void)state;
  EVENTUALLY(is_known(p));
  pthread_mutex_lock(&p->cable.lock);
  p->cable.garbles = 2000;
  pthread_mutex_unlock(&p->cable.lock);
  for (uint32_t i = 0; i < 200; i++) assert_answered(p, i);
  EVENTUALLY(mbr_line_counters(p->caller.line).damaged + mbr_line_counters(p->host.line).damaged != 0);
  close_pair(p);
}

static int open_nothing(void *arg) {
  (void)arg;
  return -1;
}

static void test_what_cannot_be_opened_is_tried_again(void **state) {
  static cable c;
  caller left_alone = {.end = &c.ends[1]};
  (void)state;
  cable_start(&c);
  cable_cut(&c);
  mbr_line_options options = options_of(&left_alone);
  options.open = open_caller;
  mbr_line *line = mbr_line_open(&options);
  assert_non_null(line);
  EVENTUALLY(cable_opened(&c, 1) >= 3);
  assert_int_equal(mbr_line_get_state(line), MBR_LINE_DOWN);
  assert_true(mbr_line_close(line));
  cable_stop(&c);
}

static void test_options_are_checked(void **state) {
  (void)state;
  assert_null(mbr_line_open(&(mbr_line_options){.frame_max = 100}));
  assert_null(mbr_line_open(&(mbr_line_options){.open = open_nothing, .frame_max = 10}));
  assert_null(mbr_line_open(&(mbr_line_options){.open = open_nothing, .retry_ms = 500, .lost_ms = 400}));
}

/* A terminal for each end, whose other sides a cable joins. */
typedef struct terminals {
  cable cable;
  int opened;
} terminals;

static int open_terminal(void *arg) {
  terminals *t = arg;
  struct termios raw;
  t->opened++;
  const int master = posix_openpt(O_RDWR | O_NOCTTY);
  assert_true(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
  const int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
  assert_true(slave >= 0 && tcgetattr(slave, &raw) == 0);
  raw.c_iflag = raw.c_oflag = raw.c_lflag = 0;
  raw.c_cc[VMIN] = 0; /* to have nothing to read looks like an end */
  assert_int_equal(tcsetattr(slave, TCSANOW, &raw), 0);
  cable_join(&t->cable.ends[1], master);
  return slave;
}

static void test_a_silent_terminal_is_kept(void **state) {
  static terminals t;
  static host h;
  (void)state;
  cable_start(&t.cable);
  h = (host){.end = &t.cable.ends[0]};
  mbr_line_options options = options_of(&h);
  options.open = open_host;
  options.connect = connect_host;
  options.changed = host_changed;
  mbr_line *line = mbr_line_open(&options);
  options = options_of(&t);
  options.open = open_terminal;
  mbr_line *terminal = mbr_line_open(&options);
  EVENTUALLY(mbr_line_get_state(terminal) == MBR_LINE_UP);
  cable_mute(&t.cable, true);
  EVENTUALLY(mbr_line_get_state(terminal) == MBR_LINE_DOWN);
  for (unsigned i = 0; i < 2 * LOST_MS; i++) nap();
  cable_mute(&t.cable, false);
  EVENTUALLY(mbr_line_get_state(terminal) == MBR_LINE_UP);
  assert_true(mbr_line_close(line));
  assert_true(mbr_line_close(terminal));
  assert_int_equal(t.opened, 1);
  cable_stop(&t.cable);
}

/* One that uses a line besides the application. */
typedef struct guest {
  mbr_line_user user;
  client client;
  atomic_uint connects, losses, services, ends;
  atomic_bool stays;
} guest;

static mbr_status connect_guest(mbr_line_user *user, mbr_peer *peer) {
  guest *g = (guest *)(void *)user;
  atomic_fetch_add(&g->connects, 1);
  return mbr_client_open(&g->client.base, peer, &known_service, g->client.compatibility);
}

static void guest_heard(mbr_line_user *user, uint32_t service) {
  guest *g = (guest *)(void *)user;
  if (service == 0) atomic_fetch_add(&g->ends, 1);
  else if (is_compatible(&g->client)) atomic_fetch_add(&g->services, 1);
}

static void guest_lost(mbr_line_user *user) { atomic_fetch_add(&((guest *)(void *)user)->losses, 1); }

static uint64_t poll_guest(mbr_line_user *user, uint64_t now) {
  (void)user;
  return now + 1000;
}

static bool guest_leaves(mbr_line_user *user) {
  guest *g = (guest *)(void *)user;
  return !atomic_load(&g->stays) && mbr_client_close(&g->client.base);
}

static void test_users_come_and_go_while_the_line_is_up(void **state) {
  static const mbr_line_user user = {connect_guest, guest_heard, guest_lost, poll_guest, guest_leaves,
                                     NULL, false, false};
  guest g = {.user = user};
  pair *p = open_pair(NULL);
  (void)state;
  EVENTUALLY(is_known(p));
  mbr_line_add(p->caller.line, &g.user);
  EVENTUALLY(atomic_load(&g.services) == 1);
  assert_answered(p, 1); /* the answer tells that all services have been told */
  EVENTUALLY(atomic_load(&g.ends) == 1);
  assert_int_equal(atomic_load(&g.connects), 1);
  assert_int_equal(atomic_load(&p->caller.ups), 1);
  cable_cut(&p->cable);
  EVENTUALLY(atomic_load(&g.losses) == 1);
  cable_plug(&p->cable);
  EVENTUALLY(atomic_load(&g.services) == 2);
  EVENTUALLY(atomic_load(&g.ends) == 2); /* nothing is called, but time passes */
  atomic_store(&g.stays, true);
  assert_false(mbr_line_remove(p->caller.line, &g.user));
  assert_false(mbr_line_close(p->caller.line));
  assert_false(mbr_line_remove(p->caller.line, &g.user));
  atomic_store(&g.stays, false);
  assert_true(mbr_line_remove(p->caller.line, &g.user));
  close_pair(p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_calls_pass),
    cmocka_unit_test(test_its_thread_takes_no_signals_but_its_own_faults),
    cmocka_unit_test(test_a_cut_ends_calls_and_plugging_in_begins_anew),
    cmocka_unit_test(test_a_deferred_call_holds_up_the_next_connection),
    cmocka_unit_test(test_silence_ends_the_connection_and_opens_another_descriptor),
    cmocka_unit_test(test_the_other_side_may_begin_anew),
    cmocka_unit_test(test_a_connect_function_may_refuse),
    cmocka_unit_test(test_blocking_calls_end_with_the_connection_and_with_their_time),
    cmocka_unit_test(test_a_blocking_call_on_the_lines_thread_is_a_deadlock),
    cmocka_unit_test(test_handlers_run_on_the_executor_that_is_given),
    cmocka_unit_test(test_closing_ends_what_is_open),
    cmocka_unit_test(test_noise_on_the_cable_is_repaired),
    cmocka_unit_test(test_what_cannot_be_opened_is_tried_again),
    cmocka_unit_test(test_options_are_checked),
    cmocka_unit_test(test_a_silent_terminal_is_kept),
    cmocka_unit_test(test_users_come_and_go_while_the_line_is_up),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
