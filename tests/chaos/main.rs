//! Real processes and `kill -9`: travel and bank load over eight worker processes, each on the real `lambda_runtime`,
//! of which a random one is killed each second; the whole host is killed once, in the middle. After that, workers that
//! take one event at a time, as most Lambda functions do.
//!
//! One program in three roles. As the test it starts itself as a host, sends requests over HTTP, kills and restarts the
//! host, and in the end looks at what is stored. As a host it serves and kills workers. As a worker it is a Lambda
//! function. `BELDI_CHAOS_SECONDS` says how long the load lasts; 20 s otherwise.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program of its own that reports to a terminal")]

#[path = "../common/bank.rs"]
#[allow(dead_code, reason = "a part of it is used")]
mod bank;
#[path = "../../examples/travel/catalogue.rs"]
#[allow(dead_code, reason = "a part of it is used")]
mod catalogue;
#[path = "../../examples/travel/checks.rs"]
mod checks;
#[path = "../../examples/common/mod.rs"]
#[allow(dead_code, reason = "a part of it is used")]
mod common;
#[path = "../../examples/travel/services/mod.rs"]
pub mod services;

mod driver;
mod host;
mod load;
mod single;
mod verify;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use beldi::{Program, Settings};

/// Short times, so that what has died is soon alive again, and patience, because nothing here fails for good.
fn settings() -> Settings {
    Settings {
        timeout: Duration::from_secs(5),
        longest_timeout: Duration::from_secs(5),
        margin: Duration::from_millis(500),
        backoff: Duration::from_millis(50),
        max_backoff: Duration::from_millis(500),
        max_attempts: 100,
        ..Settings::default()
    }
}

fn main() -> ExitCode {
    if let Some(code) = Program::new().settings(settings()).deployed() {
        return code;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    runtime.block_on(async {
        match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["host", data, port] => match host::serve(&PathBuf::from(data), port).await {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => {
                    eprintln!("error: the host: {error}");
                    ExitCode::FAILURE
                }
            },
            _ => common::ended(driver::run().await),
        }
    })
}
