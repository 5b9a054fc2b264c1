/* A link's life and its times. What comes and what goes: receive.c, send.c. */
#include "link.h"

#if MBR_LINK_WINDOW == 0 || MBR_LINK_WINDOW > 64 || (MBR_LINK_WINDOW & (MBR_LINK_WINDOW - 1)) != 0
#error "MBR_LINK_WINDOW is a power of two, up to 64"
#endif
#if MBR_LINK_FAULTS == 0 || MBR_LINK_FAULTS > 64 || (MBR_LINK_FAULTS & (MBR_LINK_FAULTS - 1)) != 0
#error "MBR_LINK_FAULTS is a power of two, up to 64"
#endif

mbr_status mbr_link_init(mbr_link *link, const mbr_link_config *config) {
  const bool fits = config->frame_max >= MBR_LINK_FRAME_MIN && config->frame_max <= MBR_LINK_FRAME_LIMIT;
  const bool is_power = config->ring_size != 0 && (config->ring_size & (config->ring_size - 1u)) == 0;
  if (!fits || !is_power || config->retry_ms == 0 || config->lost_ms <= config->retry_ms) return MBR_MISUSE;
  if (config->lost_ms < MBR_LINK_SIGNS) return MBR_MISUSE;
  *link = (mbr_link){.config = config, .limit = config->frame_max};
  mbr_link_decoder_begin(&link->in);
  return MBR_OK;
}

static uint64_t look_at_clock(mbr_link *link) {
  const mbr_link_config *config = link->config;
  const uint64_t now = config->hooks->now(config->owner);
  link->now = (uint32_t)now;
  return now;
}

mbr_status mbr_link_start(mbr_link *link, uint32_t epoch) {
  if (link->state != MBR_LINK_IDLE) return MBR_MISUSE;
  (void)look_at_clock(link);
  link->epoch = epoch != 0 ? epoch : 1;
  link->other = 0;
  link->limit = link->config->frame_max;
  link->sent_at = link->now - link->config->retry_ms;
  link->nak_at = link->sent_at;
  mbr_link_forget(link);
  link->state = MBR_LINK_CALLING;
  return MBR_OK;
}

void mbr_link_stop(mbr_link *link) {
  if (link->state == MBR_LINK_IDLE) return;
  link->state = MBR_LINK_IDLE;
  mbr_link_forget(link);
  link->config->calls->consume(link->config->above, 0);
}

bool mbr_link_is_up(const mbr_link *link) { return link->state == MBR_LINK_UP; }

void mbr_link_go_up(mbr_link *link) {
  const mbr_link_config *config = link->config;
  link->state = MBR_LINK_UP;
  link->heard_at = link->now;
  link->owes_ack = true; /* the other side may be waiting for just that */
  if (config->hooks->up != NULL) config->hooks->up(config->owner);
}

void mbr_link_go_down(mbr_link *link, mbr_status why) {
  mbr_link_stop(link);
  link->config->hooks->down(link->config->owner, why);
}

size_t mbr_link_feed(mbr_link *link, const uint8_t *bytes, size_t size) {
  const mbr_link_config *config = link->config;
  const MBR_LINK_COUNT head = link->ring_head;
  const MBR_LINK_COUNT waiting = (MBR_LINK_COUNT)(head - MBR_LINK_LOAD(&link->ring_tail));
  const size_t room = (size_t)(config->ring_size - waiting);
  const size_t taken = size < room ? size : room;
  for (size_t i = 0; i < taken; i++) config->ring[(head + i) & (config->ring_size - 1u)] = bytes[i];
  MBR_LINK_STORE(&link->ring_head, (MBR_LINK_COUNT)(head + taken));
  link->counters.overrun += (MBR_LINK_COUNT)(size - taken);
  return taken;
}

static uint32_t earlier(uint32_t a, uint32_t b) { return a < b ? a : b; }

/* Milliseconds until the connection is lost. */
static uint32_t left_to_live(const mbr_link *link) {
  const uint32_t lost_ms = link->config->lost_ms;
  const uint32_t left = mbr_link_left(link, link->heard_at, lost_ms);
  return link->under_way != 0 ? earlier(left, mbr_link_left(link, link->moved_at, lost_ms)) : left;
}

/* Milliseconds until something is due, or UINT32_MAX. What waits for room in the line is not. */
static uint32_t left_until_due(const mbr_link *link) {
  const mbr_link_config *config = link->config;
  const bool is_blocked = link->chunk_at != link->chunk_end;
  const bool is_up = link->state == MBR_LINK_UP;
  uint32_t left = is_up ? left_to_live(link) : UINT32_MAX;
  if (is_blocked || link->state == MBR_LINK_IDLE) return left;
  if (is_up) left = earlier(left, mbr_link_left(link, link->spoke_at, config->lost_ms / MBR_LINK_SIGNS));
  if (is_up && link->under_way == 0) return left;
  return earlier(left, mbr_link_left(link, link->sent_at, config->retry_ms));
}

uint64_t mbr_link_poll(mbr_link *link) {
  const uint64_t now = look_at_clock(link);
  mbr_link_receive(link);
  if (link->state == MBR_LINK_UP && left_to_live(link) == 0) mbr_link_go_down(link, MBR_DEADLINE);
  mbr_link_send(link);
  const uint32_t left = left_until_due(link);
  return left != UINT32_MAX ? now + left : UINT64_MAX;
}
