//! The embedded store: a DynamoDB engine on SQLite in this process, in memory or on a file.
//!
//! Invariant: every request is one SQLite transaction, so it takes place entirely or not at all, and all
//! requests of a store happen one after another. What a store on a file has acknowledged is on the disk
//! (write-ahead log, `synchronous = FULL`) and survives a killed process and a power failure.
//!
//! Fault model: unlike DynamoDB the engine never throttles, never reports a transaction conflict and
//! never gives a stale read; [`Faulty`](super::Faulty) adds what a test needs of that. Its own failures
//! are that the file cannot be used, and that it panics. After a panic the store answers every request
//! with [`StoreError::Unusable`], because nobody knows what the panic left behind in memory; a store on a
//! file can be dropped and opened again.

use std::fs::{File, TryLockError};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use dynoxide::{Database, DynoxideError};
#[cfg(feature = "aws")]
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::{spawn_blocking, yield_now};
#[cfg(feature = "aws")]
use tokio_util::sync::CancellationToken;

use super::{Request, Response, Store, StoreError, StoreFuture, translate};

mod calls;
mod schema;
mod values;

/// How many requests of a store on a file may hold a thread at once. The engine works on one at a time;
/// a second one is ready when it is done, and more would only fill tokio's pool of blocking threads.
const MAX_WAITING: usize = 2;

/// A DynamoDB engine in this process.
///
/// ```
/// use std::sync::Arc;
/// use beldi_core::store::{EmbeddedStore, SharedStore};
///
/// # fn main() -> Result<(), beldi_core::store::StoreError> {
/// let store: SharedStore = Arc::new(EmbeddedStore::in_memory()?);
/// # Ok(())
/// # }
/// ```
pub struct EmbeddedStore {
    engine: Arc<Engine>,
    /// Present for a store on a file, whose requests wait for the disk on a blocking thread.
    waiting: Option<Arc<Semaphore>>,
}

/// The engine and what keeps it to one process. The fields are dropped in this order: the database is
/// closed before the file is given up.
struct Engine {
    database: Database,
    /// Held by the one request that is executed, and afterwards the message of its panic, if it did.
    panicked: Mutex<Option<String>>,
    _held: Option<File>,
}

impl EmbeddedStore {
    /// An empty store that is gone when it is dropped.
    ///
    /// A request is executed on the calling thread, between two points at which other tasks may run. So
    /// concurrent tasks interleave as they would over a network, and tokio's paused time works.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unusable`] if SQLite cannot be started.
    pub fn in_memory() -> Result<Self, StoreError> {
        let database = Database::memory().map_err(|error| unusable(&error))?;
        Ok(Self { engine: Arc::new(Engine::new(database, None)), waiting: None })
    }

    /// The store on the file `path`, which is created if it does not exist. Beside it lie SQLite's own
    /// files and an empty file `{path}-lock`.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unusable`] if the file cannot be opened, is no such store, or is open already, here
    /// or in another process: the engine keeps table schemas in memory.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref();
        let at = |message: &dyn std::fmt::Display| StoreError::Unusable {
            message: format!("the file `{}`: {message}", path.display()),
        };
        let name = path.to_str().ok_or_else(|| at(&"its name is not valid UTF-8"))?;
        let held = File::create(format!("{name}-lock")).map_err(|error| at(&error))?;
        held.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => at(&"it is open already, here or in another process"),
            TryLockError::Error(error) => at(&error),
        })?;
        let database = Database::new(name).map_err(|error| match error.to_string() {
            // The engine goes on to recommend a feature of its own that this library does not have.
            message if message.contains("not a valid SQLite database") => at(&"it is no SQLite database"),
            message => at(&message),
        })?;
        let engine = Arc::new(Engine::new(database, Some(held)));
        Ok(Self { engine, waiting: Some(Arc::new(Semaphore::new(MAX_WAITING))) })
    }
}

#[cfg(feature = "aws")]
impl EmbeddedStore {
    /// Answers as DynamoDB does, over HTTP, until it is told to stop.
    pub(crate) fn serve(
        &self,
        listener: TcpListener,
        stopping: CancellationToken,
    ) -> impl Future<Output = ()> + Send + 'static {
        let database = self.engine.database.clone();
        async move {
            // Idle connections of clients that live on would hold a graceful shutdown.
            let server = dynoxide::server::serve_on(listener, database);
            stopping.run_until_cancelled(server).await;
        }
    }
}

impl Store for EmbeddedStore {
    fn execute(&self, request: Request) -> StoreFuture<'_> {
        match &self.waiting {
            None => Box::pin(async move {
                yield_now().await;
                let answer = self.engine.call(request);
                yield_now().await;
                answer
            }),
            Some(waiting) => Box::pin(call_blocking(Arc::clone(&self.engine), Arc::clone(waiting), request)),
        }
    }

    fn expires_items(&self) -> bool {
        false
    }
}

impl std::fmt::Debug for EmbeddedStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EmbeddedStore").field("on_file", &self.waiting.is_some()).finish_non_exhaustive()
    }
}

async fn call_blocking(engine: Arc<Engine>, waiting: Arc<Semaphore>, request: Request) -> Result<Response, StoreError> {
    let stopped = |message: String| StoreError::Transient { message };
    let permit = waiting.acquire_owned().await.map_err(|error| stopped(error.to_string()))?;
    let call = spawn_blocking(move || {
        let answer = engine.call(request);
        // The request may be executing although its caller is gone, so the permit belongs to the call.
        drop(permit);
        answer
    });
    call.await.map_err(|error| stopped(error.to_string()))?
}

impl Engine {
    fn new(database: Database, held: Option<File>) -> Self {
        Self { database, panicked: Mutex::default(), _held: held }
    }

    fn call(&self, request: Request) -> Result<Response, StoreError> {
        let tables = match &request {
            Request::TransactWrite(request) => translate::tables(request),
            request => vec![request.table().to_owned()],
        };
        self.guarded(|database| calls::call(database, request))?.map_err(|error| store_error(error, &tables))
    }

    /// Runs `call` alone, unless an earlier one has panicked.
    fn guarded<T>(&self, call: impl FnOnce(&Database) -> T) -> Result<T, StoreError> {
        let mut panicked = self.panicked.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(message) = panicked.clone() {
            return Err(StoreError::Unusable { message });
        }
        catch_unwind(AssertUnwindSafe(|| call(&self.database))).map_err(|panic| {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
            let message = format!("its engine panicked: {text}");
            *panicked = Some(message.clone());
            StoreError::Unusable { message }
        })
    }
}

fn store_error(error: DynoxideError, tables: &[String]) -> StoreError {
    let table = || translate::joined(tables);
    match error {
        DynoxideError::ConditionalCheckFailedException(_, item) => {
            StoreError::ConditionFailed { item: item.map(values::from_engine).filter(|item| !item.is_empty()) }
        }
        DynoxideError::TransactionCanceledException(_, reasons) => {
            let reasons: Vec<_> = reasons.into_iter().map(|reason| (Some(reason.code), reason.message)).collect();
            translate::cancelled(tables, &reasons)
        }
        DynoxideError::ResourceNotFoundException(message) => StoreError::TableNotFound { table: table(), message },
        DynoxideError::ResourceInUseException(_) => StoreError::TableExists { table: table() },
        DynoxideError::InternalServerError(message) => StoreError::Transient { message },
        error @ DynoxideError::SqliteError(_) => StoreError::Transient { message: error.to_string() },
        DynoxideError::ProvisionedThroughputExceededException(message)
        | DynoxideError::LimitExceededException(message) => StoreError::Throttled { message },
        error => translate::refused(table(), error.to_string()),
    }
}

fn unusable(error: &DynoxideError) -> StoreError {
    StoreError::Unusable { message: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_the_engine_is_an_error_now_and_later() {
        let engine = Engine::new(Database::memory().expect("SQLite starts"), None);
        let first = engine.guarded(|_| panic!("out of pages")).map(|()| "an answer");
        assert_eq!(
            first.map_err(|error| error.to_string()),
            Err("the store cannot be used: its engine panicked: out of pages".to_owned())
        );
        let second = engine.guarded(|_| "an answer");
        assert!(matches!(second, Err(StoreError::Unusable { message }) if message.contains("out of pages")));
    }
}
