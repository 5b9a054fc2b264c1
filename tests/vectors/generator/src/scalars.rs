//! Types of the contract that hold no other types.

use crate::random::Random;
use crate::wire::{Input, Refusal, Wire};
use serde::{Deserialize, Serialize};

impl Wire for bool {
    fn spelling() -> String {
        "bool".into()
    }
    fn least() -> usize {
        1
    }
    fn read(input: &mut Input) -> Result<Self, Refusal> {
        input.tag("BAD_BOOL")
    }
    fn extremes(_room: u32) -> Vec<Self> {
        vec![false, true]
    }
    fn random(random: &mut Random, _room: u32) -> Option<Self> {
        Some(random.coin())
    }
}

macro_rules! integers {
    ($($type:ident),*) => {$(
        impl Wire for $type {
            fn spelling() -> String {
                stringify!($type).into()
            }
            fn least() -> usize {
                std::mem::size_of::<$type>()
            }
            fn read(input: &mut Input) -> Result<Self, Refusal> {
                Ok($type::from_le_bytes(input.array()?))
            }
            fn extremes(_room: u32) -> Vec<Self> {
                let mut values = vec![0, 1, <$type>::MAX / 2, <$type>::MAX / 2 + 1, <$type>::MAX - 1];
                values.extend([(0 as $type).wrapping_sub(1), <$type>::MIN, <$type>::MAX]);
                let mut distinct = Vec::new();
                for value in values {
                    if !distinct.contains(&value) {
                        distinct.push(value);
                    }
                }
                distinct
            }
            fn random(random: &mut Random, _room: u32) -> Option<Self> {
                Some(random.wide_bits() as $type)
            }
        }
    )*};
}
integers!(i8, i16, i32, i64, i128, u8, u16, u32, u64, u128);

/// The only NaN in the vectors is the canonical quiet one: the payload of a NaN is not kept.
macro_rules! floats {
    ($($type:ident $bits:ident $nan:literal),*) => {$(
        impl Wire for $type {
            fn spelling() -> String {
                stringify!($type).into()
            }
            fn least() -> usize {
                std::mem::size_of::<$type>()
            }
            fn read(input: &mut Input) -> Result<Self, Refusal> {
                Ok($type::from_le_bytes(input.array()?))
            }
            fn extremes(_room: u32) -> Vec<Self> {
                let smallest = $type::from_bits(1);
                let mut values = vec![0.0, -0.0, 1.5, -0.1, $type::EPSILON, $type::MIN_POSITIVE, smallest];
                values.extend([$type::INFINITY, $type::NEG_INFINITY, $type::from_bits($nan)]);
                values.extend([$type::MIN, $type::MAX]);
                values
            }
            fn random(random: &mut Random, _room: u32) -> Option<Self> {
                let value = $type::from_bits(random.bits() as $bits);
                Some(if value.is_nan() { $type::from_bits($nan) } else { value })
            }
        }
    )*};
}
floats!(f32 u32 0x7fc0_0000, f64 u64 0x7ff8_0000_0000_0000);

/// Characters around every limit of UTF-8 and of the surrogates.
const CHARACTERS: [char; 14] = [
    '\0', 'a', '\u{7f}', '\u{80}', 'ß', '\u{7ff}', '\u{800}', '語', '\u{d7ff}', '\u{e000}', '\u{feff}',
    '\u{ffff}', '\u{1f697}', '\u{10ffff}',
];

/// Of as many bytes as the first one says, or more, so that of none of them the end could be missing.
const NO_CHARACTERS: [&[u8]; 11] = [
    &[0x80],                   // continuations without a lead, alone
    &[0xbf],
    &[0x80, 0x80, 0x80, 0x80], // and not alone
    &[0xc1, 0xbf, 0x80, 0x80], // overlong, two bytes
    &[0xc3, 0x28, 0x28, 0x28], // lead without a continuation
    &[0xe0, 0x9f, 0xbf, 0x80], // overlong, three bytes
    &[0xed, 0xa0, 0x80, 0x80], // U+D800
    &[0xed, 0xbf, 0xbf, 0x80], // U+DFFF
    &[0xf0, 0x8f, 0xbf, 0xbf], // overlong, four bytes
    &[0xf4, 0x90, 0x80, 0x80], // U+110000
    &[0xff, 0xff, 0xff, 0xff],
];

/// Malformed text, to stand at the end of text that is long enough.
const NO_TEXTS: [&[u8]; 12] = [
    b"\xff",
    b"\x80",
    b"\xc3",
    b"\xe2\x82",
    b"\xf0\x9f\x9a",
    b"\xc0\x80",
    b"\xe0\x9f\xbf",
    b"\xed\xa0\x80",
    b"\xed\xa0\xbd\xed\xba\x97",
    b"\xf0\x8f\xbf\xbf",
    b"\xf4\x90\x80\x80",
    b"\xf8\x88\x80\x80\x80",
];

impl Wire for char {
    fn spelling() -> String {
        "char".into()
    }
    fn least() -> usize {
        1
    }
    fn read(input: &mut Input) -> Result<Self, Refusal> {
        let start = input.at();
        let [lead] = input.array()?;
        let more = [0xc0, 0xe0, 0xf0].iter().filter(|&&least| lead >= least).count();
        input.take(more).map_err(|_| Refusal { status: "TRUNCATED", at: start })?;
        let text = std::str::from_utf8(input.since(start));
        let evil = NO_CHARACTERS.iter().map(|bytes| bytes.to_vec()).collect();
        input.judge(start, "BAD_CHAR", text.is_ok(), true, evil)?;
        Ok(text.ok().and_then(|text| text.chars().next()).expect("one char"))
    }
    fn extremes(_room: u32) -> Vec<Self> {
        CHARACTERS.to_vec()
    }
    fn random(random: &mut Random, _room: u32) -> Option<Self> {
        let bits = [7, 11, 16, 21][random.below(4)];
        Some(char::from_u32(random.bits() as u32 & ((1 << bits) - 1)).unwrap_or('\u{fffd}'))
    }
}

/// Text and bytes, which can be bounded as lists can: see containers.rs.
pub fn read_text(input: &mut Input, bound: Option<usize>) -> Result<String, Refusal> {
    let length = input.length(1, bound)?;
    let start = input.at();
    let text = std::str::from_utf8(input.take(length)?);
    let mut evil = Vec::new();
    for malformed in NO_TEXTS.iter().filter(|malformed| malformed.len() <= length) {
        let filler = vec![b'a'; length - malformed.len()];
        evil.push([&filler, *malformed].concat());
    }
    if length > 8 {
        evil.push([&b"\xfe"[..], &vec![b'a'; length - 1]].concat());
    }
    input.judge(start, "BAD_UTF8", text.is_ok(), true, evil)?;
    Ok(text.expect("judged").into())
}

/// Text of exactly `size` bytes, of characters as wide as fit.
pub fn filled_text(size: usize) -> String {
    let mut text = String::new();
    for wide in ['🚗', '語', 'ß', 'a'].iter().cycle() {
        if text.len() == size {
            break;
        }
        if text.len() + wide.len_utf8() <= size {
            text.push(*wide);
        }
    }
    text
}

pub fn telling_texts() -> Vec<String> {
    let ascii = ["", "a", "\0", "1234567", "12345678", "12345678 \r\n\t\"\\"];
    let others = ["Grüße", "123456789é", "\u{d7ff}\u{e000}\u{fffd}", "\u{feff}bom", "e\u{301}", "🚗\u{10ffff}"];
    let mut texts: Vec<String> = ascii.into_iter().chain(others).map(String::from).collect();
    texts.push(filled_text(300));
    texts.push("日本語, deutsch, русский 🚗".into());
    texts
}

pub fn random_text(random: &mut Random, most: usize) -> String {
    let mut text = String::new();
    for _ in 0..random.below(most + 1) {
        let next = char::random(random, 0).expect("a char always");
        if text.len() + next.len_utf8() <= most {
            text.push(next);
        }
    }
    text
}

#[derive(Serialize, Deserialize, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Uuid([u8; 16]);

impl Wire for Uuid {
    fn spelling() -> String {
        "uuid".into()
    }
    fn least() -> usize {
        16
    }
    fn read(input: &mut Input) -> Result<Self, Refusal> {
        Ok(Uuid(input.array()?))
    }
    fn extremes(_room: u32) -> Vec<Self> {
        let counting = std::array::from_fn(|i| 0x11 * i as u8);
        vec![Uuid([0; 16]), Uuid([0xff; 16]), Uuid(counting)]
    }
    fn random(random: &mut Random, _room: u32) -> Option<Self> {
        Some(Uuid(random.wide_bits().to_le_bytes()))
    }
}

const TIMESTAMP_MAX: i64 = 8_640_000_000_000_000_000;

#[derive(Serialize, Deserialize, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(i64);

impl Wire for Timestamp {
    fn spelling() -> String {
        "timestamp".into()
    }
    fn least() -> usize {
        8
    }
    fn read(input: &mut Input) -> Result<Self, Refusal> {
        let start = input.at();
        let value = i64::from_le_bytes(input.array()?);
        let valid = (-TIMESTAMP_MAX..=TIMESTAMP_MAX).contains(&value);
        let evil = [TIMESTAMP_MAX + 1, -TIMESTAMP_MAX - 1, i64::MAX, i64::MIN];
        let evil = evil.iter().map(|value| value.to_le_bytes().to_vec()).collect();
        input.judge(start, "BAD_TIME", valid, false, evil)?;
        Ok(Timestamp(value))
    }
    fn extremes(_room: u32) -> Vec<Self> {
        let values = [0, 1, -1, 999, -62_135_596_800_000_000, TIMESTAMP_MAX, -TIMESTAMP_MAX];
        values.map(Timestamp).into()
    }
    fn random(random: &mut Random, _room: u32) -> Option<Self> {
        Some(Timestamp(random.bits() as i64 % (TIMESTAMP_MAX + 1)))
    }
}

#[derive(Serialize, Deserialize, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Duration(i64);

impl Wire for Duration {
    fn spelling() -> String {
        "duration".into()
    }
    fn least() -> usize {
        8
    }
    fn read(input: &mut Input) -> Result<Self, Refusal> {
        i64::read(input).map(Duration)
    }
    fn extremes(room: u32) -> Vec<Self> {
        i64::extremes(room).into_iter().map(Duration).collect()
    }
    fn random(random: &mut Random, room: u32) -> Option<Self> {
        i64::random(random, room).map(Duration)
    }
}
