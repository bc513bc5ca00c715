//! The processes: started, watched, replaced.
//!
//! A worker has a pipe as its standard input, and ends when the pipe does. So none is left when its host is killed.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::process::Command;
use tokio_util::sync::CancellationToken;

use super::Fleet;
use crate::host::lambda::{ALL, FUNCTIONS, SERVICE};
use crate::host::program::ENDS_WITH_INPUT;

/// The name of the one Lambda function that all services run as.
pub(super) const FUNCTION: &str = "local";

/// How long to wait before a worker that ended is replaced: one that cannot start must not keep a core busy.
const PAUSE: Duration = Duration::from_millis(20);

/// How workers are started, and which live.
pub(super) struct Workers {
    pub(super) program: PathBuf,
    pub(super) arguments: Vec<OsString>,
    pub(super) concurrency: usize,
    pub(super) services: Vec<&'static str>,
    pub(super) database: SocketAddr,
    pub(super) interface: SocketAddr,
    /// What kills each.
    pub(super) living: Mutex<BTreeMap<u64, CancellationToken>>,
    pub(super) started: AtomicU64,
}

impl Workers {
    fn locked(&self) -> std::sync::MutexGuard<'_, BTreeMap<u64, CancellationToken>> {
        self.living.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn kill(&self, worker: u64) {
        if let Some(killed) = self.locked().get(&worker) {
            killed.cancel();
        }
    }

    pub(super) fn kill_one(&self, choice: usize) -> bool {
        let living = self.locked();
        let chosen = living.values().nth(choice % living.len().max(1));
        chosen.inspect(|killed| killed.cancel()).is_some()
    }

    pub(super) fn kill_all(&self) {
        self.locked().values().for_each(CancellationToken::cancel);
    }

    /// A worker that is not started yet. It sees nothing of this process's own credentials and endpoints.
    fn command(&self, worker: u64) -> Command {
        let functions: BTreeMap<_, _> = self.services.iter().map(|service| (service, FUNCTION)).collect();
        let functions = serde_json::json!(functions).to_string();
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .env("AWS_LAMBDA_RUNTIME_API", format!("http://{}/{worker}", self.interface))
            .env("AWS_LAMBDA_FUNCTION_NAME", FUNCTION)
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")
            .env("AWS_LAMBDA_MAX_CONCURRENCY", self.concurrency.to_string())
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ACCESS_KEY_ID", "local")
            .env("AWS_SECRET_ACCESS_KEY", "local")
            .env_remove("AWS_SESSION_TOKEN")
            .env("AWS_ENDPOINT_URL_DYNAMODB", format!("http://{}", self.database))
            .env("AWS_ENDPOINT_URL_LAMBDA", format!("http://{}", self.interface))
            .env(SERVICE, ALL)
            .env(FUNCTIONS, functions)
            .env(ENDS_WITH_INPUT, "1");
        command
    }
}

impl Fleet {
    /// Keeps one worker running until the host stops.
    pub(super) async fn keep_a_worker(self) {
        let stopping = &self.inner.stopping;
        while !stopping.is_cancelled() {
            self.run_a_worker().await;
            stopping.run_until_cancelled(tokio::time::sleep(PAUSE)).await;
        }
    }

    async fn run_a_worker(&self) {
        let workers = &self.inner.workers;
        let worker = workers.started.fetch_add(1, Ordering::Relaxed);
        match workers.command(worker).spawn() {
            Ok(mut child) => {
                // To wait for a child closes its input, unless that is held here.
                let _input = child.stdin.take();
                let killed = self.inner.stopping.child_token();
                workers.locked().insert(worker, killed.clone());
                let ended = tokio::select! {
                    ended = child.wait() => ended,
                    () = killed.cancelled() => child.kill().await.map(|()| Default::default()),
                };
                workers.locked().remove(&worker);
                tracing::debug!(worker, ?ended, "a worker ended");
            }
            Err(error) => tracing::error!(program = %workers.program.display(), %error, "a worker cannot be started"),
        }
        self.extensions().died(worker);
        self.pool().died(worker);
    }
}
