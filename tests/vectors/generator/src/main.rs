//! Writes vectors.txt and bad.txt in the folder given: bytes that Rust's bincode 1.3.3 makes of values of the
//! types in vectors.mbr, and bytes that a decoder of these types must refuse.
//!
//! `make vectors` runs it. No crate is fetched: .cargo/config.toml takes them from Debian's packages
//! librust-bincode-dev, librust-serde-dev and librust-serde-derive-dev. The files are the same whenever they
//! are made anew. The program ends with an error when vectors.mbr and contract.rs differ, or when the strict
//! reader of wire.rs and bincode do not agree.

#[macro_use]
mod declarations;
mod containers;
mod contract;
mod hostile;
mod random;
mod scalars;
mod wire;

use contract::*;
use hostile::{hostile, nested, read_strictly, rust_reads};
use random::Random;
use std::fmt::Write;
use std::path::Path;
use wire::{Declared, Input, ROOM};

const RANDOM_VECTORS: usize = 5;

fn main() -> std::io::Result<()> {
    let folder = std::env::args().nth(1).expect("usage: vectors FOLDER");
    let folder = Path::new(&folder);
    compare_with_contract(&std::fs::read_to_string(folder.join("vectors.mbr"))?);
    let mut files = Files::default();
    macro_rules! write_all {
        ($($name:ident)*) => { $(files.add::<$name>();)* };
    }
    each_vector_type!(write_all);
    std::fs::write(folder.join("vectors.txt"), files.vectors)?;
    std::fs::write(folder.join("bad.txt"), files.bad)
}

#[derive(Default)]
struct Files {
    vectors: String,
    bad: String,
}

impl Files {
    fn add<T: Declared>(&mut self) {
        let good = good::<T>();
        for bytes in &good {
            writeln!(self.vectors, "{} {}", T::NAME, hex(bytes)).expect("written to memory");
        }
        for bad in hostile::<T>(&good) {
            let refusal = bad.refusal;
            writeln!(self.bad, "{} {} {} {}", T::NAME, hex(&bad.bytes), refusal.status, refusal.at)
                .expect("written to memory");
        }
    }
}

/// The vectors of a type, none twice: telling values, random ones, the deepest, and another order of keys.
fn good<T: Declared>() -> Vec<Vec<u8>> {
    let mut random = Random::named(T::NAME);
    let random_ones = (0..RANDOM_VECTORS).filter_map(|_| T::random(&mut random, ROOM));
    let mut values: Vec<T> = T::extremes(ROOM.min(T::MAX_DEPTH.max(1)));
    values.extend(random_ones);
    values.extend(nested(T::MAX_DEPTH));
    values.extend(T::extras());
    let mut vectors: Vec<Vec<u8>> = Vec::new();
    for value in values {
        let bytes = bincode::serialize(&value).expect("serializable");
        verify::<T>(&bytes);
        if !vectors.contains(&bytes) {
            vectors.push(bytes);
        }
    }
    let reordered: Vec<Vec<u8>> = vectors.iter().filter_map(|bytes| reordered::<T>(bytes)).collect();
    vectors.extend(reordered.into_iter().max_by_key(Vec::len));
    vectors
}

/// bincode and the strict reader both read what bincode wrote, and see the same value in it.
fn verify<T: Declared>(bytes: &[u8]) {
    let read = read_strictly::<T>(&mut Input::new(bytes)).unwrap_or_else(|e| panic!("{}: {e:?}", T::NAME));
    let again = rust_reads::<T>(bytes).expect("bincode reads what it writes");
    for value in [read, again] {
        assert!(bincode::serialize(&value).expect("serializable") == bytes, "{}: changed", T::NAME);
    }
    assert!(bytes.len() >= T::least(), "{}: shorter than the least", T::NAME);
}

/// The first two items of each set and map in the other order.
fn reordered<T: Declared>(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut input = Input::new(bytes);
    read_strictly::<T>(&mut input).expect("verified");
    let mut other = bytes.to_vec();
    // An inner collection is noted before the one around it; turning that one later moves it as a whole.
    for &[from, middle, end] in &input.neighbours {
        other[from..end].rotate_left(middle - from);
    }
    read_strictly::<T>(&mut Input::new(&other)).expect("any order is accepted");
    (other != bytes).then_some(other)
}

fn hex(bytes: &[u8]) -> String {
    match bytes.is_empty() {
        true => "-".into(),
        false => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}

/// Ends the program unless vectors.mbr declares what contract.rs declares, in the same order.
fn compare_with_contract(source: &str) {
    let mut ours = Vec::new();
    macro_rules! collect {
        ($($name:ident)*) => { ours.extend([$($name::declaration()),*]) };
    }
    each_number!(collect);
    each_vector_type!(collect);
    let theirs = declarations_of(source);
    for (ours, theirs) in ours.iter().zip(&theirs) {
        assert_eq!(ours, theirs, "contract.rs and vectors.mbr differ");
    }
    assert_eq!(ours.len(), theirs.len(), "declarations");
}

/// The declarations of types without comments, attributes, values and white space, constants replaced.
fn declarations_of(source: &str) -> Vec<String> {
    let bare: String = source.lines().map(|line| line.split("//").next().unwrap_or_default()).collect();
    let without_strings: String = bare.replace("\\\"", "").split('"').step_by(2).collect();
    let text: String = without_attributes(&without_strings).split_whitespace().collect();
    let mut declarations = Vec::new();
    let (mut depth, mut start) = (0, 0);
    for (at, byte) in text.bytes().enumerate() {
        depth += i32::from(byte == b'{') - i32::from(byte == b'}');
        if depth == 0 && (byte == b'}' || byte == b';') {
            declarations.push(&text[start..=at]);
            start = at + 1;
        }
    }
    let (types, others): (Vec<&str>, Vec<&str>) = declarations.iter().partition(|text| text.ends_with('}'));
    let constants: Vec<(&str, &str)> = others
        .iter()
        .filter_map(|other| other.strip_prefix("const")?.strip_suffix(';')?.split_once(":u8="))
        .collect();
    let with_constants = |text: String| {
        let replace = |text: String, name, value| text.replace(&format!(",{name}>"), &format!(",{value}>"));
        constants.iter().fold(text, |text, (name, value)| replace(text, name, value))
    };
    types.into_iter().map(|text| with_constants(without_values(text))).collect()
}

/// `@name` and `@name(…)` removed.
fn without_attributes(text: &str) -> String {
    let mut parts = text.split('@');
    let first = parts.next().unwrap_or_default().to_string();
    parts.fold(first, |result, part| {
        let name = part.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(part.len());
        let end = match part[name..].starts_with('(') {
            true => name + part[name..].find(')').expect("an attribute ends") + 1,
            false => name,
        };
        result + " " + &part[end..]
    })
}

/// `= value` removed.
fn without_values(declaration: &str) -> String {
    let mut parts = declaration.split('=');
    let first = parts.next().unwrap_or_default().to_string();
    parts.fold(first, |result, part| {
        let end = part.find(|c| c == ';' || c == ',' || c == '}').expect("a value ends");
        result + &part[end..]
    })
}
