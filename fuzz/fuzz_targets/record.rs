//! Runs [`beldi_fuzz::record`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| drop(beldi_fuzz::record::check(data)));
