//! How many interleavings a test explores.

use beldi::testing::Interleavings;

/// What is short; or, with `BELDI_INTERLEAVINGS=N`, which `cargo xtask interleave` sets, all with one interruption, and those
/// with more as long as they are no more than so many.
pub(crate) fn all_or(
    short: impl FnOnce(Interleavings) -> Interleavings,
    interleavings: Interleavings,
) -> Interleavings {
    match std::env::var("BELDI_INTERLEAVINGS") {
        Ok(at_most) => {
            interleavings.interruptions(1).at_most(at_most.parse().expect("BELDI_INTERLEAVINGS is a number"))
        }
        Err(_) => short(interleavings),
    }
}
