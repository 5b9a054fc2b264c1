/* runtime/bridge/private.h — what the parts of a bridge share: bridge.c its tables and its life, leg.c the
 * way to one remote peer, route.c a call on its way.
 *
 * Locks: a leg's is held while functions of peers are called that call nothing back but the application's
 * log, and never taken under a peer's; a topic's is its own. */
#ifndef MBR_RUNTIME_BRIDGE_PRIVATE_H
#define MBR_RUNTIME_BRIDGE_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "mbr/bridge.h"
#include "mbr/topic.h"

typedef struct mbr_leg mbr_leg;

typedef enum mbr_route_state {
  MBR_ROUTE_HELD,    /* in somebody's hands, who will begin it, have it wait or refuse it */
  MBR_ROUTE_WAITING, /* in its leg's queue */
  MBR_ROUTE_BEGUN,   /* its request is being written */
  MBR_ROUTE_SENT
} mbr_route_state;

/* A call on its way: the call that was made here, and the request that it has become. Routes are used again
 * and stay until the bridge is closed, so that a callback that comes late finds one, if another's.
 *
 * It is held by the call's ending, by the callback that tells of its being cancelled, which excludes a
 * successful ending, and while its request is written. What is not constant is under the leg's lock. */
typedef struct mbr_route {
  struct mbr_route *next, *previous; /* in its leg's queue, or `next` among those that are free */
  struct mbr_route *next_made;
  mbr_leg *leg;
  mbr_call call;
  mbr_request request;
  const uint8_t *arguments; /* the call's; NULL: none */
  size_t size;
  size_t method;  /* its place in the table */
  uint64_t since; /* when it began to wait */
  uint8_t state;
  uint8_t holds;
  uint8_t cancelled; /* mbr_cancel_reason */
} mbr_route;

/* The way to one instance. */
struct mbr_leg {
  mbr_line_user user; /* first: the user is the leg */
  struct mbr_bridge *bridge;
  mbr_line *line;
  bool is_added;
  mbr_client client;
  uint8_t *compatibility;
  pthread_mutex_t lock;
  bool is_up;
  bool is_told; /* all that the other side serves */
  mbr_route *first, *last; /* those that wait, in the order in which they came */
  mbr_route *free, *made;
  uint64_t busy_since; /* no call could begin, for want of a request; 0: that is not so */
  atomic_size_t in_use; /* routes; changed under the lock */
  pthread_mutex_t topic_lock;
  mbr_topic topic; /* whether it is up */
  mbr_call watchers[MBR_BRIDGE_WATCHERS];
  uint8_t values[2];
};

struct mbr_bridge {
  mbr_remote_service remote; /* as it was given, with the bridge's own receivers */
  mbr_service service;       /* as it is lent */
  mbr_remote_method *own_methods;
  mbr_method *lent_methods;
  char *link_name;
  uint32_t name; /* FNV-1a 32 of the service's */
  pthread_mutex_t lock;
  size_t lent; /* to connections that are not quiet */
  uint16_t leg_count;
  mbr_leg legs[];
};

/* What the handlers of lent methods and the receivers of their requests are. */
mbr_status mbr_route_dispatch(const void *ops, void *self, mbr_call call, mbr_reader *args);
mbr_status mbr_route_item(const void *ops, void *self, mbr_call call, mbr_reader *item);
mbr_status mbr_route_receive(const mbr_receiver *to, mbr_frame_kind kind, mbr_status fault, mbr_str text,
                             mbr_reader *payload);

/* Begins those that wait, as far as it goes, and ends those that have waited too long, or all if the leg is
 * down; whether any is left. */
bool mbr_routes_begin(mbr_leg *leg, uint64_t now);

/* The leg of a call's instance, NULL when there is none. */
mbr_leg *mbr_leg_find(mbr_bridge *bridge, const mbr_call_origin *origin);

/* Makes a zeroed leg, whose line knows nothing of it yet. */
bool mbr_leg_init(mbr_leg *leg, mbr_bridge *bridge, mbr_line *line);
void mbr_leg_free(mbr_leg *leg);

/* The handler of the method that tells whether a leg is up. */
mbr_status mbr_leg_watch(const void *ops, void *self, mbr_call call, mbr_reader *args);

#endif
