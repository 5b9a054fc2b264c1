/* Random actions on a peer in a small ring, held against a model of what a caller may rely on: each accepted
 * call that it does not cancel ends exactly once, items come in order and without a gap. */
#include "loopback.h"

#define MODEL_CALLS 4000

typedef struct model_call {
  mbr_call call;
  uint32_t method;
  uint32_t sent, got; /* items, by their numbers */
  uint32_t credit;
  bool accepted, started, over, cancelled;
  unsigned endings;
} model_call;

typedef struct model_open {
  mbr_call call;
  mbr_writer w;
  uint32_t number; /* of the model_call */
  mbr_frame_kind kind;
} model_open;

typedef struct model {
  loopback *l;
  uint64_t random;
  model_call calls[MODEL_CALLS];
  uint32_t count;
  uint32_t at_index[8]; /* number of the call that a caller's index is used by, or UINT32_MAX */
  model_open open[4];
  size_t open_count;
  size_t seen;
} model;

static model *m;

static uint32_t pick(uint32_t below) {
  m->random = m->random * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(m->random >> 33) % below;
}

static mbr_status model_handler(loopback *l, mbr_call call, mbr_reader *args) {
  uint32_t number = 0;
  (void)l;
  if (mbr_read_u32(args, &number) != MBR_OK) return args->status;
  m->calls[number].call = call;
  m->calls[number].started = true;
  if (pick(8) == 0) {
    m->calls[number].over = true; /* dropped */
    return MBR_OK;
  }
  mbr_call_defer(call);
  return MBR_OK;
}

static void model_call_one(void) {
  static const uint32_t kinds[] = {UNARY, STREAM, STREAM, CONCURRENT, LARGE, ONEWAY};
  uint8_t args[400];
  uint32_t index = pick(8);
  if (m->count == MODEL_CALLS || m->at_index[index] != UINT32_MAX) return;
  uint32_t number = m->count;
  model_call *c = &m->calls[number];
  *c = (model_call){.method = kinds[pick(6)], .credit = pick(30)};
  mbr_put_u32(args, number);
  memset(args + 4, 0, sizeof args - 4);
  mbr_status status = send_call(m->l, c->method, wire(index, number + 1), c->credit, args, 4 + pick(390));
  if (status == MBR_BUSY) return;
  assert_int_equal(status, MBR_OK);
  c->accepted = true;
  m->count++;
  if (c->method != ONEWAY) m->at_index[index] = number;
}

/* What the frames tell the caller: items of a call in order and without a gap, one ending, nothing after. */
static void model_look(void) {
  for (; m->seen < m->l->got_count; m->seen++) {
    const received *r = &m->l->got[m->seen];
    uint32_t number = (r->frame.call >> 16) - 1;
    model_call *c = &m->calls[number];
    assert_true(number < m->count && c->method == r->frame.method && c->method != ONEWAY);
    assert_int_equal(c->endings, 0);
    if (r->frame.kind == MBR_FRAME_ITEM) {
      assert_int_equal(mbr_get_u32(r->payload), c->got++);
      for (size_t i = 4; i < r->size; i++) assert_int_equal(r->payload[i], (uint8_t)number);
    } else {
      c->endings++;
      if (r->frame.kind == MBR_FRAME_END) assert_int_equal(c->got, c->sent);
      if (m->at_index[r->frame.call & 0xFFFF] == number) m->at_index[r->frame.call & 0xFFFF] = UINT32_MAX;
    }
  }
}

static void model_drain(void) {
  (void)drain_some(m->l, 1 + pick(12));
  model_look();
  if (m->l->got_count > RECEIVED_MAX / 2) {
    forget(m->l);
    m->seen = 0;
  }
}

static uint32_t model_pick_started(void) {
  for (int tries = 0; tries < 20 && m->count > 0; tries++) {
    uint32_t number = m->count - 1 - pick(m->count < 24 ? m->count : 24);
    if (m->calls[number].started && !m->calls[number].over) return number;
  }
  return UINT32_MAX;
}

/* In one step, now and then with an encoding that has failed. */
static mbr_status model_send(const model_call *c, mbr_frame_kind kind, uint32_t item, size_t size) {
  uint8_t payload[SHORT_MAX] = {0};
  const mbr_status encoded = pick(6) == 0 ? MBR_BAD_RANGE : MBR_OK;
  mbr_writer w;
  mbr_writer_init(&w, size > 0 ? payload : NULL, size);
  if (kind == MBR_FRAME_ITEM) (void)mbr_write_u32(&w, item);
  const size_t rest = size - w.offset;
  if (rest > 0) memset(mbr_writer_take(&w, rest), (int)(uint8_t)(c - m->calls), rest);
  const mbr_status status = mbr_call_send(c->call, kind, &w, encoded);
  assert_true(status == encoded || status == MBR_CLOSED || status == MBR_WOULD_BLOCK);
  return status;
}

static void model_short_item(model_call *c, size_t size) {
  mbr_status status = model_send(c, MBR_FRAME_ITEM, c->sent, size);
  if (c->cancelled) assert_int_equal(status, MBR_CLOSED);
  else if (c->credit == 0) assert_int_equal(status, MBR_WOULD_BLOCK);
  else assert_int_not_equal(status, MBR_CLOSED);
  if (status != MBR_OK) return;
  c->credit--;
  c->sent++;
}

static void model_item(uint32_t number, size_t size) {
  model_call *c = &m->calls[number];
  model_open *o = &m->open[m->open_count];
  if (size <= SHORT_MAX && pick(2) == 0) {
    model_short_item(c, size);
    return;
  }
  mbr_status status = mbr_call_begin(c->call, MBR_FRAME_ITEM, size, &o->w);
  if (c->cancelled) {
    assert_int_equal(status, MBR_CLOSED);
  } else if (c->credit == 0) {
    assert_int_equal(status, MBR_WOULD_BLOCK);
  } else if (status == MBR_OK) {
    c->credit--;
    (void)mbr_write_u32(&o->w, c->sent++);
    memset(mbr_writer_take(&o->w, size - 4), (int)(uint8_t)number, size - 4);
    o->call = c->call;
    o->number = number;
    o->kind = MBR_FRAME_ITEM;
    m->open_count++;
  } else {
    assert_int_equal(status, MBR_WOULD_BLOCK);
  }
}

static void model_end(uint32_t number, size_t size) {
  model_call *c = &m->calls[number];
  model_open *o = &m->open[m->open_count];
  mbr_frame_kind kind = c->method == STREAM ? MBR_FRAME_END : MBR_FRAME_OK;
  if (kind == MBR_FRAME_END || c->method == ONEWAY) size = 0;
  c->over = true;
  mbr_status expected = c->cancelled ? MBR_CLOSED : MBR_OK;
  if (pick(4) == 0) {
    assert_int_equal(mbr_call_fault(c->call, MBR_INTERNAL, "a fault with a text of some length"), expected);
    return;
  }
  if (size <= SHORT_MAX && pick(2) == 0) {
    assert_int_equal(model_send(c, kind, 0, size) == MBR_CLOSED, expected == MBR_CLOSED);
    return;
  }
  assert_int_equal(mbr_call_begin(c->call, kind, size, &o->w), expected);
  if (expected != MBR_OK) return;
  if (size > 0) memset(mbr_writer_take(&o->w, size), 7, size);
  o->call = c->call;
  o->number = number;
  o->kind = kind;
  m->open_count++;
}

/* Commits one of the open frames, not always the first; now and then its encoding has failed. A failed
 * item would leave a gap in the numbers, so only a stream's last one may. */
static void model_commit(void) {
  if (m->open_count == 0) return;
  size_t i = pick((uint32_t)m->open_count);
  model_open o = m->open[i];
  model_call *c = &m->calls[o.number];
  m->open[i] = m->open[--m->open_count];
  bool last = o.kind == MBR_FRAME_ITEM && mbr_get_u32(o.w.data) == c->sent - 1 && !c->over;
  bool fails = pick(6) == 0 && (o.kind != MBR_FRAME_ITEM || last);
  mbr_status encoded = fails ? MBR_BAD_RANGE : MBR_OK;
  assert_int_equal(mbr_call_commit(o.call, &o.w, encoded), encoded);
  if (fails && o.kind == MBR_FRAME_ITEM) {
    c->sent--;
    if (!c->cancelled) c->credit++;
  }
}

static void model_cancel_or_credit(void) {
  uint32_t index = pick(8);
  uint32_t number = m->at_index[index];
  if (number == UINT32_MAX) return;
  model_call *c = &m->calls[number];
  if (pick(3) == 0) {
    assert_int_equal(send_cancel(m->l, wire(index, number + 1)), MBR_OK);
    if (!c->over) c->cancelled = true; /* else its ending comes nevertheless */
    m->at_index[index] = UINT32_MAX;
  } else {
    uint32_t credit = pick(20);
    assert_int_equal(send_control(m->l, MBR_FRAME_CREDIT, wire(index, number + 1), credit), MBR_OK);
    c->credit += credit;
  }
}

static void model_step(void) {
  uint32_t action = pick(100);
  uint32_t number = model_pick_started();
  if (action < 20) model_call_one();
  else if (action < 35) (void)run_one(m->l);
  else if (action < 50) model_drain();
  else if (action < 60) model_cancel_or_credit();
  else if (action < 75 || m->open_count == 4) model_commit();
  else if (number != UINT32_MAX && m->calls[number].method == STREAM && action < 93) {
    model_item(number, 4 + (pick(10) == 0 ? pick(2000) : pick(120)));
  } else if (number != UINT32_MAX) {
    model_end(number, pick(8) == 0 ? pick(2000) : pick(130));
  }
  check_ring(m->l);
}

static void model_finish(void) {
  while (m->open_count > 0) model_commit();
  do {
    run_all(m->l);
    model_drain();
  } while (m->l->scheduled > 0);
  for (uint32_t i = 0; i < m->count; i++) {
    if (!m->calls[i].started || m->calls[i].over) continue;
    model_end(i, 0);
    while (m->open_count > 0) model_commit();
  }
  while (drain_some(m->l, SIZE_MAX)) {
  }
  model_look();
  for (uint32_t i = 0; i < m->count; i++) {
    const model_call *c = &m->calls[i];
    if (c->method == ONEWAY) assert_int_equal(c->endings, 0);
    else assert_int_equal(c->endings, c->cancelled ? 0 : 1);
  }
  assert_int_equal(m->l->peer.used, 0);
  assert_int_equal(m->l->peer.outbox.promised, 0);
  assert_int_equal(m->l->blocks, 0);
}

static void test_random_actions_keep_every_promise(void **state) {
  (void)state;
  static const size_t outboxes[] = {512, 1024, 4096, 16384};
  for (uint64_t seed = 1; seed <= 24; seed++) {
    m = calloc(1, sizeof *m);
    assert_non_null(m);
    m->random = seed;
    for (size_t i = 0; i < 8; i++) m->at_index[i] = UINT32_MAX;
    m->l = new_loopback((shape){8, 256, outboxes[seed % 4], false, false});
    m->l->handle = model_handler;
    for (int step = 0; step < 8000; step++) model_step();
    assert_true(m->count > 300);
    model_finish();
    end_loopback(m->l);
    free(m);
  }
}

static void test_random_actions_then_close(void **state) {
  (void)state;
  for (uint64_t seed = 100; seed < 300; seed++) {
    m = calloc(1, sizeof *m);
    assert_non_null(m);
    m->random = seed;
    for (size_t i = 0; i < 8; i++) m->at_index[i] = UINT32_MAX;
    m->l = new_loopback((shape){8, 256, 2048, false, false});
    m->l->handle = model_handler;
    for (uint32_t step = pick(400); step > 0; step--) model_step();
    mbr_peer_close(&m->l->peer);
    for (uint32_t i = 0; i < m->count; i++) m->calls[i].cancelled = true;
    run_all(m->l);
    while (m->open_count > 0) model_commit();
    for (uint32_t i = 0; i < m->count; i++) {
      if (m->calls[i].started && !m->calls[i].over) model_end(i, 0);
    }
    end_loopback(m->l);
    free(m);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_random_actions_keep_every_promise),
    cmocka_unit_test(test_random_actions_then_close),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
