/* Reads the machine's state from /proc and /sys into the contract's Sample. Knows nothing of calls. */
#ifndef IVI_SAMPLE_H
#define IVI_SAMPLE_H

#include "ivi_machine.h"

/* Keeps the memory that samples point into, and the processors' counters of the previous sample. */
typedef struct sampler sampler;

sampler *sampler_new(void); /* NULL: no memory */
void sampler_free(sampler *s); /* NULL is fine */

/* Fills `out`, which points into `s` and is valid until its next read. Answers NULL, or the path of a
 * file that could not be read. One thread at a time. */
const char *sampler_read(sampler *s, ivi_machine_sample *out);

#endif
