/* Eight threads that serve whatever is asked of them in turn, as an application's own would: calls that they
 * answer, streams that they emit as far as the caller takes them. How each came to its end is counted, and
 * what was sent on each stream is written down beside what its listener got: accounts.dart compares. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "probe.h"

#define THREADS 8u
#define TURN 64u /* items before the next source has its turn */
#define ACCOUNTS 65536u

enum { ANSWER, NUMBERS, NEWEST };

/* How a stream ended as seen from here. The names are those of accounts.dart, as is the order below. */
enum { UNTAKEN, ENDED_ITSELF, BY_ITS_CALLER, WITH_ITS_ISOLATE };

/* One stream. Its threads write what they sent, its listener what it got: both are read when all is over. */
typedef struct account {
  uint32_t kind, sent, dropped;
  atomic_uint ending;
  uint32_t received, outcome; /* by Dart */
} account;

MBR_DART_EXPORT uint32_t probe_open_account(void);
MBR_DART_EXPORT uint32_t probe_account_count(void);
MBR_DART_EXPORT account *probe_accounts(void);
MBR_DART_EXPORT void probe_clear_accounts(void);

/* The first is that of all the streams that nobody asks about. */
static account accounts[ACCOUNTS];
static atomic_uint account_count = 1;

/* Its number, or 0 when there are too many. */
uint32_t probe_open_account(void) {
  const uint32_t number = atomic_fetch_add(&account_count, 1);
  return number < ACCOUNTS ? number : 0;
}

uint32_t probe_account_count(void) { return atomic_load(&account_count); }
account *probe_accounts(void) { return accounts; }

void probe_clear_accounts(void) {
  memset(accounts, 0, atomic_exchange(&account_count, 1) * sizeof *accounts);
}

typedef struct source {
  struct source *next; /* in the queue */
  mbr_call call;
  account *account;
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
  const bool lost = reason == MBR_CANCEL_DISCONNECTED;
  atomic_fetch_add(&counters[lost ? STRESS_LOST : STRESS_CANCELLED], 1);
  atomic_store(&s->account->ending, lost ? WITH_ITS_ISOLATE : BY_ITS_CALLER);
  unpark(s);
  leave(s, 1);
}

/* Its ending was taken, or its cancel callback has been or will be called. */
static void end(source *s, mbr_status status) {
  if (status == MBR_OK) {
    atomic_fetch_add(&counters[STRESS_ENDED], 1);
    atomic_store(&s->account->ending, ENDED_ITSELF);
  }
  leave(s, status == MBR_OK ? 2 : 1);
}

/* Before it ends, as a call that has ended is forgotten. An item that is kept may still be sent then. */
static void settle(source *s) {
  s->account->kind = s->kind;
  s->account->sent = s->sent;
  s->account->dropped = mbr_call_dropped(s->call);
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
  settle(s);
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
  uint32_t count, number = 0;
  pthread_once(&once, start_threads);
  (void)mbr_read_u32(args, &count);
  if (kind != ANSWER) (void)mbr_read_u32(args, &number);
  mbr_status status = mbr_reader_finish(args);
  source *s = status == MBR_OK ? calloc(1, sizeof *s) : NULL;
  if (s == NULL) return status == MBR_OK ? MBR_NO_MEMORY : status;
  s->call = call;
  s->account = &accounts[number];
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
