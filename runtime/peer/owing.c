/* What calls have yet to send: credit for their stream parameter, an item that is kept, the word that an item
 * may be emitted again. Slots that only lack room in the outbox are in one list, those that lack credit
 * hear of it when it comes. Knows nothing of how room comes about. */
#include "latest.h"

static void start_owing(mbr_slot *slot) {
  mbr_peer *peer = slot->peer;
  if (slot->is_owing) return;
  slot->is_owing = true;
  slot->owing_next = NULL;
  slot->owing_previous = peer->owing_last;
  if (peer->owing == NULL) peer->owing = slot;
  else peer->owing_last->owing_next = slot;
  peer->owing_last = slot;
}

void mbr_slot_stop_owing(mbr_slot *slot) {
  mbr_peer *peer = slot->peer;
  if (!slot->is_owing) return;
  slot->is_owing = false;
  if (slot->owing_previous == NULL) peer->owing = slot->owing_next;
  else slot->owing_previous->owing_next = slot->owing_next;
  if (slot->owing_next == NULL) peer->owing_last = slot->owing_previous;
  else slot->owing_next->owing_previous = slot->owing_previous;
}

/* What a topic keeps goes first, but under @latest an item takes its place. */
bool mbr_slot_may_emit(const mbr_slot *slot) {
  if (slot->kept.data != NULL && !mbr_slot_is(slot, MBR_METHOD_LATEST)) return false;
  return slot->credit != 0 && mbr_outbox_has_room(&slot->peer->outbox, slot->wanted);
}

static bool send_credit(mbr_slot *slot) {
  const mbr_frame frame = {
    .size = MBR_FRAME_HEADER_SIZE + 4u,
    .kind = MBR_FRAME_CREDIT,
    .call = slot->call,
    .method = slot->method->id,
  };
  if (slot->owed == 0) return true;
  uint8_t *record = mbr_outbox_open(&slot->peer->outbox, &frame, NULL);
  if (record == NULL) return false;
  mbr_put_u32(record + MBR_FRAME_HEADER_SIZE, slot->owed);
  mbr_outbox_commit(record);
  slot->granted += slot->owed;
  slot->owed = 0;
  mbr_slot_count_sent(slot, MBR_FRAME_CREDIT, frame.size);
  return true;
}

void mbr_slot_pay(mbr_slot *slot, mbr_after *after) {
  if (slot->state != MBR_CALL_OPEN) return;
  bool waits = !send_credit(slot);
  if (!mbr_latest_send(slot, after) && slot->credit != 0) waits = true;
  if (slot->ready != NULL && !slot->is_ready && slot->credit != 0) {
    slot->is_ready = mbr_slot_may_emit(slot);
    if (slot->is_ready) mbr_slot_notify(slot, after);
    else waits = true;
  }
  if (waits) start_owing(slot);
  else mbr_slot_stop_owing(slot);
}

void mbr_slots_flush(mbr_peer *peer, mbr_after *after) {
  mbr_slot *next = peer->owing;
  while (next != NULL && mbr_outbox_has_room(&peer->outbox, 0)) {
    mbr_slot *slot = next;
    next = slot->owing_next;
    mbr_slot_pay(slot, after);
  }
}
