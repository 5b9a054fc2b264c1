/* Random lives of calls, one step at a time: asked, answered, cancelled, paused, fed, timed out and cut off
 * in every order, with an outbox and tables that are nearly always full. Whatever happens every receiver is
 * told once, items come without gaps, and nothing is left. */
#include "request_kit.h"

#define SEEDS 3000
#define OPERATIONS 150
#define TALKS 150

/* A call as both sides see it. */
typedef struct talk {
  heard heard;
  size_t method;
  bool sent;
  mbr_call call; /* once its handler has run */
  bool served, over;
  uint32_t emitted, pushed, received;
} talk;

typedef struct model {
  mbr_loopback *loopback;
  client client;
  talk talks[TALKS];
  size_t count;
  unsigned seed;
} model;

static unsigned next_random(model *m, unsigned below) {
  m->seed = m->seed * 1664525u + 1013904223u;
  return (m->seed >> 8) % below;
}

static mbr_status serve(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  model *m = self;
  uint32_t index = 0;
  (void)ops;
  assert_int_equal(mbr_read_u32(args, &index), MBR_OK);
  assert_true(index < m->count);
  talk *t = &m->talks[index];
  assert_false(t->served);
  t->served = true;
  t->call = call;
  mbr_call_set_context(call, t);
  mbr_call_defer(call);
  return MBR_OK;
}

static mbr_status take_item(const void *ops, void *self, mbr_call call, mbr_reader *item) {
  talk *t = mbr_call_context(call);
  uint32_t value = 0;
  (void)ops;
  (void)self;
  if (item == NULL) return MBR_OK;
  if (t == NULL) return MBR_OK;
  assert_int_equal(mbr_read_u32(item, &value), MBR_OK);
  assert_int_equal(value, t->received);
  t->received++;
  return MBR_OK;
}

static const mbr_method model_methods[] = {
  {.id = UNARY, .name = "t.S.unary", .dispatch = serve, .fingerprint = 1},
  {.id = STREAM, .flags = MBR_METHOD_STREAM, .name = "t.S.stream", .dispatch = serve, .fingerprint = 2},
  {.id = UPLOAD, .flags = MBR_METHOD_UPLOAD, .name = "t.S.upload", .dispatch = serve, .item = take_item,
   .fingerprint = 4, .window = WINDOW},
  {.id = TIMED, .name = "t.S.timed", .dispatch = serve, .fingerprint = 7},
};
static const mbr_service model_service = {.name = "t.S", .methods = model_methods, .method_count = 4};

static void ask_one(model *m) {
  static const size_t methods[] = {AT_UNARY, AT_STREAM, AT_STREAM, AT_UPLOAD, AT_TIMED};
  if (m->count == TALKS) return;
  talk *t = &m->talks[m->count++];
  t->method = methods[next_random(m, 5)];
  mbr_status status = ask(&m->client, t->method, (uint32_t)(m->count - 1), NULL, &t->heard);
  t->sent = status == MBR_OK;
  if (!t->sent) assert_true(status == MBR_BUSY || status == MBR_WOULD_BLOCK || status == MBR_CLOSED);
}

/* What the side that serves does with a call. */
static void serve_one(model *m, talk *t) {
  bool stream = t->method == AT_STREAM;
  if (!t->served || t->over) return;
  if (stream && next_random(m, 4) != 0) {
    if (put_u32(t->call, MBR_FRAME_ITEM, t->emitted) == MBR_OK) t->emitted++;
    return;
  }
  t->over = true;
  if (next_random(m, 4) == 0) (void)mbr_call_fault(t->call, MBR_INTERNAL, "enough");
  else (void)put_u32(t->call, stream ? MBR_FRAME_END : MBR_FRAME_OK, 1);
}

static void ask_more(model *m, talk *t) {
  const mbr_request request = t->heard.request;
  if (!t->sent) return;
  switch (next_random(m, 6)) {
    case 0:
      if (mbr_request_cancel(request) == MBR_OK) assert_int_equal(t->heard.dones, 0);
      break;
    case 1:
      (void)mbr_request_pause(request);
      break;
    case 2:
      (void)mbr_request_resume(request);
      break;
    case 3:
      (void)mbr_request_end_items(request);
      break;
    default:
      if (t->method == AT_UPLOAD && push(request, t->pushed) == MBR_OK) t->pushed++;
  }
}

static void do_something(model *m) {
  talk *t = &m->talks[next_random(m, m->count > 0 ? (unsigned)m->count : 1u)];
  unsigned what = next_random(m, 100);
  if (what < 30) ask_one(m);
  else if (what < 50) serve_one(m, t);
  else if (what < 65) ask_more(m, t);
  else if (what < 98) (void)mbr_loopback_step(m->loopback);
  else if (what < 99) mbr_loopback_advance(m->loopback, TIMED_MS / 2);
  else mbr_loopback_run(m->loopback);
}

static void check(const talk *t) {
  assert_int_equal(t->heard.dones, t->sent ? 1 : 0);
  for (size_t i = 0; i < t->heard.item_count; i++) assert_int_equal(t->heard.items[i], i);
  assert_true(t->heard.item_count <= t->emitted);
  assert_true(t->received <= t->pushed);
  if (t->sent && t->heard.kind == MBR_FRAME_END) assert_int_equal(t->heard.item_count, t->emitted);
}

static void live_once(unsigned seed) {
  static model m;
  const mbr_loopback_options options = {.calls = 5, .outbox_size = 1024, .storage_size = 32};
  memset(&m, 0, sizeof m);
  m.seed = seed;
  m.loopback = mbr_loopback_open(&options);
  assert_non_null(m.loopback);
  assert_int_equal(mbr_peer_serve(mbr_loopback_far(m.loopback), &model_service, NULL, &m), MBR_OK);
  assert_int_equal(mbr_client_open(&m.client.base, mbr_loopback_near(m.loopback), &known_service,
                                   m.client.compatibility),
                   MBR_OK);
  mbr_loopback_run(m.loopback);
  for (unsigned i = 0; i < OPERATIONS; i++) do_something(&m);
  if (seed % 3 == 0) {
    mbr_peer_close(seed % 2 == 0 ? mbr_loopback_near(m.loopback) : mbr_loopback_far(m.loopback));
    for (unsigned i = 0; i < 20; i++) do_something(&m);
  }
  mbr_loopback_disconnect(m.loopback);
  for (size_t i = 0; i < m.count; i++) {
    talk *t = &m.talks[i];
    if (t->served && !t->over) (void)mbr_call_fault(t->call, MBR_INTERNAL, NULL);
    check(t);
  }
  assert_true(mbr_loopback_close(m.loopback));
}

static void test_random_lives(void **state) {
  (void)state;
  for (unsigned seed = 1; seed <= SEEDS; seed++) live_once(seed);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_lives)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
