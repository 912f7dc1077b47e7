//! Fuzzes `fuzz::join::check`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::join::check(data));
