//! Runs [`beldi_fuzz::json`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| beldi_fuzz::json::check(data));
