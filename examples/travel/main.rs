//! Travel reservation: the paper's second application, after DeathStarBench's hotel reservation service.
//!
//! ```text
//! cargo run --release --example travel
//! ```
//!
//! It makes up hotels and flights from a seed, lets travellers search and reserve while a share of all attempts
//! dies at random points, lets everybody rush for the last places, waits until nothing is unfinished, and checks
//! that no room and no seat was sold twice or lost. Kill it with `kill -9` and start it again: it finishes what it
//! had accepted, and checks that too.
//!
//! With `--processes 8` the services run in eight worker processes, each an AWS Lambda function on this machine, of which
//! one is killed each second. On AWS the same program is the Lambda functions of all its services:
//!
//! ```text
//! cargo lambda build --release --example travel --no-default-features --features aws
//! ```

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
#[cfg(feature = "embedded")]
mod mix;
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
