/* Strands: the order in which handlers of one service run, one at a time. Knows nothing of what they do. */
#include "calls.h"

static mbr_slot *start(mbr_slot *slot) {
  slot->phase = MBR_PHASE_SCHEDULED;
  slot->peer->running++;
  return slot;
}

bool mbr_strand_is_free(const mbr_slot *slot) {
  return mbr_slot_is(slot, MBR_METHOD_CONCURRENT) || !slot->binding->busy;
}

static void count_queued(mbr_slot *slot, bool queued) {
  if (slot->counters == NULL) return;
  if (queued) slot->counters->queued++;
  else slot->counters->queued--;
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
  slot->previous = binding->last;
  if (binding->first == NULL) binding->first = slot;
  else binding->last->next = slot;
  binding->last = slot;
  count_queued(slot, true);
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
  mbr_strand_remove(next);
  return start(next);
}

void mbr_strand_remove(mbr_slot *waiting) {
  mbr_binding *binding = waiting->binding;
  if (waiting->previous == NULL) binding->first = waiting->next;
  else waiting->previous->next = waiting->next;
  if (waiting->next == NULL) binding->last = waiting->previous;
  else waiting->next->previous = waiting->previous;
  count_queued(waiting, false);
}
