/* What the images to be weighed encode and decode: the first MESSAGES of messages.mbr. */
#define EACH_MESSAGE(X) X(reading, Reading) EACH_OTHER(X)
#if MESSAGES == 1
#define EACH_OTHER(X)
#else
#define EACH_OTHER(X)                                                                          \
  X(ack, Ack) X(target, Target) X(status, Status) X(config, Config) X(fault, Fault) X(fan, Fan) \
  X(axes, Axes) X(history, History) X(version, Version)
#endif

extern unsigned char buffer[256];
int main(void);
