/* C calls Dart: each method of Bridge makes a call of Dialogs, and answers with what came of it. */
#include "library.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 128u
#define ARENA_SIZE 1024u

/* "deadline", "cancelled" and the like, or with the declared error "refused: why". */
static mbr_str fault_of(char *out, mbr_status fault, mbr_str text) {
  int size = text.size == 0
                 ? snprintf(out, TEXT_MAX, "%s", mbr_status_name(fault))
                 : snprintf(out, TEXT_MAX, "%s: %.*s", mbr_status_name(fault), (int)text.size, text.data);
  return (mbr_str){out, size < (int)TEXT_MAX ? (size_t)size : TEXT_MAX - 1};
}

static mbr_str bool_of(bool value) { return text_of(value ? "yes" : "no"); }

/* The call that waits for an answer of Dart: handles are small, so it goes along as a copy. */
static void *copy_of(const void *call, size_t size) {
  void *copy = malloc(size);
  if (copy == NULL) abort();
  return memcpy(copy, call, size);
}
#define COPY_OF(call) copy_of(&(call), sizeof(call))

static void confirmed(void *arg, const calls_dialogs_confirm_answer *answer) {
  calls_bridge_confirm_call *call = arg;
  char text[TEXT_MAX];
  (void)calls_bridge_confirm_ok(*call, answer->outcome == MBR_OUTCOME_OK
                                           ? bool_of(answer->value)
                                           : fault_of(text, answer->fault, answer->text));
  free(call);
}

static void confirm(void *self, calls_bridge_confirm_call call, mbr_str text, bool urgent) {
  library *l = self;
  void *copy = COPY_OF(call);
  mbr_call_defer(call.base);
  mbr_status status = calls_dialogs_confirm_send(
      &l->dialogs, text, urgent, (calls_dialogs_confirm_receiver){.done = confirmed, .arg = copy}, NULL,
      NULL);
  if (status == MBR_OK) return;
  char out[TEXT_MAX];
  (void)calls_bridge_confirm_ok(call, fault_of(out, status, (mbr_str){0}));
  free(copy);
}

/* A thread of the library's own, which blocks until Dart has answered. */
typedef struct blocking_job {
  library *library;
  calls_bridge_confirm_blocking_call call;
  mbr_str text;
} blocking_job;

static void confirm_blocking_work(void *arg) {
  blocking_job *job = arg;
  calls_dialogs_confirm_answer answer;
  _Alignas(16) uint8_t memory[ARENA_SIZE];
  mbr_arena arena;
  mbr_arena_init(&arena, memory, sizeof memory);
  char text[TEXT_MAX];
  mbr_status status =
      calls_dialogs_confirm_wait(&job->library->dialogs, job->text, false, NULL, &arena, &answer);
  mbr_str told = status != MBR_OK                   ? fault_of(text, status, (mbr_str){0})
                 : answer.outcome == MBR_OUTCOME_OK ? bool_of(answer.value)
                                                    : fault_of(text, answer.fault, answer.text);
  (void)calls_bridge_confirm_blocking_ok(job->call, told);
}

static void confirm_blocking(void *self, calls_bridge_confirm_blocking_call call, mbr_str text) {
  mbr_call_defer(call.base);
  on_thread(confirm_blocking_work, &(blocking_job){self, call, text}, sizeof(blocking_job));
}

static void chosen(void *arg, const calls_dialogs_choose_answer *answer) {
  calls_bridge_choose_call *call = arg;
  char text[TEXT_MAX];
  mbr_str told = text_of("none");
  if (answer->outcome == MBR_OUTCOME_FAULT) {
    told = fault_of(text, answer->fault, answer->text);
  } else if (answer->outcome == MBR_OUTCOME_ERROR) {
    told = answer->error.tag == CALLS_CALL_ERROR_TAG_GONE ? text_of("gone") : answer->error.as.refused.why;
  } else if (answer->has_value) {
    int size = snprintf(text, sizeof text, "%u", (unsigned)answer->value);
    told = (mbr_str){text, (size_t)size};
  }
  (void)calls_bridge_choose_ok(*call, told);
  free(call);
}

static void choose(void *self, calls_bridge_choose_call call, const mbr_list_str *from) {
  library *l = self;
  mbr_call_defer(call.base);
  void *copy = COPY_OF(call);
  calls_dialogs_choose_receiver receiver = {.done = chosen, .arg = copy};
  mbr_status status = calls_dialogs_choose_send(&l->dialogs, from, receiver, NULL, NULL);
  if (status == MBR_OK) return;
  char out[TEXT_MAX];
  (void)calls_bridge_choose_ok(call, fault_of(out, status, (mbr_str){0}));
  free(copy);
}

static void placed(void *arg, const calls_dialogs_place_answer *answer) {
  calls_bridge_place_call *call = arg;
  if (answer->outcome == MBR_OUTCOME_OK)
    (void)calls_bridge_place_ok(*call, &answer->value);
  else
    (void)mbr_call_fault(call->base, answer->fault, NULL);
  free(call);
}

static void place(void *self, calls_bridge_place_call call, const calls_common_position *position) {
  library *l = self;
  mbr_call_defer(call.base);
  calls_dialogs_place_receiver receiver = {.done = placed, .arg = COPY_OF(call)};
  if (calls_dialogs_place_send(&l->dialogs, position, receiver, NULL, NULL) != MBR_OK) abort();
}

/* Passes the items of Dart's stream on, and its ending. */
static void tick(void *arg, uint32_t item) {
  calls_bridge_ticks_call *call = arg;
  while (calls_bridge_ticks_emit(*call, item) == MBR_WOULD_BLOCK) sleep_ms(1);
}

static void ticked(void *arg, const calls_dialogs_ticks_answer *answer) {
  calls_bridge_ticks_call *call = arg;
  if (answer->outcome == MBR_OUTCOME_OK)
    (void)calls_bridge_ticks_end(*call);
  else if (answer->outcome == MBR_OUTCOME_ERROR)
    (void)calls_bridge_ticks_err(*call, answer->error);
  else
    (void)mbr_call_fault(call->base, answer->fault, NULL);
  free(call);
}

static void ticks(void *self, calls_bridge_ticks_call call, uint32_t wanted) {
  library *l = self;
  mbr_call_defer(call.base);
  calls_dialogs_ticks_receiver receiver = {.item = tick, .done = ticked, .arg = COPY_OF(call)};
  if (calls_dialogs_ticks_send(&l->dialogs, wanted, receiver, NULL, NULL) != MBR_OK) abort();
}

/* A slow listener of a stream of which only the newest item counts. */
typedef struct newest_job {
  calls_bridge_newest_call call;
  uint32_t pause_ms;
  uint32_t items[256];
  size_t count;
} newest_job;

static void newest_item(void *arg, uint32_t item) {
  newest_job *job = arg;
  if (job->count < sizeof job->items / sizeof *job->items) job->items[job->count++] = item;
  sleep_ms(job->pause_ms);
}

static void newest_done(void *arg, const calls_dialogs_newest_answer *answer) {
  newest_job *job = arg;
  (void)answer;
  (void)calls_bridge_newest_ok(job->call, &(mbr_list_u32){.items = job->items, .count = job->count});
  free(job);
}

static void newest(void *self, calls_bridge_newest_call call, uint32_t pause_ms) {
  library *l = self;
  newest_job *job = calloc(1, sizeof *job);
  if (job == NULL) abort();
  job->call = call;
  job->pause_ms = pause_ms;
  mbr_call_defer(call.base);
  calls_dialogs_newest_receiver receiver = {.item = newest_item, .done = newest_done, .arg = job};
  if (calls_dialogs_newest_send(&l->dialogs, receiver, NULL, NULL) != MBR_OK) abort();
}

/* Sends the values one by one, and waits for room on a thread of its own. It has a copy of them: the call, and
 * its arguments with it, may be over before all are sent. */
typedef struct total_job {
  library *library;
  calls_bridge_total_call call;
  uint32_t *values;
  size_t count;
} total_job;

static void totalled(void *arg, const calls_dialogs_total_answer *answer) {
  calls_bridge_total_call *call = arg;
  if (answer->outcome == MBR_OUTCOME_OK)
    (void)calls_bridge_total_ok(*call, answer->value);
  else
    (void)mbr_call_fault(call->base, answer->fault, NULL);
  free(call);
}

static void push_all(calls_dialogs_total_request request, const uint32_t *values, size_t count) {
  for (size_t i = 0; i < count; i++) {
    mbr_status status;
    while ((status = calls_dialogs_total_push(request, values[i])) == MBR_WOULD_BLOCK) sleep_ms(1);
    if (status != MBR_OK) return; /* answered already */
  }
  (void)calls_dialogs_total_push_end(request);
}

static void total_work(void *arg) {
  total_job *job = arg;
  calls_dialogs_total_request request;
  calls_dialogs_total_receiver receiver = {.done = totalled, .arg = COPY_OF(job->call)};
  if (calls_dialogs_total_send(&job->library->dialogs, receiver, NULL, &request) != MBR_OK) abort();
  push_all(request, job->values, job->count);
  free(job->values);
}

static void total(void *self, calls_bridge_total_call call, const mbr_list_u32 *values) {
  total_job job = {self, call, calloc(values->count + 1u, sizeof *values->items), values->count};
  if (job.values == NULL) abort();
  if (job.count != 0) memcpy(job.values, values->items, job.count * sizeof *values->items);
  mbr_call_defer(call.base);
  on_thread(total_work, &job, sizeof job);
}

static void waited(void *arg, const calls_dialogs_wait_answer *answer) {
  calls_bridge_wait_call *call = arg;
  char text[TEXT_MAX];
  (void)calls_bridge_wait_ok(*call, fault_of(text, answer->fault, (mbr_str){0}));
  free(call);
}

static void wait_(void *self, calls_bridge_wait_call call) {
  library *l = self;
  mbr_call_defer(call.base);
  calls_dialogs_wait_receiver receiver = {.done = waited, .arg = COPY_OF(call)};
  if (calls_dialogs_wait_send(&l->dialogs, receiver, NULL, NULL) != MBR_OK) abort();
}

typedef struct wait_job {
  library *library;
  calls_bridge_wait_blocking_call call;
} wait_job;

static void wait_blocking_work(void *arg) {
  wait_job *job = arg;
  calls_dialogs_wait_long_answer answer = {.fault = MBR_OK};
  _Alignas(16) uint8_t memory[ARENA_SIZE];
  mbr_arena arena;
  mbr_arena_init(&arena, memory, sizeof memory);
  const mbr_request_options options = {.timeout_ms = 60};
  mbr_status status = calls_dialogs_wait_long_wait(&job->library->dialogs, &options, &arena, &answer);
  char text[TEXT_MAX];
  (void)calls_bridge_wait_blocking_ok(job->call,
                                      fault_of(text, status != MBR_OK ? status : answer.fault, (mbr_str){0}));
}

static void wait_blocking(void *self, calls_bridge_wait_blocking_call call) {
  mbr_call_defer(call.base);
  on_thread(wait_blocking_work, &(wait_job){self, call}, sizeof(wait_job));
}

static void given_up(void *arg, const calls_dialogs_wait_long_answer *answer) {
  calls_bridge_give_up_call *call = arg;
  char text[TEXT_MAX];
  (void)calls_bridge_give_up_ok(*call, fault_of(text, answer->fault, (mbr_str){0}));
  free(call);
}

static void give_up(void *self, calls_bridge_give_up_call call) {
  library *l = self;
  calls_dialogs_wait_long_request request;
  mbr_call_defer(call.base);
  calls_dialogs_wait_long_receiver receiver = {.done = given_up, .arg = COPY_OF(call)};
  if (calls_dialogs_wait_long_send(&l->dialogs, receiver, NULL, &request) != MBR_OK) abort();
  sleep_ms(30);
  (void)mbr_request_cancel(request.base);
}

static void note(void *self, calls_bridge_note_call call, mbr_str text) {
  library *l = self;
  if (calls_dialogs_note_send(&l->dialogs, text, NULL) != MBR_OK) abort();
  (void)calls_bridge_note_ok(call);
}

/* Several calls at once: they may run beside each other in Dart, and all are waited for. */
typedef struct pauses_job {
  calls_bridge_pauses_call call;
  uint32_t wanted;
  atomic_uint count;
  uint32_t answers[16];
} pauses_job;

static void paused(void *arg, const calls_dialogs_pause_answer *answer) {
  pauses_job *job = arg;
  unsigned index = atomic_fetch_add(&job->count, 1);
  job->answers[index] = answer->outcome == MBR_OUTCOME_OK ? answer->value : UINT32_MAX;
  if (index + 1 < job->wanted) return;
  (void)calls_bridge_pauses_ok(job->call, &(mbr_list_u32){.items = job->answers, .count = job->wanted});
  free(job);
}

static void pauses(void *self, calls_bridge_pauses_call call, uint32_t wanted, uint32_t ms) {
  library *l = self;
  pauses_job *job = calloc(1, sizeof *job);
  if (job == NULL || wanted > sizeof job->answers / sizeof *job->answers) abort();
  job->call = call;
  job->wanted = wanted;
  mbr_call_defer(call.base);
  calls_dialogs_pause_receiver receiver = {.done = paused, .arg = job};
  for (uint32_t i = 0; i < wanted; i++)
    if (calls_dialogs_pause_send(&l->dialogs, ms, receiver, NULL, NULL) != MBR_OK) abort();
}

static void deadlock(void *self, calls_bridge_deadlock_call call) {
  library *l = self;
  calls_dialogs_confirm_answer answer;
  _Alignas(16) uint8_t memory[ARENA_SIZE];
  mbr_arena arena;
  mbr_arena_init(&arena, memory, sizeof memory);
  char text[TEXT_MAX];
  mbr_status status =
      calls_dialogs_confirm_wait(&l->dialogs, text_of("never asked"), false, NULL, &arena, &answer);
  (void)calls_bridge_deadlock_ok(call, fault_of(text, status, (mbr_str){0}));
}

static const calls_bridge_ops ops = {
    .confirm = confirm,
    .confirm_blocking = confirm_blocking,
    .choose = choose,
    .place = place,
    .ticks = ticks,
    .newest = newest,
    .total = total,
    .wait = wait_,
    .wait_blocking = wait_blocking,
    .give_up = give_up,
    .note = note,
    .pauses = pauses,
    .deadlock = deadlock,
};

mbr_status serve_bridge(library *l) { return calls_bridge_serve(l->peer, &ops, l); }
