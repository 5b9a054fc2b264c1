#include "load.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define STEP_MOST 0.5f /* degrees from one step to the next */

/* The end of a call that was neither answered nor refused. */
static void count_fault(load *l, mbr_status fault) {
  if (fault == MBR_DEADLINE) l->deadlines++;
  else if (fault == MBR_DISCONNECTED) l->disconnected++;
  else fail_msg("a call ended with %s", mbr_status_name(fault));
}

static void check_time(load *l, uint64_t sent) {
  const uint64_t took = head_millis() - sent;
  assert_true(took <= CALL_MS + SLACK_MS);
  if (took > l->slowest) l->slowest = took;
}

static void told_target(void *arg, const cabin_climate_climate_set_target_answer *answer) {
  load_call *c = arg;
  assert_true(c->open);
  c->open = false;
  check_time(c->of, c->sent);
  if (answer->outcome != MBR_OUTCOME_OK) {
    assert_int_equal(answer->outcome, MBR_OUTCOME_FAULT);
    count_fault(c->of, answer->fault);
    return;
  }
  if (c->before_known) assert_memory_equal(&answer->value, &c->before, sizeof c->before);
  c->of->answered++;
}

static void set_target(load *l, load_call *c) {
  const uint8_t zone = (uint8_t)(l->serial % CABIN_CLIMATE_ZONE_COUNT);
  const float celsius = CABIN_CLIMATE_TARGET_MIN + (float)(l->serial % 12000u) * 0.001f;
  const cabin_climate_climate_set_target_receiver receiver = {told_target, c};
  *c = (load_call){l, true, head_millis(), zone, l->target_known[zone], l->target[zone]};
  const mbr_status status =
    cabin_climate_climate_set_target_send(&l->head->client, zone, celsius, receiver, NULL, NULL);
  c->open = status == MBR_OK;
  if (status == MBR_WOULD_BLOCK || status == MBR_CLOSED) return;
  assert_int_equal(status, MBR_OK);
  l->serial++;
  l->target[zone] = celsius;
  l->target_known[zone] = true;
}

static void told_step(void *arg, const cabin_climate_control_step *item) {
  load_stream *s = arg;
  assert_true(s->open);
  assert_true(item->celsius > 4.0f && item->celsius < 70.0f);
  if (s->begun) {
    assert_int_equal(item->number, s->last.number + 1u);
    assert_true(fabsf(item->celsius - s->last.celsius) < STEP_MOST);
  }
  s->begun = true;
  s->last = *item;
  s->of->steps++;
}

static void told_recorded(void *arg, const cabin_climate_climate_record_answer *answer) {
  load_stream *s = arg;
  assert_true(s->open);
  s->open = false;
  assert_int_equal(answer->outcome, MBR_OUTCOME_FAULT);
  assert_int_equal(answer->fault, MBR_DISCONNECTED);
  s->of->disconnected++;
}

static void record(load *l, uint8_t zone) {
  load_stream *s = &l->recordings[zone];
  const cabin_climate_climate_record_receiver receiver = {told_step, told_recorded, s};
  *s = (load_stream){.of = l};
  s->open = cabin_climate_climate_record_send(&l->head->client, zone, receiver, NULL, NULL) == MBR_OK;
}

static void told_state(void *arg, const cabin_climate_zone_state item[CABIN_CLIMATE_ZONE_COUNT]) {
  load_stream *s = arg;
  for (unsigned i = 0; i < CABIN_CLIMATE_ZONE_COUNT; i++) {
    assert_true(item[i].celsius > 4.0f && item[i].celsius < 70.0f);
    assert_true(item[i].target >= CABIN_CLIMATE_TARGET_MIN && item[i].target <= CABIN_CLIMATE_TARGET_MAX);
  }
  s->of->states++;
}

static void told_watched(void *arg, const cabin_climate_climate_watch_answer *answer) {
  load_stream *s = arg;
  assert_true(s->open);
  s->open = false;
  assert_int_equal(answer->fault, MBR_DISCONNECTED);
  s->of->disconnected++;
}

static void watch(load *l) {
  const cabin_climate_climate_watch_receiver receiver = {told_state, told_watched, &l->watching};
  l->watching = (load_stream){.of = l};
  l->watching.open = cabin_climate_climate_watch_send(&l->head->client, receiver, NULL, NULL) == MBR_OK;
}

static void told_health(void *arg, const cabin_climate_climate_health_answer *answer) {
  load *l = arg;
  assert_true(l->asked_health);
  l->asked_health = false;
  check_time(l, l->asked_health_at);
  if (answer->outcome != MBR_OUTCOME_OK) {
    count_fault(l, answer->fault);
    return;
  }
  assert_true(answer->value.stack_used < answer->value.stack_size);
  l->health = answer->value;
  l->reports++;
}

static void ask_health(load *l) {
  const cabin_climate_climate_health_receiver receiver = {told_health, l};
  l->asked_health_at = head_millis();
  l->asked_health = true;
  l->asked_health = cabin_climate_climate_health_send(&l->head->client, receiver, NULL, NULL) == MBR_OK;
}

static void ask_for_all(load *l) {
  for (unsigned i = 0; i < LOAD_CALLS; i++) {
    if (!l->calls[i].open) set_target(l, &l->calls[i]);
  }
  for (uint8_t i = 0; i < CABIN_CLIMATE_ZONE_COUNT; i++) {
    if (!l->recordings[i].open) record(l, i);
  }
  if (!l->watching.open) watch(l);
  if (!l->asked_health) ask_health(l);
}

void load_begin(load *l, head *h) {
  memset(l, 0, sizeof *l);
  l->head = h;
}

/* Where a connection has ended, nobody knows which targets have arrived. */
static void forget_targets(load *l) { memset(l->target_known, 0, sizeof l->target_known); }

static void check_none_hangs(const load *l) {
  for (unsigned i = 0; i < LOAD_CALLS; i++)
    assert_true(!l->calls[i].open || head_millis() - l->calls[i].sent <= CALL_MS + SLACK_MS);
  assert_true(!l->asked_health || head_millis() - l->asked_health_at <= CALL_MS + SLACK_MS);
}

void load_turn(load *l, unsigned ms) {
  const unsigned downs = l->head->downs;
  if (!l->ending && head_can_call(l->head)) ask_for_all(l);
  head_turn(l->head, ms);
  if (l->head->downs != downs) forget_targets(l);
  check_none_hangs(l);
}

void load_run(load *l, unsigned ms) {
  const uint64_t end = head_millis() + ms;
  while (head_millis() < end) load_turn(l, (unsigned)(end - head_millis()));
}

static bool is_settled(const load *l) {
  for (unsigned i = 0; i < LOAD_CALLS; i++) {
    if (l->calls[i].open) return false;
  }
  return !l->asked_health;
}

void load_settle(load *l) {
  const uint64_t end = head_millis() + CALL_MS + SLACK_MS;
  l->ending = true;
  while (!is_settled(l) && head_millis() < end) load_turn(l, 20);
  assert_true(is_settled(l));
}
