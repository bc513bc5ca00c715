//! What can happen to an attempt at a point.

use std::fmt;

/// What happens at a crash point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Disturbance {
    /// The attempt dies; whoever called it asks again, if there is somebody.
    Crash,
    /// The attempt dies, and callers give up: only the collector finishes what was begun.
    CrashAlone,
    /// A second attempt starts from the beginning, as if nothing had been before, while the first goes on: a duplicate
    /// delivery.
    Race,
    /// A second attempt starts in replay; the first is stalled, and goes on after the second has ended, as a zombie.
    Stall,
    /// The attempt is stalled, as if its callers had died meanwhile: second attempts of those above it run to their end,
    /// and then the first goes on, as a zombie that outlives the transaction in which it was called. Only at points of
    /// instances that another one has called.
    Outlive,
    /// The invocation is delivered once more later, when its instance has probably ended: a late duplicate.
    Again,
    /// The request, or its answer, is on its way for so long: others overtake it, so that deliveries are reordered.
    Late {
        /// How long.
        ms: u32,
    },
}

impl Disturbance {
    /// The disturbances of a crash matrix. The others are for random schedules: at a single point they say little.
    pub const ALL: [Self; 5] = [Self::Crash, Self::CrashAlone, Self::Race, Self::Stall, Self::Outlive];

    /// As it stands in a schedule.
    pub(super) fn word(self) -> String {
        match self {
            Self::Crash => "crash".to_owned(),
            Self::CrashAlone => "crash-alone".to_owned(),
            Self::Race => "race".to_owned(),
            Self::Stall => "stall".to_owned(),
            Self::Outlive => "outlive".to_owned(),
            Self::Again => "again".to_owned(),
            Self::Late { ms } => format!("late:{ms}"),
        }
    }

    pub(super) fn of_word(word: &str) -> Option<Self> {
        Some(match word {
            "crash" => Self::Crash,
            "crash-alone" => Self::CrashAlone,
            "race" => Self::Race,
            "stall" => Self::Stall,
            "outlive" => Self::Outlive,
            "again" => Self::Again,
            _ => Self::Late { ms: word.strip_prefix("late:")?.parse().ok()? },
        })
    }

    /// One of those that need no other settings, by random bits: crashes and late messages more often than others.
    pub(super) fn random(bits: u64) -> Self {
        match bits % 20 {
            0..8 => Self::Crash,
            8..13 => Self::Late { ms: 1 << ((bits >> 32) % 13) },
            13..16 => Self::Race,
            16..18 => Self::Stall,
            _ => Self::Again,
        }
    }
}

impl fmt::Display for Disturbance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Crash => "crash, recovered by callers",
            Self::CrashAlone => "crash, recovered by the collector",
            Self::Race => "second attempt at the same time",
            Self::Stall => "second attempt while the first is stalled",
            Self::Outlive => "second attempts of its callers while it is stalled",
            Self::Again => "delivered once more later",
            Self::Late { ms } => return write!(f, "{ms} ms late"),
        })
    }
}
