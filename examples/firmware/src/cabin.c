/* A zone warms towards what its heater can do, cools towards the outside and mixes with its neighbours: a
 * first-order model that runs many times faster than a cabin, so that a demonstration ends soon. */
#include "cabin.h"

#include "cabin_climate.h"

#define OUTSIDE 5.0f
#define HEATER 0.12f  /* degrees a step */
#define LOSS 0.002f   /* of the difference to the outside, a step */
#define MIXING 0.005f /* of the difference to a neighbour, a step */

static struct {
  float above; /* the outside, in degrees */
  bool heated;
} zones[CABIN_CLIMATE_ZONE_COUNT];

float cabin_celsius(uint8_t zone) { return OUTSIDE + zones[zone].above; }

void cabin_heat(uint8_t zone, bool on) { zones[zone].heated = on; }

void cabin_pass(void) {
  float mixed = 0.0f;
  for (unsigned i = 0; i < CABIN_CLIMATE_ZONE_COUNT; i++) mixed += zones[i].above;
  mixed /= (float)CABIN_CLIMATE_ZONE_COUNT;
  for (unsigned i = 0; i < CABIN_CLIMATE_ZONE_COUNT; i++) {
    const float above = zones[i].above;
    zones[i].above += (zones[i].heated ? HEATER : 0.0f) - LOSS * above + MIXING * (mixed - above);
  }
}
