/* What a handler does with its call: defer it, watch it, answer it. Knows nothing of how the call came. */
#include "calls.h"

void mbr_call_defer(mbr_call call) {
  mbr_peer *peer = call.peer;
  mbr_after after = {0};
  if (peer == NULL) return;
  mbr_peer_enter(peer);
  mbr_slot *slot = mbr_slot_find(peer, call.id);
  if (slot != NULL) slot->deferred = true;
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

/* Under the lock: whether the callback can be set; `now` when it must be called at once. */
static mbr_status set_cancel(mbr_slot *slot, void (*fn)(void *arg, mbr_cancel_reason reason), void *arg,
                             bool *now) {
  if (slot == NULL || slot->answered) return MBR_CLOSED;
  if (slot->state != MBR_CALL_OPEN && slot->cancelled == MBR_CANCEL_NONE) return MBR_CLOSED;
  if (fn == NULL || slot->cancel != NULL) return MBR_MISUSE;
  slot->cancel = fn;
  slot->cancel_arg = arg;
  *now = slot->cancelled != MBR_CANCEL_NONE;
  return MBR_OK;
}

mbr_status mbr_call_on_cancel(mbr_call call, void (*fn)(void *arg, mbr_cancel_reason reason), void *arg) {
  mbr_peer *peer = call.peer;
  mbr_after after = {0};
  bool now = false;
  if (peer == NULL) return MBR_CLOSED;
  mbr_peer_enter(peer);
  mbr_slot *slot = mbr_slot_find(peer, call.id);
  mbr_status status = set_cancel(slot, fn, arg, &now);
  if (!now) {
    mbr_peer_leave(peer, &after);
    return status;
  }
  mbr_cancel_reason reason = (mbr_cancel_reason)slot->cancelled;
  slot->cancelling = true;
  peer->running++;
  mbr_peer_leave(peer, &after);
  fn(arg, reason);
  mbr_peer_enter(peer);
  mbr_slot_cancel_done(slot, &after);
  mbr_peer_leave(peer, &after);
  return MBR_OK;
}

/* Under the lock: its own side has done with the call. */
static void answered(mbr_slot *slot, mbr_after *after) {
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
    mbr_slot_fault(slot, code, text, text_size);
    after.wake = mbr_outbox_rings(&peer->outbox);
    status = MBR_OK;
  }
  if (slot != NULL) answered(slot, &after);
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

static uint8_t *open_frame(mbr_slot *slot, mbr_frame_kind kind, size_t payload, uint8_t flags) {
  const mbr_frame frame = {
    .size = (uint32_t)(MBR_FRAME_HEADER_SIZE + payload),
    .kind = (uint8_t)kind,
    .flags = flags,
    .call = slot->call,
    .method = slot->method->id,
  };
  return mbr_outbox_open(&slot->peer->outbox, &frame, kind != MBR_FRAME_ITEM ? &slot->promised : NULL);
}

/* Opens a record for the frame itself or, setting *large, for the address of its block. An item has
 * its place in one or the other, an ending falls back on the second. */
static uint8_t *open_record(mbr_slot *slot, mbr_frame_kind kind, size_t payload, bool *large) {
  *large = payload > MBR_PAYLOAD_MAX || mbr_record_size(payload) > slot->peer->outbox.size / 4u;
  if (!*large) {
    uint8_t *record = open_frame(slot, kind, payload, 0);
    if (record != NULL || kind == MBR_FRAME_ITEM) return record;
    *large = true;
  }
  return open_frame(slot, kind, MBR_FRAME_BLOCK_PAYLOAD, MBR_FRAME_BLOCK);
}

/* Without the lock. While it is written, a block starts with the place of its record in the outbox. */
static mbr_status give_block(mbr_peer *peer, const uint8_t *record, size_t payload, mbr_writer *w) {
  if (peer->hooks.alloc == NULL || payload > MBR_PAYLOAD_MAX) return MBR_NO_MEMORY;
  uint8_t *block = (uint8_t *)peer->hooks.alloc(peer->owner, MBR_FRAME_HEADER_SIZE + payload);
  if (block == NULL) return MBR_NO_MEMORY;
  mbr_put_u64(block, (uint64_t)(record - peer->outbox.data));
  mbr_writer_init(w, block + MBR_FRAME_HEADER_SIZE, payload);
  return MBR_OK;
}

/* Under the lock: opens the frame of a call that is open. */
static mbr_status begin_frame(mbr_slot *slot, mbr_frame_kind kind, size_t payload, mbr_writer *w, bool *large,
                              uint8_t **record) {
  if (kind == MBR_FRAME_ITEM && slot->credit == 0) return MBR_WOULD_BLOCK;
  *record = open_record(slot, kind, payload, large);
  if (*record == NULL) return MBR_WOULD_BLOCK;
  if (kind == MBR_FRAME_ITEM) slot->credit--;
  else slot->state = MBR_CALL_ENDING;
  slot->peer->pins++;
  if (!*large) mbr_writer_init(w, *record + MBR_FRAME_HEADER_SIZE, payload);
  return MBR_OK;
}

/* Under the lock: lets the consumer have a record that was written. */
static void send_frame(mbr_peer *peer, uint64_t id, uint8_t *record, mbr_after *after) {
  mbr_outbox_commit(record);
  if (mbr_get_u8(record + 4) == MBR_FRAME_ITEM) return;
  mbr_slot *slot = mbr_slot_find(peer, id);
  mbr_slot_end(slot);
  answered(slot, after);
}

/* Under the lock: gives up a record that was opened. */
static void drop_frame(mbr_peer *peer, uint64_t id, uint8_t *record, mbr_status status, mbr_after *after) {
  bool item = mbr_get_u8(record + 4) == MBR_FRAME_ITEM;
  mbr_slot *slot = mbr_slot_find(peer, id);
  mbr_outbox_abandon(record);
  if (!item) {
    mbr_slot_fault(slot, status, NULL, 0);
    mbr_slot_settle(slot, after);
  } else if (slot != NULL && slot->credit < UINT32_MAX) {
    slot->credit++;
  }
}

/* The record has been committed or dropped. */
static void close_frame(mbr_peer *peer, mbr_after *after) {
  peer->pins--;
  after->wake = mbr_outbox_rings(&peer->outbox);
  mbr_peer_leave(peer, after);
}

mbr_status mbr_call_begin(mbr_call call, mbr_frame_kind kind, size_t payload, mbr_writer *w) {
  mbr_peer *peer = call.peer;
  mbr_after after = {0};
  uint8_t *record = NULL;
  bool large = false;
  mbr_writer_init(w, NULL, 0);
  if (peer == NULL) return MBR_CLOSED;
  mbr_status status = MBR_CLOSED;
  mbr_peer_enter(peer);
  mbr_slot *slot = mbr_slot_find(peer, call.id);
  if (slot != NULL && !has_kind(slot, kind, payload)) {
    status = MBR_MISUSE;
  } else if (slot != NULL && slot->state != MBR_CALL_OPEN) {
    if (kind != MBR_FRAME_ITEM) answered(slot, &after);
  } else if (slot != NULL && mbr_slot_is(slot, MBR_METHOD_ONEWAY)) {
    mbr_slot_end(slot);
    answered(slot, &after);
    status = MBR_OK;
  } else if (slot != NULL) {
    status = begin_frame(slot, kind, payload, w, &large, &record);
  }
  mbr_peer_leave(peer, &after);
  if (status != MBR_OK || !large) return status;
  status = give_block(peer, record, payload, w);
  if (status == MBR_OK) return MBR_OK;
  mbr_peer_enter(peer);
  drop_frame(peer, call.id, record, status, &after);
  close_frame(peer, &after);
  return status;
}

/* Makes the header of a block that was written, and leaves its address in its record. */
static void link_block(uint8_t *record, uint8_t *block, size_t payload) {
  const uint64_t size = MBR_FRAME_HEADER_SIZE + (uint64_t)payload;
  memcpy(block, record, MBR_FRAME_HEADER_SIZE);
  mbr_put_u32(block, (uint32_t)size);
  mbr_put_u8(block + 5, 0);
  mbr_put_u64(record + MBR_FRAME_HEADER_SIZE, (uint64_t)(uintptr_t)block);
  mbr_put_u64(record + MBR_FRAME_HEADER_SIZE + 8, size);
}

static bool is_in(const mbr_outbox *outbox, const uint8_t *frame) {
  return (uintptr_t)frame - (uintptr_t)outbox->data < outbox->size;
}

mbr_status mbr_call_commit(mbr_call call, mbr_writer *w, mbr_status encoded) {
  mbr_peer *peer = call.peer;
  mbr_after after = {0};
  if (encoded == MBR_OK) encoded = w->status;
  if (encoded == MBR_OK && w->offset != w->size) encoded = MBR_MISUSE;
  if (w->data == NULL) return encoded; /* a oneway: mbr_call_begin ended it */
  uint8_t *frame = w->data - MBR_FRAME_HEADER_SIZE;
  bool large = !is_in(&peer->outbox, frame);
  uint8_t *record = large ? peer->outbox.data + mbr_get_u64(frame) : frame;
  if (large && encoded == MBR_OK) link_block(record, frame, w->size);
  if (large && encoded != MBR_OK) peer->hooks.free(peer->owner, frame);
  mbr_peer_enter(peer);
  if (encoded == MBR_OK) send_frame(peer, call.id, record, &after);
  else drop_frame(peer, call.id, record, encoded, &after);
  close_frame(peer, &after);
  return encoded;
}
