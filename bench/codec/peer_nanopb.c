/* nanopb with static memory for everything, as firmware uses it; the lists without a bound go through
 * callbacks, item by item. */
#include <pb_decode.h>
#include <pb_encode.h>
#include <string.h>

#include "codec.h"
#include "telemetry.pb.h"

typedef struct messages {
  bench_Telemetry telemetry;
  bench_Telemetry items[BENCH_ITEMS];
  size_t item_count;
  double values[BENCH_VALUES];
  size_t value_count;
} messages;

static messages loaded, decoded;

static void load_telemetry(bench_Telemetry *to, const bench_telemetry_telemetry *from) {
  to->active = from->active;
  to->zone = from->zone;
  to->delta = from->delta;
  to->count = from->count;
  to->at = from->at;
  to->celsius = from->celsius;
  to->ratio = from->ratio;
  memcpy(to->name, from->name.data, from->name.size);
  to->raw.size = (pb_size_t)from->raw.size;
  memcpy(to->raw.bytes, from->raw.data, from->raw.size);
  to->mode = (bench_Mode)from->mode;
  to->has_fine = from->has_fine;
  to->fine = from->fine;
  to->history_count = (pb_size_t)from->history.count;
  memcpy(to->history, from->history.items, from->history.count * sizeof(float));
}

static bool load(const bench_sample *sample) {
  load_telemetry(&loaded.telemetry, &sample->telemetry);
  for (int i = 0; i < BENCH_ITEMS; i++) load_telemetry(&loaded.items[i], &sample->batch.items.items[i]);
  loaded.item_count = BENCH_ITEMS;
  memcpy(loaded.values, sample->series.values.items, sizeof loaded.values);
  loaded.value_count = BENCH_VALUES;
  return true;
}

static bool encode_items(pb_ostream_t *stream, const pb_field_t *field, void *const *arg) {
  const messages *from = *arg;
  for (size_t i = 0; i < from->item_count; i++) {
    if (!pb_encode_tag_for_field(stream, field)) return false;
    if (!pb_encode_submessage(stream, bench_Telemetry_fields, &from->items[i])) return false;
  }
  return true;
}

static bool decode_item(pb_istream_t *stream, const pb_field_t *field, void **arg) {
  messages *to = *arg;
  (void)field;
  if (to->item_count == BENCH_ITEMS) return false;
  return pb_decode(stream, bench_Telemetry_fields, &to->items[to->item_count++]);
}

static bool encode_values(pb_ostream_t *stream, const pb_field_t *field, void *const *arg) {
  const messages *from = *arg;
  if (!pb_encode_tag(stream, PB_WT_STRING, field->tag)) return false;
  if (!pb_encode_varint(stream, from->value_count * sizeof(double))) return false;
  for (size_t i = 0; i < from->value_count; i++) {
    if (!pb_encode_fixed64(stream, &from->values[i])) return false;
  }
  return true;
}

static bool decode_values(pb_istream_t *stream, const pb_field_t *field, void **arg) {
  messages *to = *arg;
  (void)field;
  while (stream->bytes_left > 0) {
    if (to->value_count == BENCH_VALUES) return false;
    if (!pb_decode_fixed64(stream, &to->values[to->value_count++])) return false;
  }
  return true;
}

static mbr_bytes encode(messages *from, bench_message message) {
  static uint8_t out[BENCH_ENCODED_MAX];
  pb_ostream_t stream = pb_ostream_from_buffer(out, sizeof out);
  bench_Batch batch = {.items = {.funcs.encode = encode_items, .arg = from}};
  bench_Series series = {.values = {.funcs.encode = encode_values, .arg = from}};
  bool good;
  switch (message) {
    case BENCH_TELEMETRY: good = pb_encode(&stream, bench_Telemetry_fields, &from->telemetry); break;
    case BENCH_BATCH: good = pb_encode(&stream, bench_Batch_fields, &batch); break;
    default: good = pb_encode(&stream, bench_Series_fields, &series); break;
  }
  return (mbr_bytes){out, good ? stream.bytes_written : 0};
}

static mbr_bytes encode_loaded(bench_message message) { return encode(&loaded, message); }

static bool decode(bench_message message, const uint8_t *in, size_t size) {
  pb_istream_t stream = pb_istream_from_buffer(in, size);
  bench_Batch batch = {.items = {.funcs.decode = decode_item, .arg = &decoded}};
  bench_Series series = {.values = {.funcs.decode = decode_values, .arg = &decoded}};
  decoded.item_count = decoded.value_count = 0;
  switch (message) {
    case BENCH_TELEMETRY: return pb_decode(&stream, bench_Telemetry_fields, &decoded.telemetry);
    case BENCH_BATCH: return pb_decode(&stream, bench_Batch_fields, &batch);
    default: return pb_decode(&stream, bench_Series_fields, &series);
  }
}

static mbr_bytes encode_decoded(bench_message message) { return encode(&decoded, message); }

const bench_peer bench_nanopb = {"nanopb", load, encode_loaded, decode, encode_decoded};
