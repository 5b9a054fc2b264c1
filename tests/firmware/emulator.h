/* The unit in an emulator: started, reset and killed as a test wants, its serial line a socket. */
#ifndef TESTS_FIRMWARE_EMULATOR_H
#define TESTS_FIRMWARE_EMULATOR_H

#include <stdbool.h>
#include <sys/types.h>

typedef struct emulator {
  char line[96], monitor[96]; /* paths of sockets */
  pid_t pid;                  /* 0: it does not run */
  bool counted;               /* see emulator_start */
} emulator;

/* Starts the image that FIRMWARE names, with sockets in the current folder. `counted`: its time goes by
 * instructions, 64 ns each, about as with this core at its 25 MHz, so that the times that it measures itself
 * mean something. Fails the test where there is no emulator. It dies with this process. */
void emulator_start(emulator *e, bool counted);

/* As power is cut. */
void emulator_kill(emulator *e);

/* As the reset button, by the emulator's monitor; its line stays open. */
void emulator_reset(emulator *e);

/* The whole board stands still, its line open, until it goes on. */
void emulator_halt(const emulator *e);
void emulator_go_on(const emulator *e);

/* A connection to the serial line, not blocking; or -1. */
int emulator_line(const emulator *e);

#endif
