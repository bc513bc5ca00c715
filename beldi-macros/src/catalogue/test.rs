//! Mistakes in tests: BELDI038.

use super::Mistake;

/// A test that is no plain `async fn` over one `Trial`.
pub(crate) fn test_signature() -> Mistake {
    Mistake::new(
        38,
        "a beldi test is an `async fn` with one argument, the `Trial`",
        "it is run many times, each time in a world of its own, which the `Trial` is the way to",
        "`#[beldi::test] async fn sells_one(trial: beldi::testing::Trial) { .. }`",
    )
}
