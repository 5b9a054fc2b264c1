/* What comes over the line: packets taken from the ring, the handshake, frames in their order to the peer. */
#include "link.h"

/* Sequences that far ahead of the one expected tell of a gap, the others are of repeats. */
#define SEQUENCE_AHEAD 127u

/* Asks for a repeat, once in a while: much of what is on its way may be beyond the gap, too. */
static void miss(mbr_link *link) {
  if (link->state != MBR_LINK_UP || mbr_link_left(link, link->nak_at, link->config->retry_ms) != 0) return;
  link->owes_nak = true;
  link->nak_at = link->now;
}

/* What a SYN tells. */
typedef struct greeting {
  uint32_t epoch; /* of the other side */
  uint32_t heard; /* the epoch it has heard, 0 for none */
  uint32_t frame_max;
} greeting;

static bool read_syn(const mbr_link *link, greeting *out) {
  const uint8_t *payload = link->config->frame;
  if (link->in.size != MBR_LINK_SYN_SIZE || mbr_get_u32(payload) != MBR_LINK_VERSION) return false;
  out->epoch = mbr_get_u32(link->in.header + MBR_LINK_AT_SESSION);
  out->heard = mbr_get_u32(payload + 4);
  out->frame_max = mbr_get_u32(payload + 8);
  return out->epoch != 0 && out->frame_max >= MBR_LINK_FRAME_MIN;
}

static void take_syn(mbr_link *link) {
  const uint32_t frame_max = link->config->frame_max;
  greeting syn;
  if (!read_syn(link, &syn)) {
    link->counters.foreign++;
  } else if (link->state == MBR_LINK_UP) {
    if (syn.epoch == link->other && syn.heard == link->epoch) link->owes_ack = true;
    else mbr_link_go_down(link, MBR_DISCONNECTED);
  } else {
    link->other = syn.epoch;
    link->limit = syn.frame_max < frame_max ? syn.frame_max : frame_max;
    if (syn.heard == link->epoch) mbr_link_go_up(link);
    else link->sent_at = link->now - link->config->retry_ms; /* answered at once */
  }
}

/* The frame of a data packet; whether it needs no repeat. */
static bool deliver(mbr_link *link) {
  const mbr_link_config *config = link->config;
  const uint32_t size = link->in.size;
  mbr_frame frame;
  if (mbr_frame_read(&frame, config->frame, size) != MBR_OK || frame.size != size ||
      (frame.flags & MBR_FRAME_BLOCK) != 0) {
    link->counters.damaged++;
    return true;
  }
  const mbr_status status = config->calls->receive(config->above, config->frame, size);
  if (status == MBR_CLOSED || frame.kind == MBR_FRAME_GOODBYE) { /* no frame follows that one */
    mbr_link_go_down(link, MBR_CLOSED);
    return false;
  }
  if (status != MBR_OK && frame.kind == MBR_FRAME_CALL) {
    if (!mbr_link_end_call(link, &frame, MBR_FRAME_FAULT, status)) return false;
    link->counters.refused++;
    return true;
  }
  if (status == MBR_BUSY) return false;
  link->counters.received++;
  return true;
}

static void take_data(mbr_link *link) {
  const uint8_t ahead = mbr_link_distance(link->expected, link->in.header[MBR_LINK_AT_SEQUENCE]);
  if (ahead == 0) {
    if (!deliver(link)) return;
    link->expected++;
    link->nak_at = link->now - link->config->retry_ms;
    link->owes_nak = false;
  } else if (ahead <= SEQUENCE_AHEAD) {
    miss(link);
    return;
  }
  link->owes_ack = true;
}

static void take_acknowledgement(mbr_link *link, uint8_t acknowledged) {
  const uint8_t count = mbr_link_distance(link->base, acknowledged);
  if (count > link->under_way || count <= mbr_link_distance(link->base, link->acknowledged)) return;
  link->acknowledged = acknowledged;
  link->moved_at = link->now;
  link->sent_at = link->now;
}

static void take_packet(mbr_link *link) {
  const uint8_t kind = link->in.header[MBR_LINK_AT_KIND];
  const uint32_t session = mbr_get_u32(link->in.header + MBR_LINK_AT_SESSION);
  if (link->state == MBR_LINK_IDLE) return;
  if (kind == MBR_LINK_SYN) {
    take_syn(link);
    return;
  }
  if (link->other == 0 || session != mbr_link_session(link->other, link->epoch)) return;
  if (link->state == MBR_LINK_CALLING) mbr_link_go_up(link);
  link->heard_at = link->now;
  take_acknowledgement(link, link->in.header[MBR_LINK_AT_ACKNOWLEDGED]);
  if (kind == MBR_LINK_NAK) link->go_back = true;
  if (kind == MBR_LINK_DATA) take_data(link);
}

static void take_byte(mbr_link *link, uint8_t byte) {
  const mbr_link_decoded decoded = mbr_link_decode(&link->in, link->config->frame, link->limit, byte);
  if (decoded == MBR_LINK_MORE) return;
  if (decoded == MBR_LINK_WHOLE) {
    take_packet(link);
  } else if (decoded == MBR_LINK_OVERSIZE) {
    link->counters.oversize++;
  } else {
    link->counters.damaged++;
    miss(link);
  }
  mbr_link_decoder_begin(&link->in);
}

void mbr_link_receive(mbr_link *link) {
  const mbr_link_config *config = link->config;
  const MBR_LINK_COUNT head = MBR_LINK_LOAD(&link->ring_head);
  while (link->ring_tail != head) {
    const uint8_t byte = config->ring[link->ring_tail & (config->ring_size - 1u)];
    MBR_LINK_STORE(&link->ring_tail, (MBR_LINK_COUNT)(link->ring_tail + 1u));
    take_byte(link, byte);
  }
}
