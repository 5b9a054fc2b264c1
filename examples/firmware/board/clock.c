/* Time from the core's timer, and sleep between interrupts. */
#include "board.h"
#include "chip.h"

static volatile uint64_t millis = 1;
static volatile bool woken;

void clock_interrupt(void) { millis++; }

void clock_wake(void) { woken = true; }

void clock_start(void) {
  SYSTICK_RELOAD = CHIP_TICKS_PER_MS - 1u;
  SYSTICK_VALUE = 0;
  SYSTICK_CONTROL = SYSTICK_RUN;
}

/* 64 bits are read in two: no interrupt may come between. */
uint64_t board_millis(void) {
  chip_hold_interrupts();
  const uint64_t now = millis;
  chip_allow_interrupts();
  return now;
}

/* The timer may have passed zero while its interrupt was held back. */
uint32_t board_micros(void) {
  chip_hold_interrupts();
  uint32_t ms = (uint32_t)millis;
  uint32_t left = SYSTICK_VALUE;
  if ((INTERRUPT_STATE & INTERRUPT_STATE_SYSTICK) != 0) {
    left = SYSTICK_VALUE;
    ms++;
  }
  chip_allow_interrupts();
  return ms * 1000u + (CHIP_TICKS_PER_MS - 1u - left) / CHIP_TICKS_PER_US;
}

uint32_t clock_ticks_since(uint32_t ticks) {
  const uint32_t now = SYSTICK_VALUE;
  return ticks >= now ? ticks - now : ticks + CHIP_TICKS_PER_MS - now;
}

/* What comes between the look at `woken` and the sleep is due already and ends it. */
static void sleep_unless_woken(void) {
  chip_hold_interrupts();
  if (!woken) chip_sleep();
  chip_allow_interrupts();
}

void board_sleep_until(uint64_t at) {
  while (!woken && board_millis() < at) sleep_unless_woken();
  woken = false;
}
