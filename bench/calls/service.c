/* The service that the benchmark calls: each handler does as little as it can. */
#include <stdlib.h>

#include "bench_calls.h"
#include "mbr/dart.h"

static int64_t add(void *self, int64_t a, int64_t b) {
  (void)self;
  return a + b;
}

static void echo_sync(void *self, bench_calls_calls_echo_sync_call call, const bench_calls_small *value) {
  (void)self;
  (void)bench_calls_calls_echo_sync_ok(call, value);
}

static void echo_inline(void *self, bench_calls_calls_echo_inline_call call, int64_t value) {
  (void)self;
  (void)bench_calls_calls_echo_inline_ok(call, value);
}

static void echo(void *self, bench_calls_calls_echo_call call, int64_t value) {
  (void)self;
  (void)bench_calls_calls_echo_ok(call, value);
}

static void echo_small(void *self, bench_calls_calls_echo_small_call call, const bench_calls_small *value) {
  (void)self;
  (void)bench_calls_calls_echo_small_ok(call, value);
}

static void image(void *self, bench_calls_calls_image_call call, uint32_t size) {
  static const uint8_t pixels[65536];
  (void)self;
  (void)bench_calls_calls_image_ok(call, (mbr_bytes){pixels, size <= sizeof pixels ? size : sizeof pixels});
}

typedef struct source {
  bench_calls_calls_samples_call call;
  uint32_t next, count;
} source;

/* Emits until the listener has had enough for now; comes back when it is ready for more. */
static void pump(void *arg) {
  source *s = arg;
  mbr_status status = MBR_OK;
  while (status == MBR_OK && s->next < s->count) {
    bench_calls_sample sample = {.number = s->next, .values = {1, 2, 3, 4, 5, 6}};
    status = bench_calls_calls_samples_emit(s->call, &sample);
    if (status == MBR_OK) s->next++;
  }
  if (status == MBR_WOULD_BLOCK) status = mbr_call_on_ready(s->call.base, pump, s) == MBR_OK ? status : MBR_CLOSED;
  if (status == MBR_WOULD_BLOCK) return;
  (void)bench_calls_calls_samples_end(s->call);
  free(s);
}

static void samples(void *self, bench_calls_calls_samples_call call, uint32_t count) {
  source *s = malloc(sizeof *s);
  (void)self;
  if (s == NULL) return;
  *s = (source){.call = call, .count = count};
  mbr_call_defer(call.base);
  pump(s);
}

static mbr_status connect(mbr_peer *peer) {
  static const bench_calls_calls_ops ops = {
    .add = add,
    .add_leaf = add,
    .echo_sync = echo_sync,
    .echo_inline = echo_inline,
    .echo = echo,
    .echo_small = echo_small,
    .image = image,
    .samples = samples,
  };
  return bench_calls_calls_serve(peer, &ops, NULL);
}

MBR_DART_LIBRARY(calls, connect)
