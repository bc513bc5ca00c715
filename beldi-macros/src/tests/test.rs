//! `#[beldi::test]`.

use super::{codes, text, tokens};
use crate::test::test;

const BODY: &str = "async fn sells_one(trial: Trial) { trial.settle().await; }";

fn expanded(options: &str, item: &str) -> proc_macro2::TokenStream {
    test(tokens(options), &tokens(item))
}

#[test]
fn options_become_calls_on_the_case() {
    let written = expanded("crash = \"everywhere\", seeds = 20, seed = 7, ignore(\"at\", \"id\")", BODY);
    let calls = ".everywhere().seed(7u64).seeds(20u64).ignore(\"at\").ignore(\"id\").run(sells_one)";
    assert!(text(&written).contains(calls), "{written}");
    let written = expanded("", BODY);
    assert!(text(&written).contains("(\"CARGO_PKG_NAME\")).run(sells_one)"), "{written}");
}

#[test]
fn other_attributes_stay_on_the_test() {
    let written = expanded("", &format!("/// Sells.\n#[should_panic] {BODY}"));
    let written = text(&written);
    assert!(written.contains("#[should_panic]#[::core::prelude::v1::test]fnsells_one(){"), "{written}");
}

#[test]
fn each_wrong_signature_is_one_mistake() {
    for signature in [
        "fn sells_one(trial: Trial) {}",
        "async fn sells_one() {}",
        "async fn sells_one(trial: Trial, other: u32) {}",
        "async fn sells_one(&self) {}",
        "async fn sells_one<T>(trial: Trial) {}",
        "unsafe fn sells_one() {}",
    ] {
        assert_eq!(codes(expanded("", signature)), [38], "{signature}");
    }
    assert_eq!(codes(expanded("", "struct SellsOne;")), [12]);
}

#[test]
fn options_that_are_none() {
    for (options, code) in [
        ("retries = 3", 19),
        ("seeds = 1, seeds = 2", 20),
        ("crash = \"sometimes\"", 21),
        ("crash", 21),
        ("seeds = \"many\"", 21),
        ("seed = -1", 21),
        ("seeds = 99999999999999999999999", 21),
        ("ignore = \"at\"", 21),
        ("ignore(at)", 21),
    ] {
        assert_eq!(codes(expanded(options, BODY)), [code], "{options}");
    }
}
