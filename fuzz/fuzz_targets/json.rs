//! Runs [`beldi_fuzz::json`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| drop(beldi_fuzz::json::check(data)));
