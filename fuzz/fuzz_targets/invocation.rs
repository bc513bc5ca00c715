//! Runs [`beldi_fuzz::invocation`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| drop(beldi_fuzz::invocation::check(data)));
