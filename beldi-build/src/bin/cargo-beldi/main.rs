//! `cargo beldi`: from a program to its deployment.
//!
//! Thin: what the commands say and do is in the library `beldi-build`, and what is outside is called as a person would
//! call it.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line program talks to its terminal")]

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod build;
mod check;
mod contract;
mod deploy;
mod dev;
mod new;
mod options;
mod plan;
mod run;
mod template;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Makes, runs, plans, checks and deploys programs whose functions are beldi's
#[derive(Parser)]
#[command(name = "cargo beldi", bin_name = "cargo beldi", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make a project that compiles, tests and runs
    New(new::Options),
    /// Run the program on this machine, and again after each change of its code
    Dev(dev::Options),
    /// Show what a deployment consists of: services, rights, tables, requests
    Plan(plan::Options),
    /// Write the AWS SAM template
    Template(template::Options),
    /// Build the binary that AWS Lambda runs
    Build(build::Options),
    /// Show the plan, build, and deploy with `sam deploy`
    Deploy(deploy::Options),
    /// Write the declaration of a service with which other programs call it
    Contract(contract::Options),
    /// Compare the template and the tables in the account with the program
    Check(check::Options),
}

fn main() -> ExitCode {
    // Who reads what is printed may go before its end, as `head` does: then so does this program.
    sigpipe::reset();
    let outcome = match Cli::parse_from(arguments()).command {
        Command::New(options) => new::run(&options),
        Command::Dev(options) => dev::run(&options),
        Command::Plan(options) => plan::run(&options),
        Command::Template(options) => template::run(&options),
        Command::Build(options) => build::run(&options),
        Command::Deploy(options) => deploy::run(&options),
        Command::Contract(options) => contract::run(&options),
        Command::Check(options) => check::run(&options),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::FAILURE
    })
}

/// The arguments without the word that cargo puts first when it starts a command of its own.
fn arguments() -> impl Iterator<Item = std::ffi::OsString> {
    std::env::args_os()
        .enumerate()
        .filter(|(number, argument)| *number != 1 || argument != "beldi")
        .map(|(_, argument)| argument)
}
