//! Types of the contract that are made of others: optionals, collections with and without a bound, arrays
//! and tuples.

use crate::random::Random;
use crate::scalars::{filled_text, random_text, read_text, telling_texts};
use crate::wire::{Input, Refusal, Wire};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Most telling values of the items that one collection is filled with.
const TELLING_ITEMS: usize = 14;
const RANDOM_ITEMS: usize = 4;
const RANDOM_BYTES: usize = 24;

impl<T: Wire> Wire for Option<T> {
    fn spelling() -> String {
        T::spelling() + "?"
    }
    fn least() -> usize {
        1
    }
    fn read(input: &mut Input) -> Result<Self, Refusal> {
        Ok(if input.tag("BAD_OPTION")? { Some(T::read(input)?) } else { None })
    }
    fn extremes(room: u32) -> Vec<Self> {
        let values = T::extremes(room).into_iter().map(Some);
        std::iter::once(None).chain(values).collect()
    }
    fn random(random: &mut Random, room: u32) -> Option<Self> {
        Some(if random.coin() { T::random(random, room) } else { None })
    }
}

/// What has a length in front, and may have a bound in the contract.
pub trait Counted: Wire {
    fn spell(bound: Option<usize>) -> String;
    fn read_up_to(input: &mut Input, bound: Option<usize>) -> Result<Self, Refusal>;
    fn length(&self) -> usize;
    /// As long as `length`, or as long as there are different values.
    fn filled(length: usize) -> Self;
    fn telling(room: u32) -> Vec<Self>;
    fn random_up_to(random: &mut Random, room: u32, bound: Option<usize>) -> Self;
}

fn arguments(name: &str, types: &[String], bound: Option<usize>) -> String {
    let bound = bound.map(|bound| bound.to_string());
    let all: Vec<String> = types.iter().cloned().chain(bound).collect();
    match all.is_empty() {
        true => name.into(),
        false => format!("{name}<{}>", all.join(",")),
    }
}

/// [], one item, and all telling items.
fn selections<T: Wire>(room: u32) -> Vec<Vec<T>> {
    let mut items = T::extremes(room);
    items.truncate(TELLING_ITEMS);
    let mut selections = vec![Vec::new()];
    selections.extend(items.last().map(|item| vec![item.clone()]));
    if items.len() > 1 {
        selections.push(items);
    }
    selections
}

fn cycled<T: Wire>(room: u32, length: usize) -> Vec<T> {
    T::extremes(room).into_iter().cycle().take(length).collect()
}

fn random_items<T: Wire>(random: &mut Random, room: u32, bound: Option<usize>) -> Vec<T> {
    let most = bound.unwrap_or(RANDOM_ITEMS).min(RANDOM_ITEMS);
    let count = random.below(most + 1);
    (0..count).filter_map(|_| T::random(random, room)).collect()
}

impl Counted for String {
    fn spell(bound: Option<usize>) -> String {
        arguments("string", &[], bound)
    }
    fn read_up_to(input: &mut Input, bound: Option<usize>) -> Result<Self, Refusal> {
        read_text(input, bound)
    }
    fn length(&self) -> usize {
        self.len()
    }
    fn filled(length: usize) -> Self {
        filled_text(length)
    }
    fn telling(_room: u32) -> Vec<Self> {
        telling_texts()
    }
    fn random_up_to(random: &mut Random, _room: u32, bound: Option<usize>) -> Self {
        random_text(random, bound.unwrap_or(RANDOM_BYTES).min(RANDOM_BYTES))
    }
}

#[derive(Serialize, Deserialize, Clone)]
pub struct Bytes(Vec<u8>);

impl Counted for Bytes {
    fn spell(bound: Option<usize>) -> String {
        arguments("bytes", &[], bound)
    }
    fn read_up_to(input: &mut Input, bound: Option<usize>) -> Result<Self, Refusal> {
        let length = input.length(1, bound)?;
        Ok(Bytes(input.take(length)?.to_vec()))
    }
    fn length(&self) -> usize {
        self.0.len()
    }
    fn filled(length: usize) -> Self {
        Bytes((0..length).map(|i| (255 - i) as u8).collect())
    }
    fn telling(_room: u32) -> Vec<Self> {
        vec![Bytes(vec![]), Bytes(vec![0]), Bytes((0..=255).collect()), Bytes(vec![0xff, 0xfe, 0, 0x80])]
    }
    fn random_up_to(random: &mut Random, _room: u32, bound: Option<usize>) -> Self {
        let length = random.below(bound.unwrap_or(RANDOM_BYTES).min(RANDOM_BYTES) + 1);
        Bytes((0..length).map(|_| random.bits() as u8).collect())
    }
}

impl<T: Wire> Counted for Vec<T> {
    fn spell(bound: Option<usize>) -> String {
        arguments("list", &[T::spelling()], bound)
    }
    fn read_up_to(input: &mut Input, bound: Option<usize>) -> Result<Self, Refusal> {
        let count = input.length(T::least(), bound)?;
        (0..count).map(|_| T::read(input)).collect()
    }
    fn length(&self) -> usize {
        self.len()
    }
    fn filled(length: usize) -> Self {
        cycled(1, length)
    }
    fn telling(room: u32) -> Vec<Self> {
        selections(room)
    }
    fn random_up_to(random: &mut Random, room: u32, bound: Option<usize>) -> Self {
        random_items(random, room, bound)
    }
}

impl<T: Wire + Ord> Counted for BTreeSet<T> {
    fn spell(bound: Option<usize>) -> String {
        arguments("set", &[T::spelling()], bound)
    }
    fn read_up_to(input: &mut Input, bound: Option<usize>) -> Result<Self, Refusal> {
        let count = input.length(T::least(), bound)?;
        let items = input.distinct(count, |input| Ok((T::read(input)?, input.at())))?;
        Ok(items.into_iter().collect())
    }
    fn length(&self) -> usize {
        self.len()
    }
    fn filled(length: usize) -> Self {
        cycled(1, length).into_iter().collect()
    }
    fn telling(room: u32) -> Vec<Self> {
        selections(room).into_iter().map(|items| items.into_iter().collect()).collect()
    }
    fn random_up_to(random: &mut Random, room: u32, bound: Option<usize>) -> Self {
        random_items(random, room, bound).into_iter().collect()
    }
}

impl<K: Wire + Ord, V: Wire> Counted for BTreeMap<K, V> {
    fn spell(bound: Option<usize>) -> String {
        arguments("map", &[K::spelling(), V::spelling()], bound)
    }
    fn read_up_to(input: &mut Input, bound: Option<usize>) -> Result<Self, Refusal> {
        let count = input.length(K::least() + V::least(), bound)?;
        let pairs = input.distinct(count, |input| {
            let key = K::read(input)?;
            let end = input.at();
            Ok(((key, V::read(input)?), end))
        })?;
        Ok(pairs.into_iter().collect())
    }
    fn length(&self) -> usize {
        self.len()
    }
    fn filled(length: usize) -> Self {
        cycled(1, length).into_iter().zip(cycled(1, length)).collect()
    }
    /// Each telling key at least once, each telling value at least once.
    fn telling(room: u32) -> Vec<Self> {
        let values = V::extremes(room);
        let mut maps: Vec<Self> = Vec::new();
        for keys in selections::<K>(room) {
            let values = values.iter().rev().cloned().cycle();
            maps.push(keys.into_iter().zip(values).collect());
        }
        let keys: Vec<K> = cycled(room, values.len());
        maps.push(keys.into_iter().zip(values).collect());
        maps
    }
    fn random_up_to(random: &mut Random, room: u32, bound: Option<usize>) -> Self {
        let keys = random_items(random, room, bound);
        keys.into_iter().filter_map(|key| Some((key, V::random(random, room)?))).collect()
    }
}

macro_rules! unbounded {
    ($([$($generic:tt)*] $type:ty),*) => {$(
        impl<$($generic)*> Wire for $type {
            fn spelling() -> String {
                Self::spell(None)
            }
            fn least() -> usize {
                8
            }
            fn read(input: &mut Input) -> Result<Self, Refusal> {
                Self::read_up_to(input, None)
            }
            fn extremes(room: u32) -> Vec<Self> {
                Self::telling(room)
            }
            fn random(random: &mut Random, room: u32) -> Option<Self> {
                Some(Self::random_up_to(random, room, None))
            }
        }
    )*};
}
unbounded!(
    [] String, [] Bytes, [T: Wire] Vec<T>, [T: Wire + Ord] BTreeSet<T>,
    [K: Wire + Ord, V: Wire] BTreeMap<K, V>
);

/// At most N bytes or items.
#[derive(Serialize, Deserialize, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bounded<C, const N: usize>(C);

impl<C: Counted, const N: usize> Wire for Bounded<C, N> {
    fn spelling() -> String {
        C::spell(Some(N))
    }
    fn least() -> usize {
        8
    }
    fn read(input: &mut Input) -> Result<Self, Refusal> {
        C::read_up_to(input, Some(N)).map(Bounded)
    }
    fn extremes(room: u32) -> Vec<Self> {
        let shorter = C::telling(room).into_iter().filter(|value| value.length() < N);
        shorter.chain([C::filled(N)]).map(Bounded).collect()
    }
    fn random(random: &mut Random, room: u32) -> Option<Self> {
        Some(Bounded(C::random_up_to(random, room, Some(N))))
    }
}

impl<T: Wire, const N: usize> Wire for [T; N]
where
    [T; N]: Serialize + serde::de::DeserializeOwned,
{
    fn spelling() -> String {
        arguments("array", &[T::spelling()], Some(N))
    }
    fn least() -> usize {
        N * T::least()
    }
    fn read(input: &mut Input) -> Result<Self, Refusal> {
        let items = (0..N).map(|_| T::read(input)).collect::<Result<Vec<T>, _>>()?;
        Ok(items.try_into().ok().expect("N items"))
    }
    fn extremes(room: u32) -> Vec<Self> {
        let items = T::extremes(room);
        let rows = (items.len() + N - 1) / N;
        (0..rows).map(|row| std::array::from_fn(|i| items[(row * N + i) % items.len()].clone())).collect()
    }
    fn random(random: &mut Random, room: u32) -> Option<Self> {
        let items = (0..N).map(|_| T::random(random, room)).collect::<Option<Vec<T>>>()?;
        items.try_into().ok()
    }
}

macro_rules! tuples {
    ($(($($member:ident)*))*) => {$(
        impl<$($member: Wire),*> Wire for ($($member,)*) {
            fn spelling() -> String {
                format!("({})", [$($member::spelling()),*].join(","))
            }
            fn least() -> usize {
                0 $(+ $member::least())*
            }
            fn read(input: &mut Input) -> Result<Self, Refusal> {
                Ok(($($member::read(input)?,)*))
            }
            #[allow(non_snake_case)]
            fn extremes(room: u32) -> Vec<Self> {
                $(let $member = $member::extremes(room);)*
                let counts = [$($member.len()),*];
                rows(&counts).map(|i| ($($member[i % $member.len()].clone(),)*)).collect()
            }
            fn random(random: &mut Random, room: u32) -> Option<Self> {
                Some(($($member::random(random, room)?,)*))
            }
        }
    )*};
}
tuples! { (A B) (A B C) (A B C D) (A B C D E F G H) }

/// So many rows show each value of every column, when column i has `counts[i]` of them; a column
/// without values allows no row.
pub fn rows(counts: &[usize]) -> std::ops::Range<usize> {
    match counts.contains(&0) {
        true => 0..0,
        false => 0..counts.iter().copied().max().unwrap_or(1),
    }
}
