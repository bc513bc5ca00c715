//! The verification kit: crash a scenario at every point, and see that nothing shows.
//!
//! Fault model: an attempt dies before or after any of its store requests and invocations; a second
//! attempt of the same instance starts at any of these points, while the first goes on, or while it is
//! stalled and goes on as a zombie after the second has ended. What was sent stays done. See
//! [`CrashMatrix`].
//!
//! `#[beldi::test]` does this for a user's test, beside random schedules and an audit of handlers: see [`Case`].
//!
//! What transactions saw of each other is judged by a [`History`].

mod case;
mod choices;
mod contest;
mod director;
mod disturbance;
mod history;
mod interleave;
mod matrix;
mod outside;
mod panics;
mod replay;
mod rows;
mod run;
mod schedule;
mod scheduler;
mod state;
mod states;
mod stores;
mod trace;
mod trial;

pub use case::Case;
pub use contest::Contest;
pub use disturbance::Disturbance;
pub use history::{Access, Anomaly, Cycle, CycleKind, Dependency, DependencyKind, History, Summary, Transaction};
pub use interleave::{Explored, Interleavings};
pub use matrix::{CrashMatrix, Failure, Report};
pub use outside::happens;
pub use run::TestResult;
pub use state::locked_rows;
pub use stores::fresh_store;
pub use trial::Trial;
