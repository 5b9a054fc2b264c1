/* The library of the tests: with LENT two motors stand behind cables and are lent over a bridge, else one is
 * served here. */
#include <pthread.h>

#include "../line/cable.h"
#include "mbr/bridge.h"
#include "mbr/dart.h"
#include "car_client.h"
#include "motor.h"

enum { MOTORS = 2, LOST_MS = 1000, RETRY_MS = 50, REOPEN_MS = 20 };

static motor motors[MOTORS] = {{.number = 0, .notes_in_order = true}, {.number = 1, .notes_in_order = true}};
static cable cables[MOTORS];
static mbr_line *lines[MOTORS];
static mbr_bridge *bridge;
static atomic_bool removed[MOTORS];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static int open_remote(void *arg) { return cable_open(&cables[((motor *)arg)->number].ends[0]); }

static int open_line(void *arg) { return cable_open(&cables[((motor *)arg)->number].ends[1]); }

static mbr_status connect_remote(void *arg, mbr_peer *peer) {
  motor *m = arg;
  return atomic_load(&removed[m->number]) ? MBR_OK : car_motor_serve(peer, &motor_ops, m);
}

static mbr_line *start_line(motor *m, int (*open)(void *), mbr_status (*connect)(void *, mbr_peer *)) {
  return mbr_line_open(&(mbr_line_options){.arg = m, .open = open, .connect = connect, .retry_ms = RETRY_MS,
                                           .lost_ms = LOST_MS, .reopen_ms = REOPEN_MS});
}

static void start(void) {
  for (int i = 0; i < MOTORS; i++) {
    cable_start(&cables[i]);
    if (start_line(&motors[i], open_remote, connect_remote) == NULL) abort();
    lines[i] = start_line(&motors[i], open_line, NULL);
    if (lines[i] == NULL) abort();
  }
  bridge = mbr_bridge_open(car_motor_remote(), lines, MOTORS);
  if (bridge == NULL) abort();
}

static void cut(void *self, car_rig_cut_call call, uint32_t instance) {
  (void)self;
  cable_cut(&cables[instance]);
  (void)car_rig_cut_ok(call);
}

static void plug(void *self, car_rig_plug_call call, uint32_t instance) {
  (void)self;
  cable_plug(&cables[instance]);
  (void)car_rig_plug_ok(call);
}

static void seen(void *self, car_rig_seen_call call, uint32_t instance) {
  (void)self;
  const car_seen answer = motor_seen(&motors[instance]);
  (void)car_rig_seen_ok(call, &answer);
}

static void slow_down(void *self, car_rig_slow_down_call call, uint32_t instance, bool slow) {
  (void)self;
  atomic_store(&motors[instance].takes_slowly, slow);
  (void)car_rig_slow_down_ok(call);
}

static void under_way(void *self, car_rig_under_way_call call) {
  (void)self;
  (void)car_rig_under_way_ok(call, bridge != NULL ? (uint32_t)mbr_bridge_calls(bridge) : 0);
}

static void remove_motor(void *self, car_rig_remove_call call, uint32_t instance, bool remove) {
  (void)self;
  atomic_store(&removed[instance], remove);
  cable_cut(&cables[instance]);
  cable_plug(&cables[instance]);
  (void)car_rig_remove_ok(call);
}

static const car_rig_ops rig_ops = {cut, plug, seen, slow_down, under_way, remove_motor};

static mbr_status connect_dart(mbr_peer *peer) {
#ifdef LENT
  (void)pthread_once(&once, start);
  mbr_status status = mbr_bridge_lend(bridge, peer);
#else
  (void)once;
  (void)start;
  mbr_status status = car_motor_serve(peer, &motor_ops, &motors[0]);
#endif
  return status == MBR_OK ? car_rig_serve(peer, &rig_ops, NULL) : status;
}

MBR_DART_LIBRARY(car, connect_dart)
