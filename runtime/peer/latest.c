/* Items that wait for credit or room and are replaced by newer ones: see latest.h. */
#include "latest.h"

#include "sending.h"

static bool is_stored(const mbr_slot *slot, const uint8_t *data) {
  /* misra 11.4: addresses of what may be two objects are compared as numbers */
  return (uintptr_t)data - (uintptr_t)mbr_slot_storage(slot) < slot->peer->memory.storage_size;
}

/* Where a block can be handed over the outbox frees it, so only what is copied may stand in the storage. */
void mbr_latest_reserve(mbr_slot *slot) {
  const mbr_peer *peer = slot->peer;
  const size_t storage = peer->memory.storage_size;
  const size_t item = slot->method->item_max;
  if (!mbr_slot_is(slot, MBR_METHOD_STREAM) || item == 0 || item > storage) return;
  const size_t size = mbr_record_size(item);
  if (size > storage / 4u || size > peer->outbox.size / 4u) return;
  if (slot->frame_size > storage - 2u * size) return;
  uint8_t *end = mbr_slot_storage(slot) + storage;
  slot->tail = 2u * size;
  slot->idle[0] = (mbr_buffer){.data = end - size, .capacity = size};
  slot->idle[1] = (mbr_buffer){.data = end - 2u * size, .capacity = size};
}

static void free_buffer(mbr_buffer buffer, mbr_after *after) {
  mbr_block *block = (mbr_block *)(void *)buffer.data;
  block->next = after->blocks;
  after->blocks = block;
}

/* Of three buffers the smallest block goes. */
static void put_idle(mbr_slot *slot, mbr_buffer buffer, mbr_after *after) {
  for (size_t i = 0; i < 2; i++) {
    mbr_buffer *idle = &slot->idle[i];
    if (idle->data == NULL) {
      *idle = buffer;
      return;
    }
    if (is_stored(slot, idle->data)) continue;
    if (is_stored(slot, buffer.data) || idle->capacity < buffer.capacity) {
      const mbr_buffer other = *idle;
      *idle = buffer;
      buffer = other;
    }
  }
  free_buffer(buffer, after);
}

static mbr_buffer take_idle(mbr_slot *slot, size_t size) {
  for (size_t i = 0; i < 2; i++) {
    const mbr_buffer buffer = slot->idle[i];
    if (buffer.data == NULL || buffer.capacity < size) continue;
    slot->idle[i].data = NULL;
    return buffer;
  }
  return (mbr_buffer){0};
}

static void drop(mbr_slot *slot) {
  slot->dropped++;
  mbr_slot_count_dropped(slot);
}

bool mbr_latest_send(mbr_slot *slot, mbr_after *after) {
  const mbr_buffer kept = slot->kept;
  bool large = false;
  if (kept.data == NULL) return true;
  if (slot->credit == 0) return false;
  const size_t size = mbr_get_u32(kept.data);
  const size_t payload = size - MBR_FRAME_HEADER_SIZE;
  mbr_frame frame = {.kind = MBR_FRAME_ITEM, .call = slot->call, .method = slot->method->id};
  uint8_t *record = mbr_sending_open(slot->peer, &frame, payload, NULL, &large);
  if (record == NULL) return false;
  slot->kept.data = NULL;
  if (large) {
    mbr_sending_link(record, kept.data, payload);
  } else {
    memcpy(record + MBR_FRAME_HEADER_SIZE, kept.data + MBR_FRAME_HEADER_SIZE, payload);
    put_idle(slot, kept, after);
  }
  mbr_outbox_commit(record);
  slot->credit--;
  mbr_slot_count_sent(slot, MBR_FRAME_ITEM, size);
  return true;
}

/* Without the lock. A bounded item gets a buffer that will do for any other. */
static mbr_buffer make_buffer(mbr_peer *peer, size_t size, size_t item_max) {
  size_t capacity = mbr_size_add(MBR_FRAME_HEADER_SIZE, item_max);
  if (capacity < size) capacity = size;
  if (peer->hooks.alloc == NULL) return (mbr_buffer){0};
  return (mbr_buffer){.data = (uint8_t *)peer->hooks.alloc(peer->owner, capacity), .capacity = capacity};
}

/* Without the lock; the slot is held. Where there is no other buffer the item that waits gives its own up. */
static mbr_buffer replace_kept(mbr_slot *slot, size_t size, mbr_after *after) {
  mbr_peer *peer = slot->peer;
  mbr_buffer buffer = {0};
  mbr_peer_enter(peer);
  drop(slot);
  if (slot->kept.data != NULL && slot->kept.capacity >= size) {
    buffer = slot->kept;
    slot->kept.data = NULL;
  } else {
    slot->holds--;
    mbr_slot_settle(slot, after);
  }
  mbr_peer_leave(peer, after);
  return buffer;
}

mbr_status mbr_latest_begin(mbr_slot *slot, size_t payload, mbr_writer *w, mbr_after *after) {
  mbr_peer *peer = slot->peer;
  const size_t size = mbr_size_add(MBR_FRAME_HEADER_SIZE, payload);
  const size_t item_max = slot->method->item_max;
  bool possible = payload <= MBR_PAYLOAD_MAX;
  mbr_buffer buffer = take_idle(slot, size);
  slot->holds++;
  mbr_peer_leave(peer, after);
  if (buffer.data == NULL && possible) buffer = make_buffer(peer, size, item_max);
  if (buffer.data == NULL) buffer = replace_kept(slot, size, after);
  if (buffer.data == NULL) return MBR_NO_MEMORY;
  mbr_put_u64(buffer.data, MBR_PLACE_KEPT);
  mbr_put_u64(buffer.data + 8, buffer.capacity);
  mbr_writer_init(w, buffer.data + MBR_FRAME_HEADER_SIZE, payload);
  return MBR_OK;
}

mbr_status mbr_latest_commit(mbr_call call, const mbr_writer *w, mbr_status encoded) {
  mbr_peer *peer = call.peer;
  mbr_after after = {0};
  uint8_t *frame = w->data - MBR_FRAME_HEADER_SIZE;
  const mbr_buffer buffer = {.data = frame, .capacity = (size_t)mbr_get_u64(frame + 8)};
  mbr_put_u32(frame, (uint32_t)(MBR_FRAME_HEADER_SIZE + w->size));
  mbr_peer_enter(peer);
  mbr_slot *slot = mbr_slot_find(peer, call.id); /* held since mbr_latest_begin */
  slot->holds--;
  if (encoded != MBR_OK) {
    put_idle(slot, buffer, &after);
  } else if (slot->state != MBR_CALL_OPEN) {
    drop(slot);
    put_idle(slot, buffer, &after);
  } else {
    mbr_latest_drop(slot, &after);
    slot->kept = buffer;
    mbr_slot_pay(slot, &after);
  }
  mbr_slot_settle(slot, &after);
  mbr_peer_leave(peer, &after);
  return encoded;
}

void mbr_latest_drop(mbr_slot *slot, mbr_after *after) {
  if (slot->kept.data == NULL) return;
  drop(slot);
  put_idle(slot, slot->kept, after);
  slot->kept.data = NULL;
}

void mbr_latest_release(mbr_slot *slot, mbr_after *after) {
  for (size_t i = 0; i < 2; i++) {
    const mbr_buffer buffer = slot->idle[i];
    if (buffer.data != NULL && !is_stored(slot, buffer.data)) free_buffer(buffer, after);
    slot->idle[i].data = NULL;
  }
}

uint32_t mbr_call_dropped(mbr_call call) {
  mbr_peer *peer = call.peer;
  mbr_after after = {0};
  if (peer == NULL) return 0;
  mbr_peer_enter(peer);
  const mbr_slot *slot = mbr_slot_find(peer, call.id);
  uint32_t dropped = slot != NULL ? slot->dropped : 0;
  mbr_peer_leave(peer, &after);
  return dropped;
}
