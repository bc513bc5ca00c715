//! The crash plan of the kit: plays a schedule, or makes one up from a seed.
//!
//! Invariant: what happens at a place depends on the schedule and the place alone, never on what happened before. So a
//! schedule that was made up can be played again, and still means the same when a part of it is left out.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::task::JoinHandle;

use super::disturbance::Disturbance;
use super::schedule::{Event, Place, Schedule, digits};
use super::trace::Trace;
use crate::host::{CrashPlan, CrashPoint, LocalHost, Verdict, When};
use crate::ids::{InstanceId, digest};
use crate::invoke::{Delivery, Invocation, Invoker};

/// In a run with delays a request takes less than this many milliseconds, and so does its answer.
const DELAYS: u64 = 4;
/// When an invocation is delivered once more: later than anybody waits who has called it.
const LATER: Duration = Duration::from_secs(20);

/// How long what follows the reply of an attempt may take.
const FOLLOWS: Duration = Duration::from_secs(1);

/// Disturbs a run.
pub(super) struct Director {
    schedule: Schedule,
    /// Whether events are made up from the seed.
    random: bool,
    trace: Option<Trace>,
    state: Mutex<State>,
    /// The host and its plan hold each other until the run is over.
    host: Mutex<Option<LocalHost>>,
}

#[derive(Default)]
struct State {
    /// Points count only while the scenario runs, not while it is set up.
    armed: bool,
    /// The host's numbers of the attempts of each instance.
    attempts: HashMap<InstanceId, Vec<u64>>,
    /// The invocations of the instances, as their callers name them.
    invocations: HashMap<String, Arc<Invocation>>,
    places: Vec<Place>,
    /// Those of instances that others have called.
    called: HashSet<Place>,
    happened: Vec<Happened>,
    /// Deliveries that the director has made or will make.
    deliveries: Vec<JoinHandle<()>>,
}

/// An event that took place, with where that was.
#[derive(Debug, Clone)]
pub(super) struct Happened {
    pub(super) event: Event,
    /// The point in words.
    pub(super) point: String,
}

impl fmt::Display for Happened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.point, self.event.disturbance)
    }
}

impl Director {
    /// Plays this schedule.
    pub(super) fn playing(schedule: Schedule) -> Arc<Self> {
        Arc::new(Self::new(schedule, false, None))
    }

    /// Plays this schedule, and prints what attempts do.
    pub(super) fn tracing(schedule: Schedule) -> Arc<Self> {
        Arc::new(Self::new(schedule, false, Some(Trace::default())))
    }

    /// Makes up events, and lets requests take some time.
    pub(super) fn random(seed: u64) -> Arc<Self> {
        Arc::new(Self::new(Schedule { seed, delays: true, events: Vec::new() }, true, None))
    }

    fn new(schedule: Schedule, random: bool, trace: Option<Trace>) -> Self {
        Self { schedule, random, trace, state: Mutex::default(), host: Mutex::default() }
    }

    pub(super) fn seed(&self) -> u64 {
        self.schedule.seed
    }

    /// Whether it may disturb anything.
    pub(super) fn disturbs(&self) -> bool {
        self.random || self.schedule.delays || !self.schedule.events.is_empty()
    }

    /// Whether callers give up at once.
    pub(super) fn callers_give_up(&self) -> bool {
        self.schedule.events.iter().any(|event| event.disturbance == Disturbance::CrashAlone)
    }

    /// The host on which further attempts run. From now on points count.
    pub(super) fn arm(&self, host: LocalHost) {
        *self.host() = Some(host);
        self.lock().armed = true;
    }

    /// Waits for all deliveries that were made or are still to be made.
    pub(super) async fn deliver_all(&self) {
        loop {
            let Some(delivery) = self.lock().deliveries.pop() else { return };
            drop(delivery.await);
        }
    }

    /// Lets go of the host: its store can be dropped, or used by the next run.
    pub(super) fn disarm(&self) {
        self.lock().armed = false;
        *self.host() = None;
    }

    /// The places that the run came to.
    pub(super) fn places(&self) -> Vec<Place> {
        self.lock().places.clone()
    }

    /// Whether there can be such a disturbance at one of these places.
    pub(super) fn admits(&self, place: Place, disturbance: Disturbance) -> bool {
        disturbance != Disturbance::Outlive || self.lock().called.contains(&place)
    }

    /// What took place.
    pub(super) fn happened(&self) -> Vec<Happened> {
        self.lock().happened.clone()
    }

    /// The schedule that was to be played.
    pub(super) fn schedule(&self) -> &Schedule {
        &self.schedule
    }

    /// The schedule that gives the same run again.
    pub(super) fn played(&self) -> Schedule {
        let events = self.lock().happened.iter().map(|happened| happened.event).collect();
        Schedule { events, ..self.schedule.clone() }
    }

    /// Notes a point, and says what is to happen there, after how long.
    fn reach(&self, point: &CrashPoint) -> (Duration, Option<Disturbance>) {
        let mut state = self.lock();
        if !state.armed {
            return (Duration::ZERO, None);
        }
        let attempts = state.attempts.entry(point.invocation.instance).or_default();
        let known = attempts.iter().position(|attempt| *attempt == point.attempt);
        let index = known.unwrap_or_else(|| {
            attempts.push(point.attempt);
            attempts.len() - 1
        });
        let attempt = u32::try_from(index + 1).unwrap_or(u32::MAX);
        let place = Place::of(point, attempt);
        state.invocations.entry(point.invocation.instance.to_string()).or_insert_with(|| Arc::clone(&point.invocation));
        state.places.push(place);
        if state.root(&point.invocation).is_some() {
            state.called.insert(place);
        }
        let disturbance = self.event_at(place, state.happened.len());
        if let Some(trace) = &self.trace {
            trace.point(point, attempt, known.is_none(), disturbance);
        }
        if let Some(disturbance) = disturbance {
            let event = Event { place, disturbance };
            state.happened.push(Happened { event, point: in_words(point, attempt) });
        }
        let delay_ms = if self.schedule.delays { place.bits(self.schedule.seed, "delay") % DELAYS } else { 0 };
        (Duration::from_millis(delay_ms), disturbance)
    }

    fn event_at(&self, place: Place, so_far: usize) -> Option<Disturbance> {
        if !self.random {
            let mut events = self.schedule.events.iter();
            return events.find(|event| event.place == place).map(|event| event.disturbance);
        }
        // Some seeds disturb little, others much; all so little that recovery comes to an end.
        let seed = self.schedule.seed;
        let temper = digest(&[b"temper", &seed.to_be_bytes()]) as u64;
        let (share, most) = ([10, 25, 60, 120][(temper % 4) as usize], 2 + (temper >> 8) % 12);
        let bits = place.bits(seed, "event");
        let here = bits % 1000 < share && (so_far as u64) < most;
        here.then(|| Disturbance::random(bits >> 16))
    }

    /// Delivers an invocation once more, after `wait`; resolves when that attempt has ended.
    fn redeliver(&self, first: &Invocation, delivery: Delivery, wait: Duration) -> JoinHandle<()> {
        let host = self.host().clone();
        let delivery = if first.delivery.runs() { delivery } else { first.delivery };
        let invocation = Invocation { delivery, ..first.clone() };
        tokio::spawn(async move {
            tokio::time::sleep(wait).await;
            if let Some(host) = host {
                drop(host.invoke(invocation).await);
            }
        })
    }

    fn host(&self) -> MutexGuard<'_, Option<LocalHost>> {
        self.host.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The invocation at the top of those that have led to this one, if it is another one.
    fn root(&self, invocation: &Invocation) -> Option<Arc<Invocation>> {
        let above = |invocation: &Invocation| {
            let caller = invocation.caller.as_ref()?.split(' ').nth(1)?;
            self.invocations.get(caller).map(Arc::clone)
        };
        let mut root = above(invocation)?;
        while let Some(higher) = above(&root) {
            root = higher;
        }
        Some(root)
    }
}

fn in_words(point: &CrashPoint, attempt: u32) -> String {
    let CrashPoint { invocation, action, when, step, .. } = point;
    let Invocation { service, function, instance, .. } = &**invocation;
    let when = if *when == When::Before { "before" } else { "after" };
    let step = step.as_ref().map_or_else(String::new, |step| format!(" of step {step}"));
    let instance = digits(*instance);
    format!("{when} `{action}`{step} in attempt {attempt} of {service}/{function} (instance {instance:08x})")
}

impl CrashPlan for Director {
    fn decide(&self, point: CrashPoint) -> Pin<Box<dyn Future<Output = Verdict> + Send + '_>> {
        Box::pin(async move {
            let (delay, disturbance) = self.reach(&point);
            if !delay.is_zero() {
                tokio::time::sleep(delay).await;
            }
            match disturbance {
                None => {}
                Some(Disturbance::Crash | Disturbance::CrashAlone) => return Verdict::Crash,
                Some(Disturbance::Race) => {
                    let second = self.redeliver(&point.invocation, Delivery::First, Duration::ZERO);
                    self.lock().deliveries.push(second);
                }
                // Its failure is the second attempt's, and that is in the journal.
                Some(Disturbance::Stall) => {
                    drop(self.redeliver(&point.invocation, Delivery::Repeat, Duration::ZERO).await);
                }
                Some(Disturbance::Outlive) => {
                    let root = self.lock().root(&point.invocation);
                    if let Some(root) = root {
                        drop(self.redeliver(&root, Delivery::Repeat, Duration::ZERO).await);
                        tokio::time::sleep(FOLLOWS).await;
                    }
                }
                Some(Disturbance::Again) => {
                    let again = self.redeliver(&point.invocation, Delivery::First, LATER);
                    self.lock().deliveries.push(again);
                }
                Some(Disturbance::Late { ms }) => tokio::time::sleep(Duration::from_millis(ms.into())).await,
            }
            Verdict::Continue
        })
    }
}
