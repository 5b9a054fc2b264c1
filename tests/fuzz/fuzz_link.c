/* Fuzzing of a link: the input is a script of what comes over the line (any bytes, and well-formed packets
 * with anything in them), of what the peer above says and refuses, of what the line takes, and of the time.
 * Whatever comes, the link gives up only frames within the limit, sends only what is still in the outbox,
 * gives back only what was taken, and asks to be polled at a sensible time. */
#include <stdlib.h>
#include <string.h>

#include "../../runtime/link/link.h"

enum { FRAME_MAX = 160, OUTBOX = 1024, RING = 256, HELLO_MAX = 48, RETRY_MS = 20, LOST_MS = 500, EPOCH = 5 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct {
  const uint8_t *data;
  size_t size;
  mbr_link link;
  mbr_link_config config;
  uint64_t now;
  uint8_t *outbox;
  size_t head, tail, run;
  uint32_t serial;
  mbr_status refusal;
  size_t takes; /* bytes the line takes now */
  bool closed, may_start;
  struct mbr_link_decoder sent;
  uint8_t sent_frame[FRAME_MAX + MBR_LINK_CRC_SIZE];
} f;

static void check(bool holds) {
  if (!holds) abort();
}

static uint8_t next_byte(void) {
  if (f.size == 0) return 0;
  f.size--;
  return *f.data++;
}

static uint8_t content(uint32_t serial, size_t i) { return (uint8_t)(serial * 3u + i); }

static bool is_as_said(const uint8_t *frame, const mbr_frame *header) {
  for (size_t i = MBR_FRAME_HEADER_SIZE; i < header->size; i++)
    if (frame[i] != content(header->call, i)) return false;
  return true;
}

/* What the link sends is what was said, and not consumed, or a HELLO, or the ending of a call. */
static void look_at(const uint8_t *frame, uint32_t size) {
  mbr_frame header;
  check(mbr_frame_read(&header, frame, size) == MBR_OK && header.size == size && size <= f.link.limit);
  if (header.kind == MBR_FRAME_ITEM || header.kind == MBR_FRAME_OK) check(is_as_said(frame, &header));
  else check(header.kind == MBR_FRAME_HELLO || size <= MBR_LINK_FAULT_SIZE);
}

static size_t write_hook(void *owner, const uint8_t *bytes, size_t size) {
  (void)owner;
  const size_t taken = size < f.takes ? size : f.takes;
  f.takes -= taken;
  for (size_t i = 0; i < taken; i++) {
    const mbr_link_decoded got = mbr_link_decode(&f.sent, f.sent_frame, FRAME_MAX, bytes[i]);
    check(got != MBR_LINK_OVERSIZE);
    if (got == MBR_LINK_WHOLE && f.sent.header[MBR_LINK_AT_KIND] == MBR_LINK_DATA)
      look_at(f.sent_frame, f.sent.size);
    if (got != MBR_LINK_MORE) mbr_link_decoder_begin(&f.sent);
  }
  return taken;
}

static uint64_t now_hook(void *owner) {
  (void)owner;
  return f.now;
}

static void begin(void) {
  free(f.outbox);
  f.outbox = aligned_alloc(16, OUTBOX);
  check(f.outbox != NULL);
  f.head = f.tail = f.run = 0;
  f.closed = false;
  check(mbr_link_start(&f.link, EPOCH) == MBR_OK);
}

static void down_hook(void *owner, mbr_status why) {
  (void)owner;
  check(why == MBR_DEADLINE || why == MBR_DISCONNECTED || why == MBR_CLOSED);
  check(f.run == 0 && !mbr_link_is_up(&f.link));
  if (f.may_start) begin();
}

static mbr_status receive(void *above, const uint8_t *frame, size_t size) {
  mbr_frame header;
  (void)above;
  check(size <= FRAME_MAX && mbr_frame_read(&header, frame, size) == MBR_OK && header.size == size);
  check((header.flags & MBR_FRAME_BLOCK) == 0);
  return f.closed ? MBR_CLOSED : f.refusal;
}

static size_t outgoing(void *above, const uint8_t **frames) {
  (void)above;
  if (f.closed) return 0;
  *frames = f.outbox + f.head;
  f.run = f.tail - f.head;
  return f.run;
}

/* The memory goes with the last frame, so that a sanitizer sees a later touch. */
static void consume(void *above, size_t size) {
  (void)above;
  check(size <= f.run && size % 16u == 0);
  memset(f.outbox + f.head, 0xEE, size);
  f.head += size;
  f.run = 0;
}

static size_t hello(void *above, uint16_t index, uint8_t *out, size_t capacity) {
  (void)above;
  const mbr_frame header = {MBR_FRAME_HEADER_SIZE + 20u * index, MBR_FRAME_HELLO, 0, 0, 0, index};
  if (index == 3) return MBR_PEER_HELLO_NONE;
  if (header.size > capacity) return header.size;
  memset(out, 1, header.size);
  mbr_frame_write(out, &header);
  return header.size;
}

static const mbr_link_hooks hooks = {write_hook, now_hook, NULL, down_hook};
static const mbr_link_above above = {receive, outgoing, consume, hello};

static void poll_link(void) {
  uint64_t next = mbr_link_poll(&f.link);
  if (next == f.now) next = mbr_link_poll(&f.link);
  check(next > f.now && (next == UINT64_MAX || next <= f.now + LOST_MS));
}

static void feed_packet(uint8_t kind, uint8_t sequence, uint8_t acknowledged, uint32_t session,
                        const uint8_t *frame, uint32_t size) {
  struct mbr_link_encoder encoder;
  uint8_t bytes[600];
  encoder.header[MBR_LINK_AT_KIND] = kind;
  encoder.header[MBR_LINK_AT_SEQUENCE] = sequence;
  encoder.header[MBR_LINK_AT_ACKNOWLEDGED] = acknowledged;
  mbr_put_u32(encoder.header + MBR_LINK_AT_SESSION, session);
  mbr_link_encoder_begin(&encoder, frame, size);
  const size_t got = mbr_link_encode(&encoder, bytes, sizeof bytes);
  for (size_t at = 0; at < got; at += RING) {
    (void)mbr_link_feed(&f.link, bytes + at, got - at < RING ? got - at : RING);
    poll_link();
  }
}

static void feed_frame(void) {
  uint8_t frame[400];
  const uint8_t odd = next_byte();
  uint32_t size = MBR_FRAME_HEADER_SIZE + next_byte() % 100u;
  if (odd % 16u == 1u) size += FRAME_MAX;
  const mbr_frame header = {
    odd % 16u == 2u ? next_byte() : size, (uint8_t)(odd % 16u == 3u ? next_byte() : 1u + odd / 16u % 10u),
    odd % 16u == 4u ? next_byte() : odd & 1u, 0, next_byte(), 7,
  };
  memset(frame, 1, sizeof frame);
  mbr_frame_write(frame, &header);
  const uint8_t sequence = (uint8_t)(f.link.expected + (odd % 16u == 5u ? next_byte() : 0));
  const uint8_t acknowledged = (uint8_t)(f.link.base + next_byte() % (f.link.under_way + 2u));
  const uint32_t wrong = odd % 16u == 6u;
  const uint8_t kind = odd % 16u == 7u ? next_byte() : MBR_LINK_DATA;
  const uint32_t session = mbr_link_session(f.link.other, f.link.epoch) + wrong;
  feed_packet(kind, sequence, acknowledged, session, frame, size);
}

static void feed_syn(void) {
  static const uint32_t limits[] = {FRAME_MAX, MBR_LINK_FRAME_MIN, UINT32_MAX, MBR_LINK_FRAME_MIN - 1u};
  uint8_t payload[MBR_LINK_SYN_SIZE];
  const uint8_t odd = next_byte();
  mbr_put_u32(payload, odd == 0xFF ? 1 : MBR_LINK_VERSION);
  mbr_put_u32(payload + 4, (odd & 1u) != 0 ? EPOCH : odd);
  mbr_put_u32(payload + 8, limits[odd / 2u % 4u]);
  feed_packet(MBR_LINK_SYN, 0, 0, odd / 16u % 4u, payload, sizeof payload - (odd == 0xFE));
}

static void feed_raw(void) {
  uint8_t bytes[UINT8_MAX];
  const size_t size = next_byte();
  for (size_t i = 0; i < size; i++) bytes[i] = next_byte();
  (void)mbr_link_feed(&f.link, bytes, size);
}

static void say(void) {
  const uint8_t odd = next_byte();
  const uint32_t size = MBR_FRAME_HEADER_SIZE + next_byte() % 200u;
  const size_t record = (size + 15u) / 16u * 16u;
  if (f.link.state == MBR_LINK_IDLE || OUTBOX - f.tail < record) return;
  const mbr_frame header = {
    size, odd % 2u == 0 ? MBR_FRAME_ITEM : MBR_FRAME_OK, odd / 2u % 2u == 0 ? 0 : MBR_FRAME_FROM_CALLER,
    0, f.serial, 9,
  };
  mbr_frame_write(f.outbox + f.tail, &header);
  for (size_t i = MBR_FRAME_HEADER_SIZE; i < size; i++) f.outbox[f.tail + i] = content(f.serial, i);
  f.tail += record;
  f.serial++;
}

static void change(void) {
  static const mbr_status refusals[] = {
    MBR_OK, MBR_OK, MBR_BUSY, MBR_NO_MEMORY, MBR_UNIMPLEMENTED, MBR_BAD_FRAME,
  };
  const uint8_t odd = next_byte();
  f.refusal = refusals[odd % 6u];
  f.may_start = odd / 8u % 4u != 0;
  if (odd / 32u == 7u) f.closed = true;
  if (odd / 32u == 6u) mbr_link_stop(&f.link);
  if (f.link.state == MBR_LINK_IDLE && odd / 32u < 3u) begin();
}

static void step(void) {
  switch (next_byte() % 10u) {
  case 0: feed_raw(); break;
  case 1: feed_syn(); break;
  case 2:
  case 3:
  case 4: feed_frame(); break;
  case 5: say(); break;
  case 6: change(); break;
  case 7: f.takes = next_byte() < 16 ? next_byte() : SIZE_MAX; break;
  case 8: f.now += next_byte() < 16 ? LOST_MS : next_byte() % (RETRY_MS * 2u); break;
  default: poll_link(); break;
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  uint8_t *frame = malloc(FRAME_MAX + MBR_LINK_CRC_SIZE);
  uint8_t *ring = malloc(RING);
  _Alignas(8) uint8_t hello_frame[HELLO_MAX];
  memset(&f, 0, sizeof f);
  f.data = data;
  f.size = size;
  f.now = UINT32_MAX - 1000u; /* the clock's lower half wraps early */
  f.takes = SIZE_MAX;
  f.may_start = true;
  check(frame != NULL && ring != NULL);
  f.config = (mbr_link_config){
    .hooks = &hooks, .calls = &above, .frame = frame, .frame_max = FRAME_MAX, .ring = ring, .ring_size = RING,
    .hello = hello_frame, .hello_size = HELLO_MAX, .retry_ms = RETRY_MS, .lost_ms = LOST_MS,
  };
  mbr_link_decoder_begin(&f.sent);
  check(mbr_link_init(&f.link, &f.config) == MBR_OK);
  begin();
  while (f.size > 0) step();
  mbr_link_stop(&f.link);
  free(f.outbox);
  free(frame);
  free(ring);
  return 0;
}
