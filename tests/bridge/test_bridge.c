/* A bridge, both hops in one process: what goes over it, in which order, and how it ends. */
#include "bridge_kit.h"

static unsigned reason(const remote *r, mbr_cancel_reason which) {
  return atomic_load(&r->reasons[which]);
}

static void test_calls_pass_and_so_do_their_endings(void **state) {
  heard h;
  (void)state;
  rig *r = open_ready_rig(0);
  for (uint32_t i = 1; i < 100; i++) {
    ask_one(r, AT_UNARY, i, (uint16_t)(i % 2), &h);
    assert_int_equal(h.kind, MBR_FRAME_OK);
    assert_int_equal(h.value, i + 1 + i % 2 * INSTANCE_STEP);
  }
  ask_one(r, AT_UNARY, ASK_ERROR, 0, &h);
  assert_int_equal(h.kind, MBR_FRAME_ERR);
  assert_int_equal(h.value, ASK_ERROR);
  ask_one(r, AT_UNARY, ASK_FAULT, 0, &h);
  assert_int_equal(h.fault, MBR_INTERNAL);
  assert_string_equal(h.text, "as asked");
  ask_one(r, AT_UNARY, ASK_DROP, 0, &h);
  assert_int_equal(h.fault, MBR_DROPPED);
  close_rig(r);
}

static void test_what_the_remote_peer_does_not_serve_is_a_fault(void **state) {
  heard h;
  (void)state;
  rig *r = open_ready_rig(0);
  ask_one(r, AT_NOWHERE, 1, 0, &h);
  assert_int_equal(h.fault, MBR_UNIMPLEMENTED);
  ask_one(r, AT_CHANGED, 1, 0, &h);
  assert_int_equal(h.fault, MBR_MISMATCH);
  ask_one(r, AT_UNARY, 1, INSTANCES, &h);
  assert_int_equal(h.fault, MBR_UNIMPLEMENTED);
  close_rig(r);
}

static void test_a_stream_comes_whole_and_in_order(void **state) {
  heard h;
  (void)state;
  rig *r = open_ready_rig(0);
  ask_one(r, AT_STREAM, 200, 1, &h);
  assert_int_equal(h.kind, MBR_FRAME_END);
  assert_int_equal(h.item_count, 200);
  for (uint32_t i = 0; i < 200; i++) assert_int_equal(h.items[i], i + 1);
  close_rig(r);
}

static void test_the_newest_value_arrives_in_the_end(void **state) {
  heard h = {0};
  (void)state;
  rig *r = open_ready_rig(0);
  assert_int_equal(ask(&r->client, AT_LATEST, 10000, NULL, &h), MBR_OK);
  EVENTUALLY(r, h.item_count > 0 && h.items[h.item_count - 1] == 10000);
  for (size_t i = 1; i < h.item_count; i++) assert_true(h.items[i] > h.items[i - 1]);
  close_rig(r);
}

static void pause_at_first(heard *h, uint32_t item) {
  if (item == 1) assert_int_equal(mbr_request_pause(h->request), MBR_OK);
}

/* The windows of both hops, and what lies in the bridge. */
static void test_a_paused_listener_stops_the_source(void **state) {
  heard h = {.on_item = pause_at_first};
  (void)state;
  rig *r = open_ready_rig(0);
  assert_int_equal(ask(&r->client, AT_STREAM, ENDLESS, NULL, &h), MBR_OK);
  EVENTUALLY(r, h.item_count == WINDOW && atomic_load(&r->remotes[0].emitted) == 2 * WINDOW);
  for (unsigned i = 0; i < 200; i++) {
    (void)mbr_loopback_run(r->loopback);
    nap();
  }
  assert_int_equal(atomic_load(&r->remotes[0].emitted), 2 * WINDOW);
  assert_int_equal(h.item_count, WINDOW);
  assert_int_equal(mbr_request_resume(h.request), MBR_OK);
  EVENTUALLY(r, h.item_count >= 100);
  for (uint32_t i = 0; i < 100; i++) assert_int_equal(h.items[i], i + 1);
  assert_int_equal(mbr_request_cancel(h.request), MBR_OK);
  EVENTUALLY(r, reason(&r->remotes[0], MBR_CANCEL_CANCELLED) == 1);
  EVENTUALLY(r, mbr_bridge_calls(r->bridge) == 0);
  close_rig(r);
}

/* However little is taken, the ending does not come before the items. */
static void test_an_ending_does_not_overtake(void **state) {
  heard h = {.on_item = pause_at_first};
  (void)state;
  rig *r = open_ready_rig(0);
  assert_int_equal(ask(&r->client, AT_STREAM, 2 * WINDOW, NULL, &h), MBR_OK);
  EVENTUALLY(r, atomic_load(&r->remotes[0].emitted) == 2 * WINDOW && h.item_count == WINDOW);
  for (unsigned i = 0; i < 100; i++) {
    (void)mbr_loopback_run(r->loopback);
    nap();
  }
  assert_int_equal(h.dones, 0);
  assert_int_equal(mbr_request_resume(h.request), MBR_OK);
  EVENTUALLY(r, h.dones == 1);
  assert_int_equal(h.kind, MBR_FRAME_END);
  assert_int_equal(h.item_count, 2 * WINDOW);
  close_rig(r);
}

/* The remote peer has ended the stream, but nobody has come to its end. */
static void test_what_has_ended_and_was_not_taken_can_be_cancelled(void **state) {
  heard h = {.on_item = pause_at_first};
  (void)state;
  rig *r = open_ready_rig(0);
  assert_int_equal(ask(&r->client, AT_STREAM, 2 * WINDOW, NULL, &h), MBR_OK);
  EVENTUALLY(r, h.item_count == WINDOW && atomic_load(&r->remotes[0].streams) == 0);
  for (unsigned i = 0; i < 100; i++) {
    (void)mbr_loopback_run(r->loopback);
    nap();
  }
  assert_int_equal(mbr_bridge_calls(r->bridge), 1);
  assert_int_equal(mbr_request_cancel(h.request), MBR_OK);
  EVENTUALLY(r, h.dones == 1 && mbr_bridge_calls(r->bridge) == 0);
  assert_int_equal(h.fault, MBR_CANCELLED);
  assert_int_equal(atomic_load(&r->remotes[0].cancels), 0);
  close_rig(r);
}

static void test_a_cancel_reaches_the_remote_peer_with_its_reason(void **state) {
  const mbr_request_options brief = {.timeout_ms = 60};
  heard h[3] = {0};
  (void)state;
  rig *r = open_ready_rig(0);
  remote *to = &r->remotes[0];
  assert_int_equal(ask(&r->client, AT_UNARY, ASK_NOTHING, NULL, &h[0]), MBR_OK);
  EVENTUALLY(r, atomic_load(&to->calls) == 2);
  assert_int_equal(mbr_request_cancel(h[0].request), MBR_OK);
  EVENTUALLY(r, reason(to, MBR_CANCEL_CANCELLED) == 1);
  assert_int_equal(ask(&r->client, AT_UNARY, ASK_NOTHING, &brief, &h[1]), MBR_OK);
  EVENTUALLY(r, h[1].dones == 1 && reason(to, MBR_CANCEL_DEADLINE) == 1);
  assert_int_equal(h[1].fault, MBR_DEADLINE);
  assert_int_equal(ask(&r->client, AT_UNARY, ASK_NOTHING, NULL, &h[2]), MBR_OK);
  EVENTUALLY(r, atomic_load(&to->calls) == 4);
  mbr_loopback_disconnect(r->loopback);
  EVENTUALLY(r, reason(to, MBR_CANCEL_DISCONNECTED) == 1);
  assert_int_equal(h[2].fault, MBR_DISCONNECTED);
  EVENTUALLY(r, mbr_bridge_calls(r->bridge) == 0);
  assert_true(mbr_loopback_close(r->loopback));
  open_connection(r, &(mbr_loopback_options){.real_time = true});
  await_instance(r, 0);
  close_rig(r);
}

static void test_oneways_keep_their_order(void **state) {
  (void)state;
  rig *r = open_ready_rig(0);
  for (uint32_t i = 1; i <= 300; i++) {
    heard h = {0};
    mbr_status status;
    while ((status = ask(&r->client, AT_ONEWAY, i, NULL, &h)) == MBR_WOULD_BLOCK) {
      (void)mbr_loopback_step(r->loopback);
    }
    assert_int_equal(status, MBR_OK);
    EVENTUALLY(r, mbr_bridge_calls(r->bridge) < 32); /* the connection would refuse more than 64 */
    (void)mbr_loopback_run(r->loopback);
  }
  EVENTUALLY(r, atomic_load(&r->remotes[0].oneways) == 300);
  assert_true(atomic_load(&r->remotes[0].oneways_in_order));
  EVENTUALLY(r, mbr_bridge_calls(r->bridge) == 0);
  close_rig(r);
}

/* Pushes 1 to `count`, and the end. */
static void push_all(rig *r, heard *h, uint32_t count) {
  for (uint32_t i = 1; i <= count; i++) {
    mbr_status status;
    while ((status = push(h->request, i)) == MBR_WOULD_BLOCK && h->dones == 0) {
      if (!mbr_loopback_step(r->loopback)) nap();
    }
    if (status != MBR_OK) {
      assert_true(status == MBR_CLOSED || h->dones != 0);
      return;
    }
  }
  assert_int_equal(mbr_request_end_items(h->request), MBR_OK);
}

static void test_a_stream_parameter_goes_whole_and_in_order(void **state) {
  heard h = {0};
  (void)state;
  rig *r = open_ready_rig(0);
  assert_int_equal(ask(&r->client, AT_UPLOAD, 0, NULL, &h), MBR_OK);
  push_all(r, &h, 500);
  EVENTUALLY(r, h.dones == 1);
  assert_int_equal(h.kind, MBR_FRAME_OK);
  assert_int_equal(h.value, 500 * 501 / 2);
  close_rig(r);
}

/* No more than the windows of both hops and what waits between them. */
static void test_a_slow_remote_peer_slows_the_stream_parameter(void **state) {
  heard h = {0};
  uint32_t pushed = 0;
  (void)state;
  rig *r = open_ready_rig(0);
  atomic_store(&r->remotes[0].takes_slowly, true);
  assert_int_equal(ask(&r->client, AT_UPLOAD, 0, NULL, &h), MBR_OK);
  while (pushed < 300) {
    const mbr_status status = push(h.request, pushed + 1);
    assert_true(status == MBR_OK || status == MBR_WOULD_BLOCK);
    if (status == MBR_OK) pushed++;
    else if (!mbr_loopback_step(r->loopback)) nap();
    assert_true(pushed <= atomic_load(&r->remotes[0].taken) + 2 * WINDOW + 2 * MBR_WINDOW_DEFAULT);
  }
  assert_int_equal(mbr_request_end_items(h.request), MBR_OK);
  EVENTUALLY(r, h.dones == 1);
  assert_int_equal(h.value, 300 * 301 / 2);
  close_rig(r);
}

static void test_an_answer_may_come_before_the_end_of_the_parameter(void **state) {
  heard h = {0};
  (void)state;
  rig *r = open_ready_rig(0);
  assert_int_equal(ask(&r->client, AT_UPLOAD, ASK_ERROR, NULL, &h), MBR_OK);
  push_all(r, &h, 1000);
  EVENTUALLY(r, h.dones == 1);
  assert_int_equal(h.kind, MBR_FRAME_ERR);
  assert_int_equal(h.value, 1 + 2 + 3);
  EVENTUALLY(r, mbr_bridge_calls(r->bridge) == 0);
  close_rig(r);
}

static void test_losing_the_line_ends_calls_and_it_comes_back(void **state) {
  (void)state;
  rig *r = open_ready_rig(0);
  remote *to = &r->remotes[0];
  for (unsigned round = 1; round <= 3; round++) {
    heard unary = {0}, stream = {.on_item = pause_at_first}, upload = {0}, other, again;
    const unsigned before = atomic_load(&to->calls);
    assert_int_equal(ask(&r->client, AT_UNARY, ASK_NOTHING, NULL, &unary), MBR_OK);
    assert_int_equal(ask(&r->client, AT_STREAM, ENDLESS, NULL, &stream), MBR_OK);
    assert_int_equal(ask(&r->client, AT_UPLOAD, 0, NULL, &upload), MBR_OK);
    EVENTUALLY(r, stream.item_count == WINDOW && atomic_load(&to->emitted) == 2 * WINDOW * round);
    EVENTUALLY(r, atomic_load(&to->calls) == before + 3);
    EVENTUALLY(r, push(upload.request, 1) == MBR_OK);
    cable_cut(&to->cable);
    EVENTUALLY(r, unary.dones == 1 && stream.dones == 1 && upload.dones == 1);
    assert_int_equal(unary.fault, MBR_DISCONNECTED);
    assert_string_equal(unary.text, "the line to the remote peer was lost");
    assert_int_equal(stream.fault, MBR_DISCONNECTED);
    assert_int_equal(upload.fault, MBR_DISCONNECTED);
    EVENTUALLY(r, reason(to, MBR_CANCEL_DISCONNECTED) == 3 * round);
    ask_one(r, AT_UNARY, 1, 0, &again);
    assert_int_equal(again.fault, MBR_DISCONNECTED);
    assert_string_equal(again.text, "the line to the remote peer is down");
    ask_one(r, AT_UNARY, 1, 1, &other); /* nothing has happened to the other one */
    assert_int_equal(other.kind, MBR_FRAME_OK);
    EVENTUALLY(r, mbr_bridge_calls(r->bridge) == 0);
    cable_plug(&to->cable);
    await_instance(r, 0);
  }
  close_rig(r);
}

static void test_the_state_of_each_instance_is_a_stream(void **state) {
  link_heard first = {0}, second = {0}, late = {0}, none = {0};
  (void)state;
  rig *r = open_ready_rig(0);
  watch_link(r, 0, &first);
  watch_link(r, 1, &second);
  EVENTUALLY(r, first.is_up && second.is_up);
  cable_cut(&r->remotes[1].cable);
  EVENTUALLY(r, !second.is_up);
  watch_link(r, 1, &late);
  watch_link(r, INSTANCES, &none);
  EVENTUALLY(r, late.events == 1 && none.dones == 1);
  assert_false(late.is_up);
  assert_int_equal(none.fault, MBR_UNIMPLEMENTED);
  cable_plug(&r->remotes[1].cable);
  EVENTUALLY(r, second.is_up && late.is_up);
  assert_true(first.is_up);
  assert_int_equal(first.events, 1);
  assert_int_equal(first.dones + second.dones + late.dones, 0);
  close_rig(r);
  assert_int_equal(first.fault, MBR_DISCONNECTED);
}

/* More calls than the line takes wait for one another, in order. */
static void test_calls_wait_for_their_turn(void **state) {
  enum { CALLS = 40 };
  static heard h[CALLS];
  (void)state;
  rig *r = open_ready_rig(2);
  memset(h, 0, sizeof h);
  for (uint32_t i = 0; i < CALLS; i++) assert_int_equal(ask(&r->client, AT_UNARY, i, NULL, &h[i]), MBR_OK);
  for (uint32_t i = 0; i < CALLS; i++) {
    EVENTUALLY(r, h[i].dones == 1);
    assert_int_equal(h[i].kind, MBR_FRAME_OK);
    assert_int_equal(h[i].value, i + 1);
  }
  EVENTUALLY(r, mbr_bridge_calls(r->bridge) == 0);
  close_rig(r);
}

static void test_a_call_that_waits_can_be_cancelled_and_has_its_deadline(void **state) {
  const mbr_request_options brief = {.timeout_ms = 60};
  heard open[3] = {0}, cancelled = {0}, late = {0}, waits = {0}, busy = {0};
  (void)state;
  rig *r = open_ready_rig(2);
  remote *to = &r->remotes[0];
  for (int i = 0; i < 2; i++) {
    assert_int_equal(ask(&r->client, AT_UNARY, ASK_NOTHING, NULL, &open[i]), MBR_OK);
  }
  EVENTUALLY(r, atomic_load(&to->calls) == 3);
  assert_int_equal(ask(&r->client, AT_UNARY, 1, NULL, &cancelled), MBR_OK);
  assert_int_equal(ask(&r->client, AT_UNARY, 2, &brief, &late), MBR_OK);
  assert_int_equal(ask(&r->client, AT_UNARY, 3, NULL, &waits), MBR_OK);
  EVENTUALLY(r, mbr_bridge_calls(r->bridge) == 5);
  assert_int_equal(mbr_request_cancel(cancelled.request), MBR_OK);
  EVENTUALLY(r, late.dones == 1 && mbr_bridge_calls(r->bridge) == 3);
  assert_int_equal(late.fault, MBR_DEADLINE);
  assert_int_equal(waits.dones, 0);
  assert_int_equal(mbr_request_cancel(open[0].request), MBR_OK);
  EVENTUALLY(r, waits.dones == 1);
  assert_int_equal(waits.value, 4);
  assert_int_equal(ask(&r->client, AT_UNARY, ASK_NOTHING, NULL, &open[2]), MBR_OK);
  assert_int_equal(ask(&r->client, AT_UNARY, 1, NULL, &busy), MBR_OK);
  EVENTUALLY(r, busy.dones == 1); /* nobody makes room for too long */
  assert_int_equal(busy.fault, MBR_BUSY);
  assert_int_equal(atomic_load(&to->calls), 5); /* neither was ever seen there */
  close_rig(r);
}

static void test_calls_that_wait_end_with_the_line(void **state) {
  heard h[6] = {0};
  (void)state;
  rig *r = open_ready_rig(2);
  for (int i = 0; i < 6; i++) {
    assert_int_equal(ask(&r->client, AT_UNARY, ASK_NOTHING, NULL, &h[i]), MBR_OK);
  }
  EVENTUALLY(r, mbr_bridge_calls(r->bridge) == 6);
  cable_cut(&r->remotes[0].cable);
  for (int i = 0; i < 6; i++) {
    EVENTUALLY(r, h[i].dones == 1);
    assert_int_equal(h[i].fault, MBR_DISCONNECTED);
  }
  EVENTUALLY(r, mbr_bridge_calls(r->bridge) == 0);
  close_rig(r);
}

/* Of a remote peer whose service is another one. */
static mbr_status connect_nothing(void *arg, mbr_peer *peer) {
  (void)arg;
  (void)peer;
  return MBR_OK;
}

static void test_a_remote_peer_without_the_service_is_told_from_one_that_is_gone(void **state) {
  link_heard link = {0};
  heard h;
  (void)state;
  rig *r = open_ready_rig(0);
  remote *to = &r->remotes[0];
  assert_true(mbr_line_close(to->line));
  mbr_line_options options = line_options(to, open_remote);
  options.connect = connect_nothing;
  to->line = mbr_line_open(&options);
  watch_link(r, 0, &link);
  ask_one(r, AT_UNARY, 1, 0, &h);
  assert_int_equal(h.fault, MBR_DISCONNECTED);
  const uint64_t until = milliseconds() + PATIENCE_MS;
  do ask_one(r, AT_UNARY, 1, 0, &h);
  while (h.fault == MBR_DISCONNECTED && milliseconds() < until);
  assert_int_equal(h.fault, MBR_UNIMPLEMENTED);
  assert_int_equal(mbr_line_get_state(r->lines[0]), MBR_LINE_UP);
  assert_false(link.is_up);
  close_rig(r);
}

static void test_a_bridge_that_is_lent_is_not_closed(void **state) {
  heard h = {0}, other;
  (void)state;
  rig *r = open_ready_rig(0);
  assert_int_equal(ask(&r->client, AT_UNARY, ASK_NOTHING, NULL, &h), MBR_OK);
  EVENTUALLY(r, atomic_load(&r->remotes[0].calls) == 2);
  assert_false(mbr_bridge_close(r->bridge));
  assert_false(mbr_line_close(r->lines[1])); /* a bridge leads over it, though it has ended */
  ask_one(r, AT_UNARY, 1, 0, &other);
  assert_int_equal(other.kind, MBR_FRAME_OK);
  close_rig(r);
}

static void test_a_sync_method_is_not_passed_on(void **state) {
  static const mbr_remote_method methods[] = {
    {.id = 5, .flags = MBR_METHOD_SYNC, .name = "t.Y.sync", .fingerprint = 1}};
  static const mbr_remote_service service = {.name = "t.Y", .methods = methods, .method_count = 1};
  uint64_t buffer[MBR_ANSWER_MIN / sizeof(uint64_t) + 1];
  uint8_t frame[MBR_FRAME_HEADER_SIZE + MBR_CALL_PREFIX_SIZE] = {0};
  mbr_answer answer = {.buffer = (uint8_t *)buffer, .capacity = sizeof buffer};
  (void)state;
  rig *r = open_ready_rig(0);
  mbr_bridge *bridge = mbr_bridge_open(&service, r->lines, 1);
  assert_non_null(bridge);
  mbr_loopback *l = mbr_loopback_open(NULL);
  assert_int_equal(mbr_bridge_lend(bridge, mbr_loopback_near(l)), MBR_OK);
  mbr_frame_write(frame, &(mbr_frame){sizeof frame, MBR_FRAME_CALL, MBR_FRAME_FROM_CALLER, 0, 1 << 16, 5});
  assert_int_equal(mbr_peer_receive_sync(mbr_loopback_near(l), frame, sizeof frame, &answer), MBR_OK);
  assert_int_equal(answer.frame[4], MBR_FRAME_FAULT);
  assert_int_equal(mbr_get_u32(answer.frame + MBR_FRAME_HEADER_SIZE), MBR_UNSUPPORTED);
  assert_true(mbr_loopback_close(l));
  assert_true(mbr_bridge_close(bridge));
  close_rig(r);
}

static void test_there_is_no_bridge_without_a_line(void **state) {
  (void)state;
  assert_null(mbr_bridge_open(&known_service, NULL, 0));
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_calls_pass_and_so_do_their_endings),
    cmocka_unit_test(test_what_the_remote_peer_does_not_serve_is_a_fault),
    cmocka_unit_test(test_a_stream_comes_whole_and_in_order),
    cmocka_unit_test(test_the_newest_value_arrives_in_the_end),
    cmocka_unit_test(test_a_paused_listener_stops_the_source),
    cmocka_unit_test(test_an_ending_does_not_overtake),
    cmocka_unit_test(test_what_has_ended_and_was_not_taken_can_be_cancelled),
    cmocka_unit_test(test_a_cancel_reaches_the_remote_peer_with_its_reason),
    cmocka_unit_test(test_oneways_keep_their_order),
    cmocka_unit_test(test_a_stream_parameter_goes_whole_and_in_order),
    cmocka_unit_test(test_a_slow_remote_peer_slows_the_stream_parameter),
    cmocka_unit_test(test_an_answer_may_come_before_the_end_of_the_parameter),
    cmocka_unit_test(test_losing_the_line_ends_calls_and_it_comes_back),
    cmocka_unit_test(test_the_state_of_each_instance_is_a_stream),
    cmocka_unit_test(test_calls_wait_for_their_turn),
    cmocka_unit_test(test_a_call_that_waits_can_be_cancelled_and_has_its_deadline),
    cmocka_unit_test(test_calls_that_wait_end_with_the_line),
    cmocka_unit_test(test_a_remote_peer_without_the_service_is_told_from_one_that_is_gone),
    cmocka_unit_test(test_a_bridge_that_is_lent_is_not_closed),
    cmocka_unit_test(test_a_sync_method_is_not_passed_on),
    cmocka_unit_test(test_there_is_no_bridge_without_a_line),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
