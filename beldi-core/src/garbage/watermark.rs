//! The watermark of a service: every instance that started before it is done, and every attempt of it is dead.
//!
//! Invariant: a watermark is published only when no attempt can be alive that was alive when it was computed. No
//! instance that is open when it is computed, and none that an attempt alive then may yet begin, has started before it.
//! An attempt lives no longer than [`Settings::longest_timeout`], so after that (and a margin for
//! clocks that differ) all attempts of instances below are dead; those that begin later find the instance done. The
//! ceiling counts and not the longest timeout of today, because timeouts change between deployments.
//!
//! It is one item of the journal: the candidate, when it was computed, and what is published. Only one candidate
//! ripens at a time. Watermarks are whole seconds, as the starts in log entries are.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::index::{self, Class, SHARDS};
use crate::attributes::{get_u64, number, string};
use crate::environment::{Environment, Settings, journal_table};
use crate::store::tables::{JOURNAL_INSTANCE, JOURNAL_RECLAIM_FROM, JOURNAL_RECORD};
use crate::store::{Attributes, GetItem, Placeholders, ReturnValues, StoreError, UpdateItem};
use crate::world::millis;

/// The partition of the journal that holds the watermark.
const WATERMARK: &str = "watermark";

/// What is published, the candidate, and when it was computed, in milliseconds since 1970.
const PUBLISHED: &str = "published";
const CANDIDATE: &str = "candidate";
const COMPUTED: &str = "computed";

/// The watermarks that a process has seen, by journal. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Watermarks {
    seen: Arc<Mutex<HashMap<String, Seen>>>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    watermark_s: u64,
    at_ms: u64,
}

impl Watermarks {
    fn seen(&self) -> MutexGuard<'_, HashMap<String, Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn last(&self, journal: &str) -> Seen {
        self.seen().get(journal).copied().unwrap_or_default()
    }

    /// Remembers a watermark. An older one that arrives late changes nothing.
    fn note(&self, journal: &str, watermark_ms: u64, at_ms: u64) -> u64 {
        let mut seen = self.seen();
        let seen = seen.entry(journal.to_owned()).or_default();
        seen.watermark_s = seen.watermark_s.max(watermark_ms / 1000);
        seen.at_ms = seen.at_ms.max(at_ms);
        seen.watermark_s
    }
}

/// How long a candidate ripens: until whoever was alive when it was computed is dead.
fn ripening_ms(settings: &Settings) -> u64 {
    millis(settings.longest_timeout) + millis(settings.margin)
}

/// The watermark in seconds, as far as it is known here, for entries of which the youngest is from second
/// `youngest_s`. The journal is asked only where its answer could cover them, and once in the time that a new
/// watermark takes: an old one prunes less, and is as safe.
pub(crate) async fn covering(environment: &Environment, journal: &str, youngest_s: u32) -> Result<u64, StoreError> {
    let Seen { watermark_s, at_ms } = environment.watermarks.last(journal);
    let (now_ms, ripening_ms) = (environment.world.now_ms(), ripening_ms(&environment.settings));
    let covered = u64::from(youngest_s) < watermark_s;
    let coverable = u64::from(youngest_s) * 1000 + 2 * ripening_ms < now_ms;
    if covered || !coverable || now_ms < at_ms + ripening_ms {
        return Ok(watermark_s);
    }
    refreshed(environment, journal).await
}

/// The watermark in seconds, as the journal has it now.
pub(crate) async fn refreshed(environment: &Environment, journal: &str) -> Result<u64, StoreError> {
    let now_ms = environment.world.now_ms();
    let item = read(environment, journal).await?;
    let published_ms = item.as_ref().and_then(|item| get_u64(item, PUBLISHED)).unwrap_or_default();
    Ok(environment.watermarks.note(journal, published_ms, now_ms))
}

/// Publishes the candidate if it is ripe, and takes the next. Gives the watermark, in milliseconds since 1970.
pub(super) async fn advance(environment: &Environment, service: &str) -> Result<u64, StoreError> {
    let journal = journal_table(service);
    let item = read(environment, &journal).await?.unwrap_or_default();
    // Who has started long before the index is read is in it, or dead.
    let now_ms = environment.world.now_ms();
    let lowest_ms = lowest(environment, service, now_ms).await?;
    // Who ran until it was read may have begun just before that.
    let read_ms = environment.world.now_ms();
    let published_ms = get_u64(&item, PUBLISHED).unwrap_or_default();
    let computed_ms = get_u64(&item, COMPUTED);
    if computed_ms.is_some_and(|computed_ms| now_ms < computed_ms + ripening_ms(&environment.settings)) {
        environment.watermarks.note(&journal, published_ms, now_ms);
        return Ok(published_ms);
    }
    // What is open now was open when the candidate was computed, even if the index did not show it then.
    let candidate_ms = get_u64(&item, CANDIDATE).unwrap_or_default().min(lowest_ms);
    let publish_ms = published_ms.max(candidate_ms);
    let published = publish(environment, &journal, computed_ms, (read_ms, lowest_ms), publish_ms).await;
    let watermark_ms = match published {
        Ok(_) => publish_ms,
        // Another collector was faster; what it has published is for the next cycle.
        Err(StoreError::ConditionFailed { .. }) => published_ms,
        Err(error) => return Err(error),
    };
    environment.watermarks.note(&journal, watermark_ms, now_ms);
    Ok(watermark_ms)
}

/// The start before which everything is done at `now_ms`, and nothing will begin. The margin is for instances that
/// others call in their own service: by another clock they may have started a little earlier than their caller, which
/// names their entries as long as it is open.
async fn lowest(environment: &Environment, service: &str, now_ms: u64) -> Result<u64, StoreError> {
    let margin_ms = millis(environment.settings.margin);
    let mut lowest_ms = now_ms.saturating_sub(millis(environment.settings.longest_timeout));
    for shard in 0..SHARDS {
        let first = index::first(environment, service, Class::Open.partition(shard), None, 1).await?;
        let start_ms = first.items.first().and_then(|open| get_u64(open, JOURNAL_RECLAIM_FROM));
        lowest_ms = lowest_ms.min(start_ms.unwrap_or(lowest_ms));
    }
    Ok(lowest_ms.saturating_sub(margin_ms) / 1000 * 1000)
}

async fn read(environment: &Environment, journal: &str) -> Result<Option<Attributes>, StoreError> {
    let get = GetItem { table: journal.to_owned(), key: key(), consistent: true };
    environment.store.get(get).await
}

fn key() -> Attributes {
    Attributes::from([(JOURNAL_INSTANCE.to_owned(), string(WATERMARK)), (JOURNAL_RECORD.to_owned(), number(0))])
}

async fn publish(
    environment: &Environment,
    journal: &str,
    computed_ms: Option<u64>,
    (read_ms, lowest_ms): (u64, u64),
    publish_ms: u64,
) -> Result<Option<Attributes>, StoreError> {
    let mut placeholders = Placeholders::default();
    let names = [PUBLISHED, CANDIDATE, COMPUTED].map(|name| placeholders.name(name));
    let values = [publish_ms, lowest_ms, read_ms].map(|value| placeholders.value(number(value)));
    let sets: Vec<_> = names.iter().zip(&values).map(|(name, value)| format!("{name} = {value}")).collect();
    let condition = match computed_ms {
        None => format!("attribute_not_exists({})", names[2]),
        Some(computed_ms) => format!("{} = {}", names[2], placeholders.value(number(computed_ms))),
    };
    let update = UpdateItem {
        table: journal.to_owned(),
        key: key(),
        update: format!("SET {}", sets.join(", ")),
        condition: Some(condition),
        placeholders,
        return_values: ReturnValues::None,
    };
    environment.store.update(update).await
}
