/* What comes back for calls made from here, and how their receivers hear of it: in order, one at a time,
 * never under the lock. Knows nothing of how calls are sent.
 *
 * Frames wait in the request's inbox until a task of the executor takes them out. Without a schedule hook
 * they are told from the buffer they came in, unless the receiver is being told something already. */
#include "asked.h"
#include "inbox.h"

/* After so many the task lets others run. */
#ifndef MBR_TELL_BATCH
#define MBR_TELL_BATCH 16u
#endif

/* Bytes on the stack for what an answer decodes to, before blocks are asked for. */
#ifndef MBR_TELL_ARENA_SIZE
#define MBR_TELL_ARENA_SIZE 256u
#endif

typedef enum mbr_message_kind { MESSAGE_NONE, MESSAGE_FRAME, MESSAGE_READY, MESSAGE_FAULT } mbr_message_kind;

typedef struct mbr_message {
  mbr_message_kind kind;
  mbr_status fault;
  const uint8_t *frame;
  mbr_block *letter; /* that holds the frame, if any does */
} mbr_message;

static mbr_frame_kind kind_of(const uint8_t *frame) { return (mbr_frame_kind)mbr_get_u8(frame + 4); }

mbr_status mbr_asked_tell_fault(const mbr_asked *asked, mbr_status fault) {
  const mbr_str none = {NULL, 0};
  return asked->method->receive(&asked->receiver, MBR_FRAME_FAULT, fault, none, NULL);
}

mbr_status mbr_asked_tell_frame(const mbr_asked *asked, const uint8_t *frame, mbr_arena *arena) {
  mbr_frame_kind kind = kind_of(frame);
  mbr_str text = {NULL, 0};
  mbr_reader payload;
  uint32_t code = MBR_OK;
  mbr_reader_init(&payload, frame + MBR_FRAME_HEADER_SIZE, mbr_get_u32(frame) - MBR_FRAME_HEADER_SIZE, arena);
  if (kind == MBR_FRAME_FAULT) {
    (void)mbr_read_u32(&payload, &code);
    (void)mbr_read_str(&payload, &text, MBR_UNBOUNDED);
  }
  bool decodes = kind != MBR_FRAME_FAULT && kind != MBR_FRAME_END;
  return asked->method->receive(&asked->receiver, kind, (mbr_status)code, text, decodes ? &payload : NULL);
}

/* Whether the frame can be one of this call's. */
static bool is_sound(const mbr_asked *asked, const mbr_frame *frame, const uint8_t *data) {
  bool stream = mbr_asked_is(asked, MBR_METHOD_STREAM);
  mbr_reader payload;
  mbr_str text;
  uint32_t code = MBR_OK;
  switch (frame->kind) {
    case MBR_FRAME_OK:
      return !stream;
    case MBR_FRAME_ERR:
      return true;
    case MBR_FRAME_END:
      return stream && frame->size == MBR_FRAME_HEADER_SIZE;
    case MBR_FRAME_ITEM:
      return stream && asked->granted != 0;
    case MBR_FRAME_CREDIT:
      return mbr_asked_is(asked, MBR_METHOD_UPLOAD) && frame->size == MBR_FRAME_HEADER_SIZE + 4u;
    case MBR_FRAME_FAULT:
      mbr_reader_init(&payload, data + MBR_FRAME_HEADER_SIZE, frame->size - MBR_FRAME_HEADER_SIZE, NULL);
      (void)mbr_read_u32(&payload, &code);
      (void)mbr_read_str(&payload, &text, MBR_UNBOUNDED);
      return mbr_reader_finish(&payload) == MBR_OK && code != MBR_OK;
    default:
      return false;
  }
}

static void add_credit(mbr_asked *asked, uint32_t credit, mbr_after *after) {
  asked->credit = credit > UINT32_MAX - asked->credit ? UINT32_MAX : asked->credit + credit;
  if (!asked->is_waiting || asked->credit == 0) return;
  asked->is_waiting = false;
  asked->is_ready = true;
  mbr_asked_announce(asked, after);
}

/* Under the lock: what the receiver is to hear next. */
static mbr_message next_message(mbr_asked *asked, const uint8_t **direct) {
  if (asked->told) return (mbr_message){.kind = MESSAGE_NONE};
  if (*direct != NULL) {
    const uint8_t *frame = *direct;
    *direct = NULL;
    return (mbr_message){.kind = MESSAGE_FRAME, .frame = frame};
  }
  mbr_block *letter = asked->is_blocked ? NULL : mbr_inbox_take(&asked->inbox);
  if (letter != NULL) {
    asked->is_retried = false;
    return (mbr_message){.kind = MESSAGE_FRAME, .frame = mbr_letter_frame(letter), .letter = letter};
  }
  if (asked->is_ready) {
    asked->is_ready = false;
    return (mbr_message){.kind = MESSAGE_READY};
  }
  const bool faulted = asked->state == MBR_ASKED_ENDED && asked->fault != MBR_OK;
  if (asked->is_blocked || !faulted) return (mbr_message){.kind = MESSAGE_NONE};
  return (mbr_message){.kind = MESSAGE_FAULT, .fault = asked->fault};
}

/* Memory that what is decoded takes beyond the stack's. */
typedef struct mbr_told_memory {
  mbr_peer *peer;
  mbr_block *blocks;
} mbr_told_memory;

static void *grow(void *owner, size_t size) {
  mbr_told_memory *memory = (mbr_told_memory *)owner;
  return mbr_block_take(memory->peer, &memory->blocks, size);
}

/* Without the lock. */
static mbr_status tell(const mbr_asked *asked, const mbr_message *message, mbr_block **blocks) {
  uint64_t stack[MBR_TELL_ARENA_SIZE / sizeof(uint64_t)];
  mbr_told_memory memory = {.peer = asked->peer};
  mbr_status status = MBR_OK;
  mbr_arena arena;
  mbr_arena_init(&arena, stack, sizeof stack);
  if (asked->peer->hooks.alloc != NULL) {
    arena.grow = grow;
    arena.owner = &memory;
  }
  if (message->kind == MESSAGE_FRAME) {
    status = mbr_asked_tell_frame(asked, message->frame, &arena);
  } else if (message->kind == MESSAGE_FAULT) {
    status = mbr_asked_tell_fault(asked, message->fault);
  } else if (asked->receiver.ready != NULL) {
    /* misra 11.1: back to the type that mbr_receiver says `ready` has */
    ((void (*)(void *arg))asked->receiver.ready)(asked->receiver.arg);
  }
  *blocks = memory.blocks;
  return status;
}

/* Under the lock: the receiver cannot take the item now. It stays the next one, unless the call has ended in
 * a way that does not wait for it. */
static void item_refused(mbr_asked *asked, mbr_block *letter, mbr_after *after) {
  mbr_inbox_put_back(&asked->inbox, letter);
  if (asked->peer->state != MBR_PEER_OPEN && asked->fault == MBR_OK) asked->fault = MBR_DISCONNECTED;
  if (asked->state == MBR_ASKED_ENDED && asked->fault != MBR_OK) mbr_inbox_clear(&asked->inbox, after);
  else asked->is_blocked = !asked->is_retried;
}

/* Under the lock: an item was taken. The credit of half a window goes back at once. */
static void item_taken(mbr_asked *asked, mbr_status status, mbr_after *after) {
  if (status != MBR_OK && asked->state == MBR_ASKED_ENDED && asked->fault == MBR_OK) {
    mbr_inbox_clear(&asked->inbox, after);
    asked->fault = status;
  }
  if (asked->state != MBR_ASKED_OPEN) return;
  if (status != MBR_OK) {
    mbr_inbox_clear(&asked->inbox, after);
    mbr_asked_end(asked, status, MBR_CANCEL_CANCELLED, after);
    return;
  }
  asked->returned++;
  if (!asked->is_paused && asked->returned >= asked->window - asked->window / 2u) {
    mbr_asked_owe(asked, MBR_OWED_CREDIT);
  }
}

/* Under the lock: what follows from the receiver's having been told. */
static void message_told(mbr_asked *asked, const mbr_message *message, mbr_frame_kind kind, mbr_status status,
                         mbr_after *after) {
  mbr_block *letter = message->letter;
  const bool item = message->kind == MESSAGE_FRAME && kind == MBR_FRAME_ITEM;
  if (item && letter != NULL && status == MBR_WOULD_BLOCK) {
    item_refused(asked, letter, after);
    return;
  }
  if (letter != NULL) {
    letter->next = after->blocks;
    after->blocks = letter;
  }
  if (message->kind == MESSAGE_READY) return;
  if (item) {
    item_taken(asked, status, after);
  } else if (message->kind == MESSAGE_FRAME && status != MBR_OK) {
    asked->fault = status;
    mbr_asked_note(asked, status);
  } else {
    asked->told = true;
  }
}

static void run(mbr_asked *asked, const uint8_t *direct) {
  mbr_peer *peer = asked->peer;
  mbr_after after = {0};
  unsigned told = 0;
  bool tired = false;
  mbr_peer_enter(peer);
  for (;;) {
    mbr_message message = {.kind = MESSAGE_NONE};
    tired = peer->hooks.schedule != NULL && told == MBR_TELL_BATCH;
    if (!tired) message = next_message(asked, &direct);
    if (message.kind == MESSAGE_NONE) break;
    mbr_requests_leave(peer, &after);
    mbr_block *blocks = NULL;
    mbr_frame_kind kind = message.kind == MESSAGE_FRAME ? kind_of(message.frame) : MBR_FRAME_FAULT;
    mbr_status status = tell(asked, &message, &blocks);
    told++;
    mbr_peer_enter(peer);
    after.blocks = blocks;
    message_told(asked, &message, kind, status, &after);
  }
  if (tired) {
    mbr_after_submit(&after, &asked->task);
  } else {
    asked->telling = false;
    peer->running--;
    mbr_asked_settle(asked);
  }
  mbr_requests_leave(peer, &after);
}

void mbr_asked_run(mbr_task *task) { run((mbr_asked *)(void *)task, NULL); }

/* The open call that a frame of the other side names, NULL when it has ended. */
static mbr_asked *find_called(mbr_peer *peer, uint32_t call) {
  uint32_t index = call & UINT16_MAX;
  if (index >= peer->memory.request_count) return NULL;
  mbr_asked *asked = &peer->memory.requests[index];
  bool open = asked->id != 0 && asked->call == call && asked->state == MBR_ASKED_OPEN;
  return open ? asked : NULL;
}

/* Without the lock; it counts as running. Nobody else frees the inbox of a call whose frame is under way but
 * does so by its id. */
static mbr_status keep_letter(mbr_peer *peer, uint64_t id, const mbr_frame *frame, const uint8_t *data) {
  mbr_after after = {.elsewhere = true};
  bool item = frame->kind == MBR_FRAME_ITEM;
  mbr_block *letter = mbr_letter_make(peer, data, frame->size);
  mbr_peer_enter(peer);
  peer->running--;
  mbr_asked *asked = mbr_asked_find(peer, id);
  bool wanted = asked != NULL && (item ? asked->state == MBR_ASKED_OPEN : asked->fault == MBR_OK);
  if (wanted && letter != NULL) {
    mbr_inbox_put(&asked->inbox, letter);
    mbr_asked_announce(asked, &after);
  } else if (wanted && item) {
    mbr_asked_end(asked, MBR_NO_MEMORY, MBR_CANCEL_CANCELLED, &after);
  } else if (wanted) {
    asked->fault = MBR_NO_MEMORY;
    mbr_asked_announce(asked, &after);
  } else {
    after.blocks = letter;
  }
  mbr_peer_leave(peer, &after);
  return MBR_OK;
}

/* Without the lock; the thread that waits does not leave while its arena is being filled. */
static mbr_status fill(mbr_peer *peer, mbr_asked *asked, const mbr_frame *frame, const uint8_t *data) {
  mbr_after after = {.elsewhere = true};
  uint8_t *copy = (uint8_t *)mbr_arena_take(asked->arena, frame->size, 1);
  if (copy != NULL) memcpy(copy, data, frame->size);
  mbr_peer_enter(peer);
  peer->running--;
  asked->answer = copy;
  if (copy == NULL) asked->fault = MBR_NO_MEMORY;
  asked->filling = false;
  mbr_asked_announce(asked, &after);
  mbr_peer_leave(peer, &after);
  return MBR_OK;
}

/* Under the lock: the frame is sound. How it reaches the receiver. */
typedef enum mbr_way { WAY_NONE, WAY_DIRECT, WAY_LETTER, WAY_FILL } mbr_way;

static mbr_way take_frame(mbr_peer *peer, mbr_asked *asked, const mbr_frame *frame) {
  if (frame->kind == MBR_FRAME_ITEM) asked->granted--;
  else mbr_asked_close(asked);
  if (peer->hooks.schedule == NULL && !asked->blocking && !asked->telling) {
    asked->telling = true;
    peer->running++;
    return WAY_DIRECT;
  }
  peer->running++; /* no mere pin: what the receiver has coming comes before the disconnect callback */
  asked->filling = asked->blocking;
  return asked->blocking ? WAY_FILL : WAY_LETTER;
}

mbr_status mbr_request_retry(mbr_request request) {
  mbr_peer *peer = request.peer;
  mbr_after after = {0};
  if (peer == NULL) return MBR_CLOSED;
  mbr_peer_enter(peer);
  mbr_asked *asked = mbr_asked_find(peer, request.id);
  if (asked != NULL) {
    asked->is_retried = true;
    if (asked->is_blocked) mbr_asked_announce(asked, &after);
    asked->is_blocked = false;
  }
  mbr_peer_leave(peer, &after);
  return asked != NULL ? MBR_OK : MBR_CLOSED;
}

mbr_status mbr_requests_receive(mbr_peer *peer, const mbr_frame *frame, const uint8_t *data) {
  mbr_after after = {.elsewhere = true};
  mbr_way way = WAY_NONE;
  mbr_status status = MBR_OK;
  uint64_t id = 0;
  mbr_peer_enter(peer);
  mbr_asked *asked = peer->state == MBR_PEER_OPEN ? find_called(peer, frame->call) : NULL;
  if (peer->state != MBR_PEER_OPEN) {
    status = MBR_CLOSED;
  } else if (asked == NULL) {
    bool known = frame->kind >= MBR_FRAME_OK && frame->kind <= MBR_FRAME_END;
    status = known || frame->kind == MBR_FRAME_CREDIT ? MBR_OK : MBR_BAD_FRAME;
  } else if (!is_sound(asked, frame, data)) {
    mbr_asked_end(asked, MBR_BAD_FRAME, MBR_CANCEL_CANCELLED, &after);
    status = MBR_BAD_FRAME;
  } else if (frame->kind == MBR_FRAME_CREDIT) {
    add_credit(asked, mbr_get_u32(data + MBR_FRAME_HEADER_SIZE), &after);
  } else {
    id = asked->id;
    way = take_frame(peer, asked, frame);
  }
  mbr_peer_leave(peer, &after);
  if (way == WAY_DIRECT) run(asked, data);
  else if (way == WAY_LETTER) return keep_letter(peer, id, frame, data);
  else if (way == WAY_FILL) return fill(peer, asked, frame, data);
  return status;
}
