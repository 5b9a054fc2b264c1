/* A frame while it is written: see sending.h. */
#include "sending.h"

static uint8_t *open_record(mbr_peer *peer, mbr_frame *frame, size_t payload, uint8_t flags,
                            size_t *promise) {
  frame->size = (uint32_t)(MBR_FRAME_HEADER_SIZE + payload);
  frame->flags = (uint8_t)(frame->flags | flags);
  return mbr_outbox_open(&peer->outbox, frame, promise);
}

bool mbr_sending_is_large(const mbr_peer *peer, size_t payload) {
  return payload > MBR_PAYLOAD_MAX || mbr_record_size(payload) > peer->outbox.size / 4u;
}

uint8_t *mbr_sending_open(mbr_peer *peer, mbr_frame *frame, size_t payload, size_t *promise, bool *large) {
  if (mbr_sending_is_large(peer, payload)) *large = true;
  if (!*large) {
    uint8_t *record = open_record(peer, frame, payload, 0, promise);
    if (record != NULL || promise == NULL) return record;
    *large = true;
  }
  return open_record(peer, frame, MBR_FRAME_BLOCK_PAYLOAD, MBR_FRAME_BLOCK, promise);
}

/* While it is written, a block starts with the place of its record in the outbox. */
mbr_status mbr_sending_block(mbr_peer *peer, const uint8_t *record, size_t payload, mbr_writer *w) {
  if (peer->hooks.alloc == NULL || payload > MBR_PAYLOAD_MAX) return MBR_NO_MEMORY;
  uint8_t *block = (uint8_t *)peer->hooks.alloc(peer->owner, MBR_FRAME_HEADER_SIZE + payload);
  if (block == NULL) return MBR_NO_MEMORY;
  mbr_put_u64(block, (uint64_t)(record - peer->outbox.data));
  mbr_writer_init(w, block + MBR_FRAME_HEADER_SIZE, payload);
  return MBR_OK;
}

/* Makes the header of a block that was written, and leaves its address in its record. */
void mbr_sending_link(uint8_t *record, uint8_t *block, size_t payload) {
  const uint64_t size = MBR_FRAME_HEADER_SIZE + (uint64_t)payload;
  memcpy(block, record, MBR_FRAME_HEADER_SIZE);
  mbr_put_u32(block, (uint32_t)size);
  mbr_put_u8(block + 5, (uint8_t)(mbr_get_u8(record + 5) & MBR_FRAME_FROM_CALLER));
  /* misra 11.4: a block travels by its address, see MBR_FRAME_BLOCK */
  mbr_put_u64(record + MBR_FRAME_HEADER_SIZE, (uint64_t)(uintptr_t)block);
  mbr_put_u64(record + MBR_FRAME_HEADER_SIZE + 8, size);
}

static bool is_in(const mbr_outbox *outbox, const uint8_t *frame) {
  /* misra 11.4: addresses of what may be two objects are compared as numbers */
  return (uintptr_t)frame - (uintptr_t)outbox->data < outbox->size;
}

uint64_t mbr_sending_place(const mbr_peer *peer, const uint8_t *payload) {
  const uint8_t *frame = payload - MBR_FRAME_HEADER_SIZE;
  if (is_in(&peer->outbox, frame)) return (uint64_t)(frame - peer->outbox.data);
  return mbr_get_u64(frame);
}

uint8_t *mbr_sending_finish(mbr_peer *peer, uint8_t *payload, size_t size, bool whole) {
  uint8_t *frame = payload - MBR_FRAME_HEADER_SIZE;
  uint8_t *record = peer->outbox.data + mbr_sending_place(peer, payload);
  if (record == frame) return frame;
  if (whole) mbr_sending_link(record, frame, size);
  else peer->hooks.free(peer->owner, frame);
  return record;
}
