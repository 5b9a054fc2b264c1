/* Frames that wait to be handled: see inbox.h. */
#include "inbox.h"

mbr_block *mbr_letter_make(mbr_peer *peer, const uint8_t *frame, size_t size) {
  if (peer->hooks.alloc == NULL || size > (size_t)-1 - MBR_BLOCK_HEADER_SIZE) return NULL;
  uint8_t *memory = (uint8_t *)peer->hooks.alloc(peer->owner, MBR_BLOCK_HEADER_SIZE + size);
  if (memory == NULL) return NULL;
  memcpy(memory + MBR_BLOCK_HEADER_SIZE, frame, size);
  mbr_block *letter = (mbr_block *)(void *)memory;
  letter->next = NULL;
  return letter;
}

void mbr_inbox_put(mbr_inbox *inbox, mbr_block *letter) {
  letter->next = NULL;
  if (inbox->first == NULL) inbox->first = letter;
  else inbox->last->next = letter;
  inbox->last = letter;
}

mbr_block *mbr_inbox_take(mbr_inbox *inbox) {
  mbr_block *letter = inbox->first;
  if (letter == NULL) return NULL;
  inbox->first = letter->next;
  letter->next = NULL;
  return letter;
}

void mbr_inbox_put_back(mbr_inbox *inbox, mbr_block *letter) {
  letter->next = inbox->first;
  if (inbox->first == NULL) inbox->last = letter;
  inbox->first = letter;
}

void mbr_inbox_clear(mbr_inbox *inbox, mbr_after *after) {
  mbr_block *letter;
  while ((letter = mbr_inbox_take(inbox)) != NULL) {
    letter->next = after->blocks;
    after->blocks = letter;
  }
}
