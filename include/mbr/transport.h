/* mbr/transport.h — the peer as seen by what carries its frames: memory, hooks, frames in and out.
 *
 * Applications and generated code do not need this header; runtime/dart, a link or a test does. */
#ifndef MBR_TRANSPORT_H
#define MBR_TRANSPORT_H

#include "mbr/executor.h"
#include "mbr/peer.h"
#include "mbr/request.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What the peer cannot do itself. None of them is called with the lock held. `lock`, `unlock`, `now` and the
 * `owner` given to mbr_peer_open belong to the mbr_peer for good, and must work for as long as anyone
 * may hold a call of it; the other hooks are not called after `quiet`. */
typedef struct mbr_hooks {
  void (*lock)(void *owner); /* both may be NULL where one thread does everything */
  void (*unlock)(void *owner);

  /* There is a frame to be sent, and mbr_peer_outgoing has answered 0 since the last wake, or was never
   * called: drain it until that answers 0 again, else no other wake comes. From any thread that answers or
   * runs handlers, perhaps late, when all was drained already. May be NULL for a transport that polls. */
  void (*wake)(void *owner);

  /* Run the task later, elsewhere: it may have run, and the peer be quiet, before this returns. NULL:
   * handlers run within mbr_peer_receive, and callbacks on the thread that notices; those that come about
   * within or beside a callback run after it, on its thread, so that none pile up on a stack. */
  void (*schedule)(void *owner, mbr_task *task);

  /* Blocks aligned like malloc's. Both NULL: no frame or arena beyond the fixed memory; and with a schedule
   * hook, which takes frames out of the caller's hands, no answers to calls made from here but blocking
   * ones. */
  void *(*alloc)(void *owner, size_t size);
  void (*free)(void *owner, void *block);

  /* Monotonic milliseconds, not 0. NULL: deadlines are not enforced here. */
  uint64_t (*now)(void *owner);

  /* mbr_peer_poll is to be called at that time, which is earlier than any asked for since the last poll. From
   * any thread. Needed with `now` unless the transport polls anyway. */
  void (*alarm)(void *owner, uint64_t at);

  /* The one exception: both are called with the lock held. `wait` gives it up until `notify` or the time
   * `until`, then takes it again; it may return early, and does so at once when that time is over already,
   * by which a blocking call asks beforehand whether it may wait. MBR_DEADLOCK where this thread must not
   * wait, at once. `notify` wakes every thread that waits. Both NULL, or `now`: blocking calls are
   * MBR_UNSUPPORTED. */
  mbr_status (*wait)(void *owner, uint64_t until);
  void (*notify)(void *owner);

  /* The peer was closed and nothing of it is in use: the memory may go, the peer may be opened
   * again. Called once, from within whichever function was the last to use it. May be NULL. */
  void (*quiet)(void *owner);
} mbr_hooks;

/* Memory handed over until `quiet`. Sizes in bytes. `storage` and `outbox` are 16-aligned. */
typedef struct mbr_peer_memory {
  struct mbr_slot *slots;       /* one for each call that may be open at once */
  uint16_t slot_count;
  uint16_t *calls;              /* [call_count]: the slot of each caller's index */
  uint16_t call_count;          /* calls with this index or a higher one are refused as BUSY */
  struct mbr_binding *bindings; /* one for each service served */
  uint16_t binding_count;
  struct mbr_asked *requests;   /* one for each call that may be made at once; may be NULL */
  uint16_t request_count;
  mbr_counters *counters;       /* one for each method served, as far as they go; may be NULL */
  size_t counter_count;
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

/* Takes one whole frame from the other side; it is copied. Anything but MBR_OK refuses it and nothing of it
 * was kept:
 *   BUSY           no slot, no room to promise the call its ending, or an index beyond call_count: a caller
 *                  with a larger table than this side's is told so, and goes on
 *   NO_MEMORY      the frame is larger than a slot's storage, and there is no block for it
 *   UNIMPLEMENTED  nobody serves the method
 *   MISMATCH       a HELLO of another protocol version
 *   BAD_FRAME      it breaks the protocol
 *   CLOSED         the connection has ended
 *   UNSUPPORTED    the method is sync: see mbr_peer_receive_sync
 * The transport tells the caller of a refused CALL. One thread at a time, in the order of sending. A CALL
 * names an index (the low 16 bits of its number) that no call uses: one is free again as soon as its call's
 * ending can be read from the outbox, or a CANCEL for it was received. CANCEL is the caller's own ending:
 * nothing answers it. CANCEL, CREDIT, ITEM and END for calls that have ended are MBR_OK. Of a stream
 * parameter the caller may send as many ITEMs as it has CREDIT for, the first of which, of the method's
 * window, is sent when the call is accepted. One too many, one after the END, or one there is no memory for
 * is refused and ends its call with that fault.
 *
 * With a schedule hook this only queues: it runs no handler or callback and never wakes (a task does that
 * where something was sent, as the first CREDIT or a kept item whose CREDIT has come), but it may call
 * alloc, free, alarm, schedule and the log's function, and after a GOODBYE (which is mbr_peer_close)
 * quiet. */
MBR_MUST_CHECK mbr_status mbr_peer_receive(mbr_peer *peer, const uint8_t *frame, size_t size);

/* Where the answer of a call goes that has it when the function which received it returns. */
typedef struct mbr_answer {
  uint8_t *buffer; /* the caller's, 8-aligned */
  size_t capacity;
  const uint8_t *frame; /* OK, ERR or FAULT, header included; in `buffer` unless it is a block */
  size_t size;          /* of the frame; 0: there is none yet */
  bool is_block;        /* of sync calls: the transport frees `frame` with its own free hook */
  bool drain;           /* of inline calls: the outbox is to be drained */
} mbr_answer;

/* The least capacity: a fault with its whole text. */
#define MBR_ANSWER_MIN (MBR_FRAME_HEADER_SIZE + 4u + 8u + MBR_FAULT_TEXT_MAX)

/* As mbr_peer_receive, but the handler of an MBR_METHOD_INLINE method runs before this returns, on this
 * thread, unless another handler of its service is running or waiting. What it has answered by then is in
 * `answer`, if it is no larger than the room that was promised to it, `capacity`, and half of what the request
 * leaves of a slot's storage; everything else goes through the outbox. For the consumer's thread, which is not woken for
 * what comes to the outbox meanwhile: where `answer->drain` is set it must drain that until
 * mbr_peer_outgoing answers 0. MISUSE for a buffer below MBR_ANSWER_MIN. No leaf call. */
MBR_MUST_CHECK mbr_status mbr_peer_receive_here(mbr_peer *peer, const uint8_t *frame, size_t size,
                                                mbr_answer *answer);

/* Runs the handler of a CALL of an MBR_METHOD_SYNC method (of any that is no stream) before it returns, on
 * this thread, whatever else of its service runs. The handler's answer, or the fault of having none, is
 * then in `answer`, in a block where it is larger than `capacity` or half of a slot's storage; nothing of the
 * call goes through the outbox. Refusals as for mbr_peer_receive, which itself refuses sync methods as
 * UNSUPPORTED; MISUSE for a buffer below MBR_ANSWER_MIN. `frame` is not copied. Not a leaf call; may be
 * called on any thread, several at once. */
MBR_MUST_CHECK mbr_status mbr_peer_receive_sync(mbr_peer *peer, const uint8_t *frame, size_t size,
                                                mbr_answer *answer);

/* The direct function of a method and what it is to be called with, until `quiet`. False: there is none. */
/* misra 8.2: both are named; the tool takes the pointer to a function for a third */
bool mbr_peer_direct(mbr_peer *peer, uint32_t method, void (**function)(void), const mbr_target **target);

/* Writes the HELLO frame of the service with this index, as the other side's mbr_peer_receive takes it, and
 * returns its size; MBR_PEER_HELLO_NONE when no such service is served. Where it is larger than `capacity`
 * nothing is written. Payload, little endian: u32 MBR_PROTOCOL_VERSION, u32 FNV-1a of the service's name, u32
 * method count, u32 type count, then for each method u32 id, u64 fingerprint, then for each type u32 name,
 * u64 shape. */
#define MBR_PEER_HELLO_NONE 0u
size_t mbr_peer_hello(mbr_peer *peer, uint16_t index, uint8_t *out, size_t capacity);

/* Ends calls whose time is over: those served are cancelled (MBR_CANCEL_DEADLINE) and their callers get the
 * fault MBR_DEADLINE; those made end with that fault, and the other side is told. Returns when it is to be
 * called next, UINT64_MAX where nothing is due; an alarm that is set off meanwhile may ask for less, and
 * both count. Any thread. */
uint64_t mbr_peer_poll(mbr_peer *peer);

/* A run of whole frames ready to be sent, in order: `*frames` points into the outbox (each frame
 * 16-aligned, the next one follows at its size rounded up to 16) and the size of the run is returned, 0
 * when there is none or the peer is closed. Calling again gives the same run, perhaps longer. The run is
 * the consumer's, and keeps the peer from being quiet, until mbr_peer_consume. One consumer at a time. See
 * MBR_FRAME_BLOCK for frames that do not fit the outbox. This and mbr_peer_consume may schedule tasks, call
 * free, and after the peer was closed quiet; they never wake. */
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

/* For what passes calls on to another connection: who calls, and how it may have items wait. */

/* What a call asks for besides its arguments. */
typedef struct mbr_call_origin {
  uint32_t method;
  uint16_t instance;
  uint32_t timeout_ms; /* what is left of its time, at least 1; MBR_TIMEOUT_NONE: as long as it takes */
  uint32_t credit;     /* items of its result's stream that may be emitted now */
} mbr_call_origin;

/* MBR_CLOSED: the call has ended. Any thread. */
MBR_MUST_CHECK mbr_status mbr_call_get_origin(mbr_call call, mbr_call_origin *origin);

/* Has the method's `item` called again for what it answered MBR_WOULD_BLOCK to, or is about to answer so.
 * Needs a schedule hook and blocks: without them that answer is a fault as any other. MBR_CLOSED: the call
 * has ended. Any thread. */
mbr_status mbr_call_retry_items(mbr_call call);

/* The same for the method's `receive`, on the other side of a call. MBR_CLOSED: its receiver was told of its
 * ending. */
mbr_status mbr_request_retry(mbr_request request);

/* As mbr_request_cancel, but the other side and the receiver are told this reason. */
mbr_status mbr_request_give_up(mbr_request request, mbr_cancel_reason reason);

/* Has `fn(watch)` called when the peer is quiet, before the hook of that name is; once. The watch belongs to
 * the peer until then. MBR_CLOSED: the connection has ended. */
typedef struct mbr_watch {
  struct mbr_watch *next;
  void (*fn)(struct mbr_watch *watch);
} mbr_watch;
MBR_MUST_CHECK mbr_status mbr_peer_watch(mbr_peer *peer, mbr_watch *watch);

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
  mbr_target target;
  mbr_counters *counters;        /* [counter_count]: of its first methods */
  size_t counter_count;
  struct mbr_slot *first, *last; /* calls that wait for the running handler to return */
  bool busy;
};

/* Memory that a frame is put together in before it can be sent: in the slot's storage, or a block. */
typedef struct mbr_buffer {
  uint8_t *data; /* NULL: there is none */
  size_t capacity;
} mbr_buffer;

/* Frames that wait to be handled, in order, each in a block of the alloc hook. */
typedef struct mbr_inbox {
  struct mbr_block *first, *last;
} mbr_inbox;

struct mbr_slot {
  mbr_task task;   /* first: the task is the slot. Runs its handlers. */
  mbr_task notice; /* runs its callbacks, one at a time */
  mbr_peer *peer;
  uint64_t id; /* of the mbr_call; 0: the slot is free */
  const mbr_method *method;
  struct mbr_binding *binding;
  struct mbr_slot *next, *previous;             /* in the one list it is in: of free ones, of its strand */
  struct mbr_slot *owing_next, *owing_previous; /* in the list of those that wait for room in the outbox */
  const uint8_t *frame; /* the request: in the slot's storage, the first of its blocks, the caller's memory */
  struct mbr_block *blocks;
  mbr_counters *counters; /* of its method, once it was accepted; or NULL */
  void *context;
  void (*cancel)(void *arg, mbr_cancel_reason reason);
  void *cancel_arg;
  void (*ready)(void *arg); /* NULL: nobody has asked */
  void *ready_arg;
  uint64_t deadline; /* UINT64_MAX: none */
#if MBR_LOG_LEVEL > 0
  uint64_t begun;    /* when it was accepted, where that is to be logged */
#endif
  size_t promised;   /* outbox bytes kept for its ending */
  size_t spare;      /* and for a bare fault, should the ending fail to encode */
  size_t wanted;     /* payload of the item that found no room */
  size_t arena;      /* where in its storage the memory for what is decoded begins */
  size_t tail;       /* bytes at the storage's end that buffers stand in */
  mbr_buffer kept;   /* under @latest: the item that waits, a whole frame */
  mbr_buffer idle[2]; /* buffers for the next ones */
  mbr_answer *here;      /* where its caller waits for the handler to return; or NULL */
  uint8_t *reply;        /* and what it will have, a whole frame */
  mbr_inbox inbox;       /* items of the stream parameter */
  uint32_t frame_size;
  uint32_t call; /* the caller's number */
  uint32_t credit;
  uint32_t dropped;
  uint32_t granted;  /* items of the stream parameter that may still come */
  uint32_t handled;  /* items whose credit is yet to be given back */
  uint32_t owed;     /* and of these, those that wait for room for the frame */
  uint16_t instance; /* of the service, that is called */
  uint16_t holds;    /* buffers being written and callbacks that keep it from being free */
  uint8_t phase;     /* of its handlers: mbr_phase */
  uint8_t state;     /* of the call: mbr_call_state */
  uint8_t cancelled; /* mbr_cancel_reason */
  bool indexed;     /* the caller's index leads to it */
  bool dispatched;  /* its first handler has run */
  bool items_ended; /* the caller has ended the stream parameter */
  bool items_over;  /* and its handler was told */
  bool items_blocked; /* they wait until mbr_call_retry_items */
  bool items_retried; /* which was called since the last one was handled */
  bool is_owing;
  bool is_ready;    /* `ready` is due */
  bool readying;    /* `ready` is being called */
  bool cancel_due;
  bool noticing;    /* `notice` was submitted and has not returned */
  bool deferred;
  bool adopted;  /* it is a topic's: nobody needs to end it */
  bool answered; /* its own side has tried to end it */
};

struct mbr_asked {
  mbr_task task; /* first: the task is the request. Tells its receiver. */
  mbr_peer *peer;
  uint64_t id; /* of the mbr_request; 0: free */
  const mbr_remote_method *method;
  mbr_receiver receiver;
  struct mbr_asked *next;      /* that is free */
  struct mbr_asked *next_owed; /* in the list of those that owe frames or wait for room */
  mbr_inbox inbox;             /* what its receiver has not been told yet */
  mbr_arena *arena;            /* of a blocking call: where its answer is copied to */
  const uint8_t *answer;       /* of a blocking call: the ending's frame, in `arena` */
  uint64_t deadline;           /* UINT64_MAX: none */
  mbr_status fault;            /* how it ended, where no frame tells */
  uint32_t call;               /* its number on the wire */
  uint32_t window;
  uint32_t granted;  /* items of the result that may still come */
  uint32_t returned; /* items taken whose credit was not given back yet */
  uint32_t credit;   /* items of the stream parameter that may be sent */
  size_t wanted;     /* payload of the item that found no room or credit */
  uint16_t generation;
  uint16_t instance;
  uint8_t state; /* mbr_asked_state */
  uint8_t owed;  /* MBR_OWED_...: control frames to be written when there is room */
  uint8_t reason; /* of the CANCEL that is owed */
  bool is_owing;  /* it is in the list of those that owe */
  bool is_waiting; /* for room or credit: `ready` is to be called */
  bool is_ready;   /* `ready` is due */
  bool is_paused;
  bool is_blocked; /* the next item waits until mbr_request_retry */
  bool is_retried; /* which was called since the last one was told */
  bool items_ended;
  bool blocking; /* mbr_request_wait tells its receiver */
  bool filling;  /* the answer is being copied to `arena` */
  bool telling;  /* its receiver is being told, or is about to be */
  bool told;     /* of the ending */
};

/* What is to be logged once the lock is released. */
typedef struct mbr_note {
  const char *method;
  const char *text;
  uint64_t begun; /* when the call was accepted; 0: not known */
  mbr_status status;
  mbr_log_level level;
} mbr_note;

/* As many as are kept of one event: should more calls than that end at once, the others are not logged. */
#ifndef MBR_NOTES_MAX
#define MBR_NOTES_MAX 8u
#endif

/* Methods that were called lately, by the low bits of their numbers: a power of two. */
#ifndef MBR_METHODS_KNOWN
#define MBR_METHODS_KNOWN 16u
#endif

typedef struct mbr_known_method {
  const mbr_method *method;
  struct mbr_binding *binding;
} mbr_known_method;

struct mbr_peer {
  mbr_task task; /* first: the task is the peer. Wakes the consumer, at last runs the disconnect callback. */
  void (*lock)(void *owner);
  void (*unlock)(void *owner);
  uint64_t (*now)(void *owner);
  void *owner;
  bool placed; /* the four above are set for good */
  uint8_t state;
  mbr_hooks hooks;
  mbr_executor *executor; /* in place of hooks.schedule; or NULL */
  mbr_peer_memory memory;
  mbr_outbox outbox;
  struct mbr_slot *free;
  struct mbr_slot *owing, *owing_last; /* slots that wait for room in the outbox */
  uint64_t serial;   /* counts calls over all connections: the high part of their ids */
  uint64_t due;      /* when mbr_peer_poll was last asked for; UINT64_MAX: not */
  size_t counted;    /* counters given to services */
  uint16_t served;   /* bindings in use */
  struct mbr_task *here; /* tasks to be run by the thread that runs one: there is no executor */
  bool running_here;     /* there is such a thread */
  bool waking;       /* the task was submitted to wake the consumer */
  bool unrung;       /* and nobody has woken it meanwhile */
  bool disconnected; /* the disconnect callback is no longer due */
  void (*disconnect)(void *arg);
  void *disconnect_arg;
  mbr_watch *watches;
#if MBR_LOG_LEVEL > 0 /* the fields of logging: runtime/peer/observe.h */
  void (*log)(void *arg, const mbr_log_record *record);
  void *log_arg;
  uint8_t log_level; /* mbr_log_level; 0: none */
  uint8_t note_count;
  mbr_note notes[MBR_NOTES_MAX];
#endif
  mbr_known_method known[MBR_METHODS_KNOWN];
  size_t used; /* slots not free */
  struct mbr_client *clients;
  struct mbr_asked *asked_free;
  struct mbr_asked *asked_owing, *asked_owing_last;
  size_t asked_used; /* requests not free */
  size_t running;    /* tasks submitted and callbacks started, and not returned */
  size_t pins;       /* opened frames, the consumer's run, threads between lock and hook */
};

#ifdef __cplusplus
}
#endif
#endif
