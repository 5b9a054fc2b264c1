/* runtime/peer/handlers.h — running what a call's slot has to run: the method's handler, then those of its
 * stream parameter's items, in turns that other calls of the service come between. */
#ifndef MBR_RUNTIME_PEER_HANDLERS_H
#define MBR_RUNTIME_PEER_HANDLERS_H

#include "calls.h"

/* A slot's task: runs its turn and, where there is no executor, those that follow. Without the lock. */
void mbr_handlers_run(mbr_task *task);

/* The same for a slot that the strand lets go first, on the thread of whoever sent what is to be handled.
 * Called under the lock, which it releases. An item at hand is handled where it lies. */
void mbr_handlers_run_call(mbr_slot *slot, mbr_answer *here, mbr_after *after);
void mbr_handlers_run_item(mbr_slot *slot, const uint8_t *item, mbr_after *after);

/* Under the lock: lets the slot have a turn, at once or after others. */
void mbr_handlers_start(mbr_slot *slot, mbr_after *after);

/* Under the lock: lets it have one if there is an item to handle, and it waits for nothing else. */
void mbr_handlers_go_on(mbr_slot *slot, mbr_after *after);

/* Without the lock: decodes the arguments and runs the method's handler. */
mbr_status mbr_handlers_dispatch(mbr_slot *slot);

#endif
