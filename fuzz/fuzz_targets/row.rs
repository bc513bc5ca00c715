//! Runs [`beldi_fuzz::row`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| drop(beldi_fuzz::row::check(data)));
