/* The way to one remote peer: what its line tells of it, and the streams that pass that on. Knows nothing of
 * calls. */
#include "private.h"

#include <stdlib.h>

#include "../exec/clock.h"

static mbr_leg *leg_of(mbr_line_user *user) { return (mbr_leg *)(void *)user; }

static void lock_topic(void *owner) { pthread_mutex_lock(owner); }

static void unlock_topic(void *owner) { pthread_mutex_unlock(owner); }

static void publish(mbr_leg *leg, bool is_up) {
  mbr_writer w;
  if (mbr_topic_begin(&leg->topic, 1, &w) != MBR_OK) return;
  const mbr_status status = mbr_write_bool(&w, is_up);
  (void)mbr_topic_commit(&leg->topic, &w, status);
}

mbr_status mbr_leg_watch(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  mbr_call_origin origin;
  (void)ops;
  (void)args;
  if (mbr_call_get_origin(call, &origin) != MBR_OK) return MBR_CLOSED;
  mbr_leg *leg = mbr_leg_find(self, &origin);
  return leg != NULL ? mbr_topic_subscribe(&leg->topic, call) : MBR_UNIMPLEMENTED;
}

static mbr_status connect(mbr_line_user *user, mbr_peer *peer) {
  mbr_leg *leg = leg_of(user);
  pthread_mutex_lock(&leg->lock);
  const mbr_status status = mbr_client_open(&leg->client, peer, &leg->bridge->remote, leg->compatibility);
  pthread_mutex_unlock(&leg->lock);
  return status;
}

static void heard(mbr_line_user *user, uint32_t service) {
  mbr_leg *leg = leg_of(user);
  pthread_mutex_lock(&leg->lock);
  const bool was_up = leg->is_up;
  if (service == 0) leg->is_told = true;
  else if (service == leg->bridge->name) leg->is_up = true;
  const bool is_up = leg->is_up;
  pthread_mutex_unlock(&leg->lock);
  if (is_up && !was_up) publish(leg, true);
}

static void lost(mbr_line_user *user) {
  mbr_leg *leg = leg_of(user);
  pthread_mutex_lock(&leg->lock);
  const bool was_up = leg->is_up;
  leg->is_up = leg->is_told = false;
  leg->busy_since = 0;
  pthread_mutex_unlock(&leg->lock);
  (void)mbr_routes_begin(leg, mbr_clock_now()); /* which ends them */
  if (was_up) publish(leg, false);
}

static uint64_t poll(mbr_line_user *user, uint64_t now) {
  return mbr_routes_begin(leg_of(user), now) ? now + MBR_BRIDGE_RETRY_MS : MBR_CLOCK_NEVER;
}

static bool leave(mbr_line_user *user) {
  mbr_leg *leg = leg_of(user);
  pthread_mutex_lock(&leg->lock);
  const bool leaves = atomic_load(&leg->in_use) == 0 && mbr_client_close(&leg->client);
  pthread_mutex_unlock(&leg->lock);
  return leaves;
}

bool mbr_leg_init(mbr_leg *leg, mbr_bridge *bridge, mbr_line *line) {
  uint8_t *compatibility = malloc(bridge->remote.method_count + 1u);
  if (compatibility == NULL) return false;
  const bool lock = pthread_mutex_init(&leg->lock, NULL) == 0;
  const bool topic_lock = pthread_mutex_init(&leg->topic_lock, NULL) == 0;
  if (!lock || !topic_lock) {
    if (lock) pthread_mutex_destroy(&leg->lock);
    if (topic_lock) pthread_mutex_destroy(&leg->topic_lock);
    free(compatibility);
    return false;
  }
  leg->user = (mbr_line_user){.connect = connect, .heard = heard, .lost = lost, .poll = poll, .leave = leave};
  leg->bridge = bridge;
  leg->line = line;
  leg->compatibility = compatibility;
  leg->topic = (mbr_topic){
    .lock = lock_topic,
    .unlock = unlock_topic,
    .owner = &leg->topic_lock,
    .subscribers = leg->watchers,
    .capacity = MBR_BRIDGE_WATCHERS,
    .values = leg->values,
    .value_capacity = 1,
  };
  publish(leg, false);
  return true;
}

/* Under its lock once, for whoever let the last route go to be done with it. */
void mbr_leg_free(mbr_leg *leg) {
  mbr_topic_close(&leg->topic);
  pthread_mutex_lock(&leg->lock);
  mbr_route *route = leg->made;
  pthread_mutex_unlock(&leg->lock);
  while (route != NULL) {
    mbr_route *next = route->next_made;
    free(route);
    route = next;
  }
  free(leg->compatibility);
  pthread_mutex_destroy(&leg->lock);
  pthread_mutex_destroy(&leg->topic_lock);
}
