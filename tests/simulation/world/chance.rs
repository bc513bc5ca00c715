//! The one source of all choices, and how long things take.
//!
//! What is published are ranges and words; the figures are chosen to fit them. All kinds of requests take equally long.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How long something takes: a distribution with a long tail, by its median and the value that one in a hundred exceeds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Latency {
    median_ms: f64,
    p99_ms: f64,
}

/// A request to DynamoDB. AWS promises "single-digit millisecond performance for workloads of all sizes"
/// (<https://aws.amazon.com/blogs/database/understanding-amazon-dynamodb-latency/>), and says that high percentiles have
/// spikes (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TroubleshootingLatency.html>).
pub(crate) const DYNAMODB: Latency = Latency { median_ms: 4.0, p99_ms: 12.0 };

/// An invocation of a function that is warm, on top of the function itself. AWS publishes no figure; it is one request to
/// a regional endpoint, like one to DynamoDB, and one more hop to the worker.
pub(crate) const WARM: Latency = Latency { median_ms: 8.0, p99_ms: 40.0 };

/// What a cold start adds: "from under 100 ms to over 1 second"
/// (<https://docs.aws.amazon.com/lambda/latest/operatorguide/execution-environments.html>).
pub(crate) const COLD: Latency = Latency { median_ms: 150.0, p99_ms: 1_000.0 };

/// A seeded generator that everybody draws from.
#[derive(Debug)]
pub(crate) struct Chance(Mutex<fastrand::Rng>);

impl Chance {
    pub(crate) fn of(seed: u64) -> Self {
        Self(Mutex::new(fastrand::Rng::with_seed(seed)))
    }

    fn with<T>(&self, draw: impl FnOnce(&mut fastrand::Rng) -> T) -> T {
        draw(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// From nothing to below `below`.
    pub(crate) fn below(&self, below: usize) -> usize {
        self.with(|random| random.usize(..below.max(1)))
    }

    /// From 0 up to 1.
    pub(crate) fn share(&self) -> f64 {
        self.with(fastrand::Rng::f64)
    }

    /// True for a share of all calls.
    pub(crate) fn chance(&self, share: f64) -> bool {
        share > 0.0 && self.share() < share
    }

    pub(crate) fn id(&self) -> u128 {
        self.with(|random| random.u128(..))
    }

    /// Whole milliseconds, the only times that tokio's timer counts.
    pub(crate) fn between(&self, least: Duration, most: Duration) -> Duration {
        let [least, most] = [least, most].map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
        Duration::from_millis(self.with(|random| random.u64(least..=most.max(least))))
    }

    pub(crate) fn up_to(&self, most: Duration) -> Duration {
        self.between(Duration::ZERO, most)
    }

    /// Draws from a log-normal distribution.
    pub(crate) fn latency(&self, of: Latency) -> Duration {
        // The 99th percentile of the standard normal distribution.
        const P99: f64 = 2.326;
        let (one, other) = self.with(|random| (random.f64(), random.f64()));
        let normal = (-2.0 * (1.0 - one).ln()).sqrt() * (std::f64::consts::TAU * other).cos();
        let spread = (of.p99_ms / of.median_ms).ln() / P99;
        Duration::from_millis((of.median_ms * (spread * normal).exp()).round().min(10_000.0) as u64)
    }
}
