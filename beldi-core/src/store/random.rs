//! Seeded random numbers for decorators.
//!
//! Invariant: the numbers depend on the seed and on how many were drawn before, and on nothing else, so a
//! run on one thread under tokio's paused time is the same for the same seed.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The increment of SplitMix64: the golden ratio as a fraction of 2^64.
const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// SplitMix64, whose state is a counter, so that drawing needs no lock.
#[derive(Debug)]
pub(super) struct Random(AtomicU64);

impl Random {
    pub(super) fn seeded(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    /// Another sequence in each process.
    pub(super) fn from_entropy() -> Self {
        Self::seeded(RandomState::new().hash_one(GAMMA))
    }

    fn next(&self) -> u64 {
        let mut mixed = self.0.fetch_add(GAMMA, Ordering::Relaxed).wrapping_add(GAMMA);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Uniform in `0..below`.
    fn below(&self, below: u32) -> u32 {
        let product = (self.next() >> 32) * u64::from(below);
        u32::try_from(product >> 32).unwrap_or_default()
    }

    /// True for the given share of all calls.
    pub(super) fn chance(&self, share: f64) -> bool {
        f64::from(self.below(u32::MAX)) < share * f64::from(u32::MAX)
    }

    /// Uniform from nothing up to `most`, in whole milliseconds. tokio's timer counts those, and fractions
    /// would let the moment at which the runtime was started decide which of two timers comes first.
    pub(super) fn up_to(&self, most: Duration) -> Duration {
        let most_ms = u32::try_from(most.as_millis()).unwrap_or(u32::MAX);
        Duration::from_millis(self.below(most_ms.saturating_add(1)).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_its_sequence_and_shares_are_met() {
        let draw = |seed| {
            let random = Random::seeded(seed);
            (0..1000).map(|_| random.chance(0.3)).collect::<Vec<_>>()
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
        let hits = draw(7).into_iter().filter(|hit| *hit).count();
        assert!((250..350).contains(&hits), "{hits} of 1000 at 30%");
        let most = Duration::from_millis(10);
        let random = Random::from_entropy();
        let mut drawn: Vec<_> = (0..1000).map(|_| random.up_to(most).as_micros()).collect();
        drawn.sort_unstable();
        drawn.dedup();
        assert_eq!(drawn, (0..=10).map(|ms| ms * 1000).collect::<Vec<_>>());
        assert!(!Random::seeded(1).chance(0.0) && Random::seeded(1).chance(1.0));
    }
}
