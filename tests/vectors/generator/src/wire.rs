//! What the generator asks of a Rust type that stands for a type of the contract, and the strict reader it
//! is checked with. The reader follows docs/wire.md and nothing else: it shares no code with bincode, the C
//! runtime or the Dart runtime. While it reads it notes each place where other bytes would be an error.

use crate::random::Random;
use serde::{de::DeserializeOwned, Serialize};

/// Items of no bytes that all lists of a value may hold together.
pub const EMPTY_ITEMS_MAX: usize = 65_536;

/// How deep a recursive type is built for its extreme and random values.
pub const ROOM: u32 = 3;

pub trait Wire: Serialize + DeserializeOwned + Clone {
    /// How the contract writes the type, without white space.
    fn spelling() -> String;

    /// The least bytes that a value takes.
    fn least() -> usize;

    fn read(input: &mut Input) -> Result<Self, Refusal>;

    /// Telling values, the fullest last. None at all for a recursive type without room to nest.
    fn extremes(room: u32) -> Vec<Self>;

    fn random(random: &mut Random, room: u32) -> Option<Self>;
}

/// A declaration of the contract.
pub trait Declared: Wire {
    const NAME: &'static str;

    /// As in the contract, without documentation, attributes, values and white space.
    fn declaration() -> String;

    /// LEVELS_A_NEST more levels around a value of a recursive type; None starts with the innermost.
    fn nest(_inner: Option<Self>) -> Option<Self> {
        None
    }

    /// How deep the type may nest; 0 for one that is not recursive.
    const MAX_DEPTH: u32 = 0;

    const LEVELS_A_NEST: u32 = 1;

    /// What the types that contain each other are counted under.
    const CYCLE: &'static str = Self::NAME;

    /// Values worth a vector that do not follow from the types of the members.
    fn extras() -> Vec<Self> {
        Vec::new()
    }
}

/// What is left for the members of a value of T; None if T is recursive and may nest no further.
pub fn room_within<T: Declared>(room: u32) -> Option<u32> {
    room.checked_sub(u32::from(T::MAX_DEPTH > 0))
}

/// The refusal of an input: the name of an mbr_status and the offset of the value, length or tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub status: &'static str,
    pub at: usize,
}

/// Bytes that a hostile sender could put in place of those from `at` to `end`.
pub struct Site {
    pub refusal: Refusal,
    pub end: usize,
    pub evil: Vec<Evil>,
}

pub struct Evil {
    pub bytes: Vec<u8>,
    /// Rust's own deserializer refuses it as well.
    pub rust_refuses: bool,
}

pub struct Input<'a> {
    bytes: &'a [u8],
    at: usize,
    empty_items: usize,
    /// The cycle of each recursive value that is open, and how many of that are directly around each other.
    open: Vec<(&'static str, u32)>,
    pub sites: Vec<Site>,
    /// Neighbouring items of sets and maps: from, middle, end. In the other order they are valid too.
    pub neighbours: Vec<[usize; 3]>,
}

impl<'a> Input<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Input { bytes, at: 0, empty_items: 0, open: Vec::new(), sites: Vec::new(), neighbours: Vec::new() }
    }

    pub fn at(&self) -> usize {
        self.at
    }

    pub fn rest(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// The bytes read since `start`.
    pub fn since(&self, start: usize) -> &'a [u8] {
        &self.bytes[start..self.at]
    }

    pub fn take(&mut self, size: usize) -> Result<&'a [u8], Refusal> {
        if size > self.rest() {
            return Err(Refusal { status: "TRUNCATED", at: self.at });
        }
        self.at += size;
        Ok(self.since(self.at - size))
    }

    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Refusal> {
        Ok(self.take(N)?.try_into().expect("as many as asked for"))
    }

    pub fn finish(&self) -> Result<(), Refusal> {
        match self.rest() {
            0 => Ok(()),
            _ => Err(Refusal { status: "TRAILING", at: self.at }),
        }
    }

    /// Answers for the bytes since `start`: they must hold what `valid` says, and `evil` would not.
    pub fn judge(
        &mut self,
        start: usize,
        status: &'static str,
        valid: bool,
        rust_refuses: bool,
        evil: Vec<Vec<u8>>,
    ) -> Result<(), Refusal> {
        let refusal = Refusal { status, at: start };
        if !valid {
            return Err(refusal);
        }
        let evil = evil.into_iter().map(|bytes| Evil { bytes, rust_refuses }).collect();
        self.sites.push(Site { refusal, end: self.at, evil });
        Ok(())
    }

    /// The tag of a bool or an optional.
    pub fn tag(&mut self, status: &'static str) -> Result<bool, Refusal> {
        let start = self.at;
        let [tag] = self.array()?;
        self.judge(start, status, tag <= 1, true, vec![vec![2], vec![0xff]])?;
        Ok(tag == 1)
    }

    /// The index of one of `count` arms or members.
    pub fn index(&mut self, status: &'static str, count: usize) -> Result<usize, Refusal> {
        let start = self.at;
        let index = u32::from_le_bytes(self.array()?) as usize;
        let evil = [count as u32, 0x100, 0x1_0000, u32::MAX];
        let evil = evil.iter().map(|index| index.to_le_bytes().to_vec()).collect();
        self.judge(start, status, index < count, true, evil)?;
        Ok(index)
    }

    /// A length of at most `bound`, of items that take at least `least` bytes each.
    pub fn length(&mut self, least: usize, bound: Option<usize>) -> Result<usize, Refusal> {
        let start = self.at;
        let length = u64::from_le_bytes(self.array()?);
        let payable = self.rest().checked_div(least).unwrap_or(EMPTY_ITEMS_MAX - self.empty_items);
        let most = bound.map_or(payable, |bound| bound.min(payable)) as u64;
        let wrapped = length.wrapping_add(1 << 32);
        let evil = [payable as u64 + 1, wrapped, 1 << 63, u64::MAX];
        let evil = evil.iter().map(|length| length.to_le_bytes().to_vec()).collect();
        self.judge(start, "BAD_LENGTH", length <= most, least > 0, evil)?;
        if let Some(bound) = bound {
            let above = Evil { bytes: beyond(bound, least), rust_refuses: false };
            self.sites.last_mut().expect("judged above").evil.insert(0, above);
        }
        if least == 0 {
            self.empty_items += length as usize;
        }
        Ok(length as usize)
    }

    /// Items of a set or keys of a map, where none may come twice. `read` reads one and says where it ends.
    pub fn distinct<T>(
        &mut self,
        count: usize,
        mut read: impl FnMut(&mut Self) -> Result<(T, usize), Refusal>,
    ) -> Result<Vec<T>, Refusal> {
        let mut keys: Vec<&[u8]> = Vec::new();
        let mut items = Vec::new();
        let mut starts = vec![self.at];
        for i in 0..count {
            let start = self.at;
            let (item, end) = read(self)?;
            let key = &self.bytes[start..end];
            if keys.contains(&key) {
                return Err(Refusal { status: "DUPLICATE", at: start });
            }
            if i > 0 && i + 1 == count {
                let refusal = Refusal { status: "DUPLICATE", at: start };
                let evil = vec![Evil { bytes: keys[0].to_vec(), rust_refuses: false }];
                self.sites.push(Site { refusal, end, evil });
            }
            keys.push(key);
            items.push(item);
            starts.push(self.at);
        }
        if let [first, second, third, ..] = starts[..] {
            self.neighbours.push([first, second, third]);
        }
        Ok(items)
    }

    /// Enters a value of a type that may be recursive.
    pub fn enter<T: Declared>(&mut self) -> Result<(), Refusal> {
        if T::MAX_DEPTH == 0 {
            return Ok(());
        }
        let depth = match self.open.last() {
            Some((cycle, depth)) if *cycle == T::CYCLE => *depth,
            _ => 0,
        };
        self.open.push((T::CYCLE, depth + 1));
        match depth < T::MAX_DEPTH {
            true => Ok(()),
            false => Err(Refusal { status: "TOO_DEEP", at: self.at }),
        }
    }

    pub fn leave<T: Declared>(&mut self) {
        if T::MAX_DEPTH > 0 {
            self.open.pop();
        }
    }
}

/// One more than `bound`, and as many bytes behind it as that would need at least.
fn beyond(bound: usize, least: usize) -> Vec<u8> {
    let mut bytes = (bound as u64 + 1).to_le_bytes().to_vec();
    bytes.resize(bytes.len() + least * (bound + 1), 0);
    bytes
}

/// A recursive type holds itself in a box, which has no bytes of its own.
impl<T: Wire> Wire for Box<T> {
    fn spelling() -> String {
        T::spelling()
    }
    fn least() -> usize {
        T::least()
    }
    fn read(input: &mut Input) -> Result<Self, Refusal> {
        T::read(input).map(Box::new)
    }
    fn extremes(room: u32) -> Vec<Self> {
        T::extremes(room).into_iter().map(Box::new).collect()
    }
    fn random(random: &mut Random, room: u32) -> Option<Self> {
        T::random(random, room).map(Box::new)
    }
}
