/* What tests of bridges share: both hops in one process. A client calls over a loopback, as Dart would; the
 * loopback's other end is lent a service, which is served as two instances behind two cables:
 *
 *   client ── loopback ── bridge ── line ── cable ── line ── service
 *
 * What the service does follows from the number that it is called with. */
#ifndef TESTS_BRIDGE_KIT_H
#define TESTS_BRIDGE_KIT_H

#include <stdatomic.h>
#include <time.h>

#include "../line/cable.h"
#include "mbr/bridge.h"
#include "../runtime/request_kit.h"

enum { INSTANCES = 2, PATIENCE_MS = 20000, LOST_MS = 1000, RETRY_MS = 50, REOPEN_MS = 20 };

/* What a call may ask for; else it is answered with one more. */
enum { ASK_ERROR = 1000, ASK_FAULT, ASK_NOTHING, ASK_DROP };
#define ENDLESS UINT32_MAX
#define INSTANCE_STEP 1000000u

static inline uint64_t milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

static inline void nap(void) {
  const struct timespec time = {.tv_nsec = 500000};
  nanosleep(&time, NULL);
}

/* The service behind one cable. */
typedef struct remote {
  cable cable;
  mbr_line *line;
  unsigned instance;
  atomic_uint calls, cancels, reasons[4]; /* by mbr_cancel_reason */
  atomic_uint emitted, streams;           /* items, and calls that emit them now */
  atomic_uint oneways, oneway_sum;
  atomic_bool oneways_in_order, takes_slowly;
  atomic_uint taken; /* items of stream parameters */
  atomic_uint closed; /* calls whose ending came too late */
} remote;

/* A stream that is being emitted. */
typedef struct emission {
  remote *from;
  mbr_call call;
  uint32_t next, count;
} emission;

static inline mbr_status remote_answer(remote *r, mbr_call call, mbr_frame_kind kind, uint32_t value) {
  const mbr_status status = put_u32(call, kind, value);
  if (status == MBR_CLOSED) atomic_fetch_add(&r->closed, 1);
  return status;
}

static inline void count_cancel(remote *r, mbr_cancel_reason reason) {
  atomic_fetch_add(&r->cancels, 1);
  atomic_fetch_add(&r->reasons[reason], 1);
}

typedef struct waiting {
  remote *from;
  mbr_call call;
} waiting;

static inline void wait_cancelled(void *arg, mbr_cancel_reason reason) {
  waiting *w = arg;
  count_cancel(w->from, reason);
  if (mbr_call_fault(w->call, MBR_INTERNAL, NULL) == MBR_CLOSED) atomic_fetch_add(&w->from->closed, 1);
  free(w);
}

static inline mbr_status serve_unary(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  remote *r = self;
  uint32_t value = 0;
  (void)ops;
  if (mbr_read_u32(args, &value) != MBR_OK) return args->status;
  atomic_fetch_add(&r->calls, 1);
  if (value == ASK_ERROR) return put_u32(call, MBR_FRAME_ERR, value);
  if (value == ASK_FAULT) return mbr_call_fault(call, MBR_INTERNAL, "as asked");
  if (value == ASK_DROP) return MBR_OK;
  if (value != ASK_NOTHING) return put_u32(call, MBR_FRAME_OK, value + 1 + r->instance * INSTANCE_STEP);
  mbr_call_defer(call);
  waiting *w = malloc(sizeof *w);
  *w = (waiting){r, call};
  return mbr_call_on_cancel(call, wait_cancelled, w);
}

static inline void emission_cancelled(void *arg, mbr_cancel_reason reason) {
  emission *e = arg;
  count_cancel(e->from, reason);
  atomic_fetch_sub(&e->from->streams, 1);
  (void)remote_answer(e->from, e->call, MBR_FRAME_END, 0);
  free(e);
}

/* All of it on the one thread of its line, so that nothing frees it meanwhile. */
static inline void emit_on(void *arg) {
  emission *e = arg;
  mbr_status status = MBR_OK;
  while (e->next <= e->count && (status = put_u32(e->call, MBR_FRAME_ITEM, e->next)) == MBR_OK) {
    e->next++;
    atomic_fetch_add(&e->from->emitted, 1);
  }
  if (status == MBR_WOULD_BLOCK) {
    (void)!mbr_call_on_ready(e->call, emit_on, e);
  } else if (status == MBR_OK && remote_answer(e->from, e->call, MBR_FRAME_END, 0) != MBR_CLOSED) {
    atomic_fetch_sub(&e->from->streams, 1);
    free(e);
  }
}

static inline mbr_status serve_stream(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  remote *r = self;
  uint32_t count = 0;
  (void)ops;
  if (mbr_read_u32(args, &count) != MBR_OK) return args->status;
  atomic_fetch_add(&r->calls, 1);
  atomic_fetch_add(&r->streams, 1);
  mbr_call_defer(call);
  emission *e = malloc(sizeof *e);
  *e = (emission){r, call, 1, count};
  if (mbr_call_on_cancel(call, emission_cancelled, e) == MBR_OK) emit_on(e);
  return MBR_OK;
}

/* So many at once, most of which are replaced by newer ones. */
static inline mbr_status serve_latest(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  remote *r = self;
  uint32_t count = 0;
  (void)ops;
  if (mbr_read_u32(args, &count) != MBR_OK) return args->status;
  atomic_fetch_add(&r->calls, 1);
  mbr_call_defer(call);
  waiting *w = malloc(sizeof *w);
  *w = (waiting){r, call};
  for (uint32_t i = 1; i <= count; i++) (void)!put_u32(call, MBR_FRAME_ITEM, i);
  return mbr_call_on_cancel(call, wait_cancelled, w);
}

static inline mbr_status serve_oneway(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  remote *r = self;
  uint32_t value = 0;
  (void)ops;
  (void)call;
  if (mbr_read_u32(args, &value) != MBR_OK) return args->status;
  if (value != atomic_fetch_add(&r->oneways, 1) + 1) atomic_store(&r->oneways_in_order, false);
  return MBR_OK;
}

/* Adds up; a parameter called with ASK_ERROR is answered at its third item. */
typedef struct adding {
  remote *at;
  uint32_t asked, items, sum;
} adding;

static inline void adding_cancelled(void *arg, mbr_cancel_reason reason) {
  adding *a = arg;
  count_cancel(a->at, reason);
  free(a);
}

static inline mbr_status serve_upload(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  remote *r = self;
  adding *a = malloc(sizeof *a);
  (void)ops;
  *a = (adding){.at = r};
  (void)!mbr_read_u32(args, &a->asked);
  atomic_fetch_add(&r->calls, 1);
  mbr_call_set_context(call, a);
  if (mbr_call_on_cancel(call, adding_cancelled, a) != MBR_OK) abort();
  return MBR_OK;
}

static inline mbr_status serve_item(const void *ops, void *self, mbr_call call, mbr_reader *item) {
  remote *r = self;
  adding *a = mbr_call_context(call);
  uint32_t value = 0;
  (void)ops;
  if (item != NULL && atomic_load(&r->takes_slowly)) {
    nap();
    nap();
  }
  if (item != NULL) {
    if (mbr_read_u32(item, &value) != MBR_OK) return item->status;
    atomic_fetch_add(&r->taken, 1);
    if (value != ++a->items) return MBR_BAD_RANGE;
    a->sum += value;
    if (a->asked != ASK_ERROR || a->items != 3) return MBR_OK;
  }
  const mbr_frame_kind kind = item != NULL ? MBR_FRAME_ERR : MBR_FRAME_OK;
  if (remote_answer(r, call, kind, a->sum) != MBR_CLOSED) free(a);
  return MBR_OK;
}

static const mbr_method remote_methods[] = {
  {.id = UNARY, .name = "t.S.unary", .dispatch = serve_unary, .fingerprint = 1},
  {.id = STREAM, .flags = MBR_METHOD_STREAM, .name = "t.S.stream", .dispatch = serve_stream,
   .fingerprint = 2},
  {.id = ONEWAY, .flags = MBR_METHOD_ONEWAY, .name = "t.S.oneway", .dispatch = serve_oneway,
   .fingerprint = 3},
  {.id = UPLOAD, .flags = MBR_METHOD_UPLOAD, .name = "t.S.upload", .dispatch = serve_upload, .fingerprint = 4,
   .window = WINDOW, .item = serve_item},
  {.id = CHANGED, .name = "t.S.changed", .dispatch = serve_unary, .fingerprint = 500},
  {.id = TIMED, .name = "t.S.timed", .dispatch = serve_unary, .fingerprint = 7},
  {.id = LATEST, .flags = MBR_METHOD_STREAM | MBR_METHOD_LATEST, .name = "t.S.latest",
   .dispatch = serve_latest, .fingerprint = 8, .item_max = 4},
};
static const mbr_service remote_service = {
  .name = "t.S", .methods = remote_methods, .method_count = sizeof remote_methods / sizeof *remote_methods};

/* The stream of an instance's state, which a bridge adds to what it lends. */
typedef struct link_heard {
  unsigned events, dones;
  bool is_up;
  mbr_status fault;
} link_heard;

static inline mbr_status hear_link(const mbr_receiver *to, mbr_frame_kind kind, mbr_status fault,
                                   mbr_str text, mbr_reader *payload) {
  link_heard *h = to->arg;
  (void)text;
  if (kind != MBR_FRAME_ITEM) {
    h->dones++;
    h->fault = fault;
    return MBR_OK;
  }
  h->events++;
  return mbr_read_bool(payload, &h->is_up) == MBR_OK ? mbr_reader_finish(payload) : payload->status;
}

static const mbr_remote_method link_methods[] = {
  {.id = 0x4F12DE8Au, .flags = MBR_METHOD_STREAM | MBR_METHOD_LATEST, .window = 16, .name = "t.S.@link",
   .fingerprint = UINT64_C(0xB92A76B3CE1D9D5F), .receive = hear_link}};
static const mbr_remote_service link_service = {.name = "t.S", .methods = link_methods, .method_count = 1};

typedef struct rig {
  remote remotes[INSTANCES];
  mbr_line *lines[INSTANCES];
  mbr_bridge *bridge;
  mbr_loopback *loopback;
  client client;
  mbr_client link;
  uint8_t link_compatibility[1];
} rig;

static inline int open_remote(void *arg) { return cable_open(&((remote *)arg)->cable.ends[0]); }

static inline int open_line(void *arg) { return cable_open(&((remote *)arg)->cable.ends[1]); }

static inline mbr_status connect_remote(void *arg, mbr_peer *peer) {
  return mbr_peer_serve(peer, &remote_service, NULL, arg);
}

static inline mbr_line_options line_options(void *arg, int (*open)(void *)) {
  return (mbr_line_options){
    .arg = arg, .open = open, .retry_ms = RETRY_MS, .lost_ms = LOST_MS, .reopen_ms = REOPEN_MS};
}

static inline void open_remote_line(remote *r) {
  mbr_line_options options = line_options(r, open_remote);
  options.connect = connect_remote;
  r->line = mbr_line_open(&options);
  assert_non_null(r->line);
}

/* Lends the bridge to a new connection. */
static inline void open_connection(rig *r, const mbr_loopback_options *options) {
  r->loopback = mbr_loopback_open(options);
  assert_non_null(r->loopback);
  mbr_peer *near = mbr_loopback_near(r->loopback), *far = mbr_loopback_far(r->loopback);
  assert_int_equal(mbr_bridge_lend(r->bridge, near), MBR_OK);
  assert_int_equal(mbr_client_open(&r->client.base, far, &known_service, r->client.compatibility), MBR_OK);
  assert_int_equal(mbr_client_open(&r->link, far, &link_service, r->link_compatibility), MBR_OK);
  mbr_loopback_run(r->loopback);
}

/* `calls`: at once over each line; 0: as usual. */
static inline rig *open_rig(uint16_t calls, const mbr_loopback_options *options) {
  static const mbr_loopback_options usual = {.real_time = true};
  rig *r = calloc(1, sizeof *r);
  assert_non_null(r);
  for (unsigned i = 0; i < INSTANCES; i++) {
    remote *to = &r->remotes[i];
    to->instance = i;
    atomic_store(&to->oneways_in_order, true);
    cable_start(&to->cable);
    open_remote_line(to);
    mbr_line_options line = line_options(to, open_line);
    line.calls = calls;
    r->lines[i] = mbr_line_open(&line);
    assert_non_null(r->lines[i]);
  }
  r->bridge = mbr_bridge_open(&known_service, r->lines, INSTANCES);
  assert_non_null(r->bridge);
  open_connection(r, options != NULL ? options : &usual);
  return r;
}

/* Waits for the condition, within reason, while the loopback moves. */
#define EVENTUALLY(r, condition)                                               \
  do {                                                                         \
    const uint64_t until = milliseconds() + PATIENCE_MS;                       \
    bool met;                                                                  \
    while (!(met = (condition)) && milliseconds() < until) {                   \
      if (!mbr_loopback_step((r)->loopback)) nap();                            \
    }                                                                          \
    if (!met) fail_msg("%s", "never: " #condition);                            \
  } while (0)

static inline void watch_link(rig *r, uint16_t instance, link_heard *h) {
  const mbr_request_options options = {.instance = instance};
  const mbr_receiver receiver = {.arg = h};
  mbr_request request;
  mbr_writer w;
  assert_int_equal(mbr_request_begin(&r->link, 0, 0, &options, &receiver, &w, &request), MBR_OK);
  assert_int_equal(mbr_request_commit(request, &w, MBR_OK), MBR_OK);
}

/* One call, until it has ended. */
static inline void ask_one(rig *r, size_t method, uint32_t value, uint16_t instance, heard *h) {
  const mbr_request_options options = {.instance = instance};
  *h = (heard){0};
  assert_int_equal(ask(&r->client, method, value, &options, h), MBR_OK);
  EVENTUALLY(r, h->dones == 1);
}

/* Until an instance answers. */
static inline void await_instance(rig *r, uint16_t instance) {
  heard h;
  const uint64_t until = milliseconds() + PATIENCE_MS;
  do ask_one(r, AT_UNARY, 1, instance, &h);
  while (h.kind != MBR_FRAME_OK && milliseconds() < until);
  assert_int_equal(h.value, 2 + instance * INSTANCE_STEP);
}

static inline rig *open_ready_rig(uint16_t calls) {
  rig *r = open_rig(calls, NULL);
  for (uint16_t i = 0; i < INSTANCES; i++) await_instance(r, i);
  return r;
}

static inline void close_rig(rig *r) {
  if (r->loopback != NULL) {
    mbr_loopback_disconnect(r->loopback);
    EVENTUALLY(r, mbr_bridge_calls(r->bridge) == 0);
    assert_true(mbr_loopback_close(r->loopback));
  }
  const uint64_t until = milliseconds() + PATIENCE_MS;
  bool closed = mbr_bridge_close(r->bridge);
  for (; !closed && milliseconds() < until; closed = mbr_bridge_close(r->bridge)) nap();
  assert_true(closed);
  for (unsigned i = 0; i < INSTANCES; i++) {
    assert_true(mbr_line_close(r->lines[i]));
    if (r->remotes[i].line != NULL) assert_true(mbr_line_close(r->remotes[i].line));
    cable_stop(&r->remotes[i].cable);
    assert_int_equal(atomic_load(&r->remotes[i].streams), 0);
  }
  free(r);
}

#endif
