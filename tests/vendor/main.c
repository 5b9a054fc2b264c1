/* Two ends of a connection in static memory that is exactly as large as the contract says, with the largest
 * values that it allows. Uses nothing but what `mbrc vendor` and `mbrc --profile firmware` write. */
#include <stdio.h>
#include <string.h>

#include "demo_climate.h"
#include "demo_climate_client.h"

#define SERVED_CALLS 2u
#define MADE_CALLS 3u

MBR_PEER_STATIC_MEMORY(served_memory, 1u, SERVED_CALLS, 0u, DEMO_CLIMATE_CLIMATE_STORAGE_SIZE,
                       MBR_OUTBOX_SIZE(SERVED_CALLS, DEMO_CLIMATE_CLIMATE_ENDING_ROOM,
                                       DEMO_CLIMATE_CLIMATE_ANSWER_MAX));
MBR_PEER_STATIC_MEMORY(calling_memory, 0u, 1u, MADE_CALLS, 16u,
                       MBR_OUTBOX_SIZE(1u, 0u, DEMO_CLIMATE_CLIMATE_REQUEST_MAX));

static mbr_peer served_peer, calling_peer;
static int failed;

#define CHECK(condition)                                   \
  do {                                                     \
    if (!(condition)) {                                    \
      printf("main.c:%d: not so: %s\n", __LINE__, #condition); \
      failed = 1;                                          \
    }                                                      \
  } while (0)

static const float temperatures[8] = {1, 2, 3, 4, 5, 6, 7, 8};

static demo_climate_reading largest_reading(uint8_t zone) {
  demo_climate_reading reading = {0, 20.0f, DEMO_CLIMATE_MODE_AUTO, {NULL, 0}, {NULL, 0}};
  reading.zone = zone;
  reading.label.data = "sixteen letters!";
  reading.label.size = 16;
  reading.history.items = temperatures;
  reading.history.count = 8;
  return reading;
}

static void set_target(void *self, demo_climate_climate_set_target_call call, uint8_t zone, float celsius) {
  (void)self;
  if (zone > 1) (void)demo_climate_climate_set_target_err(call, DEMO_CLIMATE_CLIMATE_ERROR_LIMIT(28.0f));
  else (void)demo_climate_climate_set_target_ok(call, celsius);
}

static void configure(void *self, demo_climate_climate_configure_call call,
                      const mbr_list_demo_climate_reading *readings, const mbr_map_u8_str *names,
                      const uint16_t pair[2], const demo_climate_reading *note) {
  (void)self;
  CHECK(readings->count == 4 && readings->items[3].history.items[7] >= 8.0f);
  CHECK(names->count == 4 && names->items[3].value.size == 8);
  CHECK(pair[1] == 7 && note != NULL && note->label.size == 16);
  (void)demo_climate_climate_configure_ok(call, (uint32_t)readings->count);
}

static demo_climate_climate_events_call events_call;

static void events(void *self, demo_climate_climate_events_call call, uint16_t hz) {
  (void)self, (void)hz;
  mbr_call_defer(call.base);
  events_call = call;
}

static size_t lines_seen;

static void import_log(void *self, demo_climate_climate_import_log_call call, mbr_str first) {
  (void)self, (void)call;
  CHECK(first.size == 20);
}

static void import_log_lines(void *self, demo_climate_climate_import_log_call call, const mbr_list_str *item) {
  (void)self, (void)call;
  lines_seen += item->count;
}

static void import_log_lines_end(void *self, demo_climate_climate_import_log_call call) {
  (void)self;
  (void)demo_climate_climate_import_log_ok(call, (uint32_t)lines_seen);
}

static uint8_t zones(void *self) {
  (void)self;
  return 2;
}

static void nudge(void *self, demo_climate_climate_nudge_call call, uint8_t zone) {
  (void)self, (void)call, (void)zone;
}

/* Every frame from one end to the other, until none is left. */
static bool move(mbr_peer *from, mbr_peer *to) {
  const uint8_t *frames;
  size_t size = mbr_peer_outgoing(from, &frames);
  if (size == 0) return false;
  for (size_t at = 0; at < size; at += MBR_ROUND_16(mbr_get_u32(frames + at)))
    CHECK(mbr_peer_receive(to, frames + at, mbr_get_u32(frames + at)) == MBR_OK);
  mbr_peer_consume(from, size);
  return true;
}

static void run(void) {
  while (move(&served_peer, &calling_peer) || move(&calling_peer, &served_peer)) continue;
}

static void told_target(void *arg, const demo_climate_climate_set_target_answer *answer) {
  *(demo_climate_climate_set_target_answer *)arg = *answer;
}

static void told_count(void *arg, const demo_climate_climate_configure_answer *answer) {
  *(demo_climate_climate_configure_answer *)arg = *answer;
}

static void told_lines(void *arg, const demo_climate_climate_import_log_answer *answer) {
  *(demo_climate_climate_import_log_answer *)arg = *answer;
}

static void told_reading(void *arg, const demo_climate_reading *item) {
  CHECK(item->history.count == 8);
  *(uint8_t *)arg = item->zone;
}

static void test_set_target(const demo_climate_climate_client *client) {
  demo_climate_climate_set_target_answer answer;
  demo_climate_climate_set_target_receiver receiver = {told_target, NULL};
  receiver.arg = &answer;
  CHECK(demo_climate_climate_set_target_send(client, 1, 21.5f, receiver, NULL, NULL) == MBR_OK);
  run();
  CHECK(answer.outcome == MBR_OUTCOME_OK && answer.value >= 21.5f && answer.value <= 21.5f);
  CHECK(demo_climate_climate_set_target_send(client, 9, 21.5f, receiver, NULL, NULL) == MBR_OK);
  run();
  CHECK(answer.outcome == MBR_OUTCOME_ERROR && answer.error.tag == DEMO_CLIMATE_CLIMATE_ERROR_TAG_LIMIT);
}

static void test_configure(const demo_climate_climate_client *client) {
  const demo_climate_reading note = largest_reading(9);
  const demo_climate_reading readings[4] = {note, note, note, note};
  const mbr_list_demo_climate_reading all = {readings, 4};
  mbr_entry_u8_str entries[4];
  const mbr_map_u8_str names = {entries, 4};
  const uint16_t pair[2] = {3, 7};
  demo_climate_climate_configure_answer answer;
  demo_climate_climate_configure_receiver receiver = {told_count, NULL};
  /* Falling keys: looking for duplicates takes memory too. */
  for (uint8_t i = 0; i < 4; i++) {
    entries[i].key = (uint8_t)(4 - i);
    entries[i].value.data = "8letters";
    entries[i].value.size = 8;
  }
  receiver.arg = &answer;
  CHECK(demo_climate_climate_configure_send(client, &all, &names, pair, &note, receiver, NULL, NULL) == MBR_OK);
  run();
  CHECK(answer.outcome == MBR_OUTCOME_OK && answer.value == 4);
}

static void test_events(const demo_climate_climate_client *client) {
  uint8_t zone = 0;
  demo_climate_climate_events_receiver receiver = {told_reading, NULL, NULL};
  const mbr_request_options options = {0};
  receiver.arg = &zone;
  CHECK(demo_climate_climate_events_send(client, 10, receiver, &options, NULL) == MBR_OK);
  run();
  /* More than the outbox holds: the newest waits in the call's storage. */
  for (uint8_t i = 1; i < 100; i++) {
    const demo_climate_reading reading = largest_reading(i);
    CHECK(demo_climate_climate_events_emit(events_call, &reading) == MBR_OK);
  }
  run();
  CHECK(zone == 99);
  CHECK(demo_climate_climate_events_end(events_call) == MBR_OK);
  run();
}

static void test_import_log(const demo_climate_climate_client *client) {
  const mbr_str line = {"10 letters", 10};
  const mbr_str lines[3] = {line, line, line};
  const mbr_list_str item = {lines, 3};
  const mbr_str first = {"twenty letters, all.", 20};
  demo_climate_climate_import_log_answer answer;
  demo_climate_climate_import_log_receiver receiver = {told_lines, NULL, NULL};
  demo_climate_climate_import_log_request request;
  receiver.arg = &answer;
  CHECK(demo_climate_climate_import_log_send(client, first, receiver, NULL, &request) == MBR_OK);
  run();
  for (int i = 0; i < 10; i++) {
    CHECK(demo_climate_climate_import_log_push(request, &item) == MBR_OK);
    run();
  }
  CHECK(demo_climate_climate_import_log_push_end(request) == MBR_OK);
  run();
  CHECK(answer.outcome == MBR_OUTCOME_OK && answer.value == 30);
}

static void introduce(mbr_peer *from, mbr_peer *to) {
  uint64_t hello[(DEMO_CLIMATE_CLIMATE_HELLO_SIZE + 7u) / 8u];
  size_t size = mbr_peer_hello(from, 0, (uint8_t *)hello, sizeof hello);
  CHECK(size == DEMO_CLIMATE_CLIMATE_HELLO_SIZE);
  CHECK(mbr_peer_receive(to, (const uint8_t *)hello, size) == MBR_OK);
}

static void hear(void *arg, const mbr_log_record *record) {
  (void)arg, (void)record;
  CHECK(MBR_LOG_LEVEL > 0);
}

int main(void) {
  static const mbr_hooks hooks; /* one thread, no clock, no heap */
  static const demo_climate_climate_ops ops = {
    set_target, configure, events, import_log, import_log_lines, import_log_lines_end, zones, nudge,
  };
  demo_climate_climate_client client;
  CHECK(mbr_peer_open(&served_peer, &served_memory, &hooks, NULL) == MBR_OK);
  CHECK(mbr_peer_open(&calling_peer, &calling_memory, &hooks, NULL) == MBR_OK);
  CHECK(mbr_peer_on_log(&calling_peer, MBR_LOG_DEBUG, hear, NULL) ==
        (MBR_LOG_LEVEL > 0 ? MBR_OK : MBR_UNSUPPORTED));
  CHECK(demo_climate_climate_serve(&served_peer, &ops, NULL) == MBR_OK);
  CHECK(demo_climate_climate_client_open(&client, &calling_peer) == MBR_OK);
  introduce(&served_peer, &calling_peer);
  test_set_target(&client);
  test_configure(&client);
  test_events(&client);
  test_import_log(&client);
  mbr_peer_close(&calling_peer);
  mbr_peer_close(&served_peer);
  return failed;
}
