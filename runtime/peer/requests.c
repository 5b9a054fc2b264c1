/* Requests from their admission to their being free again, and the control frames they owe. Knows nothing of
 * how calls are encoded or receivers told. */
#include "asked.h"
#include "inbox.h"

#define INDEX_MASK 0xFFFFu
#define SERIAL_SHIFT 16
#define GENERATION_SHIFT 16

mbr_asked *mbr_asked_find(const mbr_peer *peer, uint64_t id) {
  size_t index = (size_t)(id & INDEX_MASK);
  if (index >= peer->memory.request_count) return NULL;
  mbr_asked *asked = &peer->memory.requests[index];
  return id != 0 && asked->id == id ? asked : NULL;
}

/* Generations count from 1 for each request, so that no number is 0 and a late answer finds nobody. */
mbr_asked *mbr_asked_admit(mbr_peer *peer) {
  mbr_asked *asked = peer->asked_free;
  if (asked == NULL) return NULL;
  size_t index = (size_t)(asked - peer->memory.requests);
  uint16_t generation = asked->generation < UINT16_MAX ? (uint16_t)(asked->generation + 1u) : 1u;
  peer->asked_free = asked->next;
  peer->asked_used++;
  peer->serial++;
  *asked = (mbr_asked){
    .peer = peer,
    .id = peer->serial << SERIAL_SHIFT | index,
    .call = (uint32_t)generation << GENERATION_SHIFT | (uint32_t)index,
    .generation = generation,
    .deadline = UINT64_MAX,
    .state = MBR_ASKED_OPENING,
  };
  return asked;
}

void mbr_asked_free(mbr_asked *asked) {
  mbr_peer *peer = asked->peer;
  asked->id = 0;
  asked->next = peer->asked_free;
  peer->asked_free = asked;
  peer->asked_used--;
}

void mbr_asked_settle(mbr_asked *asked) {
  if (asked->told && !asked->telling && !asked->is_owing) mbr_asked_free(asked);
}

/* Also for what is not owed any more: it leaves the list at the next flush. */
static void enlist(mbr_asked *asked) {
  mbr_peer *peer = asked->peer;
  if (asked->is_owing) return;
  asked->is_owing = true;
  asked->next_owed = NULL;
  if (peer->asked_owing == NULL) peer->asked_owing = asked;
  else peer->asked_owing_last->next_owed = asked;
  peer->asked_owing_last = asked;
}

void mbr_asked_owe(mbr_asked *asked, unsigned frames) {
  if (asked->peer->state != MBR_PEER_OPEN) return;
  asked->owed = (uint8_t)(asked->owed | frames);
  enlist(asked);
}

void mbr_asked_await_room(mbr_asked *asked, size_t payload) {
  asked->is_waiting = true;
  asked->wanted = payload;
  if (asked->credit != 0) enlist(asked);
}

void mbr_asked_announce(mbr_asked *asked, mbr_after *after) {
  mbr_peer *peer = asked->peer;
  if (asked->blocking) {
    peer->hooks.notify(peer->owner);
  } else if (!asked->telling) {
    asked->telling = true;
    asked->task.run = mbr_asked_run;
    peer->running++;
    mbr_after_submit(after, &asked->task);
  }
}

void mbr_asked_close(mbr_asked *asked) {
  asked->state = MBR_ASKED_ENDED;
  asked->deadline = UINT64_MAX;
  asked->is_waiting = false;
  asked->is_ready = false;
  asked->owed = 0;
}

void mbr_asked_note(const mbr_asked *asked, mbr_status fault) {
  const mbr_remote_method *method = asked->method;
  mbr_log_level level = MBR_LOG_WARNING;
  const char *text = "an answer was not taken";
  if (fault == MBR_CANCELLED || fault == MBR_DISCONNECTED) return;
  if (fault == MBR_DEADLINE) text = "no answer came in time";
  if (fault == MBR_BAD_FRAME) {
    level = MBR_LOG_ERROR;
    text = "an answer breaks the protocol";
  }
  mbr_note_add(asked->peer, level, method->name, method->flags, text, fault, 0);
}

/* What the receiver could not take does not hold up the ending. */
static void unblock(mbr_asked *asked, mbr_after *after) {
  if (!asked->is_blocked) return;
  asked->is_blocked = false;
  mbr_inbox_clear(&asked->inbox, after);
}

void mbr_asked_end(mbr_asked *asked, mbr_status fault, mbr_cancel_reason reason, mbr_after *after) {
  mbr_asked_note(asked, fault);
  unblock(asked, after);
  mbr_asked_close(asked);
  asked->fault = fault;
  asked->reason = (uint8_t)reason;
  if (reason != MBR_CANCEL_NONE) mbr_asked_owe(asked, MBR_OWED_CANCEL);
  mbr_asked_announce(asked, after);
}

/* Writes a control frame and strikes it off; false when there is no room. */
static bool write_control(mbr_asked *asked, unsigned owed, mbr_frame_kind kind, uint32_t value) {
  const size_t payload = kind == MBR_FRAME_END ? 0 : 4u;
  const mbr_frame frame = {
    .size = (uint32_t)(MBR_FRAME_HEADER_SIZE + payload),
    .kind = (uint8_t)kind,
    .flags = MBR_FRAME_FROM_CALLER,
    .instance = asked->instance,
    .call = asked->call,
    .method = asked->method->id,
  };
  uint8_t *record = mbr_outbox_open(&asked->peer->outbox, &frame, NULL);
  if (record == NULL) return false;
  if (payload != 0) mbr_put_u32(record + MBR_FRAME_HEADER_SIZE, value);
  mbr_outbox_commit(record);
  asked->owed = (uint8_t)(asked->owed & ~owed);
  return true;
}

static bool write_credit(mbr_asked *asked) {
  if (!write_control(asked, MBR_OWED_CREDIT, MBR_FRAME_CREDIT, asked->returned)) return false;
  asked->granted += asked->returned;
  asked->returned = 0;
  return true;
}

/* Whether the request stays in the list of those that owe. */
static bool pay(mbr_asked *asked, mbr_after *after) {
  mbr_outbox *outbox = &asked->peer->outbox;
  bool paid = true;
  if ((asked->owed & MBR_OWED_CANCEL) != 0) {
    paid = write_control(asked, MBR_OWED_CANCEL, MBR_FRAME_CANCEL, asked->reason);
  }
  if (paid && (asked->owed & MBR_OWED_END) != 0) paid = write_control(asked, MBR_OWED_END, MBR_FRAME_END, 0);
  if (paid && (asked->owed & MBR_OWED_CREDIT) != 0) paid = write_credit(asked);
  bool waits = asked->is_waiting && asked->credit != 0;
  if (waits && paid && mbr_outbox_has_room(outbox, asked->wanted)) {
    asked->is_waiting = false;
    asked->is_ready = true;
    mbr_asked_announce(asked, after);
    waits = false;
  }
  return !paid || waits;
}

void mbr_requests_flush(mbr_peer *peer, mbr_after *after) {
  mbr_asked **link = &peer->asked_owing;
  mbr_asked *last = NULL;
  if (peer->state != MBR_PEER_OPEN) return;
  while (*link != NULL) {
    mbr_asked *asked = *link;
    if (pay(asked, after)) {
      last = asked;
      link = &asked->next_owed;
    } else {
      *link = asked->next_owed;
      asked->is_owing = false;
      mbr_asked_settle(asked);
    }
  }
  peer->asked_owing_last = last;
}

void mbr_requests_leave(mbr_peer *peer, mbr_after *after) {
  mbr_peer_flush(peer, after);
  mbr_peer_leave(peer, after);
}

void mbr_requests_init(mbr_peer *peer) {
  const mbr_peer_memory *memory = &peer->memory;
  peer->clients = NULL;
  peer->asked_free = NULL;
  peer->asked_owing = NULL;
  peer->asked_used = 0;
  /* misra 14.2: down to 0, which an unsigned counter cannot go below */
  for (size_t i = memory->request_count; i-- > 0;) {
    memory->requests[i] = (mbr_asked){.peer = peer, .next = peer->asked_free};
    peer->asked_free = &memory->requests[i];
  }
}

static void forget_owed(mbr_peer *peer) {
  while (peer->asked_owing != NULL) {
    mbr_asked *asked = peer->asked_owing;
    peer->asked_owing = asked->next_owed;
    asked->owed = 0;
    asked->is_owing = false;
    mbr_asked_settle(asked);
  }
}

void mbr_requests_end(mbr_peer *peer, mbr_after *after) {
  forget_owed(peer);
  for (size_t i = 0; i < peer->memory.request_count; i++) {
    mbr_asked *asked = &peer->memory.requests[i];
    if (asked->id == 0) continue;
    if (asked->state == MBR_ASKED_OPEN) {
      mbr_asked_end(asked, MBR_DISCONNECTED, MBR_CANCEL_NONE, after);
    } else if (asked->is_blocked) { /* its ending waits in the inbox */
      unblock(asked, after);
      asked->fault = MBR_DISCONNECTED;
      mbr_asked_announce(asked, after);
    }
  }
  for (mbr_client *client = peer->clients; client != NULL; client = client->next) {
    memset(client->compatibility, MBR_METHOD_ABSENT, client->service->method_count);
  }
}

uint64_t mbr_requests_poll(mbr_peer *peer, uint64_t now, mbr_after *after) {
  uint64_t next = UINT64_MAX;
  for (size_t i = 0; i < peer->memory.request_count; i++) {
    mbr_asked *asked = &peer->memory.requests[i];
    if (asked->id == 0 || asked->state != MBR_ASKED_OPEN) continue;
    if (asked->deadline <= now) mbr_asked_end(asked, MBR_DEADLINE, MBR_CANCEL_DEADLINE, after);
    else if (asked->deadline < next) next = asked->deadline;
  }
  return next;
}
