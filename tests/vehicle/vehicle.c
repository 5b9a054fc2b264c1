/* Three services of the vehicle schemas, served as an application would: the car's shade, its state, and
 * its service intervals. What the Dart side sets, it can read and watch. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mbr/dart.h"
#include "vss_cabin.h"
#include "vss_service.h"
#include "vss_vehicle.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static vss_cabin_cabin_rear_shade shade;

static void get_shade(void *self, vss_cabin_cabin_signals_get_cabin_rear_shade_call call) {
  (void)self;
  pthread_mutex_lock(&lock);
  vss_cabin_cabin_rear_shade copy = shade;
  pthread_mutex_unlock(&lock);
  (void)vss_cabin_cabin_signals_get_cabin_rear_shade_ok(call, &copy);
}

static void set_switch(void *self, vss_cabin_cabin_signals_set_cabin_rear_shade_switch_call call,
                       vss_cabin_cabin_rear_shade_switch value) {
  (void)self;
  pthread_mutex_lock(&lock);
  shade.has_switch = true;
  shade.switch_ = value;
  shade.has_is_open = true;
  shade.is_open = value == VSS_CABIN_CABIN_REAR_SHADE_SWITCH_OPEN;
  pthread_mutex_unlock(&lock);
  (void)vss_cabin_cabin_signals_set_cabin_rear_shade_switch_ok(call);
}

/* A shade that moves from closed to open, and is there. */
static void watch_shade(void *self, vss_cabin_cabin_signals_watch_cabin_rear_shade_call call, uint16_t hz) {
  (void)self, (void)hz;
  for (unsigned percent = 0; percent <= 100; percent += 10) {
    vss_cabin_cabin_rear_shade moving = {.has_position = true, .position = (uint8_t)percent};
    (void)vss_cabin_cabin_signals_watch_cabin_rear_shade_emit(call, &moving);
  }
  (void)vss_cabin_cabin_signals_watch_cabin_rear_shade_end(call);
}

static const vss_cabin_cabin_signals_ops cabin = {
    .get_cabin_rear_shade = get_shade,
    .set_cabin_rear_shade_switch = set_switch,
    .watch_cabin_rear_shade = watch_shade,
};

static void get_vehicle(void *self, vss_vehicle_vehicle_signals_get_vehicle_call call) {
  (void)self;
  static const char start[] = "2026-03-01T07:30:00Z, Tromsø";
  vss_vehicle_vehicle vehicle = {
      .has_low_voltage_system_state = true,
      .low_voltage_system_state = VSS_VEHICLE_VEHICLE_LOW_VOLTAGE_SYSTEM_STATE_ON,
      .has_speed = true,
      .speed = 88.5f,
      .has_traveled_distance = true,
      .traveled_distance = UINT32_MAX,
      .has_start_time = true,
      .start_time = {start, sizeof start - 1},
      .has_roof_load = true,
      .roof_load = INT16_MIN,
      .has_is_moving = true,
      .is_moving = true,
  };
  (void)vss_vehicle_vehicle_signals_get_vehicle_ok(call, &vehicle);
}

static void set_trip_meter(void *self, vss_vehicle_vehicle_signals_set_vehicle_trip_meter_reading_call call,
                           uint32_t value) {
  (void)self;
  if (value > 1000) {
    (void)vss_vehicle_vehicle_signals_set_vehicle_trip_meter_reading_err(
        call, VSS_COMMON_ACCESS_ERROR_OUT_OF_RANGE(0, 1000));
    return;
  }
  (void)vss_vehicle_vehicle_signals_set_vehicle_trip_meter_reading_ok(call);
}

/* Answered from another thread, after the handler has returned. */
static void *watch_vehicle_thread(void *arg) {
  vss_vehicle_vehicle_signals_watch_vehicle_call *call = arg;
  vss_vehicle_vehicle vehicle = {.has_speed = true};
  mbr_status status = MBR_OK;
  for (int i = 0; i < 1000 && status != MBR_CLOSED; i++) {
    vehicle.speed = (float)i;
    while ((status = vss_vehicle_vehicle_signals_watch_vehicle_emit(*call, &vehicle)) == MBR_WOULD_BLOCK) {
      nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
  }
  (void)vss_vehicle_vehicle_signals_watch_vehicle_err(*call, VSS_COMMON_ACCESS_ERROR_NOT_AVAILABLE);
  free(call);
  return NULL;
}

static void watch_vehicle(void *self, vss_vehicle_vehicle_signals_watch_vehicle_call call, uint16_t hz) {
  (void)self, (void)hz;
  vss_vehicle_vehicle_signals_watch_vehicle_call *copy = malloc(sizeof *copy);
  pthread_t thread;
  if (copy == NULL) return;
  *copy = call;
  mbr_call_defer(call.base);
  if (pthread_create(&thread, NULL, watch_vehicle_thread, copy) == 0) {
    pthread_detach(thread);
    return;
  }
  free(copy);
  (void)mbr_call_fault(call.base, MBR_NO_MEMORY, "no thread");
}

static const vss_vehicle_vehicle_signals_ops vehicle_ops = {
    .get_vehicle = get_vehicle,
    .set_vehicle_trip_meter_reading = set_trip_meter,
    .watch_vehicle = watch_vehicle,
};

static void get_service(void *self, vss_service_service_signals_get_service_call call) {
  (void)self;
  vss_service_service due = {.has_time_to_service = true, .time_to_service = INT32_MIN};
  (void)vss_service_service_signals_get_service_ok(call, &due);
}

/* As many items as were asked for by the rate. */
static void watch_service(void *self, vss_service_service_signals_watch_service_call call, uint16_t hz) {
  (void)self;
  for (uint16_t i = 0; i < hz; i++) {
    vss_service_service due = {.has_distance_to_service = true, .distance_to_service = (float)i};
    (void)vss_service_service_signals_watch_service_emit(call, &due);
  }
  (void)vss_service_service_signals_watch_service_end(call);
}

static const vss_service_service_signals_ops service = {.get_service = get_service,
                                                        .watch_service = watch_service};

static mbr_status connect(mbr_peer *peer) {
  mbr_status status = vss_cabin_cabin_signals_serve(peer, &cabin, NULL);
  if (status == MBR_OK) status = vss_vehicle_vehicle_signals_serve(peer, &vehicle_ops, NULL);
  if (status == MBR_OK) status = vss_service_service_signals_serve(peer, &service, NULL);
  return status;
}

/* Read by the test through dart:ffi. */
MBR_DART_EXPORT uint32_t vehicle_live_blocks(void);
MBR_DART_EXPORT uint32_t vehicle_live_blocks(void) { return (uint32_t)mbr_live_blocks(); }

MBR_DART_LIBRARY(vss, connect)
