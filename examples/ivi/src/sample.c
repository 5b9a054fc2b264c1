#include "sample.h"

#include <glob.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_CPUS = 256, MAX_SENSORS = 32, MAX_INTERFACES = 32, SENSOR_SIZE = 65, INTERFACE_SIZE = 33 };

typedef struct cpu_time {
  uint64_t busy, total;
} cpu_time;

struct sampler {
  cpu_time before[MAX_CPUS];
  size_t cpus_before;
  float busy[MAX_CPUS];
  char sensors[MAX_SENSORS][SENSOR_SIZE];
  ivi_machine_temperature temperatures[MAX_SENSORS];
  char names[MAX_INTERFACES][INTERFACE_SIZE];
  ivi_machine_interface interfaces[MAX_INTERFACES];
};

sampler *sampler_new(void) { return calloc(1, sizeof(sampler)); }
void sampler_free(sampler *s) { free(s); }

static const char *read_load(ivi_machine_load *load) {
  static const char path[] = "/proc/loadavg";
  FILE *file = fopen(path, "r");
  if (file == NULL) return path;
  int got = fscanf(file, "%f %f %f", &load->one_minute, &load->five_minutes, &load->fifteen_minutes);
  fclose(file);
  return got == 3 ? NULL : path;
}

static const char *read_memory(ivi_machine_memory *memory) {
  static const char path[] = "/proc/meminfo";
  FILE *file = fopen(path, "r");
  if (file == NULL) return path;
  char line[128];
  int got = 0;
  while (got < 2 && fgets(line, sizeof line, file) != NULL)
    got += sscanf(line, "MemTotal: %" SCNu32, &memory->total) == 1 ||
           sscanf(line, "MemAvailable: %" SCNu32, &memory->available) == 1;
  fclose(file);
  return got == 2 ? NULL : path;
}

/* One "cpuN user nice system idle iowait irq softirq steal" line of /proc/stat. */
static bool parse_cpu(const char *line, cpu_time *out) {
  uint64_t user, nice, system, idle, iowait, irq, softirq, steal;
  if (sscanf(line,
             "cpu%*u %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
             " %" SCNu64,
             &user, &nice, &system, &idle, &iowait, &irq, &softirq, &steal) != 8)
    return false;
  out->busy = user + nice + system + irq + softirq + steal;
  out->total = out->busy + idle + iowait;
  return true;
}

static float percent(cpu_time before, cpu_time after) {
  if (after.total <= before.total || after.busy < before.busy) return 0.0f;
  double share = (double)(after.busy - before.busy) / (double)(after.total - before.total);
  return (float)(share > 1.0 ? 100.0 : share * 100.0);
}

static const char *read_busy(sampler *s, mbr_list_f32 *out) {
  static const char path[] = "/proc/stat";
  FILE *file = fopen(path, "r");
  if (file == NULL) return path;
  char line[512];
  size_t count = 0;
  cpu_time after;
  while (count < MAX_CPUS && fgets(line, sizeof line, file) != NULL) {
    if (!parse_cpu(line, &after)) continue;
    s->busy[count] = percent(s->before[count], after);
    s->before[count++] = after;
  }
  fclose(file);
  *out = (mbr_list_f32){s->busy, s->cpus_before == count ? count : 0};
  s->cpus_before = count;
  return count > 0 ? NULL : path;
}

static bool read_number(const char *path, long *out) {
  FILE *file = fopen(path, "r");
  if (file == NULL) return false;
  bool ok = fscanf(file, "%ld", out) == 1;
  fclose(file);
  return ok;
}

/* Sensors are optional: what cannot be read is left out. */
static void read_temperatures(sampler *s, ivi_machine_sample *out) {
  glob_t zones;
  size_t count = 0;
  if (glob("/sys/class/thermal/thermal_zone*/temp", 0, NULL, &zones) == 0) {
    for (size_t i = 0; i < zones.gl_pathc && count < MAX_SENSORS; i++) {
      long millidegrees;
      if (!read_number(zones.gl_pathv[i], &millidegrees)) continue;
      snprintf(s->sensors[count], SENSOR_SIZE, "zone %zu", i);
      s->temperatures[count] = (ivi_machine_temperature){
          .sensor = {s->sensors[count], strlen(s->sensors[count])},
          .celsius = (float)millidegrees / 1000.0f,
      };
      count++;
    }
    globfree(&zones);
  }
  out->temperatures.items = s->temperatures;
  out->temperatures.count = count;
}

static const char *read_interfaces(sampler *s, ivi_machine_sample *out) {
  static const char path[] = "/proc/net/dev";
  FILE *file = fopen(path, "r");
  if (file == NULL) return path;
  char line[512];
  size_t count = 0;
  while (count < MAX_INTERFACES && fgets(line, sizeof line, file) != NULL) {
    int64_t received, sent;
    if (sscanf(line, " %32[^: ]: %" SCNd64 " %*d %*d %*d %*d %*d %*d %*d %" SCNd64, s->names[count],
               &received, &sent) != 3)
      continue;
    s->interfaces[count] = (ivi_machine_interface){
        .name = {s->names[count], strlen(s->names[count])}, .received = received, .sent = sent};
    count++;
  }
  fclose(file);
  out->interfaces.items = s->interfaces;
  out->interfaces.count = count;
  return NULL;
}

const char *sampler_read(sampler *s, ivi_machine_sample *out) {
  *out = (ivi_machine_sample){0};
  const char *unreadable = read_load(&out->load);
  if (unreadable == NULL) unreadable = read_memory(&out->memory);
  if (unreadable == NULL) unreadable = read_busy(s, &out->busy);
  if (unreadable == NULL) unreadable = read_interfaces(s, out);
  read_temperatures(s, out);
  return unreadable;
}
