/* What goes over the line: frames taken from above and sent until they are acknowledged, and when there is
 * nothing else to say, an acknowledgement. */
#include "link.h"

#define RECORD_ALIGN 16u /* of frames in the outbox */

#define HELLO_DONE UINT16_MAX

void mbr_link_forget(mbr_link *link) {
  link->expected = 0;
  link->base = 0;
  link->under_way = 0;
  link->cursor = 0;
  link->acknowledged = 0;
  link->go_back = false;
  link->owes_ack = false;
  link->owes_nak = false;
  link->fault_first = 0;
  link->fault_sent = 0;
  link->fault_end = 0;
  link->hello_next = 0;
  link->taken = 0;
  link->consumed = 0;
  link->chunk_at = 0;
  link->chunk_end = 0;
  link->out.stage = MBR_LINK_ENCODED;
}

static struct mbr_link_sent *window_at(mbr_link *link, uint8_t index) {
  return &link->window[(link->base + index) % MBR_LINK_WINDOW];
}

static uint8_t *fault_at(mbr_link *link, uint8_t index) { return link->faults[index % MBR_LINK_FAULTS]; }

static bool is_full_of_faults(const mbr_link *link) {
  return mbr_link_distance(link->fault_first, link->fault_end) == MBR_LINK_FAULTS;
}

/* The ending of the call that `of` names, from the side that serves it (a fault) or from its caller. */
static void write_ending(uint8_t *out, const mbr_frame *of, mbr_frame_kind kind, mbr_status status) {
  const bool is_fault = kind == MBR_FRAME_FAULT;
  const mbr_frame frame = {
    .size = is_fault ? MBR_LINK_FAULT_SIZE : MBR_FRAME_HEADER_SIZE + 4u,
    .kind = (uint8_t)kind,
    .flags = is_fault ? 0 : MBR_FRAME_FROM_CALLER,
    .instance = of->instance,
    .call = of->call,
    .method = of->method,
  };
  mbr_frame_write(out, &frame);
  mbr_put_u32(out + MBR_FRAME_HEADER_SIZE, is_fault ? (uint32_t)status : (uint32_t)MBR_CANCEL_CANCELLED);
  if (is_fault) mbr_put_u64(out + MBR_FRAME_HEADER_SIZE + 4, 0);
}

bool mbr_link_end_call(mbr_link *link, const mbr_frame *of, mbr_frame_kind kind, mbr_status status) {
  if (is_full_of_faults(link)) return false;
  write_ending(fault_at(link, link->fault_end++), of, kind, status);
  return true;
}

/* Whether the outbox still holds what was taken from it: not when the peer was closed. Takes hold of what
 * is ready there, and so keeps it. */
static bool hold_run(mbr_link *link, const uint8_t **frames, size_t *size) {
  *size = link->config->calls->outgoing(link->config->above, frames);
  if (*size >= link->taken - link->consumed) return true;
  mbr_link_go_down(link, MBR_CLOSED);
  return false;
}

/* Lets go of what the other side has acknowledged. Only between two packets: the encoder reads from there. */
static void release(mbr_link *link) {
  const mbr_link_config *config = link->config;
  const size_t consumed = link->consumed;
  const uint8_t *frames;
  size_t run;
  while (link->base != link->acknowledged) {
    const struct mbr_link_sent *sent = window_at(link, 0);
    link->consumed = sent->end;
    if (sent->frame == fault_at(link, link->fault_first)) link->fault_first++;
    link->base++;
    link->under_way--;
    if (link->cursor != 0) link->cursor--;
  }
  if (link->consumed == consumed) return;
  config->calls->consume(config->above, link->consumed - consumed);
  if (link->taken != link->consumed) (void)hold_run(link, &frames, &run);
}

static void push(mbr_link *link, const uint8_t *frame, uint32_t size) {
  struct mbr_link_sent *sent = window_at(link, link->under_way);
  if (link->under_way++ == 0) link->moved_at = link->now;
  sent->frame = frame;
  sent->size = size;
  sent->end = link->taken;
  link->counters.sent++;
}

/* HELLO frames go one by one, since there is memory for one. Whether all were acknowledged. */
static bool take_hello(mbr_link *link) {
  const mbr_link_config *config = link->config;
  while (link->under_way == 0 && link->hello_next != HELLO_DONE) {
    const size_t size =
      config->calls->hello(config->above, link->hello_next, config->hello, config->hello_size);
    link->hello_next++;
    if (size == MBR_PEER_HELLO_NONE) link->hello_next = HELLO_DONE;
    else if (size > config->hello_size || size > link->limit) link->counters.oversize++;
    else push(link, config->hello, (uint32_t)size);
  }
  return link->hello_next == HELLO_DONE;
}

static void take_fault(mbr_link *link) {
  const uint8_t *fault = fault_at(link, link->fault_sent++);
  push(link, fault, mbr_get_u32(fault));
}

/* A frame that is too large for the line: its call is over, on this side at once. False: it has to wait. */
static bool refuse(mbr_link *link, const uint8_t *record) {
  const mbr_link_config *config = link->config;
  uint8_t here[MBR_LINK_FAULT_SIZE];
  mbr_frame frame;
  if (is_full_of_faults(link)) return false;
  if (mbr_frame_read(&frame, record, UINT32_MAX) != MBR_OK) return false;
  const bool is_caller = (frame.flags & MBR_FRAME_FROM_CALLER) != 0;
  write_ending(here, &frame, is_caller ? MBR_FRAME_FAULT : MBR_FRAME_CANCEL, MBR_NO_MEMORY);
  if (config->calls->receive(config->above, here, mbr_get_u32(here)) == MBR_BUSY) return false;
  link->counters.oversize++;
  return mbr_link_end_call(link, &frame, is_caller ? MBR_FRAME_CANCEL : MBR_FRAME_FAULT, MBR_NO_MEMORY);
}

static void take_frame(mbr_link *link) {
  const uint8_t *record;
  size_t run;
  if (!hold_run(link, &record, &run) || run == link->taken - link->consumed) return;
  record += link->taken - link->consumed;
  const uint8_t *frame = record;
  uint64_t size = mbr_get_u32(record);
  const size_t taken = ((size_t)size + RECORD_ALIGN - 1u) & ~(size_t)(RECORD_ALIGN - 1u);
  if ((record[5] & MBR_FRAME_BLOCK) != 0) {
    /* misra 11.4: a block travels by its address, see MBR_FRAME_BLOCK */
    frame = (const uint8_t *)(uintptr_t)mbr_get_u64(record + MBR_FRAME_HEADER_SIZE);
    size = mbr_get_u64(record + MBR_FRAME_HEADER_SIZE + 8);
  }
  if (size <= link->limit) {
    link->taken += taken;
    push(link, frame, (uint32_t)size);
  } else if (refuse(link, record)) {
    link->taken += taken;
    take_fault(link);
  }
}

static void take(mbr_link *link) {
  if (!take_hello(link) || link->under_way == MBR_LINK_WINDOW) return;
  if (link->fault_sent != link->fault_end) take_fault(link);
  else take_frame(link);
}

static void begin(mbr_link *link, uint8_t kind, const uint8_t *frame, uint32_t size) {
  uint8_t *header = link->out.header;
  header[MBR_LINK_AT_KIND] = kind;
  header[MBR_LINK_AT_SEQUENCE] = (uint8_t)(link->base + link->cursor);
  header[MBR_LINK_AT_ACKNOWLEDGED] = link->expected;
  mbr_put_u32(header + MBR_LINK_AT_SESSION,
              kind == MBR_LINK_SYN ? link->epoch : mbr_link_session(link->epoch, link->other));
  mbr_link_encoder_begin(&link->out, frame, size);
  link->spoke_at = link->now;
  link->owes_ack = false;
}

static bool begin_syn(mbr_link *link) {
  uint8_t *payload = link->faults[0];
  if (mbr_link_left(link, link->sent_at, link->config->retry_ms) != 0) return false;
  link->sent_at = link->now;
  mbr_put_u32(payload, MBR_LINK_VERSION);
  mbr_put_u32(payload + 4, link->other);
  mbr_put_u32(payload + 8, link->config->frame_max);
  begin(link, MBR_LINK_SYN, payload, MBR_LINK_SYN_SIZE);
  return true;
}

static void begin_data(mbr_link *link) {
  const struct mbr_link_sent *sent = window_at(link, link->cursor);
  begin(link, MBR_LINK_DATA, sent->frame, sent->size);
  link->cursor++;
}

/* Whether there is a frame to be sent, again or for the first time. */
static bool has_frame(mbr_link *link) {
  const bool is_all_sent = link->cursor == link->under_way;
  if (link->go_back || (is_all_sent && mbr_link_left(link, link->sent_at, link->config->retry_ms) == 0)) {
    link->go_back = false;
    link->cursor = 0;
  }
  if (link->cursor != link->under_way) {
    link->counters.repeated++;
    return true;
  }
  take(link);
  return link->cursor != link->under_way;
}

/* Begins the next packet that is due, if there is one. */
static bool begin_next(mbr_link *link) {
  if (link->state == MBR_LINK_UP) release(link);
  if (link->state != MBR_LINK_UP) return link->state == MBR_LINK_CALLING && begin_syn(link);
  if (link->owes_nak) {
    link->owes_nak = false;
    begin(link, MBR_LINK_NAK, NULL, 0);
    return true;
  }
  if (has_frame(link)) {
    begin_data(link);
    return true;
  }
  if (link->state != MBR_LINK_UP) return false;
  if (!link->owes_ack &&
      mbr_link_left(link, link->spoke_at, link->config->lost_ms / MBR_LINK_SIGNS) != 0) return false;
  begin(link, MBR_LINK_ACK, NULL, 0);
  return true;
}

/* Bytes of as many packets as fit. The time for an acknowledgement begins with a packet's last byte. */
static void fill_chunk(mbr_link *link) {
  link->chunk_at = 0;
  link->chunk_end = 0;
  do {
    const size_t size =
      mbr_link_encode(&link->out, link->chunk + link->chunk_end, MBR_LINK_CHUNK - link->chunk_end);
    link->chunk_end += (uint32_t)size;
    if (size != 0 && link->out.header[MBR_LINK_AT_KIND] == MBR_LINK_DATA) link->sent_at = link->now;
  } while (link->chunk_end < MBR_LINK_CHUNK && begin_next(link));
}

void mbr_link_send(mbr_link *link) {
  const mbr_link_config *config = link->config;
  do {
    if (link->chunk_at == link->chunk_end) fill_chunk(link);
    if (link->chunk_at == link->chunk_end) return;
    link->chunk_at += (uint32_t)config->hooks->write(config->owner, link->chunk + link->chunk_at,
                                                     link->chunk_end - link->chunk_at);
  } while (link->chunk_at == link->chunk_end);
}
