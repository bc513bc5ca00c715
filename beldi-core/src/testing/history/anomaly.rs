//! What can be wrong with a history, told so that one can see why.

use std::fmt;

/// Why no serial order explains a history.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Anomaly {
    /// The dependencies of some transactions go in a circle.
    #[error(transparent)]
    Cycle(Cycle),
    /// Two transactions read the same version and wrote over it: one of them counts for nothing.
    #[error("lost update: {first} and {second} both read {key} = {} and wrote over it", shown(.version.as_deref()))]
    LostUpdate {
        /// The key.
        key: String,
        /// The version; `None` before the first write.
        version: Option<String>,
        /// One of the two.
        first: String,
        /// The other.
        second: String,
    },
    /// A transaction read what another one wrote that was rolled back.
    #[error("aborted read: {reader} read {key} = {value}, and {writer}, which wrote it, was rolled back")]
    AbortedRead {
        /// Who read.
        reader: String,
        /// The key.
        key: String,
        /// What it read.
        value: String,
        /// Who wrote it.
        writer: String,
    },
    /// A transaction read what another one wrote and then wrote over itself.
    #[error("intermediate read: {reader} read {key} = {value}, but {writer}, which wrote it, wrote {key} again")]
    IntermediateRead {
        /// Who read.
        reader: String,
        /// The key.
        key: String,
        /// What it read.
        value: String,
        /// Who wrote it.
        writer: String,
    },
    /// A transaction read a value that nobody wrote.
    #[error("{reader} read {key} = {value}, which nobody wrote")]
    NobodyWrote {
        /// Who read.
        reader: String,
        /// The key.
        key: String,
        /// What it read.
        value: String,
    },
    /// A transaction did not see its own last write.
    #[error("{reader} read {key} = {} after it had written {written} itself", shown(.value.as_deref()))]
    OwnWriteNotSeen {
        /// Who read.
        reader: String,
        /// The key.
        key: String,
        /// What it read.
        value: Option<String>,
        /// What it had written.
        written: String,
    },
    /// A value was written twice: a write happened twice, or the test's values are not unique.
    #[error("{key} = {value} was written twice, by {first} and by {second}")]
    WrittenTwice {
        /// The key.
        key: String,
        /// The value.
        value: String,
        /// Who wrote it first.
        first: String,
        /// Who wrote it again.
        second: String,
    },
    /// A committed write is not in the version order that was given.
    #[error("lost write: {writer} committed {key} = {value}, which is not among the versions of {key}")]
    LostWrite {
        /// Who wrote.
        writer: String,
        /// The key.
        key: String,
        /// The value.
        value: String,
    },
    /// The version order that was given has a value that no transaction committed.
    #[error("{key} = {value} is among the versions of {key}, but no transaction committed it")]
    NeverCommitted {
        /// The key.
        key: String,
        /// The value.
        value: String,
    },
    /// The history does not say where a version belongs.
    #[error("{writer} wrote {key} = {value} without having read {key}, and no version order was given for it")]
    Unordered {
        /// Who wrote.
        writer: String,
        /// The key.
        key: String,
        /// The value.
        value: String,
    },
    /// Two transactions were recorded under one id.
    #[error("two transactions are called {id}")]
    SameId {
        /// The id.
        id: String,
    },
}

/// A circle of dependencies: each transaction would have to come before itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Cycle {
    /// What such a circle is called.
    pub kind: CycleKind,
    /// The dependencies, each from where the one before ends.
    pub dependencies: Vec<Dependency>,
}

/// Kinds of circles, with Adya's and Elle's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CycleKind {
    /// Writes over each other in both directions (G0, dirty write).
    DirtyWrite,
    /// Each saw what the other wrote before it committed (G1c, circular information flow).
    DirtyRead,
    /// One saw only a part of what another wrote (G-single).
    ReadSkew,
    /// Each read what the other wrote over (G2).
    WriteSkew,
    /// Two readers saw two writes in different orders (G2 without neighbouring `rw`).
    LongFork,
    /// There is a serial order, but none that agrees with real time.
    RealTime,
}

/// A reason why one transaction comes before another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    /// The transaction that comes first.
    pub from: String,
    /// The one that comes later.
    pub to: String,
    /// The kind of reason.
    pub kind: DependencyKind,
    /// The key; `None` for real time.
    pub key: Option<String>,
    /// The reason in words.
    pub reason: String,
}

/// Kinds of dependencies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DependencyKind {
    /// `ww`: wrote the next version.
    WriteWrite,
    /// `wr`: read what was written.
    WriteRead,
    /// `rw`: wrote the version that follows the one which was read.
    ReadWrite,
    /// `rt`: began after the end.
    RealTime,
}

/// A value, or a word for the state before the first write.
pub(super) fn shown(value: Option<&str>) -> &str {
    value.unwrap_or("nothing")
}

impl fmt::Display for Cycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.kind)?;
        for Dependency { from, kind, key, .. } in &self.dependencies {
            match key {
                Some(key) => write!(f, "{from} -{kind} {key}-> ")?,
                None => write!(f, "{from} -{kind}-> ")?,
            }
        }
        f.write_str(self.dependencies.last().map_or("", |last| &last.to))?;
        self.dependencies.iter().try_for_each(|dependency| write!(f, "\n  {}", dependency.reason))
    }
}

impl fmt::Display for CycleKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DirtyWrite => "dirty write",
            Self::DirtyRead => "dirty read",
            Self::ReadSkew => "read skew",
            Self::WriteSkew => "write skew",
            Self::LongFork => "long fork",
            Self::RealTime => "real-time violation",
        })
    }
}

impl fmt::Display for DependencyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WriteWrite => "ww",
            Self::WriteRead => "wr",
            Self::ReadWrite => "rw",
            Self::RealTime => "rt",
        })
    }
}
