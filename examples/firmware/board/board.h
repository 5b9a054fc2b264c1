/* What the application asks of the board: time, sleep, one serial line, a lamp, and what it remembers of
 * earlier starts. Everything of the chip is behind this; another board is another folder like this one.
 *
 * One loop does everything, and interrupts call nothing of the application but `received`. */
#ifndef BOARD_H
#define BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Turns on clock, line and interrupts. `received` is called with each byte from the line, in an interrupt. */
void board_start(void (*received)(uint8_t byte));

/* Since the start; monotonic, and not 0. */
uint64_t board_millis(void);
uint32_t board_micros(void);

/* Puts bytes on the line, as many as there is room for, and returns how many. */
size_t board_write(const uint8_t *bytes, size_t size);

/* Sleeps until that time in milliseconds, or until the line has received or has room again. */
void board_sleep_until(uint64_t at);

/* The longest interrupt of the line since the start, in microseconds, as far as the clock tells. */
uint32_t board_interrupt_max_us(void);

void board_lamp(bool on);

/* Starts since power came, this one included. */
uint32_t board_starts(void);

/* The most that the stack has held since the start, and what there is of it, in bytes. */
size_t board_stack_used(void);
size_t board_stack_size(void);

#endif
