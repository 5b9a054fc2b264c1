/* Topics: the newest value of something, and the calls that are to have it. Nothing of a subscriber's
 * connection points back here: one that has gone is noticed when something is sent to it, or when its place
 * is needed. */
#include "mbr/topic.h"

#include "latest.h"

static void enter(mbr_topic *topic) {
  if (topic->lock != NULL) topic->lock(topic->owner);
}

static void leave(mbr_topic *topic) {
  if (topic->unlock != NULL) topic->unlock(topic->owner);
}

/* Keeps the call open after its handler returns, and lets it go when it ends for whatever reason. */
static mbr_status adopt(mbr_call call) {
  mbr_peer *peer = call.peer;
  mbr_after after = {0};
  mbr_status status = MBR_CLOSED;
  if (peer == NULL) return MBR_CLOSED;
  mbr_peer_enter(peer);
  mbr_slot *slot = mbr_slot_find(peer, call.id);
  if (slot != NULL && !mbr_slot_is(slot, MBR_METHOD_STREAM)) {
    status = MBR_MISUSE;
  } else if (slot != NULL && slot->state == MBR_CALL_OPEN) {
    slot->deferred = true;
    slot->adopted = true;
    status = MBR_OK;
  }
  mbr_peer_leave(peer, &after);
  return status;
}

/* Under the topic's lock. MBR_CLOSED: the subscriber has gone. One for which there is no memory misses the
 * value. */
static mbr_status emit(const mbr_topic *topic, mbr_call call) {
  mbr_writer w;
  mbr_status status = mbr_call_begin_latest(call, topic->size, &w);
  if (status != MBR_OK) return status;
  uint8_t *value = mbr_writer_take(&w, topic->size);
  if (value != NULL && topic->size > 0) {
    memcpy(value, topic->values + topic->newest * topic->value_capacity, topic->size);
  }
  return mbr_call_commit(call, &w, MBR_OK);
}

/* Under the topic's lock. */
static void emit_to_all(mbr_topic *topic) {
  size_t kept = 0;
  for (size_t i = 0; i < topic->count; i++) {
    const mbr_call call = topic->subscribers[i];
    if (emit(topic, call) != MBR_CLOSED) topic->subscribers[kept++] = call;
  }
  topic->count = kept;
}

static void forget_gone(mbr_topic *topic) {
  size_t kept = 0;
  for (size_t i = 0; i < topic->count; i++) {
    const mbr_call call = topic->subscribers[i];
    if (mbr_call_cancelled(call) == MBR_CANCEL_NONE) topic->subscribers[kept++] = call;
  }
  topic->count = kept;
}

mbr_status mbr_topic_subscribe(mbr_topic *topic, mbr_call call) {
  mbr_status status = MBR_OK;
  enter(topic);
  if (topic->count == topic->capacity) forget_gone(topic);
  if (topic->closed) status = MBR_CLOSED;
  else if (topic->count == topic->capacity) status = MBR_BUSY;
  else status = adopt(call);
  if (status == MBR_OK) {
    topic->subscribers[topic->count++] = call;
    if (topic->has_value) (void)emit(topic, call);
  }
  leave(topic);
  return status;
}

mbr_status mbr_topic_begin(mbr_topic *topic, size_t size, mbr_writer *w) {
  mbr_status status = MBR_OK;
  mbr_writer_init(w, NULL, 0);
  enter(topic);
  if (topic->closed) status = MBR_CLOSED;
  else if (size > topic->value_capacity) status = MBR_NO_SPACE;
  if (status != MBR_OK) {
    leave(topic);
    return status;
  }
  mbr_writer_init(w, topic->values + (1u - topic->newest) * topic->value_capacity, size);
  return MBR_OK;
}

mbr_status mbr_topic_commit(mbr_topic *topic, mbr_writer *w, mbr_status encoded) {
  if (encoded == MBR_OK) encoded = w->status;
  if (encoded == MBR_OK && w->offset != w->size) encoded = MBR_MISUSE;
  if (encoded == MBR_OK) {
    topic->newest = 1u - topic->newest;
    topic->size = w->size;
    topic->has_value = true;
    emit_to_all(topic);
  }
  leave(topic);
  return encoded;
}

size_t mbr_topic_subscribers(mbr_topic *topic) {
  enter(topic);
  size_t count = topic->count;
  leave(topic);
  return count;
}

void mbr_topic_close(mbr_topic *topic) {
  enter(topic);
  topic->closed = true;
  forget_gone(topic);
  for (size_t i = 0; i < topic->count; i++) {
    const mbr_call call = topic->subscribers[i];
    mbr_writer w;
    if (mbr_call_begin(call, MBR_FRAME_END, 0, &w) == MBR_OK) (void)mbr_call_commit(call, &w, MBR_OK);
  }
  topic->count = 0;
  leave(topic);
}
