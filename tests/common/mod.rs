//! What several test files need.

#![allow(dead_code, reason = "each test file uses its own part")]

use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::Arc;

use beldi::host::{CrashPlan, CrashPoint, LocalHost, LocalHostBuilder, Verdict, When};
use beldi::store::SharedStore;
use beldi::testing::fresh_store;
use beldi::{Settings, VirtualWorld};

/// Lets some attempts of one function die at one action.
pub(crate) struct CrashAt {
    pub(crate) function: &'static str,
    /// The attempts that die, as numbers of all attempts of the host, from 1.
    pub(crate) attempts: std::ops::RangeInclusive<u64>,
    /// The number of the request or invocation.
    pub(crate) number: u32,
    pub(crate) when: When,
}

impl CrashPlan for CrashAt {
    fn decide(&self, point: CrashPoint) -> Pin<Box<dyn Future<Output = Verdict> + Send + '_>> {
        let here = point.invocation.function == self.function
            && self.attempts.contains(&point.attempt)
            && point.number == self.number
            && point.when == self.when;
        Box::pin(ready(if here { Verdict::Crash } else { Verdict::Continue }))
    }
}

/// A host in virtual time on a store of its own, whose collector runs only when it is told to.
pub(crate) async fn host(settings: Settings, plan: Option<CrashAt>) -> LocalHost {
    host_on(fresh_store().await.expect("a store"), settings, plan).await
}

pub(crate) async fn host_on(store: SharedStore, settings: Settings, plan: Option<CrashAt>) -> LocalHost {
    builder(store, settings, plan).start().await.expect("a host")
}

pub(crate) fn builder(store: SharedStore, settings: Settings, plan: Option<CrashAt>) -> LocalHostBuilder {
    let builder = LocalHost::builder(store)
        .world(VirtualWorld::new(7))
        .settings(settings)
        .collect_every(None)
        .collect_garbage_every(None);
    match plan {
        Some(plan) => builder.crash_plan(Arc::new(plan)),
        None => builder,
    }
}
