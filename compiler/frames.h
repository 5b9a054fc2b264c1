/* How large the frames of a method and a service are, from the schema. Knows bytes on the wire and what the
 * runtime adds to them; nothing of what values look like in a language. Sums saturate. */
#ifndef COMPILER_FRAMES_H
#define COMPILER_FRAMES_H

#include "../idl/schema.h"

/* Payloads, without the header of a frame. SCHEMA_UNBOUNDED: the schema sets no bound. */
typedef struct frame_sizes {
  uint64_t call_min, call_max;     /* the prefix and the arguments */
  uint64_t answer_min, answer_max; /* what a caller may get: result, item or declared error; of a oneway 0 */
  uint64_t ending_max;             /* of these, the largest that ends the call */
  uint64_t item_max;               /* of the result's stream; 0: none */
  uint64_t upload_max;             /* of an item of the stream parameter; 0: none */
} frame_sizes;

frame_sizes frames_of(const schema_method *m);

/* The stream parameter, or NULL. */
const schema_field *frames_upload(const schema_method *m);

/* Whole frames of all methods that travel, which sync ones do not. */
typedef struct frame_totals {
  uint64_t request_max; /* CALLs and items of stream parameters */
  uint64_t answer_max;  /* results, items, errors and faults */
  uint64_t hello;       /* what tells the other side of the service */
  uint64_t frame_max;   /* the largest of all */
  uint64_t ending_room; /* outbox bytes that are promised to an open call at most */
} frame_totals;

frame_totals frames_of_service(const schema_decl *service);

/* Bytes that a frame with this payload takes in an outbox. */
uint64_t frames_record(uint64_t payload);

#endif
