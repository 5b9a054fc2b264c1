/// Whether who serves a service can be reached. A service that is lent from remote peers has one method more
/// than its contract, a stream of each peer's state; others are there as long as the connection is.
part of 'native.dart';

/// As `@latest link() -> stream bool` would have it.
const String _linkFingerprint = 'b92a76b3ce1d9d5f';

/// So that only a paused listener misses changes.
const int _linkWindow = 16;

Stream<MbrLinkState> _linkState(_NativeConnection connection, MbrContract contract, MbrCallOptions? options) {
  final name = '${contract.service}.@link';
  final method = MbrMethod<bool>(
      _fnv1a(name), name, _linkFingerprint, contract, (reader) => reader.readBool(),
      timeout: MbrTimeout.none, window: _linkWindow, isLatest: true);
  final instance = options?.instance ?? 0;
  final offers = connection._offers;
  if (!offers.hasService(contract.service) || (instance != 0 && !offers.hasMethod(method.id))) {
    return Stream.error(MbrFault(MbrStatus.unimplemented, '', contract.service));
  }
  if (!offers.hasMethod(method.id)) return _ownState(connection);
  final items =
      connection.stream(method, MbrWriter.nothing, options: MbrCallOptions(instance: options?.instance));
  return items.transform(_LinkStates());
}

/// Of a service in this process.
Stream<MbrLinkState> _ownState(_NativeConnection connection) {
  final controller = StreamController<MbrLinkState>();
  controller.onListen = () {
    if (connection.isOpen) controller.add(MbrLinkState.up);
    connection.done.then((_) {
      controller
        ..add(MbrLinkState.down)
        ..close();
    });
  };
  return controller.stream;
}

/// Of a remote peer's; when the connection to the library ends, so does what can be reached through it.
final class _LinkStates extends StreamTransformerBase<bool, MbrLinkState> {
  @override
  Stream<MbrLinkState> bind(Stream<bool> stream) =>
      StreamTransformer<bool, MbrLinkState>.fromHandlers(handleData: (isUp, sink) {
        sink.add(isUp ? MbrLinkState.up : MbrLinkState.down);
      }, handleError: (error, stackTrace, sink) {
        if (error is MbrDisconnected) {
          sink.add(MbrLinkState.down);
        } else {
          sink.addError(error, stackTrace);
        }
      }).bind(stream);
}
