/* Frames and memory between Dart and the peer of a connection: the leaf calls, which never post, wait or
 * call back. One thread at a time. */
#include "blocks.h"
#include "config.h"
#include "connection.h"

#define CONTROL_PAYLOAD_SIZE 4u

static mbr_connection *of(mbr_dart_connection *shared) { return (mbr_connection *)(void *)shared; }

int32_t mbr_dart_submit(mbr_dart_connection *connection, uint32_t size) {
  if (size > connection->request_size) return MBR_MISUSE;
  return (int32_t)mbr_peer_receive(&of(connection)->peer, connection->request, size);
}

int32_t mbr_dart_control(mbr_dart_connection *connection, uint32_t kind, uint32_t call, uint32_t value) {
  uint8_t data[MBR_FRAME_HEADER_SIZE + CONTROL_PAYLOAD_SIZE];
  const mbr_frame frame = {
    .size = sizeof data, .kind = (uint8_t)kind, .flags = MBR_FRAME_FROM_CALLER, .call = call};
  mbr_frame_write(data, &frame);
  mbr_put_u32(data + MBR_FRAME_HEADER_SIZE, value);
  return (int32_t)mbr_peer_receive(&of(connection)->peer, data, sizeof data);
}

uint64_t mbr_dart_drain(mbr_dart_connection *connection, uint32_t consumed) {
  mbr_peer *peer = &of(connection)->peer;
  if (consumed != 0) mbr_peer_consume(peer, consumed);
  const uint8_t *frames;
  size_t size = mbr_peer_outgoing(peer, &frames);
  if (size == 0) return 0;
  return (uint64_t)(frames - connection->ring) << 32 | size;
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
