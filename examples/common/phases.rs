//! The phases of a run, each with its line on the terminal.

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use beldi::host::{Gateway, GatewayError, Statistics};
use beldi::{Handler, InstanceId, Service, Status};
use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::watch;

use super::app::{App, Host};
use super::checks::{Check, several};
use super::ledger::Request;
use super::load::{Load, Measured, Users};
use super::options::Options;
use super::report::{Report, percent};

/// How long the collectors may take to finish everything. An instance whose attempt died is due again after the
/// timeout of one attempt, and few die many times in a row.
const SETTLE_WITHIN: Duration = Duration::from_secs(120);

/// The smallest share of attempts that must die for the other checks to say something, in percent.
const ENOUGH_CRASHES: f64 = 20.0;

/// Opens the data and starts the services.
pub(crate) async fn open<T: Serialize + DeserializeOwned>(options: &Options) -> Result<App<T>, Box<dyn Error>> {
    let begin = Instant::now();
    let app = App::open(options).await?;
    let services = app.host.environment().registry.services().count();
    say("open", &format!("{services} services on {}", options.data.display()), begin);
    Ok(app)
}

/// Serves the gateway.
pub(crate) async fn serve<T>(app: &App<T>, port: u16) -> Result<Gateway, GatewayError> {
    let begin = Instant::now();
    let gateway = app.host.serve(port).await?;
    say("gateway", &gateway.to_string(), begin);
    Ok(gateway)
}

/// Finishes what an earlier run has left.
pub(crate) async fn recover<T>(app: &App<T>) -> Result<(), Box<dyn Error>> {
    let begin = Instant::now();
    let bar = spinner("recover", "finishing what an earlier run has left");
    let settled = settled(&app.host).await;
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

/// Lets users work, waits until nothing is unfinished, and tells what was done. Gives what must hold of that.
pub(crate) async fn drive<U: Users, T>(
    app: &App<T>,
    phase: &'static str,
    load: &Arc<Load<U>>,
    options: &Options,
) -> Result<Vec<Check>, Box<dyn Error>> {
    let before = app.host.statistics();
    app.store.reset();
    let measured = work(phase, load, &app.host, Duration::from_secs(options.seconds)).await;
    settle(app).await?;
    let statistics = between(before, app.host.statistics());
    let (kinds, requests) = (U::KINDS, app.store.reset());
    let attempts = options.processes.is_none().then_some((statistics, requests));
    println!("\n{}\n", Report { phase, kinds, measured: &measured, attempts, killed: statistics.crashed });
    let sent = format!("{}: {}", phase, several(measured.total() as usize, "request"));
    let mut checks = vec![Check::new("every request got an answer", &sent, &measured.failures)];
    // A load that was cut short may have had too few attempts for their share to mean anything.
    if options.checks_crashes() && !load.was_cut_short() {
        checks.push(match options.processes {
            None => enough_crashes(phase, &statistics),
            Some(_) => killed(phase, statistics.crashed),
        });
    }
    Ok(checks)
}

async fn work<U: Users>(phase: &'static str, load: &Arc<Load<U>>, host: &Host, time: Duration) -> Measured {
    let begin = Instant::now();
    let bar = bar(millis(time), phase, "{msg}");
    let watch = tokio::spawn(watch(Arc::clone(load), host.clone(), bar.clone()));
    let measured = load.run(time).await;
    watch.abort();
    bar.finish_and_clear();
    say(phase, &format!("{} at a time", several(load.users.number(), "user")), begin);
    measured
}

async fn watch<U: Users>(load: Arc<Load<U>>, host: Host, bar: ProgressBar) {
    let (begin, before) = (Instant::now(), host.statistics());
    loop {
        let crashed = host.statistics().crashed - before.crashed;
        bar.set_message(format!("{}, {} crashes", load.progress(), HumanCount(crashed)));
        bar.set_position(millis(begin.elapsed()));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Waits until nothing is unfinished any more. Attempts go on dying meanwhile.
pub(crate) async fn settle<T>(app: &App<T>) -> Result<(), Box<dyn Error>> {
    let begin = Instant::now();
    let bar = spinner("settle", "finishing what is unfinished");
    let settled = settled(&app.host).await;
    bar.finish_and_clear();
    settled?;
    say("settle", "everything is finished", begin);
    Ok(())
}

async fn settled(host: &Host) -> Result<(), Box<dyn Error>> {
    match tokio::time::timeout(SETTLE_WITHIN, host.settle()).await {
        Ok(settled) => Ok(settled?),
        Err(_) => Err(format!("there are still unfinished instances after {SETTLE_WITHIN:?}").into()),
    }
}

/// Whether all accepted requests, which were calls of `F`, are done, and no instance of any service is parked or
/// waits for a decision.
pub(crate) async fn all_done<F: Handler, T>(app: &App<T>, requests: &[Request<T>]) -> Result<Check, Box<dyn Error>> {
    let mut problems = Vec::new();
    let accepted: Vec<_> = requests.iter().filter(|request| request.is_accepted()).collect();
    for request in &accepted {
        let key = request.asked.key.to_string();
        let instance = InstanceId::from_idempotency_key(<F::Service as Service>::NAME, F::NAME, &key);
        match app.client.status::<F>(instance).await? {
            Some(Status::Done { .. }) => {}
            status => problems.push(format!("request {key} is not done: {status:?}")),
        }
    }
    for service in app.host.environment().registry.services() {
        let parked = app.client.parked(service).await?;
        problems.extend(parked.into_iter().map(|(instance, error)| format!("{service} {instance} is parked: {error}")));
        let in_doubt = app.client.in_doubt(service).await?;
        problems.extend(in_doubt.iter().map(|waiting| format!("{service} waits for a decision: {waiting:?}")));
    }
    let looked_at = format!("{} accepted", several(accepted.len(), "request"));
    Ok(Check::new("nothing unfinished, parked or in doubt", &looked_at, &problems))
}

/// Whether enough attempts have died for the other checks to say something.
fn enough_crashes(phase: &str, statistics: &Statistics) -> Check {
    let Statistics { attempts, crashed, .. } = *statistics;
    let share = percent(crashed, attempts);
    let detail = format!("{phase}: {share:.1} % of {}", several(attempts as usize, "attempt"));
    Check { name: "at least 20% of attempts crashed", held: share >= ENOUGH_CRASHES, detail }
}

/// Whether worker processes were killed.
fn killed(phase: &str, killed: u64) -> Check {
    let detail = format!("{phase}: {}", several(killed as usize, "process"));
    Check { name: "worker processes were killed", held: killed > 0, detail }
}

/// What was done between two looks at the statistics.
fn between(before: Statistics, after: Statistics) -> Statistics {
    Statistics {
        attempts: after.attempts - before.attempts,
        crashed: after.crashed - before.crashed,
        timed_out: after.timed_out - before.timed_out,
        restarted: after.restarted - before.restarted,
        repeated: after.repeated - before.repeated,
        panicked: after.panicked - before.panicked,
        committed: after.committed - before.committed,
        rolled_back: after.rolled_back - before.rolled_back,
        died: after.died - before.died,
        most_tries: after.most_tries,
        garbage: after.garbage,
    }
}

/// Serves the gateway for people, without crashes, until Ctrl-C; `curl` is what they can send, behind the
/// gateway's address.
pub(crate) async fn until_interrupted<T>(
    app: &App<T>,
    gateway: Gateway,
    curl: &str,
    mut interrupted: watch::Receiver<bool>,
) -> Result<(), Box<dyn Error>> {
    app.crashes.end();
    app.host.end_kills();
    println!("serving {gateway} without further crashes; Ctrl-C ends. For example:");
    println!("  curl {gateway}{curl}");
    interrupted.wait_for(|interrupted| *interrupted).await?;
    settle(app).await
}

/// Ends the application in good order.
pub(crate) async fn close<T>(app: &App<T>) {
    app.host.shutdown().await;
}

/// One line about a phase that is over.
pub(crate) fn say(phase: &str, what: &str, since: Instant) {
    println!("  {phase:<10} {what} ({:.1} s)", since.elapsed().as_secs_f64());
}

fn spinner(phase: &'static str, what: &'static str) -> ProgressBar {
    let spinner = ProgressBar::new_spinner().with_prefix(phase).with_message(what);
    spinner.set_style(style("  {prefix:<10} {spinner} {msg}"));
    spinner.enable_steady_tick(Duration::from_millis(100));
    spinner
}

/// A bar for a phase, with `rest` behind it.
pub(crate) fn bar(length: u64, phase: &'static str, rest: &str) -> ProgressBar {
    ProgressBar::new(length).with_prefix(phase).with_style(style(&format!("  {{prefix:<10}} {{bar:32}} {rest}")))
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the templates here are well formed").progress_chars("=> ")
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
