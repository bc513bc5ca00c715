//! A crash plan that keeps a share of all attempts dying.

use std::collections::HashMap;
use std::future::{Future, ready};
use std::mem::{Discriminant, discriminant};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use beldi::host::{CrashPlan, CrashPoint, Verdict};
use beldi::{Delivery, Invocation};

/// While too few have died, an attempt dies at each of its points with a chance of one in so many times the
/// number of requests and invocations that attempts of its function have. Each of these is two points, one
/// before and one after, so about half of such attempts die, anywhere in them.
const ONE_IN: u32 = 3;

/// Lets attempts die at random points, before and after their requests and invocations, so that of all attempts
/// a given share dies. Those that have neither cannot die; others die in their stead.
pub(crate) struct Crashes {
    share: f64,
    attempts: AtomicU64,
    crashed: AtomicU64,
    over: AtomicBool,
    /// The most requests and invocations that an attempt has had so far.
    lengths: Mutex<HashMap<Kind, u32>>,
}

/// Attempts that do the same: service, function, and what was delivered.
type Kind = (String, String, Discriminant<Delivery>);

/// An attempt with many more requests than this waits for something, and looks again and again. The longer it has
/// waited, the smaller the chance that it dies at the next look; otherwise none would ever see what it waits for.
const MAX_LENGTH: u32 = 8;

impl Crashes {
    /// Lets `share` of all attempts die.
    pub(crate) fn new(share: f64) -> Self {
        let (attempts, crashed) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { share, attempts, crashed, over: AtomicBool::new(false), lengths: Mutex::default() }
    }

    /// From now on nobody dies.
    pub(crate) fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
    }

    fn dies(&self, point: &CrashPoint) -> bool {
        // The host numbers its attempts, so the largest number is how many there are.
        let attempts = self.attempts.fetch_max(point.attempt, Ordering::Relaxed).max(point.attempt);
        let wanted = (attempts as f64 * self.share) as u64;
        let length = self.length(point);
        let dies = !self.over.load(Ordering::Relaxed)
            && self.crashed.load(Ordering::Relaxed) < wanted
            && fastrand::u32(..ONE_IN * length) == 0;
        self.crashed.fetch_add(u64::from(dies), Ordering::Relaxed);
        dies
    }

    fn length(&self, point: &CrashPoint) -> u32 {
        let Invocation { service, function, delivery, .. } = &*point.invocation;
        let function = (service.clone(), function.clone(), discriminant(delivery));
        let mut lengths = self.lengths.lock().unwrap_or_else(PoisonError::into_inner);
        let length = lengths.entry(function).or_default();
        *length = point.number.max(*length).min(MAX_LENGTH);
        (*length).max(point.number.saturating_mul(point.number) / MAX_LENGTH)
    }
}

impl CrashPlan for Crashes {
    fn decide(&self, point: CrashPoint) -> Pin<Box<dyn Future<Output = Verdict> + Send + '_>> {
        Box::pin(ready(if self.dies(&point) { Verdict::Crash } else { Verdict::Continue }))
    }
}
