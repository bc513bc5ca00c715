//! What the shows have in common: the command line, the application on its file, what its clients write down, the
//! users, the crashes, the phases of a run, and what is told of it.
//!
//! Each show has this as a module of its own, beside its `services`.

pub(crate) mod app;
pub(crate) mod calls;
pub(crate) mod checks;
pub(crate) mod crashes;
pub(crate) mod ledger;
pub(crate) mod load;
pub(crate) mod options;
pub(crate) mod phases;
pub(crate) mod report;
pub(crate) mod rows;
pub(crate) mod settings;

use std::error::Error;
use std::process::ExitCode;

use tokio::sync::watch;

use checks::Check;

/// Tells how a run has ended, and makes that the program's exit code.
pub(crate) fn ended(run: Result<Vec<Check>, Box<dyn Error>>) -> ExitCode {
    match run {
        Ok(checks) => {
            let passed = checks.iter().filter(|check| check.held).count();
            println!("{passed} passed, {} failed", checks.len() - passed);
            if passed == checks.len() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

/// Becomes true at the first Ctrl-C, which ends the run in good order; a second one ends it at once.
pub(crate) fn interrupted() -> watch::Receiver<bool> {
    let (sender, receiver) = watch::channel(false);
    tokio::spawn(async move {
        while tokio::signal::ctrl_c().await.is_ok() {
            if sender.send_replace(true) {
                std::process::exit(130);
            }
            eprintln!("ending in good order; Ctrl-C again ends at once");
        }
    });
    receiver
}
