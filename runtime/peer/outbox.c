/* The ring in which frames wait for the consumer: see outbox.h. */
#include "outbox.h"

/* Marks that only the ring knows: a record being written, and one that is skipped (the room before the
 * ring's end that was too small, or a frame that was given up). */
#define FLAG_OPEN 0x40u
#define KIND_PAD 0u

static uint8_t *at(const mbr_outbox *outbox, size_t position) {
  return outbox->data + (position & (outbox->size - 1u));
}

static uint8_t kind_of(const uint8_t *record) { return mbr_get_u8(record + 4); }

static size_t size_of(const uint8_t *record) {
  return mbr_record_size(mbr_get_u32(record) - MBR_FRAME_HEADER_SIZE);
}

static size_t room(const mbr_outbox *outbox) { return outbox->size - (outbox->tail - outbox->head); }

/* Bytes at the ring's end that a record of this size would skip. */
static size_t waste(const mbr_outbox *outbox, size_t size) {
  size_t until_end = outbox->size - (outbox->tail & (outbox->size - 1u));
  return size > until_end ? until_end : 0;
}

static void write_pad(uint8_t *record, size_t size) {
  const mbr_frame pad = {.size = (uint32_t)size, .kind = KIND_PAD};
  mbr_frame_write(record, &pad);
}

void mbr_outbox_init(mbr_outbox *outbox, uint8_t *data, size_t size) {
  *outbox = (mbr_outbox){.data = data, .size = size, .idle = true};
}

void mbr_outbox_keep(mbr_outbox *outbox, size_t count, size_t size) {
  if (size > outbox->largest) outbox->largest = size;
  const size_t most = outbox->size - outbox->size / 4u - outbox->largest;
  const size_t wanted = count <= most / size ? count * size : most;
  if (wanted > outbox->kept) outbox->kept = wanted;
  if (outbox->kept > most) outbox->kept = most;
}

bool mbr_outbox_promise(mbr_outbox *outbox, size_t size) {
  size_t wanted = outbox->promised + size + outbox->largest;
  if (wanted > room(outbox) || wanted > outbox->size - outbox->size / 4u) return false;
  outbox->promised += size;
  return true;
}

void mbr_outbox_unpromise(mbr_outbox *outbox, size_t size) { outbox->promised -= size; }

static size_t spoken_for(const mbr_outbox *outbox) {
  return (outbox->promised > outbox->kept ? outbox->promised : outbox->kept) + outbox->largest;
}

uint8_t *mbr_outbox_open(mbr_outbox *outbox, const mbr_frame *frame, size_t *promise) {
  if (outbox->head == outbox->tail) outbox->head = outbox->tail = 0;
  size_t size = mbr_record_size(frame->size - MBR_FRAME_HEADER_SIZE);
  size_t skipped = waste(outbox, size);
  if (promise != NULL && size <= *promise) {
    *promise -= size;
    outbox->promised -= size;
  } else if (room(outbox) < size + skipped + spoken_for(outbox)) {
    return NULL;
  }
  if (skipped != 0) write_pad(at(outbox, outbox->tail), skipped);
  uint8_t *record = at(outbox, outbox->tail + skipped);
  outbox->tail += skipped + size;
  mbr_frame_write(record, frame);
  mbr_put_u8(record + 5, frame->flags | FLAG_OPEN);
  return record;
}

static bool is_open(const uint8_t *record) { return (mbr_get_u8(record + 5) & FLAG_OPEN) != 0; }

void mbr_outbox_commit(uint8_t *record) {
  mbr_put_u8(record + 5, (uint8_t)(mbr_get_u8(record + 5) & ~FLAG_OPEN));
}

void mbr_outbox_abandon(uint8_t *record) { write_pad(record, size_of(record)); }

static void skip_pads(mbr_outbox *outbox) {
  while (outbox->head != outbox->tail) {
    const uint8_t *record = at(outbox, outbox->head);
    if (kind_of(record) != KIND_PAD) return;
    outbox->head += size_of(record);
  }
}

bool mbr_outbox_has_room(mbr_outbox *outbox, size_t payload) {
  if (outbox->run == 0) skip_pads(outbox);
  if (outbox->head == outbox->tail) outbox->head = outbox->tail = 0;
  size_t size = mbr_record_size(payload);
  return room(outbox) >= size + waste(outbox, size) + spoken_for(outbox);
}

bool mbr_outbox_rings(mbr_outbox *outbox) {
  if (!outbox->idle) return false;
  skip_pads(outbox);
  if (outbox->head == outbox->tail || is_open(at(outbox, outbox->head))) return false;
  outbox->idle = false;
  return true;
}

bool mbr_outbox_look(mbr_outbox *outbox) {
  outbox->idle = true;
  return mbr_outbox_rings(outbox);
}

size_t mbr_outbox_run(mbr_outbox *outbox, const uint8_t **frames) {
  if (outbox->run == 0) skip_pads(outbox);
  size_t end = outbox->head + outbox->run;
  *frames = at(outbox, outbox->head);
  while (end != outbox->tail) {
    const uint8_t *record = at(outbox, end);
    if (record < *frames || kind_of(record) == KIND_PAD || is_open(record)) break;
    end += size_of(record);
  }
  outbox->run = end - outbox->head;
  outbox->held = outbox->run != 0;
  outbox->idle = !outbox->held;
  return outbox->run;
}

void mbr_outbox_consume(mbr_outbox *outbox, size_t size) {
  outbox->head += size;
  outbox->run -= size;
  outbox->held = false;
}
