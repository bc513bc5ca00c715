//! Stores for tests: one of its own for each run.

use std::sync::Arc;

use crate::store::{EmbeddedStore, SharedStore, StoreError};

/// An empty store that nobody else uses: in this process, or, if the variable `BELDI_DYNAMODB_ENDPOINT` is
/// set and the feature `aws` is on, at that endpoint under table names of its own.
///
/// # Errors
///
/// The embedded engine could not be started, or the endpoint does not answer.
pub async fn fresh_store() -> Result<SharedStore, StoreError> {
    #[cfg(feature = "aws")]
    if let Ok(endpoint) = std::env::var("BELDI_DYNAMODB_ENDPOINT") {
        return endpoint::store(&endpoint).await;
    }
    Ok(Arc::new(EmbeddedStore::in_memory()?))
}

#[cfg(feature = "aws")]
mod endpoint {
    use std::sync::{Arc, Mutex, PoisonError};

    use tokio::sync::oneshot;

    use crate::registry::Registry;
    use crate::store::tables;
    use crate::store::{
        Attributes, DeleteItem, DynamoDbStore, Placeholders, Request, ScanItems, SharedStore, Store, StoreError,
        StoreFuture, TableSchema,
    };
    use crate::world::{SystemWorld, World};

    /// Prefixes that a test of this process is done with: creating tables is slow, so they are emptied and
    /// used again.
    static FREE: Mutex<Vec<String>> = Mutex::new(Vec::new());

    pub(super) async fn store(endpoint: &str) -> Result<SharedStore, StoreError> {
        let used = FREE.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let prefix = used.clone().unwrap_or_else(|| format!("t{:.12}-", SystemWorld.fresh_id().to_string()));
        let store: SharedStore = Arc::new(Apart { inner: DynamoDbStore::at_endpoint(endpoint), prefix });
        if used.is_some() {
            for schema in Registry::collect().ok().and_then(|known| schemas(&known)).unwrap_or_default() {
                empty(&store, &schema).await?;
            }
        }
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
            for item in page.items {
                let key: Attributes = item.into_iter().filter(|(name, _)| is_key(name)).collect();
                let (table, placeholders) = (schema.name.clone(), Placeholders::default());
                store.delete(DeleteItem { table, key, condition: None, placeholders }).await?;
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
    }

    impl Store for Apart {
        fn execute(&self, mut request: Request) -> StoreFuture<'_> {
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
    }

    impl Drop for Apart {
        fn drop(&mut self) {
            FREE.lock().unwrap_or_else(PoisonError::into_inner).push(std::mem::take(&mut self.prefix));
        }
    }
}
