/* runtime/peer/reply.h — answers that do not go through the outbox, as their callers wait for the handler to
 * return: those of sync calls, and of inline calls those that are small.
 *
 * One is written to memory of its slot, or a block, never to the caller's: a thread that answers when the
 * handler has returned then spoils nothing. For a sync call that is too late; an inline call's answer is
 * copied to the room that it was promised in the outbox, which is why it is given only where it fits that. */
#ifndef MBR_RUNTIME_PEER_REPLY_H
#define MBR_RUNTIME_PEER_REPLY_H

#include "calls.h"

/* Under the lock: the caller waits. Half of what the request leaves of the slot's storage is for the answer. */
void mbr_reply_expect(mbr_slot *slot, mbr_answer *here);

/* Under the lock: whether the answer is given to the caller, and not sent. */
bool mbr_reply_is_due(const mbr_slot *slot, size_t payload);

/* The call's ending has begun. Called under the lock, which it releases. MBR_NO_MEMORY: the call has ended
 * with that fault. */
mbr_status mbr_reply_begin(mbr_slot *slot, mbr_frame_kind kind, size_t payload, mbr_writer *w,
                           mbr_after *after);

/* Under the lock: the answer that `w` has written, at once; false where it takes a block. */
bool mbr_reply_send(mbr_slot *slot, mbr_frame_kind kind, const mbr_writer *w, mbr_after *after);

/* Under the lock, while the handler runs: a fault is so small that the caller's memory has room for it. */
void mbr_reply_fault(mbr_slot *slot, mbr_status code, const char *text, size_t text_size);

/* Under the lock, when the handler has returned: the caller has the answer, if there is one, and waits no
 * longer. */
void mbr_reply_give(mbr_slot *slot);

/* Without the lock. */
mbr_status mbr_reply_commit(mbr_call call, const mbr_writer *w, mbr_status encoded);

#endif
