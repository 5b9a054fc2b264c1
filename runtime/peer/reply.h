/* runtime/peer/reply.h — answers of sync calls, which do not go through the outbox.
 *
 * One is written to memory of its slot, or a block, never to the caller's: a thread that answers when the
 * handler has returned, against the rules, then spoils nothing. */
#ifndef MBR_RUNTIME_PEER_REPLY_H
#define MBR_RUNTIME_PEER_REPLY_H

#include "calls.h"

/* The call's ending has begun. Called under the lock, which it releases. MBR_NO_MEMORY: the call has ended
 * with that fault. */
mbr_status mbr_reply_begin(mbr_slot *slot, mbr_frame_kind kind, size_t payload, mbr_writer *w,
                           mbr_after *after);

/* Under the lock, while the handler runs: a fault is so small that the caller's memory has room for it. */
void mbr_reply_fault(mbr_slot *slot, mbr_status code, const char *text, size_t text_size);

/* Without the lock. */
mbr_status mbr_reply_commit(mbr_call call, const mbr_writer *w, mbr_status encoded);

#endif
