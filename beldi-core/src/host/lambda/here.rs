//! Attempts in this process, within what is left of one event's time.
//!
//! A service that calls itself does so here: another Lambda function would only cost more.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use tokio_util::sync::CancellationToken;

use super::{Inner, Outside, metrics};
use crate::attempt::{Epilogue, handle};
use crate::client::Client;
use crate::environment::Environment;
use crate::error::InvokeError;
use crate::host::http::Front;
use crate::invoke::{Invocation, InvokeFuture, Invoker, TriggerFuture};
use crate::world::millis;

/// Runs what one event asks for. Cheap to clone.
#[derive(Clone)]
pub(super) struct Here {
    pub(super) inner: Arc<Inner>,
    outside: Outside,
    deadline_ms: u64,
    epilogues: Arc<Mutex<Vec<Epilogue>>>,
}

/// What is left to do after an answer was sent.
#[must_use = "nothing of it is done until it is run"]
pub struct Rest {
    epilogues: Vec<Epilogue>,
    time_left: Duration,
}

impl Rest {
    /// Does it, as far as there is time: the collector finds what is not done.
    pub async fn run(self) {
        let all = join_all(self.epilogues.into_iter().map(Epilogue::run));
        if tokio::time::timeout(self.time_left, all).await.is_err() {
            tracing::warn!("there was no time left for what follows the reply: it is left to the collector");
        }
    }

    /// Whether nothing is left to do.
    pub fn is_empty(&self) -> bool {
        self.epilogues.is_empty()
    }
}

impl Here {
    pub(super) fn new(inner: Arc<Inner>, outside: Outside, deadline_ms: u64) -> Self {
        Self { inner, outside, deadline_ms, epilogues: Arc::default() }
    }

    /// What attempts, collectors and clients run in.
    pub(super) fn environment(&self) -> Environment {
        let Inner { world, registry, settings, transactions, watermarks, .. } = &*self.inner;
        Environment {
            store: Arc::clone(&self.outside.store),
            invoker: Arc::new(self.clone()),
            world: Arc::clone(world),
            registry: Arc::clone(registry),
            settings: settings.clone(),
            transactions: transactions.clone(),
            watermarks: watermarks.clone(),
            recordings: None,
        }
    }

    pub(super) fn client(&self) -> Client {
        Client::new(self.environment())
    }

    /// What the gateway of this service stands before.
    pub(super) fn front(&self) -> Front {
        let service = self.inner.service.clone();
        Front { environment: self.environment(), stopping: CancellationToken::new(), service }
    }

    /// How long what this event asks for may take.
    pub(super) fn time_left(&self) -> Duration {
        Duration::from_millis(self.deadline_ms.saturating_sub(self.inner.world.now_ms()))
    }

    /// What is left to do, once.
    pub(super) fn rest(&self) -> Rest {
        let epilogues = std::mem::take(&mut *self.epilogues.lock().unwrap_or_else(PoisonError::into_inner));
        Rest { epilogues, time_left: self.time_left() }
    }

    /// The services that run here.
    pub(super) fn services(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.inner.registry.services().filter(|name| self.runs(name))
    }

    /// Whether a service runs here.
    pub(super) fn runs(&self, service: &str) -> bool {
        self.inner.service.as_deref().is_none_or(|only| only == service)
    }

    /// One attempt, which ends at its function's timeout or with the event's time.
    pub(super) async fn attempt(&self, invocation: Invocation) -> Result<String, InvokeError> {
        let function = self.inner.registry.function(&invocation.service, &invocation.function);
        let timeout = function.and_then(|function| function.timeout).unwrap_or(self.inner.settings.timeout);
        let timeout = timeout.min(self.time_left());
        let name = format!("{}/{} {}", invocation.service, invocation.function, invocation.instance);
        let environment = self.environment();
        let deadline_ms = self.inner.world.now_ms() + millis(timeout);
        let ended = tokio::time::timeout(timeout, handle(&environment, invocation, deadline_ms)).await;
        let answer = match ended {
            Ok(Ok(done)) => {
                self.epilogues.lock().unwrap_or_else(PoisonError::into_inner).extend(done.epilogue);
                Ok(done.result)
            }
            Ok(Err(error)) => Err(error),
            Err(_) => Err(InvokeError::Unavailable(format!("the attempt of {name} had no time left"))),
        };
        if let Some(function) = function {
            metrics::count(function, &answer, self.inner.world.now_ms());
        }
        answer
    }
}

impl Invoker for Here {
    fn invoke(&self, invocation: Invocation) -> InvokeFuture<'_> {
        match self.inner.service.as_deref() {
            Some(own) if own == invocation.service => Box::pin(self.attempt(invocation)),
            _ => self.outside.invoker.invoke(invocation),
        }
    }

    /// An instance that nobody waits for has a Lambda function of its own, with all of its time.
    fn trigger(&self, invocation: Invocation) -> TriggerFuture<'_> {
        self.outside.invoker.trigger(invocation)
    }
}
