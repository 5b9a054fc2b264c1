/* All that a head unit may ask of the unit at once: targets set for every zone, both recordings, a watch and
 * its health, over and over. Each answer is checked as it comes; the first that is wrong, missing, doubled or
 * late fails the test. */
#ifndef TESTS_FIRMWARE_LOAD_H
#define TESTS_FIRMWARE_LOAD_H

#include "head.h"

enum { LOAD_CALLS = 4, CALL_MS = 1000 };

typedef struct load load;

typedef struct load_call {
  load *of;
  bool open;
  uint64_t sent; /* ms */
  uint8_t zone;
  bool before_known;
  float before; /* the target that the answer is to tell */
} load_call;

typedef struct load_stream {
  load *of;
  bool open;
  bool begun; /* an item has come */
  cabin_climate_control_step last;
} load_stream;

struct load {
  head *head;
  bool ending; /* nothing is asked any more */
  load_call calls[LOAD_CALLS];
  bool target_known[CABIN_CLIMATE_ZONE_COUNT];
  float target[CABIN_CLIMATE_ZONE_COUNT]; /* sent last */
  uint32_t serial;                        /* of targets, so that no two alike follow each other */
  load_stream recordings[CABIN_CLIMATE_ZONE_COUNT];
  load_stream watching;
  bool asked_health;
  uint64_t asked_health_at;
  cabin_climate_health health; /* the newest */
  /* What came of it. */
  unsigned answered, deadlines, disconnected, steps, states, reports;
  uint64_t slowest; /* ms: a call that was answered */
};

void load_begin(load *l, head *h);

/* Asks for whatever is not being asked, and gives the head a turn. */
void load_turn(load *l, unsigned ms);
void load_run(load *l, unsigned ms);

/* Asks for nothing more, and waits for the ends of what was asked. Streams are left open. */
void load_settle(load *l);

#endif
