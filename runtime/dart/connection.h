/* runtime/dart/connection.h — one isolate's end of the runtime, as connections.c keeps it. */
#ifndef MBR_RUNTIME_DART_CONNECTION_H
#define MBR_RUNTIME_DART_CONNECTION_H

#include <pthread.h>

#include "mbr/dart.h"
#include "mbr/transport.h"

typedef struct mbr_connection {
  mbr_dart_connection shared; /* first: its address is the connection's */
  mbr_peer peer;
  pthread_mutex_t peer_lock;
  pthread_mutex_t post_lock;
  int64_t port;     /* under post_lock; 0 once nothing may be posted */
  void *memory;     /* the peer's, one block */
  uintptr_t ticket; /* under table_lock: by which Dart closes; 0 when it has */
  unsigned users;   /* under table_lock: Dart, until it closes, and the peer, until it is quiet */
  bool prepared;    /* under table_lock: the mutexes are ready */
} mbr_connection;

#endif
