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

#![expect(clippy::print_stdout, reason = "this program reports to a terminal")]

mod catalogue;
mod checks;
#[path = "../common/mod.rs"]
mod common;
mod load;
mod mix;
pub mod services;

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Instant;

use clap::Parser;
use tokio::sync::watch;

use catalogue::Catalogue;
use checks::Snapshot;
use common::checks::Check;
use common::load::Load;
use common::options::Options;
use common::{phases, report, rows};
use load::{Desk, Rush, Travellers};
use mix::Mix;
use services::frontend::{Trip, reserve};

type App = common::app::App<Trip>;

/// Travel reservation: travellers search and reserve while attempts die at random points, then rush for the last
/// places; then everything that must hold is checked. Kill it with `kill -9` and start it again: it finishes what
/// it had accepted, once.
#[derive(Parser, Debug)]
#[command(name = "travel")]
#[command(mut_arg("data", |data| data.required(false).default_value("target/travel.db")))]
struct CommandLine {
    #[command(flatten)]
    options: Options,

    /// What travellers do how often, in proportion; what is left out they do not.
    #[arg(long, value_name = "MIX", default_value = mix::PAPERS)]
    mix: Mix,

    /// The seed that hotels and flights are made up from.
    #[arg(long, value_name = "N", default_value_t = 2020)]
    seed: u64,
}

/// What anybody can send to the gateway.
const CURL: &str = "/functions/frontend/recommend --json '{\"city\": \"Lisbon\", \"by\": \"price\"}'";

#[tokio::main]
async fn main() -> ExitCode {
    common::ended(run(&CommandLine::parse()).await)
}

async fn run(command: &CommandLine) -> Result<Vec<Check>, Box<dyn Error>> {
    let options = &command.options;
    let interrupted = common::interrupted();
    let app = phases::open(options).await?;
    let gateway = phases::serve(&app, options.port()).await?;
    phases::recover(&app).await?;
    let catalogue = Catalogue::of(command.seed);
    fill(&app, &catalogue).await?;
    let about_load = match options.seconds {
        0 => Vec::new(),
        _ => drive(&app, &catalogue, command, &interrupted).await?,
    };
    let mut checks = verify(&app, &catalogue).await?;
    checks.extend(about_load.iter().cloned());
    println!("{}\n", report::invariants(&checks));
    if options.serve {
        phases::until_interrupted(&app, gateway, CURL, interrupted).await?;
        checks = verify(&app, &catalogue).await?;
        checks.extend(about_load);
        println!("\n{}\n", report::invariants(&checks));
    }
    phases::close(&app).await;
    Ok(checks)
}

/// Takes in the hotels and flights that are not there yet.
async fn fill(app: &App, catalogue: &Catalogue) -> Result<(), Box<dyn Error>> {
    let begin = Instant::now();
    let bar = phases::bar(catalogue.len() as u64, "catalogue", "{pos}/{len} {msg}");
    let loaded = catalogue::load(&app.client, catalogue, &bar).await;
    bar.finish_and_clear();
    let loaded = loaded?;
    let there = match catalogue.len() - loaded {
        0 => String::new(),
        there => format!(", {there} were there"),
    };
    phases::say("catalogue", &format!("{loaded} hotels and flights taken in{there}"), begin);
    Ok(())
}

/// Lets the travellers do what they do, and then rush for the last places. Gives what must hold of that.
async fn drive(
    app: &App,
    catalogue: &Catalogue,
    command: &CommandLine,
    interrupted: &watch::Receiver<bool>,
) -> Result<Vec<Check>, Box<dyn Error>> {
    let CommandLine { options, mix, .. } = command;
    let names: Vec<_> = (1..=options.users).map(|number| format!("guest-{number:02}")).collect();
    catalogue::register(&app.client, &names).await?;
    let desk = || Desk { client: app.client.clone(), ledger: Arc::clone(&app.ledger) };
    let travellers = Travellers { desk: desk(), catalogue: catalogue.clone(), mix: *mix, names: names.clone() };
    let mut checks = phases::drive(app, "load", &Load::new(travellers, interrupted.clone()), options).await?;
    let last = catalogue::last_places(&app.client, catalogue).await?;
    let rush = Rush { desk: desk(), last, names, tries: AtomicU32::new(0) };
    checks.extend(phases::drive(app, "rush", &Load::new(rush, interrupted.clone()), options).await?);
    Ok(checks)
}

/// Compares what is stored with itself, with the catalogue and with what the clients know.
async fn verify(app: &App, catalogue: &Catalogue) -> Result<Vec<Check>, Box<dyn Error>> {
    let requests = app.ledger.requests()?;
    let snapshot = Snapshot::take(&app.client).await?;
    let mut checks = snapshot.agrees(catalogue);
    checks.extend(snapshot.fulfils(&requests));
    checks.push(rows::none_locked(&app.host.environment()).await?);
    checks.push(phases::all_done::<reserve, _>(app, &requests).await?);
    Ok(checks)
}
