#include "hash.h"

uint32_t hash_fnv32(text t) {
  uint32_t hash = UINT32_C(2166136261);
  for (size_t i = 0; i < t.size; i++) hash = (hash ^ (unsigned char)t.data[i]) * UINT32_C(16777619);
  return hash;
}

uint64_t hash_fnv64(uint64_t before, text t) {
  uint64_t hash = before;
  for (size_t i = 0; i < t.size; i++) hash = (hash ^ (unsigned char)t.data[i]) * UINT64_C(1099511628211);
  return hash;
}
