/* runtime/link/packet.h — one packet to bytes and back: header, frame and CRC-32 in COBS between two zeros.
 *
 * Both ways go byte by byte and can stop anywhere. A zero in front as well as behind keeps a packet apart
 * from whatever noise came before it. Knows nothing of sequences, acknowledgements or connections. */
#ifndef MBR_RUNTIME_LINK_PACKET_H
#define MBR_RUNTIME_LINK_PACKET_H

#include "mbr/link.h"

/* Where things are in the header. */
enum {
  MBR_LINK_AT_KIND = 0,
  MBR_LINK_AT_SEQUENCE = 1,     /* of a data packet; else of the next one */
  MBR_LINK_AT_ACKNOWLEDGED = 2, /* the sequence that the sender expects next */
  MBR_LINK_AT_SESSION = 3       /* u32 */
};

enum {
  MBR_LINK_SYN = 1,  /* the session is the sender's epoch; u32 version, u32 epoch heard, u32 frame_max */
  MBR_LINK_DATA = 2, /* a frame */
  MBR_LINK_ACK = 3,  /* nothing else */
  MBR_LINK_NAK = 4   /* something was lost: all that is not acknowledged is to be sent again */
};

/* The encoder's stage when there is no packet, or to give one up. */
#define MBR_LINK_ENCODED 0u

typedef enum mbr_link_decoded {
  MBR_LINK_MORE,
  MBR_LINK_WHOLE,   /* header and size are in the decoder, the frame is where it was put together */
  MBR_LINK_DAMAGED,
  MBR_LINK_OVERSIZE /* as it was sent: its frame is above the limit */
} mbr_link_decoded;

/* Begins a packet, whose header stands in the encoder. `frame` must stay until mbr_link_encode has given less
 * than its capacity. */
void mbr_link_encoder_begin(struct mbr_link_encoder *out, const uint8_t *frame, uint32_t size);

/* The packet's next bytes; fewer than `capacity` when that was all. */
size_t mbr_link_encode(struct mbr_link_encoder *out, uint8_t *bytes, size_t capacity);

void mbr_link_decoder_begin(struct mbr_link_decoder *in);

/* Takes the next byte. `frame` has limit + MBR_LINK_CRC_SIZE bytes. After anything but MBR_LINK_MORE the
 * decoder must begin anew. */
mbr_link_decoded mbr_link_decode(struct mbr_link_decoder *in, uint8_t *frame, uint32_t limit, uint8_t byte);

#endif
