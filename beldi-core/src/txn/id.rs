//! The names of transactions, as they stand in locks and travel with calls.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::ids::{InstanceId, StepPath};

/// One try of one transaction, or an instance that holds locks of its own.
///
/// Its age decides who waits for whom: it is the start of the instance, then the instance, then the step; so it
/// is the same for all tries (protocol, section 6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TransactionId {
    /// The service of the coordinator.
    pub(crate) service: String,
    /// The coordinator.
    pub(crate) instance: InstanceId,
    /// When the coordinator started, milliseconds since 1970.
    pub(crate) start_ms: u64,
    /// The path of the try: the step of the transaction, and below it the number of the try. Empty for the locks
    /// that an instance holds by itself.
    pub(crate) path: Vec<u32>,
}

impl TransactionId {
    /// The bytes that stand in a lock. No two tries have the same.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let path = StepPath::of(self.path.clone()).to_bytes();
        let mut bytes = Vec::with_capacity(26 + path.len() + self.service.len());
        bytes.extend_from_slice(&self.start_ms.to_be_bytes());
        bytes.extend_from_slice(&self.instance.to_bytes());
        bytes.extend_from_slice(&(path.len() as u16).to_be_bytes());
        bytes.extend_from_slice(&path);
        bytes.extend_from_slice(self.service.as_bytes());
        bytes
    }

    /// What the bytes of a lock stand for; `None` if this version did not write them.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (start, rest) = bytes.split_first_chunk::<8>()?;
        let (instance, rest) = rest.split_first_chunk::<16>()?;
        let (length, rest) = rest.split_first_chunk::<2>()?;
        let (path, service) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        Some(Self {
            service: String::from_utf8(service.to_vec()).ok()?,
            instance: InstanceId::from_u128(u128::from_be_bytes(*instance)),
            start_ms: u64::from_be_bytes(*start),
            path: StepPath::from_bytes(path)?.into_numbers(),
        })
    }

    /// Whether this transaction is older than the holder of a lock, so that it waits for it.
    pub(crate) fn is_older_than(&self, holder: &[u8]) -> bool {
        Self::from_bytes(holder).is_some_and(|holder| self.age(&holder) == Ordering::Less)
    }

    fn age(&self, other: &Self) -> Ordering {
        let step = |id: &Self| id.path.split_last().map(|(_try, step)| step.to_vec());
        (self.start_ms, self.instance, step(self)).cmp(&(other.start_ms, other.instance, step(other)))
    }
}

impl std::fmt::Display for TransactionId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} instance {}", self.service, self.instance)?;
        match self.path.is_empty() {
            true => Ok(()),
            false => write!(f, " step {}", StepPath::of(self.path.clone())),
        }
    }
}

/// Who a lock says holds it, for people.
pub(crate) fn holder_text(lock: &[u8]) -> String {
    TransactionId::from_bytes(lock).map_or_else(|| "something unreadable".to_owned(), |id| id.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(start_ms: u64, instance: u128, path: &[u32]) -> TransactionId {
        let instance = InstanceId::from_u128(instance);
        TransactionId { service: "travel".into(), instance, start_ms, path: path.to_vec() }
    }

    #[test]
    fn bytes_and_ids_are_one_to_one() {
        for id in [id(1, 2, &[]), id(7, 1 << 90, &[3, 1]), id(u64::MAX, 5, &[300, 2, 70_000, 129])] {
            assert_eq!(TransactionId::from_bytes(&id.to_bytes()), Some(id));
        }
        assert_eq!(TransactionId::from_bytes(&[1; 20]), None);
    }

    #[test]
    fn the_age_is_the_same_for_all_tries() {
        let (first, again, later) = (id(1, 9, &[2, 1]), id(1, 9, &[2, 7]), id(2, 1, &[1, 1]));
        assert!(first.is_older_than(&later.to_bytes()) && !later.is_older_than(&again.to_bytes()));
        assert!(!first.is_older_than(&again.to_bytes()) && !again.is_older_than(&first.to_bytes()));
        assert!(id(1, 9, &[2, 1]).is_older_than(&id(1, 9, &[3, 1]).to_bytes()));
    }
}
