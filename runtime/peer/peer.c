/* A connection from its opening to its being quiet: memory and hooks in, the consumer's side of the
 * outbox, and whatever waits for the lock to be released. */
#include "calls.h"
#include "requests.h"

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
    bool large = (mbr_get_u8(record + 5) & MBR_FRAME_BLOCK) != 0;
    void *block = large ? (void *)(uintptr_t)mbr_get_u64(record + MBR_FRAME_HEADER_SIZE) : NULL;
    if (block != NULL) peer->hooks.free(peer->owner, block);
    done += record_size;
  }
  return done;
}

static void run_wake(mbr_task *task) {
  mbr_peer *peer = (mbr_peer *)(void *)task;
  mbr_after after = {0};
  mbr_peer_enter(peer);
  const bool unrung = peer->unrung;
  peer->waking = peer->unrung = false; /* first: what is sent from here on needs another one */
  if (unrung) {
    unlock(peer);
    peer->hooks.wake(peer->owner);
    mbr_peer_enter(peer);
  }
  peer->running--;
  mbr_peer_leave(peer, &after);
}

static void run_disconnect(mbr_task *task) {
  mbr_peer *peer = (mbr_peer *)(void *)task;
  mbr_after after = {0};
  peer->disconnect(peer->disconnect_arg);
  mbr_peer_enter(peer);
  peer->running--;
  mbr_peer_leave(peer, &after);
}

/* The peer's own task; it is not under way for the one end when it is wanted for the other. */
static void submit_own(mbr_peer *peer, void (*run)(mbr_task *task), mbr_after *after) {
  peer->running++;
  peer->task.run = run;
  mbr_after_submit(after, &peer->task);
}

static void add_disconnect(mbr_peer *peer, mbr_after *after) {
  if (peer->state != MBR_PEER_CLOSED || peer->disconnected || peer->running != 0) return;
  peer->disconnected = true;
  if (peer->disconnect != NULL) submit_own(peer, run_disconnect, after);
}

/* Where the consumer must not be woken on this thread a task does it, or the next thread that may, if that
 * comes first: all of the executor's may be busy, waiting for this very consumer perhaps. */
static void add_wake(mbr_peer *peer, mbr_after *after, bool elsewhere) {
  if (peer->state != MBR_PEER_OPEN) return;
  if (mbr_outbox_rings(&peer->outbox)) after->wake = true;
  if (!elsewhere && peer->unrung) after->wake = true;
  if (peer->hooks.wake == NULL) after->wake = false;
  if (!after->wake) return;
  peer->unrung = elsewhere;
  if (!elsewhere) return;
  after->wake = false;
  if (peer->waking) return;
  peer->waking = true;
  submit_own(peer, run_wake, after);
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
  mbr_watch *watches = peer->watches;
  peer->memory = (mbr_peer_memory){0};
  peer->state = MBR_PEER_QUIET;
  unlock(peer);
  while (watches != NULL) {
    mbr_watch *watch = watches;
    watches = watch->next; /* it may be gone once it is told */
    watch->fn(watch);
  }
  if (quiet != NULL) quiet(peer->owner);
}

/* Whether something is to be done that the peer must not be quiet before. */
static bool is_wanted(const mbr_peer *peer, const mbr_after *after) {
  return after->blocks != NULL || after->alarm != 0 || after->wake || mbr_notes_wait(peer);
}

/* Releases the lock and takes it again. */
static void do_wanted(mbr_peer *peer, mbr_after *after) {
  const mbr_after now = *after;
  mbr_note notes[MBR_NOTES_MAX];
  const size_t noted = mbr_notes_take(peer, notes);
  *after = (mbr_after){.tasks = now.tasks};
  peer->pins++;
  unlock(peer);
  if (now.wake) peer->hooks.wake(peer->owner);
  if (now.alarm != 0 && peer->hooks.alarm != NULL) peer->hooks.alarm(peer->owner, now.alarm);
  mbr_notes_tell(peer, notes, noted);
  free_blocks(peer, now.blocks);
  mbr_peer_enter(peer);
  peer->pins--;
}

/* Each task keeps the peer from being quiet until it has run, so only what was read before it is submitted is
 * needed after. */
static void submit_all(mbr_peer *peer, mbr_task *tasks) {
  while (tasks != NULL) {
    mbr_task *task = tasks;
    tasks = task->next;
    if (peer->executor != NULL) peer->executor->submit(peer->executor, task);
    else peer->hooks.schedule(peer->owner, task);
  }
}

/* Without an executor: runs tasks one after the other, those that come about meanwhile too, so that callbacks
 * do not pile up on the stack. Under the lock, which is released meanwhile. */
static void run_here(mbr_peer *peer, mbr_task *tasks) {
  while (tasks != NULL) {
    mbr_task *task = tasks;
    tasks = task->next;
    task->next = peer->here;
    peer->here = task;
  }
  if (peer->running_here) return;
  peer->running_here = true;
  peer->pins++;
  while (peer->here != NULL) {
    mbr_task *task = peer->here;
    peer->here = task->next;
    unlock(peer);
    task->run(task);
    mbr_peer_enter(peer);
  }
  peer->pins--;
  peer->running_here = false;
}

/* Whether nothing is to be done but to release the lock, as is most often so. */
static bool is_settled(const mbr_peer *peer, const mbr_after *after) {
  const mbr_outbox *outbox = &peer->outbox;
  bool may_ring = peer->unrung || (outbox->idle && outbox->head != outbox->tail);
  return peer->state == MBR_PEER_OPEN && !may_ring && after->tasks == NULL && !is_wanted(peer, after);
}

static void leave_unsettled(mbr_peer *peer, mbr_after *after) {
  const bool elsewhere = after->elsewhere && peer->hooks.schedule != NULL;
  add_wake(peer, after, elsewhere);
  while (is_wanted(peer, after)) {
    do_wanted(peer, after);
    add_wake(peer, after, elsewhere);
  }
  add_disconnect(peer, after);
  mbr_task *tasks = after->tasks;
  after->tasks = NULL;
  if (peer->hooks.schedule == NULL && tasks != NULL) {
    run_here(peer, tasks);
    tasks = NULL;
  }
  const size_t in_use = peer->used + peer->asked_used + peer->running + peer->pins;
  bool last = peer->state == MBR_PEER_CLOSED && in_use == 0;
  /* Holds off a second thread that comes by while the first one finishes. */
  if (last) peer->pins++;
  unlock(peer);
  if (last) finish(peer);
  else submit_all(peer, tasks);
}

void mbr_peer_leave(mbr_peer *peer, mbr_after *after) {
  if (is_settled(peer, after)) unlock(peer);
  else leave_unsettled(peer, after);
}

void mbr_peer_flush(mbr_peer *peer, mbr_after *after) {
  if (peer->state != MBR_PEER_OPEN) return;
  mbr_slots_flush(peer, after);
  mbr_requests_flush(peer, after);
}

void mbr_peer_end(mbr_peer *peer, mbr_after *after) {
  if (peer->state != MBR_PEER_OPEN) return;
  peer->state = MBR_PEER_CLOSED;
  for (size_t i = 0; i < peer->memory.slot_count; i++) {
    mbr_slot *slot = &peer->memory.slots[i];
    if (slot->id != 0) mbr_slot_cancel(slot, MBR_CANCEL_DISCONNECTED, MBR_OK, after);
  }
  mbr_requests_end(peer, after);
  mbr_note_add(peer, MBR_LOG_INFO, NULL, 0, "the connection has ended", MBR_OK, 0);
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
  peer->executor = NULL;
  peer->disconnect = NULL;
  peer->watches = NULL;
  mbr_log_reset(peer);
  peer->waking = peer->unrung = false;
  peer->here = NULL;
  peer->running_here = false;
  peer->counted = 0;
  peer->disconnected = false;
  peer->served = 0;
  peer->pins = 0;
  peer->free = NULL;
  peer->owing = peer->owing_last = NULL;
  mbr_outbox_init(&peer->outbox, memory->outbox, memory->outbox_size);
  /* misra 14.2: down to 0, which an unsigned counter cannot go below */
  for (size_t i = memory->slot_count; i-- > 0;) {
    memory->slots[i] = (mbr_slot){.next = peer->free};
    peer->free = &memory->slots[i];
  }
  for (size_t i = 0; i < memory->call_count; i++) memory->calls[i] = UINT16_MAX;
  memset(peer->known, 0, sizeof peer->known);
  mbr_requests_init(peer);
  peer->due = UINT64_MAX;
  peer->state = MBR_PEER_OPEN;
}

mbr_status mbr_peer_open(mbr_peer *peer, const mbr_peer_memory *memory, const mbr_hooks *hooks, void *owner) {
  if (!memory_is_sound(memory) || !hooks_are_sound(hooks)) return MBR_MISUSE;
  if (!peer->placed) {
    peer->lock = hooks->lock;
    peer->unlock = hooks->unlock;
    peer->now = hooks->now;
    peer->owner = owner;
    peer->placed = true;
  } else if (peer->lock != hooks->lock || peer->unlock != hooks->unlock || peer->now != hooks->now ||
             peer->owner != owner) {
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

mbr_status mbr_peer_watch(mbr_peer *peer, mbr_watch *watch) {
  mbr_peer_enter(peer);
  const bool open = peer->state == MBR_PEER_OPEN;
  if (open) {
    watch->next = peer->watches;
    peer->watches = watch;
  }
  unlock(peer);
  return open ? MBR_OK : MBR_CLOSED;
}

mbr_status mbr_peer_run_on(mbr_peer *peer, mbr_executor *executor) {
  mbr_status status = MBR_OK;
  mbr_peer_enter(peer);
  if (peer->state != MBR_PEER_OPEN) status = MBR_CLOSED;
  else if (peer->hooks.schedule == NULL) status = MBR_UNSUPPORTED;
  if (status == MBR_OK) peer->executor = executor;
  unlock(peer);
  return status;
}

size_t mbr_peer_outgoing(mbr_peer *peer, const uint8_t **frames) {
  mbr_after after = {.elsewhere = true};
  size_t size = 0;
  mbr_peer_enter(peer);
  if (peer->state == MBR_PEER_OPEN) {
    bool held = peer->outbox.held;
    size = mbr_outbox_run(&peer->outbox, frames);
    if (size == 0) { /* what was skipped has given room back */
      mbr_peer_flush(peer, &after);
      size = mbr_outbox_run(&peer->outbox, frames);
    }
    if (size != 0 && !held) peer->pins++;
  }
  mbr_peer_leave(peer, &after);
  return size;
}

void mbr_peer_consume(mbr_peer *peer, size_t size) {
  mbr_after after = {.elsewhere = true};
  mbr_outbox *outbox = &peer->outbox;
  /* The consumer's own: while it has a run, only it moves the head. */
  if (!outbox->held) return;
  const uint8_t *frames = outbox->data + (outbox->head & (outbox->size - 1u));
  size = free_frame_blocks(peer, frames, size < outbox->run ? size : outbox->run);
  mbr_peer_enter(peer);
  mbr_outbox_consume(outbox, size);
  peer->pins--;
  mbr_peer_flush(peer, &after);
  mbr_peer_leave(peer, &after);
}

void mbr_peer_close(mbr_peer *peer) {
  mbr_after after = {0};
  mbr_peer_enter(peer);
  mbr_peer_end(peer, &after);
  mbr_peer_leave(peer, &after);
}
