/* The blocking form of a call: its own thread waits, enforces the deadline and tells the receiver. Needs no
 * executor. */
#include "asked.h"

static bool is_over(const mbr_asked *asked) { return asked->state == MBR_ASKED_ENDED && !asked->filling; }

/* Under the lock, which is given up meanwhile: one turn of waiting. `now` was read before it was taken. */
static void wait_once(mbr_asked *asked, uint64_t now, mbr_after *after) {
  mbr_peer *peer = asked->peer;
  if (asked->state == MBR_ASKED_OPEN && asked->deadline <= now) {
    mbr_asked_end(asked, MBR_DEADLINE, MBR_CANCEL_DEADLINE, after);
    return;
  }
  mbr_status status = peer->hooks.wait(peer->owner, asked->deadline);
  if (status != MBR_OK && asked->state == MBR_ASKED_OPEN) {
    mbr_asked_end(asked, status, MBR_CANCEL_CANCELLED, after);
  }
}

/* Without the lock: tells the receiver, from the arena where its answer lies. */
static void tell(const mbr_asked *asked) {
  mbr_status fault = asked->fault;
  if (fault == MBR_OK) fault = mbr_asked_tell_frame(asked, asked->answer, asked->arena);
  if (fault != MBR_OK) (void)mbr_asked_tell_fault(asked, fault);
}

mbr_status mbr_request_wait(mbr_request request) {
  mbr_peer *peer = request.peer;
  mbr_after after = {0};
  if (peer == NULL) return MBR_CLOSED;
  mbr_peer_enter(peer);
  mbr_asked *asked = mbr_asked_find(peer, request.id);
  mbr_status status = MBR_OK;
  if (asked == NULL) status = MBR_CLOSED;
  else if (!asked->blocking || asked->telling || asked->state == MBR_ASKED_OPENING) status = MBR_MISUSE;
  if (status != MBR_OK) {
    mbr_peer_leave(peer, &after);
    return status;
  }
  asked->telling = true;
  while (!is_over(asked)) {
    mbr_requests_leave(peer, &after);
    uint64_t now = peer->now(peer->owner);
    mbr_peer_enter(peer);
    if (!is_over(asked)) wait_once(asked, now, &after);
  }
  mbr_requests_leave(peer, &after);
  tell(asked);
  mbr_peer_enter(peer);
  asked->told = true;
  asked->telling = false;
  mbr_asked_settle(asked);
  mbr_requests_leave(peer, &after);
  return MBR_OK;
}
