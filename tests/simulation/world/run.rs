//! One seed, from an empty store to an empty journal.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use beldi::store::Request;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::clients::{Clients, Problems};
use super::core::Core;
use super::fleet::{Fleet, MACHINES, PLACES};
use super::{BOUND, RETENTION, leftovers, weather};
use crate::common::checks::{Check, several};

/// How long a client thinks between two requests at most.
const THINKS: Duration = Duration::from_secs(3);

/// Something that an application does.
pub(crate) type Work<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// An application in a world.
pub(crate) trait App: Send + Sync + 'static {
    /// Takes in what there is to work on, before there are faults.
    fn prepare(&self, clients: Arc<Clients>) -> Work<'_, ()>;
    /// How many clients it has.
    fn clients(&self) -> usize;
    /// Lets one client make one request.
    fn request(&self, clients: Arc<Clients>, client: usize, number: usize) -> Work<'_, ()>;
    /// What must hold when nothing is running any more.
    fn check(&self, clients: Arc<Clients>) -> Work<'_, Vec<Check>>;
}

/// How much is to happen.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    pub(crate) seed: u64,
    pub(crate) instances: usize,
}

/// A run that is to be made.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) size: Size,
    pub(crate) traces: bool,
    pub(crate) keeps_requests: bool,
    pub(crate) apps: fn(Size) -> Vec<Arc<dyn App>>,
}

/// What a run has given.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) checks: Vec<Check>,
    pub(crate) digest: u64,
    /// What is counted, by name.
    pub(crate) counts: Vec<(&'static str, u64)>,
    pub(crate) trace: Vec<String>,
    pub(crate) requests: Vec<Request>,
}

/// Runs a world in a runtime of its own, on this thread.
pub(crate) fn run(plan: &Plan) -> Run {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime on this thread").block_on(live(plan))
}

async fn live(plan: &Plan) -> Run {
    let core = Arc::new(Core::new(plan.size.seed, plan.traces, plan.keeps_requests));
    let fleet = Fleet::start(Arc::clone(&core)).await;
    let clients = Clients::of(Arc::clone(&fleet), plan.size.instances);
    let apps = (plan.apps)(plan.size);
    let mut background = JoinSet::new();
    background.spawn(weather::collectors(Arc::clone(&fleet)));
    background.spawn(weather::garbage_collectors(Arc::clone(&fleet)));
    for app in &apps {
        app.prepare(Arc::clone(&clients)).await;
    }
    core.calm(false);
    let services: Vec<_> = fleet.any().host.environment().registry.services().collect();
    background.spawn(weather::storms(Arc::clone(&fleet), services.clone()));
    background.spawn(weather::upgrades(Arc::clone(&fleet)));
    let mut checks = vec![work(&clients, &apps).await];
    checks.push(parked(&fleet, &services).await);
    checks.push(locks("no lock left", &core));
    for app in &apps {
        match timeout(BOUND, app.check(Arc::clone(&clients))).await {
            Ok(of_app) => checks.extend(of_app),
            Err(_) => {
                checks.push(Check::new("whoever looks at the end is answered", "", &["an audit still waits".into()]))
            }
        }
    }
    let problems = clients.take_problems();
    checks.extend(agreement(&problems));
    checks.push(nothing_leaks(&core).await);
    // The last zombies have come back since.
    checks.push(locks("no lock left when all results have expired", &core));
    let panicked = (fleet.panicked() > 0).then(|| format!("{} times", fleet.panicked()));
    checks.push(Check::new("beldi itself has not panicked", "all machines", panicked.as_slice()));
    fleet.end();
    while let Some(ended) = background.try_join_next() {
        ended.expect("whoever makes the weather does not panic");
    }
    background.shutdown().await;
    let concerned = concerned(&checks, &problems);
    let (digest, counts, requests) = (core.digest(), counts(&core), core.kept());
    Run { checks, digest, counts, trace: about(core.trace(), concerned), requests }
}

/// Lets all clients work until there is enough, ends the faults, and waits until everything is finished.
async fn work(clients: &Arc<Clients>, apps: &[Arc<dyn App>]) -> Check {
    let mut working = JoinSet::new();
    for app in apps {
        for client in 0..app.clients() {
            let (app, clients) = (Arc::clone(app), Arc::clone(clients));
            working.spawn(async move {
                let mut number = 0;
                while clients.go_on() {
                    app.request(Arc::clone(&clients), client, number).await;
                    sleep(clients.core().chance.up_to(THINKS)).await;
                    number += 1;
                }
            });
        }
    }
    let core = clients.core();
    let mut problems = Vec::new();
    let (mut instances, mut since) = (0, Instant::now());
    while clients.go_on() {
        sleep(Duration::from_secs(1)).await;
        if core.instances() > instances {
            (instances, since) = (core.instances(), Instant::now());
        } else if since.elapsed() > BOUND {
            problems.push(format!("nothing was begun for {} s, with {instances} instances", BOUND.as_secs()));
            break;
        }
    }
    core.calm(true);
    let began = Instant::now();
    let finished = async {
        while let Some(client) = working.join_next().await {
            if let Err(error) = client {
                clients.wrong(format!("a client: {error}"));
            }
        }
        clients.end().await;
        while !leftovers::unfinished(&core.store).is_empty() {
            sleep(Duration::from_secs(1)).await;
        }
    };
    if timeout(BOUND, finished).await.is_err() {
        problems.push("clients still wait for answers, or instances are not done".to_owned());
        problems.extend(leftovers::unfinished(&core.store));
    }
    core.counts.settled_ms.store(began.elapsed().as_millis() as u64, Ordering::Relaxed);
    let name = "everything finished in bounded time after the faults";
    Check::new(name, &format!("within {} s", began.elapsed().as_secs()), &problems)
}

async fn parked(fleet: &Fleet, services: &[&'static str]) -> Check {
    let client = fleet.any().host.client();
    let mut problems = Vec::new();
    for service in services {
        let parked = client.parked(service).await.expect("the store answers");
        problems.extend(parked.into_iter().map(|(instance, error)| format!("{service} {instance}: {error}")));
        let in_doubt = client.in_doubt(service).await.expect("the store answers");
        problems.extend(in_doubt.iter().map(|waiting| format!("{service} waits for a decision: {waiting:?}")));
    }
    Check::new("nobody parked or in doubt", &several(services.len(), "service"), &problems)
}

fn locks(name: &'static str, core: &Core) -> Check {
    let (rows, locked) = leftovers::locked(&core.store);
    Check::new(name, &several(rows, "row"), &locked)
}

fn agreement(problems: &Problems) -> [Check; 2] {
    let Problems { unequal, errors, answers, compared, .. } = problems;
    let compared = several(*compared, "repetition");
    [
        Check::new("all answers to one request are the same", &compared, unequal),
        Check::new("no request refused by the machinery", &several(*answers, "answer"), errors),
    ]
}

/// Waits until all results have expired, and looks what is left then.
async fn nothing_leaks(core: &Core) -> Check {
    core.rest();
    sleep(RETENTION).await;
    let patience = Instant::now() + RETENTION;
    while Instant::now() < patience && !leftovers::garbage(&core.store).is_empty() {
        sleep(Duration::from_secs(20)).await;
    }
    let left = leftovers::garbage(&core.store);
    Check::new("nothing left in journals but the watermark", "all journals", &left)
}

/// The instances that failed checks name.
fn concerned(checks: &[Check], problems: &Problems) -> Vec<String> {
    let mut concerned = Vec::new();
    for check in checks.iter().filter(|check| !check.held) {
        let keys = problems.keys.iter().filter(|(key, _)| check.detail.contains(key.as_str()));
        concerned.extend(keys.map(|(_, instance)| instance.to_string()));
        let words = check.detail.split(|c: char| !c.is_ascii_hexdigit());
        concerned.extend(words.filter(|word| word.len() == 32).map(str::to_owned));
    }
    concerned
}

/// The lines of a trace that are about some instances and about those that they call.
fn about(trace: Vec<String>, mut concerned: Vec<String>) -> Vec<String> {
    let id = |line: &str| line.split(' ').find(|word| word.len() == 32).map(str::to_owned);
    for line in &trace {
        let called = line.split_once("called by").filter(|(_, by)| concerned.iter().any(|id| by.contains(id.as_str())));
        concerned.extend(called.and_then(|(who, _)| id(who)).filter(|id| !concerned.contains(id)));
    }
    trace.into_iter().filter(|line| concerned.iter().any(|id| line.contains(id.as_str()))).collect()
}

fn counts(core: &Core) -> Vec<(&'static str, u64)> {
    let counts = &core.counts;
    let read = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
    vec![
        ("instances", core.instances() as u64),
        ("attempts", read(&counts.attempts)),
        ("crashes", read(&counts.crashes)),
        ("stalls", read(&counts.stalls)),
        ("requests to the store", read(&counts.requests)),
        ("throttled", read(&counts.throttles)),
        ("connections lost", read(&counts.disconnections)),
        ("requests late", read(&counts.late)),
        ("duplicates", read(&counts.duplicates)),
        ("callers that gave up", read(&counts.given_up)),
        ("invocations or replies lost", read(&counts.lost)),
        ("triggers not taken", read(&counts.not_taken)),
        ("refused by a service that was down", read(&counts.refused)),
        ("outages of a service", read(&counts.outages)),
        ("cold starts", read(&counts.cold)),
        ("machines replaced", read(&counts.upgrades)),
        ("requests repeated after their answer", read(&counts.repeats)),
        ("collectors that died", read(&counts.collectors_died)),
        ("garbage collected", read(&counts.garbage)),
        ("virtual seconds", core.start.elapsed().as_secs()),
        ("workers of each function at most", (MACHINES * PLACES) as u64),
        ("most invocations at work at once", core.most_at_work()),
        ("most virtual ms until all was finished", read(&counts.settled_ms)),
    ]
}
