/* mbr/request.h — calls made from here to the other side of a connection.
 *
 * Generated clients are built on this; applications use its options and the request's handle. As a
 * peer serves calls by slots, it makes them by requests: memory handed over with the peer, no more open at
 * once than there is. Nothing here blocks but mbr_request_wait. */
#ifndef MBR_REQUEST_H
#define MBR_REQUEST_H

#include "mbr/peer.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A call being made. A value: copy and store it freely; once the call has ended it names nothing for good. */
typedef struct mbr_request {
  mbr_peer *peer;
  uint64_t id; /* never reused while the peer lives */
} mbr_request;

/* How a call ended, as generated answers tell it. */
typedef enum mbr_outcome {
  MBR_OUTCOME_OK,    /* with its value; a stream came to its end */
  MBR_OUTCOME_ERROR, /* with the error its method declares */
  MBR_OUTCOME_FAULT  /* otherwise: MBR_DEADLINE, MBR_CANCELLED, MBR_DISCONNECTED, MBR_MISMATCH, ... */
} mbr_outcome;

#define MBR_TIMEOUT_NONE UINT32_MAX

/* All zero: as the contract says. */
typedef struct mbr_request_options {
  uint32_t timeout_ms; /* 0: the contract's; MBR_TIMEOUT_NONE: none */
  uint32_t window;     /* items of the result's stream that may be under way; 0: the contract's */
  uint16_t instance;   /* which of several devices that serve the service */
} mbr_request_options;

/* Who hears of a call: one callback at a time, in order, `done` last and once. Generated code casts its typed
 * callbacks to these types and back before it calls one; `ready` is a void (*)(void *arg), which the peer
 * calls itself. */
typedef struct mbr_receiver {
  void (*item)(void);
  void (*done)(void);
  void (*ready)(void);
  void *arg;
} mbr_receiver;

/* One row of a generated client's table. */
typedef struct mbr_remote_method {
  uint32_t id;
  uint32_t flags;      /* MBR_METHOD_STREAM, ONEWAY, UPLOAD, LATEST, QUIET */
  uint32_t timeout_ms; /* 0: none */
  uint32_t window;     /* of the result's stream; 0: MBR_WINDOW_DEFAULT, or 1 for LATEST */
  uint64_t fingerprint;
  const char *name;
  /* Decodes a frame and tells the receiver: ITEM, then once the ending. OK and ERR have a payload; FAULT (any
   * end that is neither) has `fault` and `text` and a NULL payload; END has nothing. An answer other than
   * MBR_OK, for an item or ending that cannot be decoded, ends the call with that fault: it is then called
   * again with the FAULT. But for MBR_WOULD_BLOCK to an item, which leaves it and all that follows where they
   * are until mbr_request_retry (mbr/transport.h): no credit goes back meanwhile. A call that ends otherwise
   * than by its other side does not wait for what was left. What it decodes is valid until it returns. */
  mbr_status (*receive)(const mbr_receiver *to, mbr_frame_kind kind, mbr_status fault, mbr_str text,
                        mbr_reader *payload);
} mbr_remote_method;

/* The methods of one service as a client knows them. */
typedef struct mbr_remote_service {
  const char *name;
  const mbr_remote_method *methods; /* sorted by id */
  size_t method_count;
  const mbr_type_shape *types; /* sorted by name */
  size_t type_count;
} mbr_remote_service;

/* A client: what a connection has found out about the other side's service. Generated clients hold one. Its
 * memory is the peer's from mbr_client_open until the peer is quiet, or mbr_client_close. */
typedef struct mbr_client {
  struct mbr_client *next;
  mbr_peer *peer;
  const mbr_remote_service *service;
  uint8_t *compatibility; /* [method_count]: mbr_compatibility */
  uint32_t changed_types; /* types of the service whose shapes differ on the other side */
} mbr_client;

typedef enum mbr_compatibility {
  MBR_METHOD_ABSENT = 0,     /* not served, or nothing was heard of it yet: MBR_UNIMPLEMENTED */
  MBR_METHOD_COMPATIBLE = 1,
  MBR_METHOD_CHANGED = 2     /* MBR_MISMATCH */
} mbr_compatibility;

/* Makes a client known to the connection, before or after the other side has told what it serves (an earlier
 * HELLO is remembered for no service but those asked for: so open clients in the connect function).
 * `compatibility` has a byte for each method. A client may be opened anew for the next connection of the same
 * peer while other threads make calls with it, which are MBR_CLOSED or MBR_UNIMPLEMENTED in between; at first
 * it is all zero. MBR_MISUSE: the client is open on this connection already. MBR_CLOSED: the connection has
 * ended. */
MBR_MUST_CHECK mbr_status mbr_client_open(mbr_client *client, mbr_peer *peer,
                                          const mbr_remote_service *service, uint8_t *compatibility);

/* Takes the client and its service back from a connection that goes on. False, and it stays: calls made with
 * it have not ended, or the other side is yet to be told that they have. Not beside another function of the
 * client. Any thread. */
bool mbr_client_close(mbr_client *client);

/* What was found out about a method, by its index in the service's table; ABSENT once the connection has
 * ended. Any thread. */
mbr_compatibility mbr_client_compatibility(const mbr_client *client, size_t method);

/* For generated code. Opens the CALL of exactly `arguments` bytes behind its prefix; `w` then writes them,
 * with no lock held; after MBR_OK, mbr_request_commit must follow, soon. `method` is an index into the
 * service's table. `options` may be NULL. The receiver is copied.
 *   MBR_UNIMPLEMENTED, MBR_MISMATCH  as the handshake found
 *   MBR_BUSY         as many calls are open as there is memory for
 *   MBR_WOULD_BLOCK  no room in the outbox now
 *   MBR_NO_MEMORY    it is larger than a quarter of the outbox, and no block can be had
 *   MBR_CLOSED       the connection has ended
 * Where this or the commit answers anything but MBR_OK nothing was sent and the receiver hears nothing.
 * `request` is good from here on, and may have ended when the commit returns: give it to whoever needs it
 * before that. A oneway leaves it naming nothing. */
MBR_MUST_CHECK mbr_status mbr_request_begin(const mbr_client *client, size_t method, size_t arguments,
                                            const mbr_request_options *options, const mbr_receiver *receiver,
                                            mbr_writer *w, mbr_request *request);
MBR_MUST_CHECK mbr_status mbr_request_commit(mbr_request request, mbr_writer *w, mbr_status encoded);

/* Ends the call at once: its receiver is told MBR_CANCELLED, on an executor thread, unless it is being told
 * of another ending. The other side is told too. Before mbr_request_commit: the commit sends nothing, answers
 * MBR_OK, and its receiver is told then. MBR_CLOSED: it has ended. Any thread. */
mbr_status mbr_request_cancel(mbr_request request);

/* A stream's items stop coming, but for those under way, and come again. They nest not: one resume undoes any
 * number of pauses. MBR_CLOSED: the call has ended. MBR_MISUSE: its result is no stream. Any thread. */
mbr_status mbr_request_pause(mbr_request request);
mbr_status mbr_request_resume(mbr_request request);

/* For generated code: opens and commits an item of the stream parameter, as mbr_call_begin does for a
 * result. MBR_WOULD_BLOCK: the receiver's `ready` will be called once when there is credit and room
 * again. MBR_CLOSED: the call or its stream parameter has ended. MBR_MISUSE: it has none. */
MBR_MUST_CHECK mbr_status mbr_request_item_begin(mbr_request request, size_t payload, mbr_writer *w);
MBR_MUST_CHECK mbr_status mbr_request_item_commit(mbr_request request, mbr_writer *w, mbr_status encoded);

/* Ends the stream parameter. MBR_CLOSED: it or the call has ended. MBR_MISUSE: there is none. */
mbr_status mbr_request_end_items(mbr_request request);

/* For generated code, the blocking form: like mbr_request_begin, but the call's ending is brought about by
 * mbr_request_wait, which blocks until then. Always has a deadline: MBR_WAIT_TIMEOUT_MS where neither options
 * nor contract give one. Needs no executor thread. The answer is copied into `arena`, and `receiver` is told
 * by mbr_request_wait, on the waiting thread, before it returns.
 *   MBR_UNSUPPORTED  the transport has no way to wait
 *   MBR_DEADLOCK     on a thread that the other side waits for, as a handler beneath a Dart call is */
#ifndef MBR_WAIT_TIMEOUT_MS
#define MBR_WAIT_TIMEOUT_MS 5000u
#endif
MBR_MUST_CHECK mbr_status mbr_request_begin_wait(const mbr_client *client, size_t method, size_t arguments,
                                                 const mbr_request_options *options,
                                                 const mbr_receiver *receiver, mbr_arena *arena,
                                                 mbr_writer *w, mbr_request *request);
MBR_MUST_CHECK mbr_status mbr_request_wait(mbr_request request);

#ifdef __cplusplus
}
#endif
#endif
