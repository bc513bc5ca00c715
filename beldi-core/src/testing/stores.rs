//! Stores for tests: one of its own for each run.

use std::sync::Arc;

use crate::store::{EmbeddedStore, SharedStore, StoreError};

/// An empty store that nobody else uses: in this process, or, if the variable `BELDI_DYNAMODB_ENDPOINT` is
/// set and the feature `aws` is on, at that endpoint under table names of its own.
///
/// # Errors
///
/// The embedded engine could not be started.
pub async fn fresh_store() -> Result<SharedStore, StoreError> {
    #[cfg(feature = "aws")]
    if let Ok(endpoint) = std::env::var("BELDI_DYNAMODB_ENDPOINT") {
        return Ok(endpoint::store(&endpoint).await);
    }
    Ok(Arc::new(EmbeddedStore::in_memory()?))
}

#[cfg(feature = "aws")]
mod endpoint {
    use std::sync::Arc;

    use tokio::sync::oneshot;

    use crate::store::{DynamoDbStore, Request, SharedStore, Store, StoreFuture};
    use crate::world::{SystemWorld, World};

    pub(super) async fn store(endpoint: &str) -> SharedStore {
        let prefix = format!("t{:.12}-", SystemWorld.fresh_id().to_string());
        Arc::new(Apart { inner: DynamoDbStore::at_endpoint(endpoint).await, prefix })
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
}
