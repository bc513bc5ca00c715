//! The way from a machine to the store.

use std::sync::Arc;
use std::time::Duration;

use beldi::store::{Request, Response, Store, StoreError, StoreFuture};
use tokio::time::sleep;

use super::MOST_LATE;
use super::chance::DYNAMODB;
use super::core::{Core, count};

/// How many requests are throttled when there is no storm, lose their connection, or are late.
const THROTTLED: f64 = 0.002;
const DISCONNECTED: f64 = 0.004;
const LATE: f64 = 0.004;

/// The store as a machine sees it.
#[derive(Debug)]
pub(crate) struct Network {
    pub(crate) core: Arc<Core>,
}

type Answer = Result<Response, StoreError>;

impl Network {
    async fn send(&self, request: Request) -> Answer {
        let core = &self.core;
        count(&core.counts.requests);
        if core.fault(LATE) {
            count(&core.counts.late);
            // Whoever has sent it may be dead when it arrives.
            let (core, late) = (Arc::clone(core), core.chance.up_to(MOST_LATE));
            let sent = tokio::spawn(async move {
                sleep(late).await;
                perform(&core, request)
            });
            return sent.await.unwrap_or_else(|_| Err(lost()));
        }
        let latency = core.chance.latency(DYNAMODB);
        let there = latency / 2;
        let there = Duration::from_millis(u64::try_from(there.as_millis()).unwrap_or_default());
        sleep(there).await;
        if core.fault(THROTTLED + core.throttled()) {
            count(&core.counts.throttles);
            return Err(StoreError::Throttled { message: "too many requests".to_owned() });
        }
        let disconnects = core.fault(DISCONNECTED);
        if disconnects {
            count(&core.counts.disconnections);
            if core.chance.chance(0.5) {
                return Err(lost());
            }
        }
        let answer = perform(core, request);
        sleep(latency - there).await;
        if disconnects { Err(lost()) } else { answer }
    }
}

fn lost() -> StoreError {
    StoreError::Transient { message: "the connection was lost".to_owned() }
}

fn perform(core: &Core, request: Request) -> Answer {
    let (operation, table) = (request.operation(), request.table().to_owned());
    core.keep(&request);
    let answer = core.store.call(request);
    let outcome = match &answer {
        Ok(Response::Page(page)) => page.items.len(),
        Ok(Response::Item(item)) => usize::from(item.is_some()),
        Ok(_) => 2,
        Err(StoreError::ConditionFailed { .. }) => 3,
        Err(_) => 4,
    };
    core.note((operation, &table, outcome), || format!("store: {operation} {table}: {outcome}"));
    answer
}

impl Store for Network {
    fn execute(&self, request: Request) -> StoreFuture<'_> {
        Box::pin(self.send(request))
    }

    fn expires_items(&self) -> bool {
        false
    }
}
