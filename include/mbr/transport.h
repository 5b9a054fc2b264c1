/* mbr/transport.h — the peer as seen by what carries its frames: memory, hooks, frames in and out.
 *
 * Applications and generated code do not need this header; runtime/dart, a link or a test does. */
#ifndef MBR_TRANSPORT_H
#define MBR_TRANSPORT_H

#include "mbr/executor.h"
#include "mbr/peer.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What the peer cannot do itself. None of them is called with the lock held. `lock`, `unlock` and the
 * `owner` given to mbr_peer_open belong to the mbr_peer for good, and must work for as long as anyone
 * may hold a call of it; the other hooks are not called after `quiet`. */
typedef struct mbr_hooks {
  void (*lock)(void *owner); /* both may be NULL where one thread does everything */
  void (*unlock)(void *owner);

  /* There is a frame to be sent, and mbr_peer_outgoing has answered 0 since the last wake, or was never
   * called: drain it until that answers 0 again, else no other wake comes. From any thread that answers or
   * runs handlers, perhaps late, when all was drained already. May be NULL for a transport that polls. */
  void (*wake)(void *owner);

  /* Run the task later, elsewhere. NULL: handlers run within mbr_peer_receive, and callbacks on the
   * thread that notices. */
  void (*schedule)(void *owner, mbr_task *task);

  /* Blocks aligned like malloc's. Both NULL: no frame or arena beyond the fixed memory. */
  void *(*alloc)(void *owner, size_t size);
  void (*free)(void *owner, void *block);

  /* The peer was closed and nothing of it is in use: the memory may go, the peer may be opened
   * again. Called once, from within whichever function was the last to use it. May be NULL. */
  void (*quiet)(void *owner);
} mbr_hooks;

/* Memory handed over until `quiet`. Sizes in bytes. `storage` and `outbox` are 16-aligned. */
typedef struct mbr_peer_memory {
  struct mbr_slot *slots;       /* one for each call that may be open at once */
  uint16_t slot_count;
  uint16_t *calls;              /* [call_count]: the slot of each caller's index */
  uint16_t call_count;          /* largest index + 1 that a caller may use; above slot_count is of no use */
  struct mbr_binding *bindings; /* one for each service served */
  uint16_t binding_count;
  uint8_t *storage;             /* slot_count × storage_size: request frame and arena of each slot */
  size_t storage_size;          /* a multiple of 16 */
  uint8_t *outbox;
  size_t outbox_size;           /* a power of two, at least MBR_OUTBOX_SIZE_MIN; see below */
} mbr_peer_memory;

/* What the outbox holds. Each call that is open, a oneway apart, is promised room for its ending: its
 * method's `ending_max`, as struct mbr_method tells, rounded up to 16 bytes, and 48 more. All promises
 * together take at most three quarters, less the largest of them; beyond that calls are refused as BUSY.
 * Items wait in what the promises of slot_count calls would leave, which is never less than a quarter.
 * The least outbox: a quarter of it holds a fault with its whole text. */
#define MBR_OUTBOX_SIZE_MIN (4u * (MBR_FRAME_HEADER_SIZE + 4u + 8u + MBR_FAULT_TEXT_MAX))

/* Begins a connection, on a zeroed peer or one that is quiet. MBR_MISUSE: the peer is open or was opened
 * with another owner or lock, or the memory is not as described above. */
MBR_MUST_CHECK mbr_status mbr_peer_open(mbr_peer *peer, const mbr_peer_memory *memory, const mbr_hooks *hooks,
                                        void *owner);

/* Takes one whole frame from the other side; it is copied. Anything but MBR_OK refuses it and nothing
 * of it was kept:
 *   BUSY           no slot, or no room to promise the call its ending
 *   NO_MEMORY      the frame is larger than a slot's storage, and there is no block for it
 *   UNIMPLEMENTED  nobody serves the method
 *   MISMATCH       a HELLO of another protocol version
 *   BAD_FRAME      it breaks the protocol
 *   CLOSED         the connection has ended
 * The transport tells the caller of a refused CALL. One thread at a time, in the order of sending.
 * A CALL names an index (the low 16 bits of its number) that no call uses: one is free again as soon as
 * its call's ending can be read from the outbox, or a CANCEL for it was received. CANCEL is the caller's
 * own ending: nothing answers it. CANCEL and CREDIT for calls that have ended are MBR_OK.
 *
 * With a schedule hook this only queues: it runs no handler or callback and never wakes, but it may
 * call alloc, free and schedule, and after a GOODBYE (which is mbr_peer_close) quiet. */
MBR_MUST_CHECK mbr_status mbr_peer_receive(mbr_peer *peer, const uint8_t *frame, size_t size);

/* A run of whole frames ready to be sent, in order: `*frames` points into the outbox (each frame
 * 16-aligned, the next one follows at its size rounded up to 16) and the size of the run is returned,
 * 0 when there is none or the peer is closed. Calling again gives the same run, perhaps longer. The
 * run is the consumer's, and keeps the peer from being quiet, until mbr_peer_consume. One consumer
 * at a time. See MBR_FRAME_BLOCK for frames that do not fit the outbox. */
size_t mbr_peer_outgoing(mbr_peer *peer, const uint8_t **frames);

/* Gives the run back, of which the first `size` bytes, whole frames, were taken; the rest comes again.
 * A consumer that goes away with a run in its hands must be followed by one call with size 0. */
void mbr_peer_consume(mbr_peer *peer, size_t size);

/* Ends the connection: every open call is cancelled (MBR_CANCEL_DISCONNECTED), queued ones never
 * start, later emits and answers get MBR_CLOSED, frames not yet in a consumer's run are lost.
 * Idempotent, any thread, does not wait. `quiet` follows, perhaps before this returns, when handlers
 * and callbacks have returned, deferred calls were ended, opened frames committed and the run given
 * back. */
void mbr_peer_close(mbr_peer *peer);

/* What follows is the peer's alone; it stands here so that the memory can be static. */

/* Ring of records, each a frame rounded up to 16 bytes. Positions count on and are masked. */
typedef struct mbr_outbox {
  uint8_t *data;
  size_t size;
  size_t head;     /* first record that was not consumed */
  size_t tail;     /* end of the last record that was opened */
  size_t promised; /* bytes kept for the endings of open calls */
  size_t largest;  /* the largest promise there may be: what a wrap at the ring's end may waste */
  size_t kept;     /* bytes kept for promises, so that items cannot crowd out calls */
  size_t run;      /* bytes from head that are known to be ready */
  bool held;       /* the consumer has the run in its hands */
  bool idle;       /* the consumer found nothing: the next frame wakes it */
} mbr_outbox;

struct mbr_binding {
  const mbr_service *service;
  const void *ops;
  void *self;
  struct mbr_slot *first, *last; /* calls that wait for the running handler to return */
  bool busy;
};

struct mbr_slot {
  mbr_task task; /* first: the task is the slot. Its handler's, later its cancel callback's. */
  mbr_peer *peer;
  uint64_t id; /* of the mbr_call; 0: the slot is free */
  const mbr_method *method;
  struct mbr_binding *binding;
  struct mbr_slot *next; /* in the one list it is in: free, of its strand, of those to be told */
  const uint8_t *frame;  /* the request, in the slot's storage or the first of its blocks */
  struct mbr_block *blocks;
  size_t promised; /* outbox bytes kept for its ending */
  size_t spare;    /* and for a bare fault, should the ending fail to encode */
  void (*cancel)(void *arg, mbr_cancel_reason reason);
  void *cancel_arg;
  uint32_t frame_size;
  uint32_t call; /* the caller's number */
  uint32_t credit;
  uint8_t phase;     /* of its handler: mbr_phase */
  uint8_t state;     /* of the call: mbr_call_state */
  uint8_t cancelled; /* mbr_cancel_reason */
  bool cancelling;   /* the cancel callback is due or running */
  bool deferred;
  bool answered; /* its own side has tried to end it */
};

struct mbr_peer {
  mbr_task task; /* first: the task is the peer. Runs the disconnect callback. */
  void (*lock)(void *owner);
  void (*unlock)(void *owner);
  void *owner;
  bool placed; /* the three above are set for good */
  uint8_t state;
  mbr_hooks hooks;
  mbr_peer_memory memory;
  mbr_outbox outbox;
  struct mbr_slot *free;
  uint64_t serial;   /* counts calls over all connections: the high part of their ids */
  uint16_t served;   /* bindings in use */
  bool disconnected; /* the disconnect callback is no longer due */
  void (*disconnect)(void *arg);
  void *disconnect_arg;
  size_t used;    /* slots not free */
  size_t running; /* handlers and callbacks started and not returned */
  size_t pins;    /* opened frames, the consumer's run, threads between lock and hook */
};

#ifdef __cplusplus
}
#endif
#endif
