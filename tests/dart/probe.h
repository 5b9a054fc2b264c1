/* What the files of the probe share: counters, answers, threads. */
#ifndef TESTS_DART_PROBE_H
#define TESTS_DART_PROBE_H

#include <stdatomic.h>

#include "mbr/dart.h"

/* Read from Dart by their index. */
enum {
  EMITTED,
  CANCELLED,
  DISCONNECTED,
  NUDGED,
  OPEN_JOBS,
  WATCHED,
  ENDED,
  REASON,   /* of the last call that `hang` saw end */
  RUNNING,  /* handlers of `ordered` and `concurrent` at once, now */
  CROWDED,  /* and at most */
  LATE,     /* answers that were refused */
  DROPPED,  /* items under @latest */
  TAKEN,    /* items of stream parameters */
  LOGGED,   /* records of the log hook */
  ON_OTHER, /* tasks that the second executor has run */
  STRESS_BEGUN, /* calls and streams of probe_stress.c, and how they came to their end */
  STRESS_ENDED,
  STRESS_CANCELLED,
  STRESS_LOST, /* with their isolate */
  WATCH_CANCELLED, /* of the watched */
  HELD,            /* connections that are being made, and wait until probe_hold(false) */
  CLOCK,           /* what probe_hold_clock has come to */
  COUNTERS
};
extern atomic_uint counters[COUNTERS];

void sleep_us(uint32_t us);
bool probe_is_held(void); /* from probe_hold(true) until probe_hold(false) */
void start_thread(void *(*run)(void *), void *arg);

mbr_status send_u32(mbr_call call, mbr_frame_kind kind, uint32_t value);
mbr_status send_bytes(mbr_call call, mbr_frame_kind kind, mbr_bytes value);
mbr_status send_nothing(mbr_call call, mbr_frame_kind kind);
mbr_status send_limit(mbr_call call, float limit); /* the declared error */

/* Emits as soon as the consumer allows it. */
mbr_status emit_patiently(mbr_call call, uint32_t value);

/* Counts in CANCELLED. */
void count_cancel(void *arg, mbr_cancel_reason reason);

/* What the application's own threads do with a deferred call. */
typedef struct job {
  mbr_call call;
  uint32_t a;
  uint32_t b;
  void (*run)(struct job *job);
} job;
mbr_status start_job(mbr_call call, void (*run)(job *), uint32_t a, uint32_t b);

/* Reads two numbers and starts a job with them. */
mbr_status with_two(mbr_call call, mbr_reader *args, void (*run)(job *));

uint32_t fnv1a(const char *text);

/* Numbers the methods by their names, as mbrc does when it generates, and sorts them. Fingerprints not given
 * are the numbers. */
void number_methods(mbr_method *methods, size_t count);

/* probe_kinds.c: every kind of method. */
mbr_status serve_kinds(mbr_peer *peer);

/* probe_host.c: calls host services, as it is told. */
mbr_status serve_asker(mbr_peer *peer);

/* probe_stress.c: much of it at once. */
mbr_status serve_stress(mbr_peer *peer);

/* `probe.Calling`, of probe_calling.c. */
mbr_status serve_calling(mbr_peer *peer);

#endif
