//! `beldi::lock`: mutual exclusion without a transaction (the paper's lock and unlock).
//!
//! Invariant: a lock belongs to the instance, not to an attempt. It is taken off by `unlock`, or after the handler
//! has returned and before its result is determined; so an instance that is done holds nothing, whatever crashed.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_dynamo::AttributeValue;

use super::Patience;
use super::TransactionId;
use super::attempt::entry_of;
use super::record::HeldRow;
use super::settle::release;
use crate::attempt::{Journal, Outcome, Step, What};
use crate::attributes::key_text;
use crate::daal::{Acquired, Mode, RowLock, row_name, user_attributes};
use crate::environment::journal_table;
use crate::error::{Fault, TransactionFault};
use crate::ids::StepPath;
use crate::item::{Item, key_attributes};
use crate::key::{IntoKey, ItemKey, KeyError};
use crate::ops::Operation;
use crate::store::Attributes;

/// Locks a row until [`LockGuard::unlock`], or until the instance is done: see [`lock`]. It is an effect (protocol,
/// sections 3 and 6).
#[must_use = "BELDI011: this operation is built and dropped; nothing happens until it is awaited"]
pub struct Lock<I> {
    key: Result<ItemKey, KeyError>,
    item: PhantomData<fn() -> I>,
}

/// A lock on a row, which the instance holds, not the attempt (protocol, section 6). Dropping the guard takes nothing
/// off: a crash would drop it too.
#[derive(Debug)]
pub struct LockGuard<I> {
    key: Attributes,
    /// The step that has taken the lock.
    path: StepPath,
    item: PhantomData<fn() -> I>,
}

/// Takes a lock off: see [`LockGuard::unlock`].
#[must_use = "BELDI011: this operation is built and dropped; nothing happens until it is awaited"]
pub struct Unlock<I> {
    key: Attributes,
    path: StepPath,
    item: PhantomData<fn() -> I>,
}

/// Locks the row of `I` with this key, whether there is such a row or not: nobody else locks or writes it until the
/// lock is taken off. Plain reads see it all the same.
///
/// ```
/// use beldi_core as beldi;
/// # use beldi::{Item, IntoKey};
/// # fn example<R: Item>(key: impl IntoKey<R::Key>) {
/// // In a function: let guard = beldi::lock::<Room>((&hotel, night)).await;
/// let operation = beldi::lock::<R>(key);
/// # drop(operation);
/// # }
/// ```
///
/// It costs one request, and one when it is taken off. Of the branches of a `join!`, one holds a row at a time, and the
/// others wait until it unlocks the row, also their transactions; but their plain writes do not. A transaction needs no
/// such locks, and takes none in its body. What comes behind a lock and would wait for it for ever, a transaction over
/// the row or a second lock, ends in [`TransactionFault::OwnLock`]. Two instances that each wait for a row which the
/// other has locked wait until both are parked: lock rows in one order everywhere, or use a transaction, which cannot
/// deadlock.
pub fn lock<I: Item>(key: impl IntoKey<I::Key>) -> Lock<I> {
    Lock { key: key.into_key(), item: PhantomData }
}

impl<I: Item> LockGuard<I> {
    /// Takes the lock off. Without it the lock stays until the instance is done.
    pub fn unlock(self) -> Unlock<I> {
        Unlock { key: self.key, path: self.path, item: PhantomData }
    }
}

#[diagnostic::do_not_recommend]
impl<I: Item> Operation for Lock<I> {
    type Output = LockGuard<I>;
    type Owner = I::Service;

    async fn perform(self, step: Step) -> Result<LockGuard<I>, Fault> {
        step.outside_transactions("`beldi::lock`")?;
        let key = key_attributes::<I>(self.key?);
        let what = What::new("lock", I::TABLE, key_text(&key), &[]);
        let row = row_name(I::TABLE, &key);
        if step.journal().guards().is_held_before(&row, step.path()) {
            return Err(TransactionFault::OwnLock { row: format!("{} {}", I::TABLE, key_text(&key)) }.into());
        }
        let taken = step.effect(what, async {
            let present = acquire(&step, I::TABLE, &key, step.witness(&row)).await?;
            Ok(Outcome::Witnessed(AttributeValue::Bool(present)))
        });
        let absent = taken.await? != AttributeValue::Bool(true);
        step.journal().guards().took(step.journal(), &step, I::TABLE, &key, absent);
        Ok(LockGuard { key, path: step.path().clone(), item: PhantomData })
    }
}

#[diagnostic::do_not_recommend]
impl<I: Item> Operation for Unlock<I> {
    type Output = ();
    type Owner = I::Service;

    async fn perform(self, step: Step) -> Result<(), Fault> {
        step.outside_transactions("`unlock`")?;
        let what = What::new("unlock", I::TABLE, key_text(&self.key), &[]);
        let held = step.journal().guards().remove(&self.path);
        step.journal().leaves(held.iter().filter(|row| row.absent).map(HeldRow::row));
        let released = async {
            if let Some(row) = held {
                take_off(step.journal(), &row).await?;
            }
            Ok(Outcome::Witnessed(AttributeValue::Bool(true)))
        };
        step.effect(what, released).await.map(drop)
    }
}

/// Takes the lock, however long it takes, within the time of the attempt. One that was taken and ended by an
/// earlier attempt is as good: all that it protected is done. Gives whether there is such a row, as far as is known.
async fn acquire(step: &Step, table: &str, key: &Attributes, mut witness: Option<u64>) -> Result<bool, Fault> {
    let journal = step.journal();
    let environment = journal.environment();
    let segments = journal_table(journal.identity().function.service);
    let entry = entry_of(journal, step.path());
    let lock = RowLock {
        environment,
        journal: &segments,
        table,
        key,
        held: Vec::new(),
        owner: owner(journal),
        // A lock is not handed over to another branch of the instance.
        holder: entry.clone(),
        entry,
        predecessors: Vec::new(),
        mode: Mode::Exclusive,
    };
    let mut patience = Patience::new(journal);
    let row = format!("{table} {}", key_text(key));
    loop {
        match lock.acquire(witness, true).await? {
            Acquired::Held(row) => return Ok(user_attributes(Some(row)).is_some()),
            Acquired::Ended => return Ok(false),
            Acquired::Busy(busy) => {
                witness = Some(busy.epoch);
                patience.wait(environment, &row, &busy.holders).await?;
            }
            // Another branch holds it.
            Acquired::Elsewhere(_) => patience.wait(environment, &row, &[owner(journal)]).await?,
        }
    }
}

async fn take_off(journal: &Journal, row: &HeldRow) -> Result<(), Fault> {
    release(journal.environment(), journal.identity().function.service, &id(journal), row, false).await.map(drop)
}

/// The name under which an instance holds locks by itself.
fn id(journal: &Journal) -> TransactionId {
    let identity = journal.identity();
    let service = identity.function.service.to_owned();
    TransactionId { service, instance: identity.instance, start_ms: journal.start_ms(), path: Vec::new() }
}

fn owner(journal: &Journal) -> Vec<u8> {
    id(journal).to_bytes()
}

/// The locks that an instance holds by itself, by the steps that have taken them: of one row, one branch of a `join!` may
/// have taken it in an earlier attempt, and another one in this.
#[derive(Default)]
pub(crate) struct Guards {
    rows: Mutex<BTreeMap<StepPath, HeldRow>>,
}

impl Guards {
    fn took(&self, journal: &Journal, step: &Step, table: &str, key: &Attributes, absent: bool) {
        let entries = vec![entry_of(journal, step.path())];
        let held = HeldRow { table: table.to_owned(), key: key.clone(), entries, change: None, epoch: 0, absent };
        self.rows().insert(step.path().clone(), held);
    }

    /// Whether a step before `at` has locked the row, and it was not unlocked since.
    pub(super) fn is_held_before(&self, row: &str, at: &StepPath) -> bool {
        self.rows().iter().any(|(path, held)| path.precedes(at) && held.name() == row)
    }

    fn remove(&self, path: &StepPath) -> Option<HeldRow> {
        self.rows().remove(path)
    }

    /// What this instance's plain writes may find in a row's lock; nothing, if it holds none.
    pub(crate) fn own_lock(&self, journal: &Journal) -> Option<Vec<u8>> {
        (!self.rows().is_empty()).then(|| owner(journal))
    }

    /// Takes all locks off, after everything observed is durable: later attempts find them ended, and see by that
    /// that nothing is left to do.
    pub(crate) async fn release_all(&self, journal: &Journal) -> Result<(), Fault> {
        let held = std::mem::take(&mut *self.rows());
        if held.is_empty() {
            return Ok(());
        }
        journal.leaves(held.values().filter(|row| row.absent).map(HeldRow::row));
        journal.flush(None).await?;
        for row in held.values() {
            take_off(journal, row).await?;
        }
        Ok(())
    }

    fn rows(&self) -> MutexGuard<'_, BTreeMap<StepPath, HeldRow>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
