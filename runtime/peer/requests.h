/* runtime/peer/requests.h — calls made from here, as the rest of the peer sees them.
 *
 * A request is freed when its receiver was told of its ending and what it owed the other side was written:
 * the CANCEL that lets its number go above all. Unless it says otherwise, a function is called under the
 * peer's lock. */
#ifndef MBR_RUNTIME_PEER_REQUESTS_H
#define MBR_RUNTIME_PEER_REQUESTS_H

#include "calls.h"

typedef struct mbr_asked mbr_asked;

/* At the beginning of a connection, after the memory was set. */
void mbr_requests_init(mbr_peer *peer);

/* Without the lock: a whole frame of the other side about a call made from here, FROM_CALLER not set. */
mbr_status mbr_requests_receive(mbr_peer *peer, const mbr_frame *frame, const uint8_t *data);

/* Without the lock: what the other side serves. The protocol's version has been checked. */
mbr_status mbr_clients_receive(mbr_peer *peer, const mbr_frame *frame, const uint8_t *data);

/* The connection has ended: every call ends with MBR_DISCONNECTED. Nothing may be sent from here on. */
void mbr_requests_end(mbr_peer *peer, mbr_after *after);

/* Ends calls whose deadline is not after `now`; the earliest of the others, UINT64_MAX if there is none. */
uint64_t mbr_requests_poll(mbr_peer *peer, uint64_t now, mbr_after *after);

/* Writes what is owed and wakes those who wait for room, as far as there is some now. After room was given
 * back: by the consumer, by a promise that was not needed. */
void mbr_requests_flush(mbr_peer *peer, mbr_after *after);

/* Besides, the peer is not quiet while asked_used is not 0, and what tells a receiver counts as running. */

#endif
