#include "frames.h"

#include "../include/mbr/frame.h"
#include "../include/mbr/peer.h"

#define RECORD_ALIGN 16u
#define COUNT_SIZE 8u
#define FAULT_MAX (4u + COUNT_SIZE + MBR_FAULT_TEXT_MAX)
#define FAULT_BARE (4u + COUNT_SIZE)
#define HELLO_HEAD_SIZE 16u
#define HELLO_ROW_SIZE 12u

static uint64_t add(uint64_t a, uint64_t b) { return a > SCHEMA_UNBOUNDED - b ? SCHEMA_UNBOUNDED : a + b; }

static uint64_t larger(uint64_t a, uint64_t b) { return a > b ? a : b; }

const schema_field *frames_upload(const schema_method *m) {
  for (size_t i = 0; i < m->param_count; i++)
    if (m->params[i].is_stream) return &m->params[i];
  return NULL;
}

/* What the caller may be sent of the method's own. */
static void add_answer(frame_sizes *of, bool *any, uint64_t min, uint64_t max) {
  if (!*any || min < of->answer_min) of->answer_min = min;
  of->answer_max = larger(of->answer_max, max);
  *any = true;
}

frame_sizes frames_of(const schema_method *m) {
  frame_sizes of = {.call_min = MBR_CALL_PREFIX_SIZE, .call_max = MBR_CALL_PREFIX_SIZE};
  const schema_field *upload = frames_upload(m);
  bool any = false;
  for (size_t i = 0; i < m->param_count; i++) {
    if (m->params[i].is_stream) continue;
    of.call_min = add(of.call_min, m->params[i].type->wire_min);
    of.call_max = add(of.call_max, m->params[i].type->wire_max);
  }
  if (upload != NULL) of.upload_max = upload->type->wire_max;
  if (m->kind == SCHEMA_ONEWAY) return of;
  uint64_t min = m->result != NULL ? m->result->wire_min : 0, max = m->result != NULL ? m->result->wire_max : 0;
  if (m->result_is_stream) {
    of.item_max = max;
    add_answer(&of, &any, 0, 0); /* END */
  }
  add_answer(&of, &any, min, max);
  if (m->throws != NULL) add_answer(&of, &any, m->throws->wire_min, m->throws->wire_max);
  if (!m->result_is_stream) of.ending_max = max;
  if (m->throws != NULL) of.ending_max = larger(of.ending_max, m->throws->wire_max);
  return of;
}

uint64_t frames_record(uint64_t payload) {
  uint64_t size = add(payload, MBR_FRAME_HEADER_SIZE + RECORD_ALIGN - 1);
  return size == SCHEMA_UNBOUNDED ? size : size / RECORD_ALIGN * RECORD_ALIGN;
}

frame_totals frames_of_service(const schema_decl *service) {
  const uint64_t rows = (uint64_t)service->method_count + service->reach_count;
  frame_totals of = {
      .request_max = MBR_FRAME_HEADER_SIZE + 4u, /* CANCEL and CREDIT */
      .answer_max = MBR_FRAME_HEADER_SIZE + FAULT_MAX,
      .hello = MBR_FRAME_HEADER_SIZE + HELLO_HEAD_SIZE + rows * HELLO_ROW_SIZE,
      .ending_room = frames_record(FAULT_MAX) + frames_record(FAULT_BARE),
  };
  for (size_t i = 0; i < service->method_count; i++) {
    const schema_method *m = &service->methods[i];
    if (m->kind == SCHEMA_SYNC) continue;
    frame_sizes one = frames_of(m);
    of.request_max = larger(of.request_max, add(MBR_FRAME_HEADER_SIZE, larger(one.call_max, one.upload_max)));
    of.answer_max = larger(of.answer_max, add(MBR_FRAME_HEADER_SIZE, one.answer_max));
    of.ending_room = larger(of.ending_room, add(frames_record(one.ending_max), frames_record(FAULT_BARE)));
  }
  of.frame_max = larger(larger(of.request_max, of.answer_max), of.hello);
  return of;
}
