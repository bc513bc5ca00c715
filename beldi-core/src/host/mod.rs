//! Hosts: what runs attempts.
//!
//! Architecture invariant: a host decides when and where an attempt runs and when it dies; it never looks
//! into a journal or a row.

mod collectors;
mod crash;
mod http;
#[cfg(feature = "aws")]
mod lambda;
mod local;
mod places;
#[cfg(all(feature = "aws", feature = "embedded"))]
mod processes;
mod program;
mod statistics;

pub use crash::{CrashPlan, CrashPoint, RandomCrashes, Verdict, When};
#[cfg(feature = "fuzzing")]
pub(crate) use http::router;
pub use http::{Gateway, GatewayError};
#[cfg(all(feature = "aws", feature = "fuzzing"))]
pub(crate) use lambda::kind_of_event;
#[cfg(feature = "aws")]
pub use lambda::{
    Answer, LambdaError, LambdaHost, LambdaHostBuilder, LambdaHostError, LambdaInvoker, Rest, VariableError,
};
pub use local::{HostError, LocalHost, LocalHostBuilder};
#[cfg(all(feature = "aws", feature = "embedded"))]
pub use processes::{ProcessHost, ProcessHostBuilder};
pub use program::{Program, main};
pub use statistics::Statistics;

/// Several errors in one line.
fn list(errors: &[impl std::fmt::Display]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
