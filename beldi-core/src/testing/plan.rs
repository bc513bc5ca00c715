//! The crash plan of the matrix: one disturbance at one point of a run.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::host::{CrashPlan, CrashPoint, LocalHost, Verdict};
use crate::invoke::{Delivery, Invocation, Invoker};

/// What happens at a crash point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Disturbance {
    /// The attempt dies; whoever called it asks again, if there is somebody.
    Crash,
    /// The attempt dies, and callers give up: only the collector finishes what was begun.
    CrashAlone,
    /// A second attempt starts from the beginning, as if nothing had been before, while the first goes on.
    Race,
    /// A second attempt starts in replay; the first is stalled, and goes on after the second has ended.
    Stall,
}

impl Disturbance {
    /// All disturbances.
    pub const ALL: [Self; 4] = [Self::Crash, Self::CrashAlone, Self::Race, Self::Stall];
}

impl fmt::Display for Disturbance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Crash => "crash, recovered by callers",
            Self::CrashAlone => "crash, recovered by the collector",
            Self::Race => "second attempt at the same time",
            Self::Stall => "second attempt while the first is stalled",
        })
    }
}

/// Counts the points of a run, and disturbs one of them.
pub(super) struct OnePoint {
    target: Option<(usize, Disturbance)>,
    state: Mutex<State>,
    /// The host and its plan hold each other until the run is over.
    host: Mutex<Option<LocalHost>>,
}

#[derive(Default)]
struct State {
    /// Points count only while the scenario runs, not while it is set up.
    armed: bool,
    points: usize,
    /// The point that was disturbed.
    hit: Option<CrashPoint>,
}

impl OnePoint {
    /// Counts only, without a target.
    pub(super) fn new(target: Option<(usize, Disturbance)>) -> Arc<Self> {
        Arc::new(Self { target, state: Mutex::default(), host: Mutex::default() })
    }

    /// The host on which second attempts run.
    pub(super) fn arm(&self, host: LocalHost) {
        *self.host() = Some(host);
        self.lock().armed = true;
    }

    /// Lets go of the host: its store can be dropped, or used by the next run.
    pub(super) fn disarm(&self) {
        self.lock().armed = false;
        *self.host() = None;
    }

    /// How many points there were.
    pub(super) fn points(&self) -> usize {
        self.lock().points
    }

    /// The point that was disturbed, if the run came to it.
    pub(super) fn hit(&self) -> Option<CrashPoint> {
        self.lock().hit.clone()
    }

    /// Counts a point, and says what is to happen there.
    fn reach(&self, point: &CrashPoint) -> Option<Disturbance> {
        let mut state = self.lock();
        if !state.armed {
            return None;
        }
        let number = state.points;
        state.points += 1;
        let (_, disturbance) = self.target.filter(|(target, _)| *target == number)?;
        state.hit = Some(point.clone());
        Some(disturbance)
    }

    fn host(&self) -> MutexGuard<'_, Option<LocalHost>> {
        self.host.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts a second attempt of what the point's attempt executes; resolves when it has ended.
    fn second_attempt(&self, point: &CrashPoint, delivery: Delivery) -> impl Future<Output = ()> + Send + use<> {
        let host = self.host().clone();
        let first = &*point.invocation;
        let delivery = if first.delivery.runs() { delivery } else { first.delivery };
        let invocation = Invocation { delivery, ..first.clone() };
        let attempt = host.map(|host| tokio::spawn(async move { drop(host.invoke(invocation).await) }));
        async move {
            if let Some(attempt) = attempt {
                drop(attempt.await);
            }
        }
    }
}

impl CrashPlan for OnePoint {
    fn decide(&self, point: CrashPoint) -> Pin<Box<dyn Future<Output = Verdict> + Send + '_>> {
        Box::pin(async move {
            match self.reach(&point) {
                None => Verdict::Continue,
                Some(Disturbance::Crash | Disturbance::CrashAlone) => Verdict::Crash,
                Some(Disturbance::Race) => {
                    drop(self.second_attempt(&point, Delivery::First));
                    Verdict::Continue
                }
                Some(Disturbance::Stall) => {
                    self.second_attempt(&point, Delivery::Repeat).await;
                    Verdict::Continue
                }
            }
        })
    }
}
