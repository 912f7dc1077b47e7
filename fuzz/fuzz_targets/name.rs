//! Fuzzes `fuzz::name::check`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::name::check(data));
