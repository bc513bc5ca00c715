//! The commands that failures of a crash matrix and of an exploration tell: they run that failure again, and print it.

use std::process::Command;

use beldi::prelude::*;
use beldi::testing::{Contest, CrashMatrix, Interleavings, Trial};

use crate::{Shop, Stock, call_the_post};

/// Loses what another one writes in between.
#[beldi::function(service = Shop)]
async fn count(article: String) {
    let free = Stock::get(&article).await.map_or(0, |stock| stock.free);
    Stock { article, free: free + 1 }.put().await;
}

#[beldi::function(service = Shop, read_only)]
async fn free(article: String) -> i64 {
    Stock::get(&article).await.map_or(0, |stock| stock.free)
}

/// Runs the command that stands at the end of a failure. Gives whether it passed, and what it printed.
fn run_again(failure: &str) -> (bool, String) {
    let (_, told) = failure.split_once("BELDI_REPLAY='").expect("a command");
    let (what, command) = told.split_once("' cargo test ").expect("a command");
    let arguments = command.lines().next().unwrap_or_default().split(' ').filter(|word| *word != "--");
    let mut again = Command::new(std::env::current_exe().expect("the path of the test"));
    let output = again.args(arguments).env("BELDI_REPLAY", what).output().expect("it runs");
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// Whether this is the process that a failure's command has started.
fn is_again() -> bool {
    std::env::var_os("BELDI_REPLAY").is_some()
}

#[tokio::test(start_paused = true)]
async fn a_failure_of_a_matrix_is_run_again_by_its_command() {
    let matrix = CrashMatrix::new(|trial: Trial| async move {
        trial.call(call_the_post("tea".into())).await.expect("an answer");
    });
    let report = matrix.run().await;
    if is_again() {
        assert_eq!((report.points, report.passed, report.failures.len()), (1, 0, 1), "only what was asked for");
        return report.assert_passed();
    }
    assert!(report.passed > 0 && !report.failures.is_empty(), "{report}");
    let (passed, trace) = run_again(&report.to_string());
    assert!(!passed && trace.contains("UpdateItem stock") && trace.contains("*** "), "{trace}");
    assert!(trace.contains(&report.failures[0].point.split_once(": ").expect("a point").1.to_owned()), "{trace}");
}

#[tokio::test(start_paused = true)]
async fn a_failure_of_an_exploration_is_run_again_by_its_command() {
    let scenario = |contest: Contest| async move {
        let (one, other) = tokio::join!(
            contest.attempt("one", false, count("tea".into())),
            contest.attempt("other", false, count("tea".into()))
        );
        one.and(other).map_err(|error| error.to_string())?;
        let left = contest.client().call(free("tea".into())).await.map_err(|error| error.to_string())?;
        if left == 2 { Ok(()) } else { Err(format!("{left} and not 2")) }
    };
    let explored = Interleavings::new().interruptions(1).explore(scenario).await;
    if is_again() {
        assert_eq!(explored.runs, 1);
        return explored.assert_passed();
    }
    let failure = std::panic::catch_unwind(|| explored.assert_passed()).expect_err("an update is lost");
    let failure = failure.downcast_ref::<String>().expect("a message");
    assert!(failure.contains("1 and not 2"), "{failure}");
    let (passed, trace) = run_again(failure);
    assert!(!passed && trace.contains("1 and not 2"), "{trace}");
    assert!(trace.contains("attempt 1 of shop/count, step 1: GetItem stock"), "{trace}");
}
