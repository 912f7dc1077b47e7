//! Fuzzes `fuzz::pem::check`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::pem::check(data));
