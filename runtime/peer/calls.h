/* runtime/peer/calls.h — what the files of the peer share: its lock and what must wait until it is
 * released, the slots of calls, and the strands their handlers run in.
 *
 * A slot is freed when its handler has returned and its call has ended, by its own side if it was
 * deferred; only then do the request and what was decoded from it go. The caller's index is free as
 * soon as the call has ended. Unless it says otherwise, a function is called under the peer's lock. */
#ifndef MBR_RUNTIME_PEER_CALLS_H
#define MBR_RUNTIME_PEER_CALLS_H

#include "outbox.h"

typedef struct mbr_slot mbr_slot;
typedef struct mbr_binding mbr_binding;

typedef enum mbr_peer_state { MBR_PEER_QUIET, MBR_PEER_OPEN, MBR_PEER_CLOSED } mbr_peer_state;

typedef enum mbr_phase {
  MBR_PHASE_RECEIVED,  /* the request is being copied */
  MBR_PHASE_WAITING,   /* in its service's strand */
  MBR_PHASE_SCHEDULED, /* the executor has it */
  MBR_PHASE_RUNNING,
  MBR_PHASE_RETURNED /* or never to be run */
} mbr_phase;

typedef enum mbr_call_state {
  MBR_CALL_OPEN,
  MBR_CALL_ENDING, /* its ending is being encoded */
  MBR_CALL_ENDED
} mbr_call_state;

/* A block from the alloc hook that goes with its slot. Memory follows at MBR_BLOCK_HEADER_SIZE. */
typedef struct mbr_block {
  struct mbr_block *next;
} mbr_block;
#define MBR_BLOCK_HEADER_SIZE 16u

/* What is to be done once the lock is released. */
typedef struct mbr_after {
  mbr_block *blocks;   /* to free */
  mbr_slot *cancelled; /* to be told */
  mbr_slot *start;     /* handler to schedule */
  bool disconnect;
  bool wake;
} mbr_after;

void mbr_peer_enter(mbr_peer *peer);

/* Releases the lock and does what `after` asks for; then, if nothing is left of a closed peer, makes it
 * quiet, after which the peer may not be touched. */
void mbr_peer_leave(mbr_peer *peer, mbr_after *after);

/* Closes the peer if it is open. */
void mbr_peer_end(mbr_peer *peer, mbr_after *after);

/* The slot of a handle, NULL when it is of an earlier call. */
mbr_slot *mbr_slot_find(const mbr_peer *peer, uint64_t id);

/* Keeps room in the outbox to promise calls of the service their endings. */
void mbr_slot_expect(mbr_peer *peer, const mbr_service *service);

/* Takes a slot, an index and a promise for the CALL; leaves the request to the receiver. */
mbr_status mbr_slot_admit(mbr_peer *peer, const mbr_frame *frame, mbr_binding *binding,
                          const mbr_method *method, mbr_slot **admitted);

/* A block that goes with the slot; NULL when there is none to be had. Called without the lock, by the one
 * thread that receives the call or runs its handler. */
void *mbr_slot_take_block(mbr_slot *slot, size_t size);

/* Ends the call: its index is free, and its promise. Sends nothing. */
void mbr_slot_end(mbr_slot *slot);

/* Ends the call with a fault that takes its room from the promise, or from the spare room when an
 * ending has failed to encode. */
void mbr_slot_fault(mbr_slot *slot, mbr_status code, const char *text, size_t text_size);

/* Ends the call on the caller's behalf. One whose own ending is being encoded only loses its index. */
void mbr_slot_cancel(mbr_slot *slot, mbr_cancel_reason reason, mbr_after *after);
void mbr_slot_cancel_done(mbr_slot *slot, mbr_after *after);

/* Frees the slot if nothing holds it any more. */
void mbr_slot_settle(mbr_slot *slot, mbr_after *after);

/* Lets the call's handler start now or after those before it. The slot to start, or NULL. */
mbr_slot *mbr_strand_add(mbr_slot *slot);
mbr_slot *mbr_strand_next(mbr_slot *returned);
void mbr_strand_remove(mbr_slot *waiting);

static inline bool mbr_slot_is(const mbr_slot *slot, uint32_t method_flag) {
  return (slot->method->flags & method_flag) != 0;
}

#endif
