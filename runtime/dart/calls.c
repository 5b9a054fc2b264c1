/* Frames and memory between Dart and the peer of a connection. But for the two that run handlers these are
 * leaf calls, which never post, wait or call back. One thread at a time. */
#include "blocks.h"
#include "config.h"
#include "connection.h"
#include "dl.h"

#define CONTROL_PAYLOAD_SIZE 4u

static mbr_connection *of(mbr_dart_connection *shared) { return (mbr_connection *)(void *)shared; }

int32_t mbr_dart_submit(mbr_dart_connection *connection, uint32_t size) {
  if (size > connection->request_size) return MBR_MISUSE;
  return (int32_t)mbr_peer_receive(&of(connection)->peer, connection->request, size);
}

int32_t mbr_dart_submit_here(mbr_dart_connection *connection, uint32_t size) {
  mbr_connection *c = of(connection);
  mbr_answer answer = {.buffer = c->answer_buffer, .capacity = MBR_DART_ANSWER_SIZE};
  if (size > connection->request_size) return -MBR_MISUSE;
  mbr_status status = mbr_peer_receive_here(&c->peer, connection->request, size, &answer);
  if (status != MBR_OK) return -(int32_t)status;
  return (int32_t)answer.size | (answer.drain ? MBR_DART_DRAIN : 0);
}

int32_t mbr_dart_sync(mbr_dart_connection *connection, uint32_t size) {
  mbr_connection *c = of(connection);
  mbr_answer answer = {.buffer = c->answer_buffer, .capacity = MBR_DART_ANSWER_SIZE};
  mbr_block_free(c->answer_block);
  c->answer_block = NULL;
  if (size > connection->request_size) return -MBR_MISUSE;
  mbr_status status = mbr_peer_receive_sync(&c->peer, connection->request, size, &answer);
  if (status != MBR_OK) return -(int32_t)status;
  if (answer.is_block) c->answer_block = (uint8_t *)(uintptr_t)answer.frame;
  connection->answer = answer.frame;
  return (int32_t)answer.size;
}

int32_t mbr_dart_control(mbr_dart_connection *connection, uint32_t kind, uint32_t flags, uint32_t call,
                         uint32_t value) {
  uint8_t data[MBR_FRAME_HEADER_SIZE + CONTROL_PAYLOAD_SIZE];
  const uint32_t size = MBR_FRAME_HEADER_SIZE + (kind == MBR_FRAME_END ? 0 : CONTROL_PAYLOAD_SIZE);
  const mbr_frame frame = {.size = size, .kind = (uint8_t)kind, .flags = (uint8_t)flags, .call = call};
  mbr_frame_write(data, &frame);
  mbr_put_u32(data + MBR_FRAME_HEADER_SIZE, value);
  return (int32_t)mbr_peer_receive(&of(connection)->peer, data, size);
}

uint64_t mbr_dart_drain(mbr_dart_connection *connection, uint32_t consumed) {
  mbr_peer *peer = &of(connection)->peer;
  if (consumed != 0) mbr_peer_consume(peer, consumed);
  const uint8_t *frames;
  size_t size = mbr_peer_outgoing(peer, &frames);
  if (size == 0) return 0;
  return (uint64_t)(frames - connection->ring) << 32 | size;
}

static void free_taken(void *data, void *block) {
  (void)data;
  mbr_block_free(block);
}

int32_t mbr_dart_take(mbr_dart_connection *connection, uint32_t offset, void *bytes) {
  uint8_t *address = of(connection)->outbox + offset + MBR_FRAME_HEADER_SIZE;
  void *block = (void *)(uintptr_t)mbr_get_u64(address);
  const size_t size = (size_t)mbr_get_u64(address + 8);
  if (!mbr_dl_attach(bytes, block, size, free_taken)) return MBR_NO_MEMORY;
  mbr_put_u64(address, 0);
  return MBR_OK;
}

int32_t mbr_dart_resize(mbr_dart_connection *connection, uint32_t size) {
  if (size == 0) return MBR_MISUSE;
  if (size > MBR_DART_REQUEST_MAX) return MBR_NO_MEMORY;
  uint8_t *resized = mbr_block_resize(connection->request, size);
  if (resized == NULL) return MBR_NO_MEMORY;
  connection->request = resized;
  connection->request_size = size;
  return MBR_OK;
}

uint32_t mbr_dart_hello(mbr_dart_connection *connection, uint32_t index) {
  if (index >= MBR_DART_SERVICES) return MBR_PEER_HELLO_NONE;
  return (uint32_t)mbr_peer_hello(&of(connection)->peer, (uint16_t)index, connection->request,
                                  connection->request_size);
}

mbr_dart_function mbr_dart_direct(mbr_dart_connection *connection, uint32_t method) {
  mbr_dart_function found = {NULL, NULL};
  if (!mbr_peer_direct(&of(connection)->peer, method, &found.function, &found.target)) found.function = NULL;
  return found;
}

int32_t mbr_dart_counters(mbr_dart_connection *connection, uint32_t method) {
  return (int32_t)mbr_peer_counters(&of(connection)->peer, method, &connection->counters);
}
