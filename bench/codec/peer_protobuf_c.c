/* protobuf-c: decoded values are allocated, and freed when the next one is there. It does not look at
 * UTF-8. */
#include <stdlib.h>

#include "codec.h"
#include "telemetry.pb-c.h"

static ProtobufCMessage *loaded[BENCH_MESSAGES], *decoded[BENCH_MESSAGES];
static const ProtobufCMessageDescriptor *const descriptors[BENCH_MESSAGES] = {
  &bench__telemetry__descriptor,
  &bench__batch__descriptor,
  &bench__series__descriptor,
};

/* protobuf-c does not say `const`, but only reads what it encodes. */
static void *mutable(const void *p) { return (void *)(uintptr_t)p; }

static void load_telemetry(Bench__Telemetry *to, const bench_telemetry_telemetry *from) {
  bench__telemetry__init(to);
  to->active = from->active;
  to->zone = from->zone;
  to->delta = from->delta;
  to->count = from->count;
  to->at = from->at;
  to->celsius = from->celsius;
  to->ratio = from->ratio;
  to->name = mutable(from->name.data);
  to->raw.len = from->raw.size;
  to->raw.data = mutable(from->raw.data);
  to->mode = (Bench__Mode)from->mode;
  to->has_fine = from->has_fine;
  to->fine = from->fine;
  to->n_history = from->history.count;
  to->history = mutable(from->history.items);
}

static bool load(const bench_sample *sample) {
  static Bench__Telemetry telemetry, items[BENCH_ITEMS];
  static Bench__Telemetry *item_pointers[BENCH_ITEMS];
  static Bench__Batch batch;
  static Bench__Series series;
  load_telemetry(&telemetry, &sample->telemetry);
  bench__batch__init(&batch);
  bench__series__init(&series);
  for (int i = 0; i < BENCH_ITEMS; i++) {
    load_telemetry(&items[i], &sample->batch.items.items[i]);
    item_pointers[i] = &items[i];
  }
  batch.items = item_pointers;
  batch.n_items = BENCH_ITEMS;
  series.values = mutable(sample->series.values.items);
  series.n_values = sample->series.values.count;
  loaded[BENCH_TELEMETRY] = &telemetry.base;
  loaded[BENCH_BATCH] = &batch.base;
  loaded[BENCH_SERIES] = &series.base;
  return true;
}

/* It writes without looking at the room, so the size comes first. */
static mbr_bytes encode(const ProtobufCMessage *value) {
  static uint8_t out[BENCH_ENCODED_MAX];
  bool fits = protobuf_c_message_get_packed_size(value) <= sizeof out;
  return (mbr_bytes){out, fits ? protobuf_c_message_pack(value, out) : 0};
}

static mbr_bytes encode_loaded(bench_message message) { return encode(loaded[message]); }

static bool decode(bench_message message, const uint8_t *in, size_t size) {
  if (decoded[message] != NULL) protobuf_c_message_free_unpacked(decoded[message], NULL);
  decoded[message] = protobuf_c_message_unpack(descriptors[message], NULL, size, in);
  return decoded[message] != NULL;
}

static mbr_bytes encode_decoded(bench_message message) { return encode(decoded[message]); }

const bench_peer bench_protobuf_c = {"protobuf-c", load, encode_loaded, decode, encode_decoded};
