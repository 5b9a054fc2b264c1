/* Calls made from here: opening them, sending items of a stream parameter, giving them up. Knows nothing of
 * what comes back. */
#include "asked.h"
#include "inbox.h"
#include "sending.h"

/* What mbr_request_begin is asked for, and what follows from contract and options. */
typedef struct mbr_call_plan {
  const mbr_client *client;
  const mbr_remote_method *method;
  const mbr_receiver *receiver;
  size_t payload; /* of the CALL, prefix included */
  uint32_t timeout_ms;
  uint32_t window;
  uint16_t instance;
  bool blocking;
  mbr_arena *arena;
  uint64_t deadline;
} mbr_call_plan;

static uint32_t timeout_of(const mbr_remote_method *method, const mbr_request_options *options,
                           bool blocking) {
  uint32_t timeout = options != NULL && options->timeout_ms != 0 ? options->timeout_ms : method->timeout_ms;
  if (timeout == MBR_TIMEOUT_NONE) timeout = 0;
  return timeout == 0 && blocking ? MBR_WAIT_TIMEOUT_MS : timeout;
}

static uint32_t window_of(const mbr_remote_method *method, const mbr_request_options *options) {
  if ((method->flags & MBR_METHOD_STREAM) == 0) return 0;
  if (options != NULL && options->window != 0) return options->window;
  if (method->window != 0) return method->window;
  return (method->flags & MBR_METHOD_LATEST) != 0 ? 1u : MBR_WINDOW_DEFAULT;
}

static mbr_call_plan make_plan(const mbr_client *client, size_t method, size_t arguments,
                               const mbr_request_options *options, const mbr_receiver *receiver,
                               bool blocking) {
  const mbr_remote_method *row = &client->service->methods[method];
  return (mbr_call_plan){
    .client = client,
    .method = row,
    .receiver = receiver,
    .payload = mbr_size_add(arguments, MBR_CALL_PREFIX_SIZE),
    .timeout_ms = timeout_of(row, options, blocking),
    .window = window_of(row, options),
    .instance = options != NULL ? options->instance : (uint16_t)0,
    .blocking = blocking,
    .deadline = UINT64_MAX,
  };
}

/* Under the lock: whether the other side serves the method as it is known here. */
static mbr_status may_call(const mbr_peer *peer, const mbr_call_plan *plan) {
  if (peer->state != MBR_PEER_OPEN) return MBR_CLOSED;
  switch (plan->client->compatibility[plan->method - plan->client->service->methods]) {
    case MBR_METHOD_COMPATIBLE:
      return MBR_OK;
    case MBR_METHOD_CHANGED:
      return MBR_MISMATCH;
    default:
      return MBR_UNIMPLEMENTED;
  }
}

/* Under the lock. A blocking call asks first whether its thread may wait, by a time that is over. */
static mbr_status may_block(const mbr_peer *peer) {
  const mbr_hooks *hooks = &peer->hooks;
  if (hooks->wait == NULL || hooks->notify == NULL || peer->now == NULL) return MBR_UNSUPPORTED;
  return hooks->wait(peer->owner, 0);
}

/* Under the lock: takes a request (a oneway needs none) and a record for the CALL. */
static mbr_status open_call(mbr_peer *peer, const mbr_call_plan *plan, mbr_asked **opened, uint8_t **record,
                            bool *large) {
  mbr_status status = may_call(peer, plan);
  if (status == MBR_OK && plan->blocking) status = may_block(peer);
  if (status == MBR_OK && plan->blocking) status = may_call(peer, plan); /* the lock was given up */
  if (status != MBR_OK) return status;
  mbr_asked *asked = NULL;
  if ((plan->method->flags & MBR_METHOD_ONEWAY) == 0) {
    asked = mbr_asked_admit(peer);
    if (asked == NULL) return MBR_BUSY;
    asked->method = plan->method;
    asked->receiver = *plan->receiver;
    asked->arena = plan->arena;
    asked->deadline = plan->deadline;
    asked->window = plan->window;
    asked->granted = plan->window;
    asked->instance = plan->instance;
    asked->blocking = plan->blocking;
  }
  mbr_frame frame = {
    .kind = MBR_FRAME_CALL,
    .flags = MBR_FRAME_FROM_CALLER,
    .instance = plan->instance,
    .call = asked != NULL ? asked->call : 0,
    .method = plan->method->id,
  };
  *record = mbr_sending_open(peer, &frame, plan->payload, NULL, large);
  if (*record == NULL) {
    if (asked != NULL) mbr_asked_free(asked);
    return MBR_WOULD_BLOCK;
  }
  peer->pins++;
  *opened = asked;
  return MBR_OK;
}

/* Under the lock: after a record was committed or abandoned. */
static void leave_record(mbr_peer *peer, mbr_after *after) {
  peer->pins--;
  mbr_requests_leave(peer, after);
}

static void give_up_call(mbr_peer *peer, uint64_t id, uint8_t *record) {
  mbr_after after = {0};
  mbr_peer_enter(peer);
  mbr_asked *asked = mbr_asked_find(peer, id);
  mbr_outbox_abandon(record);
  if (asked != NULL) mbr_asked_free(asked);
  leave_record(peer, &after);
}

static mbr_status begin_call(mbr_call_plan *plan, mbr_writer *w, mbr_request *request) {
  mbr_peer *peer = plan->client->peer;
  mbr_after after = {0};
  mbr_asked *asked = NULL;
  uint8_t *record = NULL;
  bool large = false;
  if (plan->timeout_ms != 0 && peer->now != NULL) plan->deadline = peer->now(peer->owner) + plan->timeout_ms;
  mbr_peer_enter(peer);
  mbr_status status = open_call(peer, plan, &asked, &record, &large);
  uint64_t id = asked != NULL ? asked->id : 0;
  mbr_peer_leave(peer, &after);
  if (status != MBR_OK) return status;
  if (large) status = mbr_sending_block(peer, record, plan->payload, w);
  else mbr_writer_init(w, record + MBR_FRAME_HEADER_SIZE, plan->payload);
  if (status != MBR_OK) {
    give_up_call(peer, id, record);
    return status;
  }
  uint8_t *prefix = mbr_writer_take(w, MBR_CALL_PREFIX_SIZE);
  mbr_put_u32(prefix, plan->timeout_ms);
  mbr_put_u32(prefix + 4, plan->window);
  *request = (mbr_request){peer, id};
  return MBR_OK;
}

mbr_status mbr_request_begin(const mbr_client *client, size_t method, size_t arguments,
                             const mbr_request_options *options, const mbr_receiver *receiver, mbr_writer *w,
                             mbr_request *request) {
  *request = (mbr_request){0};
  mbr_writer_init(w, NULL, 0);
  if (client->peer == NULL) return MBR_CLOSED;
  if (method >= client->service->method_count) return MBR_MISUSE;
  mbr_call_plan plan = make_plan(client, method, arguments, options, receiver, false);
  return begin_call(&plan, w, request);
}

mbr_status mbr_request_begin_wait(const mbr_client *client, size_t method, size_t arguments,
                                  const mbr_request_options *options, const mbr_receiver *receiver,
                                  mbr_arena *arena, mbr_writer *w, mbr_request *request) {
  const uint32_t no_answer = MBR_METHOD_STREAM | MBR_METHOD_ONEWAY | MBR_METHOD_UPLOAD;
  *request = (mbr_request){0};
  mbr_writer_init(w, NULL, 0);
  if (client->peer == NULL) return MBR_CLOSED;
  if (method >= client->service->method_count) return MBR_MISUSE;
  if ((client->service->methods[method].flags & no_answer) != 0) return MBR_MISUSE;
  mbr_call_plan plan = make_plan(client, method, arguments, options, receiver, true);
  plan.arena = arena;
  return begin_call(&plan, w, request);
}

/* What the writer has come to, as a commit takes it. */
static mbr_status written(const mbr_writer *w, mbr_status encoded) {
  if (encoded == MBR_OK) encoded = w->status;
  return encoded == MBR_OK && w->offset != w->size ? MBR_MISUSE : encoded;
}

/* Under the lock: gives up a CALL that was written, with its block. */
static void take_back(uint8_t *record, mbr_after *after) {
  if ((mbr_get_u8(record + 5) & MBR_FRAME_BLOCK) != 0) {
    /* misra 11.4: a block travels by its address, see MBR_FRAME_BLOCK */
    mbr_block *block = (mbr_block *)(uintptr_t)mbr_get_u64(record + MBR_FRAME_HEADER_SIZE);
    block->next = after->blocks;
    after->blocks = block;
  }
  mbr_outbox_abandon(record);
}

mbr_status mbr_request_commit(mbr_request request, mbr_writer *w, mbr_status encoded) {
  mbr_peer *peer = request.peer;
  mbr_after after = {0};
  encoded = written(w, encoded);
  if (peer == NULL || w->data == NULL) return encoded != MBR_OK ? encoded : MBR_MISUSE;
  uint8_t *record = mbr_sending_finish(peer, w->data, w->size, encoded == MBR_OK);
  if (encoded != MBR_OK) {
    give_up_call(peer, request.id, record);
    return encoded;
  }
  mbr_peer_enter(peer);
  mbr_asked *asked = mbr_asked_find(peer, request.id);
  const bool cancelled = asked != NULL && asked->fault != MBR_OK;
  if (cancelled) take_back(record, &after);
  else mbr_outbox_commit(record); /* if the connection has ended it goes with the outbox, as its block does */
  if (peer->state != MBR_PEER_OPEN) {
    encoded = MBR_CLOSED;
    if (asked != NULL) mbr_asked_free(asked);
  } else if (cancelled) {
    mbr_asked_end(asked, asked->fault, MBR_CANCEL_NONE, &after);
  } else if (asked != NULL) {
    asked->state = MBR_ASKED_OPEN;
    mbr_peer_expect(peer, asked->deadline, &after);
  }
  leave_record(peer, &after);
  return encoded;
}

/* Under the lock: a call that was committed and has not ended. */
static mbr_asked *find_open(mbr_peer *peer, uint64_t id) {
  mbr_asked *asked = mbr_asked_find(peer, id);
  return asked != NULL && asked->state == MBR_ASKED_OPEN ? asked : NULL;
}

mbr_status mbr_request_give_up(mbr_request request, mbr_cancel_reason reason) {
  mbr_peer *peer = request.peer;
  mbr_after after = {0};
  if (peer == NULL) return MBR_CLOSED;
  mbr_peer_enter(peer);
  mbr_asked *asked = mbr_asked_find(peer, request.id);
  const bool opening = asked != NULL && asked->state == MBR_ASKED_OPENING && asked->fault == MBR_OK;
  const bool open = asked != NULL && asked->state == MBR_ASKED_OPEN;
  if (opening) asked->fault = mbr_cancel_status(reason); /* mbr_request_commit ends it */
  if (open) {
    mbr_inbox_clear(&asked->inbox, &after);
    mbr_asked_end(asked, mbr_cancel_status(reason), reason, &after);
  }
  mbr_requests_leave(peer, &after);
  return opening || open ? MBR_OK : MBR_CLOSED;
}

mbr_status mbr_request_cancel(mbr_request request) {
  return mbr_request_give_up(request, MBR_CANCEL_CANCELLED);
}

static mbr_status set_paused(mbr_request request, bool paused) {
  mbr_peer *peer = request.peer;
  mbr_after after = {0};
  if (peer == NULL) return MBR_CLOSED;
  mbr_peer_enter(peer);
  mbr_asked *asked = find_open(peer, request.id);
  mbr_status status = asked != NULL ? MBR_OK : MBR_CLOSED;
  if (asked != NULL && !mbr_asked_is(asked, MBR_METHOD_STREAM)) status = MBR_MISUSE;
  if (status == MBR_OK) {
    asked->is_paused = paused;
    if (paused) asked->owed = (uint8_t)(asked->owed & ~MBR_OWED_CREDIT);
    else if (asked->returned != 0) mbr_asked_owe(asked, MBR_OWED_CREDIT);
  }
  mbr_requests_leave(peer, &after);
  return status;
}

mbr_status mbr_request_pause(mbr_request request) { return set_paused(request, true); }

mbr_status mbr_request_resume(mbr_request request) { return set_paused(request, false); }

/* Under the lock. */
static mbr_status open_item(mbr_asked *asked, size_t payload, uint8_t **record, bool *large) {
  if (asked == NULL) return MBR_CLOSED;
  if (!mbr_asked_is(asked, MBR_METHOD_UPLOAD)) return MBR_MISUSE;
  if (asked->items_ended) return MBR_CLOSED;
  mbr_frame frame = {
    .kind = MBR_FRAME_ITEM,
    .flags = MBR_FRAME_FROM_CALLER,
    .instance = asked->instance,
    .call = asked->call,
    .method = asked->method->id,
  };
  *large = mbr_sending_is_large(asked->peer, payload);
  *record = asked->credit != 0 ? mbr_sending_open(asked->peer, &frame, payload, NULL, large) : NULL;
  if (*record == NULL) {
    mbr_asked_await_room(asked, *large ? MBR_FRAME_BLOCK_PAYLOAD : payload);
    return MBR_WOULD_BLOCK;
  }
  asked->credit--; /* whoever found no room for another item goes on waiting */
  asked->peer->pins++;
  return MBR_OK;
}

static void drop_item(mbr_peer *peer, uint64_t id, uint8_t *record) {
  mbr_after after = {0};
  mbr_peer_enter(peer);
  mbr_asked *asked = find_open(peer, id);
  mbr_outbox_abandon(record);
  if (asked != NULL && asked->credit < UINT32_MAX) asked->credit++;
  if (asked != NULL && asked->is_waiting) mbr_asked_await_room(asked, asked->wanted); /* and not for credit */
  leave_record(peer, &after);
}

mbr_status mbr_request_item_begin(mbr_request request, size_t payload, mbr_writer *w) {
  mbr_peer *peer = request.peer;
  mbr_after after = {0};
  uint8_t *record = NULL;
  bool large = false;
  mbr_writer_init(w, NULL, 0);
  if (peer == NULL) return MBR_CLOSED;
  mbr_peer_enter(peer);
  mbr_status status = open_item(find_open(peer, request.id), payload, &record, &large);
  mbr_peer_leave(peer, &after);
  if (status != MBR_OK) return status;
  if (large) status = mbr_sending_block(peer, record, payload, w);
  else mbr_writer_init(w, record + MBR_FRAME_HEADER_SIZE, payload);
  if (status != MBR_OK) drop_item(peer, request.id, record);
  return status;
}

mbr_status mbr_request_item_commit(mbr_request request, mbr_writer *w, mbr_status encoded) {
  mbr_peer *peer = request.peer;
  mbr_after after = {0};
  encoded = written(w, encoded);
  if (peer == NULL || w->data == NULL) return encoded != MBR_OK ? encoded : MBR_MISUSE;
  uint8_t *record = mbr_sending_finish(peer, w->data, w->size, encoded == MBR_OK);
  if (encoded != MBR_OK) {
    drop_item(peer, request.id, record);
    return encoded;
  }
  mbr_peer_enter(peer);
  mbr_outbox_commit(record);
  leave_record(peer, &after);
  return MBR_OK;
}

mbr_status mbr_request_end_items(mbr_request request) {
  mbr_peer *peer = request.peer;
  mbr_after after = {0};
  mbr_status status = MBR_CLOSED;
  if (peer == NULL) return MBR_CLOSED;
  mbr_peer_enter(peer);
  mbr_asked *asked = find_open(peer, request.id);
  if (asked != NULL && !mbr_asked_is(asked, MBR_METHOD_UPLOAD)) {
    status = MBR_MISUSE;
  } else if (asked != NULL && !asked->items_ended) {
    asked->items_ended = true;
    asked->is_waiting = false;
    asked->is_ready = false;
    mbr_asked_owe(asked, MBR_OWED_END);
    status = MBR_OK;
  }
  mbr_requests_leave(peer, &after);
  return status;
}
