/* Serves a method that answers what it is given, over a link. Never run. */
#include "mbr/link.h"
#include "mbr/memory.h"

enum { CALLS = 4, FRAME_MAX = 128, STORAGE = 128, ANSWER_MAX = MBR_FRAME_HEADER_SIZE + 4 };

volatile unsigned char line;

static mbr_status dispatch(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  uint8_t payload[4];
  uint32_t value = 0;
  mbr_writer w;
  (void)ops, (void)self;
  if (mbr_read_u32(args, &value) != MBR_OK) return args->status;
  mbr_writer_init(&w, payload, sizeof payload);
  return mbr_call_send(call, MBR_FRAME_OK, &w, mbr_write_u32(&w, value));
}

static const mbr_method method = {.id = 1, .ending_max = 4, .name = "Size.same", .dispatch = dispatch};
static const mbr_service service = {"Size", &method, 1, NULL, 0};

static size_t write(void *owner, const uint8_t *bytes, size_t size) {
  (void)owner;
  for (size_t i = 0; i < size; i++) line = bytes[i];
  return size;
}

static uint64_t now(void *owner) {
  (void)owner;
  return line;
}

MBR_PEER_STATIC_MEMORY(memory, 1, CALLS, 0, STORAGE, MBR_OUTBOX_SIZE(CALLS, ANSWER_MAX, ANSWER_MAX));
static mbr_peer peer;
static mbr_link over;
static uint64_t frame[FRAME_MAX / 8 + 1], hello[FRAME_MAX / 8];
static uint8_t ring[64];

static void down(void *owner, mbr_status why) {
  (void)owner, (void)why;
  mbr_peer_close(&peer);
}

static const mbr_hooks hooks = {.now = now};
static const mbr_link_hooks link_hooks = {.write = write, .now = now, .down = down};
static const mbr_link_config config = {
  .hooks = &link_hooks,
  .calls = &mbr_link_over_peer,
  .above = &peer,
  .frame = (uint8_t *)frame,
  .frame_max = FRAME_MAX,
  .ring = ring,
  .ring_size = sizeof ring,
  .hello = (uint8_t *)hello,
  .hello_size = sizeof hello,
  .retry_ms = 50,
  .lost_ms = 2000,
};

int main(void) {
  bool ready = mbr_link_init(&over, &config) == MBR_OK;
  ready = ready && mbr_peer_open(&peer, &memory, &hooks, NULL) == MBR_OK;
  ready = ready && mbr_peer_serve(&peer, &service, NULL, NULL) == MBR_OK;
  if (!ready || mbr_link_start(&over, 1) != MBR_OK) return 1;
  for (;;) {
    const uint8_t byte = line;
    (void)mbr_link_feed(&over, &byte, 1);
    (void)mbr_peer_poll(&peer);
    (void)mbr_link_poll(&over);
  }
}
