/* Deadlines: the peer knows the earliest, looks at all calls when it has passed, and at none before. Reads
 * no clock under the lock. */
#include "requests.h"

void mbr_peer_expect(mbr_peer *peer, uint64_t at, mbr_after *after) {
  if (at >= peer->due) return;
  peer->due = at;
  after->alarm = at;
}

/* So that the lock is not held long, and every ending can be noted. */
#define EXPIRED_AT_ONCE 2u

static bool poll_slots(mbr_peer *peer, uint64_t now, size_t *from, uint64_t *next, mbr_after *after) {
  unsigned expired = 0;
  for (; *from < peer->memory.slot_count && expired < EXPIRED_AT_ONCE; (*from)++) {
    mbr_slot *slot = &peer->memory.slots[*from];
    if (slot->id == 0 || slot->state != MBR_CALL_OPEN) continue;
    if (slot->deadline <= now) {
      mbr_slot_cancel(slot, MBR_CANCEL_DEADLINE, MBR_DEADLINE, after);
      expired++;
    } else if (slot->deadline < *next) {
      *next = slot->deadline;
    }
  }
  return *from < peer->memory.slot_count;
}

uint64_t mbr_peer_poll(mbr_peer *peer) {
  uint64_t next = UINT64_MAX;
  if (peer->now == NULL) return next;
  const uint64_t now = peer->now(peer->owner);
  bool more = true;
  /* misra 14.2: poll_slots moves `from`, which counts turns of unlike length */
  for (size_t from = 0; more;) {
    mbr_after after = {0};
    mbr_peer_enter(peer);
    bool open = peer->state == MBR_PEER_OPEN;
    if (from == 0) peer->due = UINT64_MAX;
    more = open && poll_slots(peer, now, &from, &next, &after);
    if (open && !more) {
      uint64_t asked = mbr_requests_poll(peer, now, &after);
      if (asked < next) next = asked;
      if (next < peer->due) peer->due = next;
      next = peer->due; /* earlier where a call came in meanwhile */
      mbr_peer_flush(peer, &after);
    }
    if (!open) next = UINT64_MAX;
    mbr_peer_leave(peer, &after);
  }
  return next;
}
