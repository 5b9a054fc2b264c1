/* Prints. */
#include <stdio.h>
void bad_enter(void);
void bad_enter(void) { printf("%d\n", 1); }
