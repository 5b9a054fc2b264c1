/* Calls that end in every way there is, and what became of them. */
#include "library.h"

#include <stdlib.h>

static void greet(void *self, calls_endings_greet_call call, mbr_str name) {
  (void)self;
  (void)calls_endings_greet_ok(call, name);
}

static void nothing(void *self, calls_endings_nothing_call call) {
  (void)self;
  (void)calls_endings_nothing_ok(call);
}

typedef struct later_job {
  calls_endings_later_call call;
  uint32_t value;
} later_job;

static void later_work(void *arg) {
  later_job *job = arg;
  sleep_ms(5);
  (void)calls_endings_later_ok(job->call, job->value);
}

static void later(void *self, calls_endings_later_call call, uint32_t value) {
  (void)self;
  mbr_call_defer(call.base);
  on_thread(later_work, &(later_job){call, value}, sizeof(later_job));
}

static void at_once(void *self, calls_endings_at_once_call call, uint32_t value) {
  (void)self;
  (void)calls_endings_at_once_ok(call, value);
}

static void refuse(void *self, calls_endings_refuse_call call, uint32_t limit) {
  (void)self;
  (void)calls_endings_refuse_err(call, CALLS_CALL_ERROR_REFUSED(text_of("too much"), limit));
}

static void fault(void *self, calls_endings_fault_call call, mbr_str text) {
  (void)self;
  char copy[MBR_FAULT_TEXT_MAX + 1] = {0};
  for (size_t i = 0; i < text.size && i < MBR_FAULT_TEXT_MAX; i++) copy[i] = text.data[i];
  (void)mbr_call_fault(call.base, MBR_INTERNAL, copy);
}

static void forget(void *self, calls_endings_forget_call call) { (void)self, (void)call; }

static void break_off(void *self, calls_endings_break_off_call call) {
  (void)self;
  for (uint32_t i = 0; i < 3; i++) (void)calls_endings_break_off_emit(call, i);
}

static void refuse_stream(void *self, calls_endings_refuse_stream_call call, uint32_t after) {
  (void)self;
  for (uint32_t i = 0; i < after; i++) (void)calls_endings_refuse_stream_emit(call, i);
  (void)calls_endings_refuse_stream_err(call, CALLS_CALL_ERROR_GONE);
}

typedef struct often_job {
  calls_endings_answer_often_call call;
  uint32_t value;
} often_job;

static void often_work(void *arg) {
  often_job *job = arg;
  for (int i = 0; i < 10; i++) (void)calls_endings_answer_often_ok(job->call, job->value);
}

/* The answers of four threads race; all are the same. */
static void answer_often(void *self, calls_endings_answer_often_call call, uint32_t value) {
  (void)self;
  mbr_call_defer(call.base);
  for (int i = 0; i < 4; i++) on_thread(often_work, &(often_job){call, value}, sizeof(often_job));
}

/* Nobody ends these but their caller; they are let go when it has. */
typedef struct waiting {
  library *library;
  mbr_call call;
} waiting;

static void let_go(void *arg, mbr_cancel_reason reason) {
  waiting *w = arg;
  library *l = w->library;
  (void)mbr_call_fault(w->call, MBR_CANCELLED, NULL);
  free(w);
  atomic_store(&l->seen, reason);
  atomic_fetch_sub(&l->open, 1);
}

static void wait_for_caller(library *l, mbr_call call) {
  waiting *w = malloc(sizeof *w);
  if (w == NULL) abort();
  *w = (waiting){l, call};
  atomic_fetch_add(&l->open, 1);
  atomic_store(&l->seen, MBR_CANCEL_NONE);
  mbr_call_defer(call);
  if (mbr_call_on_cancel(call, let_go, w) != MBR_OK) abort();
}

static void wait_(void *self, calls_endings_wait_call call) { wait_for_caller(self, call.base); }

static void wait_briefly(void *self, calls_endings_wait_briefly_call call) {
  wait_for_caller(self, call.base);
}

/* A stream that stays open after its first item. */
static void watch(void *self, calls_endings_watch_call call) {
  wait_for_caller(self, call.base);
  (void)calls_endings_watch_emit(call, 1);
}

static void watch_briefly(void *self, calls_endings_watch_briefly_call call) {
  wait_for_caller(self, call.base);
  (void)calls_endings_watch_briefly_emit(call, 1);
}

typedef struct long_job {
  calls_endings_wait_long_call call;
  uint32_t ms;
} long_job;

static void long_work(void *arg) {
  long_job *job = arg;
  sleep_ms(job->ms);
  (void)calls_endings_wait_long_ok(job->call, job->ms);
}

static void wait_long(void *self, calls_endings_wait_long_call call, uint32_t ms) {
  (void)self;
  mbr_call_defer(call.base);
  on_thread(long_work, &(long_job){call, ms}, sizeof(long_job));
}

static uint8_t seen(void *self) { return (uint8_t)atomic_load(&((library *)self)->seen); }

static uint32_t open_calls(void *self) { return atomic_load(&((library *)self)->open); }

static void forget_seen(void *self, calls_watching_forget_call call) {
  atomic_store(&((library *)self)->seen, MBR_CANCEL_NONE);
  (void)calls_watching_forget_ok(call);
}

static void slow(void *self, calls_ordered_slow_call call, uint32_t ms) {
  (void)self;
  sleep_ms(ms);
  (void)calls_ordered_slow_ok(call, ms);
}

static void slow_beside(void *self, calls_unordered_slow_call call, uint32_t ms) {
  (void)self;
  sleep_ms(ms);
  (void)calls_unordered_slow_ok(call, ms);
}

static uint32_t lines(void *self) { return atomic_load(&((library *)self)->logged); }

static void loud(void *self, calls_logging_loud_call call) {
  (void)self;
  (void)calls_logging_loud_ok(call);
}

static void quiet(void *self, calls_logging_quiet_call call) {
  (void)self;
  (void)calls_logging_quiet_ok(call);
}

static const calls_endings_ops endings = {
    .greet = greet,
    .nothing = nothing,
    .later = later,
    .at_once = at_once,
    .refuse = refuse,
    .fault = fault,
    .forget = forget,
    .break_off = break_off,
    .refuse_stream = refuse_stream,
    .answer_often = answer_often,
    .wait = wait_,
    .watch = watch,
    .wait_briefly = wait_briefly,
    .watch_briefly = watch_briefly,
    .wait_long = wait_long,
};
static const calls_watching_ops watching = {.seen = seen, .open = open_calls, .forget = forget_seen};
static const calls_ordered_ops ordered = {.slow = slow};
static const calls_unordered_ops unordered = {.slow = slow_beside};
static const calls_logging_ops logging = {.lines = lines, .loud = loud, .quiet = quiet};

mbr_status serve_endings(library *l) {
  mbr_status status = calls_endings_serve(l->peer, &endings, l);
  if (status == MBR_OK) status = calls_watching_serve(l->peer, &watching, l);
  if (status == MBR_OK) status = calls_ordered_serve(l->peer, &ordered, l);
  if (status == MBR_OK) status = calls_unordered_serve(l->peer, &unordered, l);
  if (status == MBR_OK) status = calls_logging_serve(l->peer, &logging, l);
  return status;
}
