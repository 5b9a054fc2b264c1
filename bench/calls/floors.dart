/// The floors of floors.c, each as many times as asked.
library;

import 'dart:async';
import 'dart:ffi';
import 'dart:isolate';
import 'dart:typed_data';

import 'package:calls/calls.dart' show Sample;

/// Times `count` operations.
typedef Round = Future<void> Function(int count);

final class Floors {
  Floors(DynamicLibrary library)
      : _add = library.lookupFunction<Int64 Function(Int64, Int64), int Function(int, int)>('floor_add'),
        _addLeaf = library.lookupFunction<Int64 Function(Int64, Int64), int Function(int, int)>('floor_add',
            isLeaf: true),
        _post = library.lookupFunction<Void Function(Int64, Int64), void Function(int, int)>('floor_post'),
        _postFromThread = library
            .lookupFunction<Void Function(Int64, Int64), void Function(int, int)>('floor_post_from_thread'),
        _flood = library.lookupFunction<Void Function(Int64, Int64), void Function(int, int)>('floor_flood'),
        _items = library.lookupFunction<Void Function(Int64, Int64), void Function(int, int)>('floor_items'),
        _answer = library.lookupFunction<Void Function(Int64, Pointer<Uint8>, Int64),
            void Function(int, Pointer<Uint8>, int)>('floor_answer'),
        _malloc = DynamicLibrary.process()
            .lookupFunction<Pointer<Uint8> Function(Size), Pointer<Uint8> Function(int)>('malloc'),
        _free = DynamicLibrary.process()
            .lookupFunction<Void Function(Pointer<Uint8>), void Function(Pointer<Uint8>)>('free') {
    library.lookupFunction<Void Function(Pointer<Void>), void Function(Pointer<Void>)>('floor_start')(
        NativeApi.initializeApiDLData);
  }

  final int Function(int, int) _add;
  final int Function(int, int) _addLeaf;
  final void Function(int port, int value) _post;
  final void Function(int port, int value) _postFromThread;
  final void Function(int port, int count) _flood;
  final void Function(int port, int count) _items;
  final void Function(int port, Pointer<Uint8> request, int size) _answer;
  final Pointer<Uint8> Function(int size) _malloc;
  final void Function(Pointer<Uint8>) _free;

  final RawReceivePort _port = RawReceivePort();
  late final int _nativePort = _port.sendPort.nativePort;

  void close() => _port.close();

  Future<void> add(int count) async {
    for (var i = 0; i < count; i++) {
      if (_add(i, 1) != i + 1) throw StateError('floor');
    }
  }

  Future<void> addLeaf(int count) async {
    for (var i = 0; i < count; i++) {
      if (_addLeaf(i, 1) != i + 1) throw StateError('floor');
    }
  }

  /// There and back, the next from within the handler of the last.
  Future<void> post(int count) => _chain(_post, count);
  Future<void> postFromThread(int count) => _chain(_postFromThread, count);

  Future<void> _chain(void Function(int, int) post, int count, [void Function(Object? message)? check]) {
    final done = Completer<void>();
    var left = count;
    _port.handler = (Object? message) {
      check?.call(message);
      if (--left == 0) {
        done.complete();
      } else {
        post(_nativePort, left);
      }
    };
    post(_nativePort, left);
    return done.future;
  }

  Future<void> postAwaited(int count) async {
    var completer = Completer<int>();
    _port.handler = (Object? message) => completer.complete(message as int);
    for (var i = 0; i < count; i++) {
      completer = Completer<int>();
      _post(_nativePort, i);
      if (await completer.future != i) throw StateError('floor');
    }
  }

  Future<void> flood(int count) {
    final done = Completer<void>();
    var left = count;
    _port.handler = (Object? message) {
      if (--left == 0) done.complete();
    };
    _flood(_nativePort, count);
    return done.future;
  }

  /// A call the usual way: the request in fresh memory, a fresh port for the answer, whose bytes change hands.
  Future<void> answer(int count) async {
    for (var i = 0; i < count; i++) {
      final request = _malloc(8);
      request.cast<Int64>().value = i;
      final port = ReceivePort();
      _answer(port.sendPort.nativePort, request, 8);
      _free(request);
      final bytes = await port.first as Uint8List;
      if (ByteData.sublistView(bytes).getInt64(0, Endian.little) != i) throw StateError('floor');
    }
  }

  /// Bytes that change hands, one message after the other.
  Round bytes(int size) {
    final data = _malloc(size);
    return (count) => _chain((port, _) => _answer(port, data, size), count, (message) {
          if ((message! as Uint8List).length != size) throw StateError('floor');
        });
  }

  static Sample _decode(Object? message) {
    final data = ByteData.sublistView(message! as Uint8List);
    final values = Float64List(6);
    for (var i = 0; i < 6; i++) {
      values[i] = data.getFloat64(16 + 8 * i, Endian.little);
    }
    return Sample(number: data.getInt64(0, Endian.little), time: data.getInt64(8, Endian.little), values: values);
  }

  Future<void> items(int count) {
    final done = Completer<void>();
    var next = 0;
    _port.handler = (Object? message) {
      if (_decode(message).number != next++) throw StateError('floor');
      if (next == count) done.complete();
    };
    _items(_nativePort, count);
    return done.future;
  }

  Future<void> itemStream(int count) {
    final done = Completer<void>();
    final port = ReceivePort();
    var next = 0;
    port.map(_decode).listen((sample) {
      if (sample.number != next++) throw StateError('floor');
      if (next == count) {
        port.close();
        done.complete();
      }
    });
    _items(port.sendPort.nativePort, count);
    return done.future;
  }
}
