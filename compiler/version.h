/* The one place that says which version this is. */
#ifndef COMPILER_VERSION_H
#define COMPILER_VERSION_H

#define MBRC_VERSION "0.1.0"

#endif
