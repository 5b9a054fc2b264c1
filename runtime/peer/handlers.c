/* Handlers, in turns: see handlers.h. Knows nothing of how a handler answers. */
#include "handlers.h"

#include "inbox.h"
#include "reply.h"

/* Items of a stream parameter that are handled in one turn while others may be waiting. */
#ifndef MBR_TURN_ITEMS
#define MBR_TURN_ITEMS 16u
#endif

/* For a burst of short handlers the executor is asked for a thread once, not each time: a task runs turns of one
 * service, one after the other. After so many it looks at the clock, and lets the executor's other tasks come
 * between when it has had its thread for that long (or at once, where there is no clock). */
#ifndef MBR_TASK_TURNS
#define MBR_TASK_TURNS 16u
#endif
#ifndef MBR_TASK_MS
#define MBR_TASK_MS 1u
#endif

/* What a turn does next. */
typedef enum mbr_step { STEP_NONE, STEP_CALL, STEP_ITEM, STEP_END } mbr_step;

typedef struct mbr_turn {
  mbr_slot *slot;
  const uint8_t *item; /* the next one's frame */
  mbr_block *letter;   /* that it stands in; NULL: in the caller's memory */
  mbr_block *blocks;   /* what it decodes to */
  unsigned items;
} mbr_turn;

static void *grow_call(void *owner, size_t size) {
  mbr_slot *slot = (mbr_slot *)owner;
  return mbr_block_take(slot->peer, &slot->blocks, size);
}

static void *grow_item(void *owner, size_t size) {
  mbr_turn *turn = (mbr_turn *)owner;
  return mbr_block_take(turn->slot->peer, &turn->blocks, size);
}

/* What the request and the call's buffers leave of the slot's storage. */
static void init_arena(const mbr_slot *slot, mbr_arena *arena, void *(*grow)(void *, size_t), void *owner) {
  const size_t size = slot->peer->memory.storage_size - slot->tail;
  mbr_arena_init(arena, mbr_slot_storage(slot) + slot->arena, size - slot->arena);
  if (slot->peer->hooks.alloc == NULL) return;
  arena->grow = grow;
  arena->owner = owner;
}

mbr_status mbr_handlers_dispatch(mbr_slot *slot) {
  const size_t skipped = MBR_FRAME_HEADER_SIZE + MBR_CALL_PREFIX_SIZE;
  const mbr_call call = {slot->peer, slot->id};
  const mbr_target *target = &slot->binding->target;
  mbr_arena arena;
  mbr_reader args;
  init_arena(slot, &arena, grow_call, slot);
  const uint8_t *start = arena.data;
  mbr_reader_init(&args, slot->frame + skipped, slot->frame_size - skipped, &arena);
  mbr_status status = slot->method->dispatch(target->ops, target->self, call, &args);
  /* The arguments stay: items are decoded behind them. */
  if (arena.data == start) slot->arena = (size_t)(start - mbr_slot_storage(slot)) + arena.used;
  else slot->arena = slot->peer->memory.storage_size - slot->tail;
  return status;
}

static mbr_status handle_item(mbr_turn *turn) {
  const mbr_slot *slot = turn->slot;
  const mbr_call call = {slot->peer, slot->id};
  const mbr_target *target = &slot->binding->target;
  mbr_arena arena;
  mbr_reader reader;
  init_arena(slot, &arena, grow_item, turn);
  const size_t size = mbr_get_u32(turn->item) - MBR_FRAME_HEADER_SIZE;
  mbr_reader_init(&reader, turn->item + MBR_FRAME_HEADER_SIZE, size, &arena);
  return slot->method->item(target->ops, target->self, call, &reader);
}

static mbr_status handle_end(const mbr_slot *slot) {
  const mbr_call call = {slot->peer, slot->id};
  const mbr_target *target = &slot->binding->target;
  return slot->method->item(target->ops, target->self, call, NULL);
}

/* Without the lock. */
static mbr_status take_step(mbr_turn *turn, mbr_step step) {
  if (step == STEP_CALL) return mbr_handlers_dispatch(turn->slot);
  return step == STEP_ITEM ? handle_item(turn) : handle_end(turn->slot);
}

static bool is_due(const mbr_slot *slot) {
  if (slot->items_blocked) return false;
  return slot->inbox.first != NULL || (slot->items_ended && !slot->items_over);
}

/* Under the lock, and so is what follows. */
static mbr_step next_step(mbr_turn *turn) {
  mbr_slot *slot = turn->slot;
  if (slot->state != MBR_CALL_OPEN) return STEP_NONE;
  if (!slot->dispatched) {
    slot->dispatched = true;
    return STEP_CALL;
  }
  if (turn->item != NULL) return STEP_ITEM;
  if (!is_due(slot) || turn->items >= MBR_TURN_ITEMS) return STEP_NONE;
  slot->items_retried = false;
  turn->letter = mbr_inbox_take(&slot->inbox);
  if (turn->letter == NULL) {
    slot->items_over = true;
    return STEP_END;
  }
  turn->item = mbr_letter_frame(turn->letter);
  return STEP_ITEM;
}

static uint32_t window_of(const mbr_slot *slot) {
  return slot->method->window != 0 ? slot->method->window : MBR_WINDOW_DEFAULT;
}

/* The credit of half a window goes back at once. */
static void item_handled(mbr_slot *slot, mbr_after *after) {
  const uint32_t window = window_of(slot);
  slot->handled++;
  if (slot->items_ended || slot->handled < window - window / 2u) return;
  slot->owed += slot->handled;
  slot->handled = 0;
  mbr_slot_pay(slot, after);
}

/* Whether the handler could not take an item, or the end, which then stays the next one. Only what is not in
 * the caller's memory can. */
static bool is_refused(mbr_turn *turn, mbr_step step, mbr_status status) {
  mbr_slot *slot = turn->slot;
  if (status != MBR_WOULD_BLOCK || slot->state != MBR_CALL_OPEN) return false;
  if (step == STEP_ITEM && turn->letter != NULL) mbr_inbox_put_back(&slot->inbox, turn->letter);
  else if (step == STEP_END) slot->items_over = false;
  else return false;
  turn->letter = NULL;
  slot->items_blocked = !slot->items_retried;
  return true;
}

static void step_taken(mbr_turn *turn, mbr_step step, mbr_status status, mbr_after *after) {
  mbr_slot *slot = turn->slot;
  const bool refused = is_refused(turn, step, status);
  if (turn->letter != NULL) {
    turn->letter->next = after->blocks;
    after->blocks = turn->letter;
    turn->letter = NULL;
  }
  turn->item = NULL;
  turn->items++;
  if (refused) return;
  if (step == STEP_CALL) {
    if (status == MBR_OK) return;
    slot->deferred = false;
    if (slot->state == MBR_CALL_OPEN) mbr_slot_fault(slot, status, NULL, 0, after);
  } else if (slot->state == MBR_CALL_OPEN) {
    if (status != MBR_OK) mbr_slot_cancel(slot, MBR_CANCEL_CANCELLED, status, after);
    else if (step == STEP_ITEM) item_handled(slot, after);
  }
}

/* The slot whose turn is next. */
static mbr_slot *end_turn(mbr_slot *slot, mbr_after *after) {
  bool goes_on =
    slot->state == MBR_CALL_OPEN && mbr_slot_is(slot, MBR_METHOD_UPLOAD) && !slot->items_over;
  slot->peer->running--;
  slot->phase = goes_on ? MBR_PHASE_IDLE : MBR_PHASE_RETURNED;
  mbr_slot *next = mbr_strand_next(slot);
  if (goes_on) {
    mbr_slot *again = is_due(slot) ? mbr_strand_add(slot) : NULL;
    return next != NULL ? next : again;
  }
  if (slot->state == MBR_CALL_OPEN && !slot->deferred) {
    if (mbr_slot_is(slot, MBR_METHOD_ONEWAY)) mbr_slot_end(slot, MBR_FATE_OK, MBR_OK, after);
    else mbr_slot_fault(slot, MBR_DROPPED, NULL, 0, after);
  }
  if (slot->here != NULL) mbr_reply_give(slot);
  if (slot->cancel_due) mbr_slot_notify(slot, after);
  mbr_slot_settle(slot, after);
  return next;
}

/* Releases the lock meanwhile, and so do those that run turns. Answers the slot whose turn is next. */
static mbr_slot *run_turn(mbr_slot *slot, const uint8_t *item, mbr_after *after) {
  mbr_peer *peer = slot->peer;
  mbr_turn turn = {.slot = slot, .item = item};
  slot->phase = MBR_PHASE_RUNNING;
  for (mbr_step step; (step = next_step(&turn)) != STEP_NONE;) {
    mbr_peer_leave(peer, after);
    mbr_status status = take_step(&turn, step);
    mbr_peer_enter(peer);
    after->blocks = turn.blocks;
    turn.blocks = NULL;
    step_taken(&turn, step, status, after);
  }
  return end_turn(slot, after);
}

/* Whether a turn may follow on this thread, after so many. Where there is no executor all do. */
static bool may_go_on(mbr_peer *peer, unsigned turns, uint64_t until, mbr_after *after) {
  if (peer->hooks.schedule == NULL) return true;
  if (until == 0 || turns % MBR_TASK_TURNS != 0) return until != 0;
  if (peer->now == NULL) return false;
  mbr_peer_leave(peer, after);
  const uint64_t now = peer->now(peer->owner);
  mbr_peer_enter(peer);
  return now < until;
}

/* One turn, and those that follow until that time. */
static void run_turns(mbr_slot *slot, const uint8_t *item, uint64_t until, mbr_after *after) {
  mbr_peer *peer = slot->peer;
  unsigned turns = 1;
  mbr_slot *next = run_turn(slot, item, after);
  for (; next != NULL && may_go_on(peer, turns, until, after); turns++) next = run_turn(next, NULL, after);
  if (next != NULL) mbr_after_submit(after, &next->task);
}

void mbr_handlers_run(mbr_task *task) {
  mbr_slot *slot = (mbr_slot *)(void *)task;
  mbr_peer *peer = slot->peer;
  mbr_after after = {0};
  const uint64_t now = peer->now != NULL ? peer->now(peer->owner) : 0;
  mbr_peer_enter(peer);
  run_turns(slot, NULL, now + MBR_TASK_MS, &after);
  mbr_peer_leave(peer, &after);
}

/* Without blocks the slot's memory may be just enough for what is decoded. */
static bool may_be_answered_here(const mbr_slot *slot) {
  return slot->peer->hooks.alloc != NULL &&
         !mbr_slot_is(slot, MBR_METHOD_STREAM | MBR_METHOD_UPLOAD | MBR_METHOD_ONEWAY);
}

void mbr_handlers_run_call(mbr_slot *slot, mbr_answer *here, mbr_after *after) {
  mbr_peer *peer = slot->peer;
  slot->task.run = mbr_handlers_run;
  if (may_be_answered_here(slot)) mbr_reply_expect(slot, here);
  run_turns(mbr_strand_add(slot), NULL, 0, after);
  here->drain = mbr_outbox_look(&peer->outbox);
  mbr_peer_leave(peer, after);
}

void mbr_handlers_run_item(mbr_slot *slot, const uint8_t *item, mbr_after *after) {
  mbr_peer *peer = slot->peer;
  run_turns(mbr_strand_add(slot), item, 0, after);
  mbr_peer_leave(peer, after);
}

void mbr_handlers_go_on(mbr_slot *slot, mbr_after *after) {
  if (slot->phase == MBR_PHASE_IDLE && is_due(slot)) mbr_handlers_start(slot, after);
}

mbr_status mbr_call_retry_items(mbr_call call) {
  mbr_peer *peer = call.peer;
  mbr_after after = {0};
  if (peer == NULL) return MBR_CLOSED;
  mbr_peer_enter(peer);
  mbr_slot *slot = mbr_slot_find(peer, call.id);
  const bool open = slot != NULL && slot->state == MBR_CALL_OPEN;
  if (open) {
    slot->items_retried = true;
    slot->items_blocked = false;
    mbr_handlers_go_on(slot, &after);
  }
  mbr_peer_leave(peer, &after);
  return open ? MBR_OK : MBR_CLOSED;
}

void mbr_handlers_start(mbr_slot *slot, mbr_after *after) {
  mbr_slot *first = mbr_strand_add(slot);
  slot->task.run = mbr_handlers_run;
  if (first != NULL) mbr_after_submit(after, &first->task);
}
