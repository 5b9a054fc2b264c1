/* Fuzzing of a peer over a loopback: the input is a script of raw frames, of what handlers do and of when
 * tasks run and frames are fetched. Whatever comes, each accepted call that its caller does not cancel gets
 * exactly one ending, none gets an item beyond its credit or an ending that nobody gave, its arguments stay
 * until it is ended, and at last nothing is left of the connection. */
#include "../runtime/loopback.h"

#include "mbr/frame.h"

enum { CALLS_MAX = 512, OPEN_MAX = 4, FRAME_MAX = 700, INDEX_COUNT = 8 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct fuzz_call {
  mbr_call call;
  uint32_t wire; /* the caller's number */
  uint32_t method;
  uint64_t credit; /* granted, in all */
  mbr_bytes args;  /* a view that is good until its own side has ended the call */
  uint32_t sum;    /* of these bytes */
  unsigned sent, got; /* items */
  unsigned endings;
  bool started, cancelled;
  bool told;     /* its cancel callback was called */
  bool over;     /* its own side has ended it, or tried to */
  bool promised; /* an ending is due, or has come */
} fuzz_call;

typedef struct open_frame {
  fuzz_call *of;
  mbr_writer w;
  mbr_frame_kind kind;
} open_frame;

static struct {
  loopback *l;
  const uint8_t *data;
  size_t size;
  fuzz_call calls[CALLS_MAX];
  size_t count;
  open_frame open[OPEN_MAX];
  size_t open_count;
  bool closed;
} f;

static uint8_t next_byte(void) {
  if (f.size == 0) return 0;
  f.size--;
  return *f.data++;
}

static size_t next_size(void) { return (size_t)next_byte() << (next_byte() % 4); }

static bool ends(const mbr_frame *frame) {
  return frame->kind == MBR_FRAME_OK || frame->kind == MBR_FRAME_ERR || frame->kind == MBR_FRAME_FAULT ||
         frame->kind == MBR_FRAME_END;
}

/* The oldest call that the ending can be for. */
static fuzz_call *find_ended(const mbr_frame *frame) {
  for (size_t i = 0; i < f.count; i++) {
    fuzz_call *c = &f.calls[i];
    if (c->wire != frame->call || c->method != frame->method || c->method == ONEWAY) continue;
    if (c->promised && c->endings == 0) return c;
  }
  return NULL;
}

/* Whether no other call had its number: one may be used again as soon as its ending is in the outbox. */
static bool is_alone(const fuzz_call *c) {
  for (size_t i = 0; i < f.count; i++)
    if (&f.calls[i] != c && f.calls[i].wire == c->wire) return false;
  return true;
}

static void look_at(const received *r) {
  if (ends(&r->frame)) {
    fuzz_call *c = find_ended(&r->frame);
    assert_non_null(c);
    c->endings++;
    assert_true(c->got == c->sent || !is_alone(c));
    return;
  }
  assert_int_equal(r->frame.kind, MBR_FRAME_ITEM);
  uint32_t number = mbr_get_u32(r->payload);
  assert_true(number < f.count);
  fuzz_call *c = &f.calls[number];
  assert_true(c->wire == r->frame.call && c->method == STREAM);
  assert_true(c->endings == 0 || !is_alone(c));
  c->got++;
  assert_true(c->got <= c->sent && c->got <= c->credit);
}

static void look(void) {
  for (size_t i = 0; i < f.l->got_count; i++) look_at(&f.l->got[i]);
  forget(f.l);
}

static void fetch(size_t limit) {
  (void)drain_some(f.l, limit);
  look();
}

static uint32_t sum_of(mbr_bytes bytes) {
  uint32_t sum = 0;
  for (size_t i = 0; i < bytes.size; i++) sum = sum * 31 + bytes.data[i];
  return sum;
}

/* Before a call is ended by its own side. */
static void check_args(const fuzz_call *c) { assert_int_equal(sum_of(c->args), c->sum); }

static void over(fuzz_call *c, mbr_status status) {
  c->over = true;
  if (c->cancelled || f.closed) assert_int_equal(status, MBR_CLOSED);
  else c->promised = true;
}

static bool may_end(const fuzz_call *c) { return c->started && !c->over; }

static void fault(fuzz_call *c) {
  static const char *const texts[] = {NULL, "", "short",
                                      "a text of 64 bytes or more, which is where that of a fault is cut"};
  check_args(c);
  over(c, mbr_call_fault(c->call, (mbr_status)(1 + next_byte() % 24), texts[next_byte() % 4]));
}

/* Opens a frame and leaves it open: others may be opened before it is committed. An item starts with the
 * number of its call. */
static void begin(fuzz_call *c, mbr_frame_kind kind, size_t size) {
  open_frame *o = &f.open[f.open_count];
  if (f.open_count == OPEN_MAX) return;
  if (kind != MBR_FRAME_ITEM) check_args(c);
  mbr_status status = mbr_call_begin(c->call, kind, size, &o->w);
  if (status == MBR_MISUSE) return;
  if (kind == MBR_FRAME_ITEM) {
    if (status == MBR_OK) c->sent++;
    else assert_true(status == MBR_CLOSED || status == MBR_WOULD_BLOCK || status == MBR_NO_MEMORY);
  } else if (status == MBR_NO_MEMORY) {
    over(c, MBR_CLOSED);
    assert_true(c->promised || c->method == ONEWAY);
  } else {
    over(c, status);
    if (!c->cancelled && !f.closed) assert_int_equal(status, MBR_OK);
  }
  if (status != MBR_OK) return;
  if (kind == MBR_FRAME_ITEM) (void)mbr_write_u32(&o->w, (uint32_t)(c - f.calls));
  o->of = c;
  o->kind = kind;
  f.open_count++;
}

static void commit(void) {
  if (f.open_count == 0) return;
  size_t at = next_byte() % f.open_count;
  open_frame o = f.open[at];
  f.open[at] = f.open[--f.open_count];
  size_t left = o.w.size - o.w.offset;
  if (left > 0) memset(mbr_writer_take(&o.w, left), 7, left);
  mbr_status encoded = next_byte() % 8 == 0 ? MBR_BAD_RANGE : MBR_OK;
  assert_int_equal(mbr_call_commit(o.of->call, &o.w, encoded), encoded);
  if (encoded == MBR_OK || o.kind != MBR_FRAME_ITEM) return;
  o.of->sent--;
}

static void on_cancel(void *arg, mbr_cancel_reason reason) {
  fuzz_call *c = arg;
  assert_true(reason != MBR_CANCEL_NONE);
  assert_false(c->told);
  c->told = true;
}

static void act(fuzz_call *c) {
  static const mbr_frame_kind endings[] = {MBR_FRAME_OK, MBR_FRAME_ERR, MBR_FRAME_END};
  mbr_frame_kind ending = endings[next_byte() % 3];
  switch (next_byte() % 6) {
  case 0:
    if (may_end(c)) fault(c);
    break;
  case 1:
    if (may_end(c)) begin(c, ending, ending == MBR_FRAME_END || c->method == ONEWAY ? 0 : next_size());
    break;
  case 2: (void)mbr_call_on_cancel(c->call, on_cancel, c); break;
  case 3:
    assert_int_equal(mbr_call_cancelled(c->call) != MBR_CANCEL_NONE, c->cancelled || c->over || f.closed);
    break;
  default: begin(c, MBR_FRAME_ITEM, sizeof(uint32_t) + next_size()); break;
  }
}

static fuzz_call *find_starting(uint32_t number, uint32_t method) {
  for (size_t i = f.count; i > 0; i--) {
    fuzz_call *c = &f.calls[i - 1];
    if (c->wire == number && c->method == method && !c->started && !c->cancelled) return c;
  }
  return NULL;
}

/* A handler: does some things with its call, and returns with or without having deferred it. */
static mbr_status handle(loopback *l, mbr_call call, mbr_reader *args) {
  const struct mbr_slot *slot = &l->peer.memory.slots[call.id & 0xFFFFu];
  fuzz_call *c = find_starting(slot->call, slot->method->id);
  assert_non_null(c);
  c->call = call;
  c->started = true;
  assert_true(mbr_call_cancelled(call) == MBR_CANCEL_NONE || f.closed);
  (void)mbr_read_bytes(args, &c->args, MBR_UNBOUNDED);
  c->sum = sum_of(c->args);
  uint8_t todo = next_byte();
  for (unsigned i = 0; i < todo % 4u; i++) act(c);
  if ((todo & 0x80u) == 0) {
    mbr_call_defer(call);
    return MBR_OK;
  }
  while (f.open_count > 0) commit(); /* a handler that does not defer commits before it returns */
  if (!c->over) over(c, MBR_CLOSED);
  return (todo & 0x40u) == 0 ? MBR_OK : MBR_INTERNAL;
}

static fuzz_call *find_open(uint32_t number) {
  for (size_t i = f.count; i > 0; i--) {
    fuzz_call *c = &f.calls[i - 1];
    if (c->wire == number && c->method != ONEWAY && c->endings == 0 && !c->cancelled) return c;
  }
  return NULL;
}

/* What an accepted frame means to the model. */
static void accepted(const mbr_frame *frame, const uint8_t *payload) {
  fuzz_call *c = find_open(frame->call);
  if (frame->kind == MBR_FRAME_GOODBYE) f.closed = true;
  if (frame->kind == MBR_FRAME_CANCEL && c != NULL && !c->over) c->cancelled = true;
  if (frame->kind == MBR_FRAME_CREDIT && c != NULL) c->credit += mbr_get_u32(payload);
}

/* Whether a call of its caller may still use the index. */
static bool is_in_use(uint32_t index) {
  for (size_t i = 0; i < f.count; i++) {
    const fuzz_call *c = &f.calls[i];
    if ((c->wire & 0xFFFFu) == index && c->method != ONEWAY && !c->cancelled && c->endings == 0) return true;
  }
  return false;
}

static void refused(const mbr_frame *frame, mbr_status status) {
  uint32_t index = frame->call & 0xFFFFu;
  bool named = frame->flags == MBR_FRAME_FROM_CALLER && frame->call != 0 && index < INDEX_COUNT;
  if (status == MBR_BAD_FRAME) assert_true(!named || is_in_use(index));
  if (status == MBR_CLOSED) assert_true(f.closed);
  bool known = frame->method % 10 == 0 && frame->method >= UNARY && frame->method <= OTHER;
  if (status == MBR_UNIMPLEMENTED) assert_true(!known || frame->instance != 0);
}

/* Hands over a frame in memory of its own. The model must know of a call before: its handler may run at
 * once. */
static void receive(const uint8_t *data, size_t size) {
  mbr_frame frame;
  bool whole = mbr_frame_read(&frame, data, size) == MBR_OK;
  bool call = whole && frame.kind == MBR_FRAME_CALL && size >= MBR_FRAME_HEADER_SIZE + MBR_CALL_PREFIX_SIZE;
  if (call && f.count == CALLS_MAX) return;
  uint8_t *copy = aligned_memory(size != 0 ? size : 1);
  if (size != 0) memcpy(copy, data, size);
  size_t number = f.count;
  if (call) {
    uint32_t credit = mbr_get_u32(data + MBR_FRAME_HEADER_SIZE + 4);
    f.calls[f.count++] = (fuzz_call){.wire = frame.call, .method = frame.method, .credit = credit};
  }
  mbr_status status = mbr_peer_receive(&f.l->peer, copy, size);
  if (call && status != MBR_OK) {
    assert_false(f.calls[number].started);
    f.count = number;
    if (frame.size == size) refused(&frame, status);
  }
  if (f.closed) assert_true(status != MBR_OK);
  if (status == MBR_OK && !call) accepted(&frame, data + MBR_FRAME_HEADER_SIZE);
  free(copy);
}

/* A frame that is well-formed but for what the script makes of it. */
static void send(mbr_frame_kind kind) {
  static const uint32_t methods_[] = {UNARY, STREAM, STREAM, ONEWAY, CONCURRENT, LARGE, OTHER, NOBODY};
  uint8_t frame[FRAME_MAX] = {0};
  uint8_t odd = next_byte();
  uint32_t id = wire(next_byte() % (INDEX_COUNT + 1u), next_byte() % 4u);
  size_t payload = kind == MBR_FRAME_CALL ? MBR_CALL_PREFIX_SIZE + next_size() % 600 : 4;
  const mbr_frame header = {
    .size = (uint32_t)(MBR_FRAME_HEADER_SIZE + payload),
    .kind = (uint8_t)kind,
    .flags = odd == 0xFF ? 0 : MBR_FRAME_FROM_CALLER,
    .instance = odd == 0xFE ? 1 : 0,
    .call = id,
    .method = methods_[next_byte() % 8],
  };
  mbr_frame_write(frame, &header);
  mbr_put_u32(frame + MBR_FRAME_HEADER_SIZE, kind == MBR_FRAME_CANCEL ? 1 + odd % 3u : odd % 16u);
  if (kind == MBR_FRAME_CALL) {
    mbr_put_u32(frame + MBR_FRAME_HEADER_SIZE + 4, odd % 16u);
    uint8_t *args = frame + MBR_FRAME_HEADER_SIZE + MBR_CALL_PREFIX_SIZE;
    mbr_put_u64(args, next_byte());
    memset(args + MBR_COUNT_SIZE, (int)f.count, sizeof frame - (size_t)(args + MBR_COUNT_SIZE - frame));
  }
  receive(frame, header.size);
}

/* Any bytes; half of them with the right size in front. */
static void send_raw(void) {
  size_t size = next_byte();
  uint8_t frame[UINT8_MAX];
  bool sized = next_byte() % 2 == 0;
  if (size > f.size) size = f.size;
  for (size_t i = 0; i < size; i++) frame[i] = next_byte();
  if (sized && size >= 4) mbr_put_u32(frame, (uint32_t)size);
  receive(frame, size);
}

static void act_on_any(void) {
  if (f.count == 0) return;
  fuzz_call *c = &f.calls[f.count - 1 - next_byte() % f.count];
  if (c->started) act(c);
}

static void step(void) {
  switch (next_byte() % 12) {
  case 0: send_raw(); break;
  case 1:
  case 2:
  case 3: send(MBR_FRAME_CALL); break;
  case 4: send(MBR_FRAME_CANCEL); break;
  case 5: send(MBR_FRAME_CREDIT); break;
  case 6: (void)run_one(f.l); break;
  case 7: fetch(next_byte() % 4); break;
  case 8: commit(); break;
  case 9:
    if (next_byte() % 16 != 0) break;
    f.closed = true;
    mbr_peer_close(&f.l->peer);
    break;
  default: act_on_any(); break;
  }
}

static void end_all(void) {
  run_all(f.l);
  while (f.open_count > 0) commit();
  for (size_t i = 0; i < f.count; i++)
    if (may_end(&f.calls[i])) fault(&f.calls[i]);
}

/* Everybody keeps the rules to the end; then every promise must have been kept. */
static void finish(void) {
  end_all();
  while (drain_some(f.l, SIZE_MAX)) look();
  for (size_t i = 0; i < f.count; i++) {
    const fuzz_call *c = &f.calls[i];
    assert_true(!c->told || c->cancelled || f.closed);
    if (f.closed) continue;
    assert_int_equal(c->endings, c->method != ONEWAY && !c->cancelled ? 1 : 0);
    assert_int_equal(c->got, c->sent);
  }
  if (f.closed) return;
  assert_int_equal(f.l->peer.used, 0);
  assert_int_equal(f.l->peer.outbox.promised, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const size_t outboxes[] = {512, 1024, 2048, 4096};
  memset(&f, 0, sizeof f);
  f.data = data;
  f.size = size;
  uint8_t how = next_byte();
  const shape s = {INDEX_COUNT, 256, outboxes[how % 4], (how & 0x10) != 0, (how & 0x20) != 0};
  f.l = new_loopback(s);
  f.l->handle = handle;
  f.l->refuse_blocks = (how & 0x40) != 0;
  while (f.size > 0) step();
  finish();
  end_loopback(f.l);
  return 0;
}
