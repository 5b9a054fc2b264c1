/* The C side of the tests on a Dart VM: one service written by hand, as generated code would be, whose
 * methods misbehave on purpose, and counters that the tests read. probe.dart is its other side. */
#include "probe.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WATCH_MS 5000u
#define TEXT_MAX 1000u
/* A thousand threads must find room in 32 bits. */
#define STACK_SIZE 131072u

atomic_uint counters[COUNTERS];

MBR_DART_EXPORT uint32_t probe_counter(uint32_t index);
MBR_DART_EXPORT uint32_t probe_live_blocks(void);
MBR_DART_EXPORT void probe_hold(bool hold);
MBR_DART_EXPORT const char *probe_status_name(uint32_t status);
MBR_DART_EXPORT const char *probe_status_text(uint32_t status);
MBR_DART_EXPORT const void *absent_connect(void);
MBR_DART_EXPORT const void *foreign_connect(void);
MBR_DART_EXPORT const void *older_connect(void);
MBR_DART_EXPORT const void *later_connect(void);

uint32_t probe_counter(uint32_t index) {
  return index == CROWDED ? atomic_exchange(&counters[index], 0) : atomic_load(&counters[index]);
}
uint32_t probe_live_blocks(void) { return (uint32_t)mbr_live_blocks(); }
const char *probe_status_name(uint32_t status) { return mbr_status_name((mbr_status)status); }
const char *probe_status_text(uint32_t status) { return mbr_status_text((mbr_status)status); }

void sleep_us(uint32_t us) {
  const struct timespec pause = {(time_t)(us / 1000000u), (long)(us % 1000000u) * 1000};
  nanosleep(&pause, NULL);
}

static atomic_bool held;

void probe_hold(bool hold) { atomic_store(&held, hold); }

bool probe_is_held(void) { return atomic_load(&held); }

void start_thread(void *(*run)(void *), void *arg) {
  pthread_t thread;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, STACK_SIZE);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  if (pthread_create(&thread, &attributes, run, arg) != 0) abort();
  pthread_attr_destroy(&attributes);
}

/* Answers. */

mbr_status send_u32(mbr_call call, mbr_frame_kind kind, uint32_t value) {
  uint8_t payload[4];
  mbr_writer w;
  mbr_writer_init(&w, payload, sizeof payload);
  return mbr_call_send(call, kind, &w, mbr_write_u32(&w, value));
}

mbr_status send_bytes(mbr_call call, mbr_frame_kind kind, mbr_bytes value) {
  mbr_writer w;
  mbr_status status = mbr_call_begin(call, kind, 8 + value.size, &w);
  if (status != MBR_OK) return status;
  return mbr_call_commit(call, &w, mbr_write_bytes(&w, value, SIZE_MAX));
}

mbr_status send_nothing(mbr_call call, mbr_frame_kind kind) {
  mbr_writer w;
  mbr_status status = mbr_call_begin(call, kind, 0, &w);
  return status == MBR_OK ? mbr_call_commit(call, &w, MBR_OK) : status;
}

/* The declared error: an arm `limit` with one number. */
mbr_status send_limit(mbr_call call, float limit) {
  mbr_writer w;
  mbr_status status = mbr_call_begin(call, MBR_FRAME_ERR, 8, &w);
  if (status != MBR_OK) return status;
  (void)mbr_write_u32(&w, 0);
  return mbr_call_commit(call, &w, mbr_write_f32(&w, limit));
}

/* Emits as soon as the consumer allows it. */
mbr_status emit_patiently(mbr_call call, uint32_t value) {
  for (;;) {
    mbr_status status = send_u32(call, MBR_FRAME_ITEM, value);
    if (status == MBR_OK) atomic_fetch_add(&counters[EMITTED], 1);
    if (status != MBR_WOULD_BLOCK) return status;
    sleep_us(100);
  }
}

void count_cancel(void *arg, mbr_cancel_reason reason) {
  (void)arg;
  (void)reason;
  atomic_fetch_add(&counters[CANCELLED], 1);
}

static void count_watched_cancel(void *arg, mbr_cancel_reason reason) {
  count_cancel(arg, reason);
  atomic_fetch_add(&counters[WATCH_CANCELLED], 1);
}

/* From here on the call either ends itself, which end_watched counts, or is told that it was cancelled. */
static mbr_status watch(mbr_call call) {
  mbr_status status = mbr_call_on_cancel(call, count_watched_cancel, NULL);
  if (status == MBR_OK) atomic_fetch_add(&counters[WATCHED], 1);
  return status;
}

static void end_watched(mbr_call call) {
  if (send_nothing(call, MBR_FRAME_END) == MBR_OK) atomic_fetch_add(&counters[ENDED], 1);
}

static void *run_job(void *arg) {
  job *j = arg;
  j->run(j);
  free(j);
  atomic_fetch_sub(&counters[OPEN_JOBS], 1);
  return NULL;
}

mbr_status start_job(mbr_call call, void (*run)(job *), uint32_t a, uint32_t b) {
  job *j = malloc(sizeof *j);
  if (j == NULL) return MBR_NO_MEMORY;
  *j = (job){call, a, b, run};
  mbr_call_defer(call);
  atomic_fetch_add(&counters[OPEN_JOBS], 1);
  start_thread(run_job, j);
  return MBR_OK;
}

/* Handlers, decoding included. */

static mbr_status echo(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  (void)ops;
  (void)self;
  mbr_str text;
  (void)mbr_read_str(args, &text, SIZE_MAX);
  mbr_status status = mbr_reader_finish(args);
  if (status != MBR_OK) return status;
  const mbr_bytes bytes = {(const uint8_t *)text.data, text.size};
  (void)send_bytes(call, MBR_FRAME_OK, bytes);
  return MBR_OK;
}

static void later_job(job *j) {
  sleep_us(j->a * 1000u);
  (void)send_u32(j->call, MBR_FRAME_OK, j->b);
}

mbr_status with_two(mbr_call call, mbr_reader *args, void (*run)(job *)) {
  uint32_t a, b;
  (void)mbr_read_u32(args, &a);
  (void)mbr_read_u32(args, &b);
  mbr_status status = mbr_reader_finish(args);
  return status == MBR_OK ? start_job(call, run, a, b) : status;
}

static mbr_status later(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  (void)ops;
  (void)self;
  return with_two(call, args, later_job);
}

static mbr_status forgotten(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  (void)ops;
  (void)self;
  (void)call;
  return mbr_reader_finish(args);
}

static mbr_status faulty(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  (void)ops;
  (void)self;
  (void)mbr_call_fault(call, MBR_INTERNAL, "as told");
  return mbr_reader_finish(args);
}

static mbr_status limited(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  (void)ops;
  (void)self;
  (void)send_limit(call, 30.5f);
  return mbr_reader_finish(args);
}

/* Answers more bytes than its result has. */
static mbr_status garbled(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  (void)ops;
  (void)self;
  const mbr_bytes bytes = {(const uint8_t *)"xyz", 3};
  (void)send_bytes(call, MBR_FRAME_OK, bytes);
  return mbr_reader_finish(args);
}

static mbr_status blob(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  (void)ops;
  (void)self;
  uint32_t size;
  (void)mbr_read_u32(args, &size);
  uint8_t *data = malloc(size + 1u);
  if (data == NULL) return MBR_NO_MEMORY;
  for (uint32_t i = 0; i < size; i++) data[i] = (uint8_t)(i % 251u);
  const mbr_bytes bytes = {data, size};
  (void)send_bytes(call, MBR_FRAME_OK, bytes);
  free(data);
  return mbr_reader_finish(args);
}

static mbr_status sum(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  (void)ops;
  (void)self;
  size_t count;
  uint32_t total = 0;
  (void)mbr_read_count(args, &count, 4, SIZE_MAX);
  for (size_t i = 0; i < count; i++) {
    uint32_t value;
    (void)mbr_read_u32(args, &value);
    total += value;
  }
  mbr_status status = mbr_reader_finish(args);
  if (status == MBR_OK) (void)send_u32(call, MBR_FRAME_OK, total);
  return status;
}

static void leave_job(job *j) {
  atomic_fetch_sub(&counters[OPEN_JOBS], 1); /* exit() does not return */
  exit((int)j->a);
}

/* Has the process exit, here or on a thread of its own. */
static mbr_status leave(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  (void)ops;
  (void)self;
  uint32_t code, in_handler;
  (void)mbr_read_u32(args, &code);
  (void)mbr_read_u32(args, &in_handler);
  mbr_status status = mbr_reader_finish(args);
  if (status == MBR_OK && in_handler != 0) exit((int)code);
  return status == MBR_OK ? start_job(call, leave_job, code, 0) : status;
}

static mbr_status nudge(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  (void)ops;
  (void)self;
  (void)call;
  atomic_fetch_add(&counters[NUDGED], 1);
  return mbr_reader_finish(args);
}

static void emit_numbers(mbr_call call, uint32_t count, uint32_t every_us) {
  for (uint32_t i = 0; i < count; i++) {
    if (emit_patiently(call, i) != MBR_OK) break;
    if (every_us != 0) sleep_us(every_us);
  }
  end_watched(call);
}

static void numbers_job(job *j) { emit_numbers(j->call, j->a, j->b); }

/* Numbers from 0, so many and so many microseconds apart, then the end. */
static mbr_status numbers(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  (void)ops;
  (void)self;
  mbr_status status = watch(call);
  return status == MBR_OK ? with_two(call, args, numbers_job) : status;
}

/* As `numbers`, but holds its thread of the executor all the while. */
static mbr_status held_numbers(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  uint32_t count, every_us;
  (void)ops;
  (void)self;
  (void)mbr_read_u32(args, &count);
  (void)mbr_read_u32(args, &every_us);
  mbr_status status = mbr_reader_finish(args);
  if (status == MBR_OK) status = watch(call);
  if (status == MBR_OK) emit_numbers(call, count, every_us);
  return status;
}

/* So many numbers, then the declared error, or a fault when the second argument is not 0. */
static void broken_job(job *j) {
  for (uint32_t i = 0; i < j->a; i++) (void)emit_patiently(j->call, i);
  if (j->b == 0) {
    (void)send_limit(j->call, 1.5f);
  } else {
    (void)mbr_call_fault(j->call, MBR_INTERNAL, "source lost");
  }
}

static mbr_status broken(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  (void)ops;
  (void)self;
  return with_two(call, args, broken_job);
}

/* So many numbers, an item of too many bytes, and numbers until someone stops it. */
static void garbled_items_job(job *j) {
  for (uint32_t i = 0; i < j->a; i++) (void)emit_patiently(j->call, i);
  const mbr_bytes bytes = {(const uint8_t *)"xyz", 3};
  while (send_bytes(j->call, MBR_FRAME_ITEM, bytes) == MBR_WOULD_BLOCK) sleep_us(100);
  while (emit_patiently(j->call, 7) == MBR_OK) sleep_us(100);
  end_watched(j->call);
}

static mbr_status garbled_items(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  (void)ops;
  (void)self;
  mbr_status status = watch(call);
  return status == MBR_OK ? with_two(call, args, garbled_items_job) : status;
}

/* A crowd of threads emits on one call; the last to finish ends it. Items: thread, number, text. */

typedef struct crowd {
  mbr_call call;
  uint32_t count;
  atomic_uint threads;
} crowd;

typedef struct crowd_member {
  crowd *of;
  uint32_t number;
} crowd_member;

static mbr_status emit_member_item(mbr_call call, uint32_t thread, uint32_t number) {
  char text[TEXT_MAX];
  size_t size = (thread * 37u + number * 11u) % TEXT_MAX;
  memset(text, (int)('a' + thread), size);
  const mbr_str str = {text, size};
  mbr_writer w;
  mbr_status status = mbr_call_begin(call, MBR_FRAME_ITEM, 16 + size, &w);
  if (status != MBR_OK) return status;
  (void)mbr_write_u32(&w, thread);
  (void)mbr_write_u32(&w, number);
  return mbr_call_commit(call, &w, mbr_write_str(&w, str, SIZE_MAX));
}

static void *run_member(void *arg) {
  crowd_member *m = arg;
  for (uint32_t i = 0; i < m->of->count; i++) {
    mbr_status status;
    while ((status = emit_member_item(m->of->call, m->number, i)) == MBR_WOULD_BLOCK) sleep_us(100);
    if (status != MBR_OK) break;
  }
  if (atomic_fetch_sub(&m->of->threads, 1) == 1) {
    (void)send_nothing(m->of->call, MBR_FRAME_END);
    free(m->of);
    atomic_fetch_sub(&counters[OPEN_JOBS], 1);
  }
  free(m);
  return NULL;
}

static mbr_status crowded(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  (void)ops;
  (void)self;
  uint32_t threads, count;
  (void)mbr_read_u32(args, &threads);
  (void)mbr_read_u32(args, &count);
  mbr_status status = mbr_reader_finish(args);
  if (status != MBR_OK) return status;
  crowd *c = malloc(sizeof *c);
  if (c == NULL) return MBR_NO_MEMORY;
  c->call = call;
  c->count = count;
  atomic_init(&c->threads, threads);
  mbr_call_defer(call);
  atomic_fetch_add(&counters[OPEN_JOBS], 1);
  for (uint32_t i = 0; i < threads; i++) {
    crowd_member *m = malloc(sizeof *m);
    if (m == NULL) abort();
    *m = (crowd_member){c, i};
    start_thread(run_member, m);
  }
  return MBR_OK;
}

/* The service. Numbers of methods are worked out here, as mbrc does when it generates. */

#define METHOD(fn, flags_) {.flags = flags_, .name = "probe.Probe." #fn, .dispatch = fn}

static mbr_method methods[] = {
  METHOD(echo, 0),
  METHOD(later, 0),
  METHOD(forgotten, 0),
  METHOD(faulty, 0),
  METHOD(limited, 0),
  METHOD(garbled, 0),
  METHOD(blob, 0),
  METHOD(sum, 0),
  METHOD(leave, 0),
  METHOD(nudge, MBR_METHOD_ONEWAY),
  METHOD(numbers, MBR_METHOD_STREAM),
  METHOD(held_numbers, MBR_METHOD_STREAM | MBR_METHOD_CONCURRENT),
  METHOD(broken, MBR_METHOD_STREAM),
  METHOD(garbled_items, MBR_METHOD_STREAM),
  METHOD(crowded, MBR_METHOD_STREAM),
};
#define METHOD_COUNT (sizeof methods / sizeof methods[0])

static const mbr_service service = {.name = "probe.Probe", .methods = methods, .method_count = METHOD_COUNT};

uint32_t fnv1a(const char *text) {
  uint32_t hash = 0x811c9dc5u;
  for (; *text != 0; text++) hash = (hash ^ (uint8_t)*text) * 0x01000193u;
  return hash;
}

static int by_id(const void *a, const void *b) {
  uint32_t x = ((const mbr_method *)a)->id, y = ((const mbr_method *)b)->id;
  return x < y ? -1 : x > y;
}

void number_methods(mbr_method *numbered, size_t count) {
  for (size_t i = 0; i < count; i++) {
    numbered[i].id = fnv1a(numbered[i].name);
    if (numbered[i].fingerprint == 0) numbered[i].fingerprint = numbered[i].id;
  }
  qsort(numbered, count, sizeof numbered[0], by_id);
}

static void number_own(void) { number_methods(methods, METHOD_COUNT); }

static void count_disconnect(void *arg) {
  (void)arg;
  atomic_fetch_add(&counters[DISCONNECTED], 1);
}

static mbr_status connect_probe(mbr_peer *peer) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, number_own);
  mbr_status status = mbr_peer_on_disconnect(peer, count_disconnect, NULL);
  if (status == MBR_OK) status = mbr_peer_serve(peer, &service, NULL, NULL);
  if (status == MBR_OK) status = serve_kinds(peer);
  if (status == MBR_OK) status = serve_stress(peer);
  if (status == MBR_OK) status = serve_calling(peer);
  return status == MBR_OK ? serve_asker(peer) : status;
}

MBR_DART_LIBRARY(probe, connect_probe)

/* The same, but its connect function waits for as long as it is held. */

static mbr_status connect_held(mbr_peer *peer) {
  atomic_fetch_add(&counters[HELD], 1);
  while (probe_is_held()) sleep_us(100);
  atomic_fetch_sub(&counters[HELD], 1);
  return connect_probe(peer);
}

MBR_DART_LIBRARY(held, connect_held)

/* Libraries that Dart must refuse: the connect function refuses, answers NULL, is another's, is older, speaks
 * a later protocol. */

static mbr_status connect_never(mbr_peer *peer) {
  (void)peer;
  return MBR_MISMATCH;
}

MBR_DART_LIBRARY(refusing, connect_never)

const void *absent_connect(void) { return NULL; }

const void *foreign_connect(void) { return "not an mbr_dart_api at all"; }

const void *older_connect(void) {
  static const mbr_dart_api api = {.magic = MBR_DART_MAGIC, .abi = MBR_DART_ABI + 1u};
  return &api;
}

static uint32_t later_hello(mbr_dart_connection *connection, uint32_t index) {
  const uint32_t size = mbr_dart_hello(connection, index);
  mbr_writer w;
  mbr_writer_init(&w, connection->request, connection->request_size);
  const bool fits = size != 0 && mbr_writer_take(&w, MBR_FRAME_HEADER_SIZE) != NULL;
  if (fits) (void)mbr_write_u32(&w, MBR_PROTOCOL_VERSION + 1u);
  return size;
}

const void *later_connect(void) {
  static mbr_dart_api api;
  api = *probe_connect();
  api.hello = later_hello;
  return &api;
}

/* At the end of the process: what is still held once the application's threads have noticed. PROBE_REPORT
 * is "all" where isolates have ended before, "jobs" where exit() leaves their connections behind. */
__attribute__((destructor)) static void report(void) {
  const char *wanted = getenv("PROBE_REPORT");
  if (wanted == NULL) return;
  bool all = strcmp(wanted, "all") == 0;
  for (uint32_t ms = 0; ms < WATCH_MS; ms++) {
    if (atomic_load(&counters[OPEN_JOBS]) == 0 && (!all || mbr_live_blocks() == 0)) break;
    sleep_us(1000);
  }
  fprintf(stderr, "live blocks %zu, jobs %u\n", mbr_live_blocks(), atomic_load(&counters[OPEN_JOBS]));
}
