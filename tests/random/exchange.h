/* The types that a random contract has: generate.dart writes the list. */
#ifndef EXCHANGE_H
#define EXCHANGE_H

#include "codec.h"

extern const codec *const subjects[];
extern const size_t subject_count;

#endif
