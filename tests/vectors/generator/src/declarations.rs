//! Macros that declare a Rust type beside the contract's: each gives the type serde's derived traits, which
//! write the bytes, and the traits of wire.rs, which read and judge them.

use std::cell::RefCell;

/// `r#` before a name lets Rust use its keywords as names.
pub fn plain(name: &str) -> &str {
    name.strip_prefix("r#").unwrap_or(name)
}

thread_local! {
    static OPEN: RefCell<Vec<&'static str>> = RefCell::new(Vec::new());
}

/// The least size of a union, whose arms may hold the union again: from within, that way is never the
/// shortest, so it counts as out of reach.
pub fn least_of_union(name: &'static str, arms: impl Fn() -> usize) -> usize {
    const OUT_OF_REACH: usize = 1 << 40;
    if OPEN.with(|open| open.borrow().contains(&name)) {
        return OUT_OF_REACH;
    }
    OPEN.with(|open| open.borrow_mut().push(name));
    let least = 4 + arms();
    OPEN.with(|open| open.borrow_mut().pop());
    least
}

/// What may stand around the members of a struct or union: `@ 64` makes it recursive (`of Other`: in the cycle
/// of that one), `nest` builds a level around a value of it (`by 2`: two of them), `extras` adds values.
macro_rules! declared {
    (
        $name:ident, $declaration:expr,
        [$($depth:literal $($step:literal)? $($cycle:ident)?)?] [$($nest:expr)?] [$($extras:expr)?]
    ) => {
        impl crate::wire::Declared for $name {
            const NAME: &'static str = stringify!($name);
            fn declaration() -> String {
                $declaration
            }
            $(
                const MAX_DEPTH: u32 = $depth;
                $(const LEVELS_A_NEST: u32 = $step;)?
                $(const CYCLE: &'static str = stringify!($cycle);)?
            )?
            $(fn nest(inner: Option<Self>) -> Option<Self> {
                let nest: fn(Option<Self>) -> Self = $nest;
                Some(nest(inner))
            })?
            $(fn extras() -> Vec<Self> {
                $extras
            })?
        }
    };
}

macro_rules! record {
    ($(#[$meta:meta])* $name:ident $(@ $depth:literal $(by $step:literal)? nest $nest:expr =>)? {
        $($field:ident: $type:ty),* $(,)?
    } $(extras $extras:expr)?) => {
        #[derive(serde::Serialize, serde::Deserialize, Clone)]
        $(#[$meta])*
        pub struct $name { $(pub $field: $type),* }

        impl crate::wire::Wire for $name {
            fn spelling() -> String {
                stringify!($name).into()
            }
            fn least() -> usize {
                0 $(+ <$type>::least())*
            }
            fn read(input: &mut Input) -> Result<Self, Refusal> {
                input.enter::<Self>()?;
                $(let $field = <$type>::read(input)?;)*
                input.leave::<Self>();
                Ok($name { $($field),* })
            }
            #[allow(unused_variables)]
            fn extremes(room: u32) -> Vec<Self> {
                let room = match room_within::<Self>(room) {
                    Some(room) => room,
                    None => return Vec::new(),
                };
                $(let $field = <$type>::extremes(room);)*
                let rows = rows(&[$($field.len()),*]);
                rows.map(|i| $name { $($field: $field[i % $field.len()].clone()),* }).collect()
            }
            #[allow(unused_variables)]
            fn random(random: &mut Random, room: u32) -> Option<Self> {
                let room = room_within::<Self>(room)?;
                $(let $field = <$type>::random(random, room)?;)*
                Some($name { $($field),* })
            }
        }

        declared!($name, {
            let fields: &[String] = &[$(format!("{}:{};", plain(stringify!($field)), <$type>::spelling())),*];
            format!("struct{}{{{}}}", stringify!($name), fields.concat())
        }, [$($depth $($step)?)?] [$($nest)?] [$($extras)?]);
    };
}

/// `union` or `error`, and its arms: bare, `arm(Type)`, or `arm { field: Type }`.
macro_rules! union {
    ($keyword:ident $name:ident $(@ $depth:literal $(of $cycle:ident)? nest $nest:expr =>)? {
        $($arm:ident $(($type:ty))? $({ $($field:ident: $inner:ty),* })?),* $(,)?
    }) => {
        #[derive(serde::Serialize, serde::Deserialize, Clone)]
        pub enum $name { $($arm $(($type))? $({ $($field: $inner),* })?),* }

        impl crate::wire::Wire for $name {
            fn spelling() -> String {
                stringify!($name).into()
            }
            fn least() -> usize {
                least_of_union(stringify!($name), || {
                    let arms = [$(0 $(+ <$type>::least())? $($(+ <$inner>::least())*)?),*];
                    arms.into_iter().min().expect("a union has arms")
                })
            }
            fn read(input: &mut Input) -> Result<Self, Refusal> {
                input.enter::<Self>()?;
                let arms: &[fn(&mut Input) -> Result<Self, Refusal>] = &[$(|_input| {
                    Ok($name::$arm $((<$type>::read(_input)?))? $({ $($field: <$inner>::read(_input)?),* })?)
                }),*];
                let index = input.index("BAD_ARM", arms.len())?;
                let value = arms[index](input)?;
                input.leave::<Self>();
                Ok(value)
            }
            fn extremes(room: u32) -> Vec<Self> {
                let room = match room_within::<Self>(room) {
                    Some(room) => room,
                    None => return Vec::new(),
                };
                let mut values = Vec::new();
                $({
                    #[allow(unused_mut)]
                    let mut counts: Vec<usize> = Vec::new();
                    $(let arm = <$type>::extremes(room); counts.push(arm.len());)?
                    $($(let $field = <$inner>::extremes(room); counts.push($field.len());)*)?
                    let rows = rows(&counts);
                    let first_and_last = [rows.clone().next(), rows.skip(1).last()];
                    values.extend(first_and_last.into_iter().flatten().map(|_i| {
                        $name::$arm $((<$type as Clone>::clone(&arm[_i % arm.len()])))?
                            $({ $($field: $field[_i % $field.len()].clone()),* })?
                    }));
                })*
                values
            }
            fn random(random: &mut Random, room: u32) -> Option<Self> {
                let room = room_within::<Self>(room)?;
                let arms: &[fn(&mut Random, u32) -> Option<Self>] = &[$(|_random, _room| {
                    Some($name::$arm $((<$type>::random(_random, _room)?))?
                        $({ $($field: <$inner>::random(_random, _room)?),* })?)
                }),*];
                let first = random.below(arms.len());
                (0..arms.len()).find_map(|i| arms[(first + i) % arms.len()](random, room))
            }
        }

        declared!($name, {
            let mut text = format!("{}{}{{", stringify!($keyword), stringify!($name));
            $(
                text += plain(stringify!($arm));
                #[allow(unused_mut, unused_assignments)]
                let mut end = ";";
                $(text += &format!(":{}", <$type>::spelling());)?
                $(
                    text += "{";
                    $(text += &format!("{}:{};", plain(stringify!($field)), <$inner>::spelling());)*
                    end = "}";
                )?
                text += end;
            )*
            text + "}"
        }, [$($depth $($cycle)?)?] [$($nest)?] []);
    };
}

/// An enum that is an index on the wire.
macro_rules! index_enum {
    ($name:ident { $($member:ident),* }) => {
        #[derive(serde::Serialize, serde::Deserialize, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name { $($member),* }

        impl crate::wire::Wire for $name {
            fn spelling() -> String {
                stringify!($name).into()
            }
            fn least() -> usize {
                4
            }
            fn read(input: &mut Input) -> Result<Self, Refusal> {
                let members = Self::extremes(0);
                Ok(members[input.index("BAD_ENUM", members.len())?])
            }
            fn extremes(_room: u32) -> Vec<Self> {
                vec![$($name::$member),*]
            }
            fn random(random: &mut Random, _room: u32) -> Option<Self> {
                let members = Self::extremes(0);
                Some(members[random.below(members.len())])
            }
        }

        declared!($name, {
            format!("enum{}{{{}}}", stringify!($name), [$(plain(stringify!($member))),*].join(","))
        }, [] [] []);
    };
}

/// An enum with values, closed or open, or flags: its number on the wire. In brackets what stands around the
/// name in the contract.
macro_rules! number {
    ([$($keyword:ident)+ $spelled:literal] $name:ident: $type:ident { $($member:ident = $value:expr),* }) => {
        #[derive(serde::Serialize, serde::Deserialize, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name($type);

        impl $name {
            const MEMBERS: &'static [$type] = &[$($value),*];

            fn is_valid(value: &$type) -> bool {
                let is_closed = concat!($(stringify!($keyword)),+) == "enum";
                !is_closed || Self::MEMBERS.contains(value)
            }
        }

        impl crate::wire::Wire for $name {
            fn spelling() -> String {
                stringify!($name).into()
            }
            fn least() -> usize {
                <$type>::least()
            }
            fn read(input: &mut Input) -> Result<Self, Refusal> {
                let start = input.at();
                let value = <$type>::read(input)?;
                let members = Self::MEMBERS.iter();
                let near = members.flat_map(|member| [member.wrapping_sub(1), member.wrapping_add(1)]);
                let evil = near.chain([<$type>::MIN, <$type>::MAX]).filter(|value| !Self::is_valid(value));
                let evil = evil.map(|value| value.to_le_bytes().to_vec()).collect();
                input.judge(start, "BAD_ENUM", Self::is_valid(&value), false, evil)?;
                Ok($name(value))
            }
            fn extremes(room: u32) -> Vec<Self> {
                let others = <$type>::extremes(room).into_iter();
                let others = others.filter(|value| !Self::MEMBERS.contains(value));
                let values = Self::MEMBERS.iter().copied().chain(others);
                values.filter(Self::is_valid).map($name).collect()
            }
            fn random(random: &mut Random, room: u32) -> Option<Self> {
                let member = Self::MEMBERS[random.below(Self::MEMBERS.len())];
                let any = <$type>::random(random, room)?;
                Some($name(if Self::is_valid(&any) { any } else { member }))
            }
        }

        declared!($name, {
            let members = [$(plain(stringify!($member))),*].join(",");
            format!("{}{}{}{{{}}}", concat!($(stringify!($keyword)),+), stringify!($name), $spelled, members)
        }, [] [] []);
    };
}

/// A number with a range. It is spelled as its type where the range is given at the field, else as an alias.
macro_rules! ranged {
    ($name:ident: $type:ident, $spelling:literal, $min:expr, $max:expr, beyond $beyond:expr) => {
        #[derive(serde::Serialize, serde::Deserialize, Clone, Copy)]
        pub struct $name($type);

        impl crate::wire::Wire for $name {
            fn spelling() -> String {
                $spelling.into()
            }
            fn least() -> usize {
                <$type>::least()
            }
            fn read(input: &mut Input) -> Result<Self, Refusal> {
                let start = input.at();
                let value = <$type>::read(input)?;
                let evil = $beyond.iter().map(|value: &$type| value.to_le_bytes().to_vec()).collect();
                input.judge(start, "BAD_RANGE", ($min..=$max).contains(&value), false, evil)?;
                Ok($name(value))
            }
            fn extremes(room: u32) -> Vec<Self> {
                let within = <$type>::extremes(room).into_iter();
                let within = within.filter(|value| ($min..=$max).contains(value));
                [$min, $max].into_iter().chain(within).map($name).collect()
            }
            fn random(random: &mut Random, room: u32) -> Option<Self> {
                let values = Self::extremes(room);
                Some(values[random.below(values.len())])
            }
        }
    };
}

/// `type` in the contract: another name, the same bytes.
macro_rules! alias {
    ($name:ident = $type:ty) => {
        #[derive(serde::Serialize, serde::Deserialize, Clone)]
        pub struct $name($type);

        impl crate::wire::Wire for $name {
            fn spelling() -> String {
                stringify!($name).into()
            }
            fn least() -> usize {
                <$type>::least()
            }
            fn read(input: &mut Input) -> Result<Self, Refusal> {
                <$type>::read(input).map($name)
            }
            fn extremes(room: u32) -> Vec<Self> {
                <$type>::extremes(room).into_iter().map($name).collect()
            }
            fn random(random: &mut Random, room: u32) -> Option<Self> {
                <$type>::random(random, room).map($name)
            }
        }
    };
}
