//! A seeded world of machines, in virtual time.
//!
// ANCHOR: faults
//! # Fault model
//!
//! Several hosts, each a fleet of workers, run on one store. Everything happens on one thread under tokio's paused time,
//! and every choice comes from one seeded generator: so a seed is a run, and can be run again.
//!
//! - **Attempts die** before or after any request or invocation, hesitate there, or are **stalled** for longer than they
//!   may live, most often before they write; at their deadline their host ends them, as Lambda does.
//! - **Callers give up** long before that, and ask again: others then finish what a stalled attempt has begun, and it comes
//!   back as a **zombie**. A request may also be on its way longer than the attempt that sent it lives ([`MOST_LATE`]).
//! - **Requests** are throttled, in storms too; they lose their connection before or after they took place.
//! - **Invocations** arrive twice, at different machines, the second right behind the first or up to [`MOST_LATE`] later;
//!   they are lost before they arrive, or their reply is lost; triggers are throttled; those of detached calls are lost
//!   although they were acknowledged.
//! - **Clocks** of machines differ by up to [`MOST_SKEW`] in either direction.
//! - **Machines** start cold, and are replaced one after another, each second or two, by others with other settings, while
//!   those before still finish what they had begun. The program is the same on all; other programs have tests of their own.
//! - A **service** as a whole refuses invocations for a while. **Collectors**, of intents and of garbage, come late, or not
//!   for a while, and die in the middle of their work.
//! - **Indexes** of tables lag behind. Clients ask again with the same key, through other machines, also after the answer.
//!
//! Clocks and requests on their way stay within the protocol's margin together: twice [`MOST_SKEW`] and [`MOST_LATE`] are
//! less than [`MARGIN`]. Nothing that was acknowledged by the store is lost, and no request takes place in part.
//!
//! When the clients have sent what they wanted, faults end, and everything that was accepted must be finished
//! within [`BOUND`].
// ANCHOR_END: faults

mod chance;
mod clients;
mod core;
mod expressions;
mod fates;
mod fleet;
mod invocations;
mod leftovers;
pub(crate) mod memory;
mod network;
mod run;
mod runner;
mod tables;
mod update;
mod weather;

use std::time::Duration;

pub(crate) use clients::Clients;
pub(crate) use run::{App, Plan, Size, Work, run};
pub(crate) use runner::simulate;

/// How far the clock of a machine is off at most.
pub(crate) const MOST_SKEW: Duration = Duration::from_secs(1);

/// How long a request or a duplicate is on its way at most.
pub(crate) const MOST_LATE: Duration = Duration::from_millis(1_500);

/// The protocol's margin.
pub(crate) const MARGIN: Duration = Duration::from_secs(4);

/// How long results are kept: longer than anything that is begun takes.
pub(crate) const RETENTION: Duration = Duration::from_secs(900);

/// The virtual time within which everything is finished after the faults have ended.
pub(crate) const BOUND: Duration = Duration::from_secs(300);
