/* What a connection tells: log records, counters, the contracts it serves; and where its handlers run. */
#include "loopback.h"

#include "../../runtime/peer/latest.h"

#define RECORDS_MAX 32

typedef struct log_book {
  loopback *l;
  mbr_log_record records[RECORDS_MAX];
  size_t count;
} log_book;

static void on_log(void *arg, const mbr_log_record *record) {
  log_book *book = arg;
  assert_false(book->l->locked);
  assert_false(book->l->gone);
  assert_true(book->count < RECORDS_MAX);
  book->records[book->count++] = *record;
}

static void assert_record(log_book *book, mbr_log_level level, const char *method, mbr_status status) {
  assert_int_equal(book->count, 1);
  const mbr_log_record *r = &book->records[--book->count];
  assert_int_equal(r->level, level);
  assert_int_equal(r->status, status);
  assert_true(strlen(r->text) > 5);
  if (method == NULL) assert_null(r->method);
  else assert_string_equal(r->method, method);
}

static mbr_status answer_ok(loopback *l, mbr_call call, mbr_reader *args) {
  (void)l;
  (void)args;
  return answer(call, MBR_FRAME_OK, NULL, 0);
}

static void test_a_calls_start_and_end_are_logged(void **state) {
  (void)state;
  loopback *l = new_loopback(usual);
  log_book book = {.l = l};
  assert_int_equal(mbr_peer_on_log(&l->peer, MBR_LOG_DEBUG, on_log, &book), MBR_OK);
  assert_record(&book, MBR_LOG_INFO, NULL, MBR_OK);
  mbr_call call = deferred_call(l, UNARY, wire(0, 1), 0);
  assert_record(&book, MBR_LOG_DEBUG, "t.S.unary", MBR_OK);
  l->time += 25;
  assert_int_equal(answer(call, MBR_FRAME_OK, NULL, 0), MBR_OK);
  assert_int_equal(book.records[0].elapsed_ms, 25);
  assert_record(&book, MBR_LOG_DEBUG, "t.S.unary", MBR_OK);
  call = deferred_call(l, UNARY, wire(0, 2), 0);
  book.count = 0;
  assert_int_equal(answer(call, MBR_FRAME_ERR, NULL, 0), MBR_OK);
  assert_record(&book, MBR_LOG_DEBUG, "t.S.unary", MBR_OK);
  call = deferred_call(l, UNARY, wire(0, 3), 0);
  book.count = 0;
  assert_int_equal(mbr_call_fault(call, MBR_INTERNAL, "x"), MBR_OK);
  assert_record(&book, MBR_LOG_WARNING, "t.S.unary", MBR_INTERNAL);
  call = deferred_call(l, UNARY, wire(0, 4), 0);
  book.count = 0;
  assert_int_equal(send_cancel(l, wire(0, 4)), MBR_OK);
  assert_record(&book, MBR_LOG_DEBUG, "t.S.unary", MBR_CANCELLED);
  assert_int_equal(answer(call, MBR_FRAME_OK, NULL, 0), MBR_CLOSED); /* the one ending it owes */
  assert_int_equal(book.count, 0);
  l->handle = NULL;
  assert_int_equal(send_call_within(l, UNARY, wire(0, 5), 10), MBR_OK);
  book.count = 0;
  l->time += 10;
  assert_int_equal(mbr_peer_poll(&l->peer), UINT64_MAX);
  assert_record(&book, MBR_LOG_WARNING, "t.S.unary", MBR_DEADLINE);
  run_all(l);
  mbr_peer_close(&l->peer);
  assert_record(&book, MBR_LOG_INFO, NULL, MBR_OK);
  assert_int_equal(mbr_peer_on_log(&l->peer, MBR_LOG_DEBUG, on_log, &book), MBR_CLOSED);
  end_loopback(l);
  assert_int_equal(book.count, 0);
}

static void test_breaches_and_refusals_are_logged(void **state) {
  (void)state;
  loopback *l = new_loopback((shape){1, 256, 4096, false, false});
  log_book book = {.l = l};
  assert_int_equal(mbr_peer_on_log(&l->peer, MBR_LOG_WARNING, on_log, &book), MBR_OK);
  assert_int_equal(book.count, 0);
  assert_int_equal(mbr_peer_receive(&l->peer, (const uint8_t *)"abc", 3), MBR_BAD_FRAME);
  assert_record(&book, MBR_LOG_ERROR, NULL, MBR_BAD_FRAME);
  assert_int_equal(send_call(l, NOBODY, wire(0, 1), 0, NULL, 0), MBR_UNIMPLEMENTED);
  assert_record(&book, MBR_LOG_WARNING, NULL, MBR_UNIMPLEMENTED);
  mbr_call call = deferred_call(l, UNARY, wire(0, 1), 0);
  assert_int_equal(send_call(l, ONEWAY, 0, 0, NULL, 0), MBR_BUSY);
  assert_record(&book, MBR_LOG_WARNING, "t.S.oneway", MBR_BUSY);
  assert_int_equal(answer(call, MBR_FRAME_OK, NULL, 0), MBR_OK);
  l->handle = NULL;
  assert_int_equal(send_call(l, UNARY, wire(0, 2), 0, NULL, 0), MBR_OK);
  run_all(l);
  assert_record(&book, MBR_LOG_WARNING, "t.S.unary", MBR_DROPPED);
  assert_int_equal(send_call(l, ONEWAY, 0, 0, NULL, 0), MBR_OK); /* needs no answer */
  run_all(l);
  assert_int_equal(book.count, 0);
  end_loopback(l);
}

static void test_a_call_answered_twice_or_late_is_a_defect(void **state) {
  (void)state;
  loopback *l = new_loopback(usual);
  log_book book = {.l = l};
  assert_int_equal(mbr_peer_on_log(&l->peer, MBR_LOG_ERROR, on_log, &book), MBR_OK);
  mbr_call held = deferred_call(l, STREAM, wire(1, 1), 0);
  mbr_writer w;
  assert_int_equal(mbr_call_begin_latest(held, 4, &w), MBR_OK); /* keeps the slot */
  assert_int_equal(answer(held, MBR_FRAME_END, NULL, 0), MBR_OK);
  assert_int_equal(book.count, 0);
  assert_int_equal(answer(held, MBR_FRAME_END, NULL, 0), MBR_CLOSED);
  assert_record(&book, MBR_LOG_ERROR, "t.S.stream", MBR_CLOSED);
  assert_int_equal(mbr_call_commit(held, &w, MBR_INTERNAL), MBR_INTERNAL);
  assert_int_equal(mbr_call_fault(held, MBR_INTERNAL, NULL), MBR_CLOSED);
  assert_record(&book, MBR_LOG_ERROR, NULL, MBR_CLOSED);
  mbr_call ending = deferred_call(l, UNARY, wire(2, 1), 0);
  assert_int_equal(mbr_call_begin(ending, MBR_FRAME_OK, 0, &w), MBR_OK);
  assert_int_equal(answer(ending, MBR_FRAME_OK, NULL, 0), MBR_CLOSED);
  assert_record(&book, MBR_LOG_ERROR, "t.S.unary", MBR_CLOSED);
  assert_int_equal(mbr_call_commit(ending, &w, MBR_OK), MBR_OK);
  assert_int_equal(answer(held, MBR_FRAME_ITEM, NULL, 0), MBR_CLOSED); /* an item is none */
  assert_int_equal(book.count, 0);
  end_loopback(l);
}

static void test_quiet_methods_are_not_logged(void **state) {
  (void)state;
  loopback *l = new_loopback(usual);
  log_book book = {.l = l};
  assert_int_equal(mbr_peer_on_log(&l->peer, MBR_LOG_DEBUG, on_log, &book), MBR_OK);
  book.count = 0;
  l->handle = answer_ok;
  assert_int_equal(send_call(l, QUIET, wire(0, 1), 0, NULL, 0), MBR_OK);
  run_all(l);
  l->handle = NULL;
  assert_int_equal(send_call(l, QUIET, wire(0, 2), 0, NULL, 0), MBR_OK);
  run_all(l);
  assert_int_equal(book.count, 0);
  assert_int_equal(mbr_peer_on_log(&l->peer, MBR_LOG_DEBUG, NULL, NULL), MBR_OK); /* no more at all */
  assert_int_equal(send_call(l, UNARY, 0, 0, NULL, 0), MBR_BAD_FRAME);
  assert_int_equal(send_call(l, UNARY, wire(0, 3), 0, NULL, 0), MBR_OK);
  run_all(l);
  assert_int_equal(book.count, 0);
  end_loopback(l);
}

static mbr_counters counters_of(loopback *l, uint32_t method) {
  mbr_counters c;
  assert_int_equal(mbr_peer_counters(&l->peer, method, &c), MBR_OK);
  return c;
}

static void test_counters_tell_how_calls_fared(void **state) {
  (void)state;
  loopback *l = new_loopback(usual);
  mbr_call ok = deferred_call(l, STREAM, wire(0, 1), 2);
  mbr_call err = deferred_call(l, STREAM, wire(1, 1), 2);
  mbr_call fault = deferred_call(l, STREAM, wire(2, 1), 2);
  mbr_call cancelled = deferred_call(l, STREAM, wire(3, 1), 2);
  mbr_call open = deferred_call(l, STREAM, wire(4, 1), 2);
  assert_int_equal(counters_of(l, STREAM).open, 5);
  for (int i = 0; i < 2; i++) assert_int_equal(answer(ok, MBR_FRAME_ITEM, "12345678", 8), MBR_OK);
  assert_int_equal(answer(ok, MBR_FRAME_ITEM, "12345678", 8), MBR_WOULD_BLOCK);
  assert_int_equal(answer(ok, MBR_FRAME_END, NULL, 0), MBR_OK);
  assert_int_equal(answer(err, MBR_FRAME_ERR, "1234", 4), MBR_OK);
  assert_int_equal(mbr_call_fault(fault, MBR_INTERNAL, NULL), MBR_OK);
  assert_int_equal(send_cancel(l, wire(3, 1)), MBR_OK);
  assert_int_equal(answer(cancelled, MBR_FRAME_END, NULL, 0), MBR_CLOSED);
  mbr_counters c = counters_of(l, STREAM);
  assert_int_equal(c.calls, 5);
  assert_int_equal(c.errors, 2);
  assert_int_equal(c.cancelled, 1);
  assert_int_equal(c.items, 2);
  assert_int_equal(c.dropped, 1);
  assert_int_equal(c.open, 1);
  assert_int_equal(c.queued, 0);
  assert_int_equal(c.bytes_in, 5 * 24);
  assert_int_equal(c.bytes_out, 2 * 24 + 16 + 20 + 28);
  assert_int_equal(counters_of(l, UNARY).calls, 0);
  for (uint32_t i = 0; i < 7; i++) (void)send_call(l, UNARY, wire(10 + i, 1), 0, NULL, 0);
  assert_int_equal(counters_of(l, UNARY).calls, 0); /* no such index: a breach, not a call */
  assert_int_equal(answer(open, MBR_FRAME_END, NULL, 0), MBR_OK);
  check_counters(l, STREAM, 5, 2);
  end_loopback(l);
}

static void test_refused_calls_are_counted_as_dropped(void **state) {
  (void)state;
  loopback *l = new_loopback((shape){1, 256, 4096, false, true});
  static const uint8_t large[300];
  assert_int_equal(send_call(l, ONEWAY, 0, 0, large, sizeof large), MBR_NO_MEMORY);
  mbr_call call = deferred_call(l, UNARY, wire(0, 1), 0);
  assert_int_equal(send_call(l, ONEWAY, 0, 0, NULL, 0), MBR_BUSY);
  mbr_counters c = counters_of(l, ONEWAY);
  assert_int_equal(c.dropped, 2);
  assert_int_equal(c.calls, 0);
  assert_int_equal(answer(call, MBR_FRAME_OK, NULL, 0), MBR_OK);
  assert_int_equal(mbr_peer_counters(&l->peer, NOBODY, &c), MBR_UNIMPLEMENTED);
  assert_int_equal(mbr_peer_counters(&l->peer, OTHER, &c), MBR_OK);
  end_loopback(l);
}

static void test_a_transport_may_keep_fewer_counters(void **state) {
  (void)state;
  static const size_t counts[] = {0, 2, 5};
  for (size_t i = 0; i < 3; i++) {
    loopback *l = calloc(1, sizeof *l);
    assert_non_null(l);
    const mbr_hooks none = {0};
    static struct mbr_slot slots[2];
    static uint16_t calls[2];
    static struct mbr_binding bindings[2];
    static _Alignas(16) uint8_t storage[128], outbox[512];
    mbr_counters c;
    const mbr_peer_memory memory = {
      .slots = slots, .slot_count = 2, .calls = calls, .call_count = 2, .bindings = bindings,
      .binding_count = 2, .counters = counts[i] != 0 ? l->counters : NULL, .counter_count = counts[i],
      .storage = storage, .storage_size = 64, .outbox = outbox, .outbox_size = sizeof outbox,
    };
    assert_int_equal(mbr_peer_counters(&l->peer, UNARY, &c), MBR_UNIMPLEMENTED);
    assert_int_equal(mbr_peer_open(&l->peer, &memory, &none, l), MBR_OK);
    assert_int_equal(mbr_peer_serve(&l->peer, &service, NULL, l), MBR_OK);
    assert_int_equal(mbr_peer_serve(&l->peer, &other_service, NULL, l), MBR_OK);
    assert_int_equal(mbr_peer_counters(&l->peer, UNARY, &c), i > 0 ? MBR_OK : MBR_UNSUPPORTED);
    assert_int_equal(mbr_peer_counters(&l->peer, LARGE, &c), i > 1 ? MBR_OK : MBR_UNSUPPORTED);
    assert_int_equal(mbr_peer_counters(&l->peer, OTHER, &c), MBR_UNSUPPORTED);
    l->handle = answer_ok;
    assert_int_equal(send_call(l, LARGE, wire(0, 1), 0, NULL, 0), MBR_OK);
    assert_int_equal(send_call(l, OTHER, wire(1, 1), 0, NULL, 0), MBR_OK);
    assert_int_equal(l->counters[4].calls, i > 1 ? 1 : 0);
    assert_int_equal(l->counters[5].calls, 0);
    mbr_peer_close(&l->peer);
    assert_int_equal(mbr_peer_counters(&l->peer, UNARY, &c), MBR_UNIMPLEMENTED); /* quiet */
    free(l);
  }
}

static void test_hello_tells_what_is_served(void **state) {
  (void)state;
  loopback *l = new_loopback(usual);
  uint8_t data[512];
  const size_t methods_ = sizeof methods / sizeof *methods;
  const size_t size = 16 + 16 + 12 * (methods_ + 2);
  memset(data, 0xCC, sizeof data);
  assert_int_equal(mbr_peer_hello(&l->peer, 0, data, size - 1), size);
  for (size_t i = 0; i < sizeof data; i++) assert_int_equal(data[i], 0xCC);
  assert_int_equal(mbr_peer_hello(&l->peer, 0, NULL, 0), size);
  assert_int_equal(mbr_peer_hello(&l->peer, 0, data, sizeof data), size);
  mbr_frame frame;
  assert_int_equal(mbr_frame_read(&frame, data, size), MBR_OK);
  assert_int_equal(frame.kind, MBR_FRAME_HELLO);
  assert_int_equal(frame.size, size);
  assert_int_equal(mbr_get_u32(data + 16), MBR_PROTOCOL_VERSION);
  assert_int_equal(mbr_get_u32(data + 20), 0xC973EE2Cu); /* FNV-1a of "t.S" */
  assert_int_equal(mbr_get_u32(data + 24), methods_);
  assert_int_equal(mbr_get_u32(data + 28), 2);
  for (size_t i = 0; i < methods_; i++) {
    assert_int_equal(mbr_get_u32(data + 32 + 12 * i), methods[i].id);
    assert_int_equal(mbr_get_u64(data + 36 + 12 * i), methods[i].fingerprint);
  }
  assert_int_equal(mbr_get_u32(data + size - 12), 4);
  assert_int_equal(mbr_get_u64(data + size - 8), 44);
  assert_int_equal(mbr_peer_receive(&l->peer, data, size), MBR_OK); /* as the other side takes it */
  assert_int_equal(mbr_peer_hello(&l->peer, 1, data, sizeof data), 16 + 16 + 12);
  assert_int_equal(mbr_peer_hello(&l->peer, 2, data, sizeof data), MBR_PEER_HELLO_NONE);
  mbr_peer_close(&l->peer);
  assert_int_equal(mbr_peer_hello(&l->peer, 0, data, sizeof data), MBR_PEER_HELLO_NONE);
  end_loopback(l);
}

typedef struct other_executor {
  mbr_executor executor;
  loopback *l;
  size_t submitted;
} other_executor;

static void submit_elsewhere(mbr_executor *self, mbr_task *task) {
  other_executor *e = (other_executor *)(void *)self;
  e->submitted++;
  schedule_hook(e->l, task);
}

static void on_disconnect(void *arg) {
  loopback *l = arg;
  l->disconnects++;
}

static void test_handlers_run_on_an_executor_of_choice(void **state) {
  (void)state;
  loopback *l = new_loopback(usual);
  other_executor e = {.executor = {submit_elsewhere}, .l = l};
  assert_int_equal(mbr_peer_run_on(&l->peer, &e.executor), MBR_OK);
  assert_int_equal(mbr_peer_on_disconnect(&l->peer, on_disconnect, l), MBR_OK);
  l->handle = answer_ok;
  assert_int_equal(send_call(l, UNARY, wire(0, 1), 0, NULL, 0), MBR_OK);
  assert_int_equal(e.submitted, 1);
  run_all(l);
  drain(l);
  assert_frame(&l->got[0], MBR_FRAME_OK, wire(0, 1), 0);
  mbr_peer_close(&l->peer);
  assert_int_equal(e.submitted, 2);
  run_all(l);
  assert_int_equal(l->disconnects, 1);
  assert_int_equal(mbr_peer_run_on(&l->peer, &e.executor), MBR_CLOSED);
  l->quiets = 0;
  open_peer(l, usual); /* the next connection's own */
  assert_int_equal(send_call(l, UNARY, wire(0, 1), 0, NULL, 0), MBR_OK);
  assert_int_equal(e.submitted, 2);
  run_all(l);
  end_loopback(l);
  l = new_loopback(direct);
  assert_int_equal(mbr_peer_run_on(&l->peer, &e.executor), MBR_UNSUPPORTED);
  end_loopback(l);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_a_calls_start_and_end_are_logged),
    cmocka_unit_test(test_breaches_and_refusals_are_logged),
    cmocka_unit_test(test_a_call_answered_twice_or_late_is_a_defect),
    cmocka_unit_test(test_quiet_methods_are_not_logged),
    cmocka_unit_test(test_counters_tell_how_calls_fared),
    cmocka_unit_test(test_refused_calls_are_counted_as_dropped),
    cmocka_unit_test(test_a_transport_may_keep_fewer_counters),
    cmocka_unit_test(test_hello_tells_what_is_served),
    cmocka_unit_test(test_handlers_run_on_an_executor_of_choice),
  };
  return RUN_BOTH_WAYS(tests);
}
