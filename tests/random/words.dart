/// The names that random contracts are made of: plain ones, and those that C, C++, Dart or generated code have
/// a use for. No two of them put together make a third, so none collide in a target.
library;

import 'schema.dart';

/// Of types. Many are classes of Dart's libraries.
const List<String> typeNames = [
  'Alarm', 'Belt', 'Cabin', 'Door', 'Engine', 'Fuel', 'Gear', 'Horn', 'Ignition', 'Junction', 'Key', 'Lamp', 'Mirror',
  'Node', 'Oil', 'Pedal', 'Queue', 'Route', 'Seat', 'Tyre', 'Unit', 'Valve', 'Wheel', 'Xenon', 'Yaw', 'Zone', //
  'BigInt', 'DateTime', 'Duration', 'Exception', 'Float32List', 'Function', 'Future', 'Int', 'List', 'Map', 'Object',
  'Set', 'Stream', 'String', 'Uint8List', 'Reader', 'Writer', 'Status', 'Value', 'Type', 'Enum', 'Record', 'Error',
  'Size_t', 'HVACUnit', 'X509Cert', 'Axis_7_5', 'Never', 'Symbol', 'Double', 'Bool', 'Null', 'Union', 'File', 'Pi',
];

/// Of fields and arms. A name that Dart cannot use gets an underscore there.
const List<Name> fieldNames = [
  (mbr: 'speed', dart: 'speed'),
  (mbr: 'fan_speed', dart: 'fanSpeed'),
  (mbr: 'x_7_5', dart: 'x7_5'),
  (mbr: 'left', dart: 'left'),
  (mbr: 'a', dart: 'a'),
  (mbr: 'b', dart: 'b'),
  (mbr: 'i', dart: 'i'),
  (mbr: 'n', dart: 'n'),
  (mbr: 'p', dart: 'p'),
  (mbr: 'r', dart: 'r'),
  (mbr: 'w', dart: 'w'),
  (mbr: 'e', dart: 'e'),
  (mbr: 'class', dart: 'class_'),
  (mbr: 'switch', dart: 'switch_'),
  (mbr: 'default', dart: 'default_'),
  (mbr: 'is', dart: 'is_'),
  (mbr: 'in', dart: 'in_'),
  (mbr: 'null', dart: 'null_'),
  (mbr: 'true', dart: 'true_'),
  (mbr: 'this', dart: 'this_'),
  (mbr: 'new', dart: 'new_'),
  (mbr: 'var', dart: 'var_'),
  (mbr: 'final', dart: 'final_'),
  (mbr: 'enum', dart: 'enum_'),
  (mbr: 'const', dart: 'const_'),
  (mbr: 'hash_code', dart: 'hashCode_'),
  (mbr: 'to_string', dart: 'toString_'),
  (mbr: 'runtime_type', dart: 'runtimeType_'),
  (mbr: 'copy_with', dart: 'copyWith_'),
  (mbr: 'to_json', dart: 'toJson_'),
  (mbr: 'from_json', dart: 'fromJson'),
  (mbr: 'stream', dart: 'stream'),
  (mbr: 'type', dart: 'type'),
  (mbr: 'open', dart: 'open'),
  (mbr: 'flags', dart: 'flags'),
  (mbr: 'struct', dart: 'struct'),
  (mbr: 'union', dart: 'union'),
  (mbr: 'list', dart: 'list'),
  (mbr: 'map', dart: 'map'),
  (mbr: 'set', dart: 'set'),
  (mbr: 'string', dart: 'string'),
  (mbr: 'bytes', dart: 'bytes'),
  (mbr: 'int', dart: 'int'),
  (mbr: 'double', dart: 'double'),
  (mbr: 'bool', dart: 'bool'),
  (mbr: 'num', dart: 'num'),
  (mbr: 'register', dart: 'register'),
  (mbr: 'template', dart: 'template'),
  (mbr: 'namespace', dart: 'namespace'),
  (mbr: 'delete', dart: 'delete'),
  (mbr: 'errno', dart: 'errno'),
  (mbr: 'linux', dart: 'linux'),
  (mbr: 'assert', dart: 'assert_'),
  (mbr: 'static_assert', dart: 'staticAssert'),
  (mbr: 'size_t', dart: 'sizeT'),
  (mbr: 'uint8_t', dart: 'uint8T'),
  (mbr: 'other', dart: 'other'),
  (mbr: 'value', dart: 'value'),
  (mbr: 'values', dart: 'values'),
  (mbr: 'index', dart: 'index'),
  (mbr: 'name', dart: 'name'),
  (mbr: 'data', dart: 'data'),
  (mbr: 'size', dart: 'size'),
  (mbr: 'count', dart: 'count'),
  (mbr: 'items', dart: 'items'),
  (mbr: 'item', dart: 'item'),
  (mbr: 'key', dart: 'key'),
  (mbr: 'tag', dart: 'tag'),
  (mbr: 'as', dart: 'as'),
  (mbr: 'at', dart: 'at'),
  (mbr: 'depth', dart: 'depth'),
  (mbr: 'reader', dart: 'reader'),
  (mbr: 'writer', dart: 'writer'),
  (mbr: 'offset', dart: 'offset'),
  (mbr: 'status', dart: 'status'),
  (mbr: 'json', dart: 'json'),
  (mbr: 'arena', dart: 'arena'),
  (mbr: 'identical', dart: 'identical'),
  (mbr: 'override', dart: 'override'),
  (mbr: 'core', dart: 'core'),
  (mbr: 'dynamic', dart: 'dynamic'),
  (mbr: 'late', dart: 'late'),
  (mbr: 'required', dart: 'required'),
  (mbr: 'await', dart: 'await_'),
  (mbr: 'async', dart: 'async'),
];

/// Of members of enums and flags, constants and parameters: what becomes of them does not matter to the tests.
const List<String> memberNames = [
  'off', 'auto', 'manual', 'low', 'high', 'first', 'last', 'eof', 'null', 'true', 'int', 'class', 'values', 'index', //
  'name', 'none', 'bits', 'is_known', 'to_json', 'hash_code', 'signed', 'default', 'errno', 'x_1_2', 'stdin', 'value',
];

/// Of namespaces that use each other, the first one the second.
const List<(String, String)> spaceNames = [
  ('cabin', 'common'),
  ('vss.body', 'vss.units'),
  ('encode', 'decode'),
  ('data.stream', 'info'),
  ('x.switch', 'x.y_z'),
];
