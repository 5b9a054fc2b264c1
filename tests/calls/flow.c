/* Streams in both directions: results, parameters, one value for all. */
#include "library.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How long a source rests when its listener takes nothing. */
#define REST_MS 1u

typedef struct count_job {
  calls_flow_count_call call;
  uint32_t from, to;
} count_job;

static void count_work(void *arg) {
  count_job *job = arg;
  mbr_status status = MBR_OK;
  for (uint32_t i = job->from; i < job->to && status == MBR_OK; i++)
    while ((status = calls_flow_count_emit(job->call, i)) == MBR_WOULD_BLOCK) sleep_ms(REST_MS);
  (void)calls_flow_count_end(job->call);
}

static void count(void *self, calls_flow_count_call call, uint32_t to, uint32_t from) {
  (void)self;
  mbr_call_defer(call.base);
  on_thread(count_work, &(count_job){call, from, to}, sizeof(count_job));
}

/* Several threads that share one call; the last one ends it. */
typedef struct crowd_shared {
  calls_flow_crowd_call call;
  uint32_t each;
  atomic_uint left;
} crowd_shared;

typedef struct crowd_job {
  crowd_shared *shared;
  uint8_t thread;
} crowd_job;

static void crowd_work(void *arg) {
  crowd_job *job = arg;
  crowd_shared *shared = job->shared;
  char text[64];
  mbr_status status = MBR_OK;
  for (uint32_t i = 0; i < shared->each && status == MBR_OK; i++) {
    int size = snprintf(text, sizeof text, "item %u of thread %u", (unsigned)i, (unsigned)job->thread);
    calls_item item = {.thread = job->thread, .number = i, .text = {text, (size_t)size}};
    while ((status = calls_flow_crowd_emit(shared->call, &item)) == MBR_WOULD_BLOCK) sleep_ms(REST_MS);
  }
  if (atomic_fetch_sub(&shared->left, 1) > 1) return;
  (void)calls_flow_crowd_end(shared->call);
  free(shared);
}

static void crowd(void *self, calls_flow_crowd_call call, uint8_t threads, uint32_t each) {
  (void)self;
  crowd_shared *shared = malloc(sizeof *shared);
  if (shared == NULL) abort();
  *shared = (crowd_shared){.call = call, .each = each};
  atomic_store(&shared->left, threads);
  mbr_call_defer(call.base);
  for (uint8_t i = 0; i < threads; i++) on_thread(crowd_work, &(crowd_job){shared, i}, sizeof(crowd_job));
}

/* A source that counts what was accepted of it, until its listener goes. */
#define ENDLESS(method)                                                                                      \
  typedef struct method##_job {                                                                              \
    library *library;                                                                                        \
    calls_flow_##method##_call call;                                                                         \
  } method##_job;                                                                                            \
  static void method##_work(void *arg) {                                                                     \
    method##_job *job = arg;                                                                                 \
    atomic_store(&job->library->emitted, 0);                                                                 \
    for (uint32_t i = 0;;) {                                                                                 \
      mbr_status status = calls_flow_##method##_emit(job->call, i);                                          \
      if (status == MBR_CLOSED) break;                                                                       \
      if (status == MBR_OK) atomic_store(&job->library->emitted, ++i);                                       \
      if (status != MBR_OK || i % 100 == 0) sleep_ms(REST_MS);                                               \
    }                                                                                                        \
    (void)calls_flow_##method##_end(job->call);                                                              \
  }                                                                                                          \
  static void method(void *self, calls_flow_##method##_call call) {                                          \
    mbr_call_defer(call.base);                                                                               \
    on_thread(method##_work, &(method##_job){self, call}, sizeof(method##_job));                             \
  }
ENDLESS(endless)
ENDLESS(endless_buffered)
ENDLESS(endless_latest)

static uint32_t emitted(void *self) { return atomic_load(&((library *)self)->emitted); }

/* What the parts of a `collect` share. Whoever ends the call frees it; else the call was given up. */
typedef struct collected {
  char separator[8];
  char text[4096];
  size_t size;
} collected;

static void forget_collected(void *arg, mbr_cancel_reason reason) {
  (void)reason;
  free(arg);
}

static void collect(void *self, calls_flow_collect_call call, mbr_str separator) {
  (void)self;
  collected *c = calloc(1, sizeof *c);
  if (c == NULL) abort();
  memcpy(c->separator, separator.data, separator.size < sizeof c->separator ? separator.size : 0);
  mbr_call_set_context(call.base, c);
  if (mbr_call_on_cancel(call.base, forget_collected, c) != MBR_OK) abort();
}

/* The line "stop" is refused, and ends the call while its caller has more of them. */
static void collect_line(void *self, calls_flow_collect_call call, mbr_str line) {
  (void)self;
  collected *c = mbr_call_context(call.base);
  if (line.size == 4 && memcmp(line.data, "stop", 4) == 0) {
    if (calls_flow_collect_err(call, CALLS_CALL_ERROR_GONE) != MBR_CLOSED) free(c);
    return;
  }
  int size = snprintf(c->text + c->size, sizeof c->text - c->size, "%s%.*s", c->size > 0 ? c->separator : "",
                      (int)line.size, line.data);
  if (size > 0) c->size += (size_t)size;
}

static void collect_end(void *self, calls_flow_collect_call call) {
  (void)self;
  collected *c = mbr_call_context(call.base);
  if (calls_flow_collect_ok(call, (mbr_str){c->text, c->size}) != MBR_CLOSED) free(c);
}

static void doubled(void *self, calls_flow_doubled_call call) { (void)self, (void)call; }

static void doubled_value(void *self, calls_flow_doubled_call call, int32_t value) {
  (void)self;
  if (value < 0) {
    (void)calls_flow_doubled_err(call, CALLS_CALL_ERROR_REFUSED(text_of("negative"), 0));
    return;
  }
  while (calls_flow_doubled_emit(call, 2 * (int64_t)value) == MBR_WOULD_BLOCK) sleep_ms(REST_MS);
}

static void doubled_end(void *self, calls_flow_doubled_call call) {
  (void)self;
  (void)calls_flow_doubled_end(call);
}

/* The context counts down what is left to take. */
static void take(void *self, calls_flow_take_call call, uint32_t wanted) {
  (void)self;
  mbr_call_set_context(call.base, (void *)(uintptr_t)wanted);
}

static void take_item(void *self, calls_flow_take_call call, uint32_t item) {
  (void)self;
  uintptr_t left = (uintptr_t)mbr_call_context(call.base);
  mbr_call_set_context(call.base, (void *)(left - 1));
  if (left == 1) (void)calls_flow_take_ok(call, item);
}

static void take_end(void *self, calls_flow_take_call call) {
  (void)self;
  (void)mbr_call_fault(call.base, MBR_INTERNAL, "too few");
}

/* One for the whole process. */
static pthread_mutex_t news_lock = PTHREAD_MUTEX_INITIALIZER;
static void lock_news(void *owner) { (void)pthread_mutex_lock(owner); }
static void unlock_news(void *owner) { (void)pthread_mutex_unlock(owner); }
static mbr_call subscribers[8];
#define NEWS_MAX 256u
static uint8_t values[2 * NEWS_MAX];
static calls_flow_news_topic topic = {.base = {
                                          .lock = lock_news,
                                          .unlock = unlock_news,
                                          .owner = &news_lock,
                                          .subscribers = subscribers,
                                          .capacity = sizeof subscribers / sizeof *subscribers,
                                          .values = values,
                                          .value_capacity = NEWS_MAX,
                                      }};

static void news(void *self, calls_flow_news_call call) {
  (void)self;
  if (calls_flow_news_subscribe(&topic, call) != MBR_OK) (void)mbr_call_fault(call.base, MBR_BUSY, "news");
}

static void publish(void *self, calls_flow_publish_call call, mbr_str text) {
  (void)self;
  (void)calls_flow_news_publish(&topic, text);
  (void)calls_flow_publish_ok(call);
}

static const calls_flow_ops ops = {
    .count = count,
    .crowd = crowd,
    .endless = endless,
    .endless_buffered = endless_buffered,
    .endless_latest = endless_latest,
    .emitted = emitted,
    .collect = collect,
    .collect_lines = collect_line,
    .collect_lines_end = collect_end,
    .doubled = doubled,
    .doubled_values = doubled_value,
    .doubled_values_end = doubled_end,
    .take = take,
    .take_items = take_item,
    .take_items_end = take_end,
    .news = news,
    .publish = publish,
};

mbr_status serve_flow(library *l) { return calls_flow_serve(l->peer, &ops, l); }
