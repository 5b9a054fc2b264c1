/* Slots of calls, from their admission to their being free again. Knows nothing of how requests are
 * received or answers encoded. */
#include "calls.h"

#define NO_SLOT UINT16_MAX
#define INDEX_MASK 0xFFFFu
#define SERIAL_SHIFT 16

/* u32 status, then a string. */
#define FAULT_PAYLOAD (4u + MBR_COUNT_SIZE)

static uint16_t *index_of(mbr_peer *peer, uint32_t call) { return &peer->memory.calls[call & INDEX_MASK]; }

mbr_slot *mbr_slot_find(const mbr_peer *peer, uint64_t id) {
  size_t index = (size_t)(id & INDEX_MASK);
  if (index >= peer->memory.slot_count) return NULL;
  mbr_slot *slot = &peer->memory.slots[index];
  return id != 0 && slot->id == id ? slot : NULL;
}

static size_t min_size(size_t a, size_t b) { return a < b ? a : b; }

static size_t max_size(size_t a, size_t b) { return a > b ? a : b; }

/* Where there are blocks, a large ending can always go there: room for it need not be kept, and many calls
 * with large results may be open at once. */
static size_t promise_of(const mbr_peer *peer, const mbr_method *method) {
  if ((method->flags & MBR_METHOD_ONEWAY) != 0) return 0;
  size_t payload = method->ending_max != 0 ? method->ending_max : MBR_ENDING_SIZE_DEFAULT;
  if (peer->hooks.alloc != NULL) payload = min_size(payload, MBR_ENDING_SIZE_DEFAULT);
  payload = max_size(payload, FAULT_PAYLOAD + MBR_FAULT_TEXT_MAX);
  return min_size(mbr_record_size(min_size(payload, MBR_PAYLOAD_MAX)), peer->outbox.size / 4u);
}

static size_t spare_of(const mbr_method *method) {
  return (method->flags & MBR_METHOD_ONEWAY) != 0 ? 0 : mbr_record_size(FAULT_PAYLOAD);
}

void mbr_slot_expect(mbr_peer *peer, const mbr_service *service) {
  size_t largest = 0;
  for (size_t i = 0; i < service->method_count; i++) {
    const mbr_method *method = &service->methods[i];
    largest = max_size(largest, promise_of(peer, method) + spare_of(method));
  }
  /* One more than there are slots: a wrap may cost as much. */
  if (largest != 0) mbr_outbox_keep(&peer->outbox, peer->memory.slot_count + (size_t)1, largest);
}

mbr_status mbr_slot_admit(mbr_peer *peer, const mbr_frame *frame, mbr_binding *binding,
                          const mbr_method *method, mbr_slot **admitted) {
  bool oneway = (method->flags & MBR_METHOD_ONEWAY) != 0;
  size_t promised = promise_of(peer, method);
  size_t spare = spare_of(method);
  mbr_slot *slot = peer->free;
  if (!oneway) {
    if (frame->call == 0 || (frame->call & INDEX_MASK) >= peer->memory.call_count) return MBR_BAD_FRAME;
    if (*index_of(peer, frame->call) != NO_SLOT) return MBR_BAD_FRAME;
  }
  if (slot == NULL || !mbr_outbox_promise(&peer->outbox, promised + spare)) return MBR_BUSY;
  size_t index = (size_t)(slot - peer->memory.slots);
  if (!oneway) *index_of(peer, frame->call) = (uint16_t)index;
  peer->free = slot->next;
  peer->used++;
  peer->serial++;
  *slot = (mbr_slot){
    .peer = peer,
    .id = peer->serial << SERIAL_SHIFT | index,
    .method = method,
    .binding = binding,
    .promised = promised,
    .spare = spare,
    .frame_size = frame->size,
    .call = frame->call,
    .phase = MBR_PHASE_RECEIVED,
    .state = MBR_CALL_OPEN,
  };
  *admitted = slot;
  return MBR_OK;
}

void *mbr_slot_take_block(mbr_slot *slot, size_t size) {
  const mbr_hooks *hooks = &slot->peer->hooks;
  if (hooks->alloc == NULL || size > (size_t)-1 - MBR_BLOCK_HEADER_SIZE) return NULL;
  uint8_t *memory = (uint8_t *)hooks->alloc(slot->peer->owner, MBR_BLOCK_HEADER_SIZE + size);
  if (memory == NULL) return NULL;
  mbr_block *block = (mbr_block *)(void *)memory;
  block->next = slot->blocks;
  slot->blocks = block;
  return memory + MBR_BLOCK_HEADER_SIZE;
}

/* Unless the caller has given it up before, and a later call may have it. */
static void free_index(mbr_slot *slot) {
  const mbr_peer_memory *memory = &slot->peer->memory;
  if (mbr_slot_is(slot, MBR_METHOD_ONEWAY)) return;
  uint16_t *index = index_of(slot->peer, slot->call);
  if (*index == slot - memory->slots) *index = NO_SLOT;
}

void mbr_slot_end(mbr_slot *slot) {
  slot->state = MBR_CALL_ENDED;
  free_index(slot);
  mbr_outbox_unpromise(&slot->peer->outbox, slot->promised + slot->spare);
  slot->promised = 0;
  slot->spare = 0;
}

void mbr_slot_fault(mbr_slot *slot, mbr_status code, const char *text, size_t text_size) {
  mbr_peer *peer = slot->peer;
  if (!mbr_slot_is(slot, MBR_METHOD_ONEWAY)) {
    const mbr_frame frame = {
      .size = (uint32_t)(MBR_FRAME_HEADER_SIZE + FAULT_PAYLOAD + text_size),
      .kind = MBR_FRAME_FAULT,
      .call = slot->call,
      .method = slot->method->id,
    };
    size_t *promise = slot->state == MBR_CALL_OPEN ? &slot->promised : &slot->spare;
    uint8_t *record = mbr_outbox_open(&peer->outbox, &frame, promise);
    uint8_t *payload = record + MBR_FRAME_HEADER_SIZE;
    mbr_put_u32(payload, (uint32_t)code);
    mbr_put_u64(payload + 4, text_size);
    if (text_size > 0) memcpy(payload + FAULT_PAYLOAD, text, text_size);
    mbr_outbox_commit(record);
  }
  mbr_slot_end(slot);
  slot->answered = true;
}

static void run_cancel(mbr_task *task) {
  mbr_slot *slot = (mbr_slot *)(void *)task;
  mbr_peer *peer = slot->peer;
  mbr_after after = {0};
  slot->cancel(slot->cancel_arg, (mbr_cancel_reason)slot->cancelled);
  mbr_peer_enter(peer);
  mbr_slot_cancel_done(slot, &after);
  mbr_peer_leave(peer, &after);
}

void mbr_slot_cancel(mbr_slot *slot, mbr_cancel_reason reason, mbr_after *after) {
  if (slot->state != MBR_CALL_OPEN) {
    free_index(slot);
    return;
  }
  slot->cancelled = (uint8_t)reason;
  mbr_slot_end(slot);
  if (slot->phase == MBR_PHASE_WAITING) {
    mbr_strand_remove(slot);
    slot->phase = MBR_PHASE_RETURNED;
  }
  if (slot->cancel != NULL) {
    slot->cancelling = true;
    slot->peer->running++;
    /* Only a handler that has started can have set a callback, so the task is free. */
    slot->task.run = run_cancel;
    slot->next = after->cancelled;
    after->cancelled = slot;
  }
  mbr_slot_settle(slot, after);
}

void mbr_slot_cancel_done(mbr_slot *slot, mbr_after *after) {
  slot->cancelling = false;
  slot->peer->running--;
  mbr_slot_settle(slot, after);
}

void mbr_slot_settle(mbr_slot *slot, mbr_after *after) {
  mbr_peer *peer = slot->peer;
  if (slot->phase != MBR_PHASE_RETURNED || slot->state != MBR_CALL_ENDED) return;
  if (slot->cancelling || (slot->deferred && !slot->answered)) return;
  while (slot->blocks != NULL) {
    mbr_block *block = slot->blocks;
    slot->blocks = block->next;
    block->next = after->blocks;
    after->blocks = block;
  }
  slot->id = 0;
  slot->next = peer->free;
  peer->free = slot;
  peer->used--;
}

static mbr_slot *start(mbr_slot *slot) {
  slot->phase = MBR_PHASE_SCHEDULED;
  slot->peer->running++;
  return slot;
}

mbr_slot *mbr_strand_add(mbr_slot *slot) {
  mbr_binding *binding = slot->binding;
  if (mbr_slot_is(slot, MBR_METHOD_CONCURRENT)) return start(slot);
  if (!binding->busy) {
    binding->busy = true;
    return start(slot);
  }
  slot->phase = MBR_PHASE_WAITING;
  slot->next = NULL;
  if (binding->first == NULL) binding->first = slot;
  else binding->last->next = slot;
  binding->last = slot;
  return NULL;
}

mbr_slot *mbr_strand_next(mbr_slot *returned) {
  mbr_binding *binding = returned->binding;
  if (mbr_slot_is(returned, MBR_METHOD_CONCURRENT)) return NULL;
  mbr_slot *next = binding->first;
  if (next == NULL) {
    binding->busy = false;
    return NULL;
  }
  binding->first = next->next;
  return start(next);
}

void mbr_strand_remove(mbr_slot *waiting) {
  mbr_binding *binding = waiting->binding;
  mbr_slot *before = NULL;
  for (mbr_slot *slot = binding->first; slot != waiting; slot = slot->next) before = slot;
  if (before == NULL) binding->first = waiting->next;
  else before->next = waiting->next;
  if (binding->last == waiting) binding->last = before;
}
