//! Inputs a decoder must refuse, derived from good ones. Each is checked twice before it is written: the
//! strict reader refuses it as expected, and so does Rust's own deserializer where the rule is Rust's too.

use crate::wire::{Declared, Input, Refusal};
use bincode::Options;
use std::collections::{BTreeMap, BTreeSet};

/// Above this size a value is not taken to derive hostile ones from.
const SIZE_MAX: usize = 300;

/// That a type has; more say nothing new.
const SITES_OF_A_STATUS: usize = 14;

pub struct Hostile {
    pub bytes: Vec<u8>,
    pub refusal: Refusal,
}

pub fn rust_reads<T: Declared>(bytes: &[u8]) -> Option<T> {
    bincode::DefaultOptions::new().with_fixint_encoding().reject_trailing_bytes().deserialize(bytes).ok()
}

pub fn read_strictly<T: Declared>(input: &mut Input) -> Result<T, Refusal> {
    let value = T::read(input)?;
    input.finish()?;
    Ok(value)
}

pub fn hostile<T: Declared>(good: &[Vec<u8>]) -> Vec<Hostile> {
    let bases = telling_bases::<T>(good);
    let mut found = Collector::<T>::default();
    truncate(&mut found, bases.last().expect("a base always"));
    for base in &bases {
        found.add(Some("TRAILING"), true, [base, &[0][..]].concat());
    }
    for base in bases.iter().rev() {
        corrupt(&mut found, base);
    }
    if T::MAX_DEPTH > 0 {
        let deep = nested::<T>(T::MAX_DEPTH + 1).expect("a recursive type nests");
        found.add(Some("TOO_DEEP"), false, bincode::serialize(&deep).expect("serializable"));
    }
    found.hostile
}

/// A value so many levels deep.
pub fn nested<T: Declared>(depth: u32) -> Option<T> {
    let nests = (depth + T::LEVELS_A_NEST - 1) / T::LEVELS_A_NEST;
    (0..nests).fold(None, |inner, _| T::nest(inner))
}

/// The shortest values that together show every kind of error at every place the longer ones have.
fn telling_bases<T: Declared>(good: &[Vec<u8>]) -> Vec<&[u8]> {
    let all = good.iter().map(Vec::as_slice);
    let mut by_size: Vec<&[u8]> = all.filter(|bytes| bytes.len() <= SIZE_MAX).collect();
    by_size.sort_by_key(|bytes| bytes.len());
    let count = |bytes: &[u8]| {
        let mut input = Input::new(bytes);
        read_strictly::<T>(&mut input).expect("good");
        input.sites.len()
    };
    let most = by_size.iter().map(|bytes| count(bytes)).max().expect("a small vector always");
    let fullest = by_size.iter().find(|bytes| count(bytes) == most).expect("the one with the most");
    let smallest = by_size[0];
    match smallest == *fullest {
        true => vec![smallest],
        false => vec![smallest, fullest],
    }
}

/// The end missing: all but the last byte, nothing at all, and some places between.
fn truncate<T: Declared>(found: &mut Collector<T>, base: &[u8]) {
    let step = base.len() / 5 + 1;
    let cuts: BTreeSet<usize> = (0..base.len()).step_by(step).chain(base.len().checked_sub(1)).collect();
    for cut in cuts {
        found.add(None, true, base[..cut].to_vec());
    }
}

/// Other bytes at the sites the reader noted: one of them at each, all of them at the first site of a type.
fn corrupt<T: Declared>(found: &mut Collector<T>, base: &[u8]) {
    let mut input = Input::new(base);
    read_strictly::<T>(&mut input).expect("good");
    let most = |status| {
        let same = input.sites.iter().filter(|site| site.refusal.status == status);
        same.map(|site| site.evil.len()).max()
    };
    let (most_texts, most_lengths) = (most("BAD_UTF8"), most("BAD_LENGTH"));
    for site in input.sites {
        let status = site.refusal.status;
        // What could stand for text or a length depends on the value; at other sites it tells the type.
        let is_full = match status {
            "BAD_UTF8" => Some(site.evil.len()) == most_texts && found.shown.insert((status, Vec::new())),
            "BAD_LENGTH" => Some(site.evil.len()) == most_lengths && found.shown.insert((status, Vec::new())),
            _ => found.shown.insert((status, site.evil.iter().map(|evil| evil.bytes.clone()).collect())),
        };
        let sites = found.sites.entry(status).or_insert(0);
        *sites += 1;
        let few = usize::from(*sites <= SITES_OF_A_STATUS);
        for evil in site.evil.into_iter().take(if is_full { usize::MAX } else { few }) {
            let bytes = [&base[..site.refusal.at], &evil.bytes, &base[site.end..]].concat();
            let refusal = found.add(Some(status), evil.rust_refuses, bytes);
            assert_eq!(refusal, site.refusal, "{}: refused elsewhere", T::NAME);
        }
    }
}

/// What was found for one type.
struct Collector<T> {
    hostile: Vec<Hostile>,
    known: BTreeSet<Vec<u8>>,
    /// Statuses and the bytes for them of which all are in `hostile`.
    shown: BTreeSet<(&'static str, Vec<Vec<u8>>)>,
    sites: BTreeMap<&'static str, usize>,
    type_of: std::marker::PhantomData<T>,
}

impl<T> Default for Collector<T> {
    fn default() -> Self {
        Collector {
            hostile: Vec::new(),
            known: BTreeSet::new(),
            shown: BTreeSet::new(),
            sites: BTreeMap::new(),
            type_of: std::marker::PhantomData,
        }
    }
}

impl<T: Declared> Collector<T> {
    fn add(&mut self, status: Option<&str>, rust_refuses: bool, bytes: Vec<u8>) -> Refusal {
        let refusal = read_strictly::<T>(&mut Input::new(&bytes)).err();
        let refusal = refusal.unwrap_or_else(|| panic!("{}: accepted {bytes:02x?}", T::NAME));
        if let Some(status) = status {
            assert_eq!(refusal.status, status, "{}: {bytes:02x?}", T::NAME);
        }
        if rust_refuses {
            assert!(rust_reads::<T>(&bytes).is_none(), "{}: Rust accepts {bytes:02x?}", T::NAME);
        }
        if self.known.insert(bytes.clone()) {
            self.hostile.push(Hostile { bytes, refusal: refusal.clone() });
        }
        refusal
    }
}
