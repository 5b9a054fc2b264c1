#include "control.h"

#include "cabin.h"

#define FIRST_TARGET 18.0f
#define SWITCHING 0.2f /* degrees to either side of the target before the heater is switched */

typedef struct zone {
  float target;
  bool heating;
  control_schedule schedule;
  uint16_t next;  /* point of the schedule */
  uint32_t begun; /* the schedule's first step */
  struct {
    float celsius;
    bool heating;
  } memory[CONTROL_MEMORY];
} zone;

static zone zones[CABIN_CLIMATE_ZONE_COUNT];
static uint32_t steps;

void control_start(void) {
  for (unsigned i = 0; i < CABIN_CLIMATE_ZONE_COUNT; i++) zones[i].target = FIRST_TARGET;
}

static void follow_schedule(zone *z) {
  const uint32_t ms = (steps - z->begun) * CABIN_CLIMATE_STEP_MS;
  while (z->next < z->schedule.count && z->schedule.points[z->next].after_ms <= ms)
    z->target = z->schedule.points[z->next++].celsius;
}

static void control(uint8_t index) {
  zone *z = &zones[index];
  const float celsius = cabin_celsius(index);
  follow_schedule(z);
  if (celsius < z->target - SWITCHING) z->heating = true;
  if (celsius > z->target + SWITCHING) z->heating = false;
  cabin_heat(index, z->heating);
  z->memory[steps % CONTROL_MEMORY].celsius = celsius;
  z->memory[steps % CONTROL_MEMORY].heating = z->heating;
}

void control_step(void) {
  for (uint8_t i = 0; i < CABIN_CLIMATE_ZONE_COUNT; i++) control(i);
  steps++;
  cabin_pass();
}

uint32_t control_steps(void) { return steps; }

cabin_climate_control_step control_at(uint8_t index, uint32_t number) {
  const zone *z = &zones[index];
  const uint32_t at = number % CONTROL_MEMORY;
  return (cabin_climate_control_step){number, z->memory[at].celsius, z->memory[at].heating};
}

cabin_climate_zone_state control_zone(uint8_t index) {
  return (cabin_climate_zone_state){cabin_celsius(index), zones[index].target, zones[index].heating};
}

float control_set_target(uint8_t index, float celsius) {
  const float before = zones[index].target;
  zones[index].target = celsius;
  zones[index].schedule.count = 0;
  return before;
}

void control_set_schedule(uint8_t index, const control_schedule *schedule) {
  zone *z = &zones[index];
  z->schedule = *schedule;
  z->next = 0;
  z->begun = steps;
}
