//! The phases of a run, each with its line on the terminal.

use std::convert::Infallible;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use beldi::host::Statistics;
use beldi::{ClientError, Function, InstanceId, Service, Status};
use indicatif::{ProgressBar, ProgressStyle};

use crate::app::App;
use crate::catalogue;
use crate::checks::{Check, several};
use crate::ledger::{Outcome, Request};
use crate::load::{Load, Measured};
use crate::report::percent;
use crate::services::frontend::{FilmRecord, compose};

/// How long the collectors may take to finish everything. An instance whose attempt died is due again after the
/// timeout of one attempt, and few die many times in a row.
const SETTLE_WITHIN: Duration = Duration::from_secs(120);

/// The smallest share of attempts that must die for the other checks to say something, in percent.
const ENOUGH_CRASHES: f64 = 20.0;

/// Finishes what an earlier run has left.
pub(crate) async fn recover(app: &App) -> Result<(), Box<dyn Error>> {
    let begin = Instant::now();
    let bar = spinner("recover", "finishing what an earlier run has left");
    settle(app).await?;
    bar.finish_and_clear();
    match app.host.statistics().restarted {
        0 => {}
        restarted => say("recover", &format!("an earlier run left work: {restarted} restarts"), begin),
    }
    Ok(())
}

/// Takes the films in that are not there yet.
pub(crate) async fn fill(app: &App, films: &[FilmRecord]) -> Result<(), ClientError> {
    let begin = Instant::now();
    let bar = ProgressBar::new(films.len() as u64).with_style(style("  {prefix:<10} {bar:32} {pos}/{len} {msg}"));
    bar.set_prefix("catalogue");
    let loaded = catalogue::load(&app.client, films, &bar).await?;
    bar.finish_and_clear();
    let there = films.len() - loaded;
    let there = if there == 0 { String::new() } else { format!(", {there} were there") };
    say("catalogue", &format!("{} taken in{there}", several(loaded, "film")), begin);
    Ok(())
}

/// Lets the users work.
pub(crate) async fn drive(load: &Arc<Load>, app: &App, time: Duration) -> Measured {
    let begin = Instant::now();
    let bar = ProgressBar::new(u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
    bar.set_style(style("  {prefix:<10} {bar:32} {msg}"));
    bar.set_prefix("load");
    let watch = async {
        loop {
            bar.set_position(u64::try_from(begin.elapsed().as_millis()).unwrap_or(u64::MAX));
            bar.set_message(how_far(load, &app.host.statistics()));
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let measured = tokio::select! {
        measured = load.run(time) => measured,
        never = watch => match never { Infallible },
    };
    bar.finish_and_clear();
    say("load", &format!("{} at a time", several(load.users.len(), "user")), begin);
    measured
}
