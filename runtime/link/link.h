/* runtime/link/link.h — what the parts of a link share: link.c its life and its times, receive.c what comes,
 * send.c what goes. All of it belongs to the polling thread. */
#ifndef MBR_RUNTIME_LINK_LINK_H
#define MBR_RUNTIME_LINK_LINK_H

#include "packet.h"

/* What a SYN's payload starts with: of this protocol, and of no other. */
#define MBR_LINK_VERSION 0x314C424Du /* "MBL1" */
#define MBR_LINK_SYN_SIZE 12u

/* How often the link says that it is there, while the other side waits for `lost_ms`. */
#define MBR_LINK_SIGNS 4u

enum { MBR_LINK_IDLE, MBR_LINK_CALLING, MBR_LINK_UP };

/* The number that packets from one epoch to another one carry. Changing one of the two always changes it. */
static inline uint32_t mbr_link_session(uint32_t from, uint32_t to) { return from * 2654435761u ^ to; }

/* Sequences and their distances count modulo 256. */
static inline uint8_t mbr_link_distance(uint8_t from, uint8_t to) { return (uint8_t)(to - from); }

/* Milliseconds until `span` has passed since that time; 0 when it has. */
static inline uint32_t mbr_link_left(const mbr_link *link, uint32_t since, uint32_t span) {
  const uint32_t passed = link->now - since;
  return passed < span ? span - passed : 0;
}

void mbr_link_go_up(mbr_link *link);
void mbr_link_go_down(mbr_link *link, mbr_status why);

/* Takes what lies in the ring. */
void mbr_link_receive(mbr_link *link);

/* Sends what is due, as far as it can be written. */
void mbr_link_send(mbr_link *link);

/* Nothing is under way or waiting to be sent any more; nothing of the outbox is touched. */
void mbr_link_forget(mbr_link *link);

/* Puts the ending of a call in the queue of faults: for its caller a fault, for the side that serves it a
 * cancel. False when there is no room. */
bool mbr_link_end_call(mbr_link *link, const mbr_frame *of, mbr_frame_kind kind, mbr_status status);

#endif
