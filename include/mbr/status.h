/* mbr/status.h — the one list of results that the runtime and generated code answer with.
 *
 * Knows nothing of frames, calls or Dart. Status values are an ABI between the two sides of a
 * process (generated Dart holds the same numbers): append, never renumber. */
#ifndef MBR_STATUS_H
#define MBR_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__) || defined(__clang__)
#define MBR_MUST_CHECK __attribute__((warn_unused_result))
#else
#define MBR_MUST_CHECK
#endif

/* X(name, value, text) */
#define MBR_STATUS_MAP(X)                                                            \
  X(OK, 0, "ok")                                                                     \
  /* decoding and encoding */                                                        \
  X(TRUNCATED, 1, "the input ends inside a value")                                   \
  X(TRAILING, 2, "bytes are left after the value")                                   \
  X(BAD_BOOL, 3, "a bool is neither 0 nor 1")                                        \
  X(BAD_OPTION, 4, "an option tag is neither 0 nor 1")                               \
  X(BAD_UTF8, 5, "text is not well-formed UTF-8")                                    \
  X(BAD_CHAR, 6, "a char is not one Unicode scalar value")                           \
  X(BAD_ENUM, 7, "an enum value has no member")                                      \
  X(BAD_ARM, 8, "a union index has no arm")                                          \
  X(BAD_LENGTH, 9, "a length is above its bound or the input")                       \
  X(BAD_RANGE, 10, "a number is outside its declared range")                         \
  X(BAD_TIME, 11, "a timestamp is outside the calendar's range")                     \
  X(DUPLICATE, 12, "a map key or set item occurs twice")                             \
  X(TOO_DEEP, 13, "a value is nested deeper than its declared depth")                \
  X(NO_SPACE, 14, "the output buffer is full")                                       \
  X(NO_MEMORY, 15, "memory is out")                                                  \
  /* calls */                                                                        \
  X(WOULD_BLOCK, 16, "no credit or no room now; try again later")                    \
  X(CLOSED, 17, "the call or connection has ended")                                  \
  X(BUSY, 18, "too many calls are open")                                             \
  X(UNIMPLEMENTED, 19, "the other side does not serve this method")                  \
  X(MISMATCH, 20, "the two sides were built from different contracts")               \
  X(DROPPED, 21, "the handler returned without an answer and did not defer the call")\
  X(BAD_FRAME, 22, "a frame breaks the protocol")                                    \
  X(MISUSE, 23, "a function was called with arguments its contract forbids")         \
  X(INTERNAL, 24, "the handler reported a fault")                                    \
  X(CANCELLED, 25, "the caller has cancelled the call")                              \
  X(DEADLINE, 26, "the time given for the call is over")                             \
  X(DISCONNECTED, 27, "the connection ended while the call was open")                \
  X(UNSUPPORTED, 28, "this way of calling does not work over this connection")       \
  X(DEADLOCK, 29, "a blocking call here would wait for its own thread")

typedef enum mbr_status {
#define MBR_STATUS_ENUM(name, value, text) MBR_##name = (value),
  MBR_STATUS_MAP(MBR_STATUS_ENUM)
#undef MBR_STATUS_ENUM
} mbr_status;

/* The name of a status ("BAD_UTF8") and one sentence about it. Static strings, never NULL;
 * a number that is no status gives "UNKNOWN". Any thread. */
const char *mbr_status_name(mbr_status status);
const char *mbr_status_text(mbr_status status);

#ifdef __cplusplus
}
#endif
#endif
