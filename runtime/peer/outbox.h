/* runtime/peer/outbox.h — the ring in which frames wait for the consumer.
 *
 * Frames are opened in the order in which they will be sent, written without a lock, then committed;
 * the consumer stops at the first that is still open. The peer promises each call room for its
 * ending when it accepts the call. At all times free >= promised + largest, unless the ring has
 * wrapped since the oldest record, when the waste that `largest` stands for has been paid: the free
 * room is then in one piece until the consumer passes that waste. So an ending always finds its room.
 *
 * What has no promise, items above all, leaves `kept` bytes free besides: so a consumer that is slow sees
 * its calls accepted all the same. Promises in turn leave a quarter of the ring, and an empty ring starts
 * anew, with nothing to waste: so whatever fits a quarter is sent in the end.
 *
 * Every function is called under the peer's lock. Knows nothing of calls or who consumes. */
#ifndef MBR_RUNTIME_PEER_OUTBOX_H
#define MBR_RUNTIME_PEER_OUTBOX_H

#include "mbr/transport.h"

#define MBR_RECORD_ALIGN 16u
#define MBR_PAYLOAD_MAX (UINT32_MAX - MBR_FRAME_HEADER_SIZE - MBR_RECORD_ALIGN)

/* Bytes that a frame with this payload (at most MBR_PAYLOAD_MAX) takes in the ring. */
static inline size_t mbr_record_size(size_t payload) {
  return (MBR_FRAME_HEADER_SIZE + payload + (MBR_RECORD_ALIGN - 1u)) & ~(size_t)(MBR_RECORD_ALIGN - 1u);
}

void mbr_outbox_init(mbr_outbox *outbox, uint8_t *data, size_t size);

/* From now on there may be promises of up to `size` bytes, and room is kept for `count` of them as far as
 * there is. Not while anything is promised. */
void mbr_outbox_keep(mbr_outbox *outbox, size_t count, size_t size);

/* Promises `size` bytes of room to an ending; false when they cannot be had. */
bool mbr_outbox_promise(mbr_outbox *outbox, size_t size);
void mbr_outbox_unpromise(mbr_outbox *outbox, size_t size);

/* Opens a record for the frame and writes its header: from `*promise` (then made smaller) when it is
 * large enough, else from room that is promised to nobody. NULL when there is none; `promise` may be
 * NULL. */
uint8_t *mbr_outbox_open(mbr_outbox *outbox, const mbr_frame *frame, size_t *promise);
void mbr_outbox_commit(uint8_t *record);
void mbr_outbox_abandon(uint8_t *record);

/* Whether a frame with this payload would find room that is promised to nobody. */
bool mbr_outbox_has_room(mbr_outbox *outbox, size_t payload);

/* Whether the consumer must be woken; true once for each time it found nothing. */
bool mbr_outbox_rings(mbr_outbox *outbox);

/* Whether there is something to read for a consumer who looks now; where not, the next frame wakes it. */
bool mbr_outbox_look(mbr_outbox *outbox);

/* The frames the consumer may read now, up to the first open one or the ring's end; kept in `run`. */
size_t mbr_outbox_run(mbr_outbox *outbox, const uint8_t **frames);

/* Ends the run, giving back the room of its first `size` bytes. */
void mbr_outbox_consume(mbr_outbox *outbox, size_t size);

#endif
