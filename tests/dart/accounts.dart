/// What was sent on each stream of probe_stress.c, as the library writes it down, beside what came, as the
/// listener does; both stand in the library's memory and outlive the isolate of the listener.
library;

import 'dart:ffi';

import 'harness.dart';

/// How a stream ended as the library sees it: it never heard of it, ended it itself, or its caller or the end
/// of its isolate came first. The names are those of probe_stress.c.
enum _Ending { untaken, endedItself, byItsCaller, withItsIsolate }

/// What a listener saw of the end: nothing, as its connection ended before, the end itself, or it gave up.
enum Outcome { open, done, givenUp }

final class _Record extends Struct {
  @Uint32()
  external int kind;
  @Uint32()
  external int sent;
  @Uint32()
  external int dropped;
  @Uint32()
  external int ending;
  @Uint32()
  external int received;
  @Uint32()
  external int outcome;
}

const int _newest = 2; // its kind

/// The listener's side of one stream.
final class Account {
  Account._(this.number, this._record);

  final int number;
  final _Record _record;

  void count() => _record.received++;
  void close(Outcome outcome) => _record.outcome = outcome.index;
}

final class Accounts {
  Accounts(String path) : _library = DynamicLibrary.open(path);

  final DynamicLibrary _library;

  late final _open = _library.lookupFunction<Uint32 Function(), int Function()>('probe_open_account');
  late final _count = _library.lookupFunction<Uint32 Function(), int Function()>('probe_account_count');
  late final _clear = _library.lookupFunction<Void Function(), void Function()>('probe_clear_accounts');
  late final _records = _library
      .lookupFunction<Pointer<_Record> Function(), Pointer<_Record> Function()>('probe_accounts')();

  /// What became of the items of all streams that were settled.
  int streams = 0, sent = 0, received = 0, replaced = 0, givenUp = 0, lost = 0;

  Account open() {
    final number = _open();
    check(number != 0, 'there are more streams than accounts');
    return Account._(number, (_records + number).ref);
  }

  /// When no stream is open any more: compares both sides of each, and forgets them.
  void settle() {
    final count = _count();
    for (var i = 1; i < count; i++) {
      _settle(i, (_records + i).ref);
    }
    _clear();
  }

  void _settle(int number, _Record record) {
    final ending = _Ending.values[record.ending], outcome = Outcome.values[record.outcome];
    final rest = record.sent - record.dropped - record.received;
    final text = 'stream $number, $ending, $outcome: ${record.received} came of ${record.sent}, '
        '${record.dropped} were replaced';
    check(rest >= 0, text);
    if (outcome == Outcome.done) {
      check(ending == _Ending.endedItself, text);
      // The item that waits when the stream ends is dropped, where the newest is wanted: docs/calls.md.
      check(rest == 0 || rest == 1 && record.kind == _newest, text);
    }
    streams++;
    sent += record.sent;
    received += record.received;
    replaced += record.dropped + (outcome == Outcome.done ? rest : 0);
    if (outcome == Outcome.givenUp) givenUp += rest;
    if (outcome == Outcome.open) lost += rest;
  }
}
