/* runtime/peer/calls.h — what the files of the peer share: its lock and what must wait until it is
 * released, the slots of calls, and the strands their handlers run in.
 *
 * A slot is freed when its handlers have returned and its call has ended, by its own side if it was
 * deferred; only then do the request and what was decoded from it go. The caller's index is free as
 * soon as the call has ended. Unless it says otherwise, a function is called under the peer's lock. */
#ifndef MBR_RUNTIME_PEER_CALLS_H
#define MBR_RUNTIME_PEER_CALLS_H

#include "observe.h"
#include "outbox.h"

typedef struct mbr_slot mbr_slot;
typedef struct mbr_binding mbr_binding;

typedef enum mbr_peer_state { MBR_PEER_QUIET, MBR_PEER_OPEN, MBR_PEER_CLOSED } mbr_peer_state;

typedef enum mbr_phase {
  MBR_PHASE_RECEIVED,  /* the request is being copied */
  MBR_PHASE_WAITING,   /* in its service's strand */
  MBR_PHASE_SCHEDULED, /* the executor has it */
  MBR_PHASE_RUNNING,
  MBR_PHASE_IDLE,    /* until there are items of its stream parameter */
  MBR_PHASE_RETURNED /* or never to be run */
} mbr_phase;

typedef enum mbr_call_state {
  MBR_CALL_OPEN,
  MBR_CALL_ENDING, /* its ending is being encoded */
  MBR_CALL_ENDED
} mbr_call_state;

/* Which counter an ending goes to. */
typedef enum mbr_fate { MBR_FATE_OK, MBR_FATE_ERROR, MBR_FATE_CANCELLED } mbr_fate;

/* A block from the alloc hook. Where it goes with something, memory follows at MBR_BLOCK_HEADER_SIZE. */
typedef struct mbr_block {
  struct mbr_block *next;
} mbr_block;
#define MBR_BLOCK_HEADER_SIZE 16u

/* Of a FAULT without its text: u32 status, then a string. */
#define MBR_FAULT_PAYLOAD (4u + MBR_COUNT_SIZE)

/* What is to be done once the lock is released. */
typedef struct mbr_after {
  mbr_block *blocks;      /* to free */
  mbr_task *tasks;        /* to submit; each counts as running */
  uint64_t alarm;         /* when mbr_peer_poll is to be called; 0: as it was */
  bool wake;
  bool elsewhere; /* the consumer is not to be woken on this thread */
} mbr_after;

void mbr_peer_enter(mbr_peer *peer);

/* Releases the lock and does what `after` asks for, waking the consumer where there is something to read;
 * then, if nothing is left of a closed peer, makes it quiet, after which the peer may not be touched. Without
 * an executor tasks run here, but for those that come about within another one: they run after it. */
void mbr_peer_leave(mbr_peer *peer, mbr_after *after);

/* A deadline, UINT64_MAX for none: sees to it that mbr_peer_poll is called then. */
void mbr_peer_expect(mbr_peer *peer, uint64_t at, mbr_after *after);

/* Room was given back: lets those have it who wait for it. */
void mbr_peer_flush(mbr_peer *peer, mbr_after *after);

/* Closes the peer if it is open. */
void mbr_peer_end(mbr_peer *peer, mbr_after *after);

/* The method with this number and who serves it, NULL when nobody does as that instance. */
const mbr_method *mbr_service_find(mbr_peer *peer, uint32_t id, uint16_t instance, mbr_binding **binding);

/* The counters of a method that is served, or NULL. */
mbr_counters *mbr_service_counters(const mbr_binding *binding, const mbr_method *method);

/* The slot of a handle, NULL when it is of an earlier call. */
mbr_slot *mbr_slot_find(const mbr_peer *peer, uint64_t id);

/* The open call that a frame of its caller names, NULL when it has ended. */
mbr_slot *mbr_slot_find_called(const mbr_peer *peer, uint32_t call);

/* Keeps room in the outbox to promise calls of the service their endings. */
void mbr_slot_expect(mbr_peer *peer, const mbr_service *service);

/* Takes a slot for the CALL: with an index and a promise, or for a handler whose answer does not go through
 * the outbox. Leaves the request to the receiver. */
mbr_status mbr_slot_admit(mbr_peer *peer, const mbr_frame *frame, mbr_binding *binding,
                          const mbr_method *method, mbr_slot **admitted);
mbr_status mbr_slot_admit_sync(mbr_peer *peer, const mbr_frame *frame, mbr_binding *binding,
                               const mbr_method *method, mbr_slot **admitted);

/* The request was kept, or could not be: the call begins or has never been. */
void mbr_slot_accept(mbr_slot *slot);
void mbr_slot_refuse(mbr_slot *slot, mbr_after *after);

/* A block for what is decoded, added to `blocks`; NULL when there is none to be had. Without the lock. */
void *mbr_block_take(mbr_peer *peer, mbr_block **blocks, size_t size);

static inline uint8_t *mbr_slot_storage(const mbr_slot *slot) {
  const mbr_peer_memory *memory = &slot->peer->memory;
  return memory->storage + (size_t)(slot - memory->slots) * memory->storage_size;
}

/* Ends the call: its index is free, and its promise. Sends nothing. */
void mbr_slot_end(mbr_slot *slot, mbr_fate fate, mbr_status status, mbr_after *after);

/* Writes a whole FAULT to `out`. */
void mbr_fault_write(uint8_t *out, const mbr_slot *slot, mbr_status code, const char *text, size_t text_size);

/* Ends the call with a fault that takes its room from the promise, or from the spare room when an
 * ending has failed to encode. */
void mbr_slot_fault(mbr_slot *slot, mbr_status code, const char *text, size_t text_size, mbr_after *after);

/* What a call ends with that is cancelled for this reason. */
mbr_status mbr_cancel_status(mbr_cancel_reason reason);

/* Ends the call for its caller, who is told by a fault unless it is MBR_OK. One whose own ending is being
 * encoded only loses its index, and that only where the caller knows. */
void mbr_slot_cancel(mbr_slot *slot, mbr_cancel_reason reason, mbr_status fault, mbr_after *after);

/* Frees the slot if nothing holds it any more. */
void mbr_slot_settle(mbr_slot *slot, mbr_after *after);

/* Counts a frame of the call that was sent. */
void mbr_slot_count_sent(const mbr_slot *slot, mbr_frame_kind kind, size_t frame_size);
void mbr_slot_count_dropped(mbr_slot *slot);

/* Has the callbacks that are due called. */
void mbr_slot_notify(mbr_slot *slot, mbr_after *after);

/* Sends what waits for room or credit, as far as there is both, or remembers that it waits: credit that is
 * owed, an item that is kept, the callback of mbr_call_on_ready. */
void mbr_slot_pay(mbr_slot *slot, mbr_after *after);
bool mbr_slot_may_emit(const mbr_slot *slot);
void mbr_slot_stop_owing(mbr_slot *slot);
void mbr_slots_flush(mbr_peer *peer, mbr_after *after);

/* Lets the slot's handlers run now, and then answers the slot, or after those before it (NULL). */
mbr_slot *mbr_strand_add(mbr_slot *slot);
/* Whether it would not have to wait. */
bool mbr_strand_is_free(const mbr_slot *slot);
/* The slot whose turn it is after the handler that has returned. */
mbr_slot *mbr_strand_next(mbr_slot *returned);
void mbr_strand_remove(mbr_slot *waiting);

static inline bool mbr_slot_is(const mbr_slot *slot, uint32_t method_flag) {
  return (slot->method->flags & method_flag) != 0;
}

static inline void mbr_after_submit(mbr_after *after, mbr_task *task) {
  task->next = after->tasks;
  after->tasks = task;
}

#endif
