/* mbr/dart.h — puts a library's services within reach of Dart, in the same process.
 *
 * An application writes MBR_DART_LIBRARY once and builds everything with -fvisibility=hidden; that is
 * all it needs from here. Its handlers and callbacks run on threads that the library's connections share, or
 * where mbr_peer_run_on says; the limits of all that stand in runtime/dart/config.h. The rest is the binary
 * interface that dart_templates/native.dart mirrors: it changes only together with that file and
 * MBR_DART_ABI. Knows nothing of schemas. */
#ifndef MBR_DART_H
#define MBR_DART_H

#include "mbr/peer.h"

#ifdef __cplusplus
extern "C" {
#endif

#define MBR_DART_MAGIC 0x6472626du /* "mbrd" */
#define MBR_DART_ABI 3u

/* The part of a connection that Dart reads for itself. `request` and `request_size` change in `resize` alone,
 * `answer` in `sync`, `counters` in `counters`, the others never. All of it is valid until `close`. */
typedef struct mbr_dart_connection {
  const uint8_t *ring;   /* frames for Dart, where `drain` says */
  uint8_t *request;      /* frames from Dart are put here */
  const uint8_t *answer; /* the frame that answers the last sync call */
  uint32_t ring_size;
  uint32_t request_size;
  uint32_t answer_size; /* of the memory that `answer` leads to at first, and whenever answers fit */
  uint32_t call_count;  /* Dart's calls have indices below this */
  mbr_counters counters;
} mbr_dart_connection;

/* A function that Dart calls without a frame, with what it is called for; both NULL: there is none. Valid
 * until `close`. */
typedef struct mbr_dart_function {
  void (*function)(void);
  const mbr_target *target;
} mbr_dart_function;

/* Why `open` made no connection. */
typedef enum mbr_dart_failure {
  MBR_DART_OPENED = 0,
  MBR_DART_NO_API = 1,         /* the Dart VM lacks what the runtime needs of its native API */
  MBR_DART_NO_CONNECTION = 2,  /* MBR_DART_CONNECTIONS are in use (runtime/dart/config.h) */
  MBR_DART_NO_RESOURCES = 3,   /* no memory or threads; see `status` */
  MBR_DART_NOT_CONNECTED = 4,  /* the application's connect function answered `status` */
  MBR_DART_SHUT_DOWN = 5       /* the process is exiting */
} mbr_dart_failure;

/* With the size of an answer: `drain` is to be called. Small enough for Dart's small integers. */
#define MBR_DART_DRAIN 0x20000000

typedef struct mbr_dart_opened {
  int32_t failure; /* mbr_dart_failure */
  int32_t status;  /* mbr_status */
  mbr_dart_connection *connection; /* NULL on failure */
} mbr_dart_opened;

/* Application code called once for each isolate that connects, on that isolate's thread: serves what
 * the isolate may call (mbr_peer_serve, or its typed wrappers). Anything but MBR_OK refuses the isolate;
 * a callback given to mbr_peer_on_disconnect before is then called too. Where the process exits while the
 * isolate lives, that callback may run beside a sync method of scalars, which Dart calls directly. */
typedef mbr_status mbr_dart_connect(mbr_peer *peer);

/* What the library's one exported function returns. A connection belongs to one isolate: only its thread
 * calls what takes a connection, one at a time, and none of it after close. But for submit_here, sync and
 * take these may be leaf calls: they never post to Dart, call back or wait for anything but short locks. */
typedef struct mbr_dart_api {
  uint32_t magic;
  uint32_t abi;
  mbr_dart_connect *connect;
  uint32_t threads;    /* of all connections, as the first one says; 0: MBR_DART_THREADS */
  uint32_t stack_size; /* 0: MBR_DART_STACK_SIZE */

  /* A name for a connection before there is one: never NULL, never given twice. Dart has a finalizer call
   * `close` with it before it calls `open`, so that an isolate may die at any moment and leave nothing. */
  void *(*ticket)(void);

  /* `dl` is NativeApi.initializeApiDLData; `ticket` a fresh one. A small integer is posted to `port` when
   * there is something to `drain` and the last `drain` found nothing. Runs `connect`: no leaf call. */
  mbr_dart_opened (*open)(const struct mbr_dart_api *api, void *dl, int64_t port, void *ticket);

  /* Sends the frame of `size` bytes at the start of the request buffer. An mbr_status: anything but
   * MBR_OK means that nothing of it was kept. */
  int32_t (*submit)(mbr_dart_connection *connection, uint32_t size);

  /* As submit, for the CALL of an inline method, whose handler may run meanwhile. The size of the frame that
   * answers it, which lies where `answer` led at first until the next call of this or of sync; 0: it comes
   * through the ring. With MBR_DART_DRAIN `drain` is to be called until it answers 0, as no integer is posted
   * for what is there. An mbr_status, negated, where the CALL was refused. */
  int32_t (*submit_here)(mbr_dart_connection *connection, uint32_t size);

  /* As submit, for the CALL of a sync method, which has run when this returns. The size of the frame that
   * answers it, which lies at `answer` until the next sync call; an mbr_status, negated, where the CALL was
   * refused. */
  int32_t (*sync)(mbr_dart_connection *connection, uint32_t size);

  /* Sends a CANCEL, CREDIT or END frame (mbr_frame_kind) with these flags for `call`, leaving the request
   * buffer alone. */
  int32_t (*control)(mbr_dart_connection *connection, uint32_t kind, uint32_t flags, uint32_t call,
                     uint32_t value);

  /* Gives back the first `consumed` bytes, whole frames, of the last run, then returns the run that
   * follows: its offset in the ring in the high 32 bits, its size in the low ones, 0 for none. Frames lie
   * there as mbr_peer_outgoing tells; those of the last run must not be read any more. */
  uint64_t (*drain)(mbr_dart_connection *connection, uint32_t consumed);

  /* Gives the block of the frame at `offset` in the ring, which has MBR_FRAME_BLOCK, to the Dart object with
   * the handle `bytes`: it outlives the connection and the isolate, since Isolate.exit may have sent the
   * object to another, and is freed when the object is garbage. An mbr_status: anything but MBR_OK means that
   * it was not given away. */
  int32_t (*take)(mbr_dart_connection *connection, uint32_t offset, void *bytes);

  /* Makes the request buffer `size` bytes, keeping what fits. MBR_NO_MEMORY: it is as it was. */
  int32_t (*resize)(mbr_dart_connection *connection, uint32_t size);

  /* Puts the HELLO frame of the service with this index at the start of the request buffer, if it fits, and
   * returns its size; 0 when there is no such service. */
  uint32_t (*hello)(mbr_dart_connection *connection, uint32_t index);

  /* The function of a sync method of scalars. */
  mbr_dart_function (*direct)(mbr_dart_connection *connection, uint32_t method);

  /* Has `counters` be those of the method. An mbr_status. */
  int32_t (*counters)(mbr_dart_connection *connection, uint32_t method);

  /* Ends the connection that was opened with `ticket`; nothing where there is none (any more). No leaf
   * call: waits for a post in progress. May be a native finalizer: any thread will do, and what this sets
   * off of the application's code runs on the executor. */
  void (*close)(void *ticket);
} mbr_dart_api;

void *mbr_dart_ticket(void);
mbr_dart_opened mbr_dart_open(const mbr_dart_api *api, void *dl, int64_t port, void *ticket);
int32_t mbr_dart_submit(mbr_dart_connection *connection, uint32_t size);
int32_t mbr_dart_submit_here(mbr_dart_connection *connection, uint32_t size);
int32_t mbr_dart_sync(mbr_dart_connection *connection, uint32_t size);
int32_t mbr_dart_control(mbr_dart_connection *connection, uint32_t kind, uint32_t flags, uint32_t call,
                         uint32_t value);
uint64_t mbr_dart_drain(mbr_dart_connection *connection, uint32_t consumed);
int32_t mbr_dart_take(mbr_dart_connection *connection, uint32_t offset, void *bytes);
int32_t mbr_dart_resize(mbr_dart_connection *connection, uint32_t size);
uint32_t mbr_dart_hello(mbr_dart_connection *connection, uint32_t index);
mbr_dart_function mbr_dart_direct(mbr_dart_connection *connection, uint32_t method);
int32_t mbr_dart_counters(mbr_dart_connection *connection, uint32_t method);
void mbr_dart_close(void *ticket);

#ifdef __cplusplus
#define MBR_DART_C extern "C"
#else
#define MBR_DART_C
#endif

#if defined(__GNUC__) || defined(__clang__)
#define MBR_DART_EXPORT __attribute__((visibility("default"), used))
#else
#define MBR_DART_EXPORT
#endif

/* Stands once in the application's code, outside any function; no semicolon follows it. Defines the
 * library's only exported symbol, <package>_connect, by which the Dart package of that name finds it. */
#define MBR_DART_LIBRARY(package, connect) MBR_DART_LIBRARY_ON(package, connect, 0, 0)

/* As MBR_DART_LIBRARY, with the number of threads that handlers and callbacks run on, and the bytes of their
 * stacks; 0: as runtime/dart/config.h says. */
#define MBR_DART_LIBRARY_ON(package, connect, threads, stack_size)                  \
  MBR_DART_C MBR_DART_EXPORT const mbr_dart_api *package##_connect(void);           \
  MBR_DART_C MBR_DART_EXPORT const mbr_dart_api *package##_connect(void) {          \
    static const mbr_dart_api api = {MBR_DART_MAGIC,       MBR_DART_ABI,            \
                                     connect,              (threads),               \
                                     (stack_size),         mbr_dart_ticket,         \
                                     mbr_dart_open,        mbr_dart_submit,         \
                                     mbr_dart_submit_here, mbr_dart_sync,           \
                                     mbr_dart_control,     mbr_dart_drain,          \
                                     mbr_dart_take,        mbr_dart_resize,         \
                                     mbr_dart_hello,       mbr_dart_direct,         \
                                     mbr_dart_counters,    mbr_dart_close};         \
    return &api;                                                                    \
  }

/* Whether the process has begun to exit, by which connections end while their isolates may go on running for a
 * moment. A disconnect callback that finds this true leaves alone what direct functions (sync methods of
 * scalars) use: nothing but an isolate's end shows that it is within none of them. Any thread. */
bool mbr_dart_is_exiting(void);

/* Blocks of heap memory that the runtime holds: 0 once every connection has ended and no call is
 * open. For tests and monitoring. Any thread. */
size_t mbr_live_blocks(void);

#ifdef __cplusplus
}
#endif
#endif
