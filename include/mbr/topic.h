/* mbr/topic.h — one value for every subscriber of a stream method, on any number of connections.
 *
 * Generated code wraps a topic in a type of its own for each method with a stream result. A topic keeps
 * the newest value, encoded, and gives it to each newcomer at once. Subscribers that are slow miss values,
 * and always get the newest in the end: values wait for credit as under @latest. The one exception is a value
 * for which a subscriber's peer has no memory, as it is larger than the one that waits there and no block can be
 * had: that subscriber misses it (mbr_call_dropped, `dropped` of its method) and has the one before until the
 * next is published. Allocates nothing.
 *
 * A topic is all zero but for what its owner sets:
 *
 *   static mbr_call subscribers[32];
 *   static uint8_t values[2 * 64];
 *   static mbr_topic topic = {
 *     .lock = lock_mutex, .unlock = unlock_mutex, .owner = &mutex,
 *     .subscribers = subscribers, .capacity = 32, .values = values, .value_capacity = 64,
 *   }; */
#ifndef MBR_TOPIC_H
#define MBR_TOPIC_H

#include "mbr/peer.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mbr_topic {
  /* Its owner's. The lock is held over what is sent to subscribers, so what the application holds while it
   * calls a function of the topic, or takes in a transport's hooks or in mbr_peer_on_log's function, must
   * come before it, or after; and these call no function of the topic. Where callbacks run on the thread
   * that notices (a peer without executor) it must be one that its thread may take again. Both NULL where
   * one thread does everything. */
  void (*lock)(void *owner);
  void (*unlock)(void *owner);
  void *owner;
  mbr_call *subscribers; /* [capacity] */
  size_t capacity;
  uint8_t *values; /* [2 * value_capacity]: the newest value, encoded, and room for the next one */
  size_t value_capacity;
  /* The topic's own. */
  size_t count; /* of subscribers */
  size_t newest; /* which half of `values` the newest one is in */
  size_t size; /* of the newest value */
  bool has_value;
  bool closed;
} mbr_topic;

/* Subscribes the call, which must be of the stream method the topic is for, and emits the newest value to
 * it, if there is one. In the handler, whose arguments are no longer valid when it returns. From here on
 * the call is the topic's: it is let go when its caller goes, and need not be ended; mbr_topic_close ends
 * it, and the application may. MBR_BUSY: the topic is full; the call is as it was. MBR_MISUSE: it is of no
 * stream. MBR_CLOSED: the topic is closed, or the call has ended. */
MBR_MUST_CHECK mbr_status mbr_topic_subscribe(mbr_topic *topic, mbr_call call);

/* For generated code: between these two, `w` writes the new value of exactly `size` bytes, under the
 * topic's lock. The commit emits it to every subscriber. MBR_NO_SPACE: it is larger than `value_capacity`;
 * nothing is locked. MBR_CLOSED: the topic is closed. Where `encoded` is not MBR_OK, or `w` failed or is
 * not exactly full (MBR_MISUSE), the commit answers that and nothing changes. Any thread; not within one
 * another. */
MBR_MUST_CHECK mbr_status mbr_topic_begin(mbr_topic *topic, size_t size, mbr_writer *w);
mbr_status mbr_topic_commit(mbr_topic *topic, mbr_writer *w, mbr_status encoded);

/* Subscribers now, those included that have gone without the topic having noticed. Any thread. */
size_t mbr_topic_subscribers(mbr_topic *topic);

/* Ends every subscriber's stream; nothing can be published or subscribed any more. Idempotent. When it has
 * returned and nobody publishes, the topic's memory may go. Any thread. */
void mbr_topic_close(mbr_topic *topic);

#ifdef __cplusplus
}
#endif
#endif
