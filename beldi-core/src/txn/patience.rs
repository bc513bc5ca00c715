//! Waiting for rows that others hold.

use std::time::Duration;

use tokio::time::Instant;

use super::{TransactionId, holder_text};
use crate::attempt::{Identity, Journal};
use crate::environment::Environment;
use crate::error::Fault;
use crate::ids::digest;
use crate::invoke::{Delivery, Invocation};

/// Waits for rows to become free, a bounded time.
pub(crate) struct Patience {
    /// Who waits.
    name: String,
    since: Instant,
    until_ms: u64,
    polls: u32,
}

/// The shortest and the longest pause between two looks at a row that is held; between them it is an eighth of the
/// time waited so far.
const PAUSES: (Duration, Duration) = (Duration::from_millis(4), Duration::from_millis(250));

/// From this look on, every one wakes the holder's collector.
const NUDGE_AFTER: u32 = 10;

impl Patience {
    /// For an attempt that must have ended at its deadline; a quarter of its time is left for what follows.
    pub(crate) fn new(journal: &Journal) -> Self {
        let Identity { deadline_ms, instance, .. } = journal.identity();
        let left_ms = deadline_ms.saturating_sub(journal.environment().world.now_ms());
        let until_ms = deadline_ms.saturating_sub(left_ms / 4);
        Self { name: instance.to_string(), since: Instant::now(), until_ms, polls: 0 }
    }

    pub(crate) fn waited(&self) -> Duration {
        self.since.elapsed()
    }

    /// Waits a little, or gives up.
    pub(crate) async fn wait(
        &mut self,
        environment: &Environment,
        row: &str,
        holders: &[Vec<u8>],
    ) -> Result<(), Fault> {
        if environment.world.now_ms() >= self.until_ms {
            let holder = holders.first().map_or_else(String::new, |lock| holder_text(lock));
            return Err(Fault::Locked { row: row.to_owned(), holder });
        }
        self.polls += 1;
        if self.polls > NUDGE_AFTER {
            nudge(environment, holders).await;
        }
        let (shortest, longest) = PAUSES;
        let pause = (self.since.elapsed() / 8).clamp(shortest, longest);
        tokio::time::sleep(jittered(pause, &self.name, self.polls)).await;
        Ok(())
    }
}

/// A pause between half and all of `pause`, another one for each name and number, so that those who wait for one
/// row do not look at once.
pub(super) fn jittered(pause: Duration, name: &str, number: u32) -> Duration {
    let share = (digest(&[name.as_bytes(), &number.to_be_bytes()]) % 512) as u32;
    pause * (512 + share) / 1024
}

/// Asks the services of those who hold a row to look whether they are due. It is a hint: nothing depends on it.
async fn nudge(environment: &Environment, holders: &[Vec<u8>]) {
    for holder in holders.iter().take(2).filter_map(|lock| TransactionId::from_bytes(lock)) {
        let invocation = Invocation {
            service: holder.service,
            function: String::new(),
            instance: holder.instance,
            arguments: "null".to_owned(),
            caller: None,
            delivery: Delivery::Nudge,
            transaction: None,
            contract: None,
        };
        drop(environment.invoker.invoke(invocation).await);
    }
}
