/* A cable between two lines of one process: each end gets a socket, and a thread carries the bytes from one
 * to the other while it is told to. It can be cut (both see the end of their descriptors), plugged in again,
 * and muted: nothing arrives any more, and nobody is told. */
#ifndef TESTS_LINE_CABLE_H
#define TESTS_LINE_CABLE_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct cable cable;

typedef struct cable_end {
  cable *of;
  int socket; /* the cable's own; negative: nobody has opened this end */
  unsigned opened; /* how often */
} cable_end;

struct cable {
  cable_end ends[2];
  pthread_mutex_t lock;
  pthread_t thread;
  int wake[2];
  bool is_plugged, is_mute, is_stopping;
  unsigned garbles; /* of a million bytes */
  uint32_t random;
};

static inline void cable_tell(cable *c, bool *flag, bool value) {
  const char byte = 0;
  pthread_mutex_lock(&c->lock);
  *flag = value;
  if (write(c->wake[1], &byte, 1) != 1) abort();
  pthread_mutex_unlock(&c->lock);
}

/* What a line opens its end with; `arg` is the cable_end. */
static inline int cable_open(void *arg) {
  cable_end *end = arg;
  cable *c = end->of;
  int sockets[2] = {-1, -1};
  const char byte = 0;
  pthread_mutex_lock(&c->lock);
  end->opened++;
  if (c->is_plugged && socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) == 0) {
    if (end->socket >= 0) (void)close(end->socket);
    end->socket = sockets[0];
    if (fcntl(end->socket, F_SETFL, O_NONBLOCK) != 0) abort();
    if (write(c->wake[1], &byte, 1) != 1) abort();
  }
  pthread_mutex_unlock(&c->lock);
  return sockets[1];
}

/* The end leads to a descriptor that was opened elsewhere, and is the cable's from here on. */
static inline void cable_join(cable_end *end, int descriptor) {
  const char byte = 0;
  pthread_mutex_lock(&end->of->lock);
  end->socket = descriptor;
  if (fcntl(descriptor, F_SETFL, O_NONBLOCK) != 0) abort();
  if (write(end->of->wake[1], &byte, 1) != 1) abort();
  pthread_mutex_unlock(&end->of->lock);
}

static inline unsigned cable_opened(cable *c, int end) {
  pthread_mutex_lock(&c->lock);
  const unsigned opened = c->ends[end].opened;
  pthread_mutex_unlock(&c->lock);
  return opened;
}

static inline void cable_drop(cable_end *end) {
  if (end->socket >= 0) (void)close(end->socket);
  end->socket = -1;
}

static inline void cable_garble(cable *c, uint8_t *bytes, size_t size) {
  for (size_t i = 0; c->garbles != 0 && i < size; i++) {
    c->random = c->random * 1664525u + 1013904223u;
    if ((c->random >> 8) % 1000000u < c->garbles) bytes[i] ^= (uint8_t)(c->random >> 24 | 1u);
  }
}

/* Under the lock; a line that has gone is noticed when it is read from. */
static inline void cable_carry(cable *c, int from) {
  uint8_t bytes[1024];
  cable_end *source = &c->ends[from], *target = &c->ends[1 - from];
  const ssize_t size = read(source->socket, bytes, sizeof bytes);
  if (size == 0 || (size < 0 && errno != EAGAIN)) cable_drop(source);
  if (size <= 0 || c->is_mute) return;
  cable_garble(c, bytes, (size_t)size);
  for (ssize_t done = 0; target->socket >= 0 && done < size;) {
    const ssize_t sent = write(target->socket, bytes + done, (size_t)(size - done));
    struct pollfd full = {target->socket, POLLOUT, 0};
    if (sent > 0) done += sent;
    else if (errno != EAGAIN || poll(&full, 1, 100) <= 0) return; /* what nobody takes is lost */
  }
}

static inline void *cable_run(void *arg) {
  cable *c = arg;
  pthread_mutex_lock(&c->lock);
  while (!c->is_stopping) {
    struct pollfd fds[3] = {{c->wake[0], POLLIN, 0}};
    for (int i = 0; i < 2; i++) {
      fds[1 + i] = (struct pollfd){c->ends[i].socket, POLLIN, 0};
    }
    pthread_mutex_unlock(&c->lock);
    char byte;
    (void)poll(fds, 3, -1);
    pthread_mutex_lock(&c->lock);
    if (fds[0].revents != 0 && read(c->wake[0], &byte, 1) != 1) abort();
    for (int i = 0; i < 2; i++) {
      if (fds[1 + i].revents != 0 && c->ends[i].socket == fds[1 + i].fd) cable_carry(c, i);
    }
  }
  for (int i = 0; i < 2; i++) cable_drop(&c->ends[i]);
  pthread_mutex_unlock(&c->lock);
  return NULL;
}

static inline void cable_start(cable *c) {
  *c = (cable){.ends = {{c, -1, 0}, {c, -1, 0}}, .is_plugged = true, .random = 1};
  (void)signal(SIGPIPE, SIG_IGN); /* an end may go at any time */
  if (pipe(c->wake) != 0 || pthread_mutex_init(&c->lock, NULL) != 0) abort();
  if (pthread_create(&c->thread, NULL, cable_run, c) != 0) abort();
}

static inline void cable_stop(cable *c) {
  cable_tell(c, &c->is_stopping, true);
  (void)pthread_join(c->thread, NULL);
  (void)close(c->wake[0]);
  (void)close(c->wake[1]);
  pthread_mutex_destroy(&c->lock);
}

/* What is on its way is lost, and either end can be opened again only when the cable is plugged in. */
static inline void cable_cut(cable *c) {
  pthread_mutex_lock(&c->lock);
  c->is_plugged = false;
  for (int i = 0; i < 2; i++) cable_drop(&c->ends[i]);
  pthread_mutex_unlock(&c->lock);
}

static inline void cable_plug(cable *c) { cable_tell(c, &c->is_plugged, true); }

static inline void cable_mute(cable *c, bool mute) { cable_tell(c, &c->is_mute, mute); }

#endif
