//! Hosts: what runs attempts.
//!
//! Architecture invariant: a host decides when and where an attempt runs and when it dies; it never looks
//! into a journal or a row.

mod collectors;
mod crash;
mod http;
mod local;
mod statistics;

pub use crash::{CrashPlan, CrashPoint, RandomCrashes, Verdict, When};
#[cfg(feature = "fuzzing")]
pub(crate) use http::router;
pub use http::{Gateway, GatewayError};
pub use local::{HostError, LocalHost, LocalHostBuilder};
pub use statistics::Statistics;
