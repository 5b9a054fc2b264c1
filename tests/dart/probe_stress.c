/* Eight threads that serve whatever is asked of them in turn, as an application's own would: calls that they
 * answer, streams that they emit as far as the caller takes them. How each came to its end is counted. */
#include <pthread.h>
#include <stdlib.h>

#include "probe.h"

#define THREADS 8u
#define TURN 64u /* items before the next source has its turn */

enum { ANSWER, NUMBERS, NEWEST };

typedef struct source {
  struct source *next; /* in the queue */
  mbr_call call;
  uint32_t kind, count, sent;
  atomic_bool parked; /* until there is credit, or nobody wants more: whoever clears it queues the source */
  atomic_uint users;  /* the thread that serves it, and its cancel callback */
} source;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t filled = PTHREAD_COND_INITIALIZER;
static source *first, *last;

static void enqueue(source *s) {
  s->next = NULL;
  pthread_mutex_lock(&lock);
  if (first == NULL) first = s;
  else last->next = s;
  last = s;
  pthread_cond_signal(&filled);
  pthread_mutex_unlock(&lock);
}

static source *dequeue(void) {
  pthread_mutex_lock(&lock);
  while (first == NULL) pthread_cond_wait(&filled, &lock);
  source *s = first;
  first = s->next;
  pthread_mutex_unlock(&lock);
  return s;
}

static void leave(source *s, unsigned users) {
  if (atomic_fetch_sub(&s->users, users) != users) return;
  free(s);
  atomic_fetch_sub(&counters[OPEN_JOBS], 1);
}

static void unpark(void *arg) {
  source *s = arg;
  if (atomic_exchange(&s->parked, false)) enqueue(s);
}

static void on_cancel(void *arg, mbr_cancel_reason reason) {
  source *s = arg;
  atomic_fetch_add(&counters[reason == MBR_CANCEL_DISCONNECTED ? STRESS_LOST : STRESS_CANCELLED], 1);
  unpark(s);
  leave(s, 1);
}

/* Its ending was taken, or its cancel callback has been or will be called. */
static void end(source *s, mbr_status status) {
  if (status == MBR_OK) {
    atomic_fetch_add(&counters[STRESS_ENDED], 1);
    if (s->kind == NUMBERS) atomic_fetch_add(&counters[STRESS_ITEMS], s->sent);
  }
  if (s->kind == NEWEST) atomic_fetch_add(&counters[DROPPED], mbr_call_dropped(s->call));
  leave(s, status == MBR_OK ? 2 : 1);
}

/* Emits for a turn; whether the source is to be queued again. */
static bool emit(source *s) {
  for (uint32_t i = 0; i < TURN && s->sent < s->count; i++) {
    mbr_status status = send_u32(s->call, MBR_FRAME_ITEM, s->sent);
    if (status == MBR_OK) {
      s->sent++;
      continue;
    }
    if (status == MBR_WOULD_BLOCK) {
      atomic_store(&s->parked, true);
      status = mbr_call_on_ready(s->call, unpark, s);
      if (status == MBR_OK || !atomic_exchange(&s->parked, false)) return false;
    }
    if (status != MBR_CLOSED) abort();
    break;
  }
  if (s->sent < s->count && mbr_call_cancelled(s->call) == MBR_CANCEL_NONE) return true;
  end(s, send_nothing(s->call, MBR_FRAME_END));
  return false;
}

static void *serve(void *arg) {
  for (;;) {
    source *s = dequeue();
    if (s->kind == ANSWER) end(s, send_u32(s->call, MBR_FRAME_OK, s->count));
    else if (emit(s)) enqueue(s);
  }
  return arg;
}

static void start_threads(void) {
  for (unsigned i = 0; i < THREADS; i++) start_thread(serve, NULL);
}

static mbr_status take(mbr_call call, mbr_reader *args, uint32_t kind) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  uint32_t count;
  pthread_once(&once, start_threads);
  (void)mbr_read_u32(args, &count);
  mbr_status status = mbr_reader_finish(args);
  source *s = status == MBR_OK ? calloc(1, sizeof *s) : NULL;
  if (s == NULL) return status == MBR_OK ? MBR_NO_MEMORY : status;
  s->call = call;
  s->kind = kind;
  s->count = count;
  atomic_init(&s->users, 2);
  atomic_fetch_add(&counters[OPEN_JOBS], 1);
  atomic_fetch_add(&counters[STRESS_BEGUN], 1);
  mbr_call_defer(call);
  status = mbr_call_on_cancel(call, on_cancel, s);
  if (status != MBR_OK) abort(); /* it was not ended, and has no other callback */
  enqueue(s);
  return MBR_OK;
}

static mbr_status answer(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  (void)ops;
  (void)self;
  return take(call, args, ANSWER);
}

static mbr_status numbers(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  (void)ops;
  (void)self;
  return take(call, args, NUMBERS);
}

static mbr_status newest(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  (void)ops;
  (void)self;
  return take(call, args, NEWEST);
}

#define METHOD(fn, flags_) {.flags = flags_, .name = "probe.Stress." #fn, .dispatch = fn}

static mbr_method methods[] = {
  METHOD(answer, 0),
  METHOD(numbers, MBR_METHOD_STREAM),
  METHOD(newest, MBR_METHOD_STREAM | MBR_METHOD_LATEST),
};
#define METHOD_COUNT (sizeof methods / sizeof methods[0])

static const mbr_service service = {.name = "probe.Stress", .methods = methods, .method_count = METHOD_COUNT};

static void prepare(void) { number_methods(methods, METHOD_COUNT); }

mbr_status serve_stress(mbr_peer *peer) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, prepare);
  return mbr_peer_serve(peer, &service, NULL, NULL);
}
