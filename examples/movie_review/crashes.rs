//! A crash plan that keeps a share of all attempts dying.

use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use beldi::host::{CrashPlan, CrashPoint, Verdict};

/// While too few attempts have died, one in so many points is where the next one dies. The larger it is, the
/// more evenly the deaths are spread over the points of an attempt.
const ONE_IN: u32 = 10;

/// Lets attempts die at random points, before and after their requests and invocations, so that of all attempts
/// a given share dies. Those without any request or invocation cannot die; others die in their stead.
pub(crate) struct Crashes {
    share: f64,
    attempts: AtomicU64,
    crashed: AtomicU64,
    over: AtomicBool,
}

impl Crashes {
    /// Lets `share` of all attempts die.
    pub(crate) fn new(share: f64) -> Self {
        Self { share, attempts: AtomicU64::new(0), crashed: AtomicU64::new(0), over: AtomicBool::new(false) }
    }

    /// From now on nobody dies.
    pub(crate) fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
    }

    fn dies(&self, attempt: u64) -> bool {
        // The host numbers its attempts, so the largest number is how many there are.
        let attempts = self.attempts.fetch_max(attempt, Ordering::Relaxed).max(attempt);
        let wanted = (attempts as f64 * self.share) as u64;
        let dies = !self.over.load(Ordering::Relaxed)
            && self.crashed.load(Ordering::Relaxed) < wanted
            && fastrand::u32(..ONE_IN) == 0;
        self.crashed.fetch_add(u64::from(dies), Ordering::Relaxed);
        dies
    }
}

impl CrashPlan for Crashes {
    fn decide(&self, point: CrashPoint) -> Pin<Box<dyn Future<Output = Verdict> + Send + '_>> {
        Box::pin(ready(if self.dies(point.attempt) { Verdict::Crash } else { Verdict::Continue }))
    }
}
