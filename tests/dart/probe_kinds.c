/* A service with every kind of method, whose handlers do what tests need to see of each. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "mbr/pool.h"
#include "mbr/topic.h"
#include "probe.h"

#define RACERS 10u

static mbr_status read_one(mbr_reader *args, uint32_t *a) {
  (void)mbr_read_u32(args, a);
  return mbr_reader_finish(args);
}

static mbr_status read_two(mbr_reader *args, uint32_t *a, uint32_t *b) {
  (void)mbr_read_u32(args, a);
  (void)mbr_read_u32(args, b);
  return mbr_reader_finish(args);
}

/* Inline. */

static mbr_status inline_echo(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  uint32_t a;
  (void)ops;
  (void)self;
  mbr_status status = read_one(args, &a);
  if (status == MBR_OK) (void)send_u32(call, MBR_FRAME_OK, a);
  return status;
}

static void later_job(job *j) {
  sleep_us(j->a * 1000u);
  if (send_u32(j->call, MBR_FRAME_OK, j->b) == MBR_CLOSED) atomic_fetch_add(&counters[LATE], 1);
}

static mbr_status inline_later(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  (void)ops;
  (void)self;
  return with_two(call, args, later_job);
}

static mbr_status inline_limited(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  (void)ops;
  (void)self;
  (void)send_limit(call, 2.5f);
  return mbr_reader_finish(args);
}

static mbr_status inline_numbers(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  uint32_t count;
  (void)ops;
  (void)self;
  mbr_status status = read_one(args, &count);
  for (uint32_t i = 0; status == MBR_OK && i < count; i++) {
    if (send_u32(call, MBR_FRAME_ITEM, i) != MBR_OK) break;
  }
  if (status == MBR_OK) (void)send_nothing(call, MBR_FRAME_END);
  return status;
}

/* Sync. */

/* The text as it came, or as it says: an error, a fault, none, or so many bytes. */
static mbr_status sync_text(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  mbr_str text;
  (void)ops;
  (void)self;
  (void)mbr_read_str(args, &text, SIZE_MAX);
  mbr_status status = mbr_reader_finish(args);
  if (status != MBR_OK) return status;
  const mbr_bytes bytes = {(const uint8_t *)text.data, text.size};
  if (text.size == 5 && memcmp(text.data, "limit", 5) == 0) {
    (void)send_limit(call, 4.5f);
  } else if (text.size == 5 && memcmp(text.data, "fault", 5) == 0) {
    (void)mbr_call_fault(call, MBR_INTERNAL, "as told");
  } else if (text.size != 6 || memcmp(text.data, "forget", 6) != 0) {
    (void)send_bytes(call, MBR_FRAME_OK, bytes);
  }
  return MBR_OK;
}

static uint32_t add_direct(const mbr_target *target, uint32_t a, uint32_t b) {
  (void)target;
  return a + b;
}

static mbr_status add(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  uint32_t a, b;
  (void)ops;
  (void)self;
  mbr_status status = read_two(args, &a, &b);
  if (status == MBR_OK) (void)send_u32(call, MBR_FRAME_OK, a + b);
  return status;
}

/* Cancelled. */

/* `arg` is where the call keeps what it was told, or NULL. */
/* What each call was told; used in turn, and so many are never open. */
static atomic_uint reasons[4096];
static atomic_uint next_reason;

static void note_reason(void *arg, mbr_cancel_reason reason) {
  if (arg != NULL) atomic_store((atomic_uint *)arg, (unsigned)reason);
  atomic_store(&counters[REASON], (unsigned)reason);
  atomic_fetch_add(&counters[CANCELLED], 1);
}

/* Waits to be cancelled, and looks that the flag says the same as the callback; answers then, too late. */
static void hang_job(job *j) {
  mbr_cancel_reason reason;
  while ((reason = mbr_call_cancelled(j->call)) == MBR_CANCEL_NONE) sleep_us(200);
  for (int i = 0; i < 5000 && atomic_load(&reasons[j->a]) == MBR_CANCEL_NONE; i++) sleep_us(1000);
  if (atomic_load(&reasons[j->a]) != (unsigned)reason) abort();
  if (send_u32(j->call, MBR_FRAME_OK, 1) == MBR_CLOSED) atomic_fetch_add(&counters[LATE], 1);
}

static mbr_status hang(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  (void)ops;
  (void)self;
  mbr_status status = mbr_reader_finish(args);
  const uint32_t at = atomic_fetch_add(&next_reason, 1) % (sizeof reasons / sizeof reasons[0]);
  atomic_store(&reasons[at], MBR_CANCEL_NONE);
  if (status == MBR_OK) status = mbr_call_on_cancel(call, note_reason, &reasons[at]);
  return status == MBR_OK ? start_job(call, hang_job, at, 0) : status;
}

/* As `hang`, a stream that emits one number, 0. */
static void hang_stream_job(job *j) {
  (void)emit_patiently(j->call, 0);
  while (mbr_call_cancelled(j->call) == MBR_CANCEL_NONE) sleep_us(200);
  (void)send_nothing(j->call, MBR_FRAME_END);
}

static mbr_status hang_stream(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  (void)ops;
  (void)self;
  mbr_status status = mbr_reader_finish(args);
  if (status == MBR_OK) status = mbr_call_on_cancel(call, note_reason, NULL);
  return status == MBR_OK ? start_job(call, hang_stream_job, 0, 0) : status;
}

/* A stream that is emitted until it is not held any more, whatever has become of it. */
static void stubborn_job(job *j) {
  for (uint32_t i = 0; probe_is_held(); i++) {
    if (send_u32(j->call, MBR_FRAME_ITEM, i) == MBR_CLOSED) atomic_fetch_add(&counters[LATE], 1);
    sleep_us(100);
  }
  (void)send_nothing(j->call, MBR_FRAME_END);
}

static mbr_status stubborn(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  (void)ops;
  (void)self;
  mbr_status status = mbr_reader_finish(args);
  return status == MBR_OK ? start_job(call, stubborn_job, 0, 0) : status;
}

/* Answered wrongly. */

static mbr_status twice(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  (void)ops;
  (void)self;
  (void)send_u32(call, MBR_FRAME_OK, 1);
  if (send_u32(call, MBR_FRAME_OK, 2) == MBR_CLOSED) atomic_fetch_add(&counters[LATE], 1);
  return mbr_reader_finish(args);
}

static void *racer(void *arg) {
  job *j = arg;
  if (send_u32(j->call, MBR_FRAME_OK, j->a) == MBR_CLOSED) atomic_fetch_add(&counters[LATE], 1);
  free(j);
  atomic_fetch_sub(&counters[OPEN_JOBS], 1);
  return NULL;
}

/* Answered by ten threads at once. */
static mbr_status raced(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  (void)ops;
  (void)self;
  mbr_call_defer(call);
  for (uint32_t i = 0; i < RACERS; i++) {
    job *j = malloc(sizeof *j);
    if (j == NULL) abort();
    *j = (job){call, i, 0, NULL};
    atomic_fetch_add(&counters[OPEN_JOBS], 1);
    start_thread(racer, j);
  }
  return mbr_reader_finish(args);
}

/* Ordered, or not. */

static mbr_status in_crowd(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  uint32_t a;
  (void)ops;
  (void)self;
  unsigned now = atomic_fetch_add(&counters[RUNNING], 1) + 1;
  unsigned most = atomic_load(&counters[CROWDED]);
  while (now > most && !atomic_compare_exchange_weak(&counters[CROWDED], &most, now)) continue;
  mbr_status status = read_one(args, &a);
  sleep_us(500);
  while (probe_is_held()) sleep_us(100);
  atomic_fetch_sub(&counters[RUNNING], 1);
  if (status == MBR_OK) (void)send_u32(call, MBR_FRAME_OK, a);
  return status;
}

/* Streams. */

/* So many numbers, so many microseconds apart, of which the caller wants the newest. */
static void newest_job(job *j) {
  for (uint32_t i = 0; i < j->a; i++) {
    if (send_u32(j->call, MBR_FRAME_ITEM, i) != MBR_OK) break;
    atomic_fetch_add(&counters[EMITTED], 1);
    if (j->b != 0) sleep_us(j->b);
  }
  sleep_us(20000); /* an ending does not wait for the item that is kept */
  atomic_fetch_add(&counters[DROPPED], mbr_call_dropped(j->call));
  (void)send_nothing(j->call, MBR_FRAME_END);
}

static mbr_status newest(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  (void)ops;
  (void)self;
  return with_two(call, args, newest_job);
}

/* A topic, which Dart has published to. */

MBR_DART_EXPORT void probe_publish(uint32_t from, uint32_t end);

static pthread_mutex_t topic_mutex = PTHREAD_MUTEX_INITIALIZER;
static mbr_call subscribers[8];
static uint8_t values[2 * 4];

static void lock_topic(void *owner) { pthread_mutex_lock(owner); }

static void unlock_topic(void *owner) { pthread_mutex_unlock(owner); }

static mbr_topic topic = {
  .lock = lock_topic,
  .unlock = unlock_topic,
  .owner = &topic_mutex,
  .subscribers = subscribers,
  .capacity = sizeof subscribers / sizeof subscribers[0],
  .values = values,
  .value_capacity = sizeof values / 2,
};

void probe_publish(uint32_t from, uint32_t end) {
  for (uint32_t i = from; i < end; i++) {
    mbr_writer w;
    mbr_status status = mbr_topic_begin(&topic, 4, &w);
    if (status == MBR_OK) status = mbr_topic_commit(&topic, &w, mbr_write_u32(&w, i));
    if (status != MBR_OK) abort();
  }
}

static mbr_status subscribe(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  (void)ops;
  (void)self;
  mbr_status status = mbr_reader_finish(args);
  return status == MBR_OK ? mbr_topic_subscribe(&topic, call) : status;
}

/* A stream parameter. What comes of it depends on a number: the sum at its end, or after so many items the
 * sum, the declared error or a fault; each item may take a while. */

enum { UNTIL_END, ANSWER_AT, ERROR_AT, FAULT_AT, NEVER };

typedef struct upload {
  uint32_t mode, limit, count, sum, slow_us;
} upload;

/* Used in turn: an item may be looked at while its call is cancelled, and so many calls are never open. */
static upload uploads[4096];
static atomic_uint next_upload;

static mbr_status collect(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  (void)ops;
  (void)self;
  upload *u = &uploads[atomic_fetch_add(&next_upload, 1) % (sizeof uploads / sizeof uploads[0])];
  *u = (upload){0};
  (void)mbr_read_u32(args, &u->mode);
  (void)mbr_read_u32(args, &u->limit);
  (void)mbr_read_u32(args, &u->slow_us);
  mbr_status status = mbr_reader_finish(args);
  mbr_call_set_context(call, u);
  return status == MBR_OK ? mbr_call_on_cancel(call, count_cancel, NULL) : status;
}

static void answer_upload(mbr_call call, const upload *u, bool at_end) {
  if (u->mode == UNTIL_END && at_end) (void)send_u32(call, MBR_FRAME_OK, u->sum);
  if (at_end || u->count != u->limit) return;
  if (u->mode == ANSWER_AT) (void)send_u32(call, MBR_FRAME_OK, u->sum);
  if (u->mode == ERROR_AT) (void)send_limit(call, 6.5f);
  if (u->mode == FAULT_AT) (void)mbr_call_fault(call, MBR_INTERNAL, "enough");
}

static mbr_status collect_item(const void *ops, void *self, mbr_call call, mbr_reader *item) {
  upload *u = mbr_call_context(call);
  uint32_t value = 0;
  (void)ops;
  (void)self;
  if (item == NULL) {
    answer_upload(call, u, true);
    if (u->mode == NEVER) mbr_call_defer(call);
    return MBR_OK;
  }
  mbr_status status = read_one(item, &value);
  if (status != MBR_OK || u == NULL) return status;
  u->count++;
  u->sum += value;
  atomic_fetch_add(&counters[TAKEN], 1);
  if (u->slow_us != 0) sleep_us(u->slow_us);
  answer_upload(call, u, false);
  return MBR_OK;
}

/* A stream of twice what the stream parameter has. */
static mbr_status doubled(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  (void)ops;
  (void)self;
  (void)call;
  return mbr_reader_finish(args);
}

static mbr_status doubled_item(const void *ops, void *self, mbr_call call, mbr_reader *item) {
  uint32_t value = 0;
  (void)ops;
  (void)self;
  if (item == NULL) {
    (void)send_nothing(call, MBR_FRAME_END);
    return MBR_OK;
  }
  mbr_status status = read_one(item, &value);
  if (status == MBR_OK) (void)emit_patiently(call, 2 * value);
  return status;
}

/* Bytes that may change hands. */
static mbr_status image(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  uint32_t size;
  mbr_writer w;
  (void)ops;
  (void)self;
  mbr_status status = read_one(args, &size);
  if (status == MBR_OK) status = mbr_call_begin(call, MBR_FRAME_OK, 8 + (size_t)size, &w);
  if (status != MBR_OK) return status;
  (void)mbr_write_u64(&w, size);
  uint8_t *data = mbr_writer_take(&w, size);
  for (uint32_t i = 0; i < size; i++) data[i] = (uint8_t)(i % 251u);
  return mbr_call_commit(call, &w, MBR_OK);
}

static mbr_status changed(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  (void)ops;
  (void)self;
  (void)call;
  (void)args;
  abort(); /* Dart must not send it */
}

#define METHOD(fn, flags_) {.flags = flags_, .name = "probe.Kinds." #fn, .dispatch = fn}

static mbr_method methods[] = {
  METHOD(inline_echo, MBR_METHOD_INLINE),
  METHOD(inline_later, MBR_METHOD_INLINE),
  METHOD(inline_limited, MBR_METHOD_INLINE),
  METHOD(inline_numbers, MBR_METHOD_INLINE | MBR_METHOD_STREAM),
  METHOD(sync_text, MBR_METHOD_SYNC),
  {.flags = MBR_METHOD_SYNC,
   .name = "probe.Kinds.add",
   .dispatch = add,
   .direct = (void (*)(void))add_direct},
  METHOD(hang, 0),
  METHOD(hang_stream, MBR_METHOD_STREAM),
  METHOD(stubborn, MBR_METHOD_STREAM),
  METHOD(twice, 0),
  METHOD(raced, 0),
  {.name = "probe.Kinds.ordered", .dispatch = in_crowd},
  {.flags = MBR_METHOD_CONCURRENT, .name = "probe.Kinds.concurrent", .dispatch = in_crowd},
  METHOD(newest, MBR_METHOD_STREAM | MBR_METHOD_LATEST),
  METHOD(subscribe, MBR_METHOD_STREAM | MBR_METHOD_LATEST),
  {.flags = MBR_METHOD_UPLOAD,
   .window = 8,
   .name = "probe.Kinds.collect",
   .dispatch = collect,
   .item = collect_item},
  {.flags = MBR_METHOD_UPLOAD | MBR_METHOD_STREAM | MBR_METHOD_CONCURRENT,
   .name = "probe.Kinds.doubled",
   .dispatch = doubled,
   .item = doubled_item},
  METHOD(image, MBR_METHOD_BYTES),
  {.fingerprint = 0x1122334455667788u, .name = "probe.Kinds.changed", .dispatch = changed},
  {.fingerprint = 0x1122334455667788u, .name = "probe.Kinds.resigned", .dispatch = changed},
};
#define METHOD_COUNT (sizeof methods / sizeof methods[0])

/* FNV-1a of "probe.Shape" and of "probe.Colour", in the order of their numbers. */
static mbr_type_shape types[2];

static const mbr_service service = {
  .name = "probe.Kinds", .methods = methods, .method_count = METHOD_COUNT, .types = types, .type_count = 2};

static void prepare(void) {
  const mbr_type_shape shape = {fnv1a("probe.Shape"), 7}, colour = {fnv1a("probe.Colour"), 8};
  types[0] = shape.name < colour.name ? shape : colour;
  types[1] = shape.name < colour.name ? colour : shape;
  number_methods(methods, METHOD_COUNT);
}

static void count_log(void *arg, const mbr_log_record *record) {
  (void)arg;
  if (record->text != NULL) atomic_fetch_add(&counters[LOGGED], 1);
}

mbr_status serve_kinds(mbr_peer *peer) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, prepare);
  mbr_status status = mbr_peer_on_log(peer, MBR_LOG_DEBUG, count_log, NULL);
  if (status == MBR_UNSUPPORTED) status = MBR_OK; /* logging is compiled out */
  return status == MBR_OK ? mbr_peer_serve(peer, &service, NULL, NULL) : status;
}

/* A library of its own, all of whose handlers run on an executor of its own. */

static mbr_pool other_pool;

/* The first thread to submit something, but for the one that asked for it, is held: the runtime's clock, once
 * the deadline of a call is over. Meanwhile no alarm of any connection rings. */
enum { CLOCK_RUNS, CLOCK_AWAITED, CLOCK_HELD };

MBR_DART_EXPORT void probe_hold_clock(bool hold);

static pthread_t holder;

void probe_hold_clock(bool hold) {
  holder = pthread_self();
  atomic_store(&counters[CLOCK], hold ? CLOCK_AWAITED : CLOCK_RUNS);
}

static void wait_if_held(void) {
  unsigned state = atomic_load(&counters[CLOCK]);
  if (state != CLOCK_AWAITED || pthread_equal(holder, pthread_self())) return;
  if (!atomic_compare_exchange_strong(&counters[CLOCK], &state, CLOCK_HELD)) return;
  while (atomic_load(&counters[CLOCK]) == CLOCK_HELD) sleep_us(100);
}

static void submit_counted(mbr_executor *self, mbr_task *task) {
  (void)self;
  wait_if_held();
  atomic_fetch_add(&counters[ON_OTHER], 1);
  mbr_pool_submit(&other_pool, task);
}

static mbr_status connect_elsewhere(mbr_peer *peer) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  static mbr_executor executor = {submit_counted};
  pthread_once(&once, prepare);
  if (other_pool.thread_count == 0 && mbr_pool_start(&other_pool, 1, 0) != MBR_OK) return MBR_NO_MEMORY;
  mbr_status status = mbr_peer_run_on(peer, &executor);
  return status == MBR_OK ? mbr_peer_serve(peer, &service, NULL, NULL) : status;
}

MBR_DART_LIBRARY_ON(elsewhere, connect_elsewhere, 2, 65536)
