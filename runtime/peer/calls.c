/* Slots of calls, from their admission to their being free again. Knows nothing of how requests are
 * received or answers encoded. */
#include "calls.h"

#include "inbox.h"
#include "latest.h"
#include "reply.h"

#define NO_SLOT UINT16_MAX
#define INDEX_MASK 0xFFFFu
#define SERIAL_SHIFT 16

static uint16_t *index_of(const mbr_peer *peer, uint32_t call) {
  return &peer->memory.calls[call & INDEX_MASK];
}

mbr_slot *mbr_slot_find(const mbr_peer *peer, uint64_t id) {
  size_t index = (size_t)(id & INDEX_MASK);
  if (index >= peer->memory.slot_count) return NULL;
  mbr_slot *slot = &peer->memory.slots[index];
  return id != 0 && slot->id == id ? slot : NULL;
}

mbr_slot *mbr_slot_find_called(const mbr_peer *peer, uint32_t call) {
  if ((call & INDEX_MASK) >= peer->memory.call_count) return NULL;
  uint16_t at = *index_of(peer, call);
  if (at == NO_SLOT) return NULL;
  mbr_slot *slot = &peer->memory.slots[at];
  return slot->call == call ? slot : NULL;
}

static size_t min_size(size_t a, size_t b) { return a < b ? a : b; }

static size_t max_size(size_t a, size_t b) { return a > b ? a : b; }

static bool is_answered_there(const mbr_method *method) {
  return (method->flags & (MBR_METHOD_ONEWAY | MBR_METHOD_SYNC)) == 0;
}

/* Where there are blocks, a large ending can always go there: room for it need not be kept, and many calls
 * with large results may be open at once. */
static size_t promise_of(const mbr_peer *peer, const mbr_method *method) {
  if (!is_answered_there(method)) return 0;
  size_t payload = method->ending_max != 0 ? method->ending_max : MBR_ENDING_SIZE_DEFAULT;
  if (peer->hooks.alloc != NULL) payload = min_size(payload, MBR_ENDING_SIZE_DEFAULT);
  payload = max_size(payload, MBR_FAULT_PAYLOAD + MBR_FAULT_TEXT_MAX);
  return min_size(mbr_record_size(min_size(payload, MBR_PAYLOAD_MAX)), peer->outbox.size / 4u);
}

static size_t spare_of(const mbr_method *method) {
  return is_answered_there(method) ? mbr_record_size(MBR_FAULT_PAYLOAD) : 0;
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

static mbr_slot *take_slot(mbr_peer *peer, const mbr_frame *frame, mbr_binding *binding,
                           const mbr_method *method) {
  mbr_slot *slot = peer->free;
  peer->free = slot->next;
  peer->used++;
  peer->serial++;
  *slot = (mbr_slot){
    .peer = peer,
    .id = peer->serial << SERIAL_SHIFT | (size_t)(slot - peer->memory.slots),
    .method = method,
    .binding = binding,
    .deadline = UINT64_MAX,
    .frame_size = frame->size,
    .instance = frame->instance,
    .call = frame->call,
    .phase = MBR_PHASE_RECEIVED,
    .state = MBR_CALL_OPEN,
  };
  return slot;
}

mbr_status mbr_slot_admit(mbr_peer *peer, const mbr_frame *frame, mbr_binding *binding,
                          const mbr_method *method, mbr_slot **admitted) {
  bool oneway = (method->flags & MBR_METHOD_ONEWAY) != 0;
  size_t promised = promise_of(peer, method);
  size_t spare = spare_of(method);
  if (!oneway) {
    if (frame->call == 0) return MBR_BAD_FRAME;
    if ((frame->call & INDEX_MASK) >= peer->memory.call_count) return MBR_BUSY;
    if (*index_of(peer, frame->call) != NO_SLOT) return MBR_BAD_FRAME;
  }
  if (peer->free == NULL || !mbr_outbox_promise(&peer->outbox, promised + spare)) return MBR_BUSY;
  mbr_slot *slot = take_slot(peer, frame, binding, method);
  slot->promised = promised;
  slot->spare = spare;
  slot->indexed = !oneway;
  if (!oneway) *index_of(peer, frame->call) = (uint16_t)(slot - peer->memory.slots);
  *admitted = slot;
  return MBR_OK;
}

mbr_status mbr_slot_admit_sync(mbr_peer *peer, const mbr_frame *frame, mbr_binding *binding,
                               const mbr_method *method, mbr_slot **admitted) {
  if (peer->free == NULL) return MBR_BUSY;
  *admitted = take_slot(peer, frame, binding, method);
  return MBR_OK;
}

void *mbr_block_take(mbr_peer *peer, mbr_block **blocks, size_t size) {
  const mbr_hooks *hooks = &peer->hooks;
  if (hooks->alloc == NULL || size > (size_t)-1 - MBR_BLOCK_HEADER_SIZE) return NULL;
  uint8_t *memory = (uint8_t *)hooks->alloc(peer->owner, MBR_BLOCK_HEADER_SIZE + size);
  if (memory == NULL) return NULL;
  mbr_block *block = (mbr_block *)(void *)memory;
  block->next = *blocks;
  *blocks = block;
  return memory + MBR_BLOCK_HEADER_SIZE;
}

/* Unless the caller has given it up before, and a later call may have it. */
static void free_index(mbr_slot *slot) {
  if (!slot->indexed) return;
  slot->indexed = false;
  *index_of(slot->peer, slot->call) = NO_SLOT;
}

static void release(mbr_slot *slot) {
  slot->state = MBR_CALL_ENDED;
  free_index(slot);
  mbr_outbox_unpromise(&slot->peer->outbox, slot->promised + slot->spare);
  slot->promised = 0;
  slot->spare = 0;
}

void mbr_slot_accept(mbr_slot *slot) {
  slot->counters = mbr_service_counters(slot->binding, slot->method);
  if (slot->counters != NULL) {
    slot->counters->calls++;
    slot->counters->open++;
    slot->counters->bytes_in += slot->frame_size;
  }
  mbr_note_add(slot->peer, MBR_LOG_DEBUG, slot->method->name, slot->method->flags,
               "a call was accepted", MBR_OK, 0);
}

void mbr_slot_refuse(mbr_slot *slot, mbr_after *after) {
  if (slot->state == MBR_CALL_OPEN) release(slot);
  slot->phase = MBR_PHASE_RETURNED;
  mbr_slot_settle(slot, after);
}

static void count_end(mbr_slot *slot, mbr_fate fate) {
  mbr_counters *counters = slot->counters;
  if (counters == NULL) return;
  counters->open--;
  if (fate == MBR_FATE_ERROR) counters->errors++;
  if (fate == MBR_FATE_CANCELLED) counters->cancelled++;
}

void mbr_slot_count_sent(const mbr_slot *slot, mbr_frame_kind kind, size_t frame_size) {
  if (slot->counters == NULL) return;
  slot->counters->bytes_out += frame_size;
  if (kind == MBR_FRAME_ITEM) slot->counters->items++;
}

void mbr_slot_count_dropped(mbr_slot *slot) {
  if (slot->counters != NULL) slot->counters->dropped++;
}

/* Calls that end with their connection are not logged one by one. */
static void note_end(const mbr_slot *slot, mbr_fate fate, mbr_status status) {
  mbr_log_level level = MBR_LOG_DEBUG;
  const char *text = "a call has ended";
  if (status == MBR_DISCONNECTED) return;
  if (fate == MBR_FATE_CANCELLED && status == MBR_DEADLINE) {
    level = MBR_LOG_WARNING;
    text = "a call was not answered in time";
  } else if (fate == MBR_FATE_CANCELLED) {
    text = "a call was cancelled";
  } else if (fate == MBR_FATE_ERROR && status != MBR_OK) {
    level = MBR_LOG_WARNING;
    text = "a call has ended with a fault";
  } else if (fate == MBR_FATE_ERROR) {
    text = "a call has ended with its declared error";
  }
  mbr_note_add(slot->peer, level, slot->method->name, slot->method->flags, text, status,
               mbr_log_begun(slot));
}

void mbr_slot_end(mbr_slot *slot, mbr_fate fate, mbr_status status, mbr_after *after) {
  release(slot);
  if (slot->phase == MBR_PHASE_WAITING) mbr_strand_remove(slot);
  if (slot->phase == MBR_PHASE_WAITING || slot->phase == MBR_PHASE_IDLE) slot->phase = MBR_PHASE_RETURNED;
  mbr_latest_drop(slot, after);
  mbr_inbox_clear(&slot->inbox, after);
  mbr_slot_stop_owing(slot);
  slot->ready = NULL;
  slot->is_ready = false;
  slot->owed = 0;
  slot->deadline = UINT64_MAX;
  count_end(slot, fate);
  note_end(slot, fate, status);
}

void mbr_fault_write(uint8_t *out, const mbr_slot *slot, mbr_status code, const char *text,
                     size_t text_size) {
  const mbr_frame frame = {
    .size = (uint32_t)(MBR_FRAME_HEADER_SIZE + MBR_FAULT_PAYLOAD + text_size),
    .kind = MBR_FRAME_FAULT,
    .call = slot->call,
    .method = slot->method->id,
  };
  uint8_t *payload = out + MBR_FRAME_HEADER_SIZE;
  mbr_frame_write(out, &frame);
  mbr_put_u32(payload, (uint32_t)code);
  mbr_put_u64(payload + 4, text_size);
  if (text_size > 0) memcpy(payload + MBR_FAULT_PAYLOAD, text, text_size);
}

static void send_fault(mbr_slot *slot, mbr_status code, const char *text, size_t text_size,
                       mbr_after *after) {
  const mbr_frame frame = {.size = (uint32_t)(MBR_FRAME_HEADER_SIZE + MBR_FAULT_PAYLOAD + text_size)};
  if (mbr_slot_is(slot, MBR_METHOD_ONEWAY)) return;
  if (slot->state == MBR_CALL_OPEN) (void)mbr_latest_send(slot, after);
  mbr_slot_count_sent(slot, MBR_FRAME_FAULT, frame.size);
  if (slot->here != NULL) {
    mbr_reply_fault(slot, code, text, text_size);
    return;
  }
  size_t *promise = slot->state == MBR_CALL_OPEN ? &slot->promised : &slot->spare;
  uint8_t *record = mbr_outbox_open(&slot->peer->outbox, &frame, promise);
  mbr_fault_write(record, slot, code, text, text_size);
}

void mbr_slot_fault(mbr_slot *slot, mbr_status code, const char *text, size_t text_size, mbr_after *after) {
  send_fault(slot, code, text, text_size, after);
  mbr_slot_end(slot, MBR_FATE_ERROR, code, after);
  slot->answered = true;
}

mbr_status mbr_cancel_status(mbr_cancel_reason reason) {
  if (reason == MBR_CANCEL_DEADLINE) return MBR_DEADLINE;
  return reason == MBR_CANCEL_DISCONNECTED ? MBR_DISCONNECTED : MBR_CANCELLED;
}

void mbr_slot_cancel(mbr_slot *slot, mbr_cancel_reason reason, mbr_status fault, mbr_after *after) {
  if (slot->state != MBR_CALL_OPEN) {
    if (fault == MBR_OK) free_index(slot);
    return;
  }
  slot->cancelled = (uint8_t)reason;
  if (fault != MBR_OK) send_fault(slot, fault, NULL, 0, after);
  if (fault != MBR_OK && fault != mbr_cancel_status(reason)) mbr_slot_end(slot, MBR_FATE_ERROR, fault, after);
  else mbr_slot_end(slot, MBR_FATE_CANCELLED, mbr_cancel_status(reason), after);
  if (slot->cancel != NULL) {
    slot->cancel_due = true;
    mbr_slot_notify(slot, after);
  }
  mbr_slot_settle(slot, after);
}

void mbr_slot_settle(mbr_slot *slot, mbr_after *after) {
  mbr_peer *peer = slot->peer;
  if (slot->phase != MBR_PHASE_RETURNED || slot->state != MBR_CALL_ENDED) return;
  if (slot->holds != 0 || slot->noticing) return;
  if (slot->deferred && !slot->answered && !slot->adopted) return;
  while (slot->blocks != NULL) {
    mbr_block *block = slot->blocks;
    slot->blocks = block->next;
    block->next = after->blocks;
    after->blocks = block;
  }
  mbr_latest_release(slot, after);
  slot->id = 0;
  slot->next = peer->free;
  peer->free = slot;
  peer->used--;
}
