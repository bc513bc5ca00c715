//! Runs [`beldi_fuzz::manifest`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| drop(beldi_fuzz::manifest::check(data)));
