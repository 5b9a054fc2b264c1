/* runtime/peer/latest.h — items that wait for credit or room and are replaced by newer ones.
 *
 * Such an item is encoded into a buffer, not into the outbox, and put in as a whole when there is credit
 * and room. The slot's storage has two buffers where the contract bounds items well enough; else they are
 * blocks, and are used again while the call lasts. Unless it says otherwise, a function is called under the
 * peer's lock. */
#ifndef MBR_RUNTIME_PEER_LATEST_H
#define MBR_RUNTIME_PEER_LATEST_H

#include "calls.h"

/* Sets the buffers of the slot's storage apart, when its request is being kept. */
void mbr_latest_reserve(mbr_slot *slot);

/* Sends the item that waits; false where there is one and it must go on waiting. */
bool mbr_latest_send(mbr_slot *slot, mbr_after *after);

/* Begins an item that cannot be sent now. Called under the lock, which it releases. It takes the memory of the
 * one that waits, which is lost, where there is no other. MBR_NO_MEMORY: that is too small for it, or there is
 * none; the one that waits goes on waiting. */
mbr_status mbr_latest_begin(mbr_slot *slot, size_t payload, mbr_writer *w, mbr_after *after);

/* Without the lock: what was written waits in place of what waited before. */
mbr_status mbr_latest_commit(mbr_call call, const mbr_writer *w, mbr_status encoded);

/* The call has ended: an item that waits is dropped. The slot is to be free: so are its buffers. */
void mbr_latest_drop(mbr_slot *slot, mbr_after *after);
void mbr_latest_release(mbr_slot *slot, mbr_after *after);

/* For topics, without the lock: mbr_call_begin for an item, which is kept where it cannot be sent whatever
 * the method's flags say. mbr_call_commit follows. */
MBR_MUST_CHECK mbr_status mbr_call_begin_latest(mbr_call call, size_t payload, mbr_writer *w);

#endif
