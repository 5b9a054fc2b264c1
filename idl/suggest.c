/* Edit distance with exchanged neighbours; whether letters are capital counts nothing. */
#include "suggest.h"

/* Longer words are not compared: nobody misspells them by a letter, and hostile ones cost time. */
#ifndef SUGGEST_WORD_MAX
#define SUGGEST_WORD_MAX 64
#endif

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

static size_t distance(text a, text b) {
  size_t rows[3][SUGGEST_WORD_MAX + 1];
  size_t *before = rows[0], *last = rows[1], *row = rows[2];
  for (size_t j = 0; j <= b.size; j++) last[j] = j;
  for (size_t i = 1; i <= a.size; i++) {
    row[0] = i;
    for (size_t j = 1; j <= b.size; j++) {
      char x = lower(a.data[i - 1]), y = lower(b.data[j - 1]);
      row[j] = least(least(last[j], row[j - 1]) + 1, last[j - 1] + (x != y));
      if (i > 1 && j > 1 && x == lower(b.data[j - 2]) && lower(a.data[i - 2]) == y)
        row[j] = least(row[j], before[j - 2] + 1);
    }
    size_t *spare = before;
    before = last;
    last = row;
    row = spare;
  }
  return last[b.size];
}

/* A third of the word may be wrong. */
suggestion suggest_for(text wanted) {
  return (suggestion){.wanted = wanted, .distance = (wanted.size + 2) / 3 + 1};
}

void suggest_consider(suggestion *s, text candidate) {
  if (candidate.size == 0 || candidate.size > SUGGEST_WORD_MAX || s->wanted.size > SUGGEST_WORD_MAX) return;
  size_t gap =
      candidate.size > s->wanted.size ? candidate.size - s->wanted.size : s->wanted.size - candidate.size;
  if (gap >= s->distance || text_equal(candidate, s->wanted)) return;
  size_t found = distance(s->wanted, candidate);
  if (found >= s->distance || found >= s->wanted.size) return;
  s->distance = found;
  s->best = candidate;
}

const char *suggest_hint(const suggestion *s, arena *a) {
  return s->best.size == 0 ? "" : arena_printf(a, "; did you mean '%.*s'?", TEXT_ARG(s->best));
}
