//! Runs [`beldi_fuzz::bytes`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| drop(beldi_fuzz::bytes::check(data)));
