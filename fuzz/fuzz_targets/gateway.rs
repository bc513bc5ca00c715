//! Runs [`beldi_fuzz::gateway`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| drop(beldi_fuzz::gateway::check(data)));
