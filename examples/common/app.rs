//! The application on its file: the store, the host and what counts around them.

use std::error::Error;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
#[cfg(feature = "aws")]
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

#[cfg(feature = "aws")]
use beldi::host::ProcessHost;
use beldi::host::{Gateway, GatewayError, LocalHost, Statistics};
use beldi::store::{Counting, EmbeddedStore, StoreError};
use beldi::{Client, Environment, Settings};
use serde::Serialize;
use serde::de::DeserializeOwned;
#[cfg(feature = "aws")]
use tokio::task::AbortHandle;

use super::crashes::Crashes;
use super::ledger::Ledger;
use super::options::Options;
#[cfg(feature = "aws")]
use super::settings::deployed_settings;

/// How often the collectors look for what an attempt that died has left.
const COLLECT_EVERY: Duration = Duration::from_millis(200);

/// How often a worker process is killed.
#[cfg(feature = "aws")]
const KILL_EVERY: Duration = Duration::from_secs(1);

/// How often the garbage collectors run.
const COLLECT_GARBAGE_EVERY: Duration = Duration::from_secs(1);

/// How long a shutdown waits for requests that are under way.
pub(crate) const GRACE: Duration = Duration::from_secs(10);

/// The application on its file. `T` is what its clients write down.
pub(crate) struct App<T> {
    pub(crate) host: Host,
    pub(crate) client: Client,
    pub(crate) store: Arc<Counting>,
    pub(crate) crashes: Arc<Crashes>,
    pub(crate) ledger: Arc<Ledger<T>>,
}

/// What runs the services: tasks of this process, or processes of their own.
#[derive(Clone)]
pub(crate) enum Host {
    Tasks(LocalHost),
    #[cfg(feature = "aws")]
    Processes {
        host: Box<ProcessHost>,
        /// How many workers were killed.
        killed: Arc<AtomicU64>,
        /// What kills them.
        kills: AbortHandle,
    },
}

impl Host {
    pub(crate) fn client(&self) -> Client {
        Client::new(self.environment())
    }

    pub(crate) fn environment(&self) -> Environment {
        match self {
            Self::Tasks(host) => host.environment(),
            #[cfg(feature = "aws")]
            Self::Processes { host, .. } => host.environment(),
        }
    }

    pub(crate) async fn serve(&self, port: u16) -> Result<Gateway, GatewayError> {
        let address = (Ipv4Addr::LOCALHOST, port);
        match self {
            Self::Tasks(host) => host.serve(address).await,
            #[cfg(feature = "aws")]
            Self::Processes { host, .. } => host.serve(address).await,
        }
    }

    /// What was done, as far as this process knows: of worker processes only how many died.
    pub(crate) fn statistics(&self) -> Statistics {
        match self {
            Self::Tasks(host) => host.statistics(),
            #[cfg(feature = "aws")]
            Self::Processes { killed, .. } => {
                Statistics { crashed: killed.load(Ordering::Relaxed), ..Statistics::default() }
            }
        }
    }

    /// From now on no worker is killed.
    pub(crate) fn end_kills(&self) {
        #[cfg(feature = "aws")]
        if let Self::Processes { kills, .. } = self {
            kills.abort();
        }
    }

    /// Waits until nothing is unfinished.
    pub(crate) async fn settle(&self) -> Result<(), StoreError> {
        match self {
            Self::Tasks(host) => host.settle().await.map(drop),
            #[cfg(feature = "aws")]
            Self::Processes { host, .. } => host.settle().await,
        }
    }

    pub(crate) async fn shutdown(&self) {
        match self {
            Self::Tasks(host) => drop(host.shutdown(GRACE).await),
            #[cfg(feature = "aws")]
            Self::Processes { host, .. } => host.shutdown().await,
        }
    }
}

impl<T: Serialize + DeserializeOwned> App<T> {
    /// Opens the file, or makes it, and starts the services on it.
    pub(crate) async fn open(options: &Options) -> Result<Self, Box<dyn Error>> {
        let store = Arc::new(open_data(options)?);
        let ledger = Arc::new(Ledger::open(beside(&options.data, ".ledger"))?);
        let counting = Arc::new(Counting::new(store.clone()));
        let crashes = Arc::new(Crashes::new(options.crash_share()));
        let host = match options.processes {
            None => {
                let host = LocalHost::builder(counting.clone())
                    .settings(settings())
                    .crash_plan(crashes.clone())
                    .collect_every(Some(COLLECT_EVERY))
                    .collect_garbage_every(Some(COLLECT_GARBAGE_EVERY));
                Host::Tasks(host.start().await?)
            }
            Some(processes) => processes_of(store, processes, options.crash_share() > 0.0).await?,
        };
        Ok(Self { client: host.client(), host, store: counting, crashes, ledger })
    }
}

/// Starts the services as worker processes, of which one is killed each second while crashes are wanted.
#[cfg(feature = "aws")]
async fn processes_of(store: Arc<EmbeddedStore>, processes: usize, are_killed: bool) -> Result<Host, Box<dyn Error>> {
    let host = ProcessHost::builder(store)
        .settings(deployed_settings())
        .processes(processes)
        .collect_every(COLLECT_EVERY)
        .collect_garbage_every(COLLECT_GARBAGE_EVERY)
        .start()
        .await?;
    let killed = Arc::new(AtomicU64::new(0));
    let (victims, number) = (host.clone(), Arc::clone(&killed));
    let kills = tokio::spawn(async move {
        if are_killed {
            loop {
                tokio::time::sleep(KILL_EVERY).await;
                number.fetch_add(u64::from(victims.kill_one(fastrand::usize(..))), Ordering::Relaxed);
            }
        }
    });
    Ok(Host::Processes { host: Box::new(host), killed, kills: kills.abort_handle() })
}

#[cfg(not(feature = "aws"))]
async fn processes_of(_: Arc<EmbeddedStore>, _: usize, _: bool) -> Result<Host, Box<dyn Error>> {
    Err("worker processes speak with this one as with AWS: build with the feature `aws`".into())
}

/// Short times, so that what has died is soon alive again; and patience, because here attempts die by chance and
/// not because they cannot succeed.
fn settings() -> Settings {
    Settings {
        timeout: Duration::from_secs(1),
        longest_timeout: Duration::from_secs(1),
        margin: Duration::from_millis(200),
        backoff: Duration::from_millis(20),
        max_backoff: Duration::from_millis(500),
        max_attempts: 100,
        ..Settings::default()
    }
}

/// Opens the data file. The ledger belongs to it: without the data it means nothing.
fn open_data(options: &Options) -> Result<EmbeddedStore, Box<dyn Error>> {
    let data = &options.data;
    if let Some(directory) = data.parent() {
        fs::create_dir_all(directory).map_err(|error| format!("the directory `{}`: {error}", directory.display()))?;
    }
    if options.fresh && data.exists() {
        // Only a file that is such a store, and that nobody else has open, is removed.
        drop(EmbeddedStore::open(data)?);
        remove_all(data, &["", "-wal", "-shm", "-lock"])?;
    }
    if !data.exists() {
        remove_all(data, &[".ledger"])?;
    }
    Ok(EmbeddedStore::open(data)?)
}

fn remove_all(data: &Path, suffixes: &[&str]) -> io::Result<()> {
    for suffix in suffixes {
        match fs::remove_file(beside(data, suffix)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

fn beside(data: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(data);
    name.push(suffix);
    PathBuf::from(name)
}
