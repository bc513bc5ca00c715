//! A small shop, written twice: in `faulty` each function compiles, works when it is tried, and is wrong; in `mended`
//! it is right. `tests/faults.rs` finds each fault with the kit, and `tests/mended.rs` sees nothing left to find.
//!
//! ```console
//! $ cargo test --package testing-example
//! ```

#![allow(missing_docs, reason = "the functions are told by the tests")]

pub mod calendar;
pub mod faulty;
pub mod mended;
pub mod provider;
