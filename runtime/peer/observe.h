/* runtime/peer/observe.h — telling, without the lock, what was noted under it. */
#ifndef MBR_RUNTIME_PEER_OBSERVE_H
#define MBR_RUNTIME_PEER_OBSERVE_H

#include "calls.h"

#if MBR_LOG_LEVEL > 0
/* Under the lock: moves what was noted to `notes`, [MBR_NOTES_MAX], and returns its count. */
size_t mbr_notes_take(mbr_peer *peer, mbr_note *notes);

/* Without the lock; the peer is pinned. */
void mbr_notes_tell(mbr_peer *peer, const mbr_note *notes, size_t count);
#else
static inline size_t mbr_notes_take(mbr_peer *peer, mbr_note *notes) {
  (void)peer, (void)notes;
  return 0;
}
static inline void mbr_notes_tell(mbr_peer *peer, const mbr_note *notes, size_t count) {
  (void)peer, (void)notes, (void)count;
}
#endif

#endif
