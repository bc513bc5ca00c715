//! The collectors of a local host: when they run.
//!
//! Invariant: a collector that dies in the middle of a round leaves nothing half-done, so a host that stops waits for no
//! garbage collector.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::future::try_join_all;
use tokio::sync::oneshot;
use tokio::time::{Interval, MissedTickBehavior};

use super::LocalHost;
use crate::collector::{self, Round};
use crate::error::InvokeError;
use crate::function::FunctionEntry;
use crate::garbage::{Garbage, collect_garbage};
use crate::ids::InstanceId;
use crate::store::StoreError;

impl LocalHost {
    /// Starts what is due in all services, once, and waits until these attempts have ended.
    pub async fn collect(&self) -> Round {
        let (round, running) = self.claim_due().await;
        for attempt in running {
            // Whatever became of it, the journal knows.
            drop(attempt.await);
        }
        round
    }

    /// Starts what is due in all services and has room to run.
    async fn claim_due(&self) -> (Round, Vec<oneshot::Receiver<Result<String, InvokeError>>>) {
        let _watch = self.counters().watch();
        let environment = self.environment();
        let mut total = Round::default();
        let mut running = Vec::new();
        for service in environment.registry.services() {
            let mut taken = HashMap::new();
            let room = |function: &FunctionEntry, instance: InstanceId| {
                if self.places().are_awaited_by(instance) {
                    return false;
                }
                let taken: &mut usize = taken.entry(function.name).or_default();
                *taken += 1;
                // One waits for its turn where all places are taken, and always are.
                *taken <= self.places().free(function).max(1)
            };
            let (round, claims) = collector::claim_due(&environment, service, room).await;
            total.add(round);
            self.counters().restarted.fetch_add(u64::from(round.started), Ordering::Relaxed);
            running.extend(claims.into_iter().map(|claim| self.spawn(claim.invocation)));
        }
        (total, running)
    }

    /// Collects until no instance is left that is neither done nor parked, sleeping until the next is due.
    /// With paused tokio time this is at once.
    pub async fn settle(&self) -> Result<Round, StoreError> {
        let environment = self.environment();
        let mut total = Round::default();
        loop {
            let services = environment.registry.services();
            let due = try_join_all(services.map(|service| collector::next_due(&environment, service))).await?;
            let Some(due_ms) = due.into_iter().flatten().min() else { return Ok(total) };
            let wait_ms = due_ms.saturating_sub(environment.world.now_ms());
            tokio::time::sleep(Duration::from_millis(wait_ms)).await;
            let round = self.collect().await;
            total.add(round);
        }
    }

    /// Runs one cycle of garbage collection in each service. Gives what they did together, with the watermark that is
    /// furthest behind.
    ///
    /// # Errors
    ///
    /// The store failed in one of the services; the others were done all the same.
    pub async fn collect_garbage(&self) -> Result<Garbage, StoreError> {
        let _watch = self.counters().watch();
        let environment = self.environment();
        let mut total: Option<Garbage> = None;
        let mut failed = None;
        for service in environment.registry.services() {
            match collect_garbage(&environment, service).await {
                Ok(garbage) => match &mut total {
                    Some(total) => total.add(garbage),
                    None => total = Some(garbage),
                },
                Err(error) => {
                    tracing::warn!(service, %error, "garbage collection will be tried again");
                    failed = Some(error);
                }
            }
        }
        let total = total.unwrap_or_default();
        self.counters().reclaimed(total);
        failed.map_or(Ok(total), Err)
    }

    pub(super) fn spawn_collector(&self, interval: Duration) {
        let host = self.clone();
        self.track(async move {
            let mut ticks = ticks(interval);
            loop {
                tokio::select! {
                    () = host.stopping() => return,
                    _ = ticks.tick() => {}
                }
                // A slow instance must not hold up the next round.
                drop(host.claim_due().await);
            }
        });
    }

    pub(super) fn spawn_garbage_collector(&self, interval: Duration) {
        let host = self.clone();
        self.track(async move {
            let mut ticks = ticks(interval);
            // The first tick is at once, and nothing is garbage so soon.
            ticks.tick().await;
            loop {
                tokio::select! {
                    () = host.stopping() => return,
                    () = host.cycles(&mut ticks) => {}
                }
            }
        });
    }

    /// Waits for the next tick, then collects garbage until nothing is left that can be reclaimed now.
    async fn cycles(&self, ticks: &mut Interval) {
        ticks.tick().await;
        while let Ok(garbage) = self.collect_garbage().await {
            if !garbage.more || garbage.reclaimed() == 0 {
                return;
            }
        }
    }
}

fn ticks(interval: Duration) -> Interval {
    let mut ticks = tokio::time::interval(interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}
