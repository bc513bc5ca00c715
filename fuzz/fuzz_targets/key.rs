//! Runs [`beldi_fuzz::key`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| drop(beldi_fuzz::key::check(data)));
