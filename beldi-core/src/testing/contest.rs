//! One run of a scenario: attempts, collectors and time, whose turns the scheduler gives.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;

use super::scheduler::{Rule, Scheduler};
use crate::client::{Client, ClientError};
use crate::collector;
use crate::environment::Environment;
use crate::error::InvokeError;
use crate::function::Function;
use crate::garbage;
use crate::host::{CrashPlan, CrashPoint, LocalHost, Verdict, When};
use crate::ids::InstanceId;
use crate::invoke::{Delivery, Invocation, Invoker};
use crate::ops::Call;
use crate::service::Service;
use crate::world::World;

/// One run of a scenario.
#[derive(Clone)]
pub struct Contest {
    pub(super) host: LocalHost,
    pub(super) scheduler: Arc<Scheduler>,
}

impl Contest {
    /// Lets all attempts run to their end, what follows their replies too; what is called after that is not
    /// scheduled any more.
    pub async fn settle(&self) {
        self.end(Rule::GoOn).await;
    }

    pub(super) async fn end(&self, rule: Rule) {
        self.scheduler.set_rule(rule);
        while self.host.running() > 0 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Calls a function before the contest begins: it is not scheduled, and has ended when this gives its result.
    ///
    /// # Errors
    ///
    /// There was no result.
    pub async fn before<F: Function>(&self, call: Call<F>) -> Result<F::Output, ClientError> {
        self.unscheduled(self.client().call(call)).await
    }

    /// One attempt of the instance that `key` names, before the contest begins and not scheduled, which dies before its
    /// request of this number, from 1.
    pub async fn begun<F: Function>(&self, key: &str, call: Call<F>, dies_at: u32) {
        self.scheduler.set_rule(Rule::DieAt(dies_at));
        // It gives no answer.
        drop(self.attempt(key, false, call).await);
        self.settle().await;
        self.scheduler.set_rule(Rule::TakeTurns);
    }

    /// Does something that is not scheduled, before the contest begins or after it has ended: all attempts have ended
    /// when this gives what came of it.
    pub async fn unscheduled<T>(&self, work: impl IntoFuture<Output = T>) -> T {
        self.scheduler.set_rule(Rule::GoOn);
        let result = work.await;
        self.settle().await;
        self.scheduler.set_rule(Rule::TakeTurns);
        result
    }

    /// A second attempt of an instance of function `F` that somebody else calls: it starts, in replay, when the first
    /// has come to its first request. Nobody gets its answer.
    pub async fn repetition_of<F: Function>(&self) {
        let first = self.seen::<F>().await;
        // Whatever it answers: what it did is for the scenario to look at.
        drop(self.host.invoke(Invocation { delivery: Delivery::Repeat, ..first }).await);
    }

    /// The invocation of the first instance of function `F`, when it has come to its first request.
    pub async fn seen<F: Function>(&self) -> Invocation {
        let (service, function) = (<F::Service as Service>::NAME, F::NAME);
        let is_first = |seen: &Invocation| {
            seen.service == service && seen.function == function && seen.delivery == Delivery::First
        };
        (*self.scheduler.seen(is_first).await).clone()
    }

    /// One round of a service's collector, whose clock is a day ahead, so that it takes every instance for dead that is
    /// not done. Its requests are scheduled like those of attempts.
    pub async fn collect(&self, service: &str) {
        let mut environment = self.collector(service);
        environment.world = Arc::new(Ahead(Arc::clone(&environment.world)));
        let (_, claims) = collector::claim_due(&environment, service, |_, _| true).await;
        // What they answer nobody wants to know.
        drop(join_all(claims.into_iter().map(|claim| self.host.invoke(claim.invocation))).await);
    }

    /// One cycle of a service's garbage collector. Its requests are scheduled like those of attempts, and it never dies of
    /// its age.
    pub async fn collect_garbage(&self, service: &str) {
        // What it could not do is left to the next.
        drop(garbage::collect_garbage(&self.collector(service), service).await);
    }

    /// Lets so much time pass at once, when it is its turn: that of clocks. Attempts that began a lifetime ago, which is
    /// half an hour, are dead after it. Tells nothing with [`time_passes`](super::Interleavings::time_passes), where clocks go by themselves.
    pub async fn pass(&self, time: Duration) {
        let attempt = self.host.number_of_attempt();
        let point = CrashPoint {
            invocation: Arc::new(nobody("time", "passes")),
            attempt,
            number: 1,
            action: format!("{time:?} pass"),
            when: When::Before,
            step: None,
            key: None,
            answer: None,
        };
        if self.scheduler.decide(point).await == Verdict::Continue {
            self.scheduler.pass(attempt, time);
        }
    }

    /// What a collector of a service runs in.
    fn collector(&self, service: &str) -> Environment {
        self.host.environment_of_collector(&nobody(service, "collector"))
    }

    /// The run's host.
    pub fn host(&self) -> &LocalHost {
        &self.host
    }

    /// A client of the run's host.
    pub fn client(&self) -> Client {
        self.host.client()
    }

    /// One attempt of the instance that `key` names, with its answer. Several of the same key run at once
    /// are attempts of one instance.
    ///
    /// # Errors
    ///
    /// The attempt gave no result.
    pub async fn attempt<F: Function>(
        &self,
        key: impl Into<String>,
        repeat: bool,
        call: Call<F>,
    ) -> Result<F::Output, ClientError> {
        let key = key.into();
        let (service, function) = (<F::Service as Service>::NAME, F::NAME);
        let instance = InstanceId::from_idempotency_key(service, function, &key);
        let (service, function) = (service.to_owned(), function.to_owned());
        let delivery = if repeat { Delivery::Repeat } else { Delivery::First };
        let (arguments, caller, transaction) = (call.arguments?, None, None);
        let invocation =
            Invocation { service, function, instance, arguments, caller, delivery, transaction, contract: None };
        match self.host.invoke(invocation).await {
            Ok(result) => Ok((F::CODEC.decode_output)(&result)?),
            Err(InvokeError::Refused(problem)) => Err(ClientError::Refused(problem)),
            Err(InvokeError::Unavailable(message)) => Err(ClientError::Unavailable { instance, message }),
        }
    }
}

/// A clock that is a day ahead of another.
struct Ahead(Arc<dyn World>);

impl World for Ahead {
    fn now_ms(&self) -> u64 {
        self.0.now_ms() + 24 * 3_600_000
    }

    fn fresh_id(&self) -> InstanceId {
        self.0.fresh_id()
    }
}

/// An invocation of no instance, for who takes turns without being an attempt.
fn nobody(service: &str, function: &str) -> Invocation {
    Invocation {
        service: service.to_owned(),
        function: function.to_owned(),
        instance: InstanceId::from_u128(0),
        arguments: "null".to_owned(),
        caller: None,
        delivery: Delivery::Nudge,
        transaction: None,
        contract: None,
    }
}
