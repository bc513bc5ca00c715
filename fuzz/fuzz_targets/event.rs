//! Runs [`beldi_fuzz::event`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| drop(beldi_fuzz::event::check(data)));
