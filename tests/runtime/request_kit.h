/* What tests of requests share: a service of raw u32 values, a client of it, and a receiver that keeps what
 * it hears. */
#ifndef TESTS_RUNTIME_REQUEST_KIT_H
#define TESTS_RUNTIME_REQUEST_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mbr/loopback.h"

enum { UNARY = 10, STREAM = 20, ONEWAY = 30, UPLOAD = 40 };
enum { CHANGED = 50, TIMED = 70, LATEST = 80, NOWHERE = 90 };
enum { AT_UNARY, AT_STREAM, AT_ONEWAY, AT_UPLOAD, AT_CHANGED, AT_TIMED, AT_LATEST, AT_NOWHERE, METHODS };

#define TIMED_MS 100u
#define WINDOW 4u
#define HEARD_MAX 256

typedef struct server server;
typedef mbr_status handler(server *s, mbr_call call, mbr_reader *args);

/* The side that serves. */
struct server {
  handler *handle;
  mbr_call calls[HEARD_MAX]; /* in the order their handlers started */
  size_t started;
  unsigned cancels;
  mbr_cancel_reason reason;
  uint32_t items[HEARD_MAX]; /* of stream parameters */
  size_t item_count;
  unsigned ends;
};

static inline mbr_status dispatch_any(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  server *s = self;
  (void)ops;
  s->calls[s->started++ % HEARD_MAX] = call;
  return s->handle != NULL ? s->handle(s, call, args) : MBR_OK;
}

static const mbr_type_shape served_types[] = {{1, 11}, {2, 22}, {3, 33}};
static const mbr_type_shape known_types[] = {{1, 11}, {2, 20}, {3, 30}, {4, 44}};

static inline mbr_status put_u32(mbr_call call, mbr_frame_kind kind, uint32_t value) {
  uint8_t payload[4];
  mbr_writer w;
  mbr_writer_init(&w, payload, kind == MBR_FRAME_END ? 0 : sizeof payload);
  if (kind != MBR_FRAME_END) (void)mbr_write_u32(&w, value);
  return mbr_call_send(call, kind, &w, MBR_OK);
}

static inline mbr_status handle_item(const void *ops, void *self, mbr_call call, mbr_reader *item) {
  server *s = self;
  uint32_t value = 0;
  (void)ops;
  if (item == NULL) {
    s->ends++;
    return put_u32(call, MBR_FRAME_OK, (uint32_t)s->item_count);
  }
  (void)mbr_read_u32(item, &value);
  if (item->status == MBR_OK && s->item_count < HEARD_MAX) s->items[s->item_count++] = value;
  return mbr_reader_finish(item);
}

static const mbr_method served_methods[] = {
  {.id = UNARY, .name = "t.S.unary", .dispatch = dispatch_any, .fingerprint = 1},
  {.id = STREAM, .flags = MBR_METHOD_STREAM, .name = "t.S.stream", .dispatch = dispatch_any,
   .fingerprint = 2},
  {.id = ONEWAY, .flags = MBR_METHOD_ONEWAY, .name = "t.S.oneway", .dispatch = dispatch_any,
   .fingerprint = 3},
  {.id = UPLOAD, .flags = MBR_METHOD_UPLOAD, .name = "t.S.upload", .dispatch = dispatch_any, .fingerprint = 4,
   .window = WINDOW, .item = handle_item},
  {.id = CHANGED, .name = "t.S.changed", .dispatch = dispatch_any, .fingerprint = 500},
  {.id = TIMED, .name = "t.S.timed", .dispatch = dispatch_any, .fingerprint = 7},
  {.id = LATEST, .flags = MBR_METHOD_STREAM | MBR_METHOD_LATEST, .name = "t.S.latest",
   .dispatch = dispatch_any, .fingerprint = 8, .item_max = 4},
};
static const mbr_service served_service = {
  .name = "t.S",
  .methods = served_methods,
  .method_count = sizeof served_methods / sizeof *served_methods,
  .types = served_types,
  .type_count = 3,
};

/* What a receiver has heard. */
typedef struct heard {
  unsigned dones, readies;
  uint32_t items[HEARD_MAX];
  size_t item_count;
  mbr_frame_kind kind; /* of the ending */
  mbr_status fault;
  uint32_t value;
  char text[MBR_FAULT_TEXT_MAX + 1];
  void (*on_item)(struct heard *h, uint32_t item);
  void (*on_done)(struct heard *h);
  void *context;
  mbr_request request;
} heard;

static inline mbr_status hear(const mbr_receiver *to, mbr_frame_kind kind, mbr_status fault, mbr_str text,
                              mbr_reader *payload) {
  heard *h = to->arg;
  uint32_t value = 0;
  if (payload != NULL) {
    mbr_status status = mbr_read_u32(payload, &value);
    if (status == MBR_OK) status = mbr_reader_finish(payload);
    if (status != MBR_OK) return status;
  }
  assert_int_equal(h->dones, 0);
  if (kind == MBR_FRAME_ITEM) {
    assert_true(h->item_count < HEARD_MAX);
    h->items[h->item_count++] = value;
    if (h->on_item != NULL) h->on_item(h, value);
    return MBR_OK;
  }
  h->dones++;
  h->kind = kind;
  h->fault = fault;
  h->value = value;
  assert_true(text.size <= MBR_FAULT_TEXT_MAX);
  if (text.size > 0) memcpy(h->text, text.data, text.size);
  if (h->on_done != NULL) h->on_done(h);
  return MBR_OK;
}

static inline void hear_ready(void *arg) { ((heard *)arg)->readies++; }

static const mbr_remote_method known_methods[METHODS] = {
  [AT_UNARY] = {.id = UNARY, .name = "t.S.unary", .fingerprint = 1, .receive = hear},
  [AT_STREAM] = {.id = STREAM, .flags = MBR_METHOD_STREAM, .window = WINDOW, .name = "t.S.stream",
                 .fingerprint = 2, .receive = hear},
  [AT_ONEWAY] = {.id = ONEWAY, .flags = MBR_METHOD_ONEWAY, .name = "t.S.oneway", .fingerprint = 3},
  [AT_UPLOAD] = {.id = UPLOAD, .flags = MBR_METHOD_UPLOAD, .name = "t.S.upload", .fingerprint = 4,
                 .receive = hear},
  [AT_CHANGED] = {.id = CHANGED, .name = "t.S.changed", .fingerprint = 5, .receive = hear},
  [AT_TIMED] = {.id = TIMED, .name = "t.S.timed", .timeout_ms = TIMED_MS, .fingerprint = 7, .receive = hear},
  [AT_LATEST] = {.id = LATEST, .flags = MBR_METHOD_STREAM | MBR_METHOD_LATEST, .name = "t.S.latest",
                 .fingerprint = 8, .receive = hear},
  [AT_NOWHERE] = {.id = NOWHERE, .name = "t.S.nowhere", .fingerprint = 9, .receive = hear},
};
static const mbr_remote_service known_service = {
  .name = "t.S", .methods = known_methods, .method_count = METHODS, .types = known_types, .type_count = 4};

typedef struct client {
  mbr_client base;
  uint8_t compatibility[METHODS];
} client;

static inline mbr_receiver receiver_of(heard *h) {
  return (mbr_receiver){.ready = (void (*)(void))hear_ready, .arg = h};
}

/* What generated code does to call with one u32. */
static inline mbr_status ask(client *c, size_t method, uint32_t value, const mbr_request_options *options,
                              heard *h) {
  mbr_writer w;
  const mbr_receiver receiver = receiver_of(h);
  mbr_status status = mbr_request_begin(&c->base, method, 4, options, &receiver, &w, &h->request);
  if (status != MBR_OK) return status;
  (void)mbr_write_u32(&w, value);
  return mbr_request_commit(h->request, &w, MBR_OK);
}

static inline mbr_status ask_and_wait(client *c, size_t method, uint32_t value,
                                       const mbr_request_options *options, heard *h) {
  uint64_t memory[16];
  mbr_arena arena;
  mbr_writer w;
  const mbr_receiver receiver = receiver_of(h);
  mbr_arena_init(&arena, memory, sizeof memory);
  mbr_status status =
    mbr_request_begin_wait(&c->base, method, 4, options, &receiver, &arena, &w, &h->request);
  if (status != MBR_OK) return status;
  (void)mbr_write_u32(&w, value);
  status = mbr_request_commit(h->request, &w, MBR_OK);
  return status == MBR_OK ? mbr_request_wait(h->request) : status;
}

static inline mbr_status push(mbr_request request, uint32_t value) {
  mbr_writer w;
  mbr_status status = mbr_request_item_begin(request, 4, &w);
  if (status != MBR_OK) return status;
  (void)mbr_write_u32(&w, value);
  return mbr_request_item_commit(request, &w, MBR_OK);
}

#endif
