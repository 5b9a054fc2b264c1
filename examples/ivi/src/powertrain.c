/* An electric powertrain that drives a little loop: speed up, slow down with regeneration, again. */
#include "services.h"

#include <math.h>
#include <time.h>

#include "vss_powertrain.h"

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* From -1 (hardest braking) to 1 (hardest acceleration). */
static double pedal(void) { return sin(seconds() * 0.8); }

static vss_powertrain_powertrain_electric_motor motor(void) {
  double p = pedal();
  return (vss_powertrain_powertrain_electric_motor){
      .has_max_power = true,
      .max_power = 150,
      .has_speed = true,
      .speed = (float)(4500.0 - 3500.0 * cos(seconds() * 0.8)),
      .has_temperature = true,
      .temperature = (float)(62.0 + 3.0 * p),
      .has_power = true,
      .power = (int16_t)(p * 110.0),
      .has_torque = true,
      .torque = (int16_t)(p * 280.0),
      .engine_coolant = {.has_level = true,
                         .level = VSS_POWERTRAIN_POWERTRAIN_ELECTRIC_MOTOR_ENGINE_COOLANT_LEVEL_NORMAL},
  };
}

static vss_powertrain_powertrain_traction_battery_state_of_charge charge(void) {
  const double full_kwh = 77.0;
  double percent = 80.0 - fmod(seconds() * 0.02, 60.0);
  return (vss_powertrain_powertrain_traction_battery_state_of_charge){
      .has_current = true,
      .current = (float)percent,
      .has_displayed = true,
      .displayed = (float)floor(percent),
      .has_current_energy = true,
      .current_energy = (float)(full_kwh * percent / 100.0),
  };
}

static void get_motor(void *self, vss_powertrain_powertrain_signals_get_powertrain_electric_motor_call call) {
  (void)self;
  vss_powertrain_powertrain_electric_motor value = motor();
  (void)vss_powertrain_powertrain_signals_get_powertrain_electric_motor_ok(call, &value);
}

static mbr_status emit_motor(void *self, mbr_call call, unsigned number) {
  (void)self, (void)number;
  vss_powertrain_powertrain_electric_motor value = motor();
  return vss_powertrain_powertrain_signals_watch_powertrain_electric_motor_emit(
      (vss_powertrain_powertrain_signals_watch_powertrain_electric_motor_call){call}, &value);
}

static mbr_status end_motor(void *self, mbr_call call) {
  (void)self;
  return vss_powertrain_powertrain_signals_watch_powertrain_electric_motor_end(
      (vss_powertrain_powertrain_signals_watch_powertrain_electric_motor_call){call});
}

static void watch_motor(void *self,
                        vss_powertrain_powertrain_signals_watch_powertrain_electric_motor_call call,
                        uint16_t hz) {
  static const ticker_source source = {emit_motor, end_motor};
  mbr_call_defer(call.base);
  if (!ticker_add(self, call.base, hz, &source, NULL)) (void)mbr_call_fault(call.base, MBR_NO_MEMORY, NULL);
}

static void
get_charge(void *self,
           vss_powertrain_powertrain_signals_get_powertrain_traction_battery_state_of_charge_call call) {
  (void)self;
  vss_powertrain_powertrain_traction_battery_state_of_charge value = charge();
  (void)vss_powertrain_powertrain_signals_get_powertrain_traction_battery_state_of_charge_ok(call, &value);
}

static mbr_status emit_charge(void *self, mbr_call call, unsigned number) {
  (void)self, (void)number;
  vss_powertrain_powertrain_traction_battery_state_of_charge value = charge();
  return vss_powertrain_powertrain_signals_watch_powertrain_traction_battery_state_of_charge_emit(
      (vss_powertrain_powertrain_signals_watch_powertrain_traction_battery_state_of_charge_call){call},
      &value);
}

static mbr_status end_charge(void *self, mbr_call call) {
  (void)self;
  return vss_powertrain_powertrain_signals_watch_powertrain_traction_battery_state_of_charge_end(
      (vss_powertrain_powertrain_signals_watch_powertrain_traction_battery_state_of_charge_call){call});
}

static void
watch_charge(void *self,
             vss_powertrain_powertrain_signals_watch_powertrain_traction_battery_state_of_charge_call call,
             uint16_t hz) {
  static const ticker_source source = {emit_charge, end_charge};
  mbr_call_defer(call.base);
  if (!ticker_add(self, call.base, hz, &source, NULL)) (void)mbr_call_fault(call.base, MBR_NO_MEMORY, NULL);
}

static const vss_powertrain_powertrain_signals_ops ops = {
    .get_powertrain_electric_motor = get_motor,
    .watch_powertrain_electric_motor = watch_motor,
    .get_powertrain_traction_battery_state_of_charge = get_charge,
    .watch_powertrain_traction_battery_state_of_charge = watch_charge,
};

mbr_status powertrain_serve(mbr_peer *peer, ticker *t) {
  return vss_powertrain_powertrain_signals_serve(peer, &ops, t);
}
