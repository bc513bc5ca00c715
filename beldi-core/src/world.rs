//! The one door through which time and randomness enter, so that a seeded world can drive the
//! production code unchanged.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::ids::{InstanceId, digest};

/// The clock and the source of fresh ids.
pub trait World: Send + Sync + 'static {
    /// Milliseconds since 1970.
    fn now_ms(&self) -> u64;
    /// An id that was never used.
    fn fresh_id(&self) -> InstanceId;
}

/// The machine's clock, and random ids.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemWorld;

impl World for SystemWorld {
    fn now_ms(&self) -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }

    fn fresh_id(&self) -> InstanceId {
        InstanceId::from_u128(uuid::Uuid::new_v4().as_u128())
    }
}

/// Virtual time and seeded ids: time stands still until every task waits, if tokio's clock is paused.
#[derive(Debug)]
pub struct VirtualWorld {
    origin: tokio::time::Instant,
    seed: u64,
    ids: AtomicU64,
}

/// Where virtual time starts: 2025-01-01, in milliseconds since 1970.
const VIRTUAL_EPOCH_MS: u64 = 1_735_689_600_000;

impl VirtualWorld {
    /// A world that starts now. Must be called inside a tokio runtime.
    pub fn new(seed: u64) -> Self {
        Self { origin: tokio::time::Instant::now(), seed, ids: AtomicU64::new(0) }
    }
}

impl World for VirtualWorld {
    fn now_ms(&self) -> u64 {
        VIRTUAL_EPOCH_MS + millis(self.origin.elapsed())
    }

    fn fresh_id(&self) -> InstanceId {
        let number = self.ids.fetch_add(1, Ordering::Relaxed);
        InstanceId::from_u128(digest(&[b"fresh", &self.seed.to_be_bytes(), &number.to_be_bytes()]))
    }
}

/// A duration in whole milliseconds.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
