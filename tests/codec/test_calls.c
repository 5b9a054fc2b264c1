/* Generated services and clients against each other over a loopback: every kind of call, in both directions.
 * Near is the C side, which serves Machine and calls Panel; far plays the other side with what --c-client
 * wrote. */
#include "codec_test.h"

#include "codec_calls.h"
#include "codec_calls_client.h"
#include "mbr/loopback.h"

#define M(name) codec_calls_machine_##name
#define P(name) codec_calls_panel_##name

static struct {
  mbr_loopback *loopback;
  M(client) machine;
  P(client) panel;
  unsigned handled; /* what reached a handler */
  unsigned done;    /* endings that reached a receiver */
  unsigned items;   /* that reached a receiver, or a handler */
  unsigned ready;
} world;

/* Defines a callback that counts the ending and keeps its answer. */
#define KEEP(prefix, method)                                                                                 \
  static prefix(method##_answer) method##_heard;                                                             \
  static void method##_done(void *arg, const prefix(method##_answer) * answer) {                             \
    (void)arg;                                                                                               \
    method##_heard = *answer;                                                                                \
    world.done++;                                                                                            \
  }
#define TO(prefix, method) ((prefix(method##_receiver)){.done = method##_done})

static void run(void) { mbr_loopback_run(world.loopback); }

/* Every test has these: they may not be missing. */
static codec_calls_level on_level_of(void *self, uint32_t value) {
  (void)self;
  return value > 10 ? CODEC_CALLS_LEVEL_HIGH : CODEC_CALLS_LEVEL_LOW;
}

static void on_reset(void *self) {
  (void)self;
  world.handled++;
}

static double on_twice(void *self, double a, int64_t b, uint32_t c) {
  (void)self;
  return 2 * a + (double)b + c;
}

static M(ops) machine_ops(void) {
  return (M(ops)){.level_of = on_level_of, .reset = on_reset, .twice = on_twice};
}

static void connect(const M(ops) * machine, const P(ops) * panel) {
  static const P(ops) nothing;
  memset(&world, 0, sizeof world);
  world.loopback = mbr_loopback_open(NULL);
  assert_non_null(world.loopback);
  mbr_peer *near = mbr_loopback_near(world.loopback), *far = mbr_loopback_far(world.loopback);
  assert_int_equal(M(serve)(near, machine, NULL), MBR_OK);
  assert_int_equal(P(client_open)(&world.panel, near), MBR_OK);
  assert_int_equal(P(serve)(far, panel != NULL ? panel : &nothing, NULL), MBR_OK);
  assert_int_equal(M(client_open)(&world.machine, far), MBR_OK);
  run();
}

static void disconnect(void) { assert_true(mbr_loopback_close(world.loopback)); }

static bool same(mbr_str got, const char *expected) {
  return got.size == strlen(expected) && memcmp(got.data, expected, got.size) == 0;
}

/* A unary call: value, declared error, fault. */

KEEP(M, add)
KEEP(M, divide)

static void on_add(void *self, M(add_call) call, uint8_t a, uint16_t b) {
  (void)self;
  world.handled++;
  assert_int_equal(M(add_ok)(call, (uint32_t)a + b), MBR_OK);
  assert_int_equal(M(add_ok)(call, 0), MBR_CLOSED);
}

static void on_divide(void *self, M(divide_call) call, int32_t a, int32_t b) {
  (void)self;
  if (b == 0)
    (void)M(divide_err)(call, CODEC_CALLS_TROUBLE_LIMIT(7));
  else if (b > 0)
    (void)M(divide_ok)(call, a / b);
}

static void a_call_ends_with_its_value_its_error_or_a_fault(void **state) {
  (void)state;
  M(ops) ops = machine_ops();
  ops.add = on_add;
  ops.divide = on_divide;
  connect(&ops, NULL);
  assert_int_equal(M(add_send)(&world.machine, 200, 1000, TO(M, add), NULL, NULL), MBR_OK);
  assert_int_equal(world.done, 0);
  run();
  assert_int_equal(world.done, 1);
  assert_int_equal(add_heard.outcome, MBR_OUTCOME_OK);
  assert_int_equal(add_heard.value, 1200);
  assert_int_equal(M(divide_send)(&world.machine, -9, 3, TO(M, divide), NULL, NULL), MBR_OK);
  run();
  assert_int_equal(divide_heard.outcome, MBR_OUTCOME_OK);
  assert_int_equal(divide_heard.value, -3);
  assert_int_equal(M(divide_send)(&world.machine, 9, 0, TO(M, divide), NULL, NULL), MBR_OK);
  run();
  assert_int_equal(divide_heard.outcome, MBR_OUTCOME_ERROR);
  assert_int_equal(divide_heard.error.tag, CODEC_CALLS_TROUBLE_TAG_LIMIT);
  assert_int_equal(divide_heard.error.as.limit.max, 7);
  assert_int_equal(M(divide_send)(&world.machine, 9, -1, TO(M, divide), NULL, NULL), MBR_OK);
  run();
  assert_int_equal(divide_heard.outcome, MBR_OUTCOME_FAULT);
  assert_int_equal(divide_heard.fault, MBR_DROPPED);
  assert_int_equal(world.done, 4);
  disconnect();
}

KEEP(M, maybe)
KEEP(M, corners)
KEEP(M, wait_for)

static void on_maybe(void *self, M(maybe_call) call, bool has) {
  (void)self;
  (void)M(maybe_ok)(call, has, 300);
}

static void on_corners(void *self, M(corners_call) call, float size) {
  (void)self;
  const codec_units_point corners[2] = {{0, 0}, {size, size}};
  (void)M(corners_ok)(call, corners);
}

static void answers_hold_optionals_and_arrays(void **state) {
  (void)state;
  M(ops) ops = machine_ops();
  ops.maybe = on_maybe;
  ops.corners = on_corners;
  connect(&ops, NULL);
  assert_int_equal(M(maybe_send)(&world.machine, true, TO(M, maybe), NULL, NULL), MBR_OK);
  run();
  assert_true(maybe_heard.has_value && maybe_heard.value == 300);
  assert_int_equal(M(maybe_send)(&world.machine, false, TO(M, maybe), NULL, NULL), MBR_OK);
  run();
  assert_false(maybe_heard.has_value);
  assert_int_equal(M(corners_send)(&world.machine, 2.5f, TO(M, corners), NULL, NULL), MBR_OK);
  run();
  assert_true(corners_heard.value[0].x == 0.0f && corners_heard.value[1].y == 2.5f);
  disconnect();
}

static void describe_done(void *arg, const M(describe_answer) * answer) {
  (void)arg;
  world.done++;
  assert_int_equal(answer->outcome, MBR_OUTCOME_OK);
  assert_true(same(answer->value.name, "second"));
  assert_null(answer->value.next);
}

static void on_describe(void *self, M(describe_call) call, const codec_calls_track *track,
                        const codec_units_label *label, const uint8_t rgb[3]) {
  (void)self;
  world.handled++;
  assert_int_equal(rgb[2], 3);
  assert_true(same(track->name, "first"));
  assert_true(track->points.items[1].y == 4.0f);
  if (label != NULL) assert_true(same(label->text, "tag"));
  (void)M(describe_ok)(call, track->next);
}

static void structures_travel_both_ways(void **state) {
  (void)state;
  static const codec_units_point points[] = {{1, 2}, {3, 4}};
  static const uint8_t rgb[] = {1, 2, 3};
  M(ops) ops = machine_ops();
  ops.describe = on_describe;
  connect(&ops, NULL);
  const codec_calls_track second = {.name = str("second")};
  const codec_calls_track first = {.name = str("first"), .points = {points, 2}, .next = &second};
  const codec_units_label label = {.text = str("tag")};
  const M(describe_receiver) to = {.done = describe_done};
  assert_int_equal(M(describe_send)(&world.machine, &first, &label, rgb, to, NULL, NULL), MBR_OK);
  assert_int_equal(M(describe_send)(&world.machine, &first, NULL, rgb, to, NULL, NULL), MBR_OK);
  run();
  assert_int_equal(world.handled, 2);
  assert_int_equal(world.done, 2);
  disconnect();
}

static void a_refused_argument_sends_nothing(void **state) {
  (void)state;
  M(ops) ops = machine_ops();
  connect(&ops, NULL);
  assert_int_equal(M(wait_for_send)(&world.machine, 9, TO(M, wait_for), NULL, NULL), MBR_BAD_ENUM);
  assert_int_equal(P(chat_send)(&world.panel, 101, (P(chat_receiver)){0}, NULL, NULL), MBR_BAD_RANGE);
  const codec_calls_track long_name = {.name = str("more than 16 bytes")};
  assert_int_equal(P(show_send)(&world.panel, &long_name, (P(show_receiver)){0}, NULL, NULL), MBR_BAD_LENGTH);
  run();
  assert_int_equal(world.done, 0);
  disconnect();
}

static M(wait_for_call) held;

static void hold(void *self, M(wait_for_call) call, codec_calls_level level) {
  (void)self;
  assert_int_equal(level, CODEC_CALLS_LEVEL_HIGH);
  mbr_call_defer(call.base);
  held = call;
}

static void a_call_may_be_answered_later(void **state) {
  (void)state;
  M(ops) ops = machine_ops();
  ops.wait_for = hold;
  connect(&ops, NULL);
  assert_int_equal(M(wait_for_send)(&world.machine, CODEC_CALLS_LEVEL_HIGH, TO(M, wait_for), NULL, NULL),
                   MBR_OK);
  run();
  assert_int_equal(world.done, 0);
  assert_int_equal(M(wait_for_ok)(held), MBR_OK);
  run();
  assert_int_equal(wait_for_heard.outcome, MBR_OUTCOME_OK);
  assert_int_equal(world.done, 1);
  disconnect();
}

static void on_cancel(void *arg, mbr_cancel_reason reason) { *(mbr_cancel_reason *)arg = reason; }

static void a_request_can_be_cancelled(void **state) {
  (void)state;
  M(ops) ops = machine_ops();
  M(wait_for_request) request;
  mbr_cancel_reason reason = MBR_CANCEL_NONE;
  ops.wait_for = hold;
  connect(&ops, NULL);
  assert_int_equal(M(wait_for_send)(&world.machine, CODEC_CALLS_LEVEL_HIGH, TO(M, wait_for), NULL, &request),
                   MBR_OK);
  run();
  assert_int_equal(mbr_call_on_cancel(held.base, on_cancel, &reason), MBR_OK);
  assert_int_equal(mbr_request_cancel(request.base), MBR_OK);
  run();
  assert_int_equal(wait_for_heard.outcome, MBR_OUTCOME_FAULT);
  assert_int_equal(wait_for_heard.fault, MBR_CANCELLED);
  assert_int_equal(reason, MBR_CANCEL_CANCELLED);
  assert_int_equal(mbr_request_cancel(request.base), MBR_CLOSED);
  assert_int_equal(M(wait_for_ok)(held), MBR_CLOSED);
  assert_int_equal(world.done, 1);
  disconnect();
}

static void a_method_without_handler_is_unimplemented(void **state) {
  (void)state;
  M(ops) ops = machine_ops();
  connect(&ops, NULL);
  assert_int_equal(M(add_send)(&world.machine, 1, 2, TO(M, add), NULL, NULL), MBR_OK);
  run();
  assert_int_equal(add_heard.outcome, MBR_OUTCOME_FAULT);
  assert_int_equal(add_heard.fault, MBR_UNIMPLEMENTED);
  disconnect();
}

static void a_client_without_a_service_sends_nothing(void **state) {
  (void)state;
  M(client) machine = {0};
  memset(&world, 0, sizeof world);
  world.loopback = mbr_loopback_open(NULL);
  assert_int_equal(M(client_open)(&machine, mbr_loopback_far(world.loopback)), MBR_OK);
  run();
  assert_int_equal(M(add_send)(&machine, 1, 2, TO(M, add), NULL, NULL), MBR_UNIMPLEMENTED);
  assert_int_equal(M(nudge_send)(&machine, 1, NULL), MBR_UNIMPLEMENTED);
  run();
  assert_int_equal(world.done, 0);
  disconnect();
}

static void on_nudge(void *self, M(nudge_call) call, int16_t steps) {
  (void)self;
  assert_int_equal(steps, -3);
  world.handled++;
  assert_int_equal(M(nudge_ok)(call), MBR_OK);
}

static void a_oneway_arrives(void **state) {
  (void)state;
  M(ops) ops = machine_ops();
  ops.nudge = on_nudge;
  connect(&ops, NULL);
  assert_int_equal(M(nudge_send)(&world.machine, -3, NULL), MBR_OK);
  run();
  assert_int_equal(world.handled, 1);
  disconnect();
}

/* Blocking calls; a loopback moves frames while one waits. */

static void a_blocking_call_fills_in_its_answer(void **state) {
  (void)state;
  static const uint8_t rgb[] = {1, 2, 3};
  static const codec_units_point points[] = {{1, 2}, {3, 4}};
  _Alignas(8) uint8_t memory[1024];
  mbr_arena arena;
  M(ops) ops = machine_ops();
  ops.divide = on_divide;
  ops.describe = on_describe;
  connect(&ops, NULL);
  M(divide_answer) quotient;
  mbr_arena_init(&arena, memory, sizeof memory);
  assert_int_equal(M(divide_wait)(&world.machine, 12, 4, NULL, &arena, &quotient), MBR_OK);
  assert_int_equal(quotient.value, 3);
  assert_int_equal(M(divide_wait)(&world.machine, 12, 0, NULL, &arena, &quotient), MBR_OK);
  assert_int_equal(quotient.outcome, MBR_OUTCOME_ERROR);
  const codec_calls_track second = {.name = str("second"), .points = {points, 2}};
  const codec_calls_track first = {.name = str("first"), .points = {points, 2}, .next = &second};
  M(describe_answer) described;
  assert_int_equal(M(describe_wait)(&world.machine, &first, NULL, rgb, NULL, &arena, &described), MBR_OK);
  assert_int_equal(described.outcome, MBR_OUTCOME_OK);
  run();
  assert_true(same(described.value.name, "second"));
  assert_true(described.value.points.items[1].x == 3.0f);
  assert_true((const uint8_t *)described.value.name.data >= memory &&
              (const uint8_t *)described.value.name.data < memory + sizeof memory);
  disconnect();
}

/* Streams. */

KEEP(M, count)

static void on_count(void *self, M(count_call) call, uint32_t to) {
  (void)self;
  for (uint32_t i = 0; i < to; i++) assert_int_equal(M(count_emit)(call, i), MBR_OK);
  assert_int_equal(M(count_end)(call), MBR_OK);
  assert_int_equal(M(count_emit)(call, 0), MBR_CLOSED);
}

static void count_item(void *arg, uint32_t item) {
  (void)arg;
  assert_int_equal(item, world.items++);
}

static const M(count_receiver) counting = {.item = count_item, .done = count_done};

static void a_stream_brings_its_items_and_then_its_end(void **state) {
  (void)state;
  M(ops) ops = machine_ops();
  ops.count = on_count;
  connect(&ops, NULL);
  assert_int_equal(M(count_send)(&world.machine, 20, counting, NULL, NULL), MBR_OK);
  run();
  assert_int_equal(world.items, 20);
  assert_int_equal(world.done, 1);
  assert_int_equal(count_heard.outcome, MBR_OUTCOME_OK);
  disconnect();
}

/* Emits numbers for as long as it may, and goes on when it may again. */
static struct {
  M(count_call) call;
  uint32_t next, last;
} source;

static void emit_some(void *arg) {
  (void)arg;
  world.ready++;
  while (source.next < source.last) {
    mbr_status status = M(count_emit)(source.call, source.next);
    if (status == MBR_WOULD_BLOCK) {
      assert_int_equal(mbr_call_on_ready(source.call.base, emit_some, NULL), MBR_OK);
      return;
    }
    assert_int_equal(status, MBR_OK);
    source.next++;
  }
  assert_int_equal(M(count_end)(source.call), MBR_OK);
}

static void start_source(void *self, M(count_call) call, uint32_t to) {
  (void)self;
  mbr_call_defer(call.base);
  source.call = call;
  source.next = 0;
  source.last = to;
  emit_some(NULL);
}

static void a_window_holds_back_the_source(void **state) {
  (void)state;
  const mbr_request_options two = {.window = 2};
  M(ops) ops = machine_ops();
  ops.count = start_source;
  connect(&ops, NULL);
  assert_int_equal(M(count_send)(&world.machine, 50, counting, &two, NULL), MBR_OK);
  run();
  assert_int_equal(world.items, 50);
  assert_int_equal(world.done, 1);
  assert_true(world.ready > 5);
  disconnect();
}

KEEP(M, position)

static M(position_call) emitter;

static void keep_position(void *self, M(position_call) call) {
  (void)self;
  mbr_call_defer(call.base);
  emitter = call;
}

static void position_item(void *arg, const codec_units_point *item) {
  float *last = arg;
  assert_true(item->x > *last);
  *last = item->x;
  world.items++;
}

static void the_latest_item_is_not_lost(void **state) {
  (void)state;
  float last = -1;
  M(ops) ops = machine_ops();
  ops.position = keep_position;
  connect(&ops, NULL);
  const M(position_receiver) to = {.item = position_item, .done = position_done, .arg = &last};
  assert_int_equal(M(position_send)(&world.machine, to, NULL, NULL), MBR_OK);
  run();
  for (int i = 0; i < 10; i++) {
    const codec_units_point point = {(float)i, 0};
    assert_int_equal(M(position_emit)(emitter, &point), MBR_OK);
  }
  assert_int_equal(mbr_call_dropped(emitter.base), 8);
  run();
  assert_true(last == 9.0f);
  assert_int_equal(world.items, 2);
  assert_int_equal(M(position_err)(emitter, CODEC_CALLS_TROUBLE_BUSY), MBR_OK);
  run();
  assert_int_equal(position_heard.outcome, MBR_OUTCOME_ERROR);
  assert_int_equal(position_heard.error.tag, CODEC_CALLS_TROUBLE_TAG_BUSY);
  disconnect();
}

KEEP(M, pairs)

static void on_pairs(void *self, M(pairs_call) call) {
  (void)self;
  for (uint8_t i = 0; i < 2; i++) {
    const uint8_t pair[2] = {i, (uint8_t)(i + 1)};
    assert_int_equal(M(pairs_emit)(call, pair), MBR_OK);
  }
  const uint8_t third[2] = {0};
  assert_int_equal(M(pairs_emit)(call, third), MBR_WOULD_BLOCK);
  assert_int_equal(M(pairs_end)(call), MBR_OK);
}

static void pairs_item(void *arg, const uint8_t item[2]) {
  (void)arg;
  assert_int_equal(item[0], world.items);
  assert_int_equal(item[1], ++world.items);
}

static void a_contract_sets_the_window(void **state) {
  (void)state;
  M(ops) ops = machine_ops();
  ops.pairs = on_pairs;
  connect(&ops, NULL);
  const M(pairs_receiver) to = {.item = pairs_item, .done = pairs_done};
  assert_int_equal(M(pairs_send)(&world.machine, to, NULL, NULL), MBR_OK);
  run();
  assert_int_equal(world.items, 2);
  assert_int_equal(world.done, 1);
  disconnect();
}

/* Streams of the caller's. */

KEEP(M, import_log)
KEEP(M, sink)

typedef struct log_state {
  uint32_t lines;
  bool refuse_second;
} log_state;

static log_state imported;

static void on_import_log(void *self, M(import_log_call) call, mbr_str title) {
  (void)self;
  assert_true(same(title, "log"));
  mbr_call_set_context(call.base, &imported);
}

static void on_line(void *self, M(import_log_call) call, mbr_str item) {
  log_state *log = mbr_call_context(call.base);
  (void)self;
  assert_int_equal(item.size, 1);
  assert_int_equal(item.data[0], 'a' + (int)log->lines);
  log->lines++;
  if (log->refuse_second && log->lines == 2) (void)M(import_log_err)(call, CODEC_CALLS_TROUBLE_LIMIT(2));
}

static void on_lines_end(void *self, M(import_log_call) call) {
  const log_state *log = mbr_call_context(call.base);
  (void)self;
  (void)M(import_log_ok)(call, log->lines);
}

static M(ops) importing(void) {
  M(ops) ops = machine_ops();
  ops.import_log = on_import_log;
  ops.import_log_lines = on_line;
  ops.import_log_lines_end = on_lines_end;
  return ops;
}

static void items_of_a_parameter_reach_their_handler(void **state) {
  (void)state;
  M(ops) ops = importing();
  M(import_log_request) request;
  imported = (log_state){0};
  connect(&ops, NULL);
  assert_int_equal(M(import_log_send)(&world.machine, str("log"), TO(M, import_log), NULL, &request), MBR_OK);
  run();
  assert_int_equal(M(import_log_push)(request, str("a")), MBR_OK);
  assert_int_equal(M(import_log_push)(request, str("b")), MBR_OK);
  assert_int_equal(M(import_log_push)(request, str("too long.")), MBR_BAD_LENGTH);
  assert_int_equal(M(import_log_push)(request, str("c")), MBR_OK);
  run();
  assert_int_equal(imported.lines, 3);
  assert_int_equal(world.done, 0);
  assert_int_equal(M(import_log_push_end)(request), MBR_OK);
  assert_int_equal(M(import_log_push)(request, str("d")), MBR_CLOSED);
  run();
  assert_int_equal(world.done, 1);
  assert_int_equal(import_log_heard.value, 3);
  disconnect();
}

static void an_early_ending_stops_the_items(void **state) {
  (void)state;
  M(ops) ops = importing();
  M(import_log_request) request;
  imported = (log_state){.refuse_second = true};
  connect(&ops, NULL);
  assert_int_equal(M(import_log_send)(&world.machine, str("log"), TO(M, import_log), NULL, &request), MBR_OK);
  run();
  for (unsigned i = 0; i < 3; i++)
    assert_int_equal(M(import_log_push)(request, (mbr_str){&"abc"[i], 1}), MBR_OK);
  run();
  assert_int_equal(imported.lines, 2);
  assert_int_equal(import_log_heard.outcome, MBR_OUTCOME_ERROR);
  assert_int_equal(import_log_heard.error.as.limit.max, 2);
  assert_int_equal(M(import_log_push)(request, str("d")), MBR_CLOSED);
  assert_int_equal(M(import_log_push_end)(request), MBR_CLOSED);
  assert_int_equal(world.done, 1);
  disconnect();
}

static void a_method_without_its_item_handler_is_unimplemented(void **state) {
  (void)state;
  M(ops) ops = importing();
  ops.import_log_lines = NULL;
  connect(&ops, NULL);
  assert_int_equal(M(import_log_send)(&world.machine, str("log"), TO(M, import_log), NULL, NULL), MBR_OK);
  run();
  assert_int_equal(import_log_heard.fault, MBR_UNIMPLEMENTED);
  disconnect();
}

static void on_sink(void *self, M(sink_call) call) { (void)self, (void)call; }

static void on_mark(void *self, M(sink_call) call, bool has_item, codec_calls_marks item) {
  (void)self, (void)call;
  world.items++;
  assert_int_equal(has_item, world.items == 1);
  if (has_item) assert_int_equal(item, CODEC_CALLS_MARKS_SECOND);
}

static void on_marks_end(void *self, M(sink_call) call) {
  (void)self;
  assert_int_equal(M(sink_ok)(call), MBR_OK);
}

static void items_may_be_absent_values(void **state) {
  (void)state;
  M(ops) ops = machine_ops();
  M(sink_request) request;
  ops.sink = on_sink;
  ops.sink_marks = on_mark;
  ops.sink_marks_end = on_marks_end;
  connect(&ops, NULL);
  assert_int_equal(M(sink_send)(&world.machine, TO(M, sink), NULL, &request), MBR_OK);
  run();
  assert_int_equal(M(sink_push)(request, true, CODEC_CALLS_MARKS_SECOND), MBR_OK);
  assert_int_equal(M(sink_push)(request, false, 0), MBR_OK);
  assert_int_equal(M(sink_push_end)(request), MBR_OK);
  run();
  assert_int_equal(world.items, 2);
  assert_int_equal(sink_heard.outcome, MBR_OUTCOME_OK);
  disconnect();
}

KEEP(M, mix)

static void on_mix(void *self, M(mix_call) call, float gain) {
  (void)self;
  assert_true(gain == 2.0f);
  (void)M(mix_emit)(call, -1);
}

static void on_samples(void *self, M(mix_call) call, const mbr_list_i16 *item) {
  int32_t sum = 0;
  (void)self;
  for (size_t i = 0; i < item->count; i++) sum += 2 * item->items[i];
  assert_int_equal(M(mix_emit)(call, sum), MBR_OK);
}

static void on_samples_end(void *self, M(mix_call) call) {
  (void)self;
  assert_int_equal(M(mix_end)(call), MBR_OK);
}

static void mix_item(void *arg, int32_t item) {
  int32_t *sum = arg;
  *sum += item;
  world.items++;
}

static M(mix_request) mixing;

static void mix_ready(void *arg) {
  (void)arg;
  world.ready++;
}

static void items_flow_both_ways_within_their_windows(void **state) {
  (void)state;
  static const int16_t numbers[] = {1, 2, 3};
  const mbr_list_i16 samples = {numbers, 3};
  const mbr_request_options wide = {.window = 20};
  int32_t sum = 0;
  M(ops) ops = machine_ops();
  ops.mix = on_mix;
  ops.mix_samples = on_samples;
  ops.mix_samples_end = on_samples_end;
  connect(&ops, NULL);
  const M(mix_receiver) to = {.item = mix_item, .done = mix_done, .ready = mix_ready, .arg = &sum};
  assert_int_equal(M(mix_send)(&world.machine, 2.0f, to, &wide, &mixing), MBR_OK);
  unsigned blocked = 0;
  for (unsigned sent = 0; sent < 10;) {
    mbr_status status = M(mix_push)(mixing, &samples);
    if (status == MBR_OK) {
      sent++;
      continue;
    }
    assert_int_equal(status, MBR_WOULD_BLOCK);
    blocked++;
    run();
    assert_int_equal(world.ready, blocked);
  }
  assert_true(blocked >= 3); /* three at a time */
  assert_int_equal(M(mix_push_end)(mixing), MBR_OK);
  run();
  assert_int_equal(world.items, 11);
  assert_int_equal(sum, 119);
  assert_int_equal(world.done, 1);
  disconnect();
}

/* Bytes written in place. */

static void on_blob(void *self, M(blob_call) call, uint32_t size) {
  mbr_writer w;
  uint8_t *data;
  (void)self;
  assert_int_equal(M(blob_ok_begin)(call, size, &data, &w), MBR_OK);
  for (uint32_t i = 0; i < size; i++) data[i] = (uint8_t)(i * 7);
  assert_int_equal(M(blob_ok_commit)(call, &w), MBR_OK);
}

static void blob_done(void *arg, const M(blob_answer) * answer) {
  const uint32_t *size = arg;
  world.done++;
  assert_int_equal(answer->outcome, MBR_OUTCOME_OK);
  assert_int_equal(answer->value.size, *size);
  for (uint32_t i = 0; i < *size; i++) assert_int_equal(answer->value.data[i], (uint8_t)(i * 7));
}

static void bytes_are_written_in_place(void **state) {
  (void)state;
  static const uint32_t sizes[] = {0, 1, 1000, 300000};
  M(ops) ops = machine_ops();
  ops.blob = on_blob;
  connect(&ops, NULL);
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    uint32_t size = sizes[i];
    const M(blob_receiver) to = {.done = blob_done, .arg = &size};
    assert_int_equal(M(blob_send)(&world.machine, size, to, NULL, NULL), MBR_OK);
    run();
    assert_int_equal(world.done, i + 1);
  }
  disconnect();
}

KEEP(M, small_blob)

static void on_small_blob(void *self, M(small_blob_call) call, uint32_t size) {
  static const uint8_t four[] = {1, 2, 3, 4};
  mbr_writer w;
  uint8_t *data;
  (void)self;
  assert_int_equal(M(small_blob_ok_begin)(call, size, &data, &w), MBR_BAD_LENGTH);
  assert_int_equal(M(small_blob_ok)(call, (mbr_bytes){four, 4}), MBR_OK);
}

static void too_many_bytes_leave_the_call_open(void **state) {
  (void)state;
  M(ops) ops = machine_ops();
  ops.small_blob = on_small_blob;
  connect(&ops, NULL);
  assert_int_equal(M(small_blob_send)(&world.machine, 5, TO(M, small_blob), NULL, NULL), MBR_OK);
  run();
  assert_int_equal(small_blob_heard.outcome, MBR_OUTCOME_OK);
  assert_int_equal(small_blob_heard.value.size, 4);
  disconnect();
}

/* Sync methods. */

static uint32_t id_of(const char *name) {
  uint32_t hash = 2166136261u;
  for (; *name != '\0'; name++) hash = (hash ^ (uint8_t)*name) * 16777619u;
  return hash;
}

static void (*direct(const char *name, const mbr_target **target))(void) {
  void (*function)(void) = NULL;
  assert_true(mbr_peer_direct(mbr_loopback_near(world.loopback), id_of(name), &function, target));
  return function;
}

static void scalars_are_called_without_frames(void **state) {
  (void)state;
  M(ops) ops = machine_ops();
  const mbr_target *target;
  connect(&ops, NULL);
  void (*function)(void) = direct("codec.calls.Machine.twice", &target);
  assert_true(((double (*)(const mbr_target *, double, int64_t, uint32_t))function)(target, 1.5, 4, 'a') ==
              104.0);
  function = direct("codec.calls.Machine.level_of", &target);
  assert_int_equal(((codec_calls_level(*)(const mbr_target *, uint32_t))function)(target, 11),
                   CODEC_CALLS_LEVEL_HIGH);
  function = direct("codec.calls.Machine.reset", &target);
  ((void (*)(const mbr_target *))function)(target);
  assert_int_equal(world.handled, 1);
  assert_false(mbr_peer_direct(mbr_loopback_near(world.loopback), id_of("codec.calls.Machine.name_of"),
                               &function, &target));
  disconnect();
}

static void a_direct_handler_may_not_be_missing(void **state) {
  (void)state;
  M(ops) ops = machine_ops();
  memset(&world, 0, sizeof world);
  world.loopback = mbr_loopback_open(NULL);
  ops.reset = NULL;
  assert_int_equal(M(serve)(mbr_loopback_near(world.loopback), &ops, NULL), MBR_MISUSE);
  disconnect();
}

static void on_name_of(void *self, M(name_of_call) call, codec_calls_level level) {
  (void)self;
  if (level == CODEC_CALLS_LEVEL_HIGH) assert_int_equal(M(name_of_ok)(call, str("high")), MBR_OK);
}

static void on_checked(void *self, M(checked_call) call, uint8_t value) {
  (void)self;
  if (value > 9)
    (void)M(checked_err)(call, CODEC_CALLS_TROUBLE_LIMIT(9));
  else
    (void)M(checked_ok)(call, value);
}

/* Calls codec.calls.Machine.`name` and waits for it, as a transport within the process does. */
static mbr_frame_kind call_sync(const char *name, const void *args, size_t size, const char *bytes,
                                size_t count) {
  _Alignas(8) uint8_t data[MBR_FRAME_HEADER_SIZE + MBR_CALL_PREFIX_SIZE + 64] = {0};
  _Alignas(8) uint8_t buffer[128];
  char full[64] = "codec.calls.Machine.";
  const size_t before = MBR_FRAME_HEADER_SIZE + MBR_CALL_PREFIX_SIZE;
  mbr_answer answer = {.buffer = buffer, .capacity = sizeof buffer};
  mbr_frame frame = {
      .size = (uint32_t)(before + size), .kind = MBR_FRAME_CALL, .flags = MBR_FRAME_FROM_CALLER};
  strcat(full, name);
  frame.method = id_of(full);
  frame.call = 1;
  mbr_frame_write(data, &frame);
  memcpy(data + before, args, size);
  assert_int_equal(mbr_peer_receive_sync(mbr_loopback_near(world.loopback), data, before + size, &answer),
                   MBR_OK);
  assert_false(answer.is_block);
  assert_int_equal(mbr_frame_read(&frame, answer.frame, answer.size), MBR_OK);
  if (bytes != NULL) {
    assert_int_equal(frame.size - MBR_FRAME_HEADER_SIZE, count);
    assert_memory_equal(answer.frame + MBR_FRAME_HEADER_SIZE, bytes, count);
  }
  return (mbr_frame_kind)frame.kind;
}

static void sync_methods_answer_before_they_return(void **state) {
  (void)state;
  M(ops) ops = machine_ops();
  ops.name_of = on_name_of;
  ops.checked = on_checked;
  connect(&ops, NULL);
  assert_int_equal(call_sync("name_of", "\1\0\0", 4, "\4\0\0\0\0\0\0\0high", 12), MBR_FRAME_OK);
  assert_int_equal(call_sync("name_of", "\0\0\0", 4, "\25\0\0\0\0\0\0\0\0\0\0\0", 12),
                   MBR_FRAME_FAULT); /* MBR_DROPPED */
  assert_int_equal(call_sync("checked", "\7", 1, "\7", 1), MBR_FRAME_OK);
  assert_int_equal(call_sync("checked", "\12", 1, "\1\0\0\0\11\0", 6), MBR_FRAME_ERR);
  assert_int_equal(call_sync("level_of", "\13\0\0", 4, "\1\0\0", 4), MBR_FRAME_OK);
  assert_int_equal(call_sync("reset", "", 0, "", 0), MBR_FRAME_OK);
  assert_int_equal(world.handled, 1);
  disconnect();
}

KEEP(M, name_of)
KEEP(M, checked)
KEEP(M, twice)
KEEP(M, reset)

static void a_client_calls_sync_methods_like_others(void **state) {
  (void)state;
  _Alignas(8) uint8_t memory[64];
  mbr_arena arena;
  M(ops) ops = machine_ops();
  ops.name_of = on_name_of;
  ops.checked = on_checked;
  connect(&ops, NULL);
  assert_int_equal(M(twice_send)(&world.machine, 1.5, 4, 'a', TO(M, twice), NULL, NULL), MBR_OK);
  assert_int_equal(M(reset_send)(&world.machine, TO(M, reset), NULL, NULL), MBR_OK);
  assert_int_equal(M(name_of_send)(&world.machine, CODEC_CALLS_LEVEL_LOW, TO(M, name_of), NULL, NULL),
                   MBR_OK);
  assert_int_equal(M(checked_send)(&world.machine, 10, TO(M, checked), NULL, NULL), MBR_OK);
  run();
  assert_true(twice_heard.outcome == MBR_OUTCOME_OK && twice_heard.value == 104.0);
  assert_int_equal(reset_heard.outcome, MBR_OUTCOME_OK);
  assert_int_equal(name_of_heard.fault, MBR_DROPPED);
  assert_int_equal(checked_heard.outcome, MBR_OUTCOME_ERROR);
  assert_int_equal(world.done, 4);
  M(name_of_answer) name;
  mbr_arena_init(&arena, memory, sizeof memory);
  assert_int_equal(M(name_of_wait)(&world.machine, CODEC_CALLS_LEVEL_HIGH, NULL, &arena, &name), MBR_OK);
  assert_true(same(name.value, "high"));
  disconnect();
}

/* Names that generated functions use themselves. */

static void on_names_call(void *self, codec_calls_names_call_call call, uint8_t client, uint8_t receiver,
                          uint8_t options, uint8_t request, uint8_t arena, mbr_str answer, uint8_t w,
                          uint8_t size, uint8_t made, uint8_t status, uint8_t to) {
  static const uint8_t expected[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  const uint8_t got[] = {client, receiver, options, request, arena, w, size, made, status, to};
  (void)self;
  assert_memory_equal(got, expected, sizeof expected);
  assert_true(same(answer, "answer"));
  (void)codec_calls_names_call_ok(call, 11);
}

static uint8_t on_names_direct(void *self, uint8_t target, uint8_t ops, uint8_t handlers, uint8_t w,
                               uint8_t status, uint8_t writer, uint8_t r, uint8_t p, uint8_t result) {
  (void)self;
  return (uint8_t)(target + ops * 2 + handlers * 3 + w * 4 + status * 5 + writer * 6 + r * 7 + p * 8 +
                   result * 9);
}

static void names_call_done(void *arg, const codec_calls_names_call_answer *answer) {
  (void)arg;
  world.done++;
  assert_int_equal(answer->value, 11);
}

static void arguments_may_have_any_name(void **state) {
  (void)state;
  static const codec_calls_names_ops ops = {.call = on_names_call, .direct = on_names_direct};
  codec_calls_names_client client = {0};
  memset(&world, 0, sizeof world);
  world.loopback = mbr_loopback_open(NULL);
  assert_int_equal(codec_calls_names_serve(mbr_loopback_near(world.loopback), &ops, NULL), MBR_OK);
  assert_int_equal(codec_calls_names_client_open(&client, mbr_loopback_far(world.loopback)), MBR_OK);
  run();
  const codec_calls_names_call_receiver to = {.done = names_call_done};
  assert_int_equal(
      codec_calls_names_call_send(&client, 1, 2, 3, 4, 5, str("answer"), 6, 7, 8, 9, 10, to, NULL, NULL),
      MBR_OK);
  run();
  assert_int_equal(world.done, 1);
  disconnect();
}

/* Topics. */

static M(count_topic) topic;

static void on_subscribe(void *self, M(count_call) call, uint32_t to) {
  (void)self, (void)to;
  assert_int_equal(M(count_subscribe)(&topic, call), MBR_OK);
}

static void sum_item(void *arg, uint32_t item) { *(uint32_t *)arg += item; }

static void a_topic_reaches_every_subscriber(void **state) {
  (void)state;
  uint8_t values[2 * CODEC_CALLS_MACHINE_COUNT_ITEM_MAX_SIZE];
  mbr_call subscribers[4];
  uint32_t first = 0, second = 0;
  M(ops) ops = machine_ops();
  ops.count = on_subscribe;
  connect(&ops, NULL);
  topic = (M(count_topic)){
      .base = {
          .subscribers = subscribers, .capacity = 4, .values = values, .value_capacity = sizeof values / 2}};
  const M(count_receiver) to_first = {.item = sum_item, .done = count_done, .arg = &first};
  const M(count_receiver) to_second = {.item = sum_item, .done = count_done, .arg = &second};
  assert_int_equal(M(count_send)(&world.machine, 0, to_first, NULL, NULL), MBR_OK);
  run();
  assert_int_equal(M(count_publish)(&topic, 5), MBR_OK);
  run();
  assert_int_equal(first, 5);
  assert_int_equal(M(count_send)(&world.machine, 0, to_second, NULL, NULL), MBR_OK);
  run();
  assert_int_equal(second, 5);
  assert_int_equal(M(count_publish)(&topic, 7), MBR_OK);
  run();
  assert_int_equal(first, 12);
  assert_int_equal(second, 12);
  mbr_topic_close(&topic.base);
  run();
  assert_int_equal(world.done, 2);
  assert_int_equal(count_heard.outcome, MBR_OUTCOME_OK);
  disconnect();
}

/* Calls of the service that the other side has. */

KEEP(P, confirm)
KEEP(P, keys)
KEEP(P, draw)
KEEP(P, chat)
KEEP(P, show)

static void on_confirm(void *self, P(confirm_call) call, mbr_str text, codec_calls_level level) {
  (void)self;
  if (same(text, "trouble"))
    (void)P(confirm_err)(call, CODEC_CALLS_TROUBLE_LIMIT(3));
  else
    (void)P(confirm_ok)(call, level == CODEC_CALLS_LEVEL_HIGH);
}

static void c_calls_the_other_side(void **state) {
  (void)state;
  static const P(ops) panel = {.confirm = on_confirm};
  _Alignas(8) uint8_t memory[64];
  mbr_arena arena;
  P(confirm_answer) answer;
  M(ops) ops = machine_ops();
  connect(&ops, &panel);
  assert_int_equal(
      P(confirm_send)(&world.panel, str("sure?"), CODEC_CALLS_LEVEL_HIGH, TO(P, confirm), NULL, NULL),
      MBR_OK);
  run();
  assert_true(confirm_heard.outcome == MBR_OUTCOME_OK && confirm_heard.value);
  mbr_arena_init(&arena, memory, sizeof memory);
  assert_int_equal(P(confirm_wait)(&world.panel, str("sure?"), CODEC_CALLS_LEVEL_LOW, NULL, &arena, &answer),
                   MBR_OK);
  assert_true(answer.outcome == MBR_OUTCOME_OK && !answer.value);
  assert_int_equal(
      P(confirm_wait)(&world.panel, str("trouble"), CODEC_CALLS_LEVEL_LOW, NULL, &arena, &answer), MBR_OK);
  assert_int_equal(answer.outcome, MBR_OUTCOME_ERROR);
  assert_int_equal(answer.error.as.limit.max, 3);
  disconnect();
}

static P(confirm_call) held_confirm;

static void hold_confirm(void *self, P(confirm_call) call, mbr_str text, codec_calls_level level) {
  (void)self, (void)text, (void)level;
  mbr_call_defer(call.base);
  held_confirm = call;
}

static void confirm_within(const mbr_request_options *options, unsigned before, unsigned after) {
  world.done = 0;
  assert_int_equal(
      P(confirm_send)(&world.panel, str("?"), CODEC_CALLS_LEVEL_LOW, TO(P, confirm), options, NULL), MBR_OK);
  run();
  mbr_loopback_advance(world.loopback, before);
  assert_int_equal(world.done, 0);
  mbr_loopback_advance(world.loopback, after - before);
  assert_int_equal(world.done, 1);
  assert_int_equal(confirm_heard.fault, MBR_DEADLINE);
  assert_int_equal(mbr_call_cancelled(held_confirm.base), MBR_CANCEL_DEADLINE);
  assert_int_equal(P(confirm_ok)(held_confirm, true), MBR_CLOSED);
}

static void deadlines_come_from_the_contract_or_the_options(void **state) {
  (void)state;
  static const P(ops) panel = {.confirm = hold_confirm};
  const mbr_request_options longer = {.timeout_ms = 700}, none = {.timeout_ms = MBR_TIMEOUT_NONE};
  M(ops) ops = machine_ops();
  connect(&ops, &panel);
  confirm_within(NULL, 299, 300);
  confirm_within(&longer, 699, 700);
  world.done = 0;
  assert_int_equal(
      P(confirm_send)(&world.panel, str("?"), CODEC_CALLS_LEVEL_LOW, TO(P, confirm), &none, NULL), MBR_OK);
  mbr_loopback_advance(world.loopback, 1000000);
  assert_int_equal(world.done, 0);
  assert_int_equal(P(confirm_ok)(held_confirm, true), MBR_OK);
  run();
  assert_true(confirm_heard.value);
  disconnect();
}

static void on_beep(void *self, P(beep_call) call, uint8_t times) {
  (void)self, (void)call;
  world.handled += times;
}

static void on_keys(void *self, P(keys_call) call, uint16_t from) {
  const codec_units_label label = {.text = str("key"), .precision = CODEC_UNITS_PRECISION_ROUNDED};
  (void)self;
  for (uint16_t i = from; i < 4; i++) assert_int_equal(P(keys_emit)(call, &label), MBR_OK);
  (void)P(keys_err)(call, CODEC_CALLS_TROUBLE_BUSY);
}

static void keys_item(void *arg, const codec_units_label *item) {
  (void)arg;
  assert_true(same(item->text, "key"));
  world.items++;
}

static void on_show(void *self, P(show_call) call, const codec_calls_track *track) {
  (void)self;
  world.handled += track == NULL ? 1 : 10;
  if (track != NULL) assert_true(same(track->next->name, "b"));
  (void)P(show_ok)(call);
}

static void c_hears_a_stream_of_the_other_side(void **state) {
  (void)state;
  static const P(ops) panel = {.beep = on_beep, .keys = on_keys, .show = on_show};
  M(ops) ops = machine_ops();
  connect(&ops, &panel);
  const P(keys_receiver) to = {.item = keys_item, .done = keys_done};
  assert_int_equal(P(keys_send)(&world.panel, 1, to, NULL, NULL), MBR_OK);
  run();
  assert_int_equal(world.items, 3);
  assert_int_equal(keys_heard.outcome, MBR_OUTCOME_ERROR);
  assert_int_equal(P(beep_send)(&world.panel, 3, NULL), MBR_OK);
  run();
  assert_int_equal(world.handled, 3);
  const codec_calls_track b = {.name = str("b")}, a = {.name = str("a"), .next = &b};
  assert_int_equal(P(show_send)(&world.panel, NULL, TO(P, show), NULL, NULL), MBR_OK);
  assert_int_equal(P(show_send)(&world.panel, &a, TO(P, show), NULL, NULL), MBR_OK);
  run();
  assert_int_equal(world.handled, 14);
  assert_int_equal(show_heard.outcome, MBR_OUTCOME_OK);
  disconnect();
}

static void on_draw(void *self, P(draw_call) call) { (void)self, (void)call; }

static void on_row(void *self, P(draw_call) call, const mbr_list_u8 *item) {
  (void)self, (void)call;
  world.items += (unsigned)item->count;
}

static void on_rows_end(void *self, P(draw_call) call) {
  (void)self;
  (void)P(draw_ok)(call, world.items);
}

static void on_chat(void *self, P(chat_call) call, uint8_t gain) {
  (void)self, (void)call;
  assert_int_equal(gain, 100);
}

static void on_word(void *self, P(chat_call) call, mbr_str item) {
  (void)self;
  assert_int_equal(P(chat_emit)(call, item), MBR_OK);
}

static void on_words_end(void *self, P(chat_call) call) {
  (void)self;
  (void)P(chat_end)(call);
}

static void chat_item(void *arg, mbr_str item) {
  (void)arg;
  assert_true(same(item, "word"));
  world.handled++;
}

static void c_sends_streams_to_the_other_side(void **state) {
  (void)state;
  static const P(ops) panel = {.draw = on_draw,
                               .draw_rows = on_row,
                               .draw_rows_end = on_rows_end,
                               .chat = on_chat,
                               .chat_words = on_word,
                               .chat_words_end = on_words_end};
  static const uint8_t pixels[5];
  const mbr_list_u8 row = {pixels, 5};
  P(draw_request) drawing;
  P(chat_request) chatting;
  M(ops) ops = machine_ops();
  connect(&ops, &panel);
  assert_int_equal(P(draw_send)(&world.panel, TO(P, draw), NULL, &drawing), MBR_OK);
  run();
  assert_int_equal(P(draw_push)(drawing, &row), MBR_OK);
  assert_int_equal(P(draw_push)(drawing, &row), MBR_OK);
  assert_int_equal(P(draw_push_end)(drawing), MBR_OK);
  run();
  assert_int_equal(draw_heard.value, 10);
  const P(chat_receiver) to = {.item = chat_item, .done = chat_done};
  assert_int_equal(P(chat_send)(&world.panel, 100, to, NULL, &chatting), MBR_OK);
  run();
  assert_int_equal(P(chat_push)(chatting, str("word")), MBR_OK);
  run();
  assert_int_equal(world.handled, 1);
  assert_int_equal(P(chat_push_end)(chatting), MBR_OK);
  run();
  assert_int_equal(chat_heard.outcome, MBR_OUTCOME_OK);
  disconnect();
}

static void a_lost_connection_ends_every_call(void **state) {
  (void)state;
  static const P(ops) panel = {.confirm = hold_confirm};
  M(ops) ops = machine_ops();
  ops.wait_for = hold;
  connect(&ops, &panel);
  assert_int_equal(M(wait_for_send)(&world.machine, CODEC_CALLS_LEVEL_HIGH, TO(M, wait_for), NULL, NULL),
                   MBR_OK);
  assert_int_equal(P(confirm_send)(&world.panel, str("?"), CODEC_CALLS_LEVEL_LOW, TO(P, confirm), NULL, NULL),
                   MBR_OK);
  run();
  mbr_loopback_disconnect(world.loopback);
  assert_int_equal(wait_for_heard.fault, MBR_DISCONNECTED);
  assert_int_equal(confirm_heard.fault, MBR_DISCONNECTED);
  assert_int_equal(M(wait_for_ok)(held), MBR_CLOSED);
  assert_int_equal(P(confirm_ok)(held_confirm, true), MBR_CLOSED);
  assert_int_equal(world.done, 2);
  assert_int_equal(M(nudge_send)(&world.machine, 1, NULL), MBR_CLOSED);
  disconnect();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_call_ends_with_its_value_its_error_or_a_fault),
      cmocka_unit_test(answers_hold_optionals_and_arrays),
      cmocka_unit_test(structures_travel_both_ways),
      cmocka_unit_test(a_refused_argument_sends_nothing),
      cmocka_unit_test(a_call_may_be_answered_later),
      cmocka_unit_test(a_request_can_be_cancelled),
      cmocka_unit_test(a_method_without_handler_is_unimplemented),
      cmocka_unit_test(a_client_without_a_service_sends_nothing),
      cmocka_unit_test(a_oneway_arrives),
      cmocka_unit_test(a_blocking_call_fills_in_its_answer),
      cmocka_unit_test(a_stream_brings_its_items_and_then_its_end),
      cmocka_unit_test(a_window_holds_back_the_source),
      cmocka_unit_test(the_latest_item_is_not_lost),
      cmocka_unit_test(a_contract_sets_the_window),
      cmocka_unit_test(items_of_a_parameter_reach_their_handler),
      cmocka_unit_test(an_early_ending_stops_the_items),
      cmocka_unit_test(a_method_without_its_item_handler_is_unimplemented),
      cmocka_unit_test(items_may_be_absent_values),
      cmocka_unit_test(items_flow_both_ways_within_their_windows),
      cmocka_unit_test(bytes_are_written_in_place),
      cmocka_unit_test(too_many_bytes_leave_the_call_open),
      cmocka_unit_test(scalars_are_called_without_frames),
      cmocka_unit_test(a_direct_handler_may_not_be_missing),
      cmocka_unit_test(sync_methods_answer_before_they_return),
      cmocka_unit_test(a_client_calls_sync_methods_like_others),
      cmocka_unit_test(arguments_may_have_any_name),
      cmocka_unit_test(a_topic_reaches_every_subscriber),
      cmocka_unit_test(c_calls_the_other_side),
      cmocka_unit_test(deadlines_come_from_the_contract_or_the_options),
      cmocka_unit_test(c_hears_a_stream_of_the_other_side),
      cmocka_unit_test(c_sends_streams_to_the_other_side),
      cmocka_unit_test(a_lost_connection_ends_every_call),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
