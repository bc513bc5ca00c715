//! Who calls whom, read from a binary.

use std::collections::BTreeSet;

use beldi_build::{Mark, marks};

fn text(mark: &Mark) -> String {
    match mark {
        Mark::Call { caller, service, function } => format!("{caller} -> {service}/{function}"),
        Mark::Transaction { caller } => format!("{caller} has transactions"),
        Mark::AnyHelper { caller } => format!("{caller} uses helpers of no service"),
    }
}

#[test]
fn the_marks_of_a_binary_are_the_calls_of_its_source() {
    let binary = std::fs::read(std::env::current_exe().expect("a program")).expect("its binary");
    let found: BTreeSet<_> = marks(&binary).iter().map(text).collect();
    let expected = [
        "frontend -> flight/open",
        "frontend -> flight/reserve",
        "frontend -> flight/write",
        "frontend -> geo/add",
        "frontend -> hotel/open",
        "frontend -> hotel/reserve",
        "frontend -> order/place",
        "frontend -> profile/read",
        "frontend -> profile/write",
        "frontend -> rate/set",
        "frontend -> recommendation/add",
        "frontend -> recommendation/rank",
        "frontend -> search/nearby",
        "frontend has transactions",
        "search -> geo/nearby",
        "search -> rate/quote",
    ];
    assert_eq!(found, expected.map(str::to_owned).into());
}
