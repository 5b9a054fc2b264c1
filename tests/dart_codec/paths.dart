/// The place of an error: from the outermost type down, through structs, unions, lists and maps.
library;

import 'dart:typed_data';

import 'package:marks/marks.dart';
import 'package:marks/src/marks_codec.dart';
import 'package:marks/src/mbr/wire.dart';

import '../dart/harness.dart';

const leaf = Leaf(total: 1, mode: Words.values_, text: 'x', doors: []);
const branch = Branch(left: leaf);

Tree tree({
  Branch trunk = branch,
  List<Twig> twigs = const [],
  Map<String, List<Branch>> leaves = const {},
}) =>
    Tree(trunk: trunk, twigs: twigs, leaves: leaves, ages: Uint8List(3));

Uint8List encode(Tree tree) {
  final writer = MbrWriter.onHeap();
  encodeTree(writer, tree);
  return Uint8List.fromList(writer.written);
}

Tree decode(Uint8List bytes) {
  final reader = MbrReader(ByteData.sublistView(bytes), 0, bytes.length);
  final tree = decodeTree(reader);
  reader.finish();
  return tree;
}

/// A leaf too long for its text, at every place a tree has for it.
final places = {
  'Tree.trunk.left.text': (Leaf leaf) => tree(trunk: Branch(left: leaf)),
  'Tree.trunk.right.text': (Leaf leaf) => tree(trunk: branch.copyWith(right: leaf)),
  'Tree.twigs[1].leaf.text': (Leaf leaf) => tree(twigs: [const TwigBare(), TwigLeaf(leaf)]),
  'Tree.twigs[0].by.right.text': (Leaf leaf) => tree(twigs: [TwigGrown(by: branch.copyWith(right: leaf))]),
  'Tree.twigs[0].pair.text': (Leaf leaf) => tree(twigs: [TwigPair((leaf, 1))]),
  'Tree.leaves[1][2].left.text': (Leaf leaf) => tree(leaves: {
        'a': const [],
        'b': [branch, branch, Branch(left: leaf)],
      }),
};

Future<void> encoding() async {
  for (final MapEntry(key: path, value: place) in places.entries) {
    final error = await checkThrows<MbrCodecException>(() => encode(place(leaf.copyWith(text: 'xyz'))));
    checkEqual((error.status, error.path), (MbrStatus.badLength, path));
  }
  final old = tree().copyWith(ages: Uint8List(2)..[1] = 6);
  final range = await checkThrows<MbrCodecException>(() => encode(old));
  checkEqual(range.path, 'Tree.ages[1]');
  final country = leaf.copyWith(doors: const [Country(1), Country(-1)]);
  final open = await checkThrows<MbrCodecException>(() => encode(tree(trunk: Branch(left: country))));
  checkEqual(open.path, 'Tree.trunk.left.doors[1]');
}

/// The same mistakes in the bytes: the text `?!` with its length made 3.
Future<void> decoding() async {
  for (final MapEntry(key: path, value: place) in places.entries) {
    final bytes = encode(place(leaf.copyWith(text: '?!')));
    final indices = Iterable<int>.generate(bytes.length);
    final at = indices.firstWhere((i) => bytes[i] == 0x3f && bytes[i + 1] == 0x21) - 8;
    bytes[at] = 3;
    final error = await checkThrows<MbrCodecException>(() => decode(bytes));
    checkEqual((error.status, error.path, error.offset), (MbrStatus.badLength, path, at));
    check('$error'.startsWith('MbrCodecException: $path: '), 'the text says where');
    // The mode stands before the text.
    bytes[at - 4] = 9;
    final mode = await checkThrows<MbrCodecException>(() => decode(bytes));
    checkEqual((mode.status, mode.path, mode.offset),
        (MbrStatus.badEnum, path.replaceFirst('text', 'mode'), at - 4));
  }
  final arm = encode(tree(twigs: const [TwigBare(), TwigBare()]));
  arm[arm.length - 8 - 11 - 4] = 4;
  checkEqual((await checkThrows<MbrCodecException>(() => decode(arm))).path, 'Tree.twigs[1]');
}

void main() => runCases({
      'encoding says where': encoding,
      'decoding says where': decoding,
    });
