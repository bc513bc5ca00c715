//! Taking the lock of a row and reading it, in one request (protocol, section 6).
//!
//! Invariants: each acquisition holds the row by itself, from the update that takes the row until the one that adds its
//! entry to the row log; as long as one does, nobody else changes the row. An acquisition that was ended stays ended:
//! none succeeds whose entry is in the log, or may be in a segment.

use super::log::start_of;
use super::place::Place;
use super::row::acquisition;
use super::segments::{Segments, since};
use super::update::Update;
use super::write::{MAX_LOOKS, contended};
use super::{HOLDER, HOLDS, LOCK, RowState};
use crate::environment::Environment;
use crate::error::Fault;
use crate::store::{Attributes, ReturnValues, StoreError};

use crate::attributes::number;
use serde_dynamo::AttributeValue;

/// How a row is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// By one transaction, which may change it.
    Exclusive,
    /// By many at once, none of which may change it.
    Shared,
}

/// How many acquisitions hold a row together at most, unless all are of one owner: it grows by about 70 bytes for each.
pub(crate) const MAX_READERS: usize = 64;

/// The most holders that a condition names: DynamoDB takes no more operands of an `IN`.
const MAX_HEIRS: usize = 100;

/// One acquisition of one row.
pub(crate) struct RowLock<'a> {
    pub(crate) environment: &'a Environment,
    /// The journal table of the row's service.
    pub(crate) journal: &'a str,
    pub(crate) table: &'a str,
    pub(crate) key: &'a Attributes,
    /// The entry that ends this acquisition.
    pub(crate) entry: Vec<u8>,
    /// The entries of other acquisitions of the same owner that are known to hold the row.
    pub(crate) held: Vec<Vec<u8>>,
    /// Who is to hold the row.
    pub(crate) owner: Vec<u8>,
    /// The instance that takes the lock for the owner.
    pub(crate) holder: Vec<u8>,
    /// Instances that may have taken it for the owner before, and hand it over, in the order of the program.
    pub(crate) predecessors: Vec<Vec<u8>>,
    pub(crate) mode: Mode,
}

/// A row that others hold.
#[derive(Debug)]
pub(crate) struct Busy {
    pub(crate) holders: Vec<Vec<u8>>,
    /// The epoch of the row. No segment before it has the entry of who waits, so it is the witness of the next look.
    pub(crate) epoch: u64,
}

/// What became of an acquisition.
#[derive(Debug)]
pub(crate) enum Acquired {
    /// The owner holds the row, which is this.
    Held(Attributes),
    /// Others hold it.
    Busy(Busy),
    /// Another part of the same transaction, which this one does not come after, holds the row, which is this.
    Elsewhere(Attributes),
    /// The acquisition was ended already.
    Ended,
}

impl RowLock<'_> {
    /// Tries to take the lock. `witness` is the epoch at which an earlier step of this instance saw the row;
    /// `present` is a guess of whether there is such a row, and a wrong one costs a request.
    pub(crate) async fn acquire(&self, witness: Option<u64>, mut present: bool) -> Result<Acquired, Fault> {
        let since = since(self.environment, start_of(&self.entry));
        let mut place = Place::after(witness, since);
        let mut own: Vec<_> = self.held.iter().map(|entry| acquisition(&self.owner, entry)).collect();
        let mut heirs: Vec<_> = self.heirs().take(MAX_HEIRS).collect();
        for _ in 0..MAX_LOOKS {
            let old = match self.send(&place, present, own, &heirs).await {
                Ok(row) => return Ok(Acquired::Held(row.unwrap_or_default())),
                Err(StoreError::ConditionFailed { item }) => item,
                Err(error) => return Err(error.into()),
            };
            let row = RowState::of(old.as_ref())?;
            if row.log.contains(&self.entry) {
                return Ok(Acquired::Ended);
            }
            present = row.present;
            let (expected, from) = place.expects(&row);
            if !expected {
                let ended = |log: &[Vec<u8>]| log.contains(&self.entry).then_some(());
                if self.segments().find(&row, from, since, ended).await?.is_some() {
                    return Ok(Acquired::Ended);
                }
                place = Place::AppendAt(row.epoch);
            }
            if let Some(refused) = self.refused(&row, old) {
                return Ok(refused);
            }
            // Nobody but the owner holds the row, if anybody does, and one of the heirs for it.
            heirs = vec![self.heirs().find(|heir| row.holder.as_ref() == Some(heir)).unwrap_or(&self.holder)];
            own = row.holds;
        }
        Err(contended(self.table))
    }

    /// Why the row, as it is, cannot be taken.
    fn refused(&self, row: &RowState, old: Option<Attributes>) -> Option<Acquired> {
        let mut holders = row.holders_but(Some(&self.owner));
        if self.mode == Mode::Shared && row.lock.is_none() && row.holds.len() < MAX_READERS {
            holders.clear();
        }
        if !holders.is_empty() {
            return Some(Acquired::Busy(Busy { holders, epoch: row.epoch }));
        }
        let own = row.lock.as_ref() == Some(&self.owner);
        let elsewhere = own && !self.heirs().any(|heir| row.holder.as_ref() == Some(heir));
        elsewhere.then(|| Acquired::Elsewhere(old.unwrap_or_default()))
    }

    /// Who may hold the row for the owner; those first who have come last.
    fn heirs(&self) -> impl Iterator<Item = &Vec<u8>> {
        std::iter::once(&self.holder).chain(self.predecessors.iter().rev())
    }

    /// Takes the row, if nobody holds it but the owner, by the acquisitions `own`, or by one of these `heirs`.
    async fn send(
        &self,
        place: &Place,
        present: bool,
        mut own: Vec<Vec<u8>>,
        heirs: &[&Vec<u8>],
    ) -> Result<Option<Attributes>, StoreError> {
        let mut update = Update::default();
        update.at_epoch_of(place);
        update.without([self.entry.clone()]);
        update.present(present, self.key);
        let (lock, holder) = (update.placeholders.name(LOCK), update.placeholders.name(HOLDER));
        let holds = update.placeholders.name(HOLDS);
        let owner = update.placeholders.value(AttributeValue::B(self.owner.clone()));
        let mut value = |bytes: &Vec<u8>| update.placeholders.value(AttributeValue::B(bytes.clone()));
        let heirs: Vec<_> = heirs.iter().map(|heir| value(heir)).collect();
        let acquisition = acquisition(&self.owner, &self.entry);
        let free = format!("attribute_not_exists({lock})");
        let handed_over = format!("({lock} = {owner} AND {holder} IN ({}))", heirs.join(", "));
        let mut alone = format!("attribute_not_exists({holds})");
        if !own.is_empty() {
            own.sort_unstable();
            own.dedup();
            let own = update.placeholders.value(AttributeValue::Bs(own));
            alone = format!("{alone} OR {holds} = {own}");
        }
        match self.mode {
            Mode::Exclusive => {
                update.condition.push(format!("(({free} AND ({alone})) OR {handed_over})"));
                update.set(LOCK, AttributeValue::B(self.owner.clone()));
                update.set(HOLDER, AttributeValue::B(self.holder.clone()));
            }
            Mode::Shared => {
                let limit = update.placeholders.value(number(MAX_READERS));
                let one = update.placeholders.value(AttributeValue::B(acquisition.clone()));
                let room = format!("size({holds}) < {limit} OR contains({holds}, {one})");
                update.condition.push(format!("(({free} AND ({alone} OR {room})) OR {handed_over})"));
            }
        }
        update.hold(acquisition);
        self.environment.store.update(update.request(self.table, self.key, ReturnValues::AllNew)).await
    }

    fn segments(&self) -> Segments<'_> {
        Segments { environment: self.environment, journal: self.journal, table: self.table, key: self.key }
    }
}
