/* Frames in: finding the method, keeping the request, running the handler. Knows nothing of how a
 * handler answers. */
#include "calls.h"

static const mbr_method *find_method(const mbr_service *service, uint32_t id) {
  size_t low = 0, high = service->method_count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    const mbr_method *method = &service->methods[middle];
    if (method->id == id) return method;
    if (method->id < id) low = middle + 1;
    else high = middle;
  }
  return NULL;
}

static const mbr_method *find_served(const mbr_peer *peer, uint32_t id, mbr_binding **binding) {
  for (size_t i = 0; i < peer->served; i++) {
    *binding = &peer->memory.bindings[i];
    const mbr_method *method = find_method((*binding)->service, id);
    if (method != NULL) return method;
  }
  return NULL;
}

/* Whether the table is sorted and none of its numbers is served. */
static bool may_serve(const mbr_peer *peer, const mbr_service *service) {
  mbr_binding *binding;
  for (size_t i = 0; i < service->method_count; i++) {
    uint32_t id = service->methods[i].id;
    if (i > 0 && service->methods[i - 1].id >= id) return false;
    if (find_served(peer, id, &binding) != NULL) return false;
  }
  return true;
}

mbr_status mbr_peer_serve(mbr_peer *peer, const mbr_service *service, const void *ops, void *self) {
  mbr_status status = MBR_OK;
  mbr_after after = {0};
  mbr_peer_enter(peer);
  if (peer->state != MBR_PEER_OPEN) status = MBR_CLOSED;
  else if (!may_serve(peer, service)) status = MBR_MISUSE;
  else if (peer->served == peer->memory.binding_count) status = MBR_BUSY;
  if (status == MBR_OK) {
    peer->memory.bindings[peer->served] = (mbr_binding){.service = service, .ops = ops, .self = self};
    peer->served++;
    mbr_slot_expect(peer, service);
  }
  mbr_peer_leave(peer, &after);
  return status;
}

static void *grow_arena(void *owner, size_t size) { return mbr_slot_take_block((mbr_slot *)owner, size); }

static uint8_t *storage_of(const mbr_slot *slot) {
  const mbr_peer_memory *memory = &slot->peer->memory;
  return memory->storage + (size_t)(slot - memory->slots) * memory->storage_size;
}

static bool is_stored(const mbr_slot *slot) { return slot->frame_size <= slot->peer->memory.storage_size; }

/* Decodes the arguments and runs the handler, without the lock. What the request leaves of the slot's
 * storage is the arena. */
static mbr_status dispatch(mbr_slot *slot) {
  size_t taken = is_stored(slot) ? slot->frame_size : 0;
  const size_t skipped = MBR_FRAME_HEADER_SIZE + MBR_CALL_PREFIX_SIZE;
  const mbr_call call = {slot->peer, slot->id};
  mbr_arena arena;
  mbr_reader args;
  mbr_arena_init(&arena, storage_of(slot) + taken, slot->peer->memory.storage_size - taken);
  if (slot->peer->hooks.alloc != NULL) {
    arena.grow = grow_arena;
    arena.owner = slot;
  }
  mbr_reader_init(&args, slot->frame + skipped, slot->frame_size - skipped, &arena);
  return slot->method->dispatch(slot->binding->ops, slot->binding->self, call, &args);
}

/* Under the lock: what follows from the handler's return. */
static void end_handler(mbr_slot *slot, mbr_status status, mbr_after *after) {
  slot->phase = MBR_PHASE_RETURNED;
  if (status != MBR_OK) slot->deferred = false;
  if (slot->state == MBR_CALL_OPEN && !slot->deferred) {
    mbr_slot_fault(slot, status != MBR_OK ? status : MBR_DROPPED, NULL, 0);
  }
  slot->peer->running--;
  mbr_slot_settle(slot, after);
}

/* Runs one handler. Without a schedule hook, returns the one of the strand that is to run next. */
static mbr_slot *run_handler(mbr_slot *slot) {
  mbr_peer *peer = slot->peer;
  mbr_after after = {0};
  mbr_after none = {0};
  mbr_peer_enter(peer);
  bool wanted = slot->state == MBR_CALL_OPEN;
  slot->phase = MBR_PHASE_RUNNING;
  mbr_peer_leave(peer, &none);
  mbr_status status = wanted ? dispatch(slot) : MBR_OK;
  mbr_peer_enter(peer);
  mbr_slot *next = mbr_strand_next(slot);
  end_handler(slot, status, &after);
  after.wake = mbr_outbox_rings(&peer->outbox);
  if (peer->hooks.schedule != NULL) {
    after.start = next;
    next = NULL;
  }
  mbr_peer_leave(peer, &after);
  return next;
}

static void run_handlers(mbr_task *task) {
  mbr_slot *slot = (mbr_slot *)(void *)task;
  while (slot != NULL) slot = run_handler(slot);
}

/* Without the lock: a request may be large. */
static bool keep_request(mbr_slot *slot, const uint8_t *data) {
  uint8_t *copy =
    is_stored(slot) ? storage_of(slot) : (uint8_t *)mbr_slot_take_block(slot, slot->frame_size);
  if (copy == NULL) return false;
  memcpy(copy, data, slot->frame_size);
  slot->frame = copy;
  return true;
}

/* Without the lock; `slot` is pinned. Keeps the request, then starts the handler or queues it. */
static mbr_status accept_call(mbr_peer *peer, mbr_slot *slot, const uint8_t *data) {
  mbr_after after = {0};
  mbr_slot *start = NULL;
  mbr_status status = keep_request(slot, data) ? MBR_OK : MBR_NO_MEMORY;
  mbr_peer_enter(peer);
  peer->pins--;
  if (peer->state != MBR_PEER_OPEN) status = MBR_CLOSED;
  if (status == MBR_OK) {
    slot->task.run = run_handlers;
    start = mbr_strand_add(slot);
  } else {
    if (slot->state == MBR_CALL_OPEN) mbr_slot_end(slot);
    slot->phase = MBR_PHASE_RETURNED;
    mbr_slot_settle(slot, &after);
  }
  if (peer->hooks.schedule != NULL) {
    after.start = start;
    start = NULL;
  }
  mbr_peer_leave(peer, &after);
  if (start != NULL) run_handlers(&start->task);
  return status;
}

static mbr_status receive_call(mbr_peer *peer, const mbr_frame *frame, const uint8_t *data) {
  mbr_after after = {0};
  mbr_binding *binding = NULL;
  mbr_slot *slot = NULL;
  if (frame->size < MBR_FRAME_HEADER_SIZE + MBR_CALL_PREFIX_SIZE) return MBR_BAD_FRAME;
  mbr_status status = MBR_CLOSED;
  mbr_peer_enter(peer);
  if (peer->state == MBR_PEER_OPEN) {
    const mbr_method *method = frame->instance == 0 ? find_served(peer, frame->method, &binding) : NULL;
    status = method != NULL ? mbr_slot_admit(peer, frame, binding, method, &slot) : MBR_UNIMPLEMENTED;
  }
  if (status == MBR_OK) {
    slot->credit = mbr_get_u32(data + MBR_FRAME_HEADER_SIZE + 4);
    peer->pins++;
  }
  mbr_peer_leave(peer, &after);
  return status == MBR_OK ? accept_call(peer, slot, data) : status;
}

/* The call that a frame of its caller names, NULL when it has ended. Under the lock. */
static mbr_slot *find_called(mbr_peer *peer, uint32_t call) {
  uint32_t index = call & UINT16_MAX;
  if (index >= peer->memory.call_count) return NULL;
  uint16_t at = peer->memory.calls[index];
  if (at == UINT16_MAX) return NULL;
  mbr_slot *slot = &peer->memory.slots[at];
  return slot->call == call ? slot : NULL;
}

static void add_credit(mbr_slot *slot, uint32_t credit) {
  slot->credit = credit > UINT32_MAX - slot->credit ? UINT32_MAX : slot->credit + credit;
}

static mbr_status receive_control(mbr_peer *peer, const mbr_frame *frame, const uint8_t *data) {
  if (frame->size != MBR_FRAME_HEADER_SIZE + 4u) return MBR_BAD_FRAME;
  uint32_t value = mbr_get_u32(data + MBR_FRAME_HEADER_SIZE);
  bool cancel = frame->kind == MBR_FRAME_CANCEL;
  if (cancel && (value < MBR_CANCEL_CANCELLED || value > MBR_CANCEL_DISCONNECTED)) return MBR_BAD_FRAME;
  mbr_after after = {0};
  mbr_peer_enter(peer);
  mbr_status status = peer->state == MBR_PEER_OPEN ? MBR_OK : MBR_CLOSED;
  mbr_slot *slot = status == MBR_OK ? find_called(peer, frame->call) : NULL;
  if (slot != NULL && cancel) mbr_slot_cancel(slot, (mbr_cancel_reason)value, &after);
  if (slot != NULL && !cancel) add_credit(slot, value);
  mbr_peer_leave(peer, &after);
  return status;
}

static mbr_status receive_hello(mbr_peer *peer, const mbr_frame *frame, const uint8_t *data) {
  if (frame->size < MBR_FRAME_HEADER_SIZE + 4u) return MBR_BAD_FRAME;
  if (mbr_get_u32(data + MBR_FRAME_HEADER_SIZE) != MBR_PROTOCOL_VERSION) return MBR_MISMATCH;
  mbr_after after = {0};
  mbr_peer_enter(peer);
  mbr_status status = peer->state == MBR_PEER_OPEN ? MBR_OK : MBR_CLOSED;
  mbr_peer_leave(peer, &after);
  return status;
}

static mbr_status receive_goodbye(mbr_peer *peer) {
  mbr_after after = {0};
  mbr_peer_enter(peer);
  mbr_status status = peer->state == MBR_PEER_OPEN ? MBR_OK : MBR_CLOSED;
  mbr_peer_end(peer, &after);
  mbr_peer_leave(peer, &after);
  return status;
}

mbr_status mbr_peer_receive(mbr_peer *peer, const uint8_t *data, size_t size) {
  mbr_frame frame;
  if (mbr_frame_read(&frame, data, size) != MBR_OK || frame.size != size) return MBR_BAD_FRAME;
  if ((frame.flags & MBR_FRAME_BLOCK) != 0) return MBR_BAD_FRAME;
  if (frame.kind == MBR_FRAME_HELLO) return receive_hello(peer, &frame, data);
  if (frame.kind == MBR_FRAME_GOODBYE) return receive_goodbye(peer);
  if ((frame.flags & MBR_FRAME_FROM_CALLER) == 0) return MBR_BAD_FRAME;
  if (frame.kind == MBR_FRAME_CALL) return receive_call(peer, &frame, data);
  bool control = frame.kind == MBR_FRAME_CANCEL || frame.kind == MBR_FRAME_CREDIT;
  return control ? receive_control(peer, &frame, data) : MBR_BAD_FRAME;
}
