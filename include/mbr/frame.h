/* mbr/frame.h — the header in front of every message between two peers.
 *
 * Layout, little endian, 16 bytes, so that a payload starts 8-aligned in an 8-aligned buffer:
 *   u32 size      of the whole frame, header included
 *   u8  kind      mbr_frame_kind
 *   u8  flags     MBR_FRAME_FROM_CALLER ...
 *   u16 instance  which of several devices that serve one service
 *   u32 call      the caller's number for the call; 0 is no call
 *   u32 method    FNV-1a of "namespace.Service.method"
 * Knows nothing of slots, queues or transports. */
#ifndef MBR_FRAME_H
#define MBR_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "mbr/status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define MBR_FRAME_HEADER_SIZE 16u

/* Bytes at the start of a CALL's payload, before the arguments: u32 timeout_ms (0: none),
 * u32 credit (items of the result stream that may be sent at once; 0 where there is no stream). */
#define MBR_CALL_PREFIX_SIZE 8u

typedef enum mbr_frame_kind {
  MBR_FRAME_HELLO = 1,   /* the contract of one service that the sender serves; see mbr_peer_hello */
  MBR_FRAME_CALL = 2,    /* prefix, then the arguments */
  MBR_FRAME_OK = 3,      /* ends a call: the result */
  MBR_FRAME_ERR = 4,     /* ends a call: the declared error */
  MBR_FRAME_FAULT = 5,   /* ends a call: u32 status, then string text */
  MBR_FRAME_ITEM = 6,    /* one item of the result's stream or, from the caller, of the stream parameter */
  MBR_FRAME_END = 7,     /* ends a call that streams; from the caller, only its stream parameter */
  MBR_FRAME_CANCEL = 8,  /* from the caller: u32 mbr_cancel_reason */
  MBR_FRAME_CREDIT = 9,  /* u32: that many more items may be sent: of the result's stream or, from the side
                            that serves, of the stream parameter, whose window is 0 until the first one */
  MBR_FRAME_GOODBYE = 10 /* nothing follows */
} mbr_frame_kind;

/* flags */
#define MBR_FRAME_FROM_CALLER 0x01u /* the sender of this frame started the call it names */

/* Between a peer and what drains its outbox, never on a wire: the frame is too large for the outbox.
 * What lies there is its header, with this flag and the size of the stand-in, and a payload of
 * u64 address, u64 size, little endian: the whole frame (header included, flag not set), 8-aligned.
 * The peer frees it at mbr_peer_consume, unless the consumer has put 0 in place of the address: then the
 * block is the consumer's, to be freed as the alloc hook's are. */
#define MBR_FRAME_BLOCK 0x80u
#define MBR_FRAME_BLOCK_PAYLOAD 16u

/* What a HELLO's payload starts with, as u32. */
#define MBR_PROTOCOL_VERSION 1u

typedef struct mbr_frame {
  uint32_t size;
  uint8_t kind;
  uint8_t flags;
  uint16_t instance;
  uint32_t call;
  uint32_t method;
} mbr_frame;

/* Writes the 16 bytes of `frame` to `out`. */
void mbr_frame_write(uint8_t *out, const mbr_frame *frame);

/* Reads and checks a header in front of `available` bytes. MBR_TRUNCATED when the header or the
 * frame it announces is not all there (in the second case *frame is filled: its size says how much
 * must come); MBR_BAD_FRAME for a size below 16 or an unknown kind or flag. */
MBR_MUST_CHECK mbr_status mbr_frame_read(mbr_frame *frame, const uint8_t *data, size_t available);

#ifdef __cplusplus
}
#endif
#endif
