/* The callbacks of a call: that it was cancelled, that an item may be emitted again. One at a time for each
 * call, so that what the first of them frees the second never sees. Knows nothing of why they are due. */
#include <stddef.h>

#include "calls.h"

/* Under the lock, which is released meanwhile: `ready` may ask for the next time. */
static void call_ready(mbr_slot *slot, mbr_after *after) {
  mbr_peer *peer = slot->peer;
  slot->readying = true;
  while (slot->is_ready) {
    void (*fn)(void *arg) = slot->ready;
    void *arg = slot->ready_arg;
    slot->is_ready = false;
    slot->ready = NULL;
    if (slot->state != MBR_CALL_OPEN) break;
    mbr_peer_leave(peer, after);
    fn(arg);
    mbr_peer_enter(peer);
    if (slot->ready != NULL) mbr_slot_pay(slot, after);
  }
  slot->readying = false;
}

/* Under the lock, which is released meanwhile. */
static void call_cancel(mbr_slot *slot, mbr_after *after) {
  slot->cancel_due = false;
  mbr_peer_leave(slot->peer, after);
  slot->cancel(slot->cancel_arg, (mbr_cancel_reason)slot->cancelled);
  mbr_peer_enter(slot->peer);
}

/* Not beside the handlers of a stream parameter: they share what the callback may free. */
static bool may_call_cancel(const mbr_slot *slot) {
  bool handled = slot->phase == MBR_PHASE_RUNNING && mbr_slot_is(slot, MBR_METHOD_UPLOAD);
  return slot->cancel_due && !handled;
}

static void run_notice(mbr_task *task) {
  mbr_slot *slot = (mbr_slot *)(void *)((uint8_t *)task - offsetof(mbr_slot, notice));
  mbr_peer *peer = slot->peer;
  mbr_after after = {0};
  mbr_peer_enter(peer);
  while (!slot->readying && (slot->is_ready || may_call_cancel(slot))) {
    if (slot->is_ready) call_ready(slot, &after);
    else call_cancel(slot, &after);
  }
  slot->noticing = false;
  peer->running--;
  mbr_slot_settle(slot, &after);
  mbr_peer_leave(peer, &after);
}

void mbr_slot_notify(mbr_slot *slot, mbr_after *after) {
  if (slot->noticing || slot->readying) return; /* whoever calls one now looks for more */
  if (!slot->is_ready && !may_call_cancel(slot)) return; /* the handler's return does */
  slot->noticing = true;
  slot->peer->running++;
  slot->notice.run = run_notice;
  mbr_after_submit(after, &slot->notice);
}

/* Under the lock: whether the callback can be set; `now` when it must be called at once. */
static mbr_status set_cancel(mbr_slot *slot, void (*fn)(void *arg, mbr_cancel_reason reason), void *arg,
                             bool *now) {
  if (slot == NULL || slot->answered) return MBR_CLOSED;
  if (slot->state != MBR_CALL_OPEN && slot->cancelled == MBR_CANCEL_NONE) return MBR_CLOSED;
  if (fn == NULL || slot->cancel != NULL) return MBR_MISUSE;
  slot->cancel = fn;
  slot->cancel_arg = arg;
  *now = slot->cancelled != MBR_CANCEL_NONE;
  return MBR_OK;
}

/* Under the lock, which is released in the end: what a callback leaves that ran on the thread that asked. */
static void leave_callback(mbr_slot *slot, mbr_after *after) {
  mbr_peer *peer = slot->peer;
  slot->holds--;
  peer->running--;
  if (slot->cancel_due) mbr_slot_notify(slot, after);
  mbr_slot_settle(slot, after);
  mbr_peer_leave(peer, after);
}

mbr_status mbr_call_on_cancel(mbr_call call, void (*fn)(void *arg, mbr_cancel_reason reason), void *arg) {
  mbr_peer *peer = call.peer;
  mbr_after after = {0};
  bool now = false;
  if (peer == NULL) return MBR_CLOSED;
  mbr_peer_enter(peer);
  mbr_slot *slot = mbr_slot_find(peer, call.id);
  mbr_status status = set_cancel(slot, fn, arg, &now);
  /* Beside `ready`, or within it, whoever calls that one looks for more. */
  if (now && slot->readying) slot->cancel_due = true;
  if (!now || slot->readying) {
    mbr_peer_leave(peer, &after);
    return status;
  }
  slot->holds++;
  peer->running++;
  call_cancel(slot, &after);
  leave_callback(slot, &after);
  return MBR_OK;
}

mbr_status mbr_call_on_ready(mbr_call call, void (*fn)(void *arg), void *arg) {
  mbr_peer *peer = call.peer;
  mbr_after after = {0};
  if (peer == NULL) return MBR_CLOSED;
  mbr_peer_enter(peer);
  mbr_slot *slot = mbr_slot_find(peer, call.id);
  mbr_status status = MBR_OK;
  if (slot == NULL || slot->state != MBR_CALL_OPEN) status = MBR_CLOSED;
  else if (fn == NULL || !mbr_slot_is(slot, MBR_METHOD_STREAM)) status = MBR_MISUSE;
  if (status == MBR_OK) {
    slot->ready = fn;
    slot->ready_arg = arg;
    slot->is_ready = mbr_slot_may_emit(slot);
  }
  /* Within `fn` itself, or beside it, the one who called it looks again. */
  if (status == MBR_OK && slot->is_ready && !slot->readying) {
    slot->holds++;
    peer->running++;
    call_ready(slot, &after);
    leave_callback(slot, &after);
    return MBR_OK;
  }
  if (status == MBR_OK && !slot->readying && !slot->is_ready) mbr_slot_pay(slot, &after);
  mbr_peer_leave(peer, &after);
  return status;
}
