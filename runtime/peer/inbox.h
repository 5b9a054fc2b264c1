/* runtime/peer/inbox.h — frames that wait to be handled: items of streams, and endings behind them.
 *
 * A frame is copied into a block of its own without the lock, then queued under it; whoever handles it
 * frees the block afterwards, without the lock. Knows nothing of calls. */
#ifndef MBR_RUNTIME_PEER_INBOX_H
#define MBR_RUNTIME_PEER_INBOX_H

#include "calls.h"

/* Without the lock: a copy of the frame, NULL when no block can be had. */
mbr_block *mbr_letter_make(mbr_peer *peer, const uint8_t *frame, size_t size);

static inline const uint8_t *mbr_letter_frame(const mbr_block *letter) {
  return (const uint8_t *)letter + MBR_BLOCK_HEADER_SIZE;
}

/* Under the lock. */
void mbr_inbox_put(mbr_inbox *inbox, mbr_block *letter);
mbr_block *mbr_inbox_take(mbr_inbox *inbox); /* NULL: it is empty */
void mbr_inbox_put_back(mbr_inbox *inbox, mbr_block *letter); /* before all others */

/* Under the lock: empties the inbox; the blocks are freed when the lock is released. */
void mbr_inbox_clear(mbr_inbox *inbox, mbr_after *after);

#endif
