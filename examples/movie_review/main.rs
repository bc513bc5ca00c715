//! Movie review: the paper's first application, after DeathStarBench's media service.
//!
//! ```text
//! cargo run --release --example movie_review
//! ```
//!
//! It takes a catalogue of films in, lets users write reviews and read pages while a share of all attempts dies
//! at random points, waits until nothing is unfinished, and checks that everything that was accepted happened
//! once. Kill it with `kill -9` and start it again: it finishes what it had accepted, and checks that too.

#![expect(clippy::print_stdout, reason = "this program reports to a terminal")]

mod app;
mod calls;
mod catalogue;
mod checks;
mod crashes;
mod ledger;
mod load;
mod options;
mod phases;
mod report;
pub mod services;

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use beldi::host::Gateway;
use clap::Parser;
use tokio::sync::watch;

use app::App;
use checks::{Check, Snapshot, several};
use load::Load;
use options::Options;
use report::Report;
use services::frontend::FilmRecord;

/// How long a shutdown waits for requests that are under way.
const GRACE: Duration = Duration::from_secs(10);

#[tokio::main]
async fn main() -> ExitCode {
    match run(&Options::parse()).await {
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

async fn run(options: &Options) -> Result<Vec<Check>, Box<dyn Error>> {
    let interrupted = interrupted();
    let app = phases::open(options).await?;
    let gateway = phases::serve(&app, options.port()).await?;
    phases::recover(&app).await?;
    let films = catalogue::films()?;
    phases::fill(&app, &films).await?;
    let about_load = match options.seconds {
        0 => Vec::new(),
        _ => drive(&app, &films, options, interrupted.clone()).await?,
    };
    let mut checks = verify(&app, &films).await?;
    checks.extend(about_load.iter().cloned());
    println!("\n{}\n", report::invariants(&checks));
    if options.serve {
        until_interrupted(&app, gateway, interrupted).await?;
        checks = verify(&app, &films).await?;
        checks.extend(about_load);
        println!("\n{}\n", report::invariants(&checks));
    }
    app.host.shutdown(GRACE).await;
    Ok(checks)
}

/// Lets the users work, waits until nothing is unfinished, and tells what was done. Gives what must hold of that.
async fn drive(
    app: &App,
    films: &[FilmRecord],
    options: &Options,
    interrupted: watch::Receiver<bool>,
) -> Result<Vec<Check>, Box<dyn Error>> {
    let names = (1..=options.users).map(|number| format!("critic-{number:02}")).collect();
    let users = catalogue::users(&app.client, names).await?;
    let (client, ledger, films) = (app.client.clone(), Arc::clone(&app.ledger), catalogue::by_title(films));
    let load = Load { client, ledger, films, users, interrupted, progress: load::Progress::default() };
    let load = Arc::new(load);
    let before = app.host.statistics();
    app.store.reset();
    let measured = phases::drive(&load, &app.host, Duration::from_secs(options.seconds)).await;
    phases::settle(app).await?;
    let statistics = phases::between(before, app.host.statistics());
    let report = Report { progress: &load.progress, measured: &measured, statistics, requests: app.store.reset() };
    println!("\n{}\n\n{}", report.numbers(), report.latencies());
    let sent = several(load.progress.total() as usize, "request");
    let mut checks = vec![Check::new("every request got an answer", &sent, &measured.failures)];
    // A load that was cut short may have had too few attempts for their share to mean anything.
    if options.checks_crashes() && !*load.interrupted.borrow() {
        checks.push(phases::enough_crashes(&statistics));
    }
    Ok(checks)
}

/// Compares what is stored with itself, with the catalogue and with what the clients know.
async fn verify(app: &App, films: &[FilmRecord]) -> Result<Vec<Check>, Box<dyn Error>> {
    let requests = app.ledger.requests()?;
    let snapshot = Snapshot::take(&app.client).await?;
    let mut checks = vec![phases::all_done(app, &requests).await?];
    checks.extend(snapshot.fulfils(&requests));
    checks.extend(snapshot.agrees(films));
    Ok(checks)
}

/// Serves the gateway for people, without crashes, until Ctrl-C.
async fn until_interrupted(
    app: &App,
    gateway: Gateway,
    mut interrupted: watch::Receiver<bool>,
) -> Result<(), Box<dyn Error>> {
    app.crashes.end();
    println!("serving {gateway} without further crashes; Ctrl-C ends. For example:");
    println!("  curl {gateway}/functions/page/read --json '{{\"film\": \"12-angry-men-1957\"}}'");
    interrupted.wait_for(|interrupted| *interrupted).await?;
    phases::settle(app).await
}

/// Becomes true at the first Ctrl-C, which ends the run in good order; a second one ends it at once.
fn interrupted() -> watch::Receiver<bool> {
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
