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

/* Services that a connection may serve. */
#ifndef MBR_DART_SERVICES
#define MBR_DART_SERVICES 64u
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

/* Threads that run the handlers and callbacks of all connections, and the bytes of their stacks (0: the
 * system's usual size). A handler holds one until it returns, so this is how many may take long at once
 * before others wait. */
#ifndef MBR_DART_THREADS
#define MBR_DART_THREADS 4u
#endif
#ifndef MBR_DART_STACK_SIZE
#define MBR_DART_STACK_SIZE 0u
#endif

/* How long a process that exits waits for running handlers to return. */
#ifndef MBR_DART_EXIT_WAIT_MS
#define MBR_DART_EXIT_WAIT_MS 1000u
#endif

#endif
