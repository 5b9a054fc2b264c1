/* Fuzzing of a peer over a loopback: the input is a script of raw frames, of what handlers do, of how time
 * passes and of when tasks run and frames are fetched. Whatever comes, each accepted call that its caller
 * does not cancel gets exactly one ending, none gets an item beyond its credit or an ending that nobody
 * gave, items of a stream parameter are handled in order and none beyond theirs, arguments stay until the
 * call is ended, each call is counted as what became of it, and at last nothing is left of the connection. */
#include "../runtime/loopback.h"

#include "mbr/frame.h"

enum { CALLS_MAX = 512, OPEN_MAX = 4, FRAME_MAX = 700, INDEX_COUNT = 8 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef enum fate { FATE_NONE, FATE_OK, FATE_ERROR, FATE_FAULT } fate;

typedef struct fuzz_call {
  mbr_call call;
  uint32_t wire; /* the caller's number */
  uint32_t method;
  uint64_t credit; /* granted, in all */
  mbr_bytes args;  /* a view that is good until its own side has ended the call */
  uint32_t sum;    /* of these bytes */
  unsigned sent, got; /* items */
  unsigned endings;
  fate fate;
  uint64_t deadline;       /* 0: none */
  uint64_t granted;        /* items of the stream parameter, in all */
  uint32_t given, handled; /* of them: sent by the caller, and taken */
  bool items_ended, items_over;
  bool started, cancelled;
  bool ended_for; /* its peer has ended it with a fault of its own: a deadline, a breach */
  bool deferred;
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
  unsigned sync_calls;
  bool closed;
} f;

static bool is_upload(uint32_t method) { return method == UPLOAD || method == BOTH || method == ASIDE; }

static bool is_stream(uint32_t method) { return method == STREAM || method == BOTH || method == LATEST; }

/* Whether the side that serves may still end it. */
static bool is_gone(const fuzz_call *c) { return c->cancelled || c->ended_for || f.closed; }

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

/* The newest call that credit for a stream parameter can be for. */
static fuzz_call *find_granted(const mbr_frame *frame) {
  for (size_t i = f.count; i > 0; i--) {
    fuzz_call *c = &f.calls[i - 1];
    if (c->wire == frame->call && c->method == frame->method && is_upload(c->method)) return c;
  }
  return NULL;
}

static void look_at(const received *r) {
  if (ends(&r->frame)) {
    fuzz_call *c = find_ended(&r->frame);
    assert_non_null(c);
    c->endings++;
    c->fate = r->frame.kind == MBR_FRAME_FAULT ? FATE_FAULT
              : r->frame.kind == MBR_FRAME_ERR ? FATE_ERROR
                                               : FATE_OK;
    assert_true(c->got == c->sent || c->method == LATEST || !is_alone(c));
    return;
  }
  if (r->frame.kind == MBR_FRAME_CREDIT) {
    fuzz_call *c = find_granted(&r->frame);
    assert_non_null(c);
    c->granted += mbr_get_u32(r->payload);
    return;
  }
  assert_int_equal(r->frame.kind, MBR_FRAME_ITEM);
  uint32_t number = mbr_get_u32(r->payload);
  assert_true(number < f.count);
  fuzz_call *c = &f.calls[number];
  assert_true(c->wire == r->frame.call && is_stream(c->method));
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

/* Before a call is ended by its own side; one that is not deferred may have gone. */
static void check_args(const fuzz_call *c) {
  if (c->deferred || !is_gone(c)) assert_int_equal(sum_of(c->args), c->sum);
}

static void over(fuzz_call *c, mbr_status status) {
  c->over = true;
  if (is_gone(c)) assert_int_equal(status, MBR_CLOSED);
  else c->promised = true;
}

static bool may_end(const fuzz_call *c) { return c->started && !c->over; }

static void fault(fuzz_call *c) {
  static const char *const texts[] = {NULL, "", "short",
                                      "a text of 64 bytes or more, which is where that of a fault is cut"};
  check_args(c);
  over(c, mbr_call_fault(c->call, (mbr_status)(1 + next_byte() % 24), texts[next_byte() % 4]));
}

/* A frame was begun for the call, or was not; answers whether it was. */
static bool is_begun(fuzz_call *c, mbr_frame_kind kind, mbr_status status) {
  if (status == MBR_MISUSE) return false;
  if (kind == MBR_FRAME_ITEM) {
    if (status == MBR_OK) c->sent++;
    else assert_true(status == MBR_CLOSED || status == MBR_WOULD_BLOCK || status == MBR_NO_MEMORY);
    assert_true(status != MBR_WOULD_BLOCK || c->method != LATEST);
  } else if (status == MBR_NO_MEMORY) {
    over(c, MBR_CLOSED);
    assert_true(c->promised || c->method == ONEWAY);
  } else {
    over(c, status);
    if (!is_gone(c)) assert_int_equal(status, MBR_OK);
  }
  return status == MBR_OK;
}

/* Sends a frame that is short. An item starts with the number of its call. */
static void send_short(fuzz_call *c, mbr_frame_kind kind, size_t size) {
  uint8_t payload[SHORT_MAX] = {0};
  const mbr_status encoded = next_byte() % 8 == 0 ? MBR_BAD_RANGE : MBR_OK;
  mbr_writer w;
  if (kind != MBR_FRAME_ITEM) check_args(c);
  mbr_writer_init(&w, size > 0 ? payload : NULL, size);
  if (kind == MBR_FRAME_ITEM) (void)mbr_write_u32(&w, (uint32_t)(c - f.calls));
  if (size > w.offset) memset(mbr_writer_take(&w, size - w.offset), 7, size - w.offset);
  const mbr_status status = mbr_call_send(c->call, kind, &w, encoded);
  if (!is_begun(c, kind, status == encoded ? MBR_OK : status)) return;
  if (encoded != MBR_OK && kind == MBR_FRAME_ITEM) c->sent--;
}

/* Opens a frame and leaves it open: others may be opened before it is committed. */
static void begin(fuzz_call *c, mbr_frame_kind kind, size_t size) {
  open_frame *o = &f.open[f.open_count];
  if (f.open_count == OPEN_MAX) return;
  if (kind != MBR_FRAME_ITEM) check_args(c);
  if (!is_begun(c, kind, mbr_call_begin(c->call, kind, size, &o->w))) return;
  if (kind == MBR_FRAME_ITEM) (void)mbr_write_u32(&o->w, (uint32_t)(c - f.calls));
  o->of = c;
  o->kind = kind;
  f.open_count++;
}

static void send_or_begin(fuzz_call *c, mbr_frame_kind kind, size_t size) {
  if (size <= SHORT_MAX && next_byte() % 2 == 0) send_short(c, kind, size);
  else begin(c, kind, size);
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

static void on_ready(void *arg) {
  const fuzz_call *c = arg;
  assert_true(is_stream(c->method));
  assert_true(!c->told && !c->over && !is_gone(c));
}

static void act(fuzz_call *c) {
  static const mbr_frame_kind endings[] = {MBR_FRAME_OK, MBR_FRAME_ERR, MBR_FRAME_END};
  mbr_frame_kind ending = endings[next_byte() % 3];
  switch (next_byte() % 8) {
  case 0:
    if (may_end(c)) fault(c);
    break;
  case 1:
    if (!may_end(c)) break;
    send_or_begin(c, ending, ending == MBR_FRAME_END || c->method == ONEWAY ? 0 : next_size());
    break;
  case 2: (void)mbr_call_on_cancel(c->call, on_cancel, c); break;
  case 3: assert_int_equal(mbr_call_cancelled(c->call) != MBR_CANCEL_NONE, c->over || is_gone(c)); break;
  case 4: (void)mbr_call_on_ready(c->call, on_ready, c); break;
  case 5: (void)mbr_call_dropped(c->call); break;
  default: send_or_begin(c, MBR_FRAME_ITEM, sizeof(uint32_t) + next_size()); break;
  }
}

/* A sync call is over when its handler returns, whatever that did. */
static mbr_status handle_sync(mbr_call call) {
  uint8_t todo = next_byte();
  size_t size = next_size();
  mbr_writer w;
  if (todo % 4 == 0) return todo % 8 == 0 ? MBR_OK : MBR_BAD_UTF8;
  if (todo % 4 == 1) mbr_call_defer(call);
  if (todo % 4 == 2) (void)mbr_call_fault(call, MBR_INTERNAL, "of a sync call");
  mbr_status status = mbr_call_begin(call, todo % 3 == 0 ? MBR_FRAME_ERR : MBR_FRAME_OK, size, &w);
  if (todo % 4 == 2) assert_int_equal(status, MBR_CLOSED);
  if (status != MBR_OK) return MBR_OK;
  memset(mbr_writer_take(&w, size), 7, size);
  mbr_status encoded = (todo & 0x80u) != 0 ? MBR_BAD_RANGE : MBR_OK;
  assert_int_equal(mbr_call_commit(call, &w, encoded), encoded);
  return MBR_OK;
}

/* Of oneways several may have one number: they start in order. */
static fuzz_call *find_starting(uint32_t number, uint32_t method) {
  for (size_t i = 0; i < f.count; i++) {
    fuzz_call *c = &f.calls[i];
    bool waits = !c->started && !c->cancelled && !c->ended_for;
    if (c->wire == number && c->method == method && waits) return c;
  }
  return NULL;
}

/* A handler: does some things with its call, and returns with or without having deferred it. */
static mbr_status handle(loopback *l, mbr_call call, mbr_reader *args) {
  const struct mbr_slot *slot = &l->peer.memory.slots[call.id & 0xFFFFu];
  if (slot->here != NULL && !slot->indexed) return handle_sync(call);
  fuzz_call *c = find_starting(slot->call, slot->method->id);
  assert_non_null(c);
  c->call = call;
  c->started = true;
  assert_true(mbr_call_cancelled(call) == MBR_CANCEL_NONE || f.closed);
  assert_null(mbr_call_context(call));
  mbr_call_set_context(call, c);
  (void)mbr_read_bytes(args, &c->args, MBR_UNBOUNDED);
  c->sum = sum_of(c->args);
  uint8_t todo = next_byte();
  for (unsigned i = 0; i < todo % 4u; i++) act(c);
  if ((todo & 0x80u) == 0) {
    mbr_call_defer(call);
    c->deferred = true;
    return MBR_OK;
  }
  if (is_upload(c->method) && (todo & 0x40u) == 0) return MBR_OK; /* open till its items have ended */
  while (f.open_count > 0) commit(); /* a handler that does not defer commits before it returns */
  if (!c->over) over(c, MBR_CLOSED);
  return (todo & 0x40u) == 0 ? MBR_OK : MBR_INTERNAL;
}

/* The peer ends the call with a fault of its own. */
static void end_for(fuzz_call *c) {
  if (c->over || is_gone(c)) return;
  c->ended_for = true;
  c->promised = true;
}

/* An item of a stream parameter, which starts with its number; or, NULL, its end. */
static mbr_status handle_item(loopback *l, mbr_call call, mbr_reader *item) {
  fuzz_call *c = mbr_call_context(call);
  uint32_t number = 0;
  (void)l;
  assert_non_null(c);
  assert_true(c->started && !c->items_over && !c->over && !c->cancelled && !c->ended_for);
  uint8_t todo = next_byte();
  if (item != NULL) {
    if (mbr_read_u32(item, &number) != MBR_OK) {
      end_for(c);
      return item->status;
    }
    assert_int_equal(number, c->handled);
    c->handled++;
    assert_true(c->handled <= c->given);
    if (todo % 4 == 0) act(c);
    return MBR_OK;
  }
  assert_true(c->items_ended);
  c->items_over = true;
  if (todo % 4 == 0) act(c);
  if (c->deferred) return MBR_OK;
  while (f.open_count > 0) commit();
  if (!c->over) over(c, MBR_CLOSED);
  return MBR_OK;
}

static fuzz_call *find_open(uint32_t number) {
  for (size_t i = f.count; i > 0; i--) {
    fuzz_call *c = &f.calls[i - 1];
    bool has_index = c->method != ONEWAY && c->endings == 0 && !c->cancelled && !c->ended_for;
    if (c->wire == number && has_index) return c;
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

/* What a frame of a stream parameter means to the model; it must know before, for the handler may run at
 * once. */
static fuzz_call *note_item(const mbr_frame *frame) {
  fuzz_call *c = find_open(frame->call);
  if (c == NULL || !is_upload(c->method) || c->over || f.closed) return NULL;
  if (frame->kind == MBR_FRAME_ITEM) c->given++;
  else c->items_ended = true;
  return c;
}

static void note_refused_item(const mbr_frame *frame, fuzz_call *c, bool ended_before, mbr_status status) {
  if (c == NULL || (status != MBR_BAD_FRAME && status != MBR_NO_MEMORY)) return;
  if (frame->kind == MBR_FRAME_ITEM) c->given--;
  if (status == MBR_NO_MEMORY) assert_true(frame->kind == MBR_FRAME_ITEM);
  else assert_true(ended_before || c->given >= c->granted || !is_alone(c));
  end_for(c);
}

/* Whether a call of its caller may still use the index. */
static bool is_in_use(uint32_t index) {
  for (size_t i = 0; i < f.count; i++) {
    const fuzz_call *c = &f.calls[i];
    bool has_index = c->method != ONEWAY && !c->cancelled && c->endings == 0;
    if ((c->wire & 0xFFFFu) == index && has_index) return true;
  }
  return false;
}

static void refused(const mbr_frame *frame, mbr_status status) {
  uint32_t index = frame->call & 0xFFFFu;
  bool named = frame->flags == MBR_FRAME_FROM_CALLER && frame->call != 0 && index < INDEX_COUNT;
  if (status == MBR_BAD_FRAME) assert_true(!named || is_in_use(index));
  if (status == MBR_CLOSED) assert_true(f.closed);
  bool known = frame->method % 10 == 0 && frame->method >= UNARY && frame->method <= OTHER;
  known = known || (frame->method >= UPLOAD && frame->method <= QUIET);
  if (status == MBR_UNSUPPORTED) assert_int_equal(frame->method, SYNC);
  if (status == MBR_UNIMPLEMENTED) assert_true(!known || frame->instance != 0);
}

/* Hands over a frame in memory of its own. The model must know of a call before: its handler may run at
 * once. */
static void receive(const uint8_t *data, size_t size) {
  mbr_frame frame;
  bool whole = mbr_frame_read(&frame, data, size) == MBR_OK;
  bool call = whole && frame.kind == MBR_FRAME_CALL && size >= MBR_FRAME_HEADER_SIZE + MBR_CALL_PREFIX_SIZE;
  bool item = whole && frame.flags == MBR_FRAME_FROM_CALLER && frame.size == size;
  bool end = frame.kind == MBR_FRAME_END && size == MBR_FRAME_HEADER_SIZE;
  item = item && (frame.kind == MBR_FRAME_ITEM || end);
  if (call && f.count == CALLS_MAX) return;
  uint8_t *copy = aligned_memory(size != 0 ? size : 1);
  if (size != 0) memcpy(copy, data, size);
  size_t number = f.count;
  if (call) {
    uint32_t credit = mbr_get_u32(data + MBR_FRAME_HEADER_SIZE + 4);
    uint32_t timeout = mbr_get_u32(data + MBR_FRAME_HEADER_SIZE);
    f.calls[f.count++] = (fuzz_call){
      .wire = frame.call, .method = frame.method, .credit = credit,
      .deadline = timeout != 0 ? f.l->time + timeout : 0,
    };
  }
  bool ended_before = false;
  fuzz_call *of_item = item ? find_open(frame.call) : NULL;
  if (of_item != NULL) ended_before = of_item->items_ended;
  of_item = item ? note_item(&frame) : NULL;
  bool here = call && next_byte() % 4 == 0;
  mbr_status status = here ? receive_here(&f.l->peer, copy, size)
                           : mbr_peer_receive(&f.l->peer, copy, size);
  note_refused_item(&frame, of_item, ended_before, status);
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
  static const uint32_t methods_[] = {UNARY,  STREAM, STREAM, ONEWAY, CONCURRENT, LARGE, OTHER, NOBODY,
                                      UPLOAD, UPLOAD, BOTH,   ASIDE,  LATEST,     INLINE, BLOB, QUIET};
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
    .method = methods_[next_byte() % 16],
  };
  mbr_frame_write(frame, &header);
  mbr_put_u32(frame + MBR_FRAME_HEADER_SIZE, kind == MBR_FRAME_CANCEL ? 1 + odd % 3u : odd % 16u);
  if (kind == MBR_FRAME_CALL) {
    mbr_put_u32(frame + MBR_FRAME_HEADER_SIZE, odd % 8u == 7 ? odd : 0);
    mbr_put_u32(frame + MBR_FRAME_HEADER_SIZE + 4, odd % 16u);
    uint8_t *args = frame + MBR_FRAME_HEADER_SIZE + MBR_CALL_PREFIX_SIZE;
    mbr_put_u64(args, next_byte());
    memset(args + MBR_COUNT_SIZE, (int)f.count, sizeof frame - (size_t)(args + MBR_COUNT_SIZE - frame));
  }
  receive(frame, header.size);
}

/* The next item of a call that is open, or the end of its items; now and then it is a breach, or garbled. */
static void send_next_item(void) {
  if (f.count == 0) return;
  const fuzz_call *c = &f.calls[f.count - 1 - next_byte() % f.count];
  uint8_t odd = next_byte();
  bool end = odd % 16 == 0;
  if (!is_upload(c->method) || (c->given >= c->granted && odd % 16 != 1)) return;
  size_t payload = end ? 0 : odd % 32 == 2 ? 3 : sizeof(uint32_t) + next_size();
  uint8_t *frame = aligned_memory(MBR_FRAME_HEADER_SIZE + payload);
  const mbr_frame header = {
    .size = (uint32_t)(MBR_FRAME_HEADER_SIZE + payload),
    .kind = end ? MBR_FRAME_END : MBR_FRAME_ITEM,
    .flags = MBR_FRAME_FROM_CALLER,
    .call = c->wire,
  };
  memset(frame, 3, header.size);
  mbr_frame_write(frame, &header);
  if (payload >= sizeof(uint32_t)) {
    const fuzz_call *open = find_open(c->wire);
    mbr_put_u32(frame + MBR_FRAME_HEADER_SIZE, open != NULL ? open->given : 0);
  }
  receive(frame, header.size);
  free(frame);
}

static void call_sync(void) {
  uint8_t frame[MBR_FRAME_HEADER_SIZE + MBR_CALL_PREFIX_SIZE] = {0};
  uint64_t buffer[32];
  mbr_frame got;
  static const uint32_t methods_[] = {SYNC, UNARY, OTHER, STREAM};
  const mbr_frame header = {
    .size = sizeof frame, .kind = MBR_FRAME_CALL, .flags = MBR_FRAME_FROM_CALLER, .call = 5,
    .method = methods_[next_byte() % 4],
  };
  mbr_answer to = {.buffer = (uint8_t *)buffer, .capacity = MBR_ANSWER_MIN + next_byte() % 128u};
  mbr_frame_write(frame, &header);
  mbr_status status = mbr_peer_receive_sync(&f.l->peer, frame, sizeof frame, &to);
  assert_int_equal(status == MBR_CLOSED, f.closed);
  if (header.method == STREAM && !f.closed) assert_int_equal(status, MBR_UNSUPPORTED);
  if (status != MBR_OK) return;
  if (header.method == SYNC) f.sync_calls++;
  assert_int_equal(mbr_frame_read(&got, to.frame, to.size), MBR_OK);
  assert_true(got.size == to.size && ends(&got) && got.kind != MBR_FRAME_END && got.call == 5);
  if (to.is_block) free_hook(f.l, (void *)(uintptr_t)to.frame);
}

/* What this side would tell the other, mangled. */
static void send_hello(void) {
  uint8_t frame[512];
  size_t size = mbr_peer_hello(&f.l->peer, next_byte() % 2, frame, sizeof frame);
  if (size == MBR_PEER_HELLO_NONE || size > sizeof frame) return;
  for (unsigned i = next_byte() % 4; i > 0; i--) frame[next_byte() % size] = next_byte();
  receive(frame, size);
}

static void pass_time(void) {
  f.l->time += next_byte();
  uint64_t next = mbr_peer_poll(&f.l->peer);
  assert_true(next > f.l->time);
  for (size_t i = 0; i < f.count; i++) {
    fuzz_call *c = &f.calls[i];
    if (c->deadline != 0 && c->deadline <= f.l->time) end_for(c);
  }
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
  switch (next_byte() % 20) {
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
  case 10:
  case 11:
  case 12: send_next_item(); break;
  case 13: call_sync(); break;
  case 14: pass_time(); break;
  case 15: send_hello(); break;
  default: act_on_any(); break;
  }
}

static void end_all(void) {
  run_all(f.l);
  while (f.open_count > 0) commit();
  for (size_t i = 0; i < f.count; i++)
    if (may_end(&f.calls[i])) fault(&f.calls[i]);
}

/* When every call has ended, each is in one counter, and the ones that ended well in none. */
static void check_counts(uint32_t method) {
  mbr_counters told;
  uint64_t calls = 0, good = 0, items = 0;
  assert_int_equal(mbr_peer_counters(&f.l->peer, method, &told), MBR_OK);
  assert_int_equal(told.open + told.queued, 0);
  if (method == SYNC) assert_int_equal(told.calls, f.sync_calls);
  if (method == SYNC || method == UNARY) return; /* of these some were called as sync, and some not */
  for (size_t i = 0; i < f.count; i++) {
    const fuzz_call *c = &f.calls[i];
    if (c->method != method) continue;
    calls++;
    items += c->got;
    if (c->fate == FATE_OK) good++;
  }
  assert_int_equal(told.calls, calls);
  assert_int_equal(told.items, items);
  if (method != ONEWAY) assert_int_equal(told.calls, good + told.errors + told.cancelled);
}

/* Everybody keeps the rules to the end; then every promise must have been kept. */
static void finish(void) {
  end_all();
  run_all(f.l);
  look(); /* at answers that callers were given */
  while (drain_some(f.l, SIZE_MAX)) {
    look();
    run_all(f.l);
  }
  for (size_t i = 0; i < f.count; i++) {
    const fuzz_call *c = &f.calls[i];
    assert_true(!c->told || is_gone(c));
    if (f.closed) continue;
    assert_int_equal(c->endings, c->method != ONEWAY && !c->cancelled ? 1 : 0);
    assert_true(c->got == c->sent || (c->method == LATEST && c->got < c->sent));
  }
  if (f.closed) return;
  for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) check_counts(methods[i].id);
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
  f.l->handle_item = handle_item;
  f.l->refuse_blocks = (how & 0x40) != 0;
  while (f.size > 0) step();
  finish();
  end_loopback(f.l);
  return 0;
}
