/* Climate, as the contract has it: what a head unit asks for is done in control.c. */
#include "service.h"

#include "board.h"
#include "control.h"

#define WATCHERS 4u
#define RECORDINGS 4u
#define STEPS_PER_WATCH (200u / CABIN_CLIMATE_STEP_MS)

static mbr_call watchers[WATCHERS];
static uint8_t states[2u * CABIN_CLIMATE_CLIMATE_WATCH_ITEM_MAX_SIZE];
static cabin_climate_climate_watch_topic watch_topic = {
  .base = {.subscribers = watchers, .capacity = WATCHERS, .values = states,
           .value_capacity = CABIN_CLIMATE_CLIMATE_WATCH_ITEM_MAX_SIZE},
};

/* A call of `record`. */
typedef struct recording {
  cabin_climate_climate_record_call call;
  bool open;
  uint8_t zone;
  uint32_t next; /* step to be sent */
} recording;

static recording recordings[RECORDINGS];

/* The schedule being loaded: one at a time. */
static struct {
  bool open;
  uint8_t zone;
  control_schedule schedule;
} loading;

static uint64_t lamp_until; /* 0: it is off */
static service_report (*ask_report)(void);

static void set_target(void *self, cabin_climate_climate_set_target_call call, uint8_t zone, float celsius) {
  (void)self;
  if (zone >= CABIN_CLIMATE_ZONE_COUNT)
    (void)cabin_climate_climate_set_target_err(
      call, CABIN_CLIMATE_CLIMATE_ERROR_NO_SUCH_ZONE(CABIN_CLIMATE_ZONE_COUNT));
  else if (celsius < CABIN_CLIMATE_TARGET_MIN || celsius > CABIN_CLIMATE_TARGET_MAX)
    (void)cabin_climate_climate_set_target_err(
      call, CABIN_CLIMATE_CLIMATE_ERROR_OUT_OF_RANGE(CABIN_CLIMATE_TARGET_MIN, CABIN_CLIMATE_TARGET_MAX));
  else
    (void)cabin_climate_climate_set_target_ok(call, control_set_target(zone, celsius));
}

/* From here on the call is the topic's, which lets it go when its caller goes. */
static void watch(void *self, cabin_climate_climate_watch_call call) {
  (void)self;
  if (cabin_climate_climate_watch_subscribe(&watch_topic, call) != MBR_OK)
    (void)mbr_call_fault(call.base, MBR_BUSY, "too many are watching");
}

/* The recording's end where its caller has gone. */
static void stop_recording(void *arg, mbr_cancel_reason reason) {
  recording *r = arg;
  (void)reason;
  r->open = false;
  (void)cabin_climate_climate_record_end(r->call);
}

/* Sends what there is and can be sent; the rest with the next step. */
static void send_steps(recording *r) {
  mbr_status status = MBR_OK;
  if (control_steps() - r->next > CONTROL_MEMORY) {
    r->open = false;
    (void)cabin_climate_climate_record_err(r->call, CABIN_CLIMATE_CLIMATE_ERROR_TOO_SLOW);
    return;
  }
  while (status == MBR_OK && r->next != control_steps()) {
    const cabin_climate_control_step step = control_at(r->zone, r->next);
    status = cabin_climate_climate_record_emit(r->call, &step);
    if (status == MBR_OK) r->next++;
  }
}

static recording *free_recording(void) {
  for (unsigned i = 0; i < RECORDINGS; i++) {
    if (!recordings[i].open) return &recordings[i];
  }
  return NULL;
}

static void record(void *self, cabin_climate_climate_record_call call, uint8_t zone) {
  recording *r = free_recording();
  (void)self;
  if (zone >= CABIN_CLIMATE_ZONE_COUNT) {
    (void)cabin_climate_climate_record_err(
      call, CABIN_CLIMATE_CLIMATE_ERROR_NO_SUCH_ZONE(CABIN_CLIMATE_ZONE_COUNT));
  } else if (r == NULL) {
    (void)cabin_climate_climate_record_err(call, CABIN_CLIMATE_CLIMATE_ERROR_BUSY);
  } else if (mbr_call_on_cancel(call.base, stop_recording, r) == MBR_OK) {
    *r = (recording){.call = call, .open = true, .zone = zone, .next = control_steps()};
    mbr_call_defer(call.base);
  }
}

/* The schedule's end where it did not come whole. */
static void stop_loading(void *arg, mbr_cancel_reason reason) {
  (void)arg, (void)reason;
  loading.open = false;
}

static void load_schedule(void *self, cabin_climate_climate_load_schedule_call call, uint8_t zone) {
  (void)self;
  if (zone >= CABIN_CLIMATE_ZONE_COUNT) {
    (void)cabin_climate_climate_load_schedule_err(
      call, CABIN_CLIMATE_CLIMATE_ERROR_NO_SUCH_ZONE(CABIN_CLIMATE_ZONE_COUNT));
  } else if (loading.open) {
    (void)cabin_climate_climate_load_schedule_err(call, CABIN_CLIMATE_CLIMATE_ERROR_BUSY);
  } else if (mbr_call_on_cancel(call.base, stop_loading, NULL) == MBR_OK) {
    loading.open = true;
    loading.zone = zone;
    loading.schedule.count = 0;
  }
}

static bool may_follow(const cabin_climate_point *point) {
  const control_schedule *s = &loading.schedule;
  return s->count < CABIN_CLIMATE_SCHEDULE_MAX &&
         (s->count == 0 || point->after_ms >= s->points[s->count - 1u].after_ms);
}

static void load_schedule_points(void *self, cabin_climate_climate_load_schedule_call call,
                                 const cabin_climate_point *item) {
  control_schedule *s = &loading.schedule;
  (void)self;
  if (item->celsius < CABIN_CLIMATE_TARGET_MIN || item->celsius > CABIN_CLIMATE_TARGET_MAX) {
    loading.open = false;
    (void)cabin_climate_climate_load_schedule_err(
      call, CABIN_CLIMATE_CLIMATE_ERROR_OUT_OF_RANGE(CABIN_CLIMATE_TARGET_MIN, CABIN_CLIMATE_TARGET_MAX));
  } else if (!may_follow(item)) {
    loading.open = false;
    (void)cabin_climate_climate_load_schedule_err(call, CABIN_CLIMATE_CLIMATE_ERROR_BAD_SCHEDULE(s->count));
  } else {
    s->points[s->count++] = *item;
  }
}

static void load_schedule_points_end(void *self, cabin_climate_climate_load_schedule_call call) {
  (void)self;
  loading.open = false;
  control_set_schedule(loading.zone, &loading.schedule);
  (void)cabin_climate_climate_load_schedule_ok(call, loading.schedule.count);
}

static void identify(void *self, cabin_climate_climate_identify_call call, uint16_t for_ms) {
  (void)self, (void)call;
  lamp_until = board_millis() + for_ms;
  board_lamp(true);
}

static void health(void *self, cabin_climate_climate_health_call call) {
  const service_report report = ask_report();
  (void)self;
  const cabin_climate_health value = {
    .uptime_ms = (uint32_t)board_millis(),
    .starts = board_starts(),
    .stack_used = (uint32_t)board_stack_used(),
    .stack_size = (uint32_t)board_stack_size(),
    .turn_max_us = report.turn_max_us,
    .interrupt_max_us = board_interrupt_max_us(),
    .frames_received = report.link->received,
    .frames_sent = report.link->sent,
    .frames_repeated = report.link->repeated,
    .packets_damaged = report.link->damaged,
    .bytes_overrun = report.link->overrun,
  };
  (void)cabin_climate_climate_health_ok(call, &value);
}

mbr_status service_connect(mbr_peer *peer, service_report (*report)(void)) {
  static const cabin_climate_climate_ops ops = {
    .set_target = set_target,
    .watch = watch,
    .record = record,
    .load_schedule = load_schedule,
    .load_schedule_points = load_schedule_points,
    .load_schedule_points_end = load_schedule_points_end,
    .identify = identify,
    .health = health,
  };
  ask_report = report;
  return cabin_climate_climate_serve(peer, &ops, NULL);
}

static void publish(void) {
  cabin_climate_zone_state now[CABIN_CLIMATE_ZONE_COUNT];
  for (uint8_t i = 0; i < CABIN_CLIMATE_ZONE_COUNT; i++) now[i] = control_zone(i);
  (void)cabin_climate_climate_watch_publish(&watch_topic, now);
}

void service_step(void) {
  if (control_steps() % STEPS_PER_WATCH == 0) publish();
  for (unsigned i = 0; i < RECORDINGS; i++) {
    if (recordings[i].open) send_steps(&recordings[i]);
  }
  if (lamp_until != 0 && board_millis() >= lamp_until) {
    lamp_until = 0;
    board_lamp(false);
  }
}
