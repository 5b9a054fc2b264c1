//! The declarations of vectors.mbr as Rust types, in the same order. main.rs checks that the two agree.
#![allow(non_camel_case_types)] // an arm is named as in the contract

use crate::containers::{rows, Bounded, Bytes};
use crate::declarations::{least_of_union, plain};
use crate::hostile::nested;
use crate::random::Random;
use crate::scalars::{Duration, Timestamp, Uuid};
use crate::wire::{room_within, Input, Refusal, Wire, EMPTY_ITEMS_MAX};
use std::collections::{BTreeMap, BTreeSet};

const BATCH: usize = 3;

index_enum! { Mode { off, auto, manual } }
number! { [enum ":u8"] Gear: u8 { park = 0, reverse = 1, drive = 8 } }
number! { [enum ":i8"] Trim: i8 { low = -128, minus = -1, level = 0, high = 127 } }
number! { [enum ":i16"] Slope: i16 { down = -32768, flat = 0, up = 32767 } }
number! { [enum ":u16"] Port: u16 { none = 0, last = 0xffff } }
number! { [enum ":i32"] Delta: i32 { lowest = i32::MIN, minus_two = -2, minus_one = -1, highest = i32::MAX } }
number! { [enum ":u32"] Marker: u32 { zero = 0, top = 0x8000_0000, last = u32::MAX } }
number! { [enum ":i64"] Epoch: i64 { lowest = i64::MIN, before = -1, after = 1, highest = i64::MAX } }
number! { [enum ":u64"] Word: u64 { one = 1, top = 1 << 63, last = u64::MAX } }
number! { [open enum ""] State: u32 { idle = 0, busy = 1 } }
number! { [open enum ":u16"] Country: u16 { unknown = 0, germany = 276, usa = 840 } }
number! { [open enum ":i8"] Level: i8 { cold = -10, warm = 10 } }
number! { [open enum ":u64"] Token: u64 { nothing = 0, largest = u64::MAX } }
number! { [open enum ":i64"] Shift: i64 { back = -1, none = 0, smallest = i64::MIN } }
number! { [flags ":u8"] Doors: u8 { front_left = 1, front_right = 2, tail = 0x80 } }
number! { [flags ":u16"] Lamps: u16 { low = 1, high = 0x8000 } }
number! { [flags ":u32"] Faults: u32 { oil = 1, brakes = 2, pair = 0x30, top = 0x8000_0000 } }
number! { [flags ":u64"] Features: u64 { first = 1, last = 1 << 63 } }

alias! { Celsius = f32 }
ranged! { Side: i8, "Side", -1, 1, beyond [-2, 2, -128, 127] }
alias! { Names = Bounded<Vec<Bounded<String, 12>>, BATCH> }
alias! { MaybePoint = Option<Point> }

ranged! { RangedCelsius: i8, "i8", -40, 85, beyond [-41, 86, -128, 127] }
ranged! { RangedCount: u16, "u16", 1, u16::MAX, beyond [0] }
ranged! { RangedBelowAll: u64, "u64", 0, u64::MAX - 1, beyond [u64::MAX] }
// The float before 0.0, the one after 0.7, and the usual suspects.
ranged! { RangedShare: f32, "f32", 0.0, 0.7, beyond [
    -f32::from_bits(1), f32::from_bits(0.7f32.to_bits() + 1), f32::NAN, f32::INFINITY, f32::NEG_INFINITY
] }
ranged! { RangedWide: f64, "f64", -1.5, 1e300, beyond [
    f64::from_bits((-1.5f64).to_bits() + 1), f64::from_bits(1e300f64.to_bits() + 1), f64::NAN, f64::INFINITY
] }
ranged! { RangedDie: u8, "u8", 1, 6, beyond [0, 7, 255] }
ranged! { DartInt: u64, "u64", 0, i64::MAX as u64, beyond [1 << 63, u64::MAX] }

record! { #[derive(PartialEq, Eq, PartialOrd, Ord)] Empty {} }
record! { #[derive(PartialEq, Eq, PartialOrd, Ord)] Point { x: i32, y: i32 } }
record! { #[derive(PartialEq, Eq, PartialOrd, Ord)] Key { id: u16, text: String, side: Option<i8> } }
union! { union Shape {
    nothing, circle(f64), r#box { w: f32, h: f32 }, at(Point), named(String), path(Vec<Point>),
} }
union! { error Refused { busy, limit { most: f32, unit: Option<String> }, code(u32), shape(Shape) } }
record! { Booleans { a: bool, b: bool } }
record! { Signed { a: i8, b: i16, c: i32, d: i64, e: i128 } }
record! { Unsigned { a: u8, b: u16, c: u32, d: u64, e: u128 } }
record! { Floats { single: f32, double: f64 } }
record! { Letter { letter: char, tail: u32 } }
record! { LastLetter { letter: char } }
record! { Text { text: String } }
record! { ShortText { text: Bounded<String, 7>, tail: u8 } }
record! { Blob { blob: Bytes } }
record! { ShortBlob { blob: Bounded<Bytes, 5>, tail: u8 } }
record! { Identity { id: Uuid } }
record! { Times { at: Timestamp, took: Duration } }
record! { Enums { a: Mode, b: Gear, c: Trim, d: Slope, e: Port, f: Delta, g: Marker, h: Epoch, i: Word } }
record! { OpenEnums { a: State, b: Country, c: Level, d: Token, e: Shift } }
record! { Flags { a: Doors, b: Lamps, c: Faults, d: Features } }
record! { Ranges {
    celsius: RangedCelsius, count: RangedCount, below_all: RangedBelowAll, share: RangedShare,
    wide: RangedWide,
    dice: Vec<RangedDie>, pair: [RangedDie; 2], maybe: Option<RangedShare>, side: Side,
} }
record! { Counter { total: DartInt } }
record! { OptionalNumbers {
    a: Option<bool>, b: Option<i8>, c: Option<i16>, d: Option<i32>, e: Option<i64>, f: Option<i128>,
    g: Option<u8>, h: Option<u16>, i: Option<u32>, j: Option<u64>, k: Option<u128>, l: Option<f32>,
    m: Option<f64>,
} }
record! { OptionalTexts {
    a: Option<char>, b: Option<String>, c: Option<Bounded<String, 4>>, d: Option<Bytes>,
    e: Option<Bounded<Bytes, 4>>, f: Option<Uuid>, g: Option<Timestamp>, h: Option<Duration>,
} }
record! { OptionalNamed {
    a: Option<Mode>, b: Option<Gear>, c: Option<Country>, d: Option<Doors>, e: Option<Empty>,
    f: Option<Point>, g: Option<Shape>, h: Option<Refused>,
} }
record! { OptionalCollections {
    a: Option<Vec<i32>>, b: Option<Bounded<Vec<String>, 2>>, c: Option<BTreeSet<u8>>,
    d: Option<BTreeMap<u8, String>>, e: Option<[u16; 3]>, f: Option<(i32, String)>,
} }
record! { ListsOfNumbers {
    a: Vec<bool>, b: Vec<i8>, c: Vec<i16>, d: Vec<i32>, e: Vec<i64>, f: Vec<i128>, g: Vec<u8>,
    h: Vec<u16>, i: Vec<u32>, j: Vec<u64>, k: Vec<u128>, l: Vec<f32>, m: Vec<f64>,
} }
record! { ListsOfTexts {
    a: Vec<char>, b: Vec<String>, c: Vec<Bounded<String, 4>>, d: Vec<Bytes>, e: Vec<Bounded<Bytes, 4>>,
    f: Vec<Uuid>, g: Vec<Timestamp>, h: Vec<Duration>,
} }
record! { ListsOfNamed {
    a: Vec<Mode>, b: Vec<Gear>, c: Vec<Country>, d: Vec<Doors>, e: Vec<Point>, f: Vec<Key>, g: Vec<Shape>,
    h: Vec<Refused>,
} }
record! { ListsOfCollections {
    a: Vec<Vec<i16>>, b: Vec<Bounded<Vec<String>, 2>>, c: Vec<BTreeSet<u8>>, d: Vec<BTreeMap<u8, i8>>,
    e: Vec<[u16; 2]>, f: Vec<(u8, String)>,
} }
record! { ListsOfOptionals {
    a: Vec<Option<bool>>, b: Vec<Option<i64>>, c: Vec<Option<f32>>, d: Vec<Option<char>>,
    e: Vec<Option<String>>, f: Vec<Option<Mode>>, g: Vec<Option<Point>>, h: Vec<Option<Shape>>,
    i: Vec<Option<Vec<u8>>>, j: Vec<Option<(u8, char)>>,
} }
record! { BoundedLists {
    a: Bounded<Vec<u8>, 4>, b: Bounded<Vec<f32>, 8>, c: Bounded<Vec<Bounded<String, 4>>, BATCH>,
    d: Bounded<Vec<Point>, 2>, e: Bounded<Vec<Shape>, 2>, f: Bounded<Vec<Option<i64>>, 2>,
    g: Bounded<Vec<Bounded<Vec<u16>, 2>>, 2>,
} }
record! {
    ListOfEmpty { items: Vec<Empty> }
    extras vec![ListOfEmpty { items: vec![Empty {}; EMPTY_ITEMS_MAX] }]
}
record! { BoundedListOfEmpty { items: Bounded<Vec<Empty>, 5>, tail: u8 } }
record! {
    ListsOfEmpty { lists: Vec<Vec<Empty>> }
    extras vec![ListsOfEmpty {
        lists: [EMPTY_ITEMS_MAX - 2, 1, 0, 1].map(|count| vec![Empty {}; count]).into()
    }]
}
record! { SetsOfNumbers {
    a: BTreeSet<bool>, b: BTreeSet<i8>, c: BTreeSet<i16>, d: BTreeSet<i32>, e: BTreeSet<i64>,
    f: BTreeSet<i128>, g: BTreeSet<u8>, h: BTreeSet<u16>, i: BTreeSet<u32>, j: BTreeSet<u64>,
    k: BTreeSet<u128>,
} }
record! { SetsOfTexts {
    a: BTreeSet<char>, b: BTreeSet<String>, c: BTreeSet<Bounded<String, 4>>, d: BTreeSet<Uuid>,
    e: BTreeSet<Timestamp>, f: BTreeSet<Duration>,
} }
record! { SetsOfNamed {
    a: BTreeSet<Mode>, b: BTreeSet<Gear>, c: BTreeSet<Country>, d: BTreeSet<Doors>, e: BTreeSet<Point>,
    f: BTreeSet<Key>,
} }
record! { SetsOfOthers {
    a: BTreeSet<Option<u8>>, b: BTreeSet<Option<String>>, c: BTreeSet<(i8, char)>,
    d: BTreeSet<(Mode, Key, Option<bool>)>, e: BTreeSet<Option<Key>>,
} }
record! { BoundedSets {
    a: Bounded<BTreeSet<u8>, 4>, b: Bounded<BTreeSet<Bounded<String, 4>>, 2>,
    c: Bounded<BTreeSet<Point>, 2>,
} }
record! { SetOfEmpty { items: BTreeSet<Empty> } }
record! { MapsByNumber {
    a: BTreeMap<bool, u8>, b: BTreeMap<i8, u8>, c: BTreeMap<i16, u8>, d: BTreeMap<i32, u8>,
    e: BTreeMap<i64, u8>, f: BTreeMap<i128, u8>, g: BTreeMap<u8, u8>, h: BTreeMap<u16, u8>,
    i: BTreeMap<u32, u8>, j: BTreeMap<u64, u8>, k: BTreeMap<u128, u8>,
} }
record! { MapsByText {
    a: BTreeMap<char, u8>, b: BTreeMap<String, u8>, c: BTreeMap<Bounded<String, 4>, u8>,
    d: BTreeMap<Uuid, u8>, e: BTreeMap<Timestamp, u8>, f: BTreeMap<Duration, u8>,
} }
record! { MapsByNamed {
    a: BTreeMap<Mode, u8>, b: BTreeMap<Gear, u8>, c: BTreeMap<Country, u8>, d: BTreeMap<Doors, u8>,
    e: BTreeMap<Point, u8>, f: BTreeMap<Key, u8>,
} }
record! { MapsByOthers {
    a: BTreeMap<Option<i16>, u8>, b: BTreeMap<Option<String>, u8>, c: BTreeMap<(i8, String), u8>,
    d: BTreeMap<(Gear, Option<Point>), u8>,
} }
record! { MapsToNumbers {
    a: BTreeMap<u8, bool>, b: BTreeMap<u8, i16>, c: BTreeMap<u8, i128>, d: BTreeMap<u8, u64>,
    e: BTreeMap<u8, f32>, f: BTreeMap<u8, f64>,
} }
record! { MapsToTexts {
    a: BTreeMap<u8, char>, b: BTreeMap<u8, String>, c: BTreeMap<u8, Bounded<String, 4>>,
    d: BTreeMap<u8, Bytes>, e: BTreeMap<u8, Uuid>, f: BTreeMap<u8, Timestamp>, g: BTreeMap<u8, Duration>,
} }
record! { MapsToNamed {
    a: BTreeMap<u8, Mode>, b: BTreeMap<u8, Gear>, c: BTreeMap<u8, Country>, d: BTreeMap<u8, Doors>,
    e: BTreeMap<u8, Empty>, f: BTreeMap<u8, Point>, g: BTreeMap<u8, Shape>, h: BTreeMap<u8, Refused>,
} }
record! { MapsToCollections {
    a: BTreeMap<u8, Option<i32>>, b: BTreeMap<u8, Option<String>>, c: BTreeMap<u8, Option<Shape>>,
    d: BTreeMap<u8, Vec<i16>>, e: BTreeMap<u8, BTreeSet<char>>, f: BTreeMap<u8, BTreeMap<String, bool>>,
    g: BTreeMap<u8, [u16; 2]>, h: BTreeMap<u8, (u8, String)>,
} }
record! { BoundedMaps {
    a: Bounded<BTreeMap<u8, u8>, 4>, b: Bounded<BTreeMap<Bounded<String, 4>, Bounded<Vec<u8>, 2>>, 2>,
} }
record! { ArraysOfNumbers {
    a: [bool; 2], b: [i8; 3], c: [i16; 3], d: [i32; 3], e: [i64; 3], f: [i128; 2], g: [u8; 3],
    h: [u16; 3], i: [u32; 3], j: [u64; 3], k: [u128; 2], l: [f32; 4], m: [f64; 4],
} }
record! { ArraysOfTexts {
    a: [char; 4], b: [String; 3], c: [Bounded<String, 4>; 2], d: [Bytes; 2], e: [Uuid; 2],
    f: [Timestamp; 3], g: [Duration; 3],
} }
record! { ArraysOfNamed {
    a: [Mode; 2], b: [Gear; 2], c: [Country; 2], d: [Doors; 2], e: [Empty; 3], f: [Point; 2], g: [Key; 2],
    h: [Shape; 3], i: [Refused; 2],
} }
record! { ArraysOfCollections {
    a: [Vec<u8>; 2], b: [BTreeSet<u8>; 2], c: [BTreeMap<u8, i8>; 2], d: [[i16; 3]; 2],
    e: [[Option<Point>; 2]; 2], f: [(u8, String); 2], g: [Option<i32>; 3], h: [Option<String>; 2],
    i: [bool; 1],
} }
record! { Tuples {
    a: (i32, String), b: (bool, (u8, char), Option<Point>), c: (Mode, Shape, Vec<u8>, BTreeMap<u8, i8>),
    d: (u8, u16, u32, u64, f32, f64, Bytes, Timestamp), e: ([u8; 2], Empty),
} }
record! { Nested {
    a: Vec<Vec<Option<Vec<Option<i64>>>>>, b: BTreeMap<String, Vec<BTreeMap<u8, Shape>>>,
    c: Vec<Option<[Bounded<Vec<Option<(u8, Option<String>)>>, 2>; 2]>>,
    d: BTreeMap<(u8, Option<Mode>), BTreeSet<(Bounded<String, 4>, Point)>>,
    e: Option<(Vec<(Option<Shape>, Option<Vec<Key>>)>, [BTreeMap<Gear, Option<Bytes>>; 2])>,
} }
union! { union Arms {
    bare, boolean(bool), small(i8), large(u128), float(f32), letter(char), text(String),
    short(Bounded<String, 4>), blob(Bytes), id(Uuid), at(Timestamp), took(Duration), maybe(Option<i32>),
    maybe_text(Option<String>), numbers(Vec<i32>), points(Bounded<Vec<Point>, 2>), set(BTreeSet<u16>),
    map(BTreeMap<String, u8>), array([u16; 2]), pair((u8, String)), mode(Mode), gear(Gear),
    country(Country), doors(Doors), empty(Empty), point(Point), shape(Shape), maybe_shape(Option<Shape>),
    refused(Refused), no_fields {}, one { a: u8 },
    many { a: bool, b: Option<String>, c: Vec<Shape>, d: Point },
} }
union! { union Hollow {
    empty(Empty), maybe(Option<Empty>), several([Empty; 2]), pair((Empty, Option<Empty>)),
    named { a: Empty, b: Option<Empty> },
} }
union! { error Failure { gone, denied(String), detail { arms: Vec<Arms>, cause: Option<Refused> } } }
record! { Tree @ 64 nest |inner| Tree { value: 1, children: inner.into_iter().collect() } => {
    value: u8, children: Vec<Tree>
} }
record! { Chain @ 64 nest |inner| Chain { value: -2, next: inner.map(Box::new) } => {
    value: i16, next: Option<Box<Chain>>
} }
union! { union Term @ 64 nest |inner| inner.map_or(Term::number(3), |term| Term::negated(Box::new(term))) => {
    number(i64), negated(Box<Term>), sum { left: Box<Term>, right: Box<Term> }, all(Vec<Term>)
} }
record! { Directory @ 64 nest |inner| Directory {
    size: 4, entries: inner.into_iter().map(|inner| ("in".into(), inner)).collect(),
} => {
    size: u32, entries: BTreeMap<String, Directory>
} }
record! { Quad @ 64 nest |inner| Quad { value: 5, corners: [None, inner.map(Box::new)] } => {
    value: u8, corners: [Option<Box<Quad>>; 2]
} }
record! { Twin @ 64 nest |inner| Twin { pair: (6, inner.map(Box::new)) } => { pair: (u8,
Option<Box<Twin>>) } }
record! { Shallow @ 4 nest |inner| Shallow { value: true, next: vec![None, inner] } => {
    value: bool, next: Vec<Option<Shallow>>
} }
union! { union Flat @ 1 nest |inner| inner.map_or(Flat::end, |inner| Flat::more(vec![inner])) => {
    end, more(Vec<Flat>)
} }
record! { Folder @ 64 by 2 nest |inner| Folder {
    name: "f".into(), items: vec![inner.map_or(Item::file(7), |inner| Item::folder(Box::new(inner)))],
} => {
    name: String, items: Vec<Item>
} }
union! { union Item @ 64 of Folder nest |inner| Item::link { to: inner.map(Box::new) } => {
    file(u64), folder(Box<Folder>), link { to: Option<Box<Item>> }
} }
record! { Grove @ 64 nest |inner| Grove {
    // The trees in the innermost grove are as deep as they can be: they are counted by themselves.
    trees: match inner { Some(_) => Vec::new(), None => vec![nested(Tree::MAX_DEPTH).expect("a tree")] },
    inner: inner.map(Box::new),
} => {
    trees: Vec<Tree>, inner: Option<Box<Grove>>
} }
record! { Forest { trees: Vec<Tree>, first: Option<Chain>, terms: BTreeMap<u8, Term> } }
record! { Defaults {
    a: bool, b: i8, c: u64, d: f32, e: String, f: Mode, g: Gear, h: Option<i32>, i: Option<i32>,
    j: Vec<u8>, k: Duration, l: u8, m: Option<Mode>, n: Bytes, o: BTreeMap<u8, String>, p: i128, q: f64,
    r: Option<String>, s: Country,
} }
record! { Aliases {
    a: Celsius, b: Option<Celsius>, c: Vec<Celsius>, d: Names, e: MaybePoint, f: Vec<MaybePoint>, g: Side,
} }
record! { Telemetry {
    active: bool, zone: u8, offset: i16, count: i32, at: i64, speed: f32, distance: f64,
    label: Bounded<String, 16>, payload: Bounded<Bytes, 16>, mode: Mode, torque: Option<f64>,
    samples: Bounded<Vec<f32>, 8>,
} }
record! { Log { entries: Vec<Telemetry> } }
record! { Keywords {
    namespace: u8, import: u8, r#const: u8, r#type: u8, open: u8, r#enum: u8, flags: u8, r#struct: u8,
    union: u8, error: u8, host: u8, service: u8, sync: u8, oneway: u8, stream: u8, throws: u8,
    list: Vec<u8>, map: u8, string: String, bool: bool, int: i32, double: f64, switch: u8, register: u8,
    restrict: u8, static_assert: u8, inline: u8, class: u8, template: u8, operator: u8, this: u8, new: u8,
    delete: u8, is: u8, r#in: u8, var: u8, r#final: u8, late: u8, r#await: u8, r#async: u8, r#yield: u8,
    required: u8, r#dynamic: u8, null: u8, r#true: u8, default: Option<u8>, hash_code: u8,
    runtime_type: u8, to_string: String, linux: u8, errno: u8, copy_with: u8, to_json: u8,
} }
record! { Locals {
    value: u8, data: Bytes, size: u64, count: u32, items: Vec<u16>, item: Option<u8>, key: String, i: i32,
    n: u8, p: u8, r: u8, w: u8, reader: u8, writer: Vec<String>, offset: u8, status: u8, result: u8,
    out: u8, tag: Shape, index: BTreeMap<u8, u8>, other: Option<u8>, arena: u8, depth: u8, at: Timestamp,
    v: (u8, u8),
} }
union! { union Words {
    default, switch(u8), index { values: Vec<u8>, name: String }, values(String), tag, is(Option<Shape>),
} }

/// Calls a macro with the types that are checked within others only.
#[macro_export]
macro_rules! each_number {
    ($visit:ident) => {
        $visit! {
            Mode Gear Trim Slope Port Delta Marker Epoch Word State Country Level Token Shift Doors Lamps
            Faults Features
        }
    };
}

/// Calls a macro with the types that have vectors.
#[macro_export]
macro_rules! each_vector_type {
    ($visit:ident) => {
        $visit! {
            Empty Point Key Shape Refused Booleans Signed Unsigned Floats Letter LastLetter Text ShortText
            Blob ShortBlob Identity Times Enums OpenEnums Flags Ranges Counter OptionalNumbers OptionalTexts
            OptionalNamed OptionalCollections ListsOfNumbers ListsOfTexts ListsOfNamed ListsOfCollections
            ListsOfOptionals BoundedLists ListOfEmpty BoundedListOfEmpty ListsOfEmpty SetsOfNumbers
            SetsOfTexts SetsOfNamed SetsOfOthers BoundedSets SetOfEmpty MapsByNumber MapsByText MapsByNamed
            MapsByOthers MapsToNumbers MapsToTexts MapsToNamed MapsToCollections BoundedMaps ArraysOfNumbers
            ArraysOfTexts ArraysOfNamed ArraysOfCollections Tuples Nested Arms Hollow Failure Tree Chain Term
            Directory Quad Twin Shallow Flat Folder Item Grove Forest Defaults Aliases Telemetry Log
            Keywords Locals Words
        }
    };
}
