/* A motor: what the tests of bridges call, in the library or behind a line. It counts what happens to it. */
#ifndef TESTS_BRIDGE_MOTOR_H
#define TESTS_BRIDGE_MOTOR_H

#include <stdatomic.h>

#include "car.h"

typedef struct motor {
  uint32_t number;
  atomic_uint calls, cancels[4]; /* by mbr_cancel_reason */
  atomic_uint emitted, taken, open, notes;
  atomic_bool notes_in_order, takes_slowly;
} motor;

extern const car_motor_ops motor_ops;

car_seen motor_seen(const motor *m);

#endif
