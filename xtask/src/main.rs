//! The long commands of this workspace: `cargo xtask <command>`.
//!
//! Every command ends with a line `N passed, N failed` and exits non-zero if something failed.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line program talks to its terminal")]

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod cargo;
mod ci;
mod dynamodb_local;
mod fuzz;
mod lambda;
mod mutants;
mod progress;
mod suites;
mod tally;
mod tools;
mod watch;

#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", about = "The long commands of the beldi workspace")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Check everything that must hold before a change is merged
    Ci(ci::Options),
    /// Count the store requests of each kind of work, and print the table
    Budget,
    /// Write a hot row 100,000 times while garbage is collected, and compare the last tenth with the first; see that
    /// 100,000 instances leave nothing (minutes)
    Garbage,
    /// Disturb every point of operations, transactions and applications, and count the points (minutes)
    Matrix,
    /// Explore all interleavings of the small scenarios (about an hour)
    Interleave(suites::Interleave),
    /// Run seeded worlds full of faults (an hour)
    Simulate(suites::Simulate),
    /// Let many clients run transactions while attempts die, and look for a serial order (half an hour)
    Histories,
    /// Damage what is stored at each of its bytes, and see that it is reported (minutes)
    Damage,
    /// Break each rule of the protocol in a copy, and see a test fail
    Mutants(mutants::Options),
    /// Kill worker processes and their host under load (two minutes)
    Chaos(suites::Chaos),
    /// Build the travel reservation for AWS Lambda, and print sizes and start times
    Lambda,
    /// Run the travel reservation under `cargo lambda watch` on DynamoDB Local, and book a trip (needs Java 17 and npm)
    Watch,
    /// Ask the embedded engine and DynamoDB Local the same, and write the page of their differences
    Differences,
    /// Run the fuzz targets, each for a while (needs cargo-fuzz and a nightly toolchain)
    Fuzz(fuzz::Options),
    /// Run the test suites on Amazon's DynamoDB Local (needs Java 17 and npm)
    DynamodbLocal(dynamodb_local::Options),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Ci(options) => ci::run(&options),
        Command::Budget => suites::budget(),
        Command::Garbage => suites::garbage(),
        Command::Matrix => suites::matrix(),
        Command::Interleave(options) => suites::interleave(&options),
        Command::Simulate(options) => suites::simulate(&options),
        Command::Histories => suites::histories(),
        Command::Damage => suites::damage(),
        Command::Chaos(options) => suites::chaos(&options),
        Command::Lambda => lambda::run(),
        Command::Watch => watch::run(),
        Command::Mutants(options) => mutants::run(&options),
        Command::Differences => dynamodb_local::differences(),
        Command::Fuzz(options) => fuzz::run(&options),
        Command::DynamodbLocal(options) => dynamodb_local::run(&options),
    };
    let tally = outcome.unwrap_or_else(|error| {
        eprintln!("error: {error}");
        tally::Tally::one_failed()
    });
    println!("{tally}");
    tally.exit_code()
}
