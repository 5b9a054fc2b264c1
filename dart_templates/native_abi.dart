/// mbr/dart.h and mbr/frame.h, as Dart sees them.
part of 'native.dart';

const int _magic = 0x6472626d;
const int _abi = 3;

final class _Shared extends Struct {
  external Pointer<Uint8> ring;
  external Pointer<Uint8> request;
  external Pointer<Uint8> answer;
  @Uint32()
  external int ringSize;
  @Uint32()
  external int requestSize;
  @Uint32()
  external int answerSize;
  @Uint32()
  external int callCount;
  external _Counters counters;
}

final class _Counters extends Struct {
  @Uint64()
  external int calls;
  @Uint64()
  external int errors;
  @Uint64()
  external int cancelled;
  @Uint64()
  external int items;
  @Uint64()
  external int dropped;
  @Uint64()
  external int bytesIn;
  @Uint64()
  external int bytesOut;
  @Uint32()
  external int open;
  @Uint32()
  external int queued;
}

final class _Opened extends Struct {
  @Int32()
  external int failure;
  @Int32()
  external int status;
  external Pointer<_Shared> connection;
}

final class _Function extends Struct {
  external Pointer<Void> function;
  external Pointer<Void> target;
}

final class _Api extends Struct {
  @Uint32()
  external int magic;
  @Uint32()
  external int abi;
  external Pointer<Void> connect;
  @Uint32()
  external int threads;
  @Uint32()
  external int stackSize;
  external Pointer<NativeFunction<Pointer<Void> Function()>> ticket;
  external Pointer<NativeFunction<_Opened Function(Pointer<_Api>, Pointer<Void>, Int64, Pointer<Void>)>> open;
  external Pointer<NativeFunction<Int32 Function(Pointer<_Shared>, Uint32)>> submit;
  external Pointer<NativeFunction<Int32 Function(Pointer<_Shared>, Uint32)>> submitHere;
  external Pointer<NativeFunction<Int32 Function(Pointer<_Shared>, Uint32)>> sync;
  external Pointer<NativeFunction<Int32 Function(Pointer<_Shared>, Uint32, Uint32, Uint32, Uint32)>> control;
  external Pointer<NativeFunction<Uint64 Function(Pointer<_Shared>, Uint32)>> drain;
  external Pointer<NativeFunction<Int32 Function(Pointer<_Shared>, Uint32, Handle)>> take;
  external Pointer<NativeFunction<Int32 Function(Pointer<_Shared>, Uint32)>> resize;
  external Pointer<NativeFunction<Uint32 Function(Pointer<_Shared>, Uint32)>> hello;
  external Pointer<NativeFunction<_Function Function(Pointer<_Shared>, Uint32)>> direct;
  external Pointer<NativeFunction<Int32 Function(Pointer<_Shared>, Uint32)>> counters;
  external Pointer<NativeFinalizerFunction> close;
}

const int _failureNoApi = 1;
const int _failureNoConnection = 2;
const int _failureNoResources = 3;
const int _failureNotConnected = 4;

/// With the size of an answer: the ring is to be drained.
const int _drainFlag = 0x20000000;

const int _headerSize = 16;
const int _prefixSize = 8; // of a CALL: u32 timeout and u32 credit
const int _controlSize = 4; // of a CANCEL or CREDIT
const int _frameAlignment = 16;

const int _fromCaller = 0x01;
const int _isBlock = 0x80;

const int _kindHello = 1;
const int _kindCall = 2;
const int _kindOk = 3;
const int _kindErr = 4;
const int _kindFault = 5;
const int _kindItem = 6;
const int _kindEnd = 7;
const int _kindCancel = 8;
const int _kindCredit = 9;

const int _protocolVersion = 1;

/// The longest text of a fault, in bytes.
const int _faultTextMax = 64;

/// Items of a stream that may be under way, where the contract does not say.
const int _windowDefault = 64;

/// The number of a reason in a CANCEL frame.
int _reasonCode(MbrCancelReason reason) => reason.index + 1;
