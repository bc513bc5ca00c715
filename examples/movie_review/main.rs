//! Movie review: the paper's first application, after DeathStarBench's media service.
//!
//! ```text
//! cargo run --release --example movie_review
//! ```
//!
//! It takes a catalogue of films in, lets users write reviews and read pages while a share of all attempts dies
//! at random points, waits until nothing is unfinished, and checks that everything that was accepted happened
//! once. Kill it with `kill -9` and start it again: it finishes what it had accepted, and checks that too.
//!
//! With `--processes 8` the services run in worker processes, of which one is killed each second. Built without its
//! default features, with `aws` alone, it is the AWS Lambda function of each of its services.

#![cfg_attr(feature = "embedded", expect(clippy::print_stdout, reason = "this program reports to a terminal"))]

#[cfg(feature = "embedded")]
mod catalogue;
#[cfg(feature = "embedded")]
mod checks;
#[cfg(feature = "embedded")]
#[path = "../common/mod.rs"]
mod common;
#[cfg(feature = "embedded")]
mod load;
pub mod services;
#[cfg(not(feature = "embedded"))]
#[path = "../common/settings.rs"]
mod settings;
#[cfg(feature = "embedded")]
mod show;

use std::process::ExitCode;

use beldi::Program;
#[cfg(feature = "embedded")]
use common::settings;

fn main() -> ExitCode {
    let program = Program::new().settings(settings::deployed_settings());
    #[cfg(feature = "embedded")]
    return program.deployed().unwrap_or_else(show::main);
    #[cfg(not(feature = "embedded"))]
    program.run()
}
