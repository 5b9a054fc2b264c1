/* From reset to main: vectors, memory, and the stack painted to tell how much of it is used. A fault resets
 * the unit; the other side of the line sees a connection that begins anew. */
#include <string.h>

#include "board.h"
#include "chip.h"

#define PAINT 0xA5A5A5A5u
#define KEPT_MARK 0x5EED1E55u

/* From the linker script. */
extern uint8_t data_begin[], data_end[], bss_begin[], bss_end[];
extern const uint8_t data_stored[];
extern uint32_t stack_low[], stack_high[];

/* Survives a reset, but not the loss of power. */
static struct {
  uint32_t mark;
  uint32_t starts;
} kept __attribute__((section(".kept")));

int main(void);

static void fault(void) {
  RESET_CONTROL = RESET_NOW;
  for (;;) continue;
}

typedef void (*vector)(void);

/* The core's own 15, then those of the chip. */
__attribute__((section(".vectors"), used)) static const struct {
  uint32_t *stack;
  vector core[15];
  vector chip[32];
} vectors = {
  .stack = stack_high,
  .core = {chip_reset, fault, fault, fault, fault, fault, NULL, NULL, NULL, NULL, fault, fault, NULL, fault,
           clock_interrupt},
  .chip = {[UART_RECEIVE_IRQ] = uart_receive_interrupt, [UART_SEND_IRQ] = uart_send_interrupt},
};

/* All below the frame of the caller. */
static void paint_stack(void) {
  uint32_t *const here = __builtin_frame_address(0);
  for (uint32_t *word = stack_low; word < here - 16; word++) *(volatile uint32_t *)word = PAINT;
}

void chip_reset(void) {
  paint_stack();
  memcpy(data_begin, data_stored, (size_t)(data_end - data_begin));
  memset(bss_begin, 0, (size_t)(bss_end - bss_begin));
  if (kept.mark != KEPT_MARK) kept.starts = 0;
  kept.mark = KEPT_MARK;
  kept.starts++;
  (void)main();
  fault();
}

uint32_t board_starts(void) { return kept.starts; }

size_t board_stack_size(void) { return (size_t)(stack_high - stack_low) * sizeof *stack_low; }

size_t board_stack_used(void) {
  const uint32_t *word = stack_low;
  while (word < stack_high && *word == PAINT) word++;
  return (size_t)(stack_high - word) * sizeof *word;
}
