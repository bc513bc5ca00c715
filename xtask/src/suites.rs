//! `cargo xtask interleave`, `cargo xtask garbage` and `cargo xtask budget`: test targets run in a way of their own.

use std::error::Error;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader};

use crate::cargo;
use crate::tally::Tally;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Explores all interleavings, where the test suite takes a sample.
pub(crate) fn interleave() -> Result<Tally> {
    let targets = ["--test", "interleavings", "--test", "interleavings_transactions"];
    let arguments = [&["test", "--release"], targets.as_slice(), &["--", "--nocapture"]].concat();
    run(&arguments, &[("BELDI_INTERLEAVINGS", "all")], |line| Some(line))
}

/// Writes a hot row for long, where the test suite does for a while, and prints what each write costs.
pub(crate) fn garbage() -> Result<Tally> {
    let arguments =
        ["test", "--release", "--quiet", "--test", "garbage", "costs", "--", "--nocapture", "--test-threads", "1"];
    run(&arguments, &[("BELDI_GARBAGE", "long")], |line| Some(line).filter(|line| line.starts_with('|')))
}

/// Prints the table of the request budget.
pub(crate) fn budget() -> Result<Tally> {
    let arguments = ["test", "--quiet", "--test", "budget", "--", "--nocapture", "--test-threads", "1"];
    println!("| work | raw | beldi, critical | beldi, all |\n|---|---|---|---|");
    // Behind the dots of the tests that have passed.
    run(&arguments, &[], |line| Some(line.trim_start_matches('.')).filter(|line| line.starts_with('|')))
}

/// Runs cargo, prints what is to be shown of each line, and counts the tests.
fn run(arguments: &[&str], variables: &[(&str, &str)], shown: fn(&str) -> Option<&str>) -> Result<Tally> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut tally = Tally::default();
        let mut command = cargo::command();
        let mut child = command.args(arguments).envs(variables.iter().copied()).stdout(Stdio::piped()).spawn()?;
        let stdout = child.stdout.take().ok_or("cargo has no output")?;
        let mut lines = BufReader::new(stdout).lines();
        while let Some(line) = lines.next_line().await? {
            tally.add_line(&line);
            if let Some(shown) = shown(&line) {
                println!("{shown}");
            }
        }
        let success = child.wait().await?.success();
        if !success && tally.failed == 0 {
            return Err("the tests did not run to their end".into());
        }
        Ok(tally)
    })
}
