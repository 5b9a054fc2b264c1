/* Requests against raw frames: the test is the other side. What breaks the protocol, what is owed when the
 * outbox is full, what works without an executor or without blocks; and that no hook is called under the
 * lock. */
#include "request_kit.h"

#define REQUESTS 4
#define OUTBOX_SIZE 512u
#define SENT_MAX 64

typedef struct sent {
  mbr_frame frame;
  uint32_t value; /* what its payload ends with */
} sent;

typedef struct caller {
  mbr_peer peer;
  mbr_hooks hooks;
  bool locked, gone, receiving, refuse_blocks, close_on_alloc, disconnected;
  mbr_request cancel_on_alloc;
  mbr_task *first, *last;
  size_t blocks;
  unsigned wakes, notifies;
  uint64_t clock, alarm;
  mbr_status wait_answer;
  void (*while_waiting)(struct caller *c);
  client client;
  uint32_t wire; /* of the first call */
  struct mbr_slot slots[1];
  uint16_t calls[1];
  struct mbr_asked requests[REQUESTS];
  _Alignas(16) uint8_t storage[64];
  _Alignas(16) uint8_t outbox[OUTBOX_SIZE];
  sent sent[SENT_MAX];
  size_t sent_count;
} caller;

static void lock_hook(void *owner) {
  caller *c = owner;
  assert_false(c->locked);
  c->locked = true;
}

static void unlock_hook(void *owner) {
  caller *c = owner;
  assert_true(c->locked);
  c->locked = false;
}

static void wake_hook(void *owner) {
  caller *c = owner;
  assert_false(c->locked || c->gone);
  assert_false(c->receiving && c->hooks.schedule != NULL); /* a leaf call */
  c->wakes++;
}

static void schedule_hook(void *owner, mbr_task *task) {
  caller *c = owner;
  assert_false(c->locked || c->gone);
  task->next = NULL;
  if (c->first == NULL) c->first = task;
  else c->last->next = task;
  c->last = task;
}

static void run_tasks(caller *c) {
  while (c->first != NULL) {
    mbr_task *task = c->first;
    c->first = task->next;
    task->run(task);
  }
}

static void *alloc_hook(void *owner, size_t size) {
  caller *c = owner;
  assert_false(c->locked || c->gone);
  if (c->cancel_on_alloc.peer != NULL) { /* as another thread would at just that moment */
    c->receiving = false;
    (void)mbr_request_cancel(c->cancel_on_alloc);
  }
  if (c->close_on_alloc) {
    c->close_on_alloc = c->receiving = false;
    mbr_peer_close(&c->peer);
    run_tasks(c);
  }
  if (c->refuse_blocks) return NULL;
  c->blocks++;
  return malloc(size);
}

static void free_hook(void *owner, void *block) {
  caller *c = owner;
  assert_false(c->locked || c->gone);
  c->blocks--;
  free(block);
}

static uint64_t now_hook(void *owner) {
  caller *c = owner;
  assert_false(c->locked || c->gone);
  return c->clock;
}

static void alarm_hook(void *owner, uint64_t at) {
  caller *c = owner;
  assert_false(c->locked || c->gone);
  c->alarm = at;
}

static mbr_status wait_hook(void *owner, uint64_t until) {
  caller *c = owner;
  assert_true(c->locked);
  if (c->wait_answer != MBR_OK || until <= c->clock) return c->wait_answer;
  c->locked = false;
  if (c->while_waiting != NULL) c->while_waiting(c);
  else c->clock = until;
  c->locked = true;
  return MBR_OK;
}

static void notify_hook(void *owner) {
  caller *c = owner;
  assert_true(c->locked);
  c->notifies++;
}

static void quiet_hook(void *owner) { ((caller *)owner)->gone = true; }

enum { NO_EXECUTOR = 1, NO_BLOCKS = 2, NO_WAIT = 4 };

static mbr_status receive(caller *c, mbr_frame_kind kind, uint32_t call, const void *payload, size_t size) {
  uint8_t *data = malloc(MBR_FRAME_HEADER_SIZE + size); /* of just that size, for the sanitizer */
  assert_non_null(data);
  const mbr_frame frame = {
    .size = (uint32_t)(MBR_FRAME_HEADER_SIZE + size), .kind = (uint8_t)kind, .call = call};
  mbr_frame_write(data, &frame);
  if (size > 0) memcpy(data + MBR_FRAME_HEADER_SIZE, payload, size);
  c->receiving = true;
  mbr_status status = mbr_peer_receive(&c->peer, data, frame.size);
  c->receiving = false;
  free(data);
  return status;
}

static mbr_status receive_u32(caller *c, mbr_frame_kind kind, uint32_t call, uint32_t value) {
  uint8_t payload[4];
  mbr_put_u32(payload, value);
  return receive(c, kind, call, payload, kind == MBR_FRAME_END ? 0 : 4);
}

static mbr_status receive_fault(caller *c, uint32_t call, uint32_t code, const char *text, size_t extra) {
  uint8_t payload[64];
  memset(payload, 0, sizeof payload);
  mbr_put_u32(payload, code);
  mbr_put_u64(payload + 4, strlen(text));
  memcpy(payload + 12, text, strlen(text));
  return receive(c, MBR_FRAME_FAULT, call, payload, 12 + strlen(text) + extra);
}

/* A HELLO in which every method of the client is served as it knows it. */
static size_t make_hello(uint8_t *payload) {
  static const uint32_t name_of_t_S = 0xC973EE2Cu;
  mbr_put_u32(payload, MBR_PROTOCOL_VERSION);
  mbr_put_u32(payload + 4, name_of_t_S);
  mbr_put_u32(payload + 8, METHODS);
  mbr_put_u32(payload + 12, 1);
  for (size_t i = 0; i < METHODS; i++) {
    mbr_put_u32(payload + 16 + 12 * i, known_methods[i].id);
    mbr_put_u64(payload + 20 + 12 * i, known_methods[i].fingerprint);
  }
  mbr_put_u32(payload + 16 + 12 * METHODS, 1);
  mbr_put_u64(payload + 20 + 12 * METHODS, 11);
  return 28 + 12 * METHODS;
}

static caller *open_caller(int without) {
  caller *c = calloc(1, sizeof *c);
  uint8_t hello[256];
  assert_non_null(c);
  c->hooks = (mbr_hooks){
    .lock = lock_hook, .unlock = unlock_hook, .wake = wake_hook, .schedule = schedule_hook,
    .alloc = alloc_hook, .free = free_hook, .now = now_hook, .alarm = alarm_hook,
    .wait = wait_hook, .notify = notify_hook, .quiet = quiet_hook,
  };
  if ((without & NO_EXECUTOR) != 0) c->hooks.schedule = NULL;
  if ((without & NO_BLOCKS) != 0) c->hooks.alloc = NULL;
  if ((without & NO_BLOCKS) != 0) c->hooks.free = NULL;
  if ((without & NO_WAIT) != 0) c->hooks.wait = NULL;
  const mbr_peer_memory memory = {
    .slots = c->slots, .slot_count = 1, .calls = c->calls, .call_count = 1,
    .requests = c->requests, .request_count = REQUESTS,
    .storage = c->storage, .storage_size = sizeof c->storage,
    .outbox = c->outbox, .outbox_size = OUTBOX_SIZE,
  };
  assert_int_equal(mbr_peer_open(&c->peer, &memory, &c->hooks, c), MBR_OK);
  assert_int_equal(mbr_client_open(&c->client.base, &c->peer, &known_service, c->client.compatibility),
                   MBR_OK);
  assert_int_equal(receive(c, MBR_FRAME_HELLO, 0, hello, make_hello(hello)), MBR_OK);
  assert_int_equal(mbr_client_compatibility(&c->client.base, AT_NOWHERE), MBR_METHOD_COMPATIBLE);
  return c;
}

static void drain(caller *c) {
  const uint8_t *frames;
  size_t size;
  while ((size = mbr_peer_outgoing(&c->peer, &frames)) != 0) {
    size_t done = 0;
    while (done < size) {
      assert_true(c->sent_count < SENT_MAX);
      sent *s = &c->sent[c->sent_count++];
      assert_int_equal(mbr_frame_read(&s->frame, frames + done, size - done), MBR_OK);
      assert_int_equal(s->frame.flags, MBR_FRAME_FROM_CALLER);
      if (s->frame.size >= MBR_FRAME_HEADER_SIZE + 4)
        s->value = mbr_get_u32(frames + done + s->frame.size - 4);
      done += (s->frame.size + 15u) / 16u * 16u;
    }
    mbr_peer_consume(&c->peer, done);
  }
}

static void close_caller(caller *c) {
  mbr_peer_close(&c->peer);
  run_tasks(c);
  assert_true(c->gone);
  assert_int_equal(c->blocks, 0);
  free(c);
}

/* Calls; the other side's number for it. */
static uint32_t call(caller *c, size_t method, heard *h) {
  assert_int_equal(ask(&c->client, method, 1, NULL, h), MBR_OK);
  drain(c);
  const sent *s = &c->sent[c->sent_count - 1];
  assert_int_equal(s->frame.kind, MBR_FRAME_CALL);
  assert_int_equal(s->frame.method, known_methods[method].id);
  return s->frame.call;
}

static void assert_sent_last(const caller *c, mbr_frame_kind kind, uint32_t call, uint32_t value) {
  assert_true(c->sent_count > 0);
  const sent *s = &c->sent[c->sent_count - 1];
  assert_int_equal(s->frame.kind, kind);
  assert_int_equal(s->frame.call, call);
  if (kind != MBR_FRAME_END) assert_int_equal(s->value, value);
}

static void assert_fault(const heard *h, mbr_status fault) {
  assert_int_equal(h->dones, 1);
  assert_int_equal(h->kind, MBR_FRAME_FAULT);
  assert_int_equal(h->fault, fault);
}

/* A frame that cannot be one of the call's ends it, with and without an executor. */
static void breach(size_t method, void (*send_it)(caller *c, uint32_t call)) {
  for (int without = 0; without <= NO_EXECUTOR; without++) {
    caller *c = open_caller(without);
    heard h = {0};
    uint32_t id = call(c, method, &h);
    send_it(c, id);
    run_tasks(c);
    assert_fault(&h, MBR_BAD_FRAME);
    drain(c);
    assert_sent_last(c, MBR_FRAME_CANCEL, id, MBR_CANCEL_CANCELLED);
    assert_int_equal(receive_u32(c, MBR_FRAME_OK, id, 1), MBR_OK); /* late now */
    run_tasks(c);
    assert_int_equal(h.dones, 1);
    close_caller(c);
  }
}

static void ok_of_a_stream(caller *c, uint32_t id) {
  assert_int_equal(receive_u32(c, MBR_FRAME_OK, id, 1), MBR_BAD_FRAME);
}
static void end_of_a_plain_call(caller *c, uint32_t id) {
  assert_int_equal(receive_u32(c, MBR_FRAME_END, id, 0), MBR_BAD_FRAME);
}
static void item_of_a_plain_call(caller *c, uint32_t id) {
  assert_int_equal(receive_u32(c, MBR_FRAME_ITEM, id, 1), MBR_BAD_FRAME);
}
static void credit_for_no_items(caller *c, uint32_t id) {
  assert_int_equal(receive_u32(c, MBR_FRAME_CREDIT, id, 1), MBR_BAD_FRAME);
}
static void credit_without_a_count(caller *c, uint32_t id) {
  assert_int_equal(receive(c, MBR_FRAME_CREDIT, id, NULL, 0), MBR_BAD_FRAME);
}
static void end_with_a_payload(caller *c, uint32_t id) {
  assert_int_equal(receive(c, MBR_FRAME_END, id, "x", 1), MBR_BAD_FRAME);
}
static void cut_fault(caller *c, uint32_t id) {
  assert_int_equal(receive(c, MBR_FRAME_FAULT, id, "abc", 3), MBR_BAD_FRAME);
}
static void fault_with_a_rest(caller *c, uint32_t id) {
  assert_int_equal(receive_fault(c, id, MBR_INTERNAL, "text", 1), MBR_BAD_FRAME);
}
static void fault_that_is_none(caller *c, uint32_t id) {
  assert_int_equal(receive_fault(c, id, MBR_OK, "", 0), MBR_BAD_FRAME);
}
static void cancel_of_a_callee(caller *c, uint32_t id) {
  assert_int_equal(receive_u32(c, MBR_FRAME_CANCEL, id, 1), MBR_BAD_FRAME);
}
static void items_beyond_credit(caller *c, uint32_t id) {
  for (uint32_t i = 0; i < WINDOW; i++) assert_int_equal(receive_u32(c, MBR_FRAME_ITEM, id, i), MBR_OK);
  if (c->hooks.schedule == NULL) { /* they were taken at once, and their credit is on its way */
    drain(c);
    for (uint32_t i = 0; i < WINDOW; i++) assert_int_equal(receive_u32(c, MBR_FRAME_ITEM, id, i), MBR_OK);
    assert_int_equal(mbr_request_pause((mbr_request){&c->peer, c->requests[id & 0xFFFF].id}), MBR_OK);
    for (uint32_t i = 0; i < WINDOW; i++) assert_int_equal(receive_u32(c, MBR_FRAME_ITEM, id, i), MBR_OK);
  }
  assert_int_equal(receive_u32(c, MBR_FRAME_ITEM, id, 9), MBR_BAD_FRAME);
}

static void test_frames_that_break_the_protocol(void **state) {
  (void)state;
  breach(AT_STREAM, ok_of_a_stream);
  breach(AT_UNARY, end_of_a_plain_call);
  breach(AT_UNARY, item_of_a_plain_call);
  breach(AT_UNARY, credit_for_no_items);
  breach(AT_UPLOAD, credit_without_a_count);
  breach(AT_STREAM, end_with_a_payload);
  breach(AT_UNARY, cut_fault);
  breach(AT_UNARY, fault_with_a_rest);
  breach(AT_UNARY, fault_that_is_none);
  breach(AT_UNARY, cancel_of_a_callee);
  breach(AT_STREAM, items_beyond_credit);
}

static void test_late_repeated_and_unknown_answers_are_ignored(void **state) {
  (void)state;
  caller *c = open_caller(0);
  heard h[2] = {0};
  uint32_t id = call(c, AT_UNARY, &h[0]);
  assert_int_equal(receive_u32(c, MBR_FRAME_OK, id + 1, 1), MBR_OK);
  assert_int_equal(receive_u32(c, MBR_FRAME_OK, id + 0x10000u, 1), MBR_OK);
  assert_int_equal(receive_u32(c, MBR_FRAME_OK, 0, 1), MBR_OK);
  assert_int_equal(receive_u32(c, MBR_FRAME_CREDIT, 0xFFFFu, 1), MBR_OK);
  assert_int_equal(receive_u32(c, MBR_FRAME_CANCEL, 0xFFFFu, 1), MBR_BAD_FRAME);
  assert_int_equal(receive_u32(c, MBR_FRAME_CALL, 0xFFFFu, 1), MBR_BAD_FRAME);
  assert_int_equal(receive_u32(c, MBR_FRAME_OK, id, 5), MBR_OK);
  assert_int_equal(receive_u32(c, MBR_FRAME_OK, id, 6), MBR_OK);
  assert_int_equal(receive_fault(c, id, MBR_INTERNAL, "", 0), MBR_OK);
  run_tasks(c);
  assert_int_equal(h[0].value, 5);
  uint32_t next = call(c, AT_UNARY, &h[1]);
  assert_int_equal(next & 0xFFFFu, id & 0xFFFFu); /* the same place in another generation */
  assert_int_not_equal(next, id);
  assert_int_equal(receive_u32(c, MBR_FRAME_OK, id, 7), MBR_OK);
  run_tasks(c);
  assert_int_equal(h[1].dones, 0);
  close_caller(c);
}

static void test_numbers_are_never_zero(void **state) {
  (void)state;
  caller *c = open_caller(0);
  heard h = {0};
  uint32_t last = 0;
  for (uint32_t i = 0; i < 70000; i++) {
    memset(&h, 0, sizeof h);
    uint32_t id = call(c, AT_UNARY, &h);
    c->sent_count = 0;
    assert_true(id >= 0x10000u && id != last);
    last = id;
    assert_int_equal(receive_u32(c, MBR_FRAME_OK, id, i), MBR_OK);
    run_tasks(c);
    assert_int_equal(h.value, i);
  }
  close_caller(c);
}

/* Fills the outbox with oneways. */
static void fill(caller *c) {
  heard h = {0};
  mbr_status status = MBR_OK;
  while (status == MBR_OK) status = ask(&c->client, AT_ONEWAY, 1, NULL, &h);
  assert_int_equal(status, MBR_WOULD_BLOCK);
}

static void test_a_cancel_waits_for_room_and_its_number_with_it(void **state) {
  (void)state;
  caller *c = open_caller(0);
  heard h[REQUESTS + 1] = {0};
  uint32_t ids[REQUESTS];
  for (int i = 0; i < REQUESTS; i++) ids[i] = call(c, AT_UNARY, &h[i]);
  fill(c);
  for (int i = 0; i < REQUESTS; i++) assert_int_equal(mbr_request_cancel(h[i].request), MBR_OK);
  run_tasks(c);
  for (int i = 0; i < REQUESTS; i++) assert_fault(&h[i], MBR_CANCELLED);
  assert_int_equal(ask(&c->client, AT_UNARY, 1, NULL, &h[REQUESTS]), MBR_BUSY);
  assert_int_equal(receive_u32(c, MBR_FRAME_OK, ids[0], 1), MBR_OK); /* crosses the cancel */
  drain(c);
  for (int i = 0; i < REQUESTS; i++) {
    const sent *s = &c->sent[c->sent_count - REQUESTS + (size_t)i];
    assert_int_equal(s->frame.kind, MBR_FRAME_CANCEL);
    assert_int_equal(s->frame.call, ids[i]);
  }
  (void)call(c, AT_UNARY, &h[REQUESTS]);
  close_caller(c);
}

static void test_credit_waits_for_room_and_adds_up(void **state) {
  (void)state;
  caller *c = open_caller(0);
  heard h = {0};
  uint32_t id = call(c, AT_STREAM, &h);
  fill(c);
  for (uint32_t i = 0; i < WINDOW; i++) {
    assert_int_equal(receive_u32(c, MBR_FRAME_ITEM, id, i), MBR_OK);
    run_tasks(c);
  }
  assert_int_equal(receive_u32(c, MBR_FRAME_CREDIT, 0xFFFF, 1), MBR_OK);
  drain(c);
  assert_sent_last(c, MBR_FRAME_CREDIT, id, WINDOW);
  for (uint32_t i = 0; i < WINDOW; i++) assert_int_equal(receive_u32(c, MBR_FRAME_ITEM, id, i), MBR_OK);
  assert_int_equal(receive_u32(c, MBR_FRAME_END, id, 0), MBR_OK);
  run_tasks(c);
  assert_int_equal(h.item_count, 2 * WINDOW);
  assert_int_equal(h.kind, MBR_FRAME_END);
  close_caller(c);
}

static void test_items_of_a_stream_parameter(void **state) {
  (void)state;
  caller *c = open_caller(0);
  heard h = {0};
  uint32_t id = call(c, AT_UPLOAD, &h);
  assert_int_equal(push(h.request, 1), MBR_WOULD_BLOCK); /* no credit yet */
  assert_int_equal(receive_u32(c, MBR_FRAME_CREDIT, id, 2), MBR_OK);
  run_tasks(c);
  assert_int_equal(h.readies, 1);
  assert_int_equal(push(h.request, 10), MBR_OK);
  assert_int_equal(push(h.request, 11), MBR_OK);
  drain(c);
  assert_sent_last(c, MBR_FRAME_ITEM, id, 11);
  assert_int_equal(push(h.request, 12), MBR_WOULD_BLOCK);
  assert_int_equal(push(h.request, 12), MBR_WOULD_BLOCK);
  assert_int_equal(receive_u32(c, MBR_FRAME_CREDIT, id, 3), MBR_OK);
  assert_int_equal(receive_u32(c, MBR_FRAME_CREDIT, id, 3), MBR_OK);
  run_tasks(c);
  assert_int_equal(h.readies, 2);
  assert_int_equal(push(h.request, 12), MBR_OK);
  assert_int_equal(mbr_request_end_items(h.request), MBR_OK);
  assert_int_equal(mbr_request_end_items(h.request), MBR_CLOSED);
  assert_int_equal(push(h.request, 13), MBR_CLOSED);
  drain(c);
  assert_sent_last(c, MBR_FRAME_END, id, 0);
  assert_int_equal(receive_u32(c, MBR_FRAME_OK, id, 3), MBR_OK);
  run_tasks(c);
  assert_int_equal(h.value, 3);
  assert_int_equal(h.readies, 2);
  close_caller(c);
}

static void test_an_item_waits_for_room(void **state) {
  (void)state;
  caller *c = open_caller(0);
  heard h = {0};
  uint32_t id = call(c, AT_UPLOAD, &h);
  assert_int_equal(receive_u32(c, MBR_FRAME_CREDIT, id, 100), MBR_OK);
  fill(c);
  assert_int_equal(push(h.request, 1), MBR_WOULD_BLOCK);
  run_tasks(c);
  assert_int_equal(h.readies, 0);
  drain(c);
  run_tasks(c);
  assert_int_equal(h.readies, 1);
  assert_int_equal(push(h.request, 1), MBR_OK);
  fill(c);
  assert_int_equal(push(h.request, 2), MBR_WOULD_BLOCK);
  assert_int_equal(mbr_request_end_items(h.request), MBR_OK); /* owed */
  drain(c);
  run_tasks(c);
  assert_int_equal(h.readies, 1);
  assert_sent_last(c, MBR_FRAME_END, id, 0);
  close_caller(c);
}

static mbr_status push_size(mbr_request request, size_t size) {
  mbr_writer w;
  mbr_status status = mbr_request_item_begin(request, size, &w);
  if (status != MBR_OK) return status;
  memset(mbr_writer_take(&w, size), 0, size);
  return mbr_request_item_commit(request, &w, MBR_OK);
}

static void test_a_smaller_item_does_not_end_the_wait_for_room(void **state) {
  (void)state;
  const size_t size = OUTBOX_SIZE / 4 - MBR_FRAME_HEADER_SIZE;
  caller *c = open_caller(0);
  heard h = {0};
  uint32_t id = call(c, AT_UPLOAD, &h);
  assert_int_equal(receive_u32(c, MBR_FRAME_CREDIT, id, 100), MBR_OK);
  assert_int_equal(push(h.request, 0), MBR_OK);
  while (push_size(h.request, size) == MBR_OK) {
  }
  assert_int_equal(push(h.request, 1), MBR_OK); /* it still has room */
  run_tasks(c);
  assert_int_equal(h.readies, 0);
  drain(c);
  run_tasks(c);
  assert_int_equal(h.readies, 1);
  assert_int_equal(push_size(h.request, size), MBR_OK);
  close_caller(c);
}

static void test_an_item_that_fails_to_encode_gives_its_credit_back(void **state) {
  (void)state;
  caller *c = open_caller(0);
  heard h = {0};
  mbr_writer w;
  uint32_t id = call(c, AT_UPLOAD, &h);
  assert_int_equal(receive_u32(c, MBR_FRAME_CREDIT, id, 1), MBR_OK);
  assert_int_equal(mbr_request_item_begin(h.request, 4, &w), MBR_OK);
  assert_int_equal(mbr_request_item_commit(h.request, &w, MBR_BAD_RANGE), MBR_BAD_RANGE);
  assert_int_equal(mbr_request_item_begin(h.request, 4, &w), MBR_OK);
  assert_int_equal(mbr_request_item_commit(h.request, &w, MBR_OK), MBR_MISUSE);
  c->refuse_blocks = true;
  assert_int_equal(mbr_request_item_begin(h.request, 4000, &w), MBR_NO_MEMORY);
  c->refuse_blocks = false;
  assert_int_equal(push(h.request, 5), MBR_OK);
  drain(c);
  assert_sent_last(c, MBR_FRAME_ITEM, id, 5);
  /* An item that is being encoded when its call ends goes nowhere. */
  assert_int_equal(receive_u32(c, MBR_FRAME_CREDIT, id, 1), MBR_OK);
  assert_int_equal(mbr_request_item_begin(h.request, 4, &w), MBR_OK);
  assert_int_equal(mbr_request_cancel(h.request), MBR_OK);
  run_tasks(c);
  assert_int_equal(mbr_request_item_commit(h.request, &w, MBR_BAD_RANGE), MBR_BAD_RANGE);
  close_caller(c);
}

/* As where two threads send items of one stream parameter. */
static void test_credit_given_back_reaches_who_waits_for_it(void **state) {
  (void)state;
  const size_t sizes[] = {4, OUTBOX_SIZE};
  for (size_t i = 0; i < 2; i++) {
    caller *c = open_caller(0);
    heard h = {0};
    mbr_writer w;
    uint32_t id = call(c, AT_UPLOAD, &h);
    assert_int_equal(receive_u32(c, MBR_FRAME_CREDIT, id, 1), MBR_OK);
    assert_int_equal(mbr_request_item_begin(h.request, 4, &w), MBR_OK);
    assert_int_equal(push_size(h.request, sizes[i]), MBR_WOULD_BLOCK);
    assert_int_equal(mbr_request_item_commit(h.request, &w, MBR_BAD_RANGE), MBR_BAD_RANGE);
    run_tasks(c);
    assert_int_equal(h.readies, 1);
    assert_int_equal(push_size(h.request, 4), MBR_OK);
    assert_int_equal(mbr_request_cancel(h.request), MBR_OK);
    close_caller(c);
  }
}

/* The only record before what is owed is given up: nothing is consumed, and still it must be sent. */
static void test_room_of_a_record_that_was_given_up_is_used(void **state) {
  (void)state;
  caller *c = open_caller(0);
  heard h = {0}, large = {0};
  const mbr_receiver receiver = receiver_of(&large);
  uint32_t id = call(c, AT_UNARY, &h);
  unsigned opened = 0;
  mbr_request requests[REQUESTS];
  mbr_writer writers[REQUESTS];
  while (opened < REQUESTS - 1 &&
         mbr_request_begin(&c->client.base, AT_UNARY, OUTBOX_SIZE / 4 - 32, NULL, &receiver, &writers[opened],
                           &requests[opened]) == MBR_OK) {
    opened++;
  }
  assert_true(opened > 0);
  fill(c);
  assert_int_equal(mbr_request_cancel(h.request), MBR_OK);
  run_tasks(c);
  for (unsigned i = 0; i < opened; i++) {
    assert_int_equal(mbr_request_commit(requests[i], &writers[i], MBR_BAD_RANGE), MBR_BAD_RANGE);
  }
  assert_true(c->wakes > 0);
  drain(c);
  assert_sent_last(c, MBR_FRAME_CANCEL, id, MBR_CANCEL_CANCELLED);
  close_caller(c);
}

static void test_without_an_executor_receivers_are_told_at_once(void **state) {
  (void)state;
  caller *c = open_caller(NO_EXECUTOR | NO_BLOCKS);
  heard h[4] = {0};
  uint32_t id = call(c, AT_UNARY, &h[0]);
  assert_int_equal(receive_u32(c, MBR_FRAME_OK, id, 5), MBR_OK);
  assert_int_equal(h[0].value, 5);
  id = call(c, AT_STREAM, &h[1]);
  for (uint32_t i = 0; i < 3 * WINDOW; i++) {
    assert_int_equal(receive_u32(c, MBR_FRAME_ITEM, id, i), MBR_OK);
    assert_int_equal(h[1].item_count, i + 1);
    drain(c);
  }
  assert_int_equal(receive_fault(c, id, MBR_INTERNAL, "gone", 0), MBR_OK);
  assert_fault(&h[1], MBR_INTERNAL);
  assert_string_equal(h[1].text, "gone");
  (void)call(c, AT_UNARY, &h[2]);
  assert_int_equal(mbr_request_cancel(h[2].request), MBR_OK);
  assert_fault(&h[2], MBR_CANCELLED);
  (void)call(c, AT_UNARY, &h[3]);
  close_caller(c);
}

/* Receivers that give up the next call when theirs has ended: as when the first failure ends all of a group. */
typedef struct chain {
  heard heard[REQUESTS];
  unsigned depth, deepest;
} chain;

static void cancel_next(heard *h) {
  chain *all = h->context;
  all->depth++;
  if (all->depth > all->deepest) all->deepest = all->depth;
  if (h != &all->heard[REQUESTS - 1]) assert_int_equal(mbr_request_cancel((h + 1)->request), MBR_OK);
  all->depth--;
}

static void test_without_an_executor_callbacks_do_not_pile_up_on_the_stack(void **state) {
  (void)state;
  caller *c = open_caller(NO_EXECUTOR | NO_BLOCKS);
  chain all = {.depth = 0};
  uint32_t first = 0;
  for (size_t i = 0; i < REQUESTS; i++) {
    all.heard[i].on_done = cancel_next;
    all.heard[i].context = &all;
    const uint32_t id = call(c, AT_UNARY, &all.heard[i]);
    if (i == 0) first = id;
  }
  assert_int_equal(receive_fault(c, first, MBR_INTERNAL, "", 0), MBR_OK);
  for (size_t i = 1; i < REQUESTS; i++) assert_fault(&all.heard[i], MBR_CANCELLED);
  /* The one that the frame was for, and those of the others in turns. */
  assert_int_equal(all.deepest, 2);
  close_caller(c);
}

static void test_without_blocks_an_executor_cannot_be_handed_answers(void **state) {
  (void)state;
  caller *c = open_caller(NO_BLOCKS);
  heard h[3] = {0};
  uint32_t id = call(c, AT_UNARY, &h[0]);
  assert_int_equal(receive_u32(c, MBR_FRAME_OK, id, 5), MBR_OK);
  uint32_t stream = call(c, AT_STREAM, &h[1]);
  assert_int_equal(receive_u32(c, MBR_FRAME_ITEM, stream, 5), MBR_OK);
  run_tasks(c);
  drain(c);
  assert_fault(&h[0], MBR_NO_MEMORY);
  assert_fault(&h[1], MBR_NO_MEMORY);
  assert_sent_last(c, MBR_FRAME_CANCEL, stream, MBR_CANCEL_CANCELLED);
  assert_int_equal(ask_and_wait(&c->client, AT_UNARY, 1, NULL, &h[2]), MBR_OK);
  assert_fault(&h[2], MBR_DEADLINE);
  close_caller(c);
}

static void feed_next(heard *h, uint32_t item) {
  caller *c = h->context;
  if (item == 0) assert_int_equal(receive_u32(c, MBR_FRAME_ITEM, c->wire, 1), MBR_OK);
  if (item == 0) assert_int_equal(receive_u32(c, MBR_FRAME_END, c->wire, 0), MBR_OK);
  assert_int_equal(h->dones, 0);
  assert_int_equal(h->item_count, item + 1);
}

static void test_frames_that_come_within_a_callback_wait_for_its_return(void **state) {
  (void)state;
  caller *c = open_caller(NO_EXECUTOR);
  heard h = {.on_item = feed_next, .context = c};
  c->wire = call(c, AT_STREAM, &h);
  assert_int_equal(receive_u32(c, MBR_FRAME_ITEM, c->wire, 0), MBR_OK);
  assert_int_equal(h.item_count, 2);
  assert_int_equal(h.dones, 1);
  assert_int_equal(h.kind, MBR_FRAME_END);
  close_caller(c);
}

static void answer_while_waiting(caller *c) {
  drain(c);
  assert_int_equal(receive_u32(c, MBR_FRAME_OK, c->sent[c->sent_count - 1].frame.call, 6), MBR_OK);
  run_tasks(c);
}

static void test_a_blocking_call_needs_no_executor_and_no_block(void **state) {
  (void)state;
  for (int without = 0; without <= NO_EXECUTOR; without++) {
    caller *c = open_caller(without | NO_BLOCKS);
    heard h = {0};
    c->while_waiting = answer_while_waiting;
    assert_int_equal(ask_and_wait(&c->client, AT_UNARY, 1, NULL, &h), MBR_OK);
    assert_int_equal(h.value, 6);
    assert_int_equal(c->notifies, 1);
    close_caller(c);
  }
}

static void test_a_blocking_call_is_refused_before_anything_is_sent(void **state) {
  (void)state;
  caller *c = open_caller(NO_WAIT);
  heard h = {0};
  assert_int_equal(ask_and_wait(&c->client, AT_UNARY, 1, NULL, &h), MBR_UNSUPPORTED);
  close_caller(c);
  c = open_caller(0);
  c->wait_answer = MBR_DEADLOCK;
  assert_int_equal(ask_and_wait(&c->client, AT_UNARY, 1, NULL, &h), MBR_DEADLOCK);
  drain(c);
  assert_int_equal(c->sent_count, 0);
  assert_int_equal(h.dones, 0);
  close_caller(c);
}

static void breach_while_waiting(caller *c) {
  drain(c);
  assert_int_equal(receive_u32(c, MBR_FRAME_ITEM, c->sent[c->sent_count - 1].frame.call, 6), MBR_BAD_FRAME);
}

static void close_while_waiting(caller *c) { mbr_peer_close(&c->peer); }

static void poll_while_waiting(caller *c) {
  c->clock += MBR_WAIT_TIMEOUT_MS;
  (void)mbr_peer_poll(&c->peer);
}

static void refuse_while_waiting(caller *c) { c->wait_answer = MBR_DEADLOCK; }

static void cancel_while_waiting(caller *c) {
  for (size_t i = 0; i < REQUESTS; i++) {
    if (c->requests[i].id != 0) {
      assert_int_equal(mbr_request_cancel((mbr_request){&c->peer, c->requests[i].id}), MBR_OK);
    }
  }
}

static void test_every_other_ending_of_a_blocking_call(void **state) {
  static const struct {
    void (*meanwhile)(caller *c);
    mbr_status fault;
  } endings[] = {
    {NULL, MBR_DEADLINE},         {poll_while_waiting, MBR_DEADLINE},   {breach_while_waiting, MBR_BAD_FRAME},
    {refuse_while_waiting, MBR_DEADLOCK}, {cancel_while_waiting, MBR_CANCELLED},
    {close_while_waiting, MBR_DISCONNECTED},
  };
  (void)state;
  for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
    caller *c = open_caller(0);
    heard h = {0};
    c->while_waiting = endings[i].meanwhile;
    assert_int_equal(ask_and_wait(&c->client, AT_UNARY, 1, NULL, &h), MBR_OK);
    assert_fault(&h, endings[i].fault);
    drain(c);
    if (endings[i].fault != MBR_DISCONNECTED)
      assert_int_equal(c->sent[c->sent_count - 1].frame.kind, MBR_FRAME_CANCEL);
    close_caller(c);
  }
}

static void test_a_task_that_tells_much_lets_others_run(void **state) {
  (void)state;
  caller *c = open_caller(0);
  heard h[2] = {0};
  const mbr_request_options wide = {.window = 100};
  assert_int_equal(ask(&c->client, AT_STREAM, 1, &wide, &h[0]), MBR_OK);
  drain(c);
  uint32_t id = c->sent[0].frame.call;
  uint32_t other = call(c, AT_UNARY, &h[1]);
  for (uint32_t i = 0; i < 100; i++) assert_int_equal(receive_u32(c, MBR_FRAME_ITEM, id, i), MBR_OK);
  assert_int_equal(receive_u32(c, MBR_FRAME_OK, other, 1), MBR_OK);
  unsigned turns = 0;
  while (h[1].dones == 0) {
    mbr_task *task = c->first;
    c->first = task->next;
    task->run(task);
    turns++;
  }
  assert_int_equal(turns, 2);
  assert_in_range(h[0].item_count, 1, 99);
  run_tasks(c);
  assert_int_equal(h[0].item_count, 100);
  for (uint32_t i = 0; i < 100; i++) assert_int_equal(h[0].items[i], i);
  close_caller(c);
}

static void test_an_item_that_cannot_be_decoded_takes_the_place_of_the_ending(void **state) {
  (void)state;
  caller *c = open_caller(0);
  heard h = {0};
  uint32_t id = call(c, AT_STREAM, &h);
  assert_int_equal(receive(c, MBR_FRAME_ITEM, id, "x", 1), MBR_OK);
  assert_int_equal(receive_u32(c, MBR_FRAME_ITEM, id, 2), MBR_OK);
  assert_int_equal(receive_u32(c, MBR_FRAME_END, id, 0), MBR_OK);
  run_tasks(c);
  assert_fault(&h, MBR_TRUNCATED);
  assert_int_equal(h.item_count, 0);
  drain(c);
  assert_int_equal(c->sent_count, 1); /* the other side has ended the call itself */
  close_caller(c);
}

static void test_a_call_that_ends_while_its_item_is_kept(void **state) {
  (void)state;
  caller *c = open_caller(0);
  heard h = {0};
  uint32_t id = call(c, AT_STREAM, &h);
  c->cancel_on_alloc = h.request;
  assert_int_equal(receive_u32(c, MBR_FRAME_ITEM, id, 1), MBR_OK);
  c->cancel_on_alloc = (mbr_request){0};
  run_tasks(c);
  assert_int_equal(h.item_count, 0);
  assert_fault(&h, MBR_CANCELLED);
  close_caller(c);
}

static void on_disconnect(void *arg) { ((caller *)arg)->disconnected = true; }

static void assert_still_connected(heard *h) { assert_false(((caller *)h->context)->disconnected); }

/* An answer came in time; while it is copied, another thread closes and runs every task. */
static void test_the_last_answer_comes_before_the_disconnect_callback(void **state) {
  (void)state;
  caller *c = open_caller(0);
  heard h = {.on_done = assert_still_connected, .context = c};
  assert_int_equal(mbr_peer_on_disconnect(&c->peer, on_disconnect, c), MBR_OK);
  uint32_t id = call(c, AT_UNARY, &h);
  c->close_on_alloc = true;
  assert_int_equal(receive_u32(c, MBR_FRAME_OK, id, 5), MBR_OK);
  assert_false(c->disconnected);
  run_tasks(c);
  assert_int_equal(h.dones, 1);
  assert_int_equal(h.value, 5);
  assert_true(c->disconnected);
  close_caller(c);
}

static mbr_status begin_ask(caller *c, size_t method, size_t size, heard *h, mbr_writer *w) {
  const mbr_receiver receiver = receiver_of(h);
  mbr_status status = mbr_request_begin(&c->client.base, method, size, NULL, &receiver, w, &h->request);
  if (status == MBR_OK) memset(mbr_writer_take(w, size), 0, size);
  return status;
}

static void test_a_call_cancelled_before_its_commit_is_not_sent(void **state) {
  (void)state;
  const size_t sizes[] = {4, 4000}; /* within the outbox, and in a block */
  for (int without = 0; without <= NO_EXECUTOR; without++) {
    for (size_t i = 0; i < 2; i++) {
      caller *c = open_caller(without);
      heard h = {0}, next = {0};
      mbr_writer w;
      assert_int_equal(begin_ask(c, AT_UPLOAD, sizes[i], &h, &w), MBR_OK);
      assert_int_equal(mbr_request_cancel(h.request), MBR_OK);
      assert_int_equal(mbr_request_cancel(h.request), MBR_CLOSED);
      assert_int_equal(push(h.request, 1), MBR_CLOSED);
      run_tasks(c);
      assert_int_equal(h.dones, 0);
      assert_int_equal(mbr_request_commit(h.request, &w, MBR_OK), MBR_OK);
      assert_int_equal(c->blocks, 0);
      run_tasks(c);
      assert_fault(&h, MBR_CANCELLED);
      assert_int_equal(mbr_request_cancel(h.request), MBR_CLOSED);
      drain(c);
      assert_int_equal(c->sent_count, 0);
      assert_int_equal(c->peer.asked_used, 0);
      (void)call(c, AT_UNARY, &next); /* the outbox goes on behind it */
      close_caller(c);
    }
  }
}

/* Where the commit answers that nothing was sent the receiver hears nothing, cancelled or not. */
static void test_a_call_cancelled_before_a_commit_that_fails(void **state) {
  (void)state;
  caller *c = open_caller(0);
  heard h = {0};
  mbr_writer w;
  assert_int_equal(begin_ask(c, AT_UNARY, 4, &h, &w), MBR_OK);
  assert_int_equal(mbr_request_cancel(h.request), MBR_OK);
  assert_int_equal(mbr_request_commit(h.request, &w, MBR_BAD_RANGE), MBR_BAD_RANGE);
  assert_int_equal(c->peer.asked_used, 0);
  assert_int_equal(begin_ask(c, AT_UNARY, 4000, &h, &w), MBR_OK);
  assert_int_equal(mbr_request_cancel(h.request), MBR_OK);
  mbr_peer_close(&c->peer);
  assert_int_equal(mbr_request_commit(h.request, &w, MBR_OK), MBR_CLOSED);
  run_tasks(c);
  assert_int_equal(h.dones, 0);
  close_caller(c);
}

static void test_a_blocking_call_cancelled_before_its_commit(void **state) {
  (void)state;
  caller *c = open_caller(0);
  heard h = {0};
  uint64_t memory[16];
  mbr_arena arena;
  mbr_writer w;
  const mbr_receiver receiver = receiver_of(&h);
  mbr_arena_init(&arena, memory, sizeof memory);
  assert_int_equal(
    mbr_request_begin_wait(&c->client.base, AT_UNARY, 0, NULL, &receiver, &arena, &w, &h.request), MBR_OK);
  assert_int_equal(mbr_request_cancel(h.request), MBR_OK);
  assert_int_equal(mbr_request_commit(h.request, &w, MBR_OK), MBR_OK);
  assert_int_equal(mbr_request_wait(h.request), MBR_OK);
  assert_fault(&h, MBR_CANCELLED);
  assert_int_equal(c->clock, 0); /* it did not wait */
  drain(c);
  assert_int_equal(c->sent_count, 0);
  close_caller(c);
}

static void test_what_is_owed_is_forgotten_with_the_connection(void **state) {
  (void)state;
  caller *c = open_caller(0);
  heard h[2] = {0};
  (void)call(c, AT_UNARY, &h[0]);
  (void)call(c, AT_UPLOAD, &h[1]);
  fill(c);
  assert_int_equal(mbr_request_cancel(h[0].request), MBR_OK);
  assert_int_equal(mbr_request_end_items(h[1].request), MBR_OK);
  run_tasks(c);
  assert_fault(&h[0], MBR_CANCELLED);
  mbr_peer_close(&c->peer);
  run_tasks(c);
  assert_fault(&h[1], MBR_DISCONNECTED);
  close_caller(c);
}

static void test_a_large_call_without_a_block_is_refused(void **state) {
  (void)state;
  caller *c = open_caller(0);
  heard h = {0};
  mbr_writer w;
  const mbr_receiver receiver = receiver_of(&h);
  c->refuse_blocks = true;
  for (int i = 0; i < 2 * REQUESTS; i++) {
    assert_int_equal(
      mbr_request_begin(&c->client.base, AT_UNARY, OUTBOX_SIZE, NULL, &receiver, &w, &h.request),
      MBR_NO_MEMORY);
    assert_int_equal(
      mbr_request_begin(&c->client.base, AT_UNARY, SIZE_MAX, NULL, &receiver, &w, &h.request), MBR_NO_MEMORY);
  }
  drain(c);
  assert_int_equal(c->sent_count, 0);
  close_caller(c);
}

/* A receiver that decodes a list: it stands in the memory for answers. */
static mbr_status hear_much(const mbr_receiver *to, mbr_frame_kind kind, mbr_status fault, mbr_str text,
                            mbr_reader *payload) {
  heard *h = to->arg;
  (void)text;
  h->kind = kind;
  h->fault = fault;
  if (payload == NULL) h->dones++;
  if (payload == NULL) return MBR_OK;
  void *list = mbr_arena_take(payload->arena, 100, 8);
  if (list == NULL) return MBR_NO_MEMORY;
  memset(list, 1, 800);
  h->dones++;
  return MBR_OK;
}

static void test_what_an_answer_decodes_to_may_take_a_block(void **state) {
  (void)state;
  static const mbr_remote_method much = {.id = UNARY, .name = "t.S.unary", .fingerprint = 1,
                                         .receive = hear_much};
  static const mbr_remote_service service = {.name = "t.S", .methods = &much, .method_count = 1};
  for (int without = 0; without <= (NO_EXECUTOR | NO_BLOCKS); without += NO_EXECUTOR | NO_BLOCKS) {
    caller *c = open_caller(without);
    client other = {0};
    heard h = {0};
    uint8_t hello[256];
    assert_int_equal(mbr_client_open(&other.base, &c->peer, &service, other.compatibility), MBR_OK);
    assert_int_equal(receive(c, MBR_FRAME_HELLO, 0, hello, make_hello(hello)), MBR_OK);
    assert_int_equal(ask(&other, 0, 1, NULL, &h), MBR_OK);
    drain(c);
    assert_int_equal(receive_u32(c, MBR_FRAME_OK, c->sent[0].frame.call, 1), MBR_OK);
    run_tasks(c);
    assert_int_equal(h.dones, 1);
    assert_int_equal(h.kind, without == 0 ? MBR_FRAME_OK : MBR_FRAME_FAULT);
    if (without != 0) assert_int_equal(h.fault, MBR_NO_MEMORY);
    close_caller(c);
  }
}

static void test_deadlines_ask_for_an_alarm_only_when_earlier(void **state) {
  (void)state;
  caller *c = open_caller(0);
  heard h[3] = {0};
  const mbr_request_options in_50 = {.timeout_ms = 50}, in_80 = {.timeout_ms = 80},
                            in_20 = {.timeout_ms = 20};
  c->clock = 1000;
  assert_int_equal(ask(&c->client, AT_UNARY, 1, &in_50, &h[0]), MBR_OK);
  assert_int_equal(c->alarm, 1050);
  assert_int_equal(ask(&c->client, AT_UNARY, 1, &in_80, &h[1]), MBR_OK);
  assert_int_equal(c->alarm, 1050);
  assert_int_equal(ask(&c->client, AT_UNARY, 1, &in_20, &h[2]), MBR_OK);
  assert_int_equal(c->alarm, 1020);
  c->clock = 1020;
  assert_int_equal(mbr_peer_poll(&c->peer), 1050);
  run_tasks(c);
  assert_fault(&h[2], MBR_DEADLINE);
  assert_int_equal(h[0].dones, 0);
  drain(c);
  assert_int_equal(c->sent[c->sent_count - 1].frame.kind, MBR_FRAME_CANCEL);
  assert_int_equal(c->sent[c->sent_count - 1].value, MBR_CANCEL_DEADLINE);
  c->clock = 5000;
  assert_int_equal(mbr_peer_poll(&c->peer), UINT64_MAX);
  run_tasks(c);
  assert_fault(&h[0], MBR_DEADLINE);
  assert_fault(&h[1], MBR_DEADLINE);
  close_caller(c);
}

static void test_a_call_carries_its_timeout_window_and_device(void **state) {
  (void)state;
  caller *c = open_caller(0);
  heard h = {0};
  const uint8_t *frames;
  const mbr_request_options options = {.timeout_ms = 33, .window = 7, .instance = 5};
  assert_int_equal(ask(&c->client, AT_STREAM, 0xABCD, &options, &h), MBR_OK);
  assert_true(mbr_peer_outgoing(&c->peer, &frames) > 0);
  assert_int_equal(mbr_get_u16(frames + 6), 5);
  assert_int_equal(mbr_get_u32(frames + 16), 33);
  assert_int_equal(mbr_get_u32(frames + 20), 7);
  assert_int_equal(mbr_get_u32(frames + 24), 0xABCD);
  mbr_peer_consume(&c->peer, 0);
  close_caller(c);
}

static void test_a_malformed_hello_is_refused(void **state) {
  (void)state;
  caller *c = open_caller(0);
  uint8_t hello[256];
  size_t size = make_hello(hello);
  for (size_t cut = 0; cut < size; cut++) {
    assert_int_equal(receive(c, MBR_FRAME_HELLO, 0, hello, cut), MBR_BAD_FRAME);
  }
  mbr_put_u32(hello + 8, UINT32_MAX);
  assert_int_equal(receive(c, MBR_FRAME_HELLO, 0, hello, size), MBR_BAD_FRAME);
  mbr_put_u32(hello + 8, METHODS + 1);
  assert_int_equal(receive(c, MBR_FRAME_HELLO, 0, hello, size), MBR_BAD_FRAME);
  (void)make_hello(hello);
  mbr_put_u32(hello + 16, NOWHERE + 1); /* not sorted */
  assert_int_equal(receive(c, MBR_FRAME_HELLO, 0, hello, size), MBR_BAD_FRAME);
  (void)make_hello(hello);
  mbr_put_u32(hello, MBR_PROTOCOL_VERSION + 1);
  assert_int_equal(receive(c, MBR_FRAME_HELLO, 0, hello, size), MBR_MISMATCH);
  assert_int_equal(mbr_client_compatibility(&c->client.base, AT_UNARY), MBR_METHOD_COMPATIBLE);
  (void)make_hello(hello);
  mbr_put_u64(hello + 20, 12345); /* the service comes back changed */
  assert_int_equal(receive(c, MBR_FRAME_HELLO, 0, hello, size), MBR_OK);
  assert_int_equal(mbr_client_compatibility(&c->client.base, AT_UNARY), MBR_METHOD_CHANGED);
  assert_int_equal(mbr_client_compatibility(&c->client.base, AT_STREAM), MBR_METHOD_COMPATIBLE);
  close_caller(c);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_frames_that_break_the_protocol),
    cmocka_unit_test(test_late_repeated_and_unknown_answers_are_ignored),
    cmocka_unit_test(test_numbers_are_never_zero),
    cmocka_unit_test(test_a_cancel_waits_for_room_and_its_number_with_it),
    cmocka_unit_test(test_credit_waits_for_room_and_adds_up),
    cmocka_unit_test(test_items_of_a_stream_parameter),
    cmocka_unit_test(test_an_item_waits_for_room),
    cmocka_unit_test(test_a_smaller_item_does_not_end_the_wait_for_room),
    cmocka_unit_test(test_an_item_that_fails_to_encode_gives_its_credit_back),
    cmocka_unit_test(test_credit_given_back_reaches_who_waits_for_it),
    cmocka_unit_test(test_room_of_a_record_that_was_given_up_is_used),
    cmocka_unit_test(test_without_an_executor_receivers_are_told_at_once),
    cmocka_unit_test(test_without_an_executor_callbacks_do_not_pile_up_on_the_stack),
    cmocka_unit_test(test_without_blocks_an_executor_cannot_be_handed_answers),
    cmocka_unit_test(test_frames_that_come_within_a_callback_wait_for_its_return),
    cmocka_unit_test(test_a_blocking_call_needs_no_executor_and_no_block),
    cmocka_unit_test(test_a_blocking_call_is_refused_before_anything_is_sent),
    cmocka_unit_test(test_every_other_ending_of_a_blocking_call),
    cmocka_unit_test(test_a_task_that_tells_much_lets_others_run),
    cmocka_unit_test(test_an_item_that_cannot_be_decoded_takes_the_place_of_the_ending),
    cmocka_unit_test(test_a_call_that_ends_while_its_item_is_kept),
    cmocka_unit_test(test_the_last_answer_comes_before_the_disconnect_callback),
    cmocka_unit_test(test_a_call_cancelled_before_its_commit_is_not_sent),
    cmocka_unit_test(test_a_call_cancelled_before_a_commit_that_fails),
    cmocka_unit_test(test_a_blocking_call_cancelled_before_its_commit),
    cmocka_unit_test(test_what_is_owed_is_forgotten_with_the_connection),
    cmocka_unit_test(test_a_large_call_without_a_block_is_refused),
    cmocka_unit_test(test_what_an_answer_decodes_to_may_take_a_block),
    cmocka_unit_test(test_deadlines_ask_for_an_alarm_only_when_earlier),
    cmocka_unit_test(test_a_call_carries_its_timeout_window_and_device),
    cmocka_unit_test(test_a_malformed_hello_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
