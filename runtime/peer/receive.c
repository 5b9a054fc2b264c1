/* Frames in: calls and what their callers send after them. Knows nothing of how handlers run or answer. */
#include "handlers.h"
#include "inbox.h"
#include "latest.h"
#include "requests.h"

/* A request of up to this size is copied under the lock, which costs less than to release it. */
#ifndef MBR_COPY_LOCKED_MAX
#define MBR_COPY_LOCKED_MAX 1024u
#endif

/* Without the lock: a request may be large. */
static uint8_t *copy_request(mbr_slot *slot, bool stored, const uint8_t *data) {
  uint8_t *copy = stored ? mbr_slot_storage(slot)
                         : (uint8_t *)mbr_block_take(slot->peer, &slot->blocks, slot->frame_size);
  if (copy != NULL) memcpy(copy, data, slot->frame_size);
  return copy;
}

/* Under the lock, which a large request releases. */
static mbr_status keep_request(mbr_slot *slot, const uint8_t *data) {
  mbr_peer *peer = slot->peer;
  bool stored = slot->frame_size <= peer->memory.storage_size - slot->tail;
  if (stored) slot->arena = slot->frame_size;
  if (stored && slot->frame_size <= MBR_COPY_LOCKED_MAX) {
    slot->frame = copy_request(slot, stored, data);
    return MBR_OK;
  }
  mbr_after after = {0};
  peer->pins++;
  mbr_peer_leave(peer, &after);
  slot->frame = copy_request(slot, stored, data);
  mbr_peer_enter(peer);
  peer->pins--;
  if (peer->state != MBR_PEER_OPEN) return MBR_CLOSED;
  return slot->frame != NULL ? MBR_OK : MBR_NO_MEMORY;
}

/* What a CALL says besides its arguments. */
typedef struct mbr_prefix {
  uint32_t timeout_ms;
  uint32_t credit;
  uint64_t now; /* 0: nobody needs to know */
} mbr_prefix;

/* Without the lock. */
static mbr_prefix read_prefix(mbr_peer *peer, const uint8_t *data) {
  mbr_prefix prefix = {
    .timeout_ms = mbr_get_u32(data + MBR_FRAME_HEADER_SIZE),
    .credit = mbr_get_u32(data + MBR_FRAME_HEADER_SIZE + 4),
  };
  bool timed = prefix.timeout_ms != 0 || mbr_log_wants(peer, MBR_LOG_DEBUG);
  if (timed && peer->now != NULL) prefix.now = peer->now(peer->owner);
  return prefix;
}

/* Under the lock: the method of a CALL and who serves it. */
static mbr_status find_served(mbr_peer *peer, const mbr_frame *frame, const mbr_method **method,
                              mbr_binding **binding) {
  if (peer->state != MBR_PEER_OPEN) return MBR_CLOSED;
  *method = mbr_service_find(peer, frame->method, frame->instance, binding);
  if (*method == NULL) return MBR_UNIMPLEMENTED;
  return ((*method)->flags & MBR_METHOD_SYNC) != 0 ? MBR_UNSUPPORTED : MBR_OK;
}

/* Under the lock: the call was refused. */
static void note_refusal(mbr_peer *peer, const mbr_binding *binding, const mbr_method *method,
                         mbr_status status) {
  mbr_counters *counters = method != NULL ? mbr_service_counters(binding, method) : NULL;
  if (counters != NULL) counters->dropped++;
  if (status == MBR_CLOSED || status == MBR_BAD_FRAME) return;
  mbr_note_add(peer, MBR_LOG_WARNING, method != NULL ? method->name : NULL,
               method != NULL ? method->flags : 0, "a call was refused", status, 0);
}

/* Under the lock: the call begins. */
static void begin_call(mbr_slot *slot, const mbr_prefix *prefix, mbr_after *after) {
  const mbr_method *method = slot->method;
  slot->credit = prefix->credit;
  mbr_log_begin(slot, prefix->now);
  if (prefix->timeout_ms != 0 && prefix->now != 0) {
    slot->deadline = prefix->now + prefix->timeout_ms;
    mbr_peer_expect(slot->peer, slot->deadline, after);
  }
  mbr_slot_accept(slot);
  if (!mbr_slot_is(slot, MBR_METHOD_UPLOAD)) return;
  /* Told rather than known: the two sides may have been built with different windows. */
  slot->owed = method->window != 0 ? method->window : MBR_WINDOW_DEFAULT;
  mbr_slot_pay(slot, after);
}

static mbr_status receive_call(mbr_peer *peer, const mbr_frame *frame, const uint8_t *data,
                               mbr_answer *here) {
  mbr_after after = {.elsewhere = here == NULL};
  const mbr_method *method = NULL;
  mbr_binding *binding = NULL;
  mbr_slot *slot = NULL;
  if (frame->size < MBR_FRAME_HEADER_SIZE + MBR_CALL_PREFIX_SIZE) return MBR_BAD_FRAME;
  const mbr_prefix prefix = read_prefix(peer, data);
  mbr_peer_enter(peer);
  mbr_status status = find_served(peer, frame, &method, &binding);
  if (status == MBR_OK) status = mbr_slot_admit(peer, frame, binding, method, &slot);
  if (slot != NULL) {
    mbr_latest_reserve(slot);
    status = keep_request(slot, data);
  }
  if (status != MBR_OK) {
    if (slot != NULL) mbr_slot_refuse(slot, &after);
    note_refusal(peer, binding, method, status);
    mbr_peer_leave(peer, &after);
    return status;
  }
  /* Only now: who is refused need not look for frames next. */
  if (here != NULL) peer->outbox.idle = peer->unrung = false;
  begin_call(slot, &prefix, &after);
  if (here != NULL && mbr_slot_is(slot, MBR_METHOD_INLINE) && mbr_strand_is_free(slot)) {
    mbr_handlers_run_call(slot, here, &after);
    return MBR_OK;
  }
  mbr_handlers_start(slot, &after);
  if (here != NULL) here->drain = mbr_outbox_look(&peer->outbox);
  mbr_peer_leave(peer, &after);
  return MBR_OK;
}

static void add_credit(mbr_slot *slot, uint32_t credit) {
  slot->credit = credit > UINT32_MAX - slot->credit ? UINT32_MAX : slot->credit + credit;
}

static mbr_status receive_control(mbr_peer *peer, const mbr_frame *frame, const uint8_t *data) {
  if (frame->size != MBR_FRAME_HEADER_SIZE + 4u) return MBR_BAD_FRAME;
  uint32_t value = mbr_get_u32(data + MBR_FRAME_HEADER_SIZE);
  bool cancel = frame->kind == MBR_FRAME_CANCEL;
  if (cancel && (value < MBR_CANCEL_CANCELLED || value > MBR_CANCEL_DISCONNECTED)) return MBR_BAD_FRAME;
  mbr_after after = {.elsewhere = true};
  mbr_peer_enter(peer);
  mbr_status status = peer->state == MBR_PEER_OPEN ? MBR_OK : MBR_CLOSED;
  mbr_slot *slot = status == MBR_OK ? mbr_slot_find_called(peer, frame->call) : NULL;
  if (slot != NULL && cancel) {
    mbr_slot_cancel(slot, (mbr_cancel_reason)value, MBR_OK, &after);
  } else if (slot != NULL) {
    add_credit(slot, value);
    mbr_slot_pay(slot, &after);
  }
  mbr_peer_leave(peer, &after);
  return status;
}

/* Without the lock; the peer is pinned. Queues an item for its call, which may have ended meanwhile. */
static mbr_status keep_item(mbr_peer *peer, uint64_t id, const mbr_frame *frame, const uint8_t *data) {
  mbr_after after = {.elsewhere = true};
  mbr_status status = MBR_OK;
  mbr_block *letter = mbr_letter_make(peer, data, frame->size);
  mbr_peer_enter(peer);
  peer->pins--;
  mbr_slot *slot = mbr_slot_find(peer, id);
  if (slot == NULL || slot->state != MBR_CALL_OPEN) {
    after.blocks = letter;
  } else if (letter != NULL) {
    mbr_inbox_put(&slot->inbox, letter);
    mbr_handlers_go_on(slot, &after);
  } else {
    status = MBR_NO_MEMORY;
    mbr_slot_cancel(slot, MBR_CANCEL_CANCELLED, status, &after);
  }
  mbr_peer_leave(peer, &after);
  return status;
}

/* Under the lock, which it releases: an item or the end of an open call's stream parameter. */
static mbr_status take_item(mbr_slot *slot, const mbr_frame *frame, const uint8_t *data, mbr_after *after) {
  mbr_peer *peer = slot->peer;
  const uint64_t id = slot->id;
  bool item = frame->kind == MBR_FRAME_ITEM;
  if (slot->items_ended || (item && slot->granted == 0)) {
    mbr_slot_cancel(slot, MBR_CANCEL_CANCELLED, MBR_BAD_FRAME, after);
    mbr_peer_leave(peer, after);
    return MBR_BAD_FRAME;
  }
  if (slot->counters != NULL) slot->counters->bytes_in += frame->size;
  if (!item) {
    slot->items_ended = true;
    slot->owed = 0;
    mbr_handlers_go_on(slot, after);
    mbr_peer_leave(peer, after);
    return MBR_OK;
  }
  slot->granted--;
  bool at_once = peer->hooks.schedule == NULL && slot->phase == MBR_PHASE_IDLE && mbr_strand_is_free(slot);
  if (at_once) {
    mbr_handlers_run_item(slot, data, after);
    return MBR_OK;
  }
  peer->pins++;
  mbr_peer_leave(peer, after);
  return keep_item(peer, id, frame, data);
}

static mbr_status receive_item(mbr_peer *peer, const mbr_frame *frame, const uint8_t *data) {
  if (frame->kind == MBR_FRAME_END && frame->size != MBR_FRAME_HEADER_SIZE) return MBR_BAD_FRAME;
  mbr_after after = {.elsewhere = true};
  mbr_peer_enter(peer);
  mbr_status status = peer->state == MBR_PEER_OPEN ? MBR_OK : MBR_CLOSED;
  mbr_slot *slot = status == MBR_OK ? mbr_slot_find_called(peer, frame->call) : NULL;
  if (slot != NULL && !mbr_slot_is(slot, MBR_METHOD_UPLOAD)) status = MBR_BAD_FRAME;
  else if (slot != NULL && slot->state == MBR_CALL_OPEN) return take_item(slot, frame, data, &after);
  mbr_peer_leave(peer, &after);
  return status;
}

static mbr_status receive_hello(mbr_peer *peer, const mbr_frame *frame, const uint8_t *data) {
  if (frame->size < MBR_FRAME_HEADER_SIZE + 4u) return MBR_BAD_FRAME;
  if (mbr_get_u32(data + MBR_FRAME_HEADER_SIZE) != MBR_PROTOCOL_VERSION) return MBR_MISMATCH;
  return mbr_clients_receive(peer, frame, data);
}

static mbr_status receive_goodbye(mbr_peer *peer) {
  mbr_after after = {.elsewhere = true};
  mbr_peer_enter(peer);
  mbr_status status = peer->state == MBR_PEER_OPEN ? MBR_OK : MBR_CLOSED;
  mbr_peer_end(peer, &after);
  mbr_peer_leave(peer, &after);
  return status;
}

static mbr_status receive_frame(mbr_peer *peer, const mbr_frame *frame, const uint8_t *data,
                                mbr_answer *here) {
  if (frame->kind == MBR_FRAME_HELLO) return receive_hello(peer, frame, data);
  if (frame->kind == MBR_FRAME_GOODBYE) return receive_goodbye(peer);
  if ((frame->flags & MBR_FRAME_FROM_CALLER) == 0) return mbr_requests_receive(peer, frame, data);
  switch (frame->kind) {
    case MBR_FRAME_CALL:
      return receive_call(peer, frame, data, here);
    case MBR_FRAME_ITEM:
    case MBR_FRAME_END:
      return receive_item(peer, frame, data);
    case MBR_FRAME_CANCEL:
    case MBR_FRAME_CREDIT:
      return receive_control(peer, frame, data);
    default:
      return MBR_BAD_FRAME;
  }
}

static void note_breach(mbr_peer *peer) {
  mbr_after after = {.elsewhere = true};
  mbr_peer_enter(peer);
  if (peer->state == MBR_PEER_OPEN) {
    mbr_note_add(peer, MBR_LOG_ERROR, NULL, 0, "a frame breaks the protocol", MBR_BAD_FRAME, 0);
  }
  mbr_peer_leave(peer, &after);
}

static mbr_status receive(mbr_peer *peer, const uint8_t *data, size_t size, mbr_answer *here) {
  mbr_frame frame;
  mbr_status status = mbr_frame_read(&frame, data, size);
  bool whole = status == MBR_OK && frame.size == size && (frame.flags & MBR_FRAME_BLOCK) == 0;
  status = whole ? receive_frame(peer, &frame, data, here) : MBR_BAD_FRAME;
  if (status == MBR_BAD_FRAME) note_breach(peer);
  return status;
}

mbr_status mbr_peer_receive(mbr_peer *peer, const uint8_t *frame, size_t size) {
  return receive(peer, frame, size, NULL);
}

mbr_status mbr_peer_receive_here(mbr_peer *peer, const uint8_t *frame, size_t size, mbr_answer *answer) {
  if (answer->buffer == NULL || answer->capacity < MBR_ANSWER_MIN) return MBR_MISUSE;
  answer->size = 0;
  answer->drain = false;
  return receive(peer, frame, size, answer);
}
