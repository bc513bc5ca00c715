//! What happens to attempts on their way.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::SeqCst;

use beldi::host::{CrashPlan, CrashPoint, Verdict};
use tokio::sync::Notify;

/// What happens to an attempt at the `nth` point that `at` accepts, of all attempts.
pub(crate) struct Plan {
    at: fn(&CrashPoint) -> bool,
    nth: u32,
    then: Then,
    seen: AtomicU32,
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Then {
    Crashes,
    /// Does nothing any more.
    Stops,
    /// Waits until another one signals, or stalls.
    Waits,
    Signals,
    /// Signals, and waits until it is let go on.
    Stalls,
}

impl Plan {
    pub(crate) fn new(at: fn(&CrashPoint) -> bool, nth: u32, then: Then) -> Self {
        Self { at, nth, then, seen: AtomicU32::new(0) }
    }

    /// What happens here, if it is the point.
    fn at(&self, point: &CrashPoint) -> Option<Then> {
        let here = (self.at)(point) && self.seen.fetch_add(1, SeqCst) + 1 == self.nth;
        here.then_some(self.then)
    }
}

pub(crate) struct Plans {
    plans: Vec<Plan>,
    pub(crate) signal: Notify,
    pub(crate) goes_on: Notify,
}

impl Plans {
    pub(crate) fn new(plans: Vec<Plan>) -> Arc<Self> {
        Arc::new(Self { plans, signal: Notify::new(), goes_on: Notify::new() })
    }
}

impl CrashPlan for Plans {
    fn decide(&self, point: CrashPoint) -> Pin<Box<dyn Future<Output = Verdict> + Send + '_>> {
        let then = self.plans.iter().filter_map(|plan| plan.at(&point)).last();
        Box::pin(async move {
            match then {
                Some(Then::Crashes) => return Verdict::Crash,
                Some(Then::Stops) => std::future::pending().await,
                Some(Then::Waits) => self.signal.notified().await,
                Some(Then::Signals) => self.signal.notify_one(),
                Some(Then::Stalls) => {
                    self.signal.notify_one();
                    self.goes_on.notified().await;
                }
                None => {}
            }
            Verdict::Continue
        })
    }
}
