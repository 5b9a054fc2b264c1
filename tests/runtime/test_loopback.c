/* The loopback itself: what moves when, how time passes, and what its closing tells. */
#include "mbr/pool.h"
#include "request_kit.h"

static mbr_status answer_same(server *s, mbr_call call, mbr_reader *args) {
  uint32_t value = 0;
  (void)s;
  (void)mbr_read_u32(args, &value);
  return put_u32(call, MBR_FRAME_OK, value);
}

static mbr_status defer(server *s, mbr_call call, mbr_reader *args) {
  (void)s;
  (void)args;
  mbr_call_defer(call);
  return MBR_OK;
}

static mbr_loopback *open_loopback(const mbr_loopback_options *options, server *s, client *c) {
  mbr_loopback *l = mbr_loopback_open(options);
  assert_non_null(l);
  assert_int_equal(mbr_peer_serve(mbr_loopback_near(l), &served_service, NULL, s), MBR_OK);
  assert_int_equal(mbr_client_open(&c->base, mbr_loopback_far(l), &known_service, c->compatibility), MBR_OK);
  return l;
}

static void test_each_step_does_one_thing(void **state) {
  (void)state;
  server s = {.handle = answer_same};
  client c = {0};
  heard h = {0};
  mbr_loopback *l = open_loopback(NULL, &s, &c);
  assert_int_equal(mbr_client_compatibility(&c.base, AT_UNARY), MBR_METHOD_ABSENT);
  assert_int_equal(mbr_loopback_run(l), 1); /* what near serves */
  assert_int_equal(mbr_client_compatibility(&c.base, AT_UNARY), MBR_METHOD_COMPATIBLE);
  assert_int_equal(ask(&c, AT_UNARY, 7, NULL, &h), MBR_OK);
  assert_true(mbr_loopback_step(l)); /* the call */
  assert_int_equal(s.started, 0);
  assert_true(mbr_loopback_step(l)); /* its handler */
  assert_int_equal(s.started, 1);
  assert_true(mbr_loopback_step(l)); /* the answer */
  assert_int_equal(h.dones, 0);
  assert_true(mbr_loopback_step(l)); /* its receiver */
  assert_int_equal(h.value, 7);
  assert_false(mbr_loopback_step(l));
  assert_int_equal(mbr_loopback_run(l), 0);
  assert_true(mbr_loopback_close(l));
}

static void test_time_passes_when_it_is_told_to(void **state) {
  (void)state;
  server s = {.handle = defer};
  client c = {0};
  heard h[2] = {0};
  const mbr_request_options late = {.timeout_ms = 1000};
  mbr_loopback *l = open_loopback(NULL, &s, &c);
  mbr_loopback_run(l);
  assert_int_equal(ask(&c, AT_UNARY, 1, &late, &h[0]), MBR_OK);
  assert_int_equal(ask(&c, AT_TIMED, 1, NULL, &h[1]), MBR_OK);
  mbr_loopback_run(l);
  mbr_loopback_advance(l, TIMED_MS);
  assert_int_equal(h[1].fault, MBR_DEADLINE);
  assert_int_equal(h[0].dones, 0);
  mbr_loopback_advance(l, 1000 - TIMED_MS);
  assert_int_equal(h[0].fault, MBR_DEADLINE);
  for (size_t i = 0; i < 2; i++) (void)put_u32(s.calls[i], MBR_FRAME_OK, 1);
  assert_true(mbr_loopback_close(l));
}

static void keep_elapsed(void *arg, const mbr_log_record *record) {
  if (record->elapsed_ms != 0) *(uint64_t *)arg = record->elapsed_ms;
}

/* The side that serves looks at the clock too, which it may not know by a time of 0. */
static void test_calls_made_before_time_has_passed_are_timed(void **state) {
  (void)state;
  uint64_t elapsed = 0;
  server s = {.handle = defer};
  client c = {0};
  heard h = {0};
  mbr_loopback *l = open_loopback(NULL, &s, &c);
  assert_int_equal(mbr_peer_on_log(mbr_loopback_near(l), MBR_LOG_DEBUG, keep_elapsed, &elapsed), MBR_OK);
  mbr_loopback_run(l);
  assert_int_equal(ask(&c, AT_UNARY, 7, NULL, &h), MBR_OK);
  mbr_loopback_run(l);
  mbr_loopback_advance(l, 30);
  assert_int_equal(put_u32(s.calls[0], MBR_FRAME_OK, 1), MBR_OK);
  mbr_loopback_run(l);
  assert_int_equal(elapsed, 30);
  assert_true(mbr_loopback_close(l));
}

static void test_each_side_counts_what_it_serves(void **state) {
  (void)state;
  server s = {.handle = answer_same};
  client c = {0};
  heard h = {0};
  mbr_counters counters;
  mbr_loopback *l = open_loopback(NULL, &s, &c);
  const uint32_t method = known_service.methods[AT_UNARY].id;
  mbr_loopback_run(l);
  assert_int_equal(ask(&c, AT_UNARY, 7, NULL, &h), MBR_OK);
  mbr_loopback_run(l);
  assert_int_equal(mbr_peer_counters(mbr_loopback_near(l), method, &counters), MBR_OK);
  assert_int_equal(counters.calls, 1);
  assert_int_equal(counters.open, 0);
  assert_true(counters.bytes_in != 0 && counters.bytes_out != 0);
  assert_int_equal(mbr_peer_counters(mbr_loopback_far(l), method, &counters), MBR_UNIMPLEMENTED);
  assert_true(mbr_loopback_close(l));
}

static void test_closing_tells_what_was_forgotten(void **state) {
  (void)state;
  server s = {.handle = defer};
  client c = {0};
  heard h = {0};
  mbr_loopback *l = open_loopback(NULL, &s, &c);
  mbr_loopback_run(l);
  assert_int_equal(ask(&c, AT_UNARY, 1, NULL, &h), MBR_OK);
  mbr_loopback_run(l);
  assert_false(mbr_loopback_close(l)); /* the deferred call was not ended */
  assert_int_equal(h.fault, MBR_DISCONNECTED);
  assert_int_equal(put_u32(s.calls[0], MBR_FRAME_OK, 1), MBR_CLOSED);
  assert_int_equal(mbr_loopback_blocks(l), 0);
  assert_true(mbr_loopback_close(l));
}

static void test_calls_of_a_connection_that_has_gone_are_closed(void **state) {
  (void)state;
  server s[2] = {{.handle = answer_same}, {.handle = answer_same}};
  client c[2] = {0};
  heard h[2] = {0};
  mbr_loopback *kept = NULL;
  for (size_t i = 0; i < 2; i++) {
    mbr_loopback *l = open_loopback(NULL, &s[i], &c[i]);
    if (i == 0) kept = l;
    assert_ptr_equal(l, kept); /* no more of them than were open at once */
    mbr_loopback_run(l);
    assert_int_equal(ask(&c[i], AT_UNARY, 5, NULL, &h[i]), MBR_OK);
    mbr_loopback_run(l);
    assert_int_equal(h[i].value, 5);
    assert_int_equal(put_u32(s[0].calls[0], MBR_FRAME_OK, 1), MBR_CLOSED);
    assert_int_equal(mbr_request_cancel(h[0].request), MBR_CLOSED);
    assert_true(mbr_loopback_close(l));
    assert_int_equal(mbr_call_cancelled(s[0].calls[0]), MBR_CANCEL_DISCONNECTED);
    assert_int_equal(mbr_request_cancel(h[0].request), MBR_CLOSED);
  }
}

static void test_sizes_that_cannot_be(void **state) {
  (void)state;
  const mbr_loopback_options odd = {.outbox_size = 1000}, small = {.outbox_size = 64},
                             unaligned = {.storage_size = 40};
  assert_null(mbr_loopback_open(&odd));
  assert_null(mbr_loopback_open(&small));
  assert_null(mbr_loopback_open(&unaligned));
  server s = {.handle = answer_same};
  client c = {0};
  mbr_loopback *l = open_loopback(NULL, &s, &c); /* what failed before is of no harm */
  mbr_loopback_run(l);
  assert_true(mbr_loopback_close(l));
}

static void test_a_slow_side_fills_the_outbox_of_the_other(void **state) {
  (void)state;
  server s = {.handle = defer};
  client c = {0};
  heard h = {0};
  const mbr_loopback_options options = {.outbox_size = 1024};
  const mbr_request_options wide = {.window = 1000};
  mbr_loopback *l = open_loopback(&options, &s, &c);
  mbr_loopback_run(l);
  assert_int_equal(ask(&c, AT_STREAM, 1, &wide, &h), MBR_OK);
  mbr_loopback_run(l);
  uint32_t emitted = 0;
  while (put_u32(s.calls[0], MBR_FRAME_ITEM, emitted) == MBR_OK) emitted++;
  assert_in_range(emitted, 4, 40);
  mbr_loopback_run(l);
  assert_int_equal(h.item_count, emitted);
  assert_int_equal(put_u32(s.calls[0], MBR_FRAME_END, 0), MBR_OK);
  assert_true(mbr_loopback_close(l));
}

static bool is_done(void *arg) { return ((heard *)arg)->dones != 0; }

static void test_handlers_on_an_executor(void **state) {
  (void)state;
  server s = {.handle = answer_same};
  client c = {0};
  heard h[16] = {0};
  mbr_pool pool;
  assert_int_equal(mbr_pool_start(&pool, 2, 0), MBR_OK);
  const mbr_loopback_options options = {.executor = &pool.executor, .real_time = true};
  mbr_loopback *l = open_loopback(&options, &s, &c);
  mbr_loopback_run(l);
  for (uint32_t i = 0; i < 16; i++) assert_int_equal(ask(&c, AT_UNARY, i, NULL, &h[i]), MBR_OK);
  mbr_loopback_run(l); /* ends when no task runs any more */
  for (uint32_t i = 0; i < 16; i++) assert_int_equal(h[i].value, i);
  heard never = {0}, timed = {0};
  s.handle = defer;
  assert_false(mbr_loopback_run_until(l, is_done, &never, 20));
  assert_int_equal(ask_and_wait(&c, AT_TIMED, 1, NULL, &timed), MBR_OK); /* in real time */
  assert_int_equal(timed.fault, MBR_DEADLINE);
  mbr_loopback_run(l);
  (void)put_u32(s.calls[16], MBR_FRAME_OK, 1);
  assert_true(mbr_loopback_close(l));
  mbr_pool_stop(&pool);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_each_step_does_one_thing),
    cmocka_unit_test(test_time_passes_when_it_is_told_to),
    cmocka_unit_test(test_calls_made_before_time_has_passed_are_timed),
    cmocka_unit_test(test_each_side_counts_what_it_serves),
    cmocka_unit_test(test_closing_tells_what_was_forgotten),
    cmocka_unit_test(test_calls_of_a_connection_that_has_gone_are_closed),
    cmocka_unit_test(test_sizes_that_cannot_be),
    cmocka_unit_test(test_a_slow_side_fills_the_outbox_of_the_other),
    cmocka_unit_test(test_handlers_on_an_executor),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
