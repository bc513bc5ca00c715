//! The phases of a run, each with its line on the terminal.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use beldi::host::{Gateway, GatewayError, LocalHost, Statistics};
use beldi::{ClientError, Function, InstanceId, Service, Status};
use indicatif::{HumanCount, ProgressBar, ProgressStyle};

use crate::app::App;
use crate::catalogue;
use crate::checks::{Check, several};
use crate::ledger::Request;
use crate::load::{Load, Measured};
use crate::options::Options;
use crate::report::percent;
use crate::services::frontend::{FilmRecord, compose};

/// How long the collectors may take to finish everything. An instance whose attempt died is due again after the
/// timeout of one attempt, and few die many times in a row.
const SETTLE_WITHIN: Duration = Duration::from_secs(120);

/// The smallest share of attempts that must die for the other checks to say something, in percent.
const ENOUGH_CRASHES: f64 = 20.0;

/// Opens the data and starts the services.
pub(crate) async fn open(options: &Options) -> Result<App, Box<dyn Error>> {
    let begin = Instant::now();
    let app = App::open(options).await?;
    let services = app.host.environment().registry.services().count();
    say("open", &format!("{services} services on {}", options.data.display()), begin);
    Ok(app)
}

/// Serves the gateway.
pub(crate) async fn serve(app: &App, port: u16) -> Result<Gateway, GatewayError> {
    let begin = Instant::now();
    let gateway = app.host.serve(([127, 0, 0, 1], port)).await?;
    say("gateway", &gateway.to_string(), begin);
    Ok(gateway)
}

/// Finishes what an earlier run has left.
pub(crate) async fn recover(app: &App) -> Result<(), Box<dyn Error>> {
    let begin = Instant::now();
    let bar = spinner("recover", "finishing what an earlier run has left");
    let settled = settled(app).await;
    bar.finish_and_clear();
    settled?;
    match app.host.statistics().restarted {
        0 => {}
        restarts => {
            let restarts = several(restarts as usize, "restart");
            say("recover", &format!("finished what an earlier run had left: {restarts}"), begin);
        }
    }
    Ok(())
}

/// Takes the films in that are not there yet.
pub(crate) async fn fill(app: &App, films: &[FilmRecord]) -> Result<(), ClientError> {
    let begin = Instant::now();
    let bar = bar(films.len() as u64, "catalogue", "{pos}/{len} {msg}");
    let loaded = catalogue::load(&app.client, films, &bar).await;
    bar.finish_and_clear();
    let loaded = loaded?;
    let there = match films.len() - loaded {
        0 => String::new(),
        there => format!(", {there} were there"),
    };
    say("catalogue", &format!("{} taken in{there}", several(loaded, "film")), begin);
    Ok(())
}

/// Lets the users work.
pub(crate) async fn drive(load: &Arc<Load>, host: &LocalHost, time: Duration) -> Measured {
    let begin = Instant::now();
    let bar = bar(millis(time), "load", "{msg}");
    let watch = tokio::spawn(watch(Arc::clone(load), host.clone(), bar.clone()));
    let measured = load.run(time).await;
    watch.abort();
    bar.finish_and_clear();
    say("load", &format!("{} at a time", several(load.users.len(), "user")), begin);
    measured
}

async fn watch(load: Arc<Load>, host: LocalHost, bar: ProgressBar) {
    let (begin, before) = (Instant::now(), host.statistics());
    loop {
        let crashed = host.statistics().crashed - before.crashed;
        let composed = load.progress.composed.load(Ordering::Relaxed);
        let pages = load.progress.pages.load(Ordering::Relaxed);
        let [composed, pages, crashed] = [composed, pages, crashed].map(HumanCount);
        bar.set_message(format!("{composed} reviews, {pages} pages, {crashed} crashes"));
        bar.set_position(millis(begin.elapsed()));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Waits until nothing is unfinished any more. Attempts go on dying meanwhile.
pub(crate) async fn settle(app: &App) -> Result<(), Box<dyn Error>> {
    let begin = Instant::now();
    let bar = spinner("settle", "finishing what is unfinished");
    let settled = settled(app).await;
    bar.finish_and_clear();
    settled?;
    say("settle", "everything is finished", begin);
    Ok(())
}

async fn settled(app: &App) -> Result<(), Box<dyn Error>> {
    match tokio::time::timeout(SETTLE_WITHIN, app.host.settle()).await {
        Ok(settled) => Ok(settled.map(drop)?),
        Err(_) => Err(format!("there are still unfinished instances after {SETTLE_WITHIN:?}").into()),
    }
}

/// Whether all accepted requests are done, and no instance of any service is parked.
pub(crate) async fn all_done(app: &App, requests: &[Request]) -> Result<Check, Box<dyn Error>> {
    let mut problems = Vec::new();
    let accepted: Vec<_> = requests.iter().filter(|request| request.is_accepted()).collect();
    for request in &accepted {
        let key = request.asked.key.to_string();
        let instance = InstanceId::from_idempotency_key(<compose as Function>::Service::NAME, compose::NAME, &key);
        match app.client.status::<compose>(instance).await? {
            Some(Status::Done { .. }) => {}
            status => problems.push(format!("request {key} is not done: {status:?}")),
        }
    }
    for service in app.host.environment().registry.services() {
        let parked = app.client.parked(service).await?;
        problems.extend(parked.into_iter().map(|(instance, error)| format!("{service} {instance} is parked: {error}")));
    }
    let looked_at = format!("{} accepted", several(accepted.len(), "request"));
    Ok(Check::new("no instance unfinished, none parked", &looked_at, &problems))
}

/// Whether enough attempts have died for the other checks to say something.
pub(crate) fn enough_crashes(statistics: &Statistics) -> Check {
    let Statistics { attempts, crashed, .. } = *statistics;
    let share = percent(crashed, attempts);
    let detail = format!("{share:.1} % of {}", several(attempts as usize, "attempt"));
    Check { name: "at least 20% of attempts crashed", held: share >= ENOUGH_CRASHES, detail }
}

/// What was done between two looks at the statistics.
pub(crate) fn between(before: Statistics, after: Statistics) -> Statistics {
    Statistics {
        attempts: after.attempts - before.attempts,
        crashed: after.crashed - before.crashed,
        timed_out: after.timed_out - before.timed_out,
        restarted: after.restarted - before.restarted,
        repeated: after.repeated - before.repeated,
    }
}

/// One line about a phase that is over.
fn say(phase: &str, what: &str, since: Instant) {
    println!("  {phase:<10} {what} ({:.1} s)", since.elapsed().as_secs_f64());
}

fn spinner(phase: &'static str, what: &'static str) -> ProgressBar {
    let spinner = ProgressBar::new_spinner().with_prefix(phase).with_message(what);
    spinner.set_style(style("  {prefix:<10} {spinner} {msg}"));
    spinner.enable_steady_tick(Duration::from_millis(100));
    spinner
}

fn bar(length: u64, phase: &'static str, rest: &str) -> ProgressBar {
    ProgressBar::new(length).with_prefix(phase).with_style(style(&format!("  {{prefix:<10}} {{bar:32}} {rest}")))
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the templates here are well formed").progress_chars("=> ")
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
