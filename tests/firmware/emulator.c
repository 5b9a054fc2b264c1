#define _GNU_SOURCE
#include "emulator.h"

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { ATTEMPTS = 500, ATTEMPT_MS = 20, REPLY_MS = 10000 };

static int connect_to(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  assert_true(strlen(path) < sizeof address.sun_path);
  strcpy(address.sun_path, path);
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof address) == 0) return fd;
  close(fd);
  return -1;
}

static void run(const emulator *e, const char *image) {
  char serial[128], monitor[128];
  (void)snprintf(serial, sizeof serial, "unix:%s,server=on,wait=off", e->line);
  (void)snprintf(monitor, sizeof monitor, "unix:%s,server=on,wait=off", e->monitor);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  char *const arguments[] = {
    "qemu-system-arm", "-M", "mps2-an385", "-nographic", "-nodefaults", "-nic", "user,restrict=on",
    "-serial", serial, "-monitor", monitor, "-kernel", (char *)(uintptr_t)image,
    e->counted ? "-icount" : NULL, "shift=6", NULL,
  };
  unsetenv("LD_PRELOAD");
  execvp(arguments[0], arguments);
  perror(arguments[0]);
  _exit(127);
}

void emulator_start(emulator *e, bool counted) {
  const char *image = getenv("FIRMWARE");
  assert_non_null(image);
  *e = (emulator){.counted = counted};
  (void)snprintf(e->line, sizeof e->line, "line-%d", (int)getpid());
  (void)snprintf(e->monitor, sizeof e->monitor, "monitor-%d", (int)getpid());
  (void)unlink(e->line);
  (void)unlink(e->monitor);
  e->pid = fork();
  assert_true(e->pid >= 0);
  if (e->pid == 0) run(e, image);
  for (int i = 0; i < ATTEMPTS && access(e->monitor, F_OK) != 0; i++) {
    assert_int_equal(waitpid(e->pid, NULL, WNOHANG), 0);
    (void)poll(NULL, 0, ATTEMPT_MS);
  }
}

void emulator_kill(emulator *e) {
  if (e->pid == 0) return;
  kill(e->pid, SIGKILL);
  assert_int_equal(waitpid(e->pid, NULL, 0), e->pid);
  e->pid = 0;
  (void)unlink(e->line);
  (void)unlink(e->monitor);
}

/* Until its prompt has come so many times: one stands before the command, one after it. */
static void await_prompts(int fd, int prompts) {
  char byte, last = 0;
  struct pollfd wait = {.fd = fd, .events = POLLIN};
  while (prompts > 0) {
    assert_int_equal(poll(&wait, 1, REPLY_MS), 1);
    assert_int_equal(read(fd, &byte, 1), 1);
    if (last == ')' && byte == ' ') prompts--;
    last = byte;
  }
}

void emulator_reset(emulator *e) {
  static const char command[] = "system_reset\n";
  const int fd = connect_to(e->monitor);
  assert_true(fd >= 0);
  await_prompts(fd, 1);
  assert_int_equal(write(fd, command, sizeof command - 1), sizeof command - 1);
  await_prompts(fd, 1);
  close(fd);
}

void emulator_halt(const emulator *e) { assert_int_equal(kill(e->pid, SIGSTOP), 0); }

void emulator_go_on(const emulator *e) { assert_int_equal(kill(e->pid, SIGCONT), 0); }

int emulator_line(const emulator *e) {
  const int fd = connect_to(e->line);
  if (fd >= 0) assert_true(fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
  return fd;
}
