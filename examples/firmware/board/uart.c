/* The serial line: a byte each way and interrupt, and a ring for those that wait to be sent. */
#include "board.h"
#include "chip.h"

#define BAUD 115200u

/* Bytes that wait to be sent: a power of two. */
#define RING_SIZE 256u

static void (*give)(uint8_t byte);
static uint8_t ring[RING_SIZE];
static volatile uint32_t ring_head; /* stored by board_write alone */
static volatile uint32_t ring_tail; /* stored by the interrupt, or while there is none */
static volatile bool sending;       /* an interrupt will come */
static volatile uint32_t longest;   /* interrupt, in ticks */

void uart_start(void (*received)(uint8_t byte)) {
  give = received;
  UART_DIVIDER = CHIP_CLOCK_HZ / BAUD;
  UART_CONTROL = UART_SEND | UART_RECEIVE | UART_SEND_INTERRUPT | UART_RECEIVE_INTERRUPT;
  INTERRUPT_ENABLE = 1u << UART_RECEIVE_IRQ | 1u << UART_SEND_IRQ;
}

static void measure(uint32_t since) {
  const uint32_t ticks = clock_ticks_since(since);
  if (ticks > longest) longest = ticks;
}

/* The interrupt is cleared first: the next byte may come as soon as this one was read. */
void uart_receive_interrupt(void) {
  const uint32_t begin = SYSTICK_VALUE;
  UART_CLEAR = UART_RECEIVE;
  if ((UART_STATE & UART_STATE_RECEIVED) != 0) give((uint8_t)UART_DATA);
  clock_wake();
  measure(begin);
}

static void send_next(void) {
  UART_DATA = ring[ring_tail % RING_SIZE];
  ring_tail = ring_tail + 1u;
}

/* Whoever waits for room is woken when there is half a ring of it, not for each byte. */
void uart_send_interrupt(void) {
  const uint32_t begin = SYSTICK_VALUE;
  UART_CLEAR = UART_SEND;
  sending = ring_tail != ring_head;
  if (sending) send_next();
  if (ring_head - ring_tail == RING_SIZE / 2u) clock_wake();
  measure(begin);
}

size_t board_write(const uint8_t *bytes, size_t size) {
  const uint32_t room = RING_SIZE - (ring_head - ring_tail);
  const uint32_t taken = size < room ? (uint32_t)size : room;
  for (uint32_t i = 0; i < taken; i++) ring[(ring_head + i) % RING_SIZE] = bytes[i];
  chip_hold_interrupts();
  ring_head = ring_head + taken;
  if (!sending && taken != 0) {
    sending = true;
    send_next();
  }
  chip_allow_interrupts();
  return taken;
}

/* Rounded up. */
uint32_t board_interrupt_max_us(void) { return (longest + CHIP_TICKS_PER_US - 1u) / CHIP_TICKS_PER_US; }

void board_lamp(bool on) { LAMPS = on ? 1u : 0u; }

void board_start(void (*received)(uint8_t byte)) {
  clock_start();
  uart_start(received);
}
