/* Names and texts of mbr_status, from the one list in status.h. */
#include "mbr/status.h"

const char *mbr_status_name(mbr_status status) {
  switch (status) {
#define MBR_STATUS_NAME(name, value, text) \
  case MBR_##name:                         \
    return #name;
    MBR_STATUS_MAP(MBR_STATUS_NAME)
#undef MBR_STATUS_NAME
  }
  return "UNKNOWN";
}

const char *mbr_status_text(mbr_status status) {
  switch (status) {
#define MBR_STATUS_TEXT(name, value, text) \
  case MBR_##name:                         \
    return text;
    MBR_STATUS_MAP(MBR_STATUS_TEXT)
#undef MBR_STATUS_TEXT
  }
  return "not a status of this version";
}
