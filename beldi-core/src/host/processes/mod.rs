//! Worker processes on this machine: what AWS Lambda is, for one program.
//!
//! Invariants: every worker is the program itself on the real `lambda_runtime`, and may be killed at any moment; nothing
//! listens but on loopback; no worker outlives its host.

use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::body::Bytes;
use futures_util::future::try_join_all;
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::http::{Front, Gateway, GatewayError, router, serve};
use super::local::HostError;
use crate::client::Client;
use crate::collector;
use crate::environment::{Environment, Settings};
use crate::garbage::Watermarks;
use crate::invoke::Invoker;
use crate::registry::Registry;
use crate::store::{EmbeddedStore, Retry, StoreError, tables};
use crate::txn::Tallies;
use crate::world::{SystemWorld, World, millis};

mod api;
mod extensions;
mod invoker;
mod pool;
mod workers;

use extensions::Extensions;
use pool::{Delivered, Outcome, Pool};
use workers::Workers;

/// How long to wait before looking again whether everything is done.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// How long a worker may take for one event, as a Lambda function may be configured to.
const FUNCTION_TIMEOUT: Duration = Duration::from_secs(30);

/// Runs a program as worker processes of itself, which speak Lambda's Runtime API with this host and call each other
/// through Lambda's `Invoke`, while the embedded store answers as DynamoDB. What a worker runs is what AWS Lambda runs.
///
/// The program must begin with [`Program::deployed`](crate::Program::deployed) or be `beldi::main()`: there the workers
/// part from their host. Cheap to clone.
#[derive(Clone)]
pub struct ProcessHost {
    fleet: Fleet,
    environment: Environment,
    tasks: TaskTracker,
}

/// What the interfaces and the workers share.
#[derive(Clone)]
struct Fleet {
    inner: Arc<FleetInner>,
}

struct FleetInner {
    pool: Pool,
    extensions: Extensions,
    workers: Workers,
    requests: AtomicU64,
    stopping: CancellationToken,
}

/// Makes a [`ProcessHost`].
#[must_use = "a host runs nothing until it is started"]
pub struct ProcessHostBuilder {
    store: Arc<EmbeddedStore>,
    settings: Settings,
    processes: usize,
    concurrency: usize,
    program: Option<PathBuf>,
    arguments: Vec<OsString>,
    collect_every: Duration,
    collect_garbage_every: Duration,
}

impl ProcessHostBuilder {
    /// How many worker processes there are. Default 2.
    pub fn processes(mut self, processes: usize) -> Self {
        self.processes = processes.max(1);
        self
    }

    /// How many events a worker takes at once. A call that waits for another function holds its place, so that there
    /// must be more places than are ever waited in. Default 32.
    pub fn concurrency(mut self, events: usize) -> Self {
        self.concurrency = events.max(1);
        self
    }

    /// The protocol's limits, for this host's client. The workers have those that the program sets.
    pub fn settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// The program that the workers run, and its arguments; this one by default.
    pub fn program(mut self, program: impl Into<PathBuf>, arguments: impl IntoIterator<Item = OsString>) -> Self {
        self.program = Some(program.into());
        self.arguments = arguments.into_iter().collect();
        self
    }

    /// How often the collectors are started. Default 1 s.
    pub fn collect_every(mut self, interval: Duration) -> Self {
        self.collect_every = interval;
        self
    }

    /// How often the garbage collectors are started. Default 1 min.
    pub fn collect_garbage_every(mut self, interval: Duration) -> Self {
        self.collect_garbage_every = interval;
        self
    }

    /// Creates tables that are missing, and starts the workers.
    ///
    /// # Errors
    ///
    /// Declarations or tables that do not fit, a store that cannot be used, a program that cannot be started.
    pub async fn start(self) -> Result<ProcessHost, HostError> {
        let registry = Registry::collect().map_err(HostError::Registry)?;
        self.settings.check(registry.functions()).map_err(HostError::Settings)?;
        let schemas = tables::schemas(registry.tables(), registry.services())?;
        tables::create_missing(&*self.store, &schemas).await?;
        let stopping = CancellationToken::new();
        let tasks = TaskTracker::new();
        let loopback = async || TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(HostError::Process);
        let (database, interface) = (loopback().await?, loopback().await?);
        let address = |listener: &TcpListener| listener.local_addr().map_err(HostError::Process);
        let workers = Workers {
            program: self.program.map_or_else(std::env::current_exe, Ok).map_err(HostError::Process)?,
            arguments: self.arguments,
            concurrency: self.concurrency,
            services: registry.services().collect(),
            database: address(&database)?,
            interface: address(&interface)?,
            living: Default::default(),
            started: AtomicU64::new(0),
        };
        let inner = FleetInner {
            pool: Pool::default(),
            extensions: Extensions::default(),
            workers,
            requests: AtomicU64::new(0),
            stopping: stopping.clone(),
        };
        let fleet = Fleet { inner: Arc::new(inner) };
        let environment = Environment {
            store: Arc::new(Retry::new(Arc::clone(&self.store) as Arc<_>)),
            invoker: Arc::new(fleet.clone()) as Arc<dyn Invoker>,
            world: Arc::new(SystemWorld),
            registry: Arc::new(registry),
            settings: self.settings,
            transactions: Tallies::default(),
            watermarks: Watermarks::default(),
            recordings: None,
        };
        tasks.spawn(self.store.serve(database, stopping.clone()));
        let interfaces = axum::serve(interface, api::router(fleet.clone()));
        let stopped = stopping.clone();
        tasks.spawn(async move {
            // Workers ask for events until the end.
            let _ = stopped.run_until_cancelled(interfaces.into_future()).await;
        });
        for _ in 0..self.processes {
            tasks.spawn(fleet.clone().keep_a_worker());
        }
        tasks.spawn(fleet.clone().schedule("collect", self.collect_every));
        tasks.spawn(fleet.clone().schedule("collect-garbage", self.collect_garbage_every));
        Ok(ProcessHost { fleet, environment, tasks })
    }
}

impl ProcessHost {
    /// A host whose tables and journals are in `store`.
    pub fn builder(store: Arc<EmbeddedStore>) -> ProcessHostBuilder {
        ProcessHostBuilder {
            store,
            settings: Settings::default(),
            processes: 2,
            concurrency: 32,
            program: None,
            arguments: Vec::new(),
            collect_every: Duration::from_secs(1),
            collect_garbage_every: Duration::from_secs(60),
        }
    }

    /// A client that calls functions, each in one of the workers.
    pub fn client(&self) -> Client {
        Client::new(self.environment())
    }

    /// What the client runs in.
    pub fn environment(&self) -> Environment {
        self.environment.clone()
    }

    /// Serves the functions over HTTP, as [`LocalHost::serve`](super::LocalHost::serve) does.
    ///
    /// # Errors
    ///
    /// An address that is no loopback address, or that cannot be listened on.
    pub async fn serve(&self, address: impl Into<SocketAddr>) -> Result<Gateway, GatewayError> {
        let stopping = self.fleet.inner.stopping.clone();
        let front = Front { environment: self.environment(), stopping: stopping.clone(), service: None };
        let (gateway, server) = serve(router(front), address.into(), stopping).await?;
        self.tasks.spawn(server);
        Ok(gateway)
    }

    /// Sends an event to one of the workers, as a source of events does. Gives the payload of the answer, or that of
    /// the error.
    ///
    /// # Errors
    ///
    /// The payload of a failed invocation: the handler's error, or that of a worker that died.
    pub async fn event(&self, payload: impl Into<Bytes>) -> Result<Bytes, Bytes> {
        match self.fleet.event(payload.into()).await {
            Outcome::Answered(payload) => Ok(payload),
            Outcome::Failed(payload) => Err(payload),
        }
    }

    /// Kills one worker as `kill -9` does: the one that `choice` chooses among the living. Another takes its place.
    /// Gives whether there was one.
    pub fn kill_one(&self, choice: usize) -> bool {
        self.fleet.inner.workers.kill_one(choice)
    }

    /// How many worker processes were started so far.
    pub fn started(&self) -> u64 {
        self.fleet.inner.workers.started.load(Ordering::Relaxed)
    }

    /// Waits until no instance is left that is neither done nor parked. The collectors that the workers are started for
    /// see to that.
    ///
    /// # Errors
    ///
    /// The store cannot be asked.
    pub async fn settle(&self) -> Result<(), StoreError> {
        loop {
            let services = self.environment.registry.services();
            let due = try_join_all(services.map(|service| collector::next_due(&self.environment, service))).await?;
            if due.iter().all(Option::is_none) {
                return Ok(());
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// Kills all workers and stops. What they had begun is finished by the next host on the same store.
    pub async fn shutdown(&self) {
        self.fleet.inner.stopping.cancel();
        self.fleet.inner.workers.kill_all();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

impl Fleet {
    fn pool(&self) -> &Pool {
        &self.inner.pool
    }

    fn extensions(&self) -> &Extensions {
        &self.inner.extensions
    }

    fn name(&self) -> &'static str {
        workers::FUNCTION
    }

    fn arn(&self) -> String {
        format!("arn:aws:lambda:local:000000000000:function:{}", self.name())
    }

    /// Sends an event and waits for its outcome. A worker that does not end it in time is killed.
    async fn event(&self, payload: Bytes) -> Outcome {
        let number = self.inner.requests.fetch_add(1, Ordering::Relaxed);
        let request = format!("request-{number}");
        let deadline_ms = SystemWorld.now_ms() + millis(FUNCTION_TIMEOUT);
        let outcome = self.pool().send(Delivered { request: request.clone(), payload, deadline_ms });
        match tokio::time::timeout(FUNCTION_TIMEOUT, outcome).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => failed("Runtime.ExitError", "the host has stopped"),
            Err(_) => {
                if let Some(worker) = self.pool().worker_of(&request) {
                    self.inner.workers.kill(worker);
                }
                failed("Sandbox.Timedout", "the function had no time left")
            }
        }
    }

    /// Sends an event of beldi's own, again and again.
    async fn schedule(self, event: &'static str, interval: Duration) {
        let payload = Bytes::from(json!({ "beldi": event }).to_string());
        while self.inner.stopping.run_until_cancelled(tokio::time::sleep(interval)).await.is_some() {
            let stopping = self.inner.stopping.clone();
            if let Some(Outcome::Failed(error)) = stopping.run_until_cancelled(self.event(payload.clone())).await {
                tracing::warn!(event, error = %String::from_utf8_lossy(&error), "a schedule's event failed");
            }
        }
    }
}

fn failed(kind: &str, message: &str) -> Outcome {
    Outcome::Failed(json!({ "errorType": kind, "errorMessage": message }).to_string().into())
}
