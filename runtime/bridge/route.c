/* Calls on their way: from a connection to a remote peer, and back. Knows nothing of what they say.
 *
 * A call is let go by its own side exactly once, when its request has ended or cannot be begun: where it was
 * cancelled, that only frees it. */
#include "private.h"

#include <stdlib.h>
#include <string.h>

#include "../exec/clock.h"

#define LINE_DOWN "the line to the remote peer is down"
#define LINE_LOST "the line to the remote peer was lost"

static void lock(mbr_leg *leg) { pthread_mutex_lock(&leg->lock); }

static void unlock(mbr_leg *leg) { pthread_mutex_unlock(&leg->lock); }

/* Under the lock. */
static mbr_route *take_route(mbr_leg *leg) {
  mbr_route *route = leg->free;
  if (route != NULL) {
    leg->free = route->next;
  } else {
    route = calloc(1, sizeof *route);
    if (route == NULL) return NULL;
    route->leg = leg;
    route->next_made = leg->made;
    leg->made = route;
  }
  atomic_fetch_add(&leg->in_use, 1);
  return route;
}

/* Under the lock. */
static void let_go(mbr_route *route, uint8_t holds) {
  mbr_leg *leg = route->leg;
  route->holds = (uint8_t)(route->holds - holds);
  if (route->holds != 0) return;
  route->next = leg->free;
  leg->free = route;
  atomic_fetch_sub(&leg->in_use, 1);
}

/* Without the lock: the call was ended by its own side, which answered `status`; if not MBR_CLOSED, nobody
 * will be told that it was cancelled. */
static void finish(mbr_route *route, mbr_status status) {
  mbr_leg *leg = route->leg;
  lock(leg);
  let_go(route, status == MBR_CLOSED ? 1u : 2u);
  unlock(leg);
}

static void refuse(mbr_route *route, mbr_status status) {
  const char *text = NULL;
  if (status == MBR_DISCONNECTED) text = LINE_DOWN;
  if (status == MBR_UNIMPLEMENTED) text = "the remote peer does not serve this method";
  if (status == MBR_MISMATCH) text = "the remote peer was built from a different contract";
  if (status == MBR_BUSY) text = "too many calls to the remote peer are open";
  finish(route, mbr_call_fault(route->call, status, text));
}

/* Under the lock, and so are those that follow. */
static void enqueue(mbr_route *route) {
  mbr_leg *leg = route->leg;
  route->state = MBR_ROUTE_WAITING;
  route->since = mbr_clock_now();
  route->next = NULL;
  route->previous = leg->last;
  if (leg->first == NULL) leg->first = route;
  else leg->last->next = route;
  leg->last = route;
}

static void dequeue(mbr_route *route, mbr_route_state state) {
  mbr_leg *leg = route->leg;
  route->state = (uint8_t)state;
  if (route->previous == NULL) leg->first = route->next;
  else route->previous->next = route->next;
  if (route->next == NULL) leg->last = route->previous;
  else route->next->previous = route->previous;
}

static const mbr_remote_method *method_of(const mbr_route *route) {
  return &route->leg->bridge->remote.methods[route->method];
}

static bool is_oneway(const mbr_route *route) {
  return (method_of(route)->flags & MBR_METHOD_ONEWAY) != 0;
}

static bool is_upload(const mbr_route *route) {
  return (method_of(route)->flags & MBR_METHOD_UPLOAD) != 0;
}

/* The request takes items of its stream parameter again. */
static void far_ready(void *arg) { (void)mbr_call_retry_items(((const mbr_route *)arg)->call); }

/* Makes a request of the call, whose frame is then to be written. Its time is what is left of the
 * caller's. */
static mbr_status begin(mbr_route *route, mbr_writer *w) {
  mbr_leg *leg = route->leg;
  mbr_call_origin origin;
  if (!leg->is_up) return leg->is_told ? MBR_UNIMPLEMENTED : MBR_DISCONNECTED;
  if (mbr_call_get_origin(route->call, &origin) != MBR_OK) return MBR_CANCELLED;
  const mbr_request_options options = {
    .timeout_ms = origin.timeout_ms,
    .window = origin.credit < MBR_BRIDGE_WINDOW ? origin.credit : MBR_BRIDGE_WINDOW,
  };
  const mbr_receiver receiver = {.ready = (void (*)(void))far_ready, .arg = route};
  const mbr_status status =
    mbr_request_begin(&leg->client, route->method, route->size, &options, &receiver, w, &route->request);
  if (status == MBR_OK) {
    route->state = MBR_ROUTE_BEGUN;
    route->holds++;
  }
  if (status != MBR_BUSY) leg->busy_since = 0;
  else if (leg->busy_since == 0) leg->busy_since = mbr_clock_now();
  return status == MBR_CLOSED ? MBR_DISCONNECTED : status;
}

static bool has_to_wait(mbr_status status) { return status == MBR_BUSY || status == MBR_WOULD_BLOCK; }

/* Bytes go out as long as the line is up, but calls may stay open for ever. */
static bool has_waited(const mbr_route *route, uint64_t now) {
  const uint64_t busy_since = route->leg->busy_since;
  const uint64_t since = route->since > busy_since ? route->since : busy_since;
  return busy_since != 0 && now >= since + MBR_BRIDGE_WAIT_MS;
}

/* Without the lock, and so are those that follow: the request was written, and may have ended already. */
static void sent(mbr_route *route) {
  mbr_leg *leg = route->leg;
  const mbr_call call = route->call;
  const bool upload = is_upload(route);
  lock(leg);
  route->state = MBR_ROUTE_SENT;
  let_go(route, 1u);
  unlock(leg);
  if (upload) (void)mbr_call_retry_items(call);
}

static mbr_status end_oneway(mbr_call call) {
  mbr_writer w;
  const mbr_status status = mbr_call_begin(call, MBR_FRAME_OK, 0, &w);
  return status == MBR_OK ? mbr_call_commit(call, &w, MBR_OK) : status;
}

static void copy_bytes(mbr_writer *w, const uint8_t *bytes, size_t size) {
  uint8_t *to = mbr_writer_take(w, size);
  if (to != NULL && size != 0) memcpy(to, bytes, size);
}

/* The receiver will be told if, and only if, the request was committed. */
static void send(mbr_route *route, mbr_writer *w) {
  copy_bytes(w, route->arguments, route->size);
  const mbr_status status = mbr_request_commit(route->request, w, MBR_OK);
  if (status != MBR_OK) refuse(route, status == MBR_CLOSED ? MBR_DISCONNECTED : status);
  else if (is_oneway(route)) finish(route, end_oneway(route->call));
  sent(route);
}

/* What has to wait does so behind all others. */
static void start(mbr_route *route) {
  mbr_leg *leg = route->leg;
  mbr_writer w;
  mbr_status status = MBR_CANCELLED;
  bool waits = false;
  lock(leg);
  if (route->cancelled == MBR_CANCEL_NONE) {
    status = leg->first == NULL ? begin(route, &w) : MBR_BUSY;
    waits = has_to_wait(status);
  }
  if (waits) enqueue(route);
  const bool is_first = leg->first == route;
  unlock(leg);
  if (status == MBR_OK) send(route, &w);
  else if (!waits) refuse(route, status);
  else if (is_first) mbr_line_wake(leg->line);
}

bool mbr_routes_begin(mbr_leg *leg, uint64_t now) {
  for (;;) {
    mbr_writer w;
    lock(leg);
    mbr_route *route = leg->first;
    mbr_status status = route != NULL ? begin(route, &w) : MBR_OK;
    const bool waits = has_to_wait(status) && !has_waited(route, now);
    if (route != NULL && !waits) dequeue(route, status == MBR_OK ? MBR_ROUTE_BEGUN : MBR_ROUTE_HELD);
    unlock(leg);
    if (route == NULL || waits) return waits;
    if (status == MBR_OK) send(route, &w);
    else refuse(route, has_to_wait(status) ? MBR_BUSY : status);
  }
}

/* The call was cancelled: what has become of it is given up. A request that has ended, but whose receiver is
 * still to be told, has items that nobody takes any more. */
static void near_cancelled(void *arg, mbr_cancel_reason reason) {
  mbr_route *route = arg;
  mbr_leg *leg = route->leg;
  lock(leg);
  const mbr_request request = route->request;
  const bool waits = route->state == MBR_ROUTE_WAITING;
  const bool begun = route->state == MBR_ROUTE_BEGUN || route->state == MBR_ROUTE_SENT;
  route->cancelled = (uint8_t)reason;
  if (waits) dequeue(route, MBR_ROUTE_HELD);
  unlock(leg);
  if (waits) refuse(route, MBR_CANCELLED);
  if (begun && mbr_request_give_up(request, reason) != MBR_OK) (void)mbr_request_retry(request);
  lock(leg);
  let_go(route, 1u);
  unlock(leg);
}

static size_t find_method(const mbr_remote_service *service, uint32_t id) {
  size_t low = 0, high = service->method_count;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (service->methods[middle].id < id) low = middle + 1;
    else high = middle;
  }
  return low;
}

/* Held by its ending, and by what tells that it was cancelled. */
static mbr_route *make_route(mbr_leg *leg, mbr_call call, size_t method, const mbr_reader *args) {
  lock(leg);
  mbr_route *route = take_route(leg);
  if (route != NULL) {
    route->call = call;
    route->request = (mbr_request){0};
    route->arguments = args->size != args->offset ? args->data + args->offset : NULL;
    route->size = args->size - args->offset;
    route->method = method;
    route->state = MBR_ROUTE_HELD;
    route->holds = 2;
    route->cancelled = MBR_CANCEL_NONE;
  }
  unlock(leg);
  return route;
}

mbr_status mbr_route_dispatch(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  mbr_bridge *bridge = self;
  mbr_call_origin origin;
  (void)ops;
  if (mbr_call_get_origin(call, &origin) != MBR_OK) return MBR_CLOSED;
  mbr_leg *leg = mbr_leg_find(bridge, &origin);
  if (leg == NULL) return MBR_UNIMPLEMENTED;
  mbr_route *route = make_route(leg, call, find_method(&bridge->remote, origin.method), args);
  if (route == NULL) return MBR_NO_MEMORY;
  mbr_call_defer(call);
  mbr_call_set_context(call, route);
  if (mbr_call_on_cancel(call, near_cancelled, route) == MBR_OK) start(route);
  else finish(route, MBR_OK);
  return MBR_OK;
}

/* The request that the call has become; MBR_WOULD_BLOCK while it has not been sent, MBR_CLOSED when it has
 * ended. Its route may have become another call's. */
static mbr_status find_request(mbr_call call, mbr_request *request) {
  mbr_route *route = mbr_call_context(call);
  if (route == NULL) return MBR_CLOSED;
  lock(route->leg);
  const bool same = route->holds != 0 && route->call.peer == call.peer && route->call.id == call.id;
  mbr_status status = route->state == MBR_ROUTE_SENT ? MBR_OK : MBR_WOULD_BLOCK;
  if (!same) status = MBR_CLOSED;
  *request = route->request;
  unlock(route->leg);
  return status;
}

static mbr_status push_item(mbr_request request, const mbr_reader *item) {
  const size_t size = item->size - item->offset;
  mbr_writer w;
  const mbr_status status = mbr_request_item_begin(request, size, &w);
  if (status != MBR_OK) return status;
  copy_bytes(&w, item->data + item->offset, size);
  return mbr_request_item_commit(request, &w, MBR_OK);
}

/* Items for which nobody waits any more go nowhere. */
mbr_status mbr_route_item(const void *ops, void *self, mbr_call call, mbr_reader *item) {
  mbr_request request;
  (void)ops;
  (void)self;
  mbr_status status = find_request(call, &request);
  if (status == MBR_OK) status = item != NULL ? push_item(request, item) : mbr_request_end_items(request);
  return status == MBR_CLOSED ? MBR_OK : status;
}

/* The call's listener takes items again. The route may be another call's by now, which that does no harm. */
static void near_ready(void *arg) {
  mbr_route *route = arg;
  lock(route->leg);
  const mbr_request request = route->request;
  unlock(route->leg);
  (void)mbr_request_retry(request);
}

static mbr_status answer(mbr_call call, mbr_frame_kind kind, const mbr_reader *payload) {
  const size_t size = payload != NULL ? payload->size - payload->offset : 0;
  mbr_writer w;
  const mbr_status status = mbr_call_begin(call, kind, size, &w);
  if (status != MBR_OK) return status;
  copy_bytes(&w, payload != NULL ? payload->data + payload->offset : NULL, size);
  return mbr_call_commit(call, &w, MBR_OK);
}

/* The call's ending comes, so a call that is gone is no reason to stop. */
static mbr_status pass_item(mbr_route *route, const mbr_reader *payload) {
  mbr_status status = answer(route->call, MBR_FRAME_ITEM, payload);
  if (status == MBR_WOULD_BLOCK && mbr_call_on_ready(route->call, near_ready, route) != MBR_OK) return MBR_OK;
  return status == MBR_CLOSED ? MBR_OK : status;
}

static mbr_status pass_fault(mbr_call call, mbr_status fault, mbr_str text) {
  if (fault == MBR_DISCONNECTED && text.size == 0) return mbr_call_fault(call, fault, LINE_LOST);
  char copy[MBR_FAULT_TEXT_MAX + 2u]; /* one more than is taken, so that it is cut between characters */
  const size_t size = text.size <= MBR_FAULT_TEXT_MAX ? text.size : MBR_FAULT_TEXT_MAX + 1u;
  if (size != 0) memcpy(copy, text.data, size);
  copy[size] = '\0';
  return mbr_call_fault(call, fault, copy);
}

mbr_status mbr_route_receive(const mbr_receiver *to, mbr_frame_kind kind, mbr_status fault, mbr_str text,
                             mbr_reader *payload) {
  mbr_route *route = to->arg;
  if (kind == MBR_FRAME_ITEM) return pass_item(route, payload);
  finish(route, kind == MBR_FRAME_FAULT ? pass_fault(route->call, fault, text)
                                        : answer(route->call, kind, payload));
  return MBR_OK;
}
