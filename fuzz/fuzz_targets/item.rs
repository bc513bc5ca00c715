//! Runs [`beldi_fuzz::item`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| drop(beldi_fuzz::item::check(data)));
