//! The verification kit: crash a scenario at every point, and see that nothing shows.
//!
//! Fault model: an attempt dies before or after any of its store requests and invocations; a second
//! attempt of the same instance starts at any of these points, while the first goes on, or while it is
//! stalled and goes on as a zombie after the second has ended. What was sent stays done. See
//! [`CrashMatrix`].
//!
//! What transactions saw of each other is judged by a [`History`].

mod history;
mod interleave;
mod matrix;
mod plan;
mod scheduler;
mod state;
mod states;
mod stores;
mod trial;

pub use history::{Access, Anomaly, Cycle, CycleKind, Dependency, DependencyKind, History, Summary, Transaction};
pub use interleave::{Contest, Explored, Interleavings};
pub use matrix::{CrashMatrix, Failure, Report};
pub use plan::Disturbance;
pub use state::locked_rows;
pub use stores::fresh_store;
pub use trial::Trial;
