//! The ledger of the example, across runs that were killed.

use std::fs;
use std::path::PathBuf;

use uuid::Uuid;

use crate::common::ledger::{Asked, Ledger, Outcome, Request};
use crate::load::Wanted;

/// A file that is removed at the end.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn asked() -> Asked<Wanted> {
    let what = Wanted { user: Uuid::new_v4(), film: "ikiru-1952".into(), stars: 8 };
    Asked { key: Uuid::new_v4(), what }
}

#[test]
fn a_run_finds_what_an_earlier_one_has_written_down() {
    let file = Scratch(std::env::temp_dir().join(format!("beldi-ledger-{}", Uuid::new_v4())));
    let (answered, open, now) = (asked(), asked(), asked());
    let review = Uuid::new_v4();
    let ledger = Ledger::open(file.0.clone()).expect("a new ledger");
    ledger.asked(answered.clone()).expect("a line");
    ledger.asked(open.clone()).expect("a line");
    ledger.got(answered.key, Outcome::Answered(review)).expect("a line");
    drop(ledger);
    // The process is killed in the middle of a line.
    let mut text = fs::read_to_string(&file.0).expect("the ledger");
    text.push_str("{\"got\":{\"key\":\"");
    fs::write(&file.0, text).expect("the ledger");

    let ledger = Ledger::open(file.0.clone()).expect("the ledger");
    ledger.asked(now.clone()).expect("a line");
    ledger.got(now.key, Outcome::Started).expect("a line");
    let requests = ledger.requests().expect("the requests");
    let seen: Vec<_> = requests.iter().map(|request| (&request.asked, request.outcome, request.earlier)).collect();
    let expected = [
        (&answered, Some(Outcome::Answered(review)), true),
        (&open, None, true),
        (&now, Some(Outcome::Started), false),
    ];
    assert_eq!(seen, expected);
    let accepted: Vec<_> = requests.iter().map(Request::is_accepted).collect();
    assert_eq!(accepted, [true, false, true]);
}
