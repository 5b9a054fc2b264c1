/* The types that a random contract has: generate.dart writes the list. */
#ifndef EXCHANGE_H
#define EXCHANGE_H

#include "codec.h"

/* Defines `X_crossed`, which decodes with the lax contract and encodes with the contract itself: so values
 * come to the encoder that no decoder of the contract lets through. The two types are laid out alike. */
#define CROSSED(X)                                                                                           \
  typedef char X##_is_laid_out_alike[sizeof(X) == sizeof(lax_##X) ? 1 : -1];                                 \
  static mbr_status X##_lax_decode(mbr_reader *r, void *value) {                                             \
    return lax_##X##_decode(r, (lax_##X *)value);                                                            \
  }                                                                                                          \
  static const codec X##_crossed = {sizeof(X), X##_test_size, X##_test_encode, X##_lax_decode}

/* The codecs of all types, and then the crossed ones. */
extern const codec *const subjects[];
extern const size_t subject_count;

#endif
