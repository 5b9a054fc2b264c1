/* mbr/loopback.h — both ends of a connection in one process: tests of C logic without Dart.
 *
 *   mbr_loopback *l = mbr_loopback_open(NULL);
 *   climate_serve(mbr_loopback_near(l), &ops, &state);           the logic under test
 *   climate_client_open(&client, mbr_loopback_far(l));           what Dart would do
 *   mbr_loopback_run(l);                                         each side learns what the other serves
 *   climate_set_target_send(&client, 1, 21.5f, receiver, NULL, NULL);
 *   mbr_loopback_run(l);                                         until nothing moves any more
 *   assert_true(mbr_loopback_close(l));                          and nothing was leaked
 *
 * One thread does everything and time stands still, so that a test runs the same way each time: handlers
 * and callbacks run within the functions below that move frames, in the order in which they became due;
 * deadlines pass when mbr_loopback_advance says so. A blocking call moves frames until it is answered; when
 * nothing moves any more, its time is over at once. With an executor handlers and callbacks run there
 * instead, and calls may be made and answered on any thread; frames move while some thread runs the
 * loopback or waits for a blocking call.
 *
 * A test tool: needs POSIX threads, and takes its memory from malloc. */
#ifndef MBR_LOOPBACK_H
#define MBR_LOOPBACK_H

#include "mbr/transport.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mbr_loopback mbr_loopback;

/* Zero stands for what is usual. */
typedef struct mbr_loopback_options {
  mbr_executor *executor; /* runs at most MBR_LOOPBACK_RUNNERS of its tasks at once; outlives the loopback */
  bool real_time;         /* deadlines by the monotonic clock. Needed where a test has threads of its own */
  uint16_t calls;         /* open at once, each way */
  uint16_t services;      /* each side may serve */
  size_t outbox_size;     /* of each side, a power of two; small ones fill up early */
  size_t storage_size;    /* of each call served, a multiple of 16 */
} mbr_loopback_options;

#ifndef MBR_LOOPBACK_RUNNERS
#define MBR_LOOPBACK_RUNNERS 8u
#endif

/* Methods that each side may serve and keep counters for. */
#ifndef MBR_LOOPBACK_METHODS
#define MBR_LOOPBACK_METHODS 64u
#endif

/* Opens both ends. `options` may be NULL. NULL: memory is out, or the sizes are not as they must be. */
mbr_loopback *mbr_loopback_open(const mbr_loopback_options *options);

/* The two ends are alike; near is meant for the logic under test, far for what plays its other side. */
mbr_peer *mbr_loopback_near(mbr_loopback *loopback);
mbr_peer *mbr_loopback_far(mbr_loopback *loopback);

/* Does the next thing there is to do: tells what a side serves, moves one frame, or runs one task. False:
 * there is nothing, or another thread is at it. */
bool mbr_loopback_step(mbr_loopback *loopback);

/* Steps until nothing moves and no task runs any more; returns how many it took. Not within a handler or
 * callback. */
size_t mbr_loopback_run(mbr_loopback *loopback);

/* Steps until done(arg), in real time for `milliseconds` at most; what `done` said last. */
bool mbr_loopback_run_until(mbr_loopback *loopback, bool (*done)(void *arg), void *arg,
                            unsigned milliseconds);

/* Has that much time pass, unless it is real, then runs: deadlines that are reached end their calls. */
void mbr_loopback_advance(mbr_loopback *loopback, unsigned milliseconds);

/* Ends the connection of both sides and runs what follows. Idempotent. */
void mbr_loopback_disconnect(mbr_loopback *loopback);

/* Blocks that calls, items and arenas of both sides hold now. Any thread. */
size_t mbr_loopback_blocks(mbr_loopback *loopback);

/* Disconnects and frees everything; calls and requests of the connection are MBR_CLOSED from then on. For
 * that, the two peers themselves with their locks, about 3 KiB, are kept on purpose until the process ends and
 * used for the next loopback: a leak checker may show as many of them as still reachable as were open at once.
 * False, and nothing was freed: a deferred call was never ended, a blocking call never waited for, blocks
 * are left, or another thread is still within a function of the connection. It may be called again. */
bool mbr_loopback_close(mbr_loopback *loopback);

#ifdef __cplusplus
}
#endif
#endif
