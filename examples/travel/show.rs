//! The show: travellers, crashes, and what must hold in the end.

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Instant;

use clap::Parser;
use tokio::sync::watch;

use crate::catalogue::Catalogue;
use crate::checks::Snapshot;
use crate::common::checks::Check;
use crate::common::load::Load;
use crate::common::options::Options;
use crate::common::{self, phases, report, rows};
use crate::load::{Desk, Rush, Travellers};
use crate::mix::Mix;
use crate::services::frontend::{Trip, reserve};

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
    #[arg(long, value_name = "MIX", default_value = crate::mix::PAPERS)]
    mix: Mix,

    /// The seed that hotels and flights are made up from.
    #[arg(long, value_name = "N", default_value_t = 2020)]
    seed: u64,
}

/// What anybody can send to the gateway.
const CURL: &str = "/functions/frontend/recommend --json '{\"city\": \"Lisbon\", \"by\": \"price\"}'";

#[tokio::main]
pub(crate) async fn main() -> ExitCode {
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
    let loaded = crate::catalogue::load(&app.client, catalogue, &bar).await;
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
    crate::catalogue::register(&app.client, &names).await?;
    let desk = || Desk { client: app.client.clone(), ledger: Arc::clone(&app.ledger) };
    let travellers = Travellers { desk: desk(), catalogue: catalogue.clone(), mix: *mix, names: names.clone() };
    let mut checks = phases::drive(app, "load", &Load::new(travellers, interrupted.clone()), options).await?;
    let last = crate::catalogue::last_places(&app.client, catalogue).await?;
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
