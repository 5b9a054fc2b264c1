/* What a connection tells about itself: notes are taken under the lock and told without it. */
#include "calls.h"

#if MBR_LOG_LEVEL > 0

void mbr_note_keep(mbr_peer *peer, mbr_log_level level, const char *method, uint32_t flags, const char *text,
                   mbr_status status, uint64_t begun) {
  if (peer->note_count == MBR_NOTES_MAX) return;
  if ((flags & MBR_METHOD_QUIET) != 0 && level != MBR_LOG_ERROR) return;
  peer->notes[peer->note_count++] =
    (mbr_note){.method = method, .text = text, .begun = begun, .status = status, .level = level};
}

size_t mbr_notes_take(mbr_peer *peer, mbr_note *notes) {
  const size_t count = peer->note_count;
  memcpy(notes, peer->notes, count * sizeof *notes);
  peer->note_count = 0;
  return count;
}

void mbr_notes_tell(mbr_peer *peer, const mbr_note *notes, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const mbr_note *note = &notes[i];
    const mbr_log_record record = {
      .level = note->level,
      .method = note->method,
      .text = note->text,
      .status = note->status,
      .elapsed_ms = note->begun != 0 ? peer->now(peer->owner) - note->begun : 0,
    };
    peer->log(peer->log_arg, &record);
  }
}

static uint8_t least(unsigned a, unsigned b) { return (uint8_t)(a < b ? a : b); }

mbr_status mbr_peer_on_log(mbr_peer *peer, mbr_log_level level,
                           void (*fn)(void *arg, const mbr_log_record *record), void *arg) {
  mbr_after after = {0};
  mbr_peer_enter(peer);
  mbr_status status = peer->state == MBR_PEER_OPEN ? MBR_OK : MBR_CLOSED;
  if (status == MBR_OK) {
    peer->log = fn;
    peer->log_arg = arg;
    peer->log_level = fn != NULL ? least(level, MBR_LOG_LEVEL) : 0;
    mbr_note_add(peer, MBR_LOG_INFO, NULL, 0, "the connection has begun", MBR_OK, 0);
  }
  mbr_peer_leave(peer, &after);
  return status;
}

#else

mbr_status mbr_peer_on_log(mbr_peer *peer, mbr_log_level level,
                           void (*fn)(void *arg, const mbr_log_record *record), void *arg) {
  (void)peer, (void)level, (void)fn, (void)arg;
  return MBR_UNSUPPORTED;
}

#endif
