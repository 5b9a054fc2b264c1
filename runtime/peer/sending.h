/* runtime/peer/sending.h — a frame while it is written: in its record of the outbox or, where it is too large
 * for that, in a block whose address the record carries in the end. Knows nothing of calls.
 *
 * Open the record under the lock; take a block, where it needs one, and write without it; finish without it;
 * commit or abandon the record under it. The peer is pinned meanwhile, by whoever opens the record. */
#ifndef MBR_RUNTIME_PEER_SENDING_H
#define MBR_RUNTIME_PEER_SENDING_H

#include "calls.h"

/* Whether a frame with this payload always goes to a block. */
bool mbr_sending_is_large(const mbr_peer *peer, size_t payload);

/* Under the lock: opens the record for the frame, whose size is worked out here from `payload`; NULL when
 * there is no room. Sets *large where mbr_sending_block must follow, else the payload stands behind the
 * header in the record; where it is set before, the payload goes to a block whatever its size. With a
 * promise it is an ending: what does not fit the ring then goes to a block. */
uint8_t *mbr_sending_open(mbr_peer *peer, mbr_frame *frame, size_t payload, size_t *promise, bool *large);

/* Without the lock: `w` over the block that a large frame's payload is written to. */
mbr_status mbr_sending_block(mbr_peer *peer, const uint8_t *record, size_t payload, mbr_writer *w);

/* Links a block that was written whole, header aside, to its record. */
void mbr_sending_link(uint8_t *record, uint8_t *block, size_t payload);

/* What memory outside of the outbox begins with while a frame is written there: the place of its record, or
 * one of these, which say that there is none: an item that is to be kept, the answer of a sync call. */
#define MBR_PLACE_KEPT UINT64_MAX
#define MBR_PLACE_REPLY (UINT64_MAX - 1u)

/* Without the lock: where the frame whose payload was written at `payload` goes. */
uint64_t mbr_sending_place(const mbr_peer *peer, const uint8_t *payload);

/* Without the lock: the record of the frame whose payload was written at `payload`, to be committed if it is
 * `whole`, else to be abandoned. */
uint8_t *mbr_sending_finish(mbr_peer *peer, uint8_t *payload, size_t size, bool whole);

#endif
