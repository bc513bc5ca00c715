//! Workers that take one event at a time: what follows a reply is done by the extension in the worker, while Lambda
//! lets it.

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use beldi::host::ProcessHost;
use beldi::store::EmbeddedStore;
use beldi::{InstanceId, Status};

use crate::bank::{Bank, Order, Way, north, south, transfer};
use crate::common::checks::{Check, several};
use crate::settings;

/// How long a mark may take that is made at once.
const PATIENCE: Duration = Duration::from_secs(30);

/// Nobody but the extension may do what is left to do.
const NEVER: Duration = Duration::from_secs(3600);

pub(crate) async fn check() -> Result<Vec<Check>, Box<dyn Error>> {
    let store = Arc::new(EmbeddedStore::in_memory()?);
    let host = ProcessHost::builder(store)
        .settings(settings())
        .processes(3)
        .concurrency(1)
        .collect_every(NEVER)
        .collect_garbage_every(NEVER)
        .start()
        .await?;
    let client = host.client();
    client.call(north::open(1, 30)).await?;
    client.call(south::open(1, 30)).await?;
    let mut unmarked = Vec::new();
    let transfers = 5;
    for number in 0..transfers {
        let id = format!("single {number}");
        let order = Order { from: (Bank::North, 1), to: (Bank::South, 1), amount: 1, way: Way::WithdrawFirst };
        if client.call(transfer(id.clone(), order)).idempotency_key(&id).await?.is_err() {
            unmarked.push(format!("{id} was refused"));
        }
        let instance = InstanceId::from_idempotency_key("office", "transfer", &id);
        let since = Instant::now();
        while !matches!(client.status::<transfer>(instance).await?, Some(Status::Done { .. })) {
            if since.elapsed() > PATIENCE {
                unmarked.push(format!("{id} is not marked as done"));
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    let (north, south) = (client.call(north::balance(1)).await?, client.call(south::balance(1)).await?);
    let wrong = (north, south) != (30 - transfers, 30 + transfers);
    let wrong = wrong.then(|| format!("the accounts have {north} and {south}"));
    host.shutdown().await;
    let looked_at = several(transfers as usize, "transfer");
    Ok(vec![
        Check::new("one event at a time: each is marked after its reply", &looked_at, &unmarked),
        Check::new("one event at a time: each transfer took place", &looked_at, &wrong.into_iter().collect::<Vec<_>>()),
    ])
}
