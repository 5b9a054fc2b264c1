/* Generated services on a real peer, whose other side is the test: what reaches handlers, and what answers
 * look like. */
#include "codec_test.h"

#include "codec_shapes.h"
#include "mbr/transport.h"

enum { SLOTS = 4, STORAGE_SIZE = 1024, OUTBOX_SIZE = 4096 };

/* A connection, and the last frame that came out of it. */
static struct {
  mbr_peer peer;
  struct mbr_slot slots[SLOTS];
  uint16_t calls[SLOTS];
  struct mbr_binding bindings[2];
  _Alignas(16) uint8_t storage[SLOTS * STORAGE_SIZE];
  _Alignas(16) uint8_t outbox[OUTBOX_SIZE];
  uint32_t serial;
  mbr_frame_kind kind; /* 0: none came */
  uint8_t data[OUTBOX_SIZE];
  size_t size;
  mbr_call held; /* of a handler that deferred its call */
} side;

static void *take_block(void *owner, size_t size) {
  (void)owner;
  return malloc(size);
}

static void give_block(void *owner, void *block) {
  (void)owner;
  free(block);
}

static void serve(const codec_shapes_shapes_ops *ops, void *self) {
  static const mbr_hooks hooks = {.alloc = take_block, .free = give_block};
  const mbr_peer_memory memory = {.slots = side.slots,
                                  .slot_count = SLOTS,
                                  .calls = side.calls,
                                  .call_count = SLOTS,
                                  .bindings = side.bindings,
                                  .binding_count = 2,
                                  .storage = side.storage,
                                  .storage_size = STORAGE_SIZE,
                                  .outbox = side.outbox,
                                  .outbox_size = OUTBOX_SIZE};
  assert_int_equal(mbr_peer_open(&side.peer, &memory, &hooks, NULL), MBR_OK);
  assert_int_equal(codec_shapes_shapes_serve(&side.peer, ops, self), MBR_OK);
}

static int disconnect(void **state) {
  (void)state;
  mbr_peer_close(&side.peer);
  return 0;
}

static uint32_t id_of(const char *name) {
  uint32_t hash = 2166136261u;
  for (; *name != '\0'; name++) hash = (hash ^ (uint8_t)*name) * 16777619u;
  return hash;
}

/* Takes what came out: at most one frame. */
static void receive(void) {
  const uint8_t *frames;
  mbr_frame frame;
  size_t size = mbr_peer_outgoing(&side.peer, &frames);
  side.kind = (mbr_frame_kind)0;
  side.size = 0;
  if (size == 0) return;
  assert_int_equal(mbr_frame_read(&frame, frames, size), MBR_OK);
  side.kind = (mbr_frame_kind)frame.kind;
  side.size = frame.size - MBR_FRAME_HEADER_SIZE;
  memcpy(side.data, frames + MBR_FRAME_HEADER_SIZE, side.size);
  mbr_peer_consume(&side.peer, size);
}

/* Calls codec.shapes.Shapes.`name`; the code of the fault that came back, or MBR_OK. */
static mbr_status call(const char *name, const void *args, size_t size) {
  char full[128] = "codec.shapes.Shapes.";
  uint8_t data[MBR_FRAME_HEADER_SIZE + MBR_CALL_PREFIX_SIZE + 512];
  const size_t before = MBR_FRAME_HEADER_SIZE + MBR_CALL_PREFIX_SIZE;
  strcat(full, name);
  mbr_frame frame = {.size = (uint32_t)(before + size),
                     .kind = MBR_FRAME_CALL,
                     .flags = MBR_FRAME_FROM_CALLER,
                     .call = ++side.serial << 16,
                     .method = id_of(full)};
  mbr_frame_write(data, &frame);
  mbr_put_u32(data + MBR_FRAME_HEADER_SIZE, 0);
  mbr_put_u32(data + MBR_FRAME_HEADER_SIZE + 4, 1);
  if (size != 0) memcpy(data + before, args, size);
  assert_int_equal(mbr_peer_receive(&side.peer, data, before + size), MBR_OK);
  receive();
  return side.kind == MBR_FRAME_FAULT ? (mbr_status)mbr_get_u32(side.data) : MBR_OK;
}

static void a_missing_handler_is_unimplemented(void **state) {
  (void)state;
  static const codec_shapes_shapes_ops ops = {0};
  static const char *const names[] = {"nothing", "scalars", "watch", "result_node", "call"};
  serve(&ops, NULL);
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    assert_int_equal(call(names[i], NULL, 0), MBR_UNIMPLEMENTED);
}

static void a_service_is_served_once(void **state) {
  (void)state;
  static const codec_shapes_shapes_ops ops = {0};
  static const codec_shapes_empty_ops empty = {0};
  serve(&ops, NULL);
  assert_int_equal(codec_shapes_empty_serve(&side.peer, &empty, NULL), MBR_OK);
  assert_int_not_equal(codec_shapes_shapes_serve(&side.peer, &ops, NULL), MBR_OK);
}

static void assert_answer(mbr_frame_kind kind, const char *bytes, size_t size) {
  if (side.kind == 0) receive();
  assert_int_equal(side.kind, kind);
  assert_int_equal(side.size, size);
  assert_memory_equal(side.data, bytes, size);
  side.kind = (mbr_frame_kind)0;
}

typedef struct seen {
  unsigned calls;
  uint8_t a;
  float b;
  codec_shapes_mode c;
  bool d;
} seen;

static void on_scalars(void *self, codec_shapes_shapes_scalars_call call, uint8_t a, float b,
                       codec_shapes_mode c, bool d) {
  seen *s = self;
  *s = (seen){s->calls + 1, a, b, c, d};
  assert_int_equal(codec_shapes_shapes_scalars_ok(call, 258), MBR_OK);
}

static void scalars_reach_the_handler(void **state) {
  (void)state;
  static const codec_shapes_shapes_ops ops = {.scalars = on_scalars};
  static const uint8_t good[] = {7, 0, 0, 0x20, 0x41, 1, 0, 0, 0, 1}; /* 7, 10.0, auto, true */
  static const struct {
    uint8_t at, byte;
    mbr_status status;
  } bad[] = {{4, 0x7F, MBR_BAD_RANGE}, {5, 3, MBR_BAD_ENUM}, {9, 2, MBR_BAD_BOOL}};
  seen s = {0};
  serve(&ops, &s);
  assert_int_equal(call("scalars", good, sizeof good), MBR_OK);
  assert_answer(MBR_FRAME_OK, "\2\1\0", 4);
  assert_int_equal(s.calls, 1);
  assert_int_equal(s.a, 7);
  assert_true(s.b == 10.0f && s.d);
  assert_int_equal(s.c, CODEC_SHAPES_MODE_AUTO);
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    uint8_t bytes[sizeof good + 1];
    memcpy(bytes, good, sizeof good);
    bytes[bad[i].at] = bad[i].byte;
    assert_int_equal(call("scalars", bytes, sizeof good), bad[i].status);
  }
  for (size_t cut = 0; cut < sizeof good; cut++) assert_int_equal(call("scalars", good, cut), MBR_TRUNCATED);
  uint8_t longer[sizeof good + 1] = {0};
  memcpy(longer, good, sizeof good);
  assert_int_equal(call("scalars", longer, sizeof longer), MBR_TRAILING);
  assert_int_equal(s.calls, 1);
}

static unsigned optionals_seen;

static void on_optionals(void *self, codec_shapes_shapes_optionals_call call, bool has_a, uint8_t a,
                         bool has_b, mbr_str b, const codec_shapes_telemetry *c, const mbr_list_u8 *d,
                         const uint8_t e[3]) {
  const bool *present = self;
  optionals_seen++;
  (void)codec_shapes_shapes_optionals_ok(call, has_a, a);
  assert_int_equal(has_a, *present);
  assert_int_equal(has_b, *present);
  if (!*present) {
    assert_int_equal(a, 0);
    assert_null(b.data);
    assert_null(c);
    assert_null(d);
    assert_null(e);
    return;
  }
  assert_int_equal(a, 5);
  assert_memory_equal(b.data, "hey", 3);
  assert_int_equal(c->zone, 9);
  assert_int_equal(d->count, 2);
  assert_int_equal(e[2], 3);
}

static void optional_arguments_reach_the_handler(void **state) {
  (void)state;
  static const codec_shapes_shapes_ops ops = {.optionals = on_optionals};
  static const uint8_t absent[5];
  bool present = false;
  serve(&ops, &present);
  optionals_seen = 0;
  assert_int_equal(call("optionals", absent, sizeof absent), MBR_OK);
  uint8_t data[256];
  mbr_writer w;
  codec_shapes_telemetry telemetry = {.zone = 9};
  static const uint8_t two[] = {1, 2}, three[] = {1, 2, 3};
  mbr_writer_init(&w, data, sizeof data);
  mbr_write_opt_u8(&w, true, 5);
  mbr_write_option(&w, true);
  mbr_write_str(&w, str("hey"), MBR_UNBOUNDED);
  mbr_write_option(&w, true);
  assert_int_equal(codec_shapes_telemetry_encode(&w, &telemetry), MBR_OK);
  mbr_write_option(&w, true);
  mbr_write_list_u8(&w, (mbr_list_u8){two, 2}, MBR_UNBOUNDED);
  mbr_write_option(&w, true);
  assert_int_equal(mbr_write_array_u8(&w, three, 3), MBR_OK);
  present = true;
  assert_int_equal(call("optionals", data, w.offset), MBR_OK);
  assert_int_equal(optionals_seen, 2);
}

static void on_aggregates(void *self, codec_shapes_shapes_aggregates_call call,
                          const codec_shapes_telemetry *a, const mbr_list_u16 *b, const uint8_t c[3],
                          const mbr_tuple2_u8_str *d, const codec_shapes_event *e) {
  unsigned *calls = self;
  ++*calls;
  (void)codec_shapes_shapes_aggregates_ok(call, a);
  assert_int_equal(a->zone, 1);
  assert_int_equal(b->items[0], 500);
  assert_int_equal(c[0], 1);
  assert_int_equal(d->item0, 2);
  assert_int_equal(e->tag, CODEC_SHAPES_EVENT_TAG_RESET);
}

static void aggregates_reach_the_handler(void **state) {
  (void)state;
  static const codec_shapes_shapes_ops ops = {.aggregates = on_aggregates};
  static const uint16_t numbers[] = {500};
  static const uint8_t three[] = {1, 2, 3};
  uint8_t data[256];
  mbr_writer w;
  unsigned calls = 0;
  codec_shapes_telemetry telemetry = {.zone = 1};
  serve(&ops, &calls);
  codec_shapes_event event = CODEC_SHAPES_EVENT_RESET;
  mbr_writer_init(&w, data, sizeof data);
  assert_int_equal(codec_shapes_telemetry_encode(&w, &telemetry), MBR_OK);
  mbr_write_list_u16(&w, (mbr_list_u16){numbers, 1}, MBR_UNBOUNDED);
  mbr_write_array_u8(&w, three, 3);
  mbr_write_u8(&w, 2);
  mbr_write_str(&w, str("two"), MBR_UNBOUNDED);
  assert_int_equal(codec_shapes_event_encode(&w, &event), MBR_OK);
  assert_int_equal(call("aggregates", data, w.offset), MBR_OK);
  for (size_t cut = 0; cut < w.offset; cut++) assert_int_not_equal(call("aggregates", data, cut), MBR_OK);
  assert_int_equal(calls, 1);
}

static void on_poke(void *self, codec_shapes_shapes_poke_call call, uint8_t zone) {
  uint8_t *seen_zone = self;
  *seen_zone = zone;
  assert_int_equal(codec_shapes_shapes_poke_ok(call), MBR_OK);
}

static void a_oneway_reaches_the_handler_and_answers_nothing(void **state) {
  (void)state;
  static const codec_shapes_shapes_ops ops = {.poke = on_poke};
  uint8_t zone = 0;
  serve(&ops, &zone);
  assert_int_equal(call("poke", "\7", 1), MBR_OK);
  assert_int_equal(side.kind, 0);
  assert_int_equal(zone, 7);
}

static void on_call(void *self, codec_shapes_shapes_call_call call, uint8_t self_, uint8_t call_, uint8_t r,
                    uint8_t ops, uint8_t args, uint8_t p, uint8_t handlers, uint8_t i) {
  unsigned *sum = self;
  *sum = self_ + 10u * call_ + 100u * r + 1000u * ops + 10000u * args + 100000u * p + 1000000u * handlers +
         10000000u * i;
  (void)codec_shapes_shapes_call_ok(call);
}

static void parameters_may_have_any_name(void **state) {
  (void)state;
  static const codec_shapes_shapes_ops ops = {.call = on_call};
  unsigned sum = 0;
  serve(&ops, &sum);
  assert_int_equal(call("call", "\1\2\3\4\5\6\7\10", 8), MBR_OK);
  assert_int_equal(sum, 87654321);
}

static void hold_nothing(void *self, codec_shapes_shapes_nothing_call call) {
  (void)self;
  mbr_call_defer(call.base);
  side.held = call.base;
}

static void hold_count(void *self, codec_shapes_shapes_count_call call) {
  (void)self;
  mbr_call_defer(call.base);
  side.held = call.base;
}

static void hold_scalars(void *self, codec_shapes_shapes_scalars_call call, uint8_t a, float b,
                         codec_shapes_mode c, bool d) {
  (void)self, (void)a, (void)b, (void)c, (void)d;
  mbr_call_defer(call.base);
  side.held = call.base;
}

static const codec_shapes_shapes_ops holding = {
    .nothing = hold_nothing, .count = hold_count, .scalars = hold_scalars};

/* A call that waits for its answer; all methods of one kind look alike from here. */
static mbr_call hold(const char *name) {
  assert_int_equal(call(name, NULL, 0), MBR_OK);
  assert_int_equal(side.kind, 0);
  return side.held;
}

/* Any method's handle for it. */
#define HELD(method) ((codec_shapes_shapes_##method##_call){hold("nothing")})

static void answers_have_the_bytes_of_their_values(void **state) {
  (void)state;
  serve(&holding, NULL);
  static const mbr_str texts[] = {{"a", 1}, {"bc", 2}};
  static const uint8_t three[] = {7, 8, 9};
  assert_int_equal(codec_shapes_shapes_nothing_ok(HELD(nothing)), MBR_OK);
  assert_answer(MBR_FRAME_OK, "", 0);
  (void)codec_shapes_shapes_scalars_ok(HELD(scalars), 258);
  assert_answer(MBR_FRAME_OK, "\2\1\0", 4);
  (void)codec_shapes_shapes_views_ok(HELD(views), str("hi"));
  assert_answer(MBR_FRAME_OK, "\2\0\0\0\0\0\0\0hi", 10);
  (void)codec_shapes_shapes_optionals_ok(HELD(optionals), true, 4);
  assert_answer(MBR_FRAME_OK, "\1\4", 2);
  (void)codec_shapes_shapes_optionals_ok(HELD(optionals), false, 4);
  assert_answer(MBR_FRAME_OK, "\0", 1);
  mbr_list_str list = {texts, 2};
  (void)codec_shapes_shapes_result_list_ok(HELD(result_list), &list);
  assert_answer(MBR_FRAME_OK, "\2\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0a\2\0\0\0\0\0\0\0bc", 27);
  (void)codec_shapes_shapes_result_array_ok(HELD(result_array), three);
  assert_answer(MBR_FRAME_OK, "\7\10\11", 3);
  (void)codec_shapes_shapes_result_maybe_ok(HELD(result_maybe), NULL);
  assert_answer(MBR_FRAME_OK, "\0", 1);
  (void)codec_shapes_shapes_result_mode_ok(HELD(result_mode), CODEC_SHAPES_MODE_MANUAL);
  assert_answer(MBR_FRAME_OK, "\2\0\0\0", 4);
  mbr_tuple2_u8_opt_u8 pair = {.item0 = 1, .has_item1 = true, .item1 = 2};
  (void)codec_shapes_shapes_result_tuple_ok(HELD(result_tuple), &pair);
  assert_answer(MBR_FRAME_OK, "\1\1\2", 3);
  (void)codec_shapes_shapes_result_text_ok(HELD(result_text), true, str("x"));
  assert_answer(MBR_FRAME_OK, "\1\1\0\0\0\0\0\0\0x", 10);
  (void)codec_shapes_shapes_result_text_ok(HELD(result_text), false, (mbr_str){NULL, 0});
  assert_answer(MBR_FRAME_OK, "\0", 1);
  codec_shapes_node node = {.value = 3};
  (void)codec_shapes_shapes_result_node_ok(HELD(result_node), &node);
  assert_answer(MBR_FRAME_OK, "\3\0\0\0\0\0\0\0\0\0\0\0\0", 13);
}

static void errors_and_streams_have_their_frames(void **state) {
  (void)state;
  static const uint8_t args[] = {7, 0, 0, 0x20, 0x41, 1, 0, 0, 0, 1};
  serve(&holding, NULL);
  assert_int_equal(call("scalars", args, sizeof args), MBR_OK);
  codec_shapes_shapes_scalars_call scalars = {side.held};
  assert_int_equal(codec_shapes_shapes_scalars_err(scalars, CODEC_UNITS_REFUSAL_BUSY), MBR_OK);
  assert_answer(MBR_FRAME_ERR, "\0\0\0", 4);
  assert_int_equal(codec_shapes_shapes_scalars_ok(scalars, 1), MBR_CLOSED);
  codec_shapes_shapes_count_call count = {hold("count")};
  assert_int_equal(codec_shapes_shapes_count_emit(count, 5), MBR_OK);
  assert_answer(MBR_FRAME_ITEM, "\5\0\0", 4);
  assert_int_equal(codec_shapes_shapes_count_emit(count, 6), MBR_WOULD_BLOCK);
  assert_int_equal(codec_shapes_shapes_count_end(count), MBR_OK);
  assert_answer(MBR_FRAME_END, "", 0);
  assert_int_equal(codec_shapes_shapes_count_end(count), MBR_CLOSED);
}

static void a_refused_value_ends_its_call_with_the_fault(void **state) {
  (void)state;
  serve(&holding, NULL);
  assert_int_equal(codec_shapes_shapes_result_mode_ok(HELD(result_mode), 9), MBR_BAD_ENUM);
  receive();
  assert_int_equal(side.kind, MBR_FRAME_FAULT);
  assert_int_equal(mbr_get_u32(side.data), MBR_BAD_ENUM);
  assert_int_equal(codec_shapes_shapes_result_text_ok(HELD(result_text), true, str("123456789")),
                   MBR_BAD_LENGTH);
  receive();
  assert_int_equal(mbr_get_u32(side.data), MBR_BAD_LENGTH);
  codec_shapes_telemetry value = {.celsius = 100.0f};
  assert_int_equal(codec_shapes_shapes_aggregates_ok(HELD(aggregates), &value), MBR_BAD_RANGE);
  receive();
  assert_int_equal(mbr_get_u32(side.data), MBR_BAD_RANGE);
}

static void a_refused_item_leaves_the_stream_open(void **state) {
  (void)state;
  serve(&holding, NULL);
  codec_shapes_telemetry bad = {.celsius = 100.0f}, good = {.zone = 1};
  codec_shapes_shapes_watch_call watch = {hold("count")};
  assert_int_equal(codec_shapes_shapes_watch_emit(watch, &bad), MBR_BAD_RANGE);
  receive();
  assert_int_equal(side.kind, 0);
  assert_int_equal(codec_shapes_shapes_watch_emit(watch, &good), MBR_OK);
  receive();
  assert_int_equal(side.kind, MBR_FRAME_ITEM);
  assert_int_equal(side.size, codec_shapes_telemetry_size(&good));
  assert_int_equal(codec_shapes_shapes_watch_err(watch, CODEC_UNITS_REFUSAL_LIMIT(1, 2)), MBR_OK);
  receive();
  assert_int_equal(side.kind, MBR_FRAME_ERR);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_teardown(a_missing_handler_is_unimplemented, disconnect),
      cmocka_unit_test_teardown(a_service_is_served_once, disconnect),
      cmocka_unit_test_teardown(scalars_reach_the_handler, disconnect),
      cmocka_unit_test_teardown(optional_arguments_reach_the_handler, disconnect),
      cmocka_unit_test_teardown(aggregates_reach_the_handler, disconnect),
      cmocka_unit_test_teardown(a_oneway_reaches_the_handler_and_answers_nothing, disconnect),
      cmocka_unit_test_teardown(parameters_may_have_any_name, disconnect),
      cmocka_unit_test_teardown(answers_have_the_bytes_of_their_values, disconnect),
      cmocka_unit_test_teardown(errors_and_streams_have_their_frames, disconnect),
      cmocka_unit_test_teardown(a_refused_value_ends_its_call_with_the_fault, disconnect),
      cmocka_unit_test_teardown(a_refused_item_leaves_the_stream_open, disconnect),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
