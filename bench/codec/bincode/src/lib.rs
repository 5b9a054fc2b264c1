//! The messages of telemetry.mbr as Rust has them, encoded by bincode 1.3 with its default functions to
//! one vector that stays allocated: several times faster than to a slice. Text and bytes are borrowed
//! from the input, as in C. Called from peer_bincode.c, on one thread.

use serde::{Deserialize, Serialize};
use std::cell::UnsafeCell;

#[derive(Serialize, Deserialize)]
enum Mode {
    Off,
    Auto,
    Manual,
}

#[derive(Serialize, Deserialize)]
struct Telemetry<'a> {
    active: bool,
    zone: u8,
    delta: i16,
    count: i32,
    at: i64,
    celsius: f32,
    ratio: f64,
    name: &'a str,
    raw: &'a [u8],
    mode: Mode,
    fine: Option<f64>,
    history: Vec<f32>,
}

#[derive(Serialize, Deserialize)]
struct Batch<'a> {
    #[serde(borrow)]
    items: Vec<Telemetry<'a>>,
}

#[derive(Serialize, Deserialize)]
struct Series {
    values: Vec<f64>,
}

/// Values, and the bytes they were encoded to last.
struct Messages {
    telemetry: Option<Telemetry<'static>>,
    batch: Option<Batch<'static>>,
    series: Option<Series>,
    encoded: Vec<u8>,
}

struct Store(UnsafeCell<Messages>);

// One thread calls, see above.
unsafe impl Sync for Store {}

impl Store {
    const fn new() -> Store {
        Store(UnsafeCell::new(Messages {
            telemetry: None,
            batch: None,
            series: None,
            encoded: Vec::new(),
        }))
    }
}

static LOADED: Store = Store::new();
static DECODED: Store = Store::new();

fn decode_to<T: Deserialize<'static>>(slot: &mut Option<T>, bytes: &'static [u8]) -> bool {
    *slot = bincode::deserialize(bytes).ok();
    slot.is_some()
}

fn decode(store: &Store, message: i32, bytes: &'static [u8]) -> bool {
    let messages = unsafe { &mut *store.0.get() };
    match message {
        0 => decode_to(&mut messages.telemetry, bytes),
        1 => decode_to(&mut messages.batch, bytes),
        _ => decode_to(&mut messages.series, bytes),
    }
}

fn encode_from<T: Serialize>(value: &Option<T>, out: &mut Vec<u8>) {
    out.clear();
    match value {
        Some(value) if bincode::serialize_into(&mut *out, value).is_ok() => (),
        _ => out.clear(),
    }
}

/// `mbr_bytes` of mbr/wire.h.
#[repr(C)]
pub struct Bytes {
    data: *const u8,
    size: usize,
}

/// # Safety
/// `bytes` points to `size` bytes.
#[no_mangle]
pub unsafe extern "C" fn bench_bincode_load(message: i32, bytes: *const u8, size: usize) -> bool {
    let kept = std::slice::from_raw_parts(bytes, size).to_vec();
    decode(&LOADED, message, kept.leak())
}

/// # Safety
/// `bytes` points to `size` bytes, which outlive the value.
#[no_mangle]
pub unsafe extern "C" fn bench_bincode_decode(message: i32, bytes: *const u8, size: usize) -> bool {
    decode(&DECODED, message, std::slice::from_raw_parts(bytes, size))
}

/// # Safety
/// What it returned before is no longer used.
#[no_mangle]
pub unsafe extern "C" fn bench_bincode_encode(message: i32, decoded: bool) -> Bytes {
    let messages = &mut *(if decoded { &DECODED } else { &LOADED }).0.get();
    let out = &mut messages.encoded;
    match message {
        0 => encode_from(&messages.telemetry, out),
        1 => encode_from(&messages.batch, out),
        _ => encode_from(&messages.series, out),
    }
    Bytes {
        data: out.as_ptr(),
        size: out.len(),
    }
}
