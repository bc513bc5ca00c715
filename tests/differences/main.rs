//! Where the embedded engine, DynamoDB Local and DynamoDB differ: probes, sent to the first two, and the page of the book
//! that says what came of them.
//!
//! The page must say what the embedded engine does, and, where the variable `BELDI_DYNAMODB_ENDPOINT` names one, what
//! DynamoDB Local does. `cargo xtask differences` writes it.

#![cfg(all(feature = "aws", feature = "embedded"))]

mod page;
mod probes;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use beldi::store::{DynamoDbStore, EmbeddedStore, SharedStore};

use page::Page;

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("book/src/differences.md")
}

/// What the page says, which must be as it is written with these answers.
fn on_the_page() -> Page {
    let text = std::fs::read_to_string(path()).unwrap_or_default();
    let page = Page::parse(&text);
    assert_eq!(page.text(), text, "{HOW}");
    page
}

const HOW: &str = "`cargo xtask differences` writes the page anew";

#[tokio::test]
async fn the_page_says_what_the_embedded_engine_does() {
    let store: SharedStore = Arc::new(EmbeddedStore::in_memory().expect("SQLite starts"));
    let embedded = probes::ask_all(&store).await;
    let Ok(endpoint) = std::env::var("BELDI_DYNAMODB_ENDPOINT") else {
        let page = on_the_page();
        assert_eq!(page.embedded, embedded, "{HOW}");
        every_difference_is_explained(&page);
        return;
    };
    let local: SharedStore = Arc::new(DynamoDbStore::at_endpoint(&endpoint));
    let page = Page { embedded, local: probes::ask_all(&local).await };
    if std::env::var_os("BELDI_DIFFERENCES").is_some_and(|value| value == "write") {
        std::fs::write(path(), page.text()).expect("the page can be written");
    }
    assert_eq!(on_the_page(), page, "{HOW}");
    every_difference_is_explained(&page);
}

/// What the page explains must be what differs: an explanation of what is the same, or a difference without one, is a
/// mistake.
fn every_difference_is_explained(Page { embedded, local }: &Page) {
    for probe in probes::PROBES {
        let differs = embedded.get(probe.asked) != local.get(probe.asked)
            || embedded.get(probe.asked) != Some(&probe.documented.to_owned());
        assert_eq!(differs, !probe.why_it_does_not_matter.is_empty(), "{}", probe.asked);
    }
}

/// What each probe got.
type Answers = BTreeMap<String, String>;
