/* What a handler does with its call: defer it, watch it, answer it. Knows nothing of how the call came. */
#include "latest.h"
#include "reply.h"
#include "sending.h"

void mbr_call_defer(mbr_call call) {
  mbr_peer *peer = call.peer;
  mbr_after after = {0};
  if (peer == NULL) return;
  mbr_peer_enter(peer);
  mbr_slot *slot = mbr_slot_find(peer, call.id);
  if (slot != NULL && slot->phase != MBR_PHASE_RETURNED) slot->deferred = true;
  mbr_peer_leave(peer, &after);
}

mbr_cancel_reason mbr_call_cancelled(mbr_call call) {
  mbr_peer *peer = call.peer;
  mbr_after after = {0};
  mbr_cancel_reason reason = MBR_CANCEL_DISCONNECTED;
  if (peer == NULL) return reason;
  mbr_peer_enter(peer);
  const mbr_slot *slot = mbr_slot_find(peer, call.id);
  if (slot != NULL && (slot->state == MBR_CALL_OPEN || slot->cancelled != MBR_CANCEL_NONE)) {
    reason = (mbr_cancel_reason)slot->cancelled;
  }
  mbr_peer_leave(peer, &after);
  return reason;
}

void mbr_call_set_context(mbr_call call, void *context) {
  mbr_peer *peer = call.peer;
  mbr_after after = {0};
  if (peer == NULL) return;
  mbr_peer_enter(peer);
  mbr_slot *slot = mbr_slot_find(peer, call.id);
  if (slot != NULL) slot->context = context;
  mbr_peer_leave(peer, &after);
}

void *mbr_call_context(mbr_call call) {
  mbr_peer *peer = call.peer;
  mbr_after after = {0};
  if (peer == NULL) return NULL;
  mbr_peer_enter(peer);
  const mbr_slot *slot = mbr_slot_find(peer, call.id);
  void *context = slot != NULL ? slot->context : NULL;
  mbr_peer_leave(peer, &after);
  return context;
}

/* The clock is read before the lock is taken. */
static uint32_t time_left(const mbr_slot *slot, uint64_t now) {
  if (slot->deadline == UINT64_MAX) return MBR_TIMEOUT_NONE;
  if (slot->deadline <= now) return 1u;
  const uint64_t left = slot->deadline - now;
  return left < MBR_TIMEOUT_NONE ? (uint32_t)left : MBR_TIMEOUT_NONE - 1u;
}

mbr_status mbr_call_get_origin(mbr_call call, mbr_call_origin *origin) {
  mbr_peer *peer = call.peer;
  mbr_after after = {0};
  if (peer == NULL) return MBR_CLOSED;
  const uint64_t now = peer->now != NULL ? peer->now(peer->owner) : 0;
  mbr_peer_enter(peer);
  const mbr_slot *slot = mbr_slot_find(peer, call.id);
  const bool open = slot != NULL && slot->state == MBR_CALL_OPEN;
  if (open) {
    *origin = (mbr_call_origin){
      .method = slot->method->id,
      .instance = slot->instance,
      .timeout_ms = time_left(slot, now),
      .credit = slot->credit,
    };
  }
  mbr_peer_leave(peer, &after);
  return open ? MBR_OK : MBR_CLOSED;
}

/* Under the lock: its own side has done with the call, once too often where that is so already, or an ending
 * is being encoded. A NULL slot's call is long gone. */
static void answered(mbr_peer *peer, mbr_slot *slot, mbr_after *after) {
#ifndef NDEBUG
  if (slot == NULL && peer->state == MBR_PEER_OPEN) {
    mbr_note_add(peer, MBR_LOG_ERROR, NULL, 0, "a call was answered after it was over", MBR_CLOSED, 0);
  } else if (slot != NULL && (slot->answered || slot->state == MBR_CALL_ENDING)) {
    mbr_note_add(peer, MBR_LOG_ERROR, slot->method->name, 0, "a call was answered twice",
                 MBR_CLOSED, 0);
  }
#else
  (void)peer;
#endif
  if (slot == NULL) return;
  slot->answered = true;
  mbr_slot_settle(slot, after);
}

/* As much of the text as a fault carries: whole characters, well-formed, else none. */
static size_t fault_text_size(const char *text) {
  size_t size = 0;
  if (text == NULL) return 0;
  while (size < MBR_FAULT_TEXT_MAX && text[size] != '\0') size++;
  if (size == MBR_FAULT_TEXT_MAX) {
    while (size > 0 && ((unsigned char)text[size] & 0xC0u) == 0x80u) size--;
  }
  return mbr_utf8_valid(text, size) ? size : 0;
}

mbr_status mbr_call_fault(mbr_call call, mbr_status code, const char *text) {
  mbr_peer *peer = call.peer;
  mbr_after after = {0};
  if (code == MBR_OK) return MBR_MISUSE;
  if (peer == NULL) return MBR_CLOSED;
  size_t text_size = fault_text_size(text);
  mbr_status status = MBR_CLOSED;
  mbr_peer_enter(peer);
  mbr_slot *slot = mbr_slot_find(peer, call.id);
  if (slot != NULL && slot->state == MBR_CALL_OPEN) {
    mbr_slot_fault(slot, code, text, text_size, &after);
    mbr_slot_settle(slot, &after);
    status = MBR_OK;
  } else {
    answered(peer, slot, &after);
  }
  mbr_peer_leave(peer, &after);
  return status;
}

static bool has_kind(const mbr_slot *slot, mbr_frame_kind kind, size_t payload) {
  bool stream = mbr_slot_is(slot, MBR_METHOD_STREAM);
  if (mbr_slot_is(slot, MBR_METHOD_ONEWAY)) return kind == MBR_FRAME_OK && payload == 0;
  if (kind == MBR_FRAME_ITEM) return stream;
  if (kind == MBR_FRAME_END) return stream && payload == 0;
  if (kind == MBR_FRAME_OK) return !stream;
  return kind == MBR_FRAME_ERR;
}

/* Whether a result is large enough that giving its block away is worth more than copying it. */
static bool may_change_hands(const mbr_slot *slot, mbr_frame_kind kind, size_t payload) {
  return kind == MBR_FRAME_OK && payload > MBR_BLOCK_SIZE_MIN && mbr_slot_is(slot, MBR_METHOD_BYTES) &&
         slot->peer->hooks.alloc != NULL;
}

/* A frame being begun: what its beginning under the lock leaves for after. */
typedef struct mbr_begun {
  uint8_t *record;
  bool large; /* it needs a block */
  bool reply; /* it is the answer of a sync call */
} mbr_begun;

/* Under the lock: opens the record of an item or ending. */
static mbr_status open_record(mbr_slot *slot, mbr_frame_kind kind, size_t payload, mbr_begun *begun) {
  mbr_frame frame = {.kind = (uint8_t)kind, .call = slot->call, .method = slot->method->id};
  bool item = kind == MBR_FRAME_ITEM;
  begun->large = may_change_hands(slot, kind, payload);
  begun->record = mbr_sending_open(slot->peer, &frame, payload, item ? NULL : &slot->promised, &begun->large);
  if (begun->record == NULL) return MBR_WOULD_BLOCK;
  slot->holds++;
  slot->peer->pins++;
  return MBR_OK;
}

/* Under the lock, and so are those that follow: the call is open. */
static mbr_status begin_item(mbr_slot *slot, size_t payload, bool latest, mbr_begun *begun,
                             mbr_after *after) {
  if (!mbr_latest_send(slot, after)) return MBR_WOULD_BLOCK;
  mbr_status status =
    slot->credit != 0 ? open_record(slot, MBR_FRAME_ITEM, payload, begun) : MBR_WOULD_BLOCK;
  if (status == MBR_OK) slot->credit--;
  if (status == MBR_OK || latest) return status;
  slot->wanted = mbr_sending_is_large(slot->peer, payload) ? MBR_FRAME_BLOCK_PAYLOAD : payload;
  mbr_slot_count_dropped(slot);
  return status;
}

static mbr_status begin_ending(mbr_slot *slot, mbr_frame_kind kind, size_t payload, mbr_begun *begun,
                               mbr_after *after) {
  if (mbr_slot_is(slot, MBR_METHOD_ONEWAY)) {
    mbr_slot_end(slot, MBR_FATE_OK, MBR_OK, after);
    answered(slot->peer, slot, after);
    return MBR_OK;
  }
  begun->reply = mbr_reply_is_due(slot, payload);
  (void)mbr_latest_send(slot, after);
  mbr_status status = begun->reply ? MBR_OK : open_record(slot, kind, payload, begun);
  if (status == MBR_OK) slot->state = MBR_CALL_ENDING;
  return status;
}

static mbr_status begin_frame(mbr_peer *peer, mbr_slot *slot, mbr_frame_kind kind, size_t payload,
                              bool latest, mbr_begun *begun, mbr_after *after) {
  bool item = kind == MBR_FRAME_ITEM;
  if (slot != NULL && !has_kind(slot, kind, payload)) return MBR_MISUSE;
  if (slot != NULL && slot->state == MBR_CALL_OPEN) {
    return item ? begin_item(slot, payload, latest, begun, after)
                : begin_ending(slot, kind, payload, begun, after);
  }
  if (!item) answered(peer, slot, after);
  return MBR_CLOSED;
}

/* Under the lock: gives up a record that was opened. */
static void drop_frame(mbr_slot *slot, uint8_t *record, mbr_status status, mbr_after *after) {
  bool item = mbr_get_u8(record + 4) == MBR_FRAME_ITEM;
  mbr_outbox_abandon(record);
  if (!item) {
    mbr_slot_fault(slot, status, NULL, 0, after);
  } else if (slot->credit < UINT32_MAX) {
    slot->credit++;
    mbr_slot_pay(slot, after);
  }
}

/* Under the lock: lets the consumer have a record that was written. */
static void send_frame(mbr_slot *slot, uint8_t *record, size_t size, mbr_after *after) {
  const mbr_frame_kind kind = (mbr_frame_kind)mbr_get_u8(record + 4);
  mbr_outbox_commit(record);
  mbr_slot_count_sent(slot, kind, size);
  if (kind == MBR_FRAME_ITEM) return;
  mbr_slot_end(slot, kind == MBR_FRAME_ERR ? MBR_FATE_ERROR : MBR_FATE_OK, MBR_OK, after);
  slot->answered = true;
}

/* Without the lock: the record has been written, or given up with `status`. */
static void close_frame(mbr_call call, uint8_t *record, size_t payload, mbr_status status) {
  mbr_peer *peer = call.peer;
  mbr_after after = {0};
  mbr_peer_enter(peer);
  mbr_slot *slot = mbr_slot_find(peer, call.id); /* held since the record was opened */
  slot->holds--;
  if (status == MBR_OK) send_frame(slot, record, MBR_FRAME_HEADER_SIZE + payload, &after);
  else drop_frame(slot, record, status, &after);
  mbr_slot_settle(slot, &after);
  peer->pins--;
  if (status != MBR_OK) mbr_peer_flush(peer, &after);
  mbr_peer_leave(peer, &after);
}

static mbr_status begin(mbr_call call, mbr_frame_kind kind, size_t payload, bool topic, mbr_writer *w) {
  mbr_peer *peer = call.peer;
  mbr_after after = {0};
  mbr_begun begun = {0};
  mbr_writer_init(w, NULL, 0);
  if (peer == NULL) return MBR_CLOSED;
  mbr_peer_enter(peer);
  mbr_slot *slot = mbr_slot_find(peer, call.id);
  bool latest = slot != NULL && (topic || mbr_slot_is(slot, MBR_METHOD_LATEST));
  mbr_status status = begin_frame(peer, slot, kind, payload, latest, &begun, &after);
  if (status == MBR_WOULD_BLOCK && latest) return mbr_latest_begin(slot, payload, w, &after);
  if (status == MBR_OK && begun.reply) return mbr_reply_begin(slot, kind, payload, w, &after);
  mbr_peer_leave(peer, &after);
  if (status != MBR_OK || begun.record == NULL) return status;
  if (!begun.large) {
    mbr_writer_init(w, begun.record + MBR_FRAME_HEADER_SIZE, payload);
    return MBR_OK;
  }
  status = mbr_sending_block(peer, begun.record, payload, w);
  if (status != MBR_OK) close_frame(call, begun.record, 0, status);
  return status;
}

mbr_status mbr_call_begin(mbr_call call, mbr_frame_kind kind, size_t payload, mbr_writer *w) {
  return begin(call, kind, payload, false, w);
}

mbr_status mbr_call_begin_latest(mbr_call call, size_t payload, mbr_writer *w) {
  return begin(call, MBR_FRAME_ITEM, payload, true, w);
}

/* What is to be said of an encoding that ended so. */
static mbr_status outcome(const mbr_writer *w, mbr_status encoded) {
  if (encoded == MBR_OK) encoded = w->status;
  return encoded == MBR_OK && w->offset != w->size ? MBR_MISUSE : encoded;
}

mbr_status mbr_call_commit(mbr_call call, mbr_writer *w, mbr_status encoded) {
  mbr_peer *peer = call.peer;
  encoded = outcome(w, encoded);
  if (w->data == NULL) return encoded; /* a oneway: mbr_call_begin ended it */
  const uint64_t place = mbr_sending_place(peer, w->data);
  if (place == MBR_PLACE_KEPT) return mbr_latest_commit(call, w, encoded);
  if (place == MBR_PLACE_REPLY) return mbr_reply_commit(call, w, encoded);
  uint8_t *record = mbr_sending_finish(peer, w->data, w->size, encoded == MBR_OK);
  close_frame(call, record, w->size, encoded);
  return encoded;
}

/* Under the lock. */
static bool send_record(mbr_slot *slot, mbr_frame_kind kind, const mbr_writer *w, mbr_after *after) {
  const bool item = kind == MBR_FRAME_ITEM;
  mbr_frame frame = {.kind = (uint8_t)kind, .call = slot->call, .method = slot->method->id};
  if (mbr_sending_is_large(slot->peer, w->size) || !mbr_latest_send(slot, after)) return false;
  if (item && slot->credit == 0) return false;
  frame.size = (uint32_t)(MBR_FRAME_HEADER_SIZE + w->size);
  uint8_t *record = mbr_outbox_open(&slot->peer->outbox, &frame, item ? NULL : &slot->promised);
  if (record == NULL) return false;
  if (w->size != 0) memcpy(record + MBR_FRAME_HEADER_SIZE, w->data, w->size);
  if (item) slot->credit--;
  send_frame(slot, record, frame.size, after);
  return true;
}

/* Under the lock: false where it takes more than that, or is to be refused; nothing has been done then. */
static bool send_at_once(mbr_slot *slot, mbr_frame_kind kind, const mbr_writer *w, mbr_after *after) {
  if (slot == NULL || slot->state != MBR_CALL_OPEN || !has_kind(slot, kind, w->size)) return false;
  if (mbr_slot_is(slot, MBR_METHOD_ONEWAY)) return false;
  const bool sent = mbr_reply_is_due(slot, w->size) ? mbr_reply_send(slot, kind, w, after)
                                                    : send_record(slot, kind, w, after);
  if (sent) mbr_slot_settle(slot, after);
  return sent;
}

mbr_status mbr_call_send(mbr_call call, mbr_frame_kind kind, const mbr_writer *w, mbr_status encoded) {
  mbr_peer *peer = call.peer;
  mbr_after after = {0};
  mbr_writer copy;
  encoded = outcome(w, encoded);
  if (encoded == MBR_OK && peer != NULL) {
    mbr_peer_enter(peer);
    const bool sent = send_at_once(mbr_slot_find(peer, call.id), kind, w, &after);
    mbr_peer_leave(peer, &after);
    if (sent) return MBR_OK;
  }
  mbr_status status = begin(call, kind, w->size, false, &copy);
  if (status != MBR_OK) return status;
  if (encoded == MBR_OK && w->size != 0) {
    uint8_t *payload = mbr_writer_take(&copy, w->size);
    if (payload != NULL) memcpy(payload, w->data, w->size);
  }
  return mbr_call_commit(call, &copy, encoded);
}
