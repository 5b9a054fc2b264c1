/* runtime/peer/asked.h — what the files that make calls share: the requests' states and what they owe.
 *
 * Control frames are never lost for want of room: a request that cannot write one owes it, and stays in the
 * peer's list of those that owe until the outbox has room. Under the peer's lock unless it says otherwise. */
#ifndef MBR_RUNTIME_PEER_ASKED_H
#define MBR_RUNTIME_PEER_ASKED_H

#include "requests.h"

typedef enum mbr_asked_state {
  MBR_ASKED_OPENING, /* its CALL is being encoded; `fault` where it was cancelled meanwhile */
  MBR_ASKED_OPEN,
  MBR_ASKED_ENDED /* by `fault` or, where that is MBR_OK, by a frame of the other side */
} mbr_asked_state;

#define MBR_OWED_CANCEL 0x01u
#define MBR_OWED_CREDIT 0x02u
#define MBR_OWED_END 0x04u

/* The request of a handle, NULL when it is of an earlier call. */
mbr_asked *mbr_asked_find(const mbr_peer *peer, uint64_t id);

/* Takes a free request, NULL when there is none; gives back one whose CALL was not sent. */
mbr_asked *mbr_asked_admit(mbr_peer *peer);
void mbr_asked_free(mbr_asked *asked);

/* Ends an open call with a fault; `reason` goes to the other side, MBR_CANCEL_NONE where it knows. Sends
 * nothing itself: mbr_requests_flush does, where the outbox may be touched. */
void mbr_asked_end(mbr_asked *asked, mbr_status fault, mbr_cancel_reason reason, mbr_after *after);

/* Notes down a fault that is to be logged. */
void mbr_asked_note(const mbr_asked *asked, mbr_status fault);

/* The call is over: its items and their credit are of no more use. */
void mbr_asked_close(mbr_asked *asked);

void mbr_asked_owe(mbr_asked *asked, unsigned frames);

/* `ready` is to be called once there is room and credit. */
void mbr_asked_await_room(mbr_asked *asked, size_t payload);

/* Has the receiver told what is new, or the thread that waits for it woken. */
void mbr_asked_announce(mbr_asked *asked, mbr_after *after);

/* The task that tells the receiver. */
void mbr_asked_run(mbr_task *task);

/* Sends what is owed, then releases the lock. */
void mbr_requests_leave(mbr_peer *peer, mbr_after *after);

/* Frees the request if nothing holds it any more. */
void mbr_asked_settle(mbr_asked *asked);

/* Without the lock: decodes a frame that was checked and tells the receiver. */
mbr_status mbr_asked_tell_frame(const mbr_asked *asked, const uint8_t *frame, mbr_arena *arena);
mbr_status mbr_asked_tell_fault(const mbr_asked *asked, mbr_status fault);

static inline bool mbr_asked_is(const mbr_asked *asked, uint32_t method_flag) {
  return (asked->method->flags & method_flag) != 0;
}

#endif
