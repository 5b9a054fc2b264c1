/* The head unit's library, which Dart opens: it keeps up the line to the unit and lends the unit's service to
 * every isolate that connects. It knows where the unit is, and nothing of what the service does.
 *
 * CLIMATE_LINE names the line: a terminal, or a socket where the unit is an emulator. */
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include "cabin_climate_client.h"
#include "mbr/bridge.h"
#include "mbr/dart.h"

#define DEFAULT_LINE "/dev/ttyS1"
#define BAUD B115200
#define REOPEN_MS 100u

static pthread_once_t once = PTHREAD_ONCE_INIT;
static mbr_line *line;
static mbr_bridge *bridge; /* NULL: there was no memory or thread for it */

/* Eight bits, no parity, and every byte as it is. */
static bool make_raw(int fd) {
  struct termios settings;
  if (tcgetattr(fd, &settings) != 0) return false;
  settings.c_iflag = 0;
  settings.c_oflag = 0;
  settings.c_lflag = 0;
  settings.c_cflag = CS8 | CREAD | CLOCAL;
  settings.c_cc[VMIN] = 1;
  settings.c_cc[VTIME] = 0;
  return cfsetispeed(&settings, BAUD) == 0 && cfsetospeed(&settings, BAUD) == 0 &&
         tcsetattr(fd, TCSAFLUSH, &settings) == 0;
}

static int open_terminal(const char *path) {
  const int fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0 || make_raw(fd)) return fd;
  (void)close(fd);
  return -1;
}

static int open_socket(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) return -1;
  strcpy(address.sun_path, path);
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof address) == 0) return fd;
  (void)close(fd);
  return -1;
}

static int open_line(void *arg) {
  const char *named = getenv("CLIMATE_LINE");
  const char *path = named != NULL ? named : DEFAULT_LINE;
  struct stat info;
  (void)arg;
  if (stat(path, &info) != 0) return -1;
  return S_ISSOCK(info.st_mode) ? open_socket(path) : open_terminal(path);
}

/* Both stay for as long as the process. */
static void begin(void) {
  line = mbr_line_open(&(mbr_line_options){
    .open = open_line,
    .retry_ms = CABIN_CLIMATE_RETRY_MS,
    .lost_ms = CABIN_CLIMATE_LOST_MS,
    .reopen_ms = REOPEN_MS,
  });
  if (line != NULL) bridge = mbr_bridge_open(cabin_climate_climate_remote(), &line, 1);
}

static mbr_status connect_dart(mbr_peer *dart) {
  (void)pthread_once(&once, begin);
  return bridge != NULL ? mbr_bridge_lend(bridge, dart) : MBR_NO_MEMORY;
}

MBR_DART_LIBRARY(climate, connect_dart)
