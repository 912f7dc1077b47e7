//! Fuzzes `fuzz::annotation::check`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::annotation::check(data));
