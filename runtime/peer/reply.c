/* Calls whose handlers run on the caller's thread, which waits for them: see reply.h. */
#include "reply.h"

#include "handlers.h"
#include "sending.h"

static bool is_block(const mbr_slot *slot, const uint8_t *data) {
  /* misra 11.4: addresses of what may be two objects are compared as numbers */
  return (uintptr_t)data - (uintptr_t)mbr_slot_storage(slot) >= slot->peer->memory.storage_size;
}

void mbr_reply_expect(mbr_slot *slot, mbr_answer *here) {
  const size_t storage = slot->peer->memory.storage_size;
  slot->here = here;
  slot->tail = (storage - slot->arena) / 2u / MBR_RECORD_ALIGN * MBR_RECORD_ALIGN;
  if (slot->tail == 0) return;
  slot->idle[0] =
    (mbr_buffer){.data = mbr_slot_storage(slot) + storage - slot->tail, .capacity = slot->tail};
}

static bool fits(const mbr_slot *slot, size_t payload) {
  const size_t size = mbr_size_add(MBR_FRAME_HEADER_SIZE, payload);
  return size <= slot->idle[0].capacity && size <= slot->here->capacity;
}

/* Nothing is promised to a sync call. */
bool mbr_reply_is_due(const mbr_slot *slot, size_t payload) {
  if (slot->here == NULL) return false;
  return slot->promised == 0 || (fits(slot, payload) && mbr_record_size(payload) <= slot->promised);
}

/* Under the lock. */
static void discard(const mbr_slot *slot, uint8_t *frame, mbr_after *after) {
  if (!is_block(slot, frame)) return;
  mbr_block *block = (mbr_block *)(void *)frame;
  block->next = after->blocks;
  after->blocks = block;
}

static uint8_t *make_block(mbr_peer *peer, size_t payload) {
  if (peer->hooks.alloc == NULL || payload > MBR_PAYLOAD_MAX) return NULL;
  return (uint8_t *)peer->hooks.alloc(peer->owner, MBR_FRAME_HEADER_SIZE + payload);
}

void mbr_reply_fault(mbr_slot *slot, mbr_status code, const char *text, size_t text_size) {
  uint8_t *out = slot->here->buffer;
  mbr_fault_write(out, slot, code, text, text_size);
  slot->reply = out;
}

mbr_status mbr_reply_begin(mbr_slot *slot, mbr_frame_kind kind, size_t payload, mbr_writer *w,
                           mbr_after *after) {
  mbr_peer *peer = slot->peer;
  uint8_t *frame = fits(slot, payload) ? slot->idle[0].data : NULL;
  slot->holds++;
  mbr_peer_leave(peer, after);
  if (frame == NULL) frame = make_block(peer, payload);
  if (frame != NULL) {
    mbr_put_u64(frame, MBR_PLACE_REPLY);
    mbr_put_u64(frame + 8, (uint64_t)kind);
    mbr_writer_init(w, frame + MBR_FRAME_HEADER_SIZE, payload);
    return MBR_OK;
  }
  mbr_peer_enter(peer);
  slot->holds--;
  if (slot->here != NULL) mbr_slot_fault(slot, MBR_NO_MEMORY, NULL, 0, after);
  mbr_slot_settle(slot, after);
  mbr_peer_leave(peer, after);
  return MBR_NO_MEMORY;
}

/* Under the lock: the caller waits no longer. */
static void send_reply(mbr_slot *slot, const mbr_frame *header, const uint8_t *frame) {
  uint8_t *record = mbr_outbox_open(&slot->peer->outbox, header, &slot->promised);
  memcpy(record + MBR_FRAME_HEADER_SIZE, frame + MBR_FRAME_HEADER_SIZE, header->size - MBR_FRAME_HEADER_SIZE);
  mbr_outbox_commit(record);
}

/* Under the lock: the answer was encoded. */
static void take_reply(mbr_slot *slot, uint8_t *frame, mbr_frame_kind kind, size_t payload,
                       mbr_after *after) {
  const mbr_frame header = {
    .size = (uint32_t)(MBR_FRAME_HEADER_SIZE + payload),
    .kind = (uint8_t)kind,
    .call = slot->call,
    .method = slot->method->id,
  };
  mbr_frame_write(frame, &header);
  if (slot->here != NULL) slot->reply = frame;
  else send_reply(slot, &header, frame);
  slot->answered = true;
  mbr_slot_count_sent(slot, kind, header.size);
  mbr_slot_end(slot, kind == MBR_FRAME_ERR ? MBR_FATE_ERROR : MBR_FATE_OK, MBR_OK, after);
}

bool mbr_reply_send(mbr_slot *slot, mbr_frame_kind kind, const mbr_writer *w, mbr_after *after) {
  if (!fits(slot, w->size)) return false;
  uint8_t *frame = slot->idle[0].data;
  if (w->size != 0) memcpy(frame + MBR_FRAME_HEADER_SIZE, w->data, w->size);
  take_reply(slot, frame, kind, w->size, after);
  return true;
}

mbr_status mbr_reply_commit(mbr_call call, const mbr_writer *w, mbr_status encoded) {
  mbr_peer *peer = call.peer;
  mbr_after after = {0};
  uint8_t *frame = w->data - MBR_FRAME_HEADER_SIZE;
  const mbr_frame_kind kind = (mbr_frame_kind)mbr_get_u64(frame + 8);
  mbr_peer_enter(peer);
  mbr_slot *slot = mbr_slot_find(peer, call.id); /* held since mbr_reply_begin */
  slot->holds--;
  if (slot->state == MBR_CALL_ENDED) {
    if (encoded == MBR_OK) encoded = MBR_CLOSED;
    discard(slot, frame, &after);
  } else if (encoded == MBR_OK) {
    take_reply(slot, frame, kind, w->size, &after);
  } else {
    discard(slot, frame, &after);
    mbr_slot_fault(slot, encoded, NULL, 0, &after);
  }
  mbr_slot_settle(slot, &after);
  mbr_peer_leave(peer, &after);
  return encoded;
}

void mbr_reply_give(mbr_slot *slot) {
  mbr_answer *answer = slot->here;
  slot->here = NULL;
  if (slot->reply == NULL) return;
  answer->size = mbr_get_u32(slot->reply);
  answer->is_block = slot->reply != answer->buffer && is_block(slot, slot->reply);
  answer->frame = answer->is_block ? slot->reply : answer->buffer;
  if (!answer->is_block && slot->reply != answer->buffer) memcpy(answer->buffer, slot->reply, answer->size);
}

/* Under the lock: the handler has returned with `status`. An answer that is still being written comes too
 * late. */
static void end_handler(mbr_slot *slot, mbr_status status, mbr_after *after) {
  if (slot->state != MBR_CALL_ENDED) {
    mbr_slot_fault(slot, status != MBR_OK ? status : MBR_DROPPED, NULL, 0, after);
  } else if (slot->reply == NULL) {
    mbr_reply_fault(slot, MBR_DISCONNECTED, NULL, 0);
  }
  mbr_reply_give(slot);
  slot->deferred = false;
  slot->phase = MBR_PHASE_RETURNED;
  slot->peer->running--;
  mbr_slot_settle(slot, after);
}

/* Under the lock. */
static mbr_status admit(mbr_peer *peer, const mbr_frame *frame, const uint8_t *data, mbr_answer *answer,
                        mbr_slot **admitted) {
  const uint32_t unfit = MBR_METHOD_STREAM | MBR_METHOD_UPLOAD | MBR_METHOD_ONEWAY;
  mbr_binding *binding = NULL;
  if (peer->state != MBR_PEER_OPEN) return MBR_CLOSED;
  const mbr_method *method = mbr_service_find(peer, frame->method, frame->instance, &binding);
  if (method == NULL) return MBR_UNIMPLEMENTED;
  if ((method->flags & unfit) != 0) return MBR_UNSUPPORTED;
  mbr_status status = mbr_slot_admit_sync(peer, frame, binding, method, admitted);
  if (status != MBR_OK) {
    mbr_counters *counters = mbr_service_counters(binding, method);
    if (counters != NULL) counters->dropped++;
    return status;
  }
  mbr_slot *slot = *admitted;
  mbr_reply_expect(slot, answer);
  slot->frame = data;
  slot->phase = MBR_PHASE_RUNNING;
  peer->running++;
  mbr_slot_accept(slot);
  return MBR_OK;
}

mbr_status mbr_peer_receive_sync(mbr_peer *peer, const uint8_t *data, size_t size, mbr_answer *answer) {
  mbr_frame frame;
  mbr_after after = {0};
  mbr_slot *slot = NULL;
  if (answer->buffer == NULL || answer->capacity < MBR_ANSWER_MIN) return MBR_MISUSE;
  if (mbr_frame_read(&frame, data, size) != MBR_OK || frame.size != size) return MBR_BAD_FRAME;
  if (frame.kind != MBR_FRAME_CALL || frame.flags != MBR_FRAME_FROM_CALLER) return MBR_BAD_FRAME;
  if (size < MBR_FRAME_HEADER_SIZE + MBR_CALL_PREFIX_SIZE) return MBR_BAD_FRAME;
  mbr_peer_enter(peer);
  mbr_status status = admit(peer, &frame, data, answer, &slot);
  mbr_peer_leave(peer, &after);
  if (status != MBR_OK) return status;
  status = mbr_handlers_dispatch(slot);
  mbr_peer_enter(peer);
  end_handler(slot, status, &after);
  mbr_peer_leave(peer, &after);
  return MBR_OK;
}
