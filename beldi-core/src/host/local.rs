//! The local host: all services in one process, each attempt a task.
//!
//! Invariants: an attempt lives no longer than its function's timeout, because the host drops it then; no
//! more attempts of one function run at once than its limit allows; an instance that was begun is finished
//! by the collector, after a restart of the process too.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::crash::{CrashPlan, MortalInvoker, MortalStore, Victim};
use super::http::Front;
use super::places::Places;
use super::statistics::{Counters, Statistics};
use crate::attempt::{Recordings, handle};
use crate::client::Client;
use crate::environment::{Environment, Settings, SettingsError};
use crate::error::InvokeError;
use crate::garbage::Watermarks;
use crate::invoke::{Delivery, Invocation, InvokeFuture, Invoker};
use crate::registry::{Registry, RegistryError};
use crate::store::tables::{self, TableErrors};
use crate::store::{Retry, SharedStore, StoreError};
use crate::txn::Tallies;
use crate::world::{SystemWorld, World, millis};

mod audit;

/// Runs functions in this process. Cheap to clone.
#[derive(Clone)]
pub struct LocalHost {
    inner: Arc<Inner>,
}

struct Inner {
    store: SharedStore,
    world: Arc<dyn World>,
    invoker: Option<Arc<dyn Invoker>>,
    registry: Arc<Registry>,
    settings: Settings,
    plan: Option<Arc<dyn CrashPlan>>,
    places: Places,
    attempts: TaskTracker,
    servers: TaskTracker,
    stopping: CancellationToken,
    counters: Counters,
    transactions: Tallies,
    watermarks: Watermarks,
    recordings: Option<Arc<Recordings>>,
}

/// A local host could not start.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// The program declares something twice, or nothing.
    #[error("the program's declarations are in conflict: {}", super::list(.0))]
    Registry(Vec<RegistryError>),
    /// Times do not fit together.
    #[error("the settings do not fit together: {}", super::list(.0))]
    Settings(Vec<SettingsError>),
    /// A table is not what an item needs.
    #[error(transparent)]
    Tables(#[from] TableErrors),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A worker process, or the address that it is to reach, cannot be had.
    #[error("worker processes cannot be started: {0}")]
    Process(#[source] std::io::Error),
}

/// Makes a [`LocalHost`].
#[must_use = "a host runs nothing until it is started"]
pub struct LocalHostBuilder {
    store: SharedStore,
    world: Arc<dyn World>,
    invoker: Option<Arc<dyn Invoker>>,
    settings: Settings,
    plan: Option<Arc<dyn CrashPlan>>,
    concurrency: usize,
    collect_every: Option<Duration>,
    collect_garbage_every: Option<Duration>,
    audited: bool,
}

impl LocalHostBuilder {
    /// The clock and the source of ids; the machine's by default.
    pub fn world(mut self, world: impl World) -> Self {
        self.world = Arc::new(world);
        self
    }

    /// Where calls of functions go that are made here; to this host by default. Of several hosts on one store each is
    /// an [`Invoker`], and one that chooses among them can be between them.
    pub fn invoker(mut self, invoker: Arc<dyn Invoker>) -> Self {
        self.invoker = Some(invoker);
        self
    }

    /// The protocol's limits and intervals.
    pub fn settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// Lets attempts die by a plan.
    pub fn crash_plan(mut self, plan: Arc<dyn CrashPlan>) -> Self {
        self.plan = Some(plan);
        self
    }

    /// How many attempts of one function run at once; others wait. Default 100.
    pub fn concurrency(mut self, attempts: usize) -> Self {
        self.concurrency = attempts.clamp(1, tokio::sync::Semaphore::MAX_PERMITS);
        self
    }

    /// How often the collectors look for what is due; `None` leaves that to [`LocalHost::collect`].
    /// Default 1 s.
    pub fn collect_every(mut self, interval: Option<Duration>) -> Self {
        self.collect_every = interval;
        self
    }

    /// How often the garbage collectors run; `None` leaves that to [`LocalHost::collect_garbage`]. Default 1 min.
    pub fn collect_garbage_every(mut self, interval: Option<Duration>) -> Self {
        self.collect_garbage_every = interval;
        self
    }

    /// Collects the program's declarations, creates tables that are missing, checks the others, and starts
    /// the collectors.
    pub async fn start(self) -> Result<LocalHost, HostError> {
        let registry = Registry::collect().map_err(HostError::Registry)?;
        self.settings.check(registry.functions()).map_err(HostError::Settings)?;
        let schemas = tables::schemas(registry.tables(), registry.services())?;
        // The pauses between tries are random too, and randomness enters by one door.
        let [seed @ .., _, _, _, _, _, _, _, _] = self.world.fresh_id().to_bytes();
        let store = Arc::new(Retry::new(self.store).with_seed(u64::from_be_bytes(seed)));
        tables::create_missing(&*store, &schemas).await?;
        let inner = Inner {
            store,
            world: self.world,
            invoker: self.invoker,
            registry: Arc::new(registry),
            settings: self.settings,
            plan: self.plan,
            places: Places::new(self.concurrency),
            attempts: TaskTracker::new(),
            servers: TaskTracker::new(),
            stopping: CancellationToken::new(),
            counters: Counters::default(),
            transactions: Tallies::default(),
            watermarks: Watermarks::default(),
            recordings: self.audited.then(Arc::default),
        };
        let host = LocalHost { inner: Arc::new(inner) };
        if let Some(interval) = self.collect_every {
            host.spawn_collector(interval);
        }
        if let Some(interval) = self.collect_garbage_every {
            host.spawn_garbage_collector(interval);
        }
        Ok(host)
    }
}

impl LocalHost {
    /// A host whose tables and journals are in `store`.
    pub fn builder(store: SharedStore) -> LocalHostBuilder {
        LocalHostBuilder {
            store,
            world: Arc::new(SystemWorld),
            invoker: None,
            settings: Settings::default(),
            plan: None,
            concurrency: 100,
            collect_every: Some(Duration::from_secs(1)),
            collect_garbage_every: Some(Duration::from_secs(60)),
            audited: false,
        }
    }

    /// A client that calls functions of this host.
    pub fn client(&self) -> Client {
        Client::new(self.environment())
    }

    /// What the host's own machinery runs in.
    pub fn environment(&self) -> Environment {
        let Inner { store, world, invoker, registry, settings, .. } = &*self.inner;
        Environment {
            store: Arc::clone(store),
            invoker: invoker.clone().unwrap_or_else(|| Arc::new(self.clone())),
            world: Arc::clone(world),
            registry: Arc::clone(registry),
            settings: settings.clone(),
            transactions: self.inner.transactions.clone(),
            watermarks: self.inner.watermarks.clone(),
            recordings: self.inner.recordings.clone(),
        }
    }

    /// What the host has done so far.
    pub fn statistics(&self) -> Statistics {
        self.inner.counters.read(self.inner.transactions.read())
    }

    /// Stops the collectors and the gateway and waits until their rounds and all attempts have ended and all
    /// requests are answered, but no longer than `grace`. Gives whether all have. What is left is finished by the
    /// next host on the same store.
    pub async fn shutdown(&self, grace: Duration) -> bool {
        self.inner.stopping.cancel();
        let Inner { attempts, servers, .. } = &*self.inner;
        let all_ended = async {
            // A request that a server still answers may begin another attempt, and so may a collector's round.
            servers.close();
            servers.wait().await;
            attempts.close();
            attempts.wait().await;
        };
        tokio::time::timeout(grace, all_ended).await.is_ok()
    }

    /// How many attempts are running.
    #[cfg(feature = "embedded")]
    pub(crate) fn running(&self) -> usize {
        self.inner.attempts.len()
    }

    /// Resolves when [`shutdown`](Self::shutdown) has begun.
    pub async fn stopping(&self) {
        self.inner.stopping.cancelled().await;
    }

    /// What its gateway stands before.
    pub(crate) fn front(&self) -> Front {
        Front { environment: self.environment(), stopping: self.inner.stopping.clone(), service: None }
    }

    /// Where attempts run.
    pub(super) fn places(&self) -> &Places {
        &self.inner.places
    }

    /// What was counted.
    pub(super) fn counters(&self) -> &Counters {
        &self.inner.counters
    }

    /// Runs a server or a collector as a task that [`shutdown`](Self::shutdown) waits for.
    pub(super) fn track(&self, server: impl Future<Output = ()> + Send + 'static) {
        self.inner.servers.spawn(server);
    }

    /// Runs one attempt as a task. The receiver gets the reply; it is dropped if the attempt dies.
    pub(super) fn spawn(&self, invocation: Invocation) -> oneshot::Receiver<Result<String, InvokeError>> {
        let (reply, receiver) = oneshot::channel();
        let host = self.clone();
        self.inner.attempts.spawn(async move { host.attempt(invocation, reply).await });
        receiver
    }

    async fn attempt(&self, invocation: Invocation, reply: oneshot::Sender<Result<String, InvokeError>>) {
        let _watch = self.inner.counters.watch();
        let function = self.inner.registry.function(&invocation.service, &invocation.function);
        let runs = invocation.delivery.runs();
        // What waits for a place must not be started again meanwhile: each start counts as an attempt.
        if invocation.delivery == Delivery::Nudge && self.inner.places.are_awaited_by(invocation.instance) {
            let _ = reply.send(Ok("null".to_owned()));
            return;
        }
        let _permit = match function.filter(|_| runs) {
            Some(function) => self.inner.places.take(function, invocation.instance).await,
            None => None,
        };
        let Counters { attempts, crashed, timed_out, .. } = &self.inner.counters;
        let number = attempts.fetch_add(1, Ordering::Relaxed) + 1;
        let timeout = function.and_then(|function| function.timeout).unwrap_or(self.inner.settings.timeout);
        let deadline_ms = self.inner.world.now_ms() + millis(timeout);
        let died = CancellationToken::new();
        let environment = self.environment_of_attempt(&invocation, number, &died);
        let attempt = async {
            let (answer, epilogue) = match handle(&environment, invocation, deadline_ms).await {
                Ok(done) => (Ok(done.result), done.epilogue),
                Err(error) => (Err(error), None),
            };
            // A caller that has gone away finds the result in the journal.
            let _ = reply.send(answer);
            if let Some(epilogue) = epilogue {
                epilogue.run().await;
            }
        };
        tokio::select! {
            biased;
            () = died.cancelled() => { crashed.fetch_add(1, Ordering::Relaxed); }
            // First, so that an attempt whose time is over sends nothing more.
            () = tokio::time::sleep(timeout) => { timed_out.fetch_add(1, Ordering::Relaxed); }
            () = attempt => {}
        }
    }

    /// The environment of a collector that is looked at as if it were an attempt.
    #[cfg(feature = "embedded")]
    pub(crate) fn environment_of_collector(&self, invocation: &Invocation) -> Environment {
        self.environment_of_attempt(invocation, self.number_of_attempt(), &CancellationToken::new())
    }

    /// The number of the next attempt.
    #[cfg(feature = "embedded")]
    pub(crate) fn number_of_attempt(&self) -> u64 {
        self.inner.counters.attempts.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// The environment of one attempt: mortal, if there is a crash plan.
    fn environment_of_attempt(&self, invocation: &Invocation, attempt: u64, died: &CancellationToken) -> Environment {
        let environment = self.environment();
        let Some(plan) = &self.inner.plan else { return environment };
        let victim = Arc::new(Victim {
            plan: Arc::clone(plan),
            invocation: Arc::new(invocation.clone()),
            attempt,
            count: Default::default(),
            died: died.clone(),
        });
        Environment {
            store: Arc::new(MortalStore { inner: environment.store, victim: Arc::clone(&victim) }),
            invoker: Arc::new(MortalInvoker { inner: environment.invoker, victim }),
            ..environment
        }
    }
}

impl Invoker for LocalHost {
    fn invoke(&self, invocation: Invocation) -> InvokeFuture<'_> {
        if invocation.delivery == Delivery::Repeat {
            self.inner.counters.repeated.fetch_add(1, Ordering::Relaxed);
        }
        let name = format!("{}/{} {}", invocation.service, invocation.function, invocation.instance);
        let reply = self.spawn(invocation);
        Box::pin(async move {
            let died = |_| InvokeError::Unavailable(format!("the attempt of {name} died"));
            reply.await.map_err(died)?
        })
    }
}
