/* runtime/dart/clock.h — alarms that one thread of the process rings. Knows nothing of peers. */
#ifndef MBR_RUNTIME_DART_CLOCK_H
#define MBR_RUNTIME_DART_CLOCK_H

#include <stdbool.h>

#include "../exec/clock.h"

/* Must stay where it is for good. Zeroed but for `ring`, which answers when it is to be called next. */
typedef struct mbr_alarm {
  struct mbr_alarm *next;
  uint64_t due;
  bool is_set;
  uint64_t (*ring)(struct mbr_alarm *alarm);
} mbr_alarm;

/* Has the alarm ring at that time, or before if that was asked for. The first one starts the thread; where
 * there is none to be had, the next one tries again. Any thread; nothing after mbr_clock_stop. */
void mbr_clock_set_alarm(mbr_alarm *alarm, uint64_t at);

/* Ends the thread, for good: waits for it, unless this is that thread. */
void mbr_clock_stop(void);

#endif
