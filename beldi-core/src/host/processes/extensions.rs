//! Extensions of workers, each of which is told of the events that its worker takes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};
use tokio::sync::{Mutex as AsyncMutex, mpsc};

use super::pool::Delivered;

/// What an extension is told, and where it listens.
type Told = Arc<AsyncMutex<mpsc::UnboundedReceiver<Value>>>;
type ByWorker = HashMap<u64, (mpsc::UnboundedSender<Value>, Told)>;

/// The extensions of all workers, at most one of each. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Extensions {
    by_worker: Arc<Mutex<ByWorker>>,
}

impl Extensions {
    fn locked(&self) -> std::sync::MutexGuard<'_, ByWorker> {
        self.by_worker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn register(&self, worker: u64) {
        let (sender, receiver) = mpsc::unbounded_channel();
        self.locked().insert(worker, (sender, Arc::new(AsyncMutex::new(receiver))));
    }

    /// A worker takes an event.
    pub(super) fn invoked(&self, worker: u64, event: &Delivered) {
        if let Some((sender, _)) = self.locked().get(&worker) {
            let told = json!({
                "eventType": "INVOKE",
                "deadlineMs": event.deadline_ms,
                "requestId": event.request,
                "invokedFunctionArn": "arn:aws:lambda:local:000000000000:function:local",
                "tracing": { "type": "X-Amzn-Trace-Id", "value": "" },
            });
            // An extension that is gone needs to be told of nothing.
            let _ = sender.send(told);
        }
    }

    /// The next event that the extension of a worker is told of.
    pub(super) async fn next(&self, worker: u64) -> Option<Value> {
        let told = self.locked().get(&worker).map(|(_, told)| Arc::clone(told))?;
        told.lock().await.recv().await
    }

    pub(super) fn died(&self, worker: u64) {
        self.locked().remove(&worker);
    }
}
