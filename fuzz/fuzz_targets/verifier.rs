//! Fuzzes `fuzz::verifier::check`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::verifier::check(data));
