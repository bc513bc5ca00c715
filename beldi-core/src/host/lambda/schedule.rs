//! The collectors, started by schedules.

use futures_util::future::join_all;
use serde_json::json;
use serde_json::value::RawValue;

use super::call::json as answer;
use super::event::LambdaError;
use super::here::Here;
use super::metrics::{self, Metric};
use crate::collector::{self, Round};
use crate::error::ProblemKind;
use crate::garbage::{self, Garbage};
use crate::store::StoreError;

/// Starts what is due, each instance in a Lambda function of its own, and tells how the services are.
pub(super) async fn collect(here: &Here) -> Result<Box<RawValue>, LambdaError> {
    let environment = here.environment();
    let now_ms = environment.world.now_ms();
    let (mut total, mut parked, mut oldest_ms) = (Round::default(), 0, now_ms);
    for service in here.services() {
        let (round, claims) = collector::claim_due(&environment, service, |_, _| true).await;
        join_all(claims.into_iter().map(|claim| claim.trigger(&environment))).await;
        total.add(round);
        parked += collector::parked(&environment, service).await.map_err(unavailable)?.len();
        let oldest = garbage::oldest_open(&environment, service).await.map_err(unavailable)?;
        oldest_ms = oldest_ms.min(oldest.unwrap_or(now_ms));
    }
    metrics::put(
        None,
        &[
            Metric { name: "ParkedInstances", unit: "Count", value: parked as u64 },
            Metric { name: "OldestUnfinished", unit: "Seconds", value: now_ms.saturating_sub(oldest_ms) / 1000 },
        ],
        now_ms,
    );
    let Round { started, parked, missed } = total;
    answer(&json!({ "started": started, "parked": parked, "missed": missed }))
}

/// Collects garbage until nothing more can be reclaimed now, or there is no more time.
pub(super) async fn collect_garbage(here: &Here) -> Result<Box<RawValue>, LambdaError> {
    let environment = here.environment();
    let mut total: Option<Garbage> = None;
    let cycles = async {
        for service in here.services() {
            loop {
                let cycle = garbage::collect_garbage(&environment, service).await?;
                match &mut total {
                    Some(total) => total.add(cycle),
                    None => total = Some(cycle),
                }
                if !cycle.more || cycle.reclaimed() == 0 {
                    break;
                }
            }
        }
        Ok::<_, StoreError>(())
    };
    // A cycle that dies in the middle leaves nothing half-done.
    if let Ok(Err(error)) = tokio::time::timeout(here.time_left(), cycles).await {
        return Err(unavailable(error));
    }
    let Garbage { segments, tombstones, records, results, .. } = total.unwrap_or_default();
    answer(&json!({ "segments": segments, "tombstones": tombstones, "records": records, "results": results }))
}

fn unavailable(error: StoreError) -> LambdaError {
    LambdaError::new(ProblemKind::Unavailable, error)
}
