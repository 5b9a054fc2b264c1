/* runtime/peer/observe.h — what a connection logs: noted under the lock, told without it. Where logging is
 * compiled out nothing of it is left, nor any field of the peer or of a slot. */
#ifndef MBR_RUNTIME_PEER_OBSERVE_H
#define MBR_RUNTIME_PEER_OBSERVE_H

#include "mbr/transport.h"

#if MBR_LOG_LEVEL > 0

/* Under the lock: a connection begins, nobody has asked for its log yet. */
static inline void mbr_log_reset(mbr_peer *peer) {
  peer->log = NULL;
  peer->log_level = 0;
  peer->note_count = 0;
}

static inline bool mbr_log_wants(const mbr_peer *peer, mbr_log_level level) {
  return level <= peer->log_level;
}

/* Under the lock: the call was accepted at this time; 0 is none. */
static inline void mbr_log_begin(struct mbr_slot *slot, uint64_t now) {
  slot->begun = mbr_log_wants(slot->peer, MBR_LOG_DEBUG) ? now : 0;
}
static inline uint64_t mbr_log_begun(const struct mbr_slot *slot) { return slot->begun; }

/* Notes down what is to be logged once the lock is released: of a method with these flags, and a call that
 * began at that time, or of neither (NULL, 0). */
void mbr_note_keep(mbr_peer *peer, mbr_log_level level, const char *method, uint32_t flags, const char *text,
                   mbr_status status, uint64_t begun);
static inline void mbr_note_add(mbr_peer *peer, mbr_log_level level, const char *method, uint32_t flags,
                                const char *text, mbr_status status, uint64_t begun) {
  if (mbr_log_wants(peer, level)) mbr_note_keep(peer, level, method, flags, text, status, begun);
}

static inline bool mbr_notes_wait(const mbr_peer *peer) { return peer->note_count != 0; }

/* Under the lock: moves what was noted to `notes`, [MBR_NOTES_MAX], and returns its count. */
size_t mbr_notes_take(mbr_peer *peer, mbr_note *notes);

/* Without the lock; the peer is pinned. */
void mbr_notes_tell(mbr_peer *peer, const mbr_note *notes, size_t count);

#else

static inline void mbr_log_reset(mbr_peer *peer) { (void)peer; }
static inline bool mbr_log_wants(const mbr_peer *peer, mbr_log_level level) {
  (void)peer, (void)level;
  return false;
}
static inline void mbr_log_begin(struct mbr_slot *slot, uint64_t now) { (void)slot, (void)now; }
static inline uint64_t mbr_log_begun(const struct mbr_slot *slot) {
  (void)slot;
  return 0;
}
static inline void mbr_note_add(mbr_peer *peer, mbr_log_level level, const char *method, uint32_t flags,
                                const char *text, mbr_status status, uint64_t begun) {
  (void)peer, (void)level, (void)method, (void)flags, (void)text, (void)status, (void)begun;
}
static inline bool mbr_notes_wait(const mbr_peer *peer) {
  (void)peer;
  return false;
}
static inline size_t mbr_notes_take(mbr_peer *peer, mbr_note *notes) {
  (void)peer, (void)notes;
  return 0;
}
static inline void mbr_notes_tell(mbr_peer *peer, const mbr_note *notes, size_t count) {
  (void)peer, (void)notes, (void)count;
}

#endif

#endif
