/* The registers of the chip that this board uses: a Cortex-M3 with CMSDK peripherals, as on an Arm MPS2 with
 * the image AN385. Addresses and bits are from its manuals (DUI 0479, DAI 0385, DDI 0403); nothing but
 * this folder knows them. */
#ifndef BOARD_CHIP_H
#define BOARD_CHIP_H

#include <stdint.h>

#define CHIP_CLOCK_HZ 25000000u
#define CHIP_TICKS_PER_MS (CHIP_CLOCK_HZ / 1000u)
#define CHIP_TICKS_PER_US (CHIP_CLOCK_HZ / 1000000u)

#define CHIP_REGISTER(address) (*(volatile uint32_t *)(address))

/* UART0 and its two interrupts. */
#define UART_DATA CHIP_REGISTER(0x40004000u)
#define UART_STATE CHIP_REGISTER(0x40004004u)
#define UART_CONTROL CHIP_REGISTER(0x40004008u)
#define UART_CLEAR CHIP_REGISTER(0x4000400Cu) /* writing a one ends that interrupt */
#define UART_DIVIDER CHIP_REGISTER(0x40004010u)
#define UART_STATE_RECEIVED 0x02u /* its receive buffer is full */
#define UART_SEND 0x01u           /* in UART_CONTROL to enable, in UART_CLEAR the interrupt */
#define UART_RECEIVE 0x02u
#define UART_SEND_INTERRUPT 0x04u
#define UART_RECEIVE_INTERRUPT 0x08u
#define UART_RECEIVE_IRQ 0u
#define UART_SEND_IRQ 1u

/* Of the core: the timer that ticks, and interrupts. */
#define SYSTICK_CONTROL CHIP_REGISTER(0xE000E010u)
#define SYSTICK_RELOAD CHIP_REGISTER(0xE000E014u)
#define SYSTICK_VALUE CHIP_REGISTER(0xE000E018u) /* counts down */
#define SYSTICK_RUN 0x7u                         /* from the core's clock, with its interrupt */
#define INTERRUPT_STATE CHIP_REGISTER(0xE000ED04u)
#define INTERRUPT_STATE_SYSTICK 0x04000000u /* it is due and has not run */
#define INTERRUPT_ENABLE CHIP_REGISTER(0xE000E100u)
#define RESET_CONTROL CHIP_REGISTER(0xE000ED0Cu)
#define RESET_NOW 0x05FA0004u

#define LAMPS CHIP_REGISTER(0x40028000u)

/* Interrupts are held back between these two; they nest not, and are for a few instructions. */
static inline void chip_hold_interrupts(void) { __asm volatile("cpsid i" ::: "memory"); }
static inline void chip_allow_interrupts(void) { __asm volatile("cpsie i" ::: "memory"); }

/* Until an interrupt is due, held back or not. */
static inline void chip_sleep(void) { __asm volatile("dsb\n\twfi" ::: "memory"); }

/* Where the vectors lead. */
void chip_reset(void);
void clock_interrupt(void);
void uart_receive_interrupt(void);
void uart_send_interrupt(void);

/* Between the parts of the board, the first two in interrupts, too. */
void clock_wake(void); /* ends board_sleep_until */
uint32_t clock_ticks_since(uint32_t ticks); /* a SYSTICK_VALUE of less than a millisecond ago */
void clock_start(void);
void uart_start(void (*received)(uint8_t byte));

#endif
