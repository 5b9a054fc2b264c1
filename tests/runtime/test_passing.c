/* What connections offer to those who pass calls on: items that are left for later, on either side, reasons
 * that are passed on, whence a call comes, and when a peer or a client is let go of. */
#include "request_kit.h"

enum { TELL = 10, GATHER = 20, PLAIN = 30 };
enum { AT_TELL, AT_GATHER, AT_PLAIN };
enum { ITEMS = 4, TIME_MS = 100 };

/* The side that serves: it takes items as long as it is told to. */
typedef struct taker {
  mbr_call call;
  mbr_call_origin origin;
  mbr_cancel_reason reason;
  unsigned calls, items, ends, asked, room;
  bool retries; /* before it has refused */
  uint32_t last;
} taker;

static void on_cancel(void *arg, mbr_cancel_reason reason) { ((taker *)arg)->reason = reason; }

static mbr_status begin(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  taker *t = self;
  (void)ops;
  (void)args;
  t->calls++;
  t->call = call;
  mbr_call_defer(call);
  assert_int_equal(mbr_call_get_origin(call, &t->origin), MBR_OK);
  return mbr_call_on_cancel(call, on_cancel, t);
}

/* An item takes room, as the end does. */
static mbr_status take(const void *ops, void *self, mbr_call call, mbr_reader *item) {
  taker *t = self;
  (void)ops;
  t->asked++;
  if (t->retries) assert_int_equal(mbr_call_retry_items(call), MBR_OK);
  t->retries = false;
  if (t->room == 0) {
    if (t->asked > 100) return MBR_INTERNAL;
    return MBR_WOULD_BLOCK;
  }
  t->room--;
  if (item == NULL) {
    t->ends++;
    return put_u32(call, MBR_FRAME_OK, t->items);
  }
  t->items++;
  (void)mbr_read_u32(item, &t->last);
  assert_int_equal(t->last, t->items);
  return mbr_reader_finish(item);
}

static const mbr_method methods[] = {
  {.id = TELL, .flags = MBR_METHOD_STREAM, .name = "t.P.tell", .dispatch = begin, .fingerprint = 1},
  {.id = GATHER, .flags = MBR_METHOD_UPLOAD | MBR_METHOD_INSTANCES, .name = "t.P.gather", .dispatch = begin,
   .item = take, .window = ITEMS, .fingerprint = 2},
  {.id = PLAIN, .name = "t.P.plain", .dispatch = begin, .fingerprint = 3},
};
static const mbr_service service = {.name = "t.P", .methods = methods, .method_count = 3};

/* The side that calls, as choosy. */
typedef struct listener {
  mbr_request request;
  unsigned items, asked, dones, readies, room;
  bool retries;
  mbr_frame_kind kind;
  mbr_status fault;
} listener;

static mbr_status listen(const mbr_receiver *to, mbr_frame_kind kind, mbr_status fault, mbr_str text,
                         mbr_reader *payload) {
  listener *l = to->arg;
  uint32_t value = 0;
  (void)text;
  assert_int_equal(l->dones, 0);
  if (kind != MBR_FRAME_ITEM) {
    l->dones++;
    l->kind = kind;
    l->fault = fault;
    return MBR_OK;
  }
  l->asked++;
  if (l->retries) assert_int_equal(mbr_request_retry(l->request), MBR_OK);
  l->retries = false;
  if (l->room == 0) return l->asked > 100 ? MBR_INTERNAL : MBR_WOULD_BLOCK;
  l->room--;
  l->items++;
  if (mbr_read_u32(payload, &value) != MBR_OK) return payload->status;
  assert_int_equal(value, l->items);
  return MBR_OK;
}

static const mbr_remote_method remote_methods[] = {
  {.id = TELL, .flags = MBR_METHOD_STREAM, .window = ITEMS, .name = "t.P.tell", .fingerprint = 1,
   .receive = listen},
  {.id = GATHER, .flags = MBR_METHOD_UPLOAD, .name = "t.P.gather", .fingerprint = 2, .receive = listen},
  {.id = PLAIN, .name = "t.P.plain", .fingerprint = 3, .receive = listen},
};
static const mbr_remote_service remote = {.name = "t.P", .methods = remote_methods, .method_count = 3};

typedef struct fixture {
  mbr_loopback *loopback;
  taker taker;
  listener listener;
  mbr_client client;
  uint8_t compatibility[3];
} fixture;

static void be_ready(void *arg) { ((listener *)arg)->readies++; }

static mbr_status call(fixture *f, size_t method, const mbr_request_options *options) {
  const mbr_receiver receiver = {.ready = (void (*)(void))be_ready, .arg = &f->listener};
  mbr_writer w;
  f->listener = (listener){0};
  mbr_status status =
    mbr_request_begin(&f->client, method, 0, options, &receiver, &w, &f->listener.request);
  if (status == MBR_OK) status = mbr_request_commit(f->listener.request, &w, MBR_OK);
  mbr_loopback_run(f->loopback);
  return status;
}

static fixture *open_fixture(void) {
  fixture *f = calloc(1, sizeof *f);
  assert_non_null(f);
  f->loopback = mbr_loopback_open(NULL);
  assert_non_null(f->loopback);
  mbr_peer *near = mbr_loopback_near(f->loopback), *far = mbr_loopback_far(f->loopback);
  assert_int_equal(mbr_peer_serve(far, &service, NULL, &f->taker), MBR_OK);
  assert_int_equal(mbr_client_open(&f->client, near, &remote, f->compatibility), MBR_OK);
  mbr_loopback_run(f->loopback);
  return f;
}

/* Deferred calls that the other side has given up are let go. */
static void close_fixture(fixture *f) {
  mbr_loopback_disconnect(f->loopback);
  if (f->taker.calls != 0) (void)mbr_call_fault(f->taker.call, MBR_INTERNAL, NULL);
  assert_true(mbr_loopback_close(f->loopback));
  free(f);
}

/* A stream of which the whole window is on its way, and nothing is taken. */
static void emit_window(fixture *f) {
  assert_int_equal(call(f, AT_TELL, NULL), MBR_OK);
  for (uint32_t i = 1; i <= ITEMS; i++) {
    assert_int_equal(put_u32(f->taker.call, MBR_FRAME_ITEM, i), MBR_OK);
  }
  mbr_loopback_run(f->loopback);
  assert_int_equal(f->listener.asked, 1);
}

static void let_in(fixture *f, unsigned room) {
  f->listener.room = room;
  assert_int_equal(mbr_request_retry(f->listener.request), MBR_OK);
  mbr_loopback_run(f->loopback);
}

static void test_an_item_that_is_left_keeps_its_place_and_its_credit(void **state) {
  (void)state;
  fixture *f = open_fixture();
  emit_window(f);
  assert_int_equal(put_u32(f->taker.call, MBR_FRAME_ITEM, ITEMS + 1), MBR_WOULD_BLOCK);
  let_in(f, 1);
  assert_int_equal(f->listener.items, 1);
  assert_int_equal(put_u32(f->taker.call, MBR_FRAME_ITEM, ITEMS + 1), MBR_WOULD_BLOCK);
  let_in(f, 1); /* half of the window has been taken */
  assert_int_equal(put_u32(f->taker.call, MBR_FRAME_ITEM, ITEMS + 1), MBR_OK);
  assert_int_equal(put_u32(f->taker.call, MBR_FRAME_END, 0), MBR_OK);
  mbr_loopback_run(f->loopback);
  assert_int_equal(f->listener.items, 2);
  assert_int_equal(f->listener.dones, 0); /* the ending does not overtake */
  let_in(f, 2);
  assert_int_equal(f->listener.dones, 0);
  let_in(f, 2);
  assert_int_equal(f->listener.items, ITEMS + 1);
  assert_int_equal(f->listener.kind, MBR_FRAME_END);
  assert_int_equal(mbr_request_retry(f->listener.request), MBR_CLOSED);
  close_fixture(f);
}

static void test_room_may_come_while_an_item_is_being_left(void **state) {
  (void)state;
  fixture *f = open_fixture();
  assert_int_equal(call(f, AT_TELL, NULL), MBR_OK);
  f->listener.retries = true;
  assert_int_equal(put_u32(f->taker.call, MBR_FRAME_ITEM, 1), MBR_OK);
  mbr_loopback_run(f->loopback);
  assert_int_equal(f->listener.asked, 2); /* at once, but only once for each time */
  let_in(f, 1);
  assert_int_equal(f->listener.items, 1);
  close_fixture(f);
}

static void test_a_cancel_does_not_wait_for_items_that_were_left(void **state) {
  (void)state;
  fixture *f = open_fixture();
  emit_window(f);
  assert_int_equal(mbr_request_give_up(f->listener.request, MBR_CANCEL_DISCONNECTED), MBR_OK);
  mbr_loopback_run(f->loopback);
  assert_int_equal(f->listener.fault, MBR_DISCONNECTED);
  assert_int_equal(f->taker.reason, MBR_CANCEL_DISCONNECTED);
  close_fixture(f);
}

static void test_a_deadline_does_not_wait_for_them_either(void **state) {
  const mbr_request_options options = {.timeout_ms = TIME_MS};
  (void)state;
  fixture *f = open_fixture();
  assert_int_equal(call(f, AT_TELL, &options), MBR_OK);
  assert_int_equal(f->taker.origin.timeout_ms, TIME_MS);
  assert_int_equal(put_u32(f->taker.call, MBR_FRAME_ITEM, 1), MBR_OK);
  mbr_loopback_run(f->loopback);
  mbr_loopback_advance(f->loopback, TIME_MS);
  assert_int_equal(f->listener.dones, 1);
  assert_int_equal(f->listener.fault, MBR_DEADLINE);
  close_fixture(f);
}

static void test_nor_does_the_end_of_the_connection(void **state) {
  (void)state;
  for (int ended = 0; ended < 2; ended++) {
    fixture *f = open_fixture();
    emit_window(f);
    if (ended) assert_int_equal(put_u32(f->taker.call, MBR_FRAME_END, 0), MBR_OK);
    mbr_loopback_run(f->loopback);
    mbr_loopback_disconnect(f->loopback);
    assert_int_equal(f->listener.dones, 1);
    assert_int_equal(f->listener.fault, MBR_DISCONNECTED);
    close_fixture(f);
  }
}

/* What is told only after the connection has ended is not left. */
static void test_what_is_left_after_the_end_of_the_connection_is_gone(void **state) {
  (void)state;
  for (int ended = 0; ended < 2; ended++) {
    fixture *f = open_fixture();
    assert_int_equal(call(f, AT_TELL, NULL), MBR_OK);
    assert_int_equal(put_u32(f->taker.call, MBR_FRAME_ITEM, 1), MBR_OK);
    assert_int_equal(put_u32(f->taker.call, MBR_FRAME_ITEM, 2), MBR_OK);
    if (ended) assert_int_equal(put_u32(f->taker.call, MBR_FRAME_END, 0), MBR_OK);
    /* The frames come in, but their receiver's turn does not. */
    for (int i = 0; i < 2 + ended; i++) assert_true(mbr_loopback_step(f->loopback));
    assert_int_equal(f->listener.asked, 0);
    mbr_loopback_disconnect(f->loopback);
    assert_int_equal(f->listener.asked, 1);
    assert_int_equal(f->listener.dones, 1);
    assert_int_equal(f->listener.fault, MBR_DISCONNECTED);
    close_fixture(f);
  }
}

static void push_window(fixture *f) {
  assert_int_equal(call(f, AT_GATHER, NULL), MBR_OK);
  for (uint32_t i = 1; i <= ITEMS; i++) assert_int_equal(push(f->listener.request, i), MBR_OK);
  mbr_loopback_run(f->loopback);
  assert_int_equal(f->taker.asked, 1);
}

static void take_in(fixture *f, unsigned room) {
  f->taker.room = room;
  assert_int_equal(mbr_call_retry_items(f->taker.call), MBR_OK);
  mbr_loopback_run(f->loopback);
}

static void test_an_item_of_a_parameter_that_is_left_keeps_its_place_and_its_credit(void **state) {
  (void)state;
  fixture *f = open_fixture();
  push_window(f);
  assert_int_equal(push(f->listener.request, ITEMS + 1), MBR_WOULD_BLOCK);
  take_in(f, 1);
  assert_int_equal(f->taker.items, 1);
  assert_int_equal(push(f->listener.request, ITEMS + 1), MBR_WOULD_BLOCK);
  take_in(f, 1);
  assert_int_equal(f->listener.readies, 1);
  assert_int_equal(push(f->listener.request, ITEMS + 1), MBR_OK);
  assert_int_equal(mbr_request_end_items(f->listener.request), MBR_OK);
  take_in(f, ITEMS - 1);
  assert_int_equal(f->taker.items, ITEMS + 1);
  assert_int_equal(f->taker.ends, 0);
  take_in(f, 1); /* the end may be left, too */
  assert_int_equal(f->taker.ends, 1);
  assert_int_equal(f->listener.kind, MBR_FRAME_OK);
  assert_int_equal(mbr_call_retry_items(f->taker.call), MBR_CLOSED);
  close_fixture(f);
}

static void test_room_may_come_while_an_item_of_a_parameter_is_being_left(void **state) {
  (void)state;
  fixture *f = open_fixture();
  assert_int_equal(call(f, AT_GATHER, NULL), MBR_OK);
  f->taker.retries = true;
  assert_int_equal(push(f->listener.request, 1), MBR_OK);
  mbr_loopback_run(f->loopback);
  assert_int_equal(f->taker.asked, 2);
  assert_int_equal(push(f->listener.request, 2), MBR_OK); /* comes behind, and changes nothing */
  mbr_loopback_run(f->loopback);
  assert_int_equal(f->taker.asked, 2);
  take_in(f, 2);
  assert_int_equal(f->taker.items, 2);
  close_fixture(f);
}

static void test_items_that_were_left_go_with_their_call(void **state) {
  (void)state;
  fixture *f = open_fixture();
  push_window(f);
  assert_int_equal(mbr_request_give_up(f->listener.request, MBR_CANCEL_DEADLINE), MBR_OK);
  mbr_loopback_run(f->loopback);
  assert_int_equal(f->taker.reason, MBR_CANCEL_DEADLINE);
  assert_int_equal(f->listener.fault, MBR_DEADLINE);
  assert_int_equal(mbr_call_retry_items(f->taker.call), MBR_CLOSED);
  assert_int_equal(mbr_call_fault(f->taker.call, MBR_INTERNAL, NULL), MBR_CLOSED);
  assert_int_equal(f->taker.asked, 1);
  close_fixture(f);
}

/* While items of one call are left, other calls of the service have their turns. */
static void test_items_that_were_left_hold_up_no_other_call(void **state) {
  (void)state;
  fixture *f = open_fixture();
  push_window(f);
  const mbr_call gathering = f->taker.call;
  assert_int_equal(call(f, AT_PLAIN, NULL), MBR_OK);
  assert_int_equal(f->taker.calls, 2);
  assert_int_equal(put_u32(f->taker.call, MBR_FRAME_OK, 1), MBR_OK);
  mbr_loopback_run(f->loopback);
  assert_int_equal(f->listener.kind, MBR_FRAME_OK);
  f->taker.call = gathering;
  f->listener.dones = 0; /* the other call's is yet to come */
  close_fixture(f);
}

static void test_a_call_tells_what_it_asks_for(void **state) {
  const mbr_request_options options = {.instance = 7, .window = 3};
  (void)state;
  fixture *f = open_fixture();
  assert_int_equal(call(f, AT_GATHER, &options), MBR_OK);
  assert_int_equal(f->taker.origin.method, GATHER);
  assert_int_equal(f->taker.origin.instance, 7);
  assert_int_equal(f->taker.origin.timeout_ms, MBR_TIMEOUT_NONE);
  assert_int_equal(mbr_call_fault(f->taker.call, MBR_INTERNAL, NULL), MBR_OK);
  mbr_loopback_run(f->loopback);
  assert_int_equal(mbr_call_get_origin(f->taker.call, &f->taker.origin), MBR_CLOSED);
  const mbr_request_options stream = {.window = 3};
  assert_int_equal(call(f, AT_TELL, &stream), MBR_OK);
  assert_int_equal(f->taker.origin.credit, 3);
  close_fixture(f);
}

static void test_instances_are_served_only_by_those_who_tell_them_apart(void **state) {
  const mbr_request_options second = {.instance = 1};
  (void)state;
  fixture *f = open_fixture();
  assert_int_equal(call(f, AT_PLAIN, &second), MBR_OK);
  assert_int_equal(f->taker.calls, 0);
  assert_int_equal(f->listener.fault, MBR_UNIMPLEMENTED);
  close_fixture(f);
}

typedef struct watcher {
  mbr_watch watch;
  unsigned quiets;
} watcher;

static void note_quiet(mbr_watch *watch) { ((watcher *)(void *)watch)->quiets++; }

static void test_a_watch_tells_when_a_peer_is_quiet(void **state) {
  watcher watchers[2] = {{.watch.fn = note_quiet}, {.watch.fn = note_quiet}};
  (void)state;
  fixture *f = open_fixture();
  mbr_peer *far = mbr_loopback_far(f->loopback);
  for (int i = 0; i < 2; i++) assert_int_equal(mbr_peer_watch(far, &watchers[i].watch), MBR_OK);
  assert_int_equal(call(f, AT_PLAIN, NULL), MBR_OK);
  mbr_loopback_disconnect(f->loopback);
  assert_int_equal(watchers[0].quiets, 0); /* a call is deferred */
  assert_int_equal(mbr_call_fault(f->taker.call, MBR_INTERNAL, NULL), MBR_CLOSED);
  for (int i = 0; i < 2; i++) assert_int_equal(watchers[i].quiets, 1);
  assert_int_equal(mbr_peer_watch(far, &watchers[0].watch), MBR_CLOSED);
  close_fixture(f);
  for (int i = 0; i < 2; i++) assert_int_equal(watchers[i].quiets, 1);
}

static void test_a_client_is_taken_back_when_none_of_its_calls_is_left(void **state) {
  (void)state;
  fixture *f = open_fixture();
  assert_int_equal(call(f, AT_PLAIN, NULL), MBR_OK);
  assert_false(mbr_client_close(&f->client));
  assert_int_equal(mbr_request_cancel(f->listener.request), MBR_OK);
  assert_false(mbr_client_close(&f->client)); /* its receiver was not told yet */
  mbr_loopback_run(f->loopback);
  assert_true(mbr_client_close(&f->client));
  assert_true(mbr_client_close(&f->client));
  assert_int_equal(call(f, AT_PLAIN, NULL), MBR_CLOSED);
  assert_int_equal(mbr_client_compatibility(&f->client, AT_PLAIN), MBR_METHOD_ABSENT);
  const mbr_peer *near = mbr_loopback_near(f->loopback);
  assert_null(near->clients);
  close_fixture(f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_an_item_that_is_left_keeps_its_place_and_its_credit),
    cmocka_unit_test(test_room_may_come_while_an_item_is_being_left),
    cmocka_unit_test(test_a_cancel_does_not_wait_for_items_that_were_left),
    cmocka_unit_test(test_a_deadline_does_not_wait_for_them_either),
    cmocka_unit_test(test_nor_does_the_end_of_the_connection),
    cmocka_unit_test(test_what_is_left_after_the_end_of_the_connection_is_gone),
    cmocka_unit_test(test_an_item_of_a_parameter_that_is_left_keeps_its_place_and_its_credit),
    cmocka_unit_test(test_room_may_come_while_an_item_of_a_parameter_is_being_left),
    cmocka_unit_test(test_items_that_were_left_go_with_their_call),
    cmocka_unit_test(test_items_that_were_left_hold_up_no_other_call),
    cmocka_unit_test(test_a_call_tells_what_it_asks_for),
    cmocka_unit_test(test_instances_are_served_only_by_those_who_tell_them_apart),
    cmocka_unit_test(test_a_watch_tells_when_a_peer_is_quiet),
    cmocka_unit_test(test_a_client_is_taken_back_when_none_of_its_calls_is_left),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
