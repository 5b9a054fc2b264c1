/* runtime/dart/config.h — sizes and limits of connections to Dart; a build may override each. */
#ifndef MBR_RUNTIME_DART_CONFIG_H
#define MBR_RUNTIME_DART_CONFIG_H

/* Connections, and so isolates, that one library serves at once. */
#ifndef MBR_DART_CONNECTIONS
#define MBR_DART_CONNECTIONS 32u
#endif

/* Calls and streams that may be open at once on a connection. */
#ifndef MBR_DART_CALLS
#define MBR_DART_CALLS 1024u
#endif

/* Calls of host services that C may have open at once on a connection. */
#ifndef MBR_DART_HOST_CALLS
#define MBR_DART_HOST_CALLS 256u
#endif

/* Services that a connection may serve, and methods of theirs that are counted. */
#ifndef MBR_DART_SERVICES
#define MBR_DART_SERVICES 64u
#endif
#ifndef MBR_DART_METHODS
#define MBR_DART_METHODS 512u
#endif

/* Bytes set aside for the arguments of each open call; larger ones take a heap block. */
#ifndef MBR_DART_CALL_STORAGE
#define MBR_DART_CALL_STORAGE 512u
#endif

/* Bytes of frames that may wait for Dart; a power of two. Each open call keeps 160 of them for its ending, or
 * more where the runtime's other limits are raised. Pages that are never reached cost no memory. */
#ifndef MBR_DART_RING_SIZE
#define MBR_DART_RING_SIZE 524288u
#endif

/* The request buffer: at first, and at most. */
#ifndef MBR_DART_REQUEST_SIZE
#define MBR_DART_REQUEST_SIZE 16384u
#endif
#ifndef MBR_DART_REQUEST_MAX
#define MBR_DART_REQUEST_MAX 0x10000000u
#endif

/* The answer buffer of sync calls; larger answers take a heap block. */
#ifndef MBR_DART_ANSWER_SIZE
#define MBR_DART_ANSWER_SIZE 4096u
#endif

/* Threads that run the handlers and callbacks of all connections, and the bytes of their stacks (0: the
 * system's usual size), where MBR_DART_LIBRARY_ON does not say. A handler holds one until it returns, so this
 * is how many may take long at once before others wait. */
#ifndef MBR_DART_THREADS
#define MBR_DART_THREADS 4u
#endif
#ifndef MBR_DART_STACK_SIZE
#define MBR_DART_STACK_SIZE 0u
#endif

/* The stack of the thread that watches deadlines. */
#ifndef MBR_DART_CLOCK_STACK_SIZE
#define MBR_DART_CLOCK_STACK_SIZE 131072u
#endif

/* How long a process that exits waits for running handlers to return. */
#ifndef MBR_DART_EXIT_WAIT_MS
#define MBR_DART_EXIT_WAIT_MS 1000u
#endif

#endif
