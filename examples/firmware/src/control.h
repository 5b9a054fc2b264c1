/* The controller: each step it reads every zone, follows its schedule and switches its heater. Knows nothing
 * of calls and lines. Everything runs in the main loop. */
#ifndef CONTROL_H
#define CONTROL_H

#include "cabin_climate.h"

/* Steps that are remembered: a power of two. Longer than a line may be silent before it counts as lost, so
 * that one who records misses nothing that the link can repair. */
#define CONTROL_MEMORY 128u

typedef struct control_schedule {
  cabin_climate_point points[CABIN_CLIMATE_SCHEDULE_MAX];
  uint16_t count;
} control_schedule;

void control_start(void);

/* One step, which is to come every CABIN_CLIMATE_STEP_MS. */
void control_step(void);

/* Steps made, and one of the last CONTROL_MEMORY of them. */
uint32_t control_steps(void);
cabin_climate_control_step control_at(uint8_t zone, uint32_t number);

cabin_climate_zone_state control_zone(uint8_t zone);

/* Ends the zone's schedule. Returns the target before. */
float control_set_target(uint8_t zone, float celsius);

/* Begins with the next step; copied. */
void control_set_schedule(uint8_t zone, const control_schedule *schedule);

#endif
