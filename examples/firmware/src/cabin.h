/* The cabin as sensors and heaters see it. Here it is a model, the same at every run: in a car this is where
 * the converters are read and the outputs are switched. */
#ifndef CABIN_H
#define CABIN_H

#include <stdbool.h>
#include <stdint.h>

float cabin_celsius(uint8_t zone);
void cabin_heat(uint8_t zone, bool on);

/* One control step goes by. */
void cabin_pass(void);

#endif
