//! The show: critics, crashes, and what must hold in the end.

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use beldi::ClientError;
use clap::Parser;
use tokio::sync::watch;

use crate::checks::Snapshot;
use crate::common::checks::{Check, several};
use crate::common::load::Load;
use crate::common::options::Options;
use crate::common::{self, phases, report, rows};
use crate::load::{Critics, Wanted};
use crate::services::frontend::{FilmRecord, compose};

type App = common::app::App<Wanted>;

/// Movie review: users write reviews and read pages while attempts die at random points; then everything that
/// must hold is checked. Kill it with `kill -9` and start it again: it finishes what it had accepted, once.
#[derive(Parser, Debug)]
#[command(name = "movie_review")]
#[command(mut_arg("data", |data| data.required(false).default_value("target/movie_review.db")))]
struct CommandLine {
    #[command(flatten)]
    options: Options,
}

/// What anybody can send to the gateway.
const CURL: &str = "/functions/page/read --json '{\"film\": \"12-angry-men-1957\"}'";

#[tokio::main]
pub(crate) async fn main() -> ExitCode {
    common::ended(run(&CommandLine::parse().options).await)
}

async fn run(options: &Options) -> Result<Vec<Check>, Box<dyn Error>> {
    let interrupted = common::interrupted();
    let app = phases::open(options).await?;
    let gateway = phases::serve(&app, options.port()).await?;
    phases::recover(&app).await?;
    let films = crate::catalogue::films()?;
    fill(&app, &films).await?;
    let about_load = match options.seconds {
        0 => Vec::new(),
        _ => drive(&app, &films, options, interrupted.clone()).await?,
    };
    let mut checks = verify(&app, &films).await?;
    checks.extend(about_load.iter().cloned());
    println!("{}\n", report::invariants(&checks));
    if options.serve {
        phases::until_interrupted(&app, gateway, CURL, interrupted).await?;
        checks = verify(&app, &films).await?;
        checks.extend(about_load);
        println!("\n{}\n", report::invariants(&checks));
    }
    phases::close(&app).await;
    Ok(checks)
}

/// Takes the films in that are not there yet.
async fn fill(app: &App, films: &[FilmRecord]) -> Result<(), ClientError> {
    let begin = Instant::now();
    let bar = phases::bar(films.len() as u64, "catalogue", "{pos}/{len} {msg}");
    let loaded = crate::catalogue::load(&app.client, films, &bar).await;
    bar.finish_and_clear();
    let loaded = loaded?;
    let there = match films.len() - loaded {
        0 => String::new(),
        there => format!(", {there} were there"),
    };
    phases::say("catalogue", &format!("{} taken in{there}", several(loaded, "film")), begin);
    Ok(())
}

/// Lets the users work. Gives what must hold of that.
async fn drive(
    app: &App,
    films: &[FilmRecord],
    options: &Options,
    interrupted: watch::Receiver<bool>,
) -> Result<Vec<Check>, Box<dyn Error>> {
    let names = (1..=options.users).map(|number| format!("critic-{number:02}")).collect();
    let users = crate::catalogue::users(&app.client, names).await?;
    let (client, ledger, films) = (app.client.clone(), Arc::clone(&app.ledger), crate::catalogue::by_title(films));
    let load = Load::new(Critics { client, ledger, films, users }, interrupted);
    phases::drive(app, "load", &load, options).await
}

/// Compares what is stored with itself, with the catalogue and with what the clients know.
async fn verify(app: &App, films: &[FilmRecord]) -> Result<Vec<Check>, Box<dyn Error>> {
    let requests = app.ledger.requests()?;
    let snapshot = Snapshot::take(&app.client).await?;
    let mut checks = vec![phases::all_done::<compose, _>(app, &requests).await?];
    checks.push(rows::none_locked(&app.host.environment()).await?);
    checks.extend(snapshot.fulfils(&requests));
    checks.extend(snapshot.agrees(films));
    Ok(checks)
}
