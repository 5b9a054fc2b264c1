/* Frame headers to and from bytes. Knows nothing of what a payload means or where frames go. */
#include "mbr/frame.h"

#include "mbr/wire.h"

void mbr_frame_write(uint8_t *out, const mbr_frame *frame) {
  mbr_put_u32(out, frame->size);
  mbr_put_u8(out + 4, frame->kind);
  mbr_put_u8(out + 5, frame->flags);
  mbr_put_u16(out + 6, frame->instance);
  mbr_put_u32(out + 8, frame->call);
  mbr_put_u32(out + 12, frame->method);
}

mbr_status mbr_frame_read(mbr_frame *frame, const uint8_t *data, size_t available) {
  if (available < MBR_FRAME_HEADER_SIZE) return MBR_TRUNCATED;
  frame->size = mbr_get_u32(data);
  frame->kind = mbr_get_u8(data + 4);
  frame->flags = mbr_get_u8(data + 5);
  frame->instance = mbr_get_u16(data + 6);
  frame->call = mbr_get_u32(data + 8);
  frame->method = mbr_get_u32(data + 12);
  if (frame->size < MBR_FRAME_HEADER_SIZE) return MBR_BAD_FRAME;
  if (frame->kind < MBR_FRAME_HELLO || frame->kind > MBR_FRAME_GOODBYE) return MBR_BAD_FRAME;
  if ((frame->flags & ~(MBR_FRAME_FROM_CALLER | MBR_FRAME_BLOCK)) != 0) return MBR_BAD_FRAME;
  return frame->size > available ? MBR_TRUNCATED : MBR_OK;
}
