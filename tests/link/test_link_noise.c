/* Noise of every kind: what is sent arrives, each frame once, whole and in order, without the connection
 * being lost; and when the noise ends all is repaired soon. LINK_FRAMES sets how many frames pass, LINK_SEED
 * which noise there is. */
#include "line.h"

#include <stdio.h>

enum { SHORT_FORM = 40000, QUIET_TRIALS = 200 };

static uint64_t number_from(const char *name, uint64_t otherwise) {
  const char *text = getenv(name);
  return text != NULL ? strtoull(text, NULL, 10) : otherwise;
}

static const noise kinds[] = {
  {0},
  {.flip = 2000},
  {.drop = 2000},
  {.twice = 2000},
  {.insert = 2000},
  {.burst = 300},
  {.stall = 200},
  {.flip = 500, .drop = 500, .twice = 500, .insert = 500, .burst = 50, .stall = 50},
  {.flip = 1500, .drop = 1500, .twice = 1500, .insert = 1500, .burst = 100, .stall = 50},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static size_t any_size(line *l) {
  const uint32_t most = random_of(l) % 8u == 0 ? FRAME_MAX : 64u;
  return MBR_FRAME_HEADER_SIZE + random_of(l) % (most - MBR_FRAME_HEADER_SIZE + 1u);
}

/* As much as fits, most of the time: sometimes a single frame, whose loss nothing that follows reveals. */
static void chatter(line *l, station *s) {
  unsigned count = random_of(l) % 16u == 0 ? random_of(l) % 12u : 0;
  while (count-- > 0) {
    if (!say(s, random_of(l) % 10u == 0 ? MBR_FRAME_CALL : MBR_FRAME_ITEM, any_size(l))) return;
  }
}

static void pass_frames(uint64_t seed, const noise *n, uint64_t frames) {
  line *l = new_line(seed);
  connect(l);
  l->a.refuses = l->b.refuses = true;
  l->noise = *n;
  uint64_t most = frames * 100u + 10000u; /* ms */
  while (l->a.total + l->b.total < frames && most-- > 0) {
    chatter(l, &l->a);
    chatter(l, &l->b);
    tick(l);
  }
  assert_true(l->a.total + l->b.total >= frames);
  end_noise(l);
  settle(l, LOST_MS);
  assert_int_equal(l->a.downs + l->b.downs, 0);
  printf("  %7llu frames, %llu ms, of a: %u sent, %u repeated, %u damaged, %u refused, %u overrun\n",
         (unsigned long long)(l->a.total + l->b.total), (unsigned long long)(l->us / 1000u),
         l->a.link.counters.sent, l->a.link.counters.repeated, l->a.link.counters.damaged,
         l->a.link.counters.refused, l->a.link.counters.overrun);
  free(l);
}

static void test_noise_costs_time_and_nothing_else(void **state) {
  const uint64_t frames = number_from("LINK_FRAMES", SHORT_FORM);
  const uint64_t seed = number_from("LINK_SEED", 1);
  (void)state;
  for (unsigned i = 0; i < KINDS; i++) pass_frames(seed + i, &kinds[i], (frames + KINDS - 1) / KINDS);
}

/* A round trip as RETRY_MS has it: the longest frame there, the acknowledgement behind a longest frame back.
 * */
static void repair(uint64_t seed) {
  line *l = new_line(seed);
  connect(l);
  l->noise = kinds[KINDS - 1];
  l->noise.stall = 0;
  for (unsigned i = 0; i < 300u + seed % 40u; i++) {
    if (i % 8u == 0 && l->a.link.under_way < MBR_LINK_WINDOW) (void)say(&l->a, MBR_FRAME_ITEM, 40);
    tick(l);
  }
  end_noise(l);
  const uint64_t end = l->us / 1000u;
  assert_true(say(&l->a, MBR_FRAME_ITEM, 40));
  settle(l, 3 * RETRY_MS);
  assert_true(l->b.heard_ms - end <= 3 * RETRY_MS);
  assert_int_equal(l->a.downs + l->b.downs, 0);
  free(l);
}

static void test_what_noise_broke_is_repaired_within_three_round_trips_of_its_end(void **state) {
  (void)state;
  for (unsigned i = 0; i < QUIET_TRIALS; i++) repair(1000 + i);
}

/* With nothing to repeat, garbage on a quiet line does not delay the frame that follows it. */
static void test_the_first_frame_after_garbage_arrives_at_once(void **state) {
  (void)state;
  for (unsigned i = 0; i < QUIET_TRIALS; i++) {
    line *l = new_line(i);
    connect(l);
    for (unsigned k = 1 + i % 40u; k > 0; k--) put_on_wire(l, &l->a.out, (uint8_t)random_of(l));
    assert_true(say(&l->a, MBR_FRAME_ITEM, 40));
    const uint64_t end = l->us / 1000u;
    settle(l, RETRY_MS);
    assert_true(l->b.heard_ms - end <= LATENCY_MS + 3);
    free(l);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_the_first_frame_after_garbage_arrives_at_once),
    cmocka_unit_test(test_what_noise_broke_is_repaired_within_three_round_trips_of_its_end),
    cmocka_unit_test(test_noise_costs_time_and_nothing_else),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
