//! Fuzzes `fuzz::custom_build::check`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::custom_build::check(data));
