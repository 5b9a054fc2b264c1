/* The connections of a library, each between one isolate and one peer: their memory, locks and ends, and
 * the threads that serve them all. Knows nothing of frames' contents.
 *
 * A connection is a place in a static table. Its peer and its mutexes stay there for good, so that a
 * call's handle may be used long after its isolate has gone; what goes is the memory, once both users
 * of a connection have left: Dart, which reads the ring until it closes, and the peer, which needs
 * everything until it is quiet.
 *
 * Locks, none of them taken under another:
 *   table_lock  who uses a place, and whether the process is exiting
 *   peer_lock   the peer's; leaf calls take it; blocking calls wait with it
 *   post_lock   held over each post, so that none follows the end of the isolate; no leaf call takes it */
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>

#include "blocks.h"
#include "config.h"
#include "connection.h"
#include "dl.h"
#include "mbr/pool.h"

#define DOORBELL 1

#define ALIGNMENT 16u
#define ALIGN(size) (((size_t)(size) + (ALIGNMENT - 1u)) & ~(size_t)(ALIGNMENT - 1u))

_Static_assert(MBR_DART_CALLS <= UINT16_MAX, "a call's index has 16 bits");
_Static_assert(MBR_DART_HOST_CALLS <= UINT16_MAX, "in either direction");
_Static_assert(MBR_DART_SERVICES <= UINT16_MAX, "and so has a service's place");

static mbr_connection table[MBR_DART_CONNECTIONS];
static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;
static mbr_pool pool;
static bool pool_started;
static bool exit_watched;
static bool exiting;

static void release(mbr_connection *c) {
  pthread_mutex_lock(&table_lock);
  if (--c->users == 0) {
    mbr_block_free(c->answer_block);
    c->answer_block = NULL;
    mbr_block_free(c->shared.request);
    mbr_block_free(c->memory);
  }
  pthread_mutex_unlock(&table_lock);
}

/* Nothing is posted from here on, and every call is cancelled, whatever the executor is busy with: a handler
 * that holds one of its threads may be waiting for just that. */
static void end(mbr_connection *c) {
  pthread_mutex_lock(&c->post_lock);
  bool was_open = c->port != 0;
  c->port = 0;
  pthread_mutex_unlock(&c->post_lock);
  if (was_open) mbr_peer_close(&c->peer);
}

/* The connection that Dart closes with this ticket, which is then no longer good. */
static mbr_connection *take_back(uintptr_t ticket) {
  mbr_connection *found = NULL;
  pthread_mutex_lock(&table_lock);
  for (size_t i = 0; i < MBR_DART_CONNECTIONS && found == NULL; i++) {
    if (table[i].ticket == ticket) found = &table[i];
  }
  if (found != NULL) found->ticket = 0;
  pthread_mutex_unlock(&table_lock);
  return found;
}

void *mbr_dart_ticket(void) {
  static uintptr_t last;
  pthread_mutex_lock(&table_lock);
  if (++last == 0) last = 1;
  uintptr_t ticket = last;
  pthread_mutex_unlock(&table_lock);
  return (void *)ticket;
}

void mbr_dart_close(void *ticket) {
  mbr_connection *c = ticket != NULL ? take_back((uintptr_t)ticket) : NULL;
  if (c == NULL) return;
  end(c);
  mbr_peer_consume(&c->peer, 0); /* the isolate may have died with frames in its hands */
  release(c);
}

/* Runs at exit(), before anything that was set up before the first connection is torn down, the Dart VM
 * included: no post may follow. Isolates may still be reading rings, so their memory stays. */
static void shut_down(void) {
  pthread_mutex_lock(&table_lock);
  exiting = true;
  pthread_mutex_unlock(&table_lock);
  /* Nothing is prepared or started any more. */
  for (size_t i = 0; i < MBR_DART_CONNECTIONS; i++) {
    if (table[i].prepared) end(&table[i]);
  }
  mbr_clock_stop();
  if (pool_started) (void)mbr_pool_wind_up(&pool, MBR_DART_EXIT_WAIT_MS);
}

bool mbr_dart_is_exiting(void) {
  pthread_mutex_lock(&table_lock);
  bool answer = exiting;
  pthread_mutex_unlock(&table_lock);
  return answer;
}

static void lock(void *owner) { pthread_mutex_lock(&((mbr_connection *)owner)->peer_lock); }

static void unlock(void *owner) { pthread_mutex_unlock(&((mbr_connection *)owner)->peer_lock); }

static void wake(void *owner) {
  mbr_connection *c = owner;
  pthread_mutex_lock(&c->post_lock);
  bool refused = c->port != 0 && !mbr_dl_post(c->port, DOORBELL);
  pthread_mutex_unlock(&c->post_lock);
  if (refused) end(c);
}

static void schedule(void *owner, mbr_task *task) {
  (void)owner;
  mbr_pool_submit(&pool, task);
}

static void *take_block(void *owner, size_t size) {
  (void)owner;
  return mbr_block_alloc(size);
}

static void free_block(void *owner, void *block) {
  (void)owner;
  mbr_block_free(block);
}

static uint64_t now(void *owner) {
  (void)owner;
  return mbr_clock_now();
}

static uint64_t poll(mbr_alarm *alarm) {
  char *place = (char *)alarm - offsetof(mbr_connection, alarm);
  return mbr_peer_poll(&((mbr_connection *)(void *)place)->peer);
}

static void set_alarm(void *owner, uint64_t at) {
  mbr_clock_set_alarm(&((mbr_connection *)owner)->alarm, at);
}

/* What would answer is the isolate's own thread, so that must not wait. */
static mbr_status await_answer(void *owner, uint64_t until) {
  mbr_connection *c = owner;
  if (mbr_dl_in_dart()) return MBR_DEADLOCK;
  mbr_clock_wait(&c->answered, &c->peer_lock, until);
  return MBR_OK;
}

static void notify(void *owner) { pthread_cond_broadcast(&((mbr_connection *)owner)->answered); }

static void quiet(void *owner) { release(owner); }

static const mbr_hooks hooks = {
  .lock = lock,
  .unlock = unlock,
  .wake = wake,
  .schedule = schedule,
  .alloc = take_block,
  .free = free_block,
  .now = now,
  .alarm = set_alarm,
  .wait = await_answer,
  .notify = notify,
  .quiet = quiet,
};

static uint8_t *carve(uint8_t **rest, size_t size) {
  uint8_t *taken = *rest;
  *rest += ALIGN(size);
  return taken;
}

static bool take_memory(mbr_connection *c, mbr_peer_memory *memory) {
  const size_t slots = MBR_DART_CALLS * sizeof(struct mbr_slot);
  const size_t calls = MBR_DART_CALLS * sizeof(uint16_t);
  const size_t bindings = MBR_DART_SERVICES * sizeof(struct mbr_binding);
  const size_t requests = MBR_DART_HOST_CALLS * sizeof(struct mbr_asked);
  const size_t counters = MBR_DART_METHODS * sizeof(mbr_counters);
  const size_t storage = MBR_DART_CALLS * ALIGN(MBR_DART_CALL_STORAGE);
  c->shared.request = mbr_block_alloc(MBR_DART_REQUEST_SIZE);
  c->memory = mbr_block_alloc(ALIGNMENT + ALIGN(slots) + ALIGN(calls) + ALIGN(bindings) + ALIGN(requests) +
                              ALIGN(counters) + storage + ALIGN(MBR_DART_ANSWER_SIZE) + MBR_DART_RING_SIZE);
  if (c->shared.request == NULL || c->memory == NULL) return false;
  uint8_t *rest = c->memory;
  rest += (ALIGNMENT - (uintptr_t)rest % ALIGNMENT) % ALIGNMENT;
  memory->slots = (struct mbr_slot *)(void *)carve(&rest, slots);
  memory->slot_count = MBR_DART_CALLS;
  memory->calls = (uint16_t *)(void *)carve(&rest, calls);
  memory->call_count = MBR_DART_CALLS;
  memory->bindings = (struct mbr_binding *)(void *)carve(&rest, bindings);
  memory->binding_count = MBR_DART_SERVICES;
  memory->requests = (struct mbr_asked *)(void *)carve(&rest, requests);
  memory->request_count = MBR_DART_HOST_CALLS;
  memory->counters = (mbr_counters *)(void *)carve(&rest, counters);
  memory->counter_count = MBR_DART_METHODS;
  memory->storage = carve(&rest, storage);
  memory->storage_size = ALIGN(MBR_DART_CALL_STORAGE);
  c->answer_buffer = carve(&rest, MBR_DART_ANSWER_SIZE);
  memory->outbox = rest;
  memory->outbox_size = MBR_DART_RING_SIZE;
  c->outbox = memory->outbox;
  c->shared.ring = memory->outbox;
  c->shared.ring_size = MBR_DART_RING_SIZE;
  c->shared.request_size = MBR_DART_REQUEST_SIZE;
  c->shared.answer = c->answer_buffer;
  c->shared.answer_size = MBR_DART_ANSWER_SIZE;
  c->shared.call_count = MBR_DART_CALLS;
  return true;
}

/* What all connections share starts with the first. Under table_lock. */
static mbr_dart_failure start(const mbr_dart_api *api, void *dl) {
  if (exiting) return MBR_DART_SHUT_DOWN;
  if (!mbr_dl_load(dl)) return MBR_DART_NO_API;
  if (!exit_watched && atexit(shut_down) != 0) return MBR_DART_NO_RESOURCES;
  exit_watched = true;
  const size_t threads = api->threads != 0 ? api->threads : MBR_DART_THREADS;
  const size_t stack_size = api->stack_size != 0 ? api->stack_size : MBR_DART_STACK_SIZE;
  if (!pool_started) pool_started = mbr_pool_start(&pool, threads, stack_size) == MBR_OK;
  return pool_started ? MBR_DART_OPENED : MBR_DART_NO_RESOURCES;
}

/* A lock that is only ever held for so short that to sleep until it is free takes longer. */
static bool init_short_lock(pthread_mutex_t *mutex) {
  pthread_mutexattr_t attributes;
  if (pthread_mutexattr_init(&attributes) != 0) return false;
#ifdef __GLIBC__
  (void)pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ADAPTIVE_NP);
#endif
  bool ready = pthread_mutex_init(mutex, &attributes) == 0;
  pthread_mutexattr_destroy(&attributes);
  return ready;
}

/* A place's mutexes and its condition are never destroyed. Under table_lock. */
static bool prepare(mbr_connection *c) {
  if (c->prepared) return true;
  bool peer_lock = init_short_lock(&c->peer_lock);
  bool post_lock = pthread_mutex_init(&c->post_lock, NULL) == 0;
  bool answered = mbr_clock_init_condition(&c->answered) == 0;
  c->alarm.ring = poll;
  c->prepared = peer_lock && post_lock && answered;
  if (c->prepared) return true;
  if (peer_lock) pthread_mutex_destroy(&c->peer_lock);
  if (post_lock) pthread_mutex_destroy(&c->post_lock);
  if (answered) pthread_cond_destroy(&c->answered);
  return false;
}

/* A free place. Under table_lock. */
static mbr_dart_failure find_place(mbr_connection **found) {
  for (size_t i = 0; i < MBR_DART_CONNECTIONS; i++) {
    if (table[i].users != 0) continue;
    *found = &table[i];
    return prepare(&table[i]) ? MBR_DART_OPENED : MBR_DART_NO_RESOURCES;
  }
  return MBR_DART_NO_CONNECTION;
}

/* A place that Dart and the peer use from here on. */
static mbr_dart_failure claim(const mbr_dart_api *api, void *dl, void *ticket, mbr_connection **claimed) {
  pthread_mutex_lock(&table_lock);
  mbr_dart_failure failure = start(api, dl);
  if (failure == MBR_DART_OPENED) failure = find_place(claimed);
  if (failure == MBR_DART_OPENED) {
    (*claimed)->users = 2;
    (*claimed)->ticket = (uintptr_t)ticket;
  }
  pthread_mutex_unlock(&table_lock);
  return failure;
}

static mbr_dart_opened refuse(mbr_dart_failure failure, mbr_status status) {
  return (mbr_dart_opened){(int32_t)failure, (int32_t)status, NULL};
}

/* Posts may begin, unless the process began to exit since the place was claimed. */
static bool set_port(mbr_connection *c, int64_t port) {
  pthread_mutex_lock(&c->post_lock);
  c->port = port;
  pthread_mutex_unlock(&c->post_lock);
  return !mbr_dart_is_exiting();
}

mbr_dart_opened mbr_dart_open(const mbr_dart_api *api, void *dl, int64_t port, void *ticket) {
  mbr_connection *c = NULL;
  mbr_dart_failure failure = claim(api, dl, ticket, &c);
  if (failure != MBR_DART_OPENED) return refuse(failure, MBR_OK);
  mbr_peer_memory memory;
  mbr_status status = take_memory(c, &memory) ? mbr_peer_open(&c->peer, &memory, &hooks, c) : MBR_NO_MEMORY;
  if (status != MBR_OK) {
    release(c); /* for the peer, which will not be heard of */
    failure = MBR_DART_NO_RESOURCES;
  } else if (!set_port(c, port)) {
    failure = MBR_DART_SHUT_DOWN;
  } else if ((status = api->connect(&c->peer)) != MBR_OK) {
    failure = MBR_DART_NOT_CONNECTED;
  }
  if (failure == MBR_DART_OPENED) return (mbr_dart_opened){MBR_DART_OPENED, MBR_OK, &c->shared};
  mbr_dart_close(ticket);
  return refuse(failure, status);
}
