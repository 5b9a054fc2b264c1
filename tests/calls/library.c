/* The library behind tests/calls: one state for each connection, and its services. */
#include "library.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "mbr/dart.h"

/* As many as a test opens; what a connection has used stays as it is until the process ends. */
#define CONNECTIONS_MAX 64u

void sleep_ms(uint32_t ms) {
  struct timespec rest = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000L};
  while (nanosleep(&rest, &rest) != 0) continue;
}

typedef struct job {
  void (*work)(void *arg);
  max_align_t arg[];
} job;

static void *run(void *arg) {
  job *j = arg;
  j->work(j->arg);
  free(j);
  return NULL;
}

void on_thread(void (*work)(void *arg), const void *arg, size_t size) {
  job *j = malloc(sizeof *j + size);
  pthread_t thread;
  if (j == NULL) abort();
  j->work = work;
  memcpy(j->arg, arg, size);
  if (pthread_create(&thread, NULL, run, j) != 0) abort();
  (void)pthread_detach(thread);
}

mbr_str text_of(const char *text) { return (mbr_str){text, strlen(text)}; }

static void count_line(void *arg, const mbr_log_record *record) {
  library *l = arg;
  if (record->method != NULL && strncmp(record->method, "calls.Logging.", 14) == 0)
    atomic_fetch_add(&l->logged, 1);
}

static mbr_status connect(mbr_peer *peer) {
  static library libraries[CONNECTIONS_MAX];
  static atomic_uint count;
  unsigned index = atomic_fetch_add(&count, 1);
  if (index >= CONNECTIONS_MAX) return MBR_BUSY;
  library *l = &libraries[index];
  l->peer = peer;
  mbr_status status = calls_dialogs_client_open(&l->dialogs, peer);
  if (status == MBR_OK) status = mbr_peer_on_log(peer, MBR_LOG_DEBUG, count_line, l);
  if (status == MBR_OK) status = serve_endings(l);
  if (status == MBR_OK) status = serve_direct(l);
  if (status == MBR_OK) status = serve_flow(l);
  if (status == MBR_OK) status = serve_types(l);
  if (status == MBR_OK) status = serve_bridge(l);
  return status;
}

/* Read by the test through dart:ffi. */
MBR_DART_EXPORT uint32_t calls_live_blocks(void);
MBR_DART_EXPORT uint32_t calls_live_blocks(void) { return (uint32_t)mbr_live_blocks(); }

MBR_DART_LIBRARY(calls, connect)
