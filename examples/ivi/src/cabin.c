/* The cabin's climate: one state for the whole car, set by anyone, watched by anyone. */
#include "services.h"

#include <pthread.h>

#include "vss_cabin.h"

enum { STATIONS = 8 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static vss_cabin_cabin_hvac state = {
    .has_is_air_conditioning_active = true,
    .is_air_conditioning_active = true,
    .has_is_recirculation_active = true,
    .has_is_front_defroster_active = true,
    .has_ambient_air_temperature = true,
    .ambient_air_temperature = 24.5f,
};
static float target = 21.0f;

/* The air follows the target and the stations follow the air; a real car would ask its sensors here. */
static vss_cabin_cabin_hvac snapshot(void) {
  pthread_mutex_lock(&lock);
  state.ambient_air_temperature += (target - state.ambient_air_temperature) * 0.05f;
  for (int i = 0; i < STATIONS; i++) {
    vss_cabin_cabin_hvac_station *station = &state.station[i];
    station->has_temperature = true;
    station->temperature = state.ambient_air_temperature + 0.1f * (float)(i - STATIONS / 2);
  }
  vss_cabin_cabin_hvac copy = state;
  pthread_mutex_unlock(&lock);
  return copy;
}

static void get_cabin_hvac(void *self, vss_cabin_cabin_signals_get_cabin_hvac_call call) {
  (void)self;
  vss_cabin_cabin_hvac hvac = snapshot();
  (void)vss_cabin_cabin_signals_get_cabin_hvac_ok(call, &hvac);
}

static mbr_status emit(void *self, mbr_call call, unsigned number) {
  (void)self, (void)number;
  vss_cabin_cabin_hvac hvac = snapshot();
  return vss_cabin_cabin_signals_watch_cabin_hvac_emit((vss_cabin_cabin_signals_watch_cabin_hvac_call){call},
                                                       &hvac);
}

static mbr_status end(void *self, mbr_call call) {
  (void)self;
  return vss_cabin_cabin_signals_watch_cabin_hvac_end((vss_cabin_cabin_signals_watch_cabin_hvac_call){call});
}

static void watch_cabin_hvac(void *self, vss_cabin_cabin_signals_watch_cabin_hvac_call call, uint16_t hz) {
  static const ticker_source source = {emit, end};
  mbr_call_defer(call.base);
  if (!ticker_add(self, call.base, hz, &source, NULL)) (void)mbr_call_fault(call.base, MBR_NO_MEMORY, NULL);
}

static void set_fan_speed(void *self, vss_cabin_cabin_signals_set_cabin_hvac_station_fan_speed_call call,
                          uint8_t value) {
  (void)self;
  pthread_mutex_lock(&lock);
  for (int i = 0; i < STATIONS; i++) {
    state.station[i].has_fan_speed = true;
    state.station[i].fan_speed = value;
  }
  pthread_mutex_unlock(&lock);
  (void)vss_cabin_cabin_signals_set_cabin_hvac_station_fan_speed_ok(call);
}

static void set_temperature(void *self, vss_cabin_cabin_signals_set_cabin_hvac_station_temperature_call call,
                            float value) {
  (void)self;
  static const float coldest = 16.0f, warmest = 28.0f;
  if (!(value >= coldest && value <= warmest)) {
    (void)vss_cabin_cabin_signals_set_cabin_hvac_station_temperature_err(
        call, VSS_COMMON_ACCESS_ERROR_OUT_OF_RANGE((double)coldest, (double)warmest));
    return;
  }
  pthread_mutex_lock(&lock);
  target = value;
  pthread_mutex_unlock(&lock);
  (void)vss_cabin_cabin_signals_set_cabin_hvac_station_temperature_ok(call);
}

static void set_air_conditioning(void *self,
                                 vss_cabin_cabin_signals_set_cabin_hvac_is_air_conditioning_active_call call,
                                 bool value) {
  (void)self;
  pthread_mutex_lock(&lock);
  state.is_air_conditioning_active = value;
  pthread_mutex_unlock(&lock);
  (void)vss_cabin_cabin_signals_set_cabin_hvac_is_air_conditioning_active_ok(call);
}

/* What is left NULL this car does not have: such a call faults `unimplemented` at its caller. */
static const vss_cabin_cabin_signals_ops ops = {
    .get_cabin_hvac = get_cabin_hvac,
    .watch_cabin_hvac = watch_cabin_hvac,
    .set_cabin_hvac_station_fan_speed = set_fan_speed,
    .set_cabin_hvac_station_temperature = set_temperature,
    .set_cabin_hvac_is_air_conditioning_active = set_air_conditioning,
};

mbr_status cabin_serve(mbr_peer *peer, ticker *t) { return vss_cabin_cabin_signals_serve(peer, &ops, t); }
