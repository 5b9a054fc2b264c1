/* A connection from its opening to its being quiet: memory and hooks in, the consumer's side of the
 * outbox, and whatever waits for the lock to be released. */
#include "calls.h"

void mbr_peer_enter(mbr_peer *peer) {
  if (peer->lock != NULL) peer->lock(peer->owner);
}

static void unlock(mbr_peer *peer) {
  if (peer->unlock != NULL) peer->unlock(peer->owner);
}

static void free_blocks(mbr_peer *peer, mbr_block *blocks) {
  while (blocks != NULL) {
    mbr_block *block = blocks;
    blocks = block->next;
    peer->hooks.free(peer->owner, block);
  }
}

/* The blocks of large frames among the `size` bytes of records at `frames`, of which only whole ones
 * count: their size is returned. */
static size_t free_frame_blocks(mbr_peer *peer, const uint8_t *frames, size_t size) {
  size_t done = 0;
  while (size - done >= MBR_FRAME_HEADER_SIZE) {
    const uint8_t *record = frames + done;
    size_t record_size = mbr_record_size(mbr_get_u32(record) - MBR_FRAME_HEADER_SIZE);
    if (record_size > size - done) break;
    if ((mbr_get_u8(record + 5) & MBR_FRAME_BLOCK) != 0) {
      peer->hooks.free(peer->owner, (void *)(uintptr_t)mbr_get_u64(record + MBR_FRAME_HEADER_SIZE));
    }
    done += record_size;
  }
  return done;
}

/* Without the lock: runs or schedules the callbacks of cancelled calls. */
static void tell_cancelled(mbr_peer *peer, mbr_slot *slot, mbr_after *more) {
  while (slot != NULL) {
    mbr_slot *next = slot->next; /* the slot may be free as soon as it is told */
    if (peer->hooks.schedule != NULL) {
      peer->hooks.schedule(peer->owner, &slot->task);
    } else {
      slot->cancel(slot->cancel_arg, (mbr_cancel_reason)slot->cancelled);
      mbr_peer_enter(peer);
      mbr_slot_cancel_done(slot, more);
      unlock(peer);
    }
    slot = next;
  }
}

static void tell_disconnected(mbr_peer *peer) {
  if (peer->hooks.schedule != NULL) {
    peer->hooks.schedule(peer->owner, &peer->task);
    return;
  }
  peer->disconnect(peer->disconnect_arg);
  mbr_peer_enter(peer);
  peer->running--;
  unlock(peer);
}

static void run_disconnect(mbr_task *task) {
  mbr_peer *peer = (mbr_peer *)(void *)task;
  mbr_after after = {0};
  peer->disconnect(peer->disconnect_arg);
  mbr_peer_enter(peer);
  peer->running--;
  mbr_peer_leave(peer, &after);
}

static bool disconnect_is_due(mbr_peer *peer) {
  if (peer->state != MBR_PEER_CLOSED || peer->disconnected || peer->running != 0) return false;
  peer->disconnected = true;
  if (peer->disconnect == NULL) return false;
  peer->running++;
  return true;
}

/* Without the lock. */
static void finish(mbr_peer *peer) {
  mbr_outbox rest = peer->outbox; /* a copy: a consumer that comes late may look at the original */
  const uint8_t *frames;
  size_t size;
  while ((size = mbr_outbox_run(&rest, &frames)) != 0) {
    mbr_outbox_consume(&rest, free_frame_blocks(peer, frames, size));
  }
  mbr_peer_enter(peer);
  void (*quiet)(void *owner) = peer->hooks.quiet;
  peer->memory = (mbr_peer_memory){0};
  peer->state = MBR_PEER_QUIET;
  unlock(peer);
  if (quiet != NULL) quiet(peer->owner);
}

void mbr_peer_leave(mbr_peer *peer, mbr_after *after) {
  after->disconnect = disconnect_is_due(peer);
  while (after->blocks != NULL || after->cancelled != NULL || after->start != NULL || after->disconnect ||
         after->wake) {
    mbr_after now = *after;
    *after = (mbr_after){0};
    peer->pins++;
    unlock(peer);
    if (now.wake && peer->hooks.wake != NULL) peer->hooks.wake(peer->owner);
    if (now.start != NULL) peer->hooks.schedule(peer->owner, &now.start->task);
    tell_cancelled(peer, now.cancelled, after);
    if (now.disconnect) tell_disconnected(peer);
    free_blocks(peer, now.blocks);
    mbr_peer_enter(peer);
    peer->pins--;
    after->disconnect = disconnect_is_due(peer);
  }
  bool last = peer->state == MBR_PEER_CLOSED && peer->used + peer->running + peer->pins == 0;
  /* Holds off a second thread that comes by while the first one finishes. */
  if (last) peer->pins++;
  unlock(peer);
  if (last) finish(peer);
}

void mbr_peer_end(mbr_peer *peer, mbr_after *after) {
  if (peer->state != MBR_PEER_OPEN) return;
  peer->state = MBR_PEER_CLOSED;
  for (size_t i = 0; i < peer->memory.slot_count; i++) {
    mbr_slot *slot = &peer->memory.slots[i];
    if (slot->id != 0) mbr_slot_cancel(slot, MBR_CANCEL_DISCONNECTED, after);
  }
}

static bool is_aligned(const void *p) { return (uintptr_t)p % MBR_RECORD_ALIGN == 0; }

static bool memory_is_sound(const mbr_peer_memory *m) {
  bool present = m->slots != NULL && m->slot_count > 0 && m->calls != NULL && m->call_count > 0 &&
                 (m->bindings != NULL || m->binding_count == 0) && m->storage != NULL && m->outbox != NULL;
  bool aligned = is_aligned(m->storage) && is_aligned(m->outbox) && m->storage_size % MBR_RECORD_ALIGN == 0;
  bool power_of_two = (m->outbox_size & (m->outbox_size - 1u)) == 0;
  return present && aligned && power_of_two && m->outbox_size >= MBR_OUTBOX_SIZE_MIN;
}

static bool hooks_are_sound(const mbr_hooks *h) {
  return (h->lock == NULL) == (h->unlock == NULL) && (h->alloc == NULL) == (h->free == NULL);
}

static void begin_connection(mbr_peer *peer, const mbr_peer_memory *memory, const mbr_hooks *hooks) {
  peer->hooks = *hooks;
  peer->memory = *memory;
  peer->task.run = run_disconnect;
  peer->disconnect = NULL;
  peer->disconnected = false;
  peer->served = 0;
  peer->pins = 0;
  peer->free = NULL;
  mbr_outbox_init(&peer->outbox, memory->outbox, memory->outbox_size);
  for (size_t i = memory->slot_count; i-- > 0;) {
    memory->slots[i] = (mbr_slot){.next = peer->free};
    peer->free = &memory->slots[i];
  }
  for (size_t i = 0; i < memory->call_count; i++) memory->calls[i] = UINT16_MAX;
  peer->state = MBR_PEER_OPEN;
}

mbr_status mbr_peer_open(mbr_peer *peer, const mbr_peer_memory *memory, const mbr_hooks *hooks, void *owner) {
  if (!memory_is_sound(memory) || !hooks_are_sound(hooks)) return MBR_MISUSE;
  if (!peer->placed) {
    peer->lock = hooks->lock;
    peer->unlock = hooks->unlock;
    peer->owner = owner;
    peer->placed = true;
  } else if (peer->lock != hooks->lock || peer->unlock != hooks->unlock || peer->owner != owner) {
    return MBR_MISUSE;
  }
  mbr_peer_enter(peer);
  mbr_status status = peer->state == MBR_PEER_QUIET ? MBR_OK : MBR_MISUSE;
  if (status == MBR_OK) begin_connection(peer, memory, hooks);
  unlock(peer);
  return status;
}

mbr_status mbr_peer_on_disconnect(mbr_peer *peer, void (*fn)(void *arg), void *arg) {
  mbr_status status = MBR_OK;
  mbr_peer_enter(peer);
  if (peer->state != MBR_PEER_OPEN) status = MBR_CLOSED;
  else if (fn == NULL || peer->disconnect != NULL) status = MBR_MISUSE;
  if (status == MBR_OK) {
    peer->disconnect = fn;
    peer->disconnect_arg = arg;
  }
  unlock(peer);
  return status;
}

size_t mbr_peer_outgoing(mbr_peer *peer, const uint8_t **frames) {
  size_t size = 0;
  mbr_peer_enter(peer);
  if (peer->state == MBR_PEER_OPEN) {
    bool held = peer->outbox.held;
    size = mbr_outbox_run(&peer->outbox, frames);
    if (size != 0 && !held) peer->pins++;
  }
  unlock(peer);
  return size;
}

void mbr_peer_consume(mbr_peer *peer, size_t size) {
  mbr_after after = {0};
  mbr_outbox *outbox = &peer->outbox;
  /* The consumer's own: while it has a run, only it moves the head. */
  if (!outbox->held) return;
  const uint8_t *frames = outbox->data + (outbox->head & (outbox->size - 1u));
  size = free_frame_blocks(peer, frames, size < outbox->run ? size : outbox->run);
  mbr_peer_enter(peer);
  mbr_outbox_consume(outbox, size);
  peer->pins--;
  mbr_peer_leave(peer, &after);
}

void mbr_peer_close(mbr_peer *peer) {
  mbr_after after = {0};
  mbr_peer_enter(peer);
  mbr_peer_end(peer, &after);
  mbr_peer_leave(peer, &after);
}
