//! Stores for tests: one of its own for each run.

use std::sync::Arc;

use crate::store::{EmbeddedStore, SharedStore, StoreError};

const ENDPOINT: &str = "BELDI_DYNAMODB_ENDPOINT";

/// An empty store that nobody else uses: in this process, or, if the variable `BELDI_DYNAMODB_ENDPOINT` is
/// set and the feature `aws` is on, at that endpoint under table names of its own.
///
/// # Errors
///
/// The embedded engine could not be started, or the endpoint does not answer.
pub async fn fresh_store() -> Result<SharedStore, StoreError> {
    #[cfg(feature = "aws")]
    if let Ok(endpoint) = std::env::var(ENDPOINT) {
        return endpoint::store(&endpoint).await;
    }
    Ok(Arc::new(EmbeddedStore::in_memory()?))
}

/// Whether [`fresh_store`] is at an endpoint. Then the network decides which of two requests is first, and not each run
/// has the same order.
pub(super) fn at_endpoint() -> bool {
    cfg!(feature = "aws") && std::env::var_os(ENDPOINT).is_some()
}

#[cfg(feature = "aws")]
mod endpoint {
    use std::collections::BTreeSet;
    use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

    use futures_util::future::try_join_all;
    use tokio::sync::oneshot;

    use crate::registry::Registry;
    use crate::store::tables;
    use crate::store::{
        Attributes, DeleteItem, DynamoDbStore, Placeholders, Request, ScanItems, SharedStore, Store, StoreError,
        StoreFuture, TableSchema, TransactWrite, WriteItem,
    };
    use crate::world::{SystemWorld, World};

    /// Tables that a test of this process is done with: creating tables is slow, so they are emptied and used
    /// again.
    static FREE: Mutex<Vec<Used>> = Mutex::new(Vec::new());

    /// The most items that one transaction writes.
    const MAX_DELETIONS: usize = 100;

    /// The prefix of a store's tables, and which of them were written.
    struct Used {
        prefix: String,
        written: BTreeSet<String>,
    }

    pub(super) async fn store(endpoint: &str) -> Result<SharedStore, StoreError> {
        let used = lock(&FREE).pop();
        let inner = DynamoDbStore::at_endpoint(endpoint);
        let Some(Used { prefix, written }) = used else {
            let prefix = format!("t{:.12}-", SystemWorld.fresh_id().to_string());
            return Ok(Arc::new(Apart { inner, prefix, written: Mutex::default() }));
        };
        let store = Arc::new(Apart { inner, prefix, written: Mutex::default() });
        let shared: SharedStore = store.clone();
        let schemas = Registry::collect().ok().and_then(|known| schemas(&known)).unwrap_or_default();
        let written = schemas.iter().filter(|schema| written.contains(&schema.name));
        try_join_all(written.map(|schema| empty(&shared, schema))).await?;
        lock(&store.written).clear();
        Ok(store)
    }

    fn schemas(registry: &Registry) -> Option<Vec<TableSchema>> {
        tables::schemas(registry.tables(), registry.services()).ok()
    }

    async fn empty(store: &SharedStore, schema: &TableSchema) -> Result<(), StoreError> {
        let is_key = |name: &str| {
            let sort = schema.key.sort.as_ref().map(|sort| sort.name.as_str());
            name == schema.key.partition.name || Some(name) == sort
        };
        let (table, filter, placeholders) = (schema.name.clone(), None, Placeholders::default());
        let mut scan = ScanItems { table, filter, placeholders, limit: None, start: None, consistent: true };
        loop {
            let page = match store.scan(scan.clone()).await {
                Err(StoreError::TableNotFound { .. }) => return Ok(()),
                page => page?,
            };
            let deletions = page.items.into_iter().map(|item| {
                let key: Attributes = item.into_iter().filter(|(name, _)| is_key(name)).collect();
                let (table, placeholders) = (schema.name.clone(), Placeholders::default());
                WriteItem::Delete(DeleteItem { table, key, condition: None, placeholders })
            });
            for writes in deletions.collect::<Vec<_>>().chunks(MAX_DELETIONS) {
                store.transact_write(TransactWrite { writes: writes.to_vec() }).await?;
            }
            match page.next {
                Some(next) => scan.start = Some(next),
                None => return Ok(()),
            }
        }
    }

    /// Gives all tables a prefix, and lets virtual time stand still while a request is on its way: tokio
    /// does not advance a paused clock while a blocking task runs.
    struct Apart {
        inner: DynamoDbStore,
        prefix: String,
        written: Mutex<BTreeSet<String>>,
    }

    impl Apart {
        /// Notes which tables a request may write.
        fn note(&self, request: &Request) {
            let mut written = lock(&self.written);
            match request {
                Request::Put(_) | Request::Update(_) => drop(written.insert(request.table().to_owned())),
                Request::TransactWrite(request) => {
                    written.extend(request.writes.iter().map(|write| write.table().to_owned()));
                }
                _ => {}
            }
        }
    }

    impl Store for Apart {
        fn execute(&self, mut request: Request) -> StoreFuture<'_> {
            self.note(&request);
            request.map_tables(|table| format!("{}{table}", self.prefix));
            let (answered, waiting) = oneshot::channel::<()>();
            let clock = tokio::task::spawn_blocking(move || drop(waiting.blocking_recv()));
            Box::pin(async move {
                let response = self.inner.execute(request).await;
                drop(answered);
                drop(clock);
                response
            })
        }

        fn expires_items(&self) -> bool {
            self.inner.expires_items()
        }
    }

    impl Drop for Apart {
        fn drop(&mut self) {
            let (prefix, written) = (std::mem::take(&mut self.prefix), std::mem::take(&mut *lock(&self.written)));
            lock(&FREE).push(Used { prefix, written });
        }
    }

    fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
        mutex.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
