/* mbr/peer.h — one end of a connection: it serves calls that arrive as frames. What it calls on the other
 * side is in mbr/request.h.
 *
 * A peer does not know what carries its frames: a Dart isolate, a UART and a unit test look alike.
 * It allocates nothing and has no globals, threads or clock of its own: memory is handed over at
 * mbr_peer_open, everything else is a hook. No callback ever runs under the lock.
 *
 * Life: a zeroed mbr_peer → mbr_peer_open → frames in by mbr_peer_receive, frames out by
 * mbr_peer_outgoing/mbr_peer_consume → mbr_peer_close → hooks.quiet, when nothing of the peer is in
 * use any more and its memory may be freed. The mbr_peer itself must stay valid for as long as
 * anyone may still hold an mbr_call of it (in practice: static, or reused for the next
 * connection); a late answer is then refused with MBR_CLOSED, never delivered to another call. */
#ifndef MBR_PEER_H
#define MBR_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mbr/executor.h"
#include "mbr/frame.h"
#include "mbr/wire.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mbr_peer mbr_peer;

/* A call being served. A value: copy and store it freely. Generated code wraps it in a type of its
 * own for each method, so that a wrong answer does not compile. */
typedef struct mbr_call {
  mbr_peer *peer;
  uint64_t id; /* never reused while the peer lives */
} mbr_call;

typedef enum mbr_cancel_reason {
  MBR_CANCEL_NONE = 0,
  MBR_CANCEL_CANCELLED = 1,   /* the caller lost interest */
  MBR_CANCEL_DEADLINE = 2,    /* its time is over, by the clock of either side */
  MBR_CANCEL_DISCONNECTED = 3 /* the caller is gone */
} mbr_cancel_reason;

/* Keeps the call open after its handler returns; without it an unanswered call then ends with the
 * fault MBR_DROPPED. Call it in the handler, before the handle is given to another thread; once the
 * handler has returned it does nothing. A deferred call owns its decoded arguments until it is ended, and
 * must be ended exactly once (by _ok, _err, _end or mbr_call_fault) even after it was cancelled: the ending
 * then answers MBR_CLOSED and lets the arguments go. */
void mbr_call_defer(mbr_call call);

/* Why the caller no longer waits, or MBR_CANCEL_NONE. DISCONNECTED also for a call that has ended.
 * Any thread. */
mbr_cancel_reason mbr_call_cancelled(mbr_call call);

/* Has `fn(arg, reason)` called once if the call is cancelled, outside any lock, on an executor thread
 * (where the peer has none: see mbr_hooks.schedule). A call that has been cancelled already has it
 * called before this returns, unless that is within or beside the callback of mbr_call_on_ready: then after
 * it. Either the call is cancelled or its own side ends it, never both, so after MBR_OK exactly one of these
 * happens, and whichever it is may free `arg`:
 *   - an ending answers anything but MBR_CLOSED (or the handler returns without one): `fn` was not
 *     called and never will be. An ending that was refused with MBR_MISUSE before it began (see
 *     mbr_call_begin and mbr_call_fault) is none;
 *   - `fn` is called, perhaps on another thread while an ending answers MBR_CLOSED. The call's
 *     arguments stay valid until it returns (a sync method's only until its handler has returned).
 * A handler must not wait for its own `fn`, which may need the very thread that waits; it can poll
 * mbr_call_cancelled, which needs none. Of a call with a stream parameter `fn` is not called while one of its
 * handlers runs (but for one called before this returns), and none runs after it: so it may free what they
 * share. Where a thread of the handler's own works on the call, `fn` may be called beside it.
 * MBR_CLOSED: its own side has ended the call. MBR_MISUSE: `fn` is NULL, or the call has one. */
MBR_MUST_CHECK mbr_status mbr_call_on_cancel(mbr_call call, void (*fn)(void *arg, mbr_cancel_reason reason),
                                             void *arg);

/* Ends the call with a fault: a status other than MBR_OK, and a short text in UTF-8 (cut at
 * MBR_FAULT_TEXT_MAX bytes; may be NULL). MBR_CLOSED where the call has ended; MBR_MISUSE, and the call
 * is as it was, for the code MBR_OK. Any thread. */
mbr_status mbr_call_fault(mbr_call call, mbr_status code, const char *text);

#ifndef MBR_FAULT_TEXT_MAX
#define MBR_FAULT_TEXT_MAX 64u
#endif

/* For generated code, any thread. Opens a frame of exactly `payload` bytes for the call; `w` then
 * writes them, with no lock held. After MBR_OK, mbr_call_commit must follow, soon: frames of other calls
 * wait behind it.
 *   ITEM (streams only): MBR_WOULD_BLOCK without credit or room: see mbr_call_on_ready. Not for a method
 *     that is MBR_METHOD_LATEST: there the item is kept until it can be sent or a newer one replaces
 *     it. MBR_NO_MEMORY when it is larger than a quarter of the outbox, or is to be kept, and no block can be
 *     had.
 *   OK, ERR, END: exactly one ending succeeds for a call, the others get MBR_CLOSED. Never for want of
 *     room in the outbox; MBR_NO_MEMORY when it is large and no block can be had: the call has then
 *     ended with that fault. For a oneway, OK without payload ends it and sends nothing.
 * MBR_MISUSE: the method has no such frames; the call is as it was. */
MBR_MUST_CHECK mbr_status mbr_call_begin(mbr_call call, mbr_frame_kind kind, size_t payload, mbr_writer *w);

/* Sends what mbr_call_begin opened and returns `encoded`. When that is not MBR_OK, or `w` failed or is
 * not exactly full (MBR_MISUSE), nothing of it is sent: an item is dropped and its credit given back,
 * an ending becomes a fault of that status. */
mbr_status mbr_call_commit(mbr_call call, mbr_writer *w, mbr_status encoded);

/* Both in one, for what is small and has been encoded by `w` into memory of the caller's: answers what they
 * would. Where nothing is in the way the peer's lock is taken once. */
mbr_status mbr_call_send(mbr_call call, mbr_frame_kind kind, const mbr_writer *w, mbr_status encoded);

/* Has `fn(arg)` called once when an item of the call's stream may be emitted again, after an emit answered
 * MBR_WOULD_BLOCK: on an executor thread, outside any lock. Called before this returns where that is so
 * already, unless that is within or beside `fn`: then after it. It asks for one time: ask again for the
 * next. It does not begin once the call has ended, nor beside the callback of mbr_call_on_cancel, so `arg`
 * must live until the ending or that callback; but where another thread ends the call while `fn` is being
 * called, until `fn` has returned as well. MBR_CLOSED: the call has ended. MBR_MISUSE: no stream, or `fn` is
 * NULL. A second request before the first was answered replaces it. Any thread. */
MBR_MUST_CHECK mbr_status mbr_call_on_ready(mbr_call call, void (*fn)(void *arg), void *arg);

/* A pointer of the handler's own, NULL at first: what the parts of one call share (the handler of a method
 * with a stream parameter, and those of the parameter's items). NULL too for a call that is gone. */
void mbr_call_set_context(mbr_call call, void *context);
void *mbr_call_context(mbr_call call);

/* Items of the call's stream that were replaced by newer ones before they were sent (@latest, topics). */
uint32_t mbr_call_dropped(mbr_call call);

#define MBR_METHOD_STREAM 0x01u     /* result is a stream */
#define MBR_METHOD_ONEWAY 0x02u     /* nothing answers */
#define MBR_METHOD_CONCURRENT 0x04u /* starts without waiting for the service's other handlers */
#define MBR_METHOD_INLINE 0x08u     /* quick: may run on the caller's thread (mbr_peer_receive_here) */
#define MBR_METHOD_SYNC 0x10u       /* runs on the caller's thread, which waits; see mbr_peer_receive_sync */
#define MBR_METHOD_LATEST 0x20u     /* an item that cannot be sent now waits, a newer one replaces it */
#define MBR_METHOD_UPLOAD 0x40u     /* has a stream parameter */
#define MBR_METHOD_QUIET 0x80u      /* its calls are not logged */
#define MBR_METHOD_BYTES 0x100u     /* result is `bytes`: large ones travel as blocks that may change hands */
#define MBR_METHOD_INSTANCES 0x200u /* serves whatever instance is called; without it, the first alone */

/* A result of an MBR_METHOD_BYTES method that is larger than this travels as a block, where there are any. At
 * about this size a Dart isolate takes as long to copy it out of the ring as to take over a block and have it
 * freed, 2 µs: at 4 KiB 1.1 to 1.9, at 64 KiB 7 to 4 (32-bit VM 3.7). */
#ifndef MBR_BLOCK_SIZE_MIN
#define MBR_BLOCK_SIZE_MIN 12288u
#endif

/* One row of a generated method table. `dispatch` decodes the arguments and runs the handler; its
 * status, where it is not MBR_OK, becomes the call's fault. `ending_max` is the largest payload of
 * the method's OK or ERR, 0 where the contract sets no bound: room for that much is promised (within a
 * quarter of the outbox) when the call is accepted, 0 standing for MBR_ENDING_SIZE_DEFAULT. A peer
 * with blocks promises no more than that default: there a larger ending always has somewhere to go. */
#ifndef MBR_ENDING_SIZE_DEFAULT
#define MBR_ENDING_SIZE_DEFAULT 112u
#endif

/* Items of a stream parameter that may be under way, where the contract does not say (@buffer). */
#ifndef MBR_WINDOW_DEFAULT
#define MBR_WINDOW_DEFAULT 64u
#endif

typedef struct mbr_method {
  uint32_t id;
  uint32_t flags;
  uint32_t ending_max;
  uint32_t item_max;    /* largest payload of an item of the result's stream; 0: none, or no bound */
  uint32_t window;      /* items of the stream parameter under way at most; 0: MBR_WINDOW_DEFAULT */
  uint64_t fingerprint; /* of its signature and every type that this reaches */
  const char *name;     /* "namespace.Service.method" */
  mbr_status (*dispatch)(const void *ops, void *self, mbr_call call, mbr_reader *args);
  /* For each item of the stream parameter, in order, after `dispatch` has returned and never beside another
   * handler of the service (unless CONCURRENT); once with NULL when the stream has ended. Where the call is
   * neither ended nor deferred when that one returns, it is dropped. A status other than MBR_OK ends the
   * call with that fault; its own side hears of it as of a cancel. But for MBR_WOULD_BLOCK, which leaves the
   * item (or the end) where it is until mbr_call_retry_items (mbr/transport.h): its credit is not given back
   * meanwhile. What was decoded is valid until it returns. NULL without a stream parameter. */
  mbr_status (*item)(const void *ops, void *self, mbr_call call, mbr_reader *item);
  /* A sync method of scalars: R (*)(const mbr_target *target, arguments...). NULL for every other one. */
  void (*direct)(void);
} mbr_method;

/* A type that a service's signatures reach: FNV-1a 32 of "namespace.Type", the hash of its declaration. */
typedef struct mbr_type_shape {
  uint32_t name;
  uint64_t shape;
} mbr_type_shape;

typedef struct mbr_service {
  const char *name;
  const mbr_method *methods; /* sorted by id */
  size_t method_count;
  const mbr_type_shape *types; /* sorted by name */
  size_t type_count;
} mbr_service;

/* What a direct function is called with: the service's handlers on this connection. */
typedef struct mbr_target {
  const void *ops;
  void *self;
} mbr_target;

/* Offers a service on this connection, before the first frame is received (in practice: in the
 * connect function). `ops` and `self` must stay valid until the peer is quiet. Generated code wraps
 * this as <service>_serve. MBR_BUSY: the peer's binding table is full. MBR_MISUSE: a method's number is
 * served already, by this service or another one, or the table is not sorted. MBR_CLOSED: the
 * connection has ended. */
MBR_MUST_CHECK mbr_status mbr_peer_serve(mbr_peer *peer, const mbr_service *service, const void *ops,
                                         void *self);

/* Has `fn(arg)` called once when the connection has ended and no handler or cancel callback that the peer
 * has started runs any more, on an executor thread (where the peer has none: see mbr_hooks.schedule),
 * outside any lock. Deferred calls may still be open: this is the place to end them. Direct functions (sync
 * methods of scalars) are none of the peer's handlers: an isolate that has closed its connection, or has died,
 * is within none (as long as none calls Dart and has that close it), but see mbr_dart_is_exiting. At most one for a connection: MBR_MISUSE for a second.
 * MBR_CLOSED: the connection has ended already. */
MBR_MUST_CHECK mbr_status mbr_peer_on_disconnect(mbr_peer *peer, void (*fn)(void *arg), void *arg);

/* Has the handlers and callbacks of this connection run on `executor` in place of the transport's own. In the
 * connect function, before the first frame. The executor must outlive the connection. MBR_CLOSED: the
 * connection has ended. MBR_UNSUPPORTED: everything of this transport runs on one thread. */
MBR_MUST_CHECK mbr_status mbr_peer_run_on(mbr_peer *peer, mbr_executor *executor);

/* What a connection tells about itself. */
typedef enum mbr_log_level {
  MBR_LOG_ERROR = 1, /* a defect on one side: a frame that breaks the protocol, a call answered twice */
  MBR_LOG_WARNING,   /* calls that ended with a fault or past their deadline */
  MBR_LOG_INFO,      /* connections that begin and end */
  MBR_LOG_DEBUG      /* each call: its start, and its ending with the time it took */
} mbr_log_level;

/* Levels above this are not compiled in; 0 leaves nothing of logging in the runtime, nor in the memory of a
 * peer: all sources must be compiled with the same. Calls answered twice, or after they were over, are reported
 * only in debug builds (without NDEBUG): in a race with a cancel they are no defect. */
#ifndef MBR_LOG_LEVEL
#define MBR_LOG_LEVEL 4
#endif

typedef struct mbr_log_record {
  mbr_log_level level;
  const char *method; /* "namespace.Service.method", or NULL where no method is concerned */
  const char *text;   /* one static sentence */
  mbr_status status;
  uint64_t elapsed_ms; /* when a call has ended, at MBR_LOG_DEBUG: since it was accepted; else 0 */
} mbr_log_record;

/* Has `fn(arg, record)` called for what happens on this connection, up to `level`: outside any lock, on the
 * thread where it happens, so it must be quick; `record` is valid during the call, `arg` must live until the
 * peer is quiet. Of one event, as the moment at which many calls' time is over, the first MBR_NOTES_MAX (8)
 * records are told; the counters miss nothing. Methods that are @quiet appear only as MBR_LOG_ERROR. In the
 * connect function; MBR_CLOSED once the connection has ended. MBR_UNSUPPORTED: logging is not compiled in, as
 * MBR_LOG_LEVEL is 0; nothing will be told, all else is as usual. */
MBR_MUST_CHECK mbr_status mbr_peer_on_log(mbr_peer *peer, mbr_log_level level,
                                          void (*fn)(void *arg, const mbr_log_record *record), void *arg);

/* How a method that this connection serves has fared. */
typedef struct mbr_counters {
  uint64_t calls;     /* accepted; those neither open nor counted below have ended well */
  uint64_t errors;    /* ended by a declared error or a fault */
  uint64_t cancelled; /* ended by the caller, by a deadline or by the connection's end */
  uint64_t items;     /* of its result's stream, sent */
  uint64_t dropped;   /* of them, replaced by newer ones or refused for want of room; calls refused */
  uint64_t bytes_in;  /* frames received and sent, headers included */
  uint64_t bytes_out;
  uint32_t open;      /* accepted and not ended */
  uint32_t queued;    /* of these, waiting for a handler that runs */
} mbr_counters;

/* Copies the method's counters. MBR_UNIMPLEMENTED: it is not served here. MBR_UNSUPPORTED: the transport
 * keeps none. Any thread. */
MBR_MUST_CHECK mbr_status mbr_peer_counters(mbr_peer *peer, uint32_t method, mbr_counters *counters);

#ifdef __cplusplus
}
#endif
#endif
