/* runtime/dart/connection.h — one isolate's end of the runtime, as connections.c keeps it. */
#ifndef MBR_RUNTIME_DART_CONNECTION_H
#define MBR_RUNTIME_DART_CONNECTION_H

#include <pthread.h>

#include "clock.h"
#include "mbr/dart.h"
#include "mbr/transport.h"

typedef struct mbr_connection {
  mbr_dart_connection shared; /* first: its address is the connection's */
  mbr_peer peer;
  pthread_mutex_t peer_lock;
  pthread_cond_t answered; /* with peer_lock: something happened that blocking calls may wait for */
  pthread_mutex_t post_lock;
  mbr_alarm alarm; /* for the peer's deadlines */
  int64_t port;     /* under post_lock; 0 once nothing may be posted */
  void *memory;     /* the peer's, one block, with the answer buffer */
  uint8_t *outbox;       /* in it: the ring */
  uint8_t *answer_buffer; /* in it: where answers of sync calls go */
  uint8_t *answer_block; /* of the last sync call; or NULL */
  uintptr_t ticket; /* under table_lock: by which Dart closes; 0 when it has */
  unsigned users;   /* under table_lock: Dart, until it closes, and the peer, until it is quiet */
  bool prepared;    /* under table_lock: the mutexes and the condition are ready */
} mbr_connection;

#endif
