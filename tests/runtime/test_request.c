/* Calls made from here, over the loopback, one thread: every ending, streams and their credit, deadlines,
 * blocking calls, the handshake, the end of the connection. */
#include "request_kit.h"

typedef struct fixture {
  mbr_loopback *loopback;
  server server;
  client client;
  heard heard;
} fixture;

static fixture *open_with(const mbr_loopback_options *options) {
  fixture *f = calloc(1, sizeof *f);
  assert_non_null(f);
  f->loopback = mbr_loopback_open(options);
  assert_non_null(f->loopback);
  assert_int_equal(mbr_peer_serve(mbr_loopback_far(f->loopback), &served_service, NULL, &f->server), MBR_OK);
  assert_int_equal(mbr_client_open(&f->client.base, mbr_loopback_near(f->loopback), &known_service,
                                   f->client.compatibility),
                   MBR_OK);
  mbr_loopback_run(f->loopback);
  return f;
}

static fixture *open_fixture(void) { return open_with(NULL); }

static void close_fixture(fixture *f) {
  assert_true(mbr_loopback_close(f->loopback));
  free(f);
}

static void run(fixture *f) { mbr_loopback_run(f->loopback); }

static void assert_fault(const heard *h, mbr_status fault, const char *text) {
  assert_int_equal(h->dones, 1);
  assert_int_equal(h->kind, MBR_FRAME_FAULT);
  assert_int_equal(h->fault, fault);
  assert_string_equal(h->text, text);
}

static void assert_gone(mbr_request request) {
  assert_int_equal(mbr_request_cancel(request), MBR_CLOSED);
  assert_int_equal(mbr_request_pause(request), MBR_CLOSED);
  assert_int_equal(mbr_request_resume(request), MBR_CLOSED);
  assert_int_equal(mbr_request_end_items(request), MBR_CLOSED);
  assert_int_equal(mbr_request_wait(request), MBR_CLOSED);
  assert_int_equal(push(request, 1), MBR_CLOSED);
}

static mbr_status answer_double(server *s, mbr_call call, mbr_reader *args) {
  uint32_t value = 0;
  (void)s;
  (void)mbr_read_u32(args, &value);
  return put_u32(call, MBR_FRAME_OK, 2 * value);
}

static mbr_status answer_error(server *s, mbr_call call, mbr_reader *args) {
  (void)s;
  (void)args;
  return put_u32(call, MBR_FRAME_ERR, 77);
}

static mbr_status answer_fault(server *s, mbr_call call, mbr_reader *args) {
  (void)s;
  (void)args;
  return mbr_call_fault(call, MBR_INTERNAL, "the pump is stuck");
}

static mbr_status answer_nothing(server *s, mbr_call call, mbr_reader *args) {
  (void)s;
  (void)call;
  (void)args;
  return MBR_OK;
}

static void note_cancel(void *arg, mbr_cancel_reason reason) {
  server *s = arg;
  s->cancels++;
  s->reason = reason;
}

static mbr_status defer(server *s, mbr_call call, mbr_reader *args) {
  (void)args;
  mbr_call_defer(call);
  return mbr_call_on_cancel(call, note_cancel, s);
}

static void test_an_answer(void **state) {
  (void)state;
  fixture *f = open_fixture();
  f->server.handle = answer_double;
  assert_int_equal(ask(&f->client, AT_UNARY, 21, NULL, &f->heard), MBR_OK);
  assert_int_equal(f->heard.dones, 0);
  run(f);
  assert_int_equal(f->heard.dones, 1);
  assert_int_equal(f->heard.kind, MBR_FRAME_OK);
  assert_int_equal(f->heard.value, 42);
  assert_int_equal(mbr_loopback_blocks(f->loopback), 0);
  assert_gone(f->heard.request);
  close_fixture(f);
}

static void test_an_error_and_a_fault_with_its_text(void **state) {
  (void)state;
  fixture *f = open_fixture();
  heard second = {0}, third = {0};
  f->server.handle = answer_error;
  assert_int_equal(ask(&f->client, AT_UNARY, 1, NULL, &f->heard), MBR_OK);
  run(f);
  assert_int_equal(f->heard.kind, MBR_FRAME_ERR);
  assert_int_equal(f->heard.value, 77);
  f->server.handle = answer_fault;
  assert_int_equal(ask(&f->client, AT_UNARY, 1, NULL, &second), MBR_OK);
  run(f);
  assert_fault(&second, MBR_INTERNAL, "the pump is stuck");
  f->server.handle = answer_nothing;
  assert_int_equal(ask(&f->client, AT_UNARY, 1, NULL, &third), MBR_OK);
  run(f);
  assert_fault(&third, MBR_DROPPED, "");
  close_fixture(f);
}

static void test_a_oneway_takes_no_request(void **state) {
  (void)state;
  const mbr_loopback_options options = {.calls = 1};
  fixture *f = open_with(&options);
  heard held = {0};
  f->server.handle = defer;
  assert_int_equal(ask(&f->client, AT_UNARY, 1, NULL, &held), MBR_OK);
  f->server.handle = NULL;
  assert_int_equal(ask(&f->client, AT_ONEWAY, 1, NULL, &f->heard), MBR_OK);
  assert_int_equal(f->heard.request.id, 0);
  assert_int_equal(mbr_request_cancel(f->heard.request), MBR_CLOSED);
  assert_int_equal(mbr_request_cancel(held.request), MBR_OK);
  run(f);
  assert_int_equal(f->heard.dones, 0);
  close_fixture(f);
}

static void test_as_many_calls_as_there_is_memory(void **state) {
  (void)state;
  const mbr_loopback_options options = {.calls = 3};
  fixture *f = open_with(&options);
  heard h[4] = {0};
  f->server.handle = answer_double;
  for (int round = 0; round < 5; round++) {
    memset(h, 0, sizeof h);
    for (int i = 0; i < 3; i++) assert_int_equal(ask(&f->client, AT_UNARY, 1, NULL, &h[i]), MBR_OK);
    assert_int_equal(ask(&f->client, AT_UNARY, 1, NULL, &h[3]), MBR_BUSY);
    run(f);
    for (int i = 0; i < 3; i++) assert_int_equal(h[i].dones, 1);
    assert_int_equal(h[3].dones, 0);
  }
  close_fixture(f);
}

static void test_the_handshake_is_checked_before_anything_is_sent(void **state) {
  (void)state;
  fixture *f = open_fixture();
  assert_int_equal(ask(&f->client, AT_CHANGED, 1, NULL, &f->heard), MBR_MISMATCH);
  assert_int_equal(ask(&f->client, AT_NOWHERE, 1, NULL, &f->heard), MBR_UNIMPLEMENTED);
  assert_int_equal(ask(&f->client, METHODS, 1, NULL, &f->heard), MBR_MISUSE);
  assert_int_equal(mbr_client_compatibility(&f->client.base, AT_UNARY), MBR_METHOD_COMPATIBLE);
  assert_int_equal(mbr_client_compatibility(&f->client.base, AT_CHANGED), MBR_METHOD_CHANGED);
  assert_int_equal(mbr_client_compatibility(&f->client.base, AT_NOWHERE), MBR_METHOD_ABSENT);
  assert_int_equal(f->client.base.changed_types, 2);
  run(f);
  assert_int_equal(f->server.started, 0);
  assert_int_equal(f->heard.dones, 0);
  close_fixture(f);
}

static void test_a_client_knows_nothing_before_the_handshake(void **state) {
  (void)state;
  mbr_loopback *l = mbr_loopback_open(NULL);
  server s = {0};
  client c = {0};
  heard h = {0};
  assert_non_null(l);
  assert_int_equal(ask(&c, AT_UNARY, 1, NULL, &h), MBR_CLOSED);
  assert_int_equal(mbr_client_open(&c.base, mbr_loopback_near(l), &known_service, c.compatibility), MBR_OK);
  assert_int_equal(mbr_client_open(&c.base, mbr_loopback_near(l), &known_service, c.compatibility),
                   MBR_MISUSE);
  assert_int_equal(ask(&c, AT_UNARY, 1, NULL, &h), MBR_UNIMPLEMENTED);
  assert_int_equal(mbr_peer_serve(mbr_loopback_far(l), &served_service, NULL, &s), MBR_OK);
  mbr_loopback_run(l);
  s.handle = answer_double;
  assert_int_equal(ask(&c, AT_UNARY, 1, NULL, &h), MBR_OK);
  mbr_loopback_run(l);
  assert_int_equal(h.value, 2);
  mbr_loopback_disconnect(l);
  assert_int_equal(mbr_client_compatibility(&c.base, AT_UNARY), MBR_METHOD_ABSENT);
  assert_int_equal(ask(&c, AT_UNARY, 1, NULL, &h), MBR_CLOSED);
  client late = {0};
  assert_int_equal(mbr_client_open(&late.base, mbr_loopback_near(l), &known_service, late.compatibility),
                   MBR_CLOSED);
  assert_true(mbr_loopback_close(l));
}

static void test_a_failed_encoding_sends_nothing(void **state) {
  (void)state;
  const mbr_loopback_options options = {.calls = 1};
  fixture *f = open_with(&options);
  const mbr_receiver receiver = receiver_of(&f->heard);
  mbr_writer w;
  for (int i = 0; i < 3; i++) {
    assert_int_equal(
      mbr_request_begin(&f->client.base, AT_UNARY, 4, NULL, &receiver, &w, &f->heard.request), MBR_OK);
    assert_int_equal(mbr_request_commit(f->heard.request, &w, MBR_BAD_RANGE), MBR_BAD_RANGE);
    assert_gone(f->heard.request);
    assert_int_equal(
      mbr_request_begin(&f->client.base, AT_UNARY, 4, NULL, &receiver, &w, &f->heard.request), MBR_OK);
    assert_int_equal(mbr_request_commit(f->heard.request, &w, MBR_OK), MBR_MISUSE); /* not full */
    assert_int_equal(
      mbr_request_begin(&f->client.base, AT_UNARY, 100000, NULL, &receiver, &w, &f->heard.request), MBR_OK);
    assert_int_equal(mbr_request_commit(f->heard.request, &w, MBR_BAD_UTF8), MBR_BAD_UTF8); /* in a block */
  }
  run(f);
  assert_int_equal(f->server.started, 0);
  assert_int_equal(f->heard.dones, 0);
  close_fixture(f);
}

static mbr_status answer_size(server *s, mbr_call call, mbr_reader *args) {
  (void)s;
  return put_u32(call, MBR_FRAME_OK, (uint32_t)args->size);
}

static void test_large_arguments_travel_in_a_block(void **state) {
  (void)state;
  fixture *f = open_fixture();
  const mbr_receiver receiver = receiver_of(&f->heard);
  mbr_writer w;
  f->server.handle = answer_size;
  assert_int_equal(
    mbr_request_begin(&f->client.base, AT_UNARY, 100000, NULL, &receiver, &w, &f->heard.request), MBR_OK);
  memset(mbr_writer_take(&w, 100000), 5, 100000);
  assert_int_equal(mbr_request_commit(f->heard.request, &w, MBR_OK), MBR_OK);
  run(f);
  assert_int_equal(f->heard.value, 100000);
  close_fixture(f);
}

static void test_a_full_outbox_refuses_a_call(void **state) {
  (void)state;
  const mbr_loopback_options options = {.calls = 64, .outbox_size = 512};
  fixture *f = open_with(&options);
  heard h[64];
  size_t sent = 0;
  memset(h, 0, sizeof h);
  mbr_status status = MBR_OK;
  while (status == MBR_OK && sent < 64) status = ask(&f->client, AT_ONEWAY, 1, NULL, &h[sent++]);
  assert_int_equal(status, MBR_WOULD_BLOCK);
  run(f);
  assert_int_equal(f->server.started, sent - 1);
  assert_int_equal(ask(&f->client, AT_ONEWAY, 1, NULL, &h[0]), MBR_OK);
  run(f);
  close_fixture(f);
}

static void test_a_refused_call_hears_why(void **state) {
  (void)state;
  fixture *f = open_fixture();
  const mbr_request_options elsewhere = {.instance = 3}; /* nobody serves a third device */
  assert_int_equal(ask(&f->client, AT_UNARY, 1, &elsewhere, &f->heard), MBR_OK);
  run(f);
  assert_fault(&f->heard, MBR_UNIMPLEMENTED, "");
  close_fixture(f);
}

static void test_cancelling_tells_both_sides_once(void **state) {
  (void)state;
  fixture *f = open_fixture();
  f->server.handle = defer;
  assert_int_equal(ask(&f->client, AT_UNARY, 1, NULL, &f->heard), MBR_OK);
  run(f);
  assert_int_equal(mbr_request_cancel(f->heard.request), MBR_OK);
  assert_int_equal(f->heard.dones, 0); /* on the executor */
  assert_int_equal(mbr_request_cancel(f->heard.request), MBR_CLOSED);
  run(f);
  assert_fault(&f->heard, MBR_CANCELLED, "");
  assert_int_equal(f->server.cancels, 1);
  assert_int_equal(f->server.reason, MBR_CANCEL_CANCELLED);
  assert_int_equal(put_u32(f->server.calls[0], MBR_FRAME_OK, 1), MBR_CLOSED);
  run(f);
  assert_int_equal(f->heard.dones, 1);
  close_fixture(f);
}

static void test_an_answer_that_crosses_a_cancel_is_ignored(void **state) {
  (void)state;
  fixture *f = open_fixture();
  heard second = {0};
  f->server.handle = defer;
  assert_int_equal(ask(&f->client, AT_UNARY, 1, NULL, &f->heard), MBR_OK);
  run(f);
  assert_int_equal(put_u32(f->server.calls[0], MBR_FRAME_OK, 5), MBR_OK);
  assert_int_equal(mbr_request_cancel(f->heard.request), MBR_OK);
  /* The next call takes the same place; the answer is not its own. */
  assert_int_equal(ask(&f->client, AT_UNARY, 1, NULL, &second), MBR_OK);
  run(f);
  assert_fault(&f->heard, MBR_CANCELLED, "");
  assert_int_equal(second.dones, 0);
  assert_int_equal(put_u32(f->server.calls[1], MBR_FRAME_OK, 6), MBR_OK);
  run(f);
  assert_int_equal(second.value, 6);
  close_fixture(f);
}

static void test_a_deadline_ends_the_call_on_both_sides(void **state) {
  (void)state;
  fixture *f = open_fixture();
  f->server.handle = defer;
  assert_int_equal(ask(&f->client, AT_TIMED, 1, NULL, &f->heard), MBR_OK);
  mbr_loopback_advance(f->loopback, TIMED_MS - 1);
  assert_int_equal(f->heard.dones, 0);
  mbr_loopback_advance(f->loopback, 1);
  assert_fault(&f->heard, MBR_DEADLINE, "");
  assert_int_equal(f->server.reason, MBR_CANCEL_DEADLINE);
  assert_int_equal(put_u32(f->server.calls[0], MBR_FRAME_OK, 1), MBR_CLOSED);
  close_fixture(f);
}

static void test_options_come_before_the_contracts_timeout(void **state) {
  (void)state;
  fixture *f = open_fixture();
  const mbr_request_options soon = {.timeout_ms = 10}, never = {.timeout_ms = MBR_TIMEOUT_NONE};
  heard h[3] = {0};
  f->server.handle = defer;
  assert_int_equal(ask(&f->client, AT_TIMED, 1, &never, &h[0]), MBR_OK);
  assert_int_equal(ask(&f->client, AT_TIMED, 1, &soon, &h[1]), MBR_OK);
  assert_int_equal(ask(&f->client, AT_UNARY, 1, &soon, &h[2]), MBR_OK);
  mbr_loopback_advance(f->loopback, 10);
  assert_fault(&h[1], MBR_DEADLINE, "");
  assert_fault(&h[2], MBR_DEADLINE, "");
  mbr_loopback_advance(f->loopback, 1000000);
  assert_int_equal(h[0].dones, 0);
  for (size_t i = 0; i < f->server.started; i++) (void)put_u32(f->server.calls[i], MBR_FRAME_OK, 1);
  run(f);
  assert_int_equal(h[0].value, 1);
  close_fixture(f);
}

static void test_a_stream_and_its_end(void **state) {
  (void)state;
  fixture *f = open_fixture();
  f->server.handle = defer;
  assert_int_equal(ask(&f->client, AT_STREAM, 1, NULL, &f->heard), MBR_OK);
  run(f);
  const mbr_call call = f->server.calls[0];
  for (uint32_t i = 0; i < WINDOW; i++) assert_int_equal(put_u32(call, MBR_FRAME_ITEM, i), MBR_OK);
  assert_int_equal(put_u32(call, MBR_FRAME_ITEM, 99), MBR_WOULD_BLOCK);
  for (uint32_t i = WINDOW; i < 100; i++) {
    run(f); /* takes the items and gives their credit back */
    assert_int_equal(put_u32(call, MBR_FRAME_ITEM, i), MBR_OK);
  }
  assert_int_equal(put_u32(call, MBR_FRAME_END, 0), MBR_OK);
  run(f);
  assert_int_equal(f->heard.item_count, 100);
  for (uint32_t i = 0; i < 100; i++) assert_int_equal(f->heard.items[i], i);
  assert_int_equal(f->heard.dones, 1);
  assert_int_equal(f->heard.kind, MBR_FRAME_END);
  close_fixture(f);
}

static void test_credit_comes_back_in_halves_of_the_window(void **state) {
  (void)state;
  fixture *f = open_fixture();
  const mbr_request_options options = {.window = 6};
  f->server.handle = defer;
  assert_int_equal(ask(&f->client, AT_STREAM, 1, &options, &f->heard), MBR_OK);
  run(f);
  const mbr_call call = f->server.calls[0];
  for (uint32_t i = 0; i < 6; i++) assert_int_equal(put_u32(call, MBR_FRAME_ITEM, i), MBR_OK);
  size_t steps = 0;
  while (f->heard.item_count < 3 && steps++ < 100) mbr_loopback_step(f->loopback);
  run(f);
  for (uint32_t i = 0; i < 2; i++) assert_int_equal(put_u32(call, MBR_FRAME_ITEM, i), MBR_OK);
  run(f);
  /* 8 were sent of 6 + 3 + 3 granted: the rest is below half a window. */
  for (uint32_t i = 0; i < 4; i++) assert_int_equal(put_u32(call, MBR_FRAME_ITEM, i), MBR_OK);
  assert_int_equal(put_u32(call, MBR_FRAME_ITEM, 9), MBR_WOULD_BLOCK);
  (void)put_u32(call, MBR_FRAME_END, 0);
  run(f);
  close_fixture(f);
}

static void test_a_paused_stream_stops_its_source(void **state) {
  (void)state;
  fixture *f = open_fixture();
  f->server.handle = defer;
  assert_int_equal(ask(&f->client, AT_STREAM, 1, NULL, &f->heard), MBR_OK);
  assert_int_equal(mbr_request_pause(f->heard.request), MBR_OK);
  assert_int_equal(mbr_request_pause(f->heard.request), MBR_OK);
  run(f);
  const mbr_call call = f->server.calls[0];
  for (uint32_t i = 0; i < WINDOW; i++) assert_int_equal(put_u32(call, MBR_FRAME_ITEM, i), MBR_OK);
  run(f);
  assert_int_equal(f->heard.item_count, WINDOW); /* those under way */
  assert_int_equal(put_u32(call, MBR_FRAME_ITEM, 9), MBR_WOULD_BLOCK);
  assert_int_equal(mbr_request_resume(f->heard.request), MBR_OK);
  run(f);
  for (uint32_t i = 0; i < WINDOW; i++) assert_int_equal(put_u32(call, MBR_FRAME_ITEM, i), MBR_OK);
  assert_int_equal(put_u32(call, MBR_FRAME_END, 0), MBR_OK);
  run(f);
  assert_int_equal(f->heard.item_count, 2 * WINDOW);
  assert_int_equal(mbr_request_pause(f->heard.request), MBR_CLOSED);
  close_fixture(f);
}

static void cancel_at_two(heard *h, uint32_t item) {
  if (item == 2) assert_int_equal(mbr_request_cancel(h->request), MBR_OK);
}

static void test_a_stream_cancelled_by_its_receiver_hears_no_more_items(void **state) {
  (void)state;
  fixture *f = open_fixture();
  f->server.handle = defer;
  f->heard.on_item = cancel_at_two;
  assert_int_equal(ask(&f->client, AT_STREAM, 1, NULL, &f->heard), MBR_OK);
  run(f);
  for (uint32_t i = 0; i < WINDOW; i++) (void)put_u32(f->server.calls[0], MBR_FRAME_ITEM, i);
  run(f);
  assert_int_equal(f->heard.item_count, 3);
  assert_fault(&f->heard, MBR_CANCELLED, "");
  assert_int_equal(f->server.cancels, 1);
  (void)put_u32(f->server.calls[0], MBR_FRAME_END, 0);
  close_fixture(f);
}

static mbr_status emit_garbage(server *s, mbr_call call, mbr_reader *args) {
  mbr_writer w;
  (void)put_u32(call, MBR_FRAME_ITEM, 1);
  assert_int_equal(mbr_call_begin(call, MBR_FRAME_ITEM, 1, &w), MBR_OK);
  (void)mbr_write_u8(&w, 1);
  assert_int_equal(mbr_call_commit(call, &w, MBR_OK), MBR_OK);
  (void)put_u32(call, MBR_FRAME_ITEM, 2);
  return defer(s, call, args);
}

static void test_an_item_that_cannot_be_decoded_ends_the_stream(void **state) {
  (void)state;
  fixture *f = open_fixture();
  f->server.handle = emit_garbage;
  assert_int_equal(ask(&f->client, AT_STREAM, 1, NULL, &f->heard), MBR_OK);
  run(f);
  assert_int_equal(f->heard.item_count, 1);
  assert_fault(&f->heard, MBR_TRUNCATED, "");
  assert_int_equal(f->server.reason, MBR_CANCEL_CANCELLED);
  (void)put_u32(f->server.calls[0], MBR_FRAME_END, 0);
  close_fixture(f);
}

static mbr_status answer_garbage(server *s, mbr_call call, mbr_reader *args) {
  mbr_writer w;
  (void)s;
  (void)args;
  assert_int_equal(mbr_call_begin(call, MBR_FRAME_OK, 9, &w), MBR_OK);
  for (int i = 0; i < 9; i++) (void)mbr_write_u8(&w, 1);
  return mbr_call_commit(call, &w, MBR_OK);
}

static void test_an_answer_that_cannot_be_decoded_is_a_fault(void **state) {
  (void)state;
  fixture *f = open_fixture();
  heard blocking = {0};
  f->server.handle = answer_garbage;
  assert_int_equal(ask(&f->client, AT_UNARY, 1, NULL, &f->heard), MBR_OK);
  run(f);
  assert_fault(&f->heard, MBR_TRAILING, "");
  assert_int_equal(ask_and_wait(&f->client, AT_UNARY, 1, NULL, &blocking), MBR_OK);
  assert_fault(&blocking, MBR_TRAILING, "");
  close_fixture(f);
}

static void test_the_end_of_the_connection_ends_every_call(void **state) {
  (void)state;
  fixture *f = open_fixture();
  heard h[4] = {0};
  f->server.handle = defer;
  for (int i = 0; i < 2; i++) assert_int_equal(ask(&f->client, AT_UNARY, 1, NULL, &h[i]), MBR_OK);
  assert_int_equal(ask(&f->client, AT_STREAM, 1, NULL, &h[2]), MBR_OK);
  run(f);
  for (uint32_t i = 0; i < WINDOW; i++) (void)put_u32(f->server.calls[2], MBR_FRAME_ITEM, i);
  while (mbr_loopback_blocks(f->loopback) == 0) mbr_loopback_step(f->loopback);
  mbr_peer_close(mbr_loopback_near(f->loopback)); /* an item waits in the inbox: it came in time */
  mbr_loopback_disconnect(f->loopback);
  for (int i = 0; i < 3; i++) assert_fault(&h[i], MBR_DISCONNECTED, "");
  assert_int_equal(h[2].item_count, 1);
  assert_int_equal(ask(&f->client, AT_UNARY, 1, NULL, &h[3]), MBR_CLOSED);
  assert_int_equal(ask_and_wait(&f->client, AT_UNARY, 1, NULL, &h[3]), MBR_CLOSED);
  assert_gone(h[0].request);
  for (size_t i = 0; i < 3; i++) (void)mbr_call_fault(f->server.calls[i], MBR_INTERNAL, NULL);
  close_fixture(f);
}

static void test_a_call_whose_connection_ends_while_it_is_encoded(void **state) {
  (void)state;
  fixture *f = open_fixture();
  const mbr_receiver receiver = receiver_of(&f->heard);
  mbr_request large;
  mbr_writer w, v;
  assert_int_equal(mbr_request_begin(&f->client.base, AT_UNARY, 4, NULL, &receiver, &w, &f->heard.request),
                   MBR_OK);
  assert_int_equal(mbr_request_begin(&f->client.base, AT_UNARY, 100000, NULL, &receiver, &v, &large), MBR_OK);
  mbr_loopback_disconnect(f->loopback);
  (void)mbr_write_u32(&w, 1);
  memset(mbr_writer_take(&v, 100000), 0, 100000);
  assert_int_equal(mbr_request_commit(f->heard.request, &w, MBR_OK), MBR_CLOSED);
  assert_int_equal(mbr_request_commit(large, &v, MBR_OK), MBR_CLOSED);
  run(f);
  assert_int_equal(f->heard.dones, 0);
  close_fixture(f);
}

static void test_a_blocking_call_within_one_thread(void **state) {
  (void)state;
  fixture *f = open_fixture();
  f->server.handle = answer_double;
  assert_int_equal(ask_and_wait(&f->client, AT_UNARY, 4, NULL, &f->heard), MBR_OK);
  assert_int_equal(f->heard.dones, 1);
  assert_int_equal(f->heard.value, 8);
  assert_int_equal(mbr_loopback_blocks(f->loopback), 0);
  assert_gone(f->heard.request);
  close_fixture(f);
}

static void test_a_blocking_call_always_has_a_deadline(void **state) {
  (void)state;
  fixture *f = open_fixture();
  const mbr_request_options never = {.timeout_ms = MBR_TIMEOUT_NONE};
  f->server.handle = defer;
  assert_int_equal(ask_and_wait(&f->client, AT_UNARY, 4, &never, &f->heard), MBR_OK);
  assert_fault(&f->heard, MBR_DEADLINE, "");
  run(f);
  assert_int_equal(f->server.reason, MBR_CANCEL_DEADLINE);
  (void)put_u32(f->server.calls[0], MBR_FRAME_OK, 1);
  close_fixture(f);
}

static void test_only_a_plain_call_can_block(void **state) {
  (void)state;
  fixture *f = open_fixture();
  assert_int_equal(ask_and_wait(&f->client, AT_STREAM, 4, NULL, &f->heard), MBR_MISUSE);
  assert_int_equal(ask_and_wait(&f->client, AT_UPLOAD, 4, NULL, &f->heard), MBR_MISUSE);
  assert_int_equal(ask_and_wait(&f->client, AT_ONEWAY, 4, NULL, &f->heard), MBR_MISUSE);
  assert_int_equal(ask_and_wait(&f->client, AT_CHANGED, 4, NULL, &f->heard), MBR_MISMATCH);
  f->server.handle = defer;
  assert_int_equal(ask(&f->client, AT_UNARY, 4, NULL, &f->heard), MBR_OK);
  assert_int_equal(mbr_request_wait(f->heard.request), MBR_MISUSE);
  run(f);
  (void)put_u32(f->server.calls[0], MBR_FRAME_OK, 1);
  run(f);
  close_fixture(f);
}

static void test_a_blocking_call_whose_arena_is_too_small(void **state) {
  (void)state;
  fixture *f = open_fixture();
  const mbr_receiver receiver = receiver_of(&f->heard);
  uint64_t memory[1];
  mbr_arena arena;
  mbr_writer w;
  f->server.handle = answer_size;
  mbr_arena_init(&arena, memory, sizeof memory);
  assert_int_equal(mbr_request_begin_wait(&f->client.base, AT_UNARY, 0, NULL, &receiver, &arena, &w,
                                          &f->heard.request),
                   MBR_OK);
  assert_int_equal(mbr_request_commit(f->heard.request, &w, MBR_OK), MBR_OK);
  assert_int_equal(mbr_request_wait(f->heard.request), MBR_OK);
  assert_fault(&f->heard, MBR_NO_MEMORY, "");
  close_fixture(f);
}

/* The far side serves and calls back while its own handler runs: one thread, one call within the other. */
static mbr_status ask_back(server *s, mbr_call call, mbr_reader *args) {
  client *back = s->calls[HEARD_MAX - 1].peer == NULL ? *(client **)(void *)s->items : NULL;
  heard h = {0};
  (void)args;
  assert_int_equal(ask_and_wait(back, AT_UNARY, 10, NULL, &h), MBR_OK);
  return put_u32(call, MBR_FRAME_OK, h.value + 1);
}

static void test_a_handler_may_block_on_a_call_back(void **state) {
  (void)state;
  fixture *f = open_fixture();
  server near = {.handle = answer_double};
  client back = {0};
  client *address = &back;
  assert_int_equal(mbr_peer_serve(mbr_loopback_near(f->loopback), &served_service, NULL, &near), MBR_OK);
  assert_int_equal(
    mbr_client_open(&back.base, mbr_loopback_far(f->loopback), &known_service, back.compatibility), MBR_OK);
  run(f);
  memcpy(f->server.items, &address, sizeof address);
  f->server.handle = ask_back;
  assert_int_equal(ask_and_wait(&f->client, AT_UNARY, 1, NULL, &f->heard), MBR_OK);
  assert_int_equal(f->heard.value, 21);
  close_fixture(f);
}

static void send_again(heard *h) {
  fixture *f = h->context;
  h->on_done = NULL;
  assert_int_equal(ask(&f->client, AT_UNARY, h->value, NULL, &f->heard), MBR_OK);
}

static void test_a_call_from_within_a_callback(void **state) {
  (void)state;
  fixture *f = open_fixture();
  heard first = {.on_done = send_again, .context = f};
  f->server.handle = answer_double;
  assert_int_equal(ask(&f->client, AT_UNARY, 3, NULL, &first), MBR_OK);
  run(f);
  assert_int_equal(f->heard.value, 12);
  close_fixture(f);
}

static void push_more(heard *h) {
  uint32_t *next = h->context;
  while (*next < 50 && push(h->request, *next) == MBR_OK) (*next)++;
  if (*next == 50 && mbr_request_end_items(h->request) == MBR_OK) *next = 51;
}

static void test_a_stream_parameter_arrives_whole(void **state) {
  (void)state;
  fixture *f = open_fixture();
  uint32_t next = 0;
  f->heard.context = &next;
  assert_int_equal(ask(&f->client, AT_UPLOAD, 1, NULL, &f->heard), MBR_OK);
  push_more(&f->heard);
  assert_int_equal(next, 0); /* no credit before the call has arrived */
  for (unsigned round = 0; round < 100 && next <= 50; round++) {
    unsigned readies = f->heard.readies;
    run(f);
    assert_int_equal(f->heard.readies, readies + 1);
    push_more(&f->heard);
  }
  run(f);
  assert_int_equal(f->server.item_count, 50);
  for (uint32_t i = 0; i < 50; i++) assert_int_equal(f->server.items[i], i);
  assert_int_equal(f->server.ends, 1);
  assert_int_equal(f->heard.kind, MBR_FRAME_OK);
  assert_int_equal(f->heard.value, 50);
  close_fixture(f);
}

static mbr_status answer_early(server *s, mbr_call call, mbr_reader *args) {
  (void)s;
  (void)args;
  return put_u32(call, MBR_FRAME_OK, 5);
}

static void test_an_answer_before_the_stream_parameter_has_ended(void **state) {
  (void)state;
  fixture *f = open_fixture();
  f->server.handle = answer_early;
  assert_int_equal(ask(&f->client, AT_UPLOAD, 1, NULL, &f->heard), MBR_OK);
  run(f);
  assert_int_equal(f->heard.value, 5);
  assert_int_equal(push(f->heard.request, 1), MBR_CLOSED);
  assert_int_equal(mbr_request_end_items(f->heard.request), MBR_CLOSED);
  close_fixture(f);
}

static void test_a_call_with_a_stream_parameter_is_cancelled(void **state) {
  (void)state;
  fixture *f = open_fixture();
  assert_int_equal(ask(&f->client, AT_UPLOAD, 1, NULL, &f->heard), MBR_OK);
  run(f);
  assert_int_equal(push(f->heard.request, 1), MBR_OK);
  run(f);
  assert_int_equal(mbr_request_cancel(f->heard.request), MBR_OK);
  run(f);
  assert_fault(&f->heard, MBR_CANCELLED, "");
  assert_int_equal(f->server.item_count, 1);
  assert_int_equal(f->server.ends, 0);
  close_fixture(f);
}

static void test_only_the_newest_of_a_latest_stream_waits(void **state) {
  (void)state;
  fixture *f = open_fixture();
  f->server.handle = defer;
  assert_int_equal(ask(&f->client, AT_LATEST, 1, NULL, &f->heard), MBR_OK);
  run(f);
  const mbr_call call = f->server.calls[0];
  for (uint32_t i = 1; i <= 5; i++) assert_int_equal(put_u32(call, MBR_FRAME_ITEM, i), MBR_OK);
  run(f);
  assert_int_equal(f->heard.item_count, 2); /* a window of one */
  assert_int_equal(f->heard.items[0], 1);
  assert_int_equal(f->heard.items[1], 5);
  assert_int_equal(put_u32(call, MBR_FRAME_END, 0), MBR_OK);
  run(f);
  assert_int_equal(f->heard.kind, MBR_FRAME_END);
  close_fixture(f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_an_answer),
    cmocka_unit_test(test_an_error_and_a_fault_with_its_text),
    cmocka_unit_test(test_a_oneway_takes_no_request),
    cmocka_unit_test(test_as_many_calls_as_there_is_memory),
    cmocka_unit_test(test_the_handshake_is_checked_before_anything_is_sent),
    cmocka_unit_test(test_a_client_knows_nothing_before_the_handshake),
    cmocka_unit_test(test_a_failed_encoding_sends_nothing),
    cmocka_unit_test(test_large_arguments_travel_in_a_block),
    cmocka_unit_test(test_a_full_outbox_refuses_a_call),
    cmocka_unit_test(test_a_refused_call_hears_why),
    cmocka_unit_test(test_cancelling_tells_both_sides_once),
    cmocka_unit_test(test_an_answer_that_crosses_a_cancel_is_ignored),
    cmocka_unit_test(test_a_deadline_ends_the_call_on_both_sides),
    cmocka_unit_test(test_options_come_before_the_contracts_timeout),
    cmocka_unit_test(test_a_stream_and_its_end),
    cmocka_unit_test(test_credit_comes_back_in_halves_of_the_window),
    cmocka_unit_test(test_a_paused_stream_stops_its_source),
    cmocka_unit_test(test_a_stream_cancelled_by_its_receiver_hears_no_more_items),
    cmocka_unit_test(test_an_item_that_cannot_be_decoded_ends_the_stream),
    cmocka_unit_test(test_an_answer_that_cannot_be_decoded_is_a_fault),
    cmocka_unit_test(test_the_end_of_the_connection_ends_every_call),
    cmocka_unit_test(test_a_call_whose_connection_ends_while_it_is_encoded),
    cmocka_unit_test(test_a_blocking_call_within_one_thread),
    cmocka_unit_test(test_a_blocking_call_always_has_a_deadline),
    cmocka_unit_test(test_only_a_plain_call_can_block),
    cmocka_unit_test(test_a_blocking_call_whose_arena_is_too_small),
    cmocka_unit_test(test_a_handler_may_block_on_a_call_back),
    cmocka_unit_test(test_a_call_from_within_a_callback),
    cmocka_unit_test(test_a_stream_parameter_arrives_whole),
    cmocka_unit_test(test_an_answer_before_the_stream_parameter_has_ended),
    cmocka_unit_test(test_a_call_with_a_stream_parameter_is_cancelled),
    cmocka_unit_test(test_only_the_newest_of_a_latest_stream_waits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
