//! The application on its file: the store, the host and what counts around them.

use std::error::Error;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use beldi::host::LocalHost;
use beldi::store::{Counting, EmbeddedStore};
use beldi::{Client, Settings};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::crashes::Crashes;
use super::ledger::Ledger;
use super::options::Options;

/// How often the collectors look for what an attempt that died has left.
const COLLECT_EVERY: Duration = Duration::from_millis(200);

/// How often the garbage collectors run.
const COLLECT_GARBAGE_EVERY: Duration = Duration::from_secs(1);

/// How long a shutdown waits for requests that are under way.
pub(crate) const GRACE: Duration = Duration::from_secs(10);

/// The application on its file. `T` is what its clients write down.
pub(crate) struct App<T> {
    pub(crate) host: LocalHost,
    pub(crate) client: Client,
    pub(crate) store: Arc<Counting>,
    pub(crate) crashes: Arc<Crashes>,
    pub(crate) ledger: Arc<Ledger<T>>,
}

impl<T: Serialize + DeserializeOwned> App<T> {
    /// Opens the file, or makes it, and starts the services on it.
    pub(crate) async fn open(options: &Options) -> Result<Self, Box<dyn Error>> {
        let store = open_data(options)?;
        let ledger = Arc::new(Ledger::open(beside(&options.data, ".ledger"))?);
        let store = Arc::new(Counting::new(Arc::new(store)));
        let crashes = Arc::new(Crashes::new(options.crash_share()));
        let host = LocalHost::builder(store.clone())
            .settings(settings())
            .crash_plan(crashes.clone())
            .collect_every(Some(COLLECT_EVERY))
            .collect_garbage_every(Some(COLLECT_GARBAGE_EVERY))
            .start()
            .await?;
        Ok(Self { client: host.client(), host, store, crashes, ledger })
    }
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
