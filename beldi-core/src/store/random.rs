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

    /// Uniform in `0.0..1.0`.
    fn fraction(&self) -> f64 {
        // 32 bits are exact in an `f64` and plenty for shares and delays.
        let bits = u32::try_from(self.next() >> 32).unwrap_or(u32::MAX);
        f64::from(bits) / (f64::from(u32::MAX) + 1.0)
    }

    /// True for the given share of all calls.
    pub(super) fn chance(&self, share: f64) -> bool {
        self.fraction() < share
    }

    /// Uniform from nothing up to `most`.
    pub(super) fn up_to(&self, most: Duration) -> Duration {
        most.mul_f64(self.fraction())
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
        assert!((0..1000).all(|_| random.up_to(most) < most));
        assert!(!Random::seeded(1).chance(0.0) && Random::seeded(1).chance(1.0));
    }
}
