//! The names of instances and steps.
//!
//! Invariant: two attempts of one instance that run the same code give the same step the same
//! [`StepPath`], whatever the order in which the branches of a `join!` advance. Everything that makes a
//! step happen once is keyed by `(instance, step)` (protocol, section 1).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The name of one logical execution of a function: 128 bits, shown as 32 hexadecimal digits.
///
/// ```
/// use beldi_core::InstanceId;
///
/// let id: InstanceId = "000000000000000000000000000000ff".parse()?;
/// assert_eq!(id.to_string(), "000000000000000000000000000000ff");
/// # Ok::<(), beldi_core::InvalidInstanceId>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceId(u128);

/// The text is not 32 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an instance id: expected 32 hexadecimal digits")]
pub struct InvalidInstanceId(String);

impl InstanceId {
    /// An id from 128 bits, which the caller vouches to be unique.
    pub const fn from_u128(bits: u128) -> Self {
        Self(bits)
    }

    /// The id of the instance that an idempotency key names: the same key for the same function is
    /// the same instance.
    pub fn from_idempotency_key(service: &str, function: &str, key: &str) -> Self {
        Self(digest(&[b"key", service.as_bytes(), function.as_bytes(), key.as_bytes()]))
    }

    /// The id of the instance that step `step` of this instance calls (protocol, section 5). No record
    /// of the call is needed before it is made, because every attempt derives the same id.
    pub fn callee(self, step: &StepPath) -> Self {
        Self(self.derive(b"call", step))
    }

    /// 128 bits that are the same in every attempt of this instance, different for each purpose and step.
    pub(crate) fn derive(self, purpose: &[u8], step: &StepPath) -> u128 {
        digest(&[purpose, &self.0.to_be_bytes(), &step.to_bytes()])
    }

    /// The 16 bytes of the id, as row log entries hold them.
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }
}

impl fmt::Display for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for InstanceId {
    type Err = InvalidInstanceId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        match u128::from_str_radix(text, 16) {
            Ok(bits) if digits => Ok(Self(bits)),
            _ => Err(InvalidInstanceId(text.chars().take(64).collect())),
        }
    }
}

/// Where a step stands in an instance: a counter, and below each `join!` the branch and its own counter.
///
/// `3` is the third step of the handler, `3.0.2` the second step of the first branch of a `join!` that
/// is the third step.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StepPath(Vec<u32>);

/// The text is not a step path: whole numbers with dots between them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a step path: expected whole numbers with dots between them")]
pub struct InvalidStepPath(String);

impl StepPath {
    /// The path of the step number `counter` below `prefix`.
    pub(crate) fn new(prefix: &[u32], counter: u32) -> Self {
        let mut path = Vec::with_capacity(prefix.len() + 1);
        path.extend_from_slice(prefix);
        path.push(counter);
        Self(path)
    }

    /// The path of these numbers.
    pub(crate) fn of(numbers: Vec<u32>) -> Self {
        Self(numbers)
    }

    /// The numbers of the path.
    pub(crate) fn into_numbers(self) -> Vec<u32> {
        self.0
    }

    /// Whether this step is below `prefix`.
    pub(crate) fn is_below(&self, prefix: &[u32]) -> bool {
        self.0.len() > prefix.len() && self.0.starts_with(prefix)
    }

    /// Whether this step is `other`, or below it.
    pub(crate) fn is_within(&self, other: &Self) -> bool {
        self.0.starts_with(&other.0)
    }

    /// The prefix of the steps of branch `branch` of the `join!` that stands at this path.
    pub(crate) fn branch(&self, branch: u32) -> Vec<u32> {
        let mut prefix = self.0.clone();
        prefix.push(branch);
        prefix
    }

    /// Whether this step is before `other` in the program, so that every attempt that reaches `other`
    /// has passed this one. Steps in different branches of one `join!` are before each other in neither
    /// order.
    pub(crate) fn precedes(&self, other: &Self) -> bool {
        let differs = self.0.iter().zip(&other.0).position(|(mine, theirs)| mine != theirs);
        // Counters stand at even places of a path, branches at odd ones.
        differs.is_some_and(|place| place % 2 == 0 && self.0[place] < other.0[place])
    }

    /// The path as bytes: each number in base 128, high bit on all bytes but its last.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.0.len());
        for &number in &self.0 {
            let mut rest = number;
            while rest >= 0x80 {
                bytes.push((rest & 0x7f) as u8 | 0x80);
                rest >>= 7;
            }
            bytes.push(rest as u8);
        }
        bytes
    }
}

impl StepPath {
    /// The path that [`to_bytes`](Self::to_bytes) has written; `None` if it has not written these. So no two texts of
    /// bytes stand for one path.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut numbers = Vec::new();
        let mut rest = bytes.iter();
        while let Some(first) = rest.next() {
            let (mut number, mut shift, mut byte) = (u64::from(first & 0x7f), 7, *first);
            while byte & 0x80 != 0 {
                byte = *rest.next()?;
                number |= u64::from(byte & 0x7f).checked_shl(shift)?;
                shift += 7;
            }
            numbers.push(u32::try_from(number).ok()?);
        }
        let path = Self(numbers);
        (path.to_bytes() == bytes).then_some(path)
    }
}

impl fmt::Display for StepPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, number) in self.0.iter().enumerate() {
            if place > 0 {
                f.write_str(".")?;
            }
            write!(f, "{number}")?;
        }
        Ok(())
    }
}

impl FromStr for StepPath {
    type Err = InvalidStepPath;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidStepPath(text.chars().take(64).collect());
        let path = text.split('.').map(str::parse).collect::<Result<_, _>>().map(Self).map_err(|_| invalid())?;
        // One spelling for each path: `+1` and `01` are numbers to Rust.
        if path.to_string() == text { Ok(path) } else { Err(invalid()) }
    }
}

/// The first 128 bits of the SHA-256 of the parts, each preceded by its length so that no two lists of
/// parts collide by concatenation.
pub(crate) fn digest(parts: &[&[u8]]) -> u128 {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let mut bits = [0; 16];
    bits.copy_from_slice(&hash.finalize()[..16]);
    u128::from_be_bytes(bits)
}

impl Serialize for InstanceId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for InstanceId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> StepPath {
        text.parse().expect("a step path")
    }

    #[test]
    fn branches_of_one_join_do_not_precede_each_other() {
        assert!(path("1").precedes(&path("2")));
        assert!(path("1").precedes(&path("2.0.1")));
        assert!(path("2.0.1").precedes(&path("2.0.2")));
        assert!(path("2.1.9").precedes(&path("3")));
        assert!(!path("2.0.1").precedes(&path("2.1.2")));
        assert!(!path("2.1.2").precedes(&path("2.0.1")));
        assert!(!path("2").precedes(&path("2")));
        assert!(!path("3").precedes(&path("2.1.9")));
    }

    #[test]
    fn paths_and_their_bytes_are_one_to_one() {
        let paths = ["1", "127", "128", "1.0.1", "1.1.0", "300.2.70000"];
        let bytes: std::collections::BTreeSet<_> = paths.iter().map(|p| path(p).to_bytes()).collect();
        assert_eq!(bytes.len(), paths.len());
        assert_eq!(path("300.2.70000").to_string(), "300.2.70000");
    }

    /// `+1`, `01` and an overlong encoding of 1 were read as step 1: a damaged path could name another step.
    #[test]
    fn a_path_has_one_spelling() {
        for text in ["+1", "01", "1.+0", "1.", "", "-1", "4294967296"] {
            assert!(text.parse::<StepPath>().is_err(), "{text}");
        }
        assert_eq!(StepPath::from_bytes(&[0x81, 0x00]), None);
        assert_eq!(StepPath::from_bytes(&[1]), Some(path("1")));
        // The last bits of ten bytes were shifted out of the number.
        assert_eq!(StepPath::from_bytes(&[0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7e]), None);
    }

    #[test]
    fn derived_ids_differ_by_instance_step_and_purpose() {
        let (a, b) = (InstanceId::from_u128(1), InstanceId::from_u128(2));
        let ids = [a.callee(&path("1")), a.callee(&path("2")), b.callee(&path("1"))];
        assert!(ids[0] != ids[1] && ids[0] != ids[2] && ids[1] != ids[2]);
        assert_ne!(a.derive(b"uuid", &path("1")), a.derive(b"random", &path("1")));
    }

    #[test]
    fn an_instance_id_is_exactly_32_digits() {
        assert!("ff".parse::<InstanceId>().is_err());
        assert!("+0000000000000000000000000000001".parse::<InstanceId>().is_err());
        let id = InstanceId::from_u128(u128::MAX);
        assert_eq!(id.to_string().parse(), Ok(id));
    }
}
