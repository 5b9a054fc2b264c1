/* Looks at errno, which on this machine is a call and on others a variable. */
#include <errno.h>
int bad_enter(void);
int bad_enter(void) { return errno; }
