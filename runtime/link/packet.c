/* COBS and CRC-32: see packet.h. */
#include "packet.h"

#define BLOCK_MAX 254u /* bytes without a zero that one COBS block holds */
#define BLOCK_FULL 0xFFu

#define CRC_BEGIN 0xFFFFFFFFu
#define CRC_WHOLE 0xDEBB20E3u /* what is left when the CRC itself has been taken in */

enum { STAGE_IDLE = MBR_LINK_ENCODED, STAGE_OPEN, STAGE_CODE, STAGE_BYTES, STAGE_FULL_BYTES, STAGE_CLOSE };

/* The CRC-32 of Ethernet and zip, by half bytes: sixteen words of table. */
static uint32_t crc_over(uint32_t crc, const uint8_t *bytes, uint32_t size) {
  static const uint32_t half[16] = {
    0x00000000u, 0x1DB71064u, 0x3B6E20C8u, 0x26D930ACu, 0x76DC4190u, 0x6B6B51F4u, 0x4DB26158u, 0x5005713Cu,
    0xEDB88320u, 0xF00F9344u, 0xD6D6A3E8u, 0xCB61B38Cu, 0x9B64C2B0u, 0x86D3D2D4u, 0xA00AE278u, 0xBDBDF21Cu,
  };
  for (; size > 0; size--) {
    crc ^= *bytes++;
    crc = crc >> 4 ^ half[crc & 15u];
    crc = crc >> 4 ^ half[crc & 15u];
  }
  return crc;
}

void mbr_link_encoder_begin(struct mbr_link_encoder *out, const uint8_t *frame, uint32_t size) {
  const uint32_t crc = crc_over(CRC_BEGIN, out->header, MBR_LINK_HEADER_SIZE);
  mbr_put_u32(out->tail, ~crc_over(crc, frame, size));
  out->stage = STAGE_OPEN;
  out->frame = frame;
  out->size = size;
  out->next = 0;
}

static uint32_t packet_size(const struct mbr_link_encoder *out) {
  return MBR_LINK_HEADER_SIZE + out->size + MBR_LINK_CRC_SIZE;
}

static uint8_t byte_at(const struct mbr_link_encoder *out, uint32_t at) {
  if (at < MBR_LINK_HEADER_SIZE) return out->header[at];
  at -= MBR_LINK_HEADER_SIZE;
  return at < out->size ? out->frame[at] : out->tail[at - out->size];
}

/* The length of the block that begins at `next`. */
static uint8_t block_size(const struct mbr_link_encoder *out) {
  const uint32_t left = packet_size(out) - out->next;
  uint32_t size = 0;
  while (size < left && size < BLOCK_MAX && byte_at(out, out->next + size) != 0) size++;
  return (uint8_t)size;
}

/* What follows the block whose last byte was written. A block that is not full stands for its zero too, but
 * for the packet's last. */
static uint8_t stage_after(struct mbr_link_encoder *out) {
  if (out->next == packet_size(out)) return STAGE_CLOSE;
  if (out->stage == STAGE_BYTES) out->next++;
  return STAGE_CODE;
}

static uint8_t next_byte(struct mbr_link_encoder *out) {
  uint8_t byte = 0;
  switch (out->stage) {
  case STAGE_OPEN: out->stage = STAGE_CODE; return 0;
  case STAGE_CODE:
    out->run = block_size(out);
    out->stage = out->run == BLOCK_MAX ? STAGE_FULL_BYTES : STAGE_BYTES;
    byte = (uint8_t)(out->run + 1u);
    break;
  case STAGE_CLOSE: out->stage = STAGE_IDLE; return 0;
  default:
    byte = byte_at(out, out->next++);
    out->run--;
    break;
  }
  if (out->run == 0) out->stage = stage_after(out);
  return byte;
}

size_t mbr_link_encode(struct mbr_link_encoder *out, uint8_t *bytes, size_t capacity) {
  size_t size = 0;
  while (size < capacity && out->stage != STAGE_IDLE) bytes[size++] = next_byte(out);
  return size;
}

void mbr_link_decoder_begin(struct mbr_link_decoder *in) {
  in->left = 0;
  in->zero = false;
  in->oversize = false;
  in->size = 0;
  in->crc = CRC_BEGIN;
}

/* A frame whose own size is above the limit is not kept from its fifth byte on. */
static bool fits(const struct mbr_link_decoder *in, const uint8_t *frame, uint32_t at, uint32_t limit) {
  if (at == sizeof(uint32_t) && in->header[0] == MBR_LINK_DATA) return mbr_get_u32(frame) <= limit;
  return at < limit + MBR_LINK_CRC_SIZE;
}

static void put(struct mbr_link_decoder *in, uint8_t *frame, uint32_t limit, uint8_t byte) {
  in->crc = crc_over(in->crc, &byte, 1);
  if (in->oversize) return;
  if (in->size < MBR_LINK_HEADER_SIZE) {
    in->header[in->size++] = byte;
  } else if (fits(in, frame, in->size - MBR_LINK_HEADER_SIZE, limit)) {
    frame[in->size++ - MBR_LINK_HEADER_SIZE] = byte;
  } else {
    in->oversize = true;
  }
}

static mbr_link_decoded finish(struct mbr_link_decoder *in) {
  if (in->size == 0 && !in->zero && in->left == 0) return MBR_LINK_MORE; /* two zeros in a row */
  if (in->left != 0 || in->crc != CRC_WHOLE) return MBR_LINK_DAMAGED;
  if (in->oversize) return MBR_LINK_OVERSIZE;
  if (in->size < MBR_LINK_HEADER_SIZE + MBR_LINK_CRC_SIZE) return MBR_LINK_DAMAGED;
  in->size -= MBR_LINK_HEADER_SIZE + MBR_LINK_CRC_SIZE;
  return MBR_LINK_WHOLE;
}

mbr_link_decoded mbr_link_decode(struct mbr_link_decoder *in, uint8_t *frame, uint32_t limit, uint8_t byte) {
  if (byte == 0) return finish(in);
  if (in->left != 0) {
    put(in, frame, limit, byte);
    in->left--;
    return MBR_LINK_MORE;
  }
  if (in->zero) put(in, frame, limit, 0);
  in->left = (uint8_t)(byte - 1u);
  in->zero = byte != BLOCK_FULL;
  return MBR_LINK_MORE;
}
