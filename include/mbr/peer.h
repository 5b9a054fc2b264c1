/* mbr/peer.h — one end of a connection: it serves calls that arrive as frames.
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
  MBR_CANCEL_DEADLINE = 2,    /* its time is up */
  MBR_CANCEL_DISCONNECTED = 3 /* the caller is gone */
} mbr_cancel_reason;

/* Keeps the call open after its handler returns; without it an unanswered call then ends with the
 * fault MBR_DROPPED. Call it in the handler, before the handle is given to another thread. A
 * deferred call owns its decoded arguments until it is ended, and must be ended exactly once (by
 * _ok, _err, _end or mbr_call_fault) even after it was cancelled: the ending then answers MBR_CLOSED
 * and lets the arguments go. */
void mbr_call_defer(mbr_call call);

/* Why the caller no longer waits, or MBR_CANCEL_NONE. DISCONNECTED also for a call that has ended.
 * Any thread. */
mbr_cancel_reason mbr_call_cancelled(mbr_call call);

/* Has `fn(arg, reason)` called once if the call is cancelled, outside any lock, on an executor thread
 * (where the peer has none: on the thread that noticed). A call that has been cancelled already has it
 * called before this returns. Either the call is cancelled or its own side ends it, never both, so
 * after MBR_OK exactly one of these happens, and whichever it is may free `arg`:
 *   - an ending answers anything but MBR_CLOSED (or the handler returns without one): `fn` was not
 *     called and never will be. An ending that was refused with MBR_MISUSE before it began (see
 *     mbr_call_begin and mbr_call_fault) is none;
 *   - `fn` is called, perhaps on another thread while an ending answers MBR_CLOSED. The call's
 *     arguments stay valid until it returns.
 * A handler must not wait for its own `fn`, which may need the very thread that waits; it can poll
 * mbr_call_cancelled, which needs none.
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
 *   ITEM (streams only): MBR_WOULD_BLOCK without credit or room, and nobody is told when there is some
 *     again: try later, or leave the item out. MBR_NO_MEMORY when it is larger than
 *     a quarter of the outbox and no block can be had.
 *   OK, ERR, END: exactly one ending succeeds for a call, the others get MBR_CLOSED. Never for want of
 *     room in the outbox; MBR_NO_MEMORY when it is large and no block can be had: the call has then
 *     ended with that fault. For a oneway, OK without payload ends it and sends nothing.
 * MBR_MISUSE: the method has no such frames; the call is as it was. */
MBR_MUST_CHECK mbr_status mbr_call_begin(mbr_call call, mbr_frame_kind kind, size_t payload, mbr_writer *w);

/* Sends what mbr_call_begin opened and returns `encoded`. When that is not MBR_OK, or `w` failed or is
 * not exactly full (MBR_MISUSE), nothing of it is sent: an item is dropped and its credit given back,
 * an ending becomes a fault of that status. */
mbr_status mbr_call_commit(mbr_call call, mbr_writer *w, mbr_status encoded);

#define MBR_METHOD_STREAM 0x01u     /* result is a stream */
#define MBR_METHOD_ONEWAY 0x02u     /* nothing answers */
#define MBR_METHOD_CONCURRENT 0x04u /* starts without waiting for the service's other handlers */

/* One row of a generated method table. `dispatch` decodes the arguments and runs the handler; its
 * status, where it is not MBR_OK, becomes the call's fault. `ending_max` is the largest payload of
 * the method's OK or ERR, 0 where the contract sets no bound: room for that much is promised (within a
 * quarter of the outbox) when the call is accepted, 0 standing for MBR_ENDING_SIZE_DEFAULT. A peer
 * with blocks promises no more than that default: there a larger ending always has somewhere to go. */
#ifndef MBR_ENDING_SIZE_DEFAULT
#define MBR_ENDING_SIZE_DEFAULT 112u
#endif

typedef struct mbr_method {
  uint32_t id;
  uint32_t ending_max;
  uint32_t flags;
  const char *name; /* "namespace.Service.method" */
  mbr_status (*dispatch)(const void *ops, void *self, mbr_call call, mbr_reader *args);
} mbr_method;

typedef struct mbr_service {
  const char *name;
  const mbr_method *methods; /* sorted by id */
  size_t method_count;
} mbr_service;

/* Offers a service on this connection, before the first frame is received (in practice: in the
 * connect function). `ops` and `self` must stay valid until the peer is quiet. Generated code wraps
 * this as <service>_serve. MBR_BUSY: the peer's binding table is full. MBR_MISUSE: a method's number is
 * served already, by this service or another one, or the table is not sorted. MBR_CLOSED: the
 * connection has ended. */
MBR_MUST_CHECK mbr_status mbr_peer_serve(mbr_peer *peer, const mbr_service *service, const void *ops,
                                         void *self);

/* Has `fn(arg)` called once when the connection has ended and no handler or cancel callback that the peer
 * has started runs any more, on an executor thread (where the peer has none: on the thread that noticed),
 * outside any lock. Deferred calls may still be open: this is the place to end them. At most one for a
 * connection: MBR_MISUSE for a second. MBR_CLOSED: the connection has ended already. */
MBR_MUST_CHECK mbr_status mbr_peer_on_disconnect(mbr_peer *peer, void (*fn)(void *arg), void *arg);

#ifdef __cplusplus
}
#endif
#endif
