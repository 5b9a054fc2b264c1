/* The motor's handlers. Streams are emitted as fast as they are taken, on whatever thread there is. */
#include "motor.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LIMIT 100u
#define SAMPLE_MAX 4096u

static void count_cancel(motor *m, mbr_cancel_reason reason) { atomic_fetch_add(&m->cancels[reason], 1); }

static void add(void *self, car_motor_add_call call, uint32_t a, uint32_t b) {
  atomic_fetch_add(&((motor *)self)->calls, 1);
  (void)car_motor_add_ok(call, a + b);
}

static void twice(void *self, car_motor_twice_call call, uint32_t a) {
  (void)self;
  (void)car_motor_twice_ok(call, 2 * a);
}

static void which(void *self, car_motor_which_call call) {
  (void)car_motor_which_ok(call, ((motor *)self)->number);
}

static void limited(void *self, car_motor_limited_call call, uint32_t value) {
  (void)self;
  if (value > LIMIT) (void)car_motor_limited_err(call, CAR_MOTOR_ERROR_LIMIT(LIMIT));
  else (void)car_motor_limited_ok(call, value);
}

static void fail(void *self, car_motor_fail_call call) {
  (void)self;
  (void)mbr_call_fault(call.base, MBR_INTERNAL, "the motor stalls");
}

/* A call that nobody answers. */
typedef struct hanging {
  motor *motor;
  mbr_call call;
} hanging;

static void hanging_cancelled(void *arg, mbr_cancel_reason reason) {
  hanging *h = arg;
  count_cancel(h->motor, reason);
  atomic_fetch_sub(&h->motor->open, 1);
  (void)mbr_call_fault(h->call, MBR_INTERNAL, NULL);
  free(h);
}

static void hang_on(motor *m, mbr_call call) {
  hanging *h = malloc(sizeof *h);
  if (h == NULL) abort();
  *h = (hanging){m, call};
  atomic_fetch_add(&m->calls, 1);
  atomic_fetch_add(&m->open, 1);
  mbr_call_defer(call);
  (void)!mbr_call_on_cancel(call, hanging_cancelled, h);
}

static void hang(void *self, car_motor_hang_call call) { hang_on(self, call.base); }

static void slow(void *self, car_motor_slow_call call) { hang_on(self, call.base); }

static void echo(void *self, car_motor_echo_call call, mbr_bytes data) {
  (void)self;
  (void)car_motor_echo_ok(call, data);
}

/* A stream on its way. Whoever emits has it, or whoever waits: the cancel callback frees what waits, the one
 * who emits what was cancelled meanwhile. */
typedef struct emission {
  motor *motor;
  mbr_call call;
  uint32_t next, limit, size; /* size: of a sample; UINT32_MAX: bare numbers */
  pthread_mutex_t lock;
  bool emits, cancelled;
} emission;

static void let_go(emission *e) {
  atomic_fetch_sub(&e->motor->open, 1);
  pthread_mutex_destroy(&e->lock);
  free(e);
}

static mbr_status emit_one(emission *e) {
  static const uint8_t zeros[SAMPLE_MAX];
  if (e->size == UINT32_MAX) return car_motor_count_emit((car_motor_count_call){e->call}, e->next);
  const car_sample sample = {.serial = e->next, .data = {zeros, e->size}};
  return car_motor_samples_emit((car_motor_samples_call){e->call}, &sample);
}

static void emission_cancelled(void *arg, mbr_cancel_reason reason) {
  emission *e = arg;
  const mbr_call call = e->call;
  count_cancel(e->motor, reason);
  pthread_mutex_lock(&e->lock);
  const bool emits = e->emits;
  e->cancelled = true;
  pthread_mutex_unlock(&e->lock);
  if (emits) return;
  let_go(e);
  (void)car_motor_count_end((car_motor_count_call){call});
}

/* Whether the emission waits from here on, and is no longer this thread's. */
static bool begin_to_wait(emission *e) {
  pthread_mutex_lock(&e->lock);
  const bool waits = !e->cancelled;
  if (waits) e->emits = false;
  pthread_mutex_unlock(&e->lock);
  return waits;
}

static void emit_on(void *arg) {
  emission *e = arg;
  const mbr_call call = e->call;
  mbr_status status = MBR_OK;
  pthread_mutex_lock(&e->lock);
  e->emits = true;
  pthread_mutex_unlock(&e->lock);
  while ((e->limit == 0 || e->next <= e->limit) && (status = emit_one(e)) == MBR_OK) {
    e->next++;
    atomic_fetch_add(&e->motor->emitted, 1);
  }
  if (status == MBR_WOULD_BLOCK && begin_to_wait(e)) {
    (void)!mbr_call_on_ready(call, emit_on, e);
    return;
  }
  if (car_motor_count_end((car_motor_count_call){call}) != MBR_CLOSED) {
    let_go(e);
    return;
  }
  /* Cancelled, and told of it now or soon. */
  if (!begin_to_wait(e)) let_go(e);
}

static void emit(motor *m, mbr_call call, uint32_t limit, uint32_t size) {
  emission *e = malloc(sizeof *e);
  if (e == NULL) abort();
  *e = (emission){.motor = m, .call = call, .next = 1, .limit = limit, .size = size, .emits = true};
  pthread_mutex_init(&e->lock, NULL);
  atomic_fetch_add(&m->calls, 1);
  atomic_fetch_add(&m->open, 1);
  mbr_call_defer(call);
  (void)!mbr_call_on_cancel(call, emission_cancelled, e);
  emit_on(e);
}

static void count(void *self, car_motor_count_call call, uint32_t limit) {
  emit(self, call.base, limit, UINT32_MAX);
}

static void samples(void *self, car_motor_samples_call call, uint32_t limit, uint32_t size) {
  emit(self, call.base, limit, size);
}

static void failing(void *self, car_motor_failing_call call, uint32_t items) {
  (void)self;
  for (uint32_t i = 1; i <= items; i++) (void)!car_motor_failing_emit(call, i);
  (void)car_motor_failing_err(call, CAR_MOTOR_ERROR_LIMIT(items));
}

static void position(void *self, car_motor_position_call call, uint32_t limit) {
  hang_on(self, call.base);
  for (uint32_t i = 1; i <= limit; i++) (void)!car_motor_position_emit(call, i);
}

/* Sums of stream parameters. They stay for good and are used again, so that a handler may look at one beside
 * the cancel callback. */
typedef struct summing {
  motor *motor;
  uint32_t items;
  uint32_t sum;
} summing;

enum { SUMS = 256 };
static summing sums[SUMS];
static atomic_uint next_sum;

static void summing_cancelled(void *arg, mbr_cancel_reason reason) {
  motor *m = ((summing *)arg)->motor;
  count_cancel(m, reason);
  atomic_fetch_sub(&m->open, 1);
}

static void end_sum(const summing *s, mbr_status status) {
  if (status != MBR_CLOSED) atomic_fetch_sub(&s->motor->open, 1);
}

static void begin_sum(motor *m, mbr_call call) {
  summing *s = &sums[atomic_fetch_add(&next_sum, 1) % SUMS];
  *s = (summing){.motor = m};
  atomic_fetch_add(&m->calls, 1);
  atomic_fetch_add(&m->open, 1);
  mbr_call_set_context(call, s);
  (void)!mbr_call_on_cancel(call, summing_cancelled, s);
}

static void sum(void *self, car_motor_sum_call call) { begin_sum(self, call.base); }

static void take_slowly(const motor *m) {
  const struct timespec time = {.tv_nsec = 1000000};
  if (atomic_load(&m->takes_slowly)) nanosleep(&time, NULL);
}

static void sum_values(void *self, car_motor_sum_call call, uint32_t values) {
  motor *m = self;
  summing *s = mbr_call_context(call.base);
  take_slowly(m);
  atomic_fetch_add(&m->taken, 1);
  if (values != ++s->items) end_sum(s, mbr_call_fault(call.base, MBR_BAD_RANGE, "out of order"));
  s->sum += values;
}

static void sum_values_end(void *self, car_motor_sum_call call) {
  const summing *s = mbr_call_context(call.base);
  (void)self;
  end_sum(s, car_motor_sum_ok(call, s->sum));
}

static void third(void *self, car_motor_third_call call) { begin_sum(self, call.base); }

static void third_values(void *self, car_motor_third_call call, uint32_t values) {
  summing *s = mbr_call_context(call.base);
  (void)self;
  if (++s->items == 3) end_sum(s, car_motor_third_ok(call, values));
}

static void third_values_end(void *self, car_motor_third_call call) {
  (void)self;
  end_sum(mbr_call_context(call.base), car_motor_third_err(call, CAR_MOTOR_ERROR_LIMIT(3)));
}

static void note(void *self, car_motor_note_call call, uint32_t serial) {
  motor *m = self;
  (void)call;
  if (serial != atomic_fetch_add(&m->notes, 1) + 1) atomic_store(&m->notes_in_order, false);
}

static uint32_t version(void *self) {
  (void)self;
  return 7;
}

static void label(void *self, car_motor_label_call call, uint32_t number) {
  (void)self;
  (void)car_motor_label_ok(call, number == 0 ? (mbr_str){"zero", 4} : (mbr_str){"many", 4});
}

const car_motor_ops motor_ops = {
  .add = add,
  .twice = twice,
  .which = which,
  .limited = limited,
  .fail = fail,
  .hang = hang,
  .echo = echo,
  .count = count,
  .samples = samples,
  .failing = failing,
  .position = position,
  .sum = sum,
  .sum_values = sum_values,
  .sum_values_end = sum_values_end,
  .third = third,
  .third_values = third_values,
  .third_values_end = third_values_end,
  .note = note,
  .version = version,
  .label = label,
  .slow = slow,
};

car_seen motor_seen(const motor *m) {
  return (car_seen){
    .calls = atomic_load(&m->calls),
    .cancelled = atomic_load(&m->cancels[MBR_CANCEL_CANCELLED]),
    .deadline = atomic_load(&m->cancels[MBR_CANCEL_DEADLINE]),
    .disconnected = atomic_load(&m->cancels[MBR_CANCEL_DISCONNECTED]),
    .emitted = atomic_load(&m->emitted),
    .taken = atomic_load(&m->taken),
    .notes = atomic_load(&m->notes),
    .notes_in_order = atomic_load(&m->notes_in_order),
    .open = atomic_load(&m->open),
  };
}
