//! Ids, step paths, entries, owners, row names and numbers: distinct things have distinct names.

use std::cmp::Ordering;

use proptest::collection::vec;
use proptest::prelude::*;
use serde_dynamo::AttributeValue;

use super::values::{digits, instance, key, path, text};
use crate::attributes::canonical_all;
use crate::daal::{EntryKey, row_name};
use crate::ids::{InstanceId, StepPath, digest};
use crate::key::check;
use crate::txn::TransactionId;

fn owner() -> impl Strategy<Value = TransactionId> {
    let path = vec(prop_oneof![0..3_u32, any::<u32>()], 0..5);
    let start = prop_oneof![0..3_u64, any::<u64>()];
    ("[a-z]{1,5}", instance(), start, path).prop_map(|(service, instance, start_ms, path)| TransactionId {
        service,
        instance,
        start_ms,
        path,
    })
}

fn entry() -> impl Strategy<Value = (EntryKey, bool)> {
    let start = prop_oneof![0..3_u32, any::<u32>()];
    (instance(), start, path(), any::<bool>())
        .prop_map(|(instance, start_s, step, outcome)| (EntryKey { instance, start_s, step }, outcome))
}

fn parts(entry: &(EntryKey, bool)) -> (InstanceId, u32, StepPath, bool) {
    (entry.0.instance, entry.0.start_s, entry.0.step.clone(), entry.1)
}

fn number(digits: &str) -> Option<String> {
    match check(AttributeValue::N(digits.to_owned()), "number") {
        Ok(AttributeValue::N(plain)) => Some(plain),
        _ => None,
    }
}

proptest! {
    /// A step path that was written, as bytes or as text, reads the same.
    #[test]
    fn step_paths_come_back(path in path()) {
        prop_assert_eq!(StepPath::from_bytes(&path.to_bytes()), Some(path.clone()));
        prop_assert_eq!(path.to_string().parse().ok(), Some(path));
    }

    /// Bytes and texts that can be read are those that would be written: no path has two names.
    #[test]
    fn step_paths_have_one_name(bytes in vec(prop_oneof![Just(0x80_u8), Just(0), any::<u8>()], 0..6), text in "[+0-9.]{0,5}") {
        if let Some(path) = StepPath::from_bytes(&bytes) {
            prop_assert_eq!(path.to_bytes(), bytes);
        }
        if let Ok(path) = text.parse::<StepPath>() {
            prop_assert_eq!(path.to_string(), text);
        }
    }

    /// No two steps are before each other, and none is before itself.
    #[test]
    fn the_order_of_the_program_is_strict(one in path(), other in path()) {
        prop_assert!(!one.precedes(&one));
        prop_assert!(!(one.precedes(&other) && other.precedes(&one)));
    }

    /// An instance id that was written reads the same.
    #[test]
    fn instance_ids_come_back(id in instance()) {
        prop_assert_eq!(id.to_string().parse(), Ok(id));
    }

    /// Entries of row logs are equal only if instance, start, step and outcome are.
    #[test]
    fn entries_are_one_to_one(one in entry(), other in entry()) {
        prop_assert_eq!(one.0.entry(one.1) == other.0.entry(other.1), parts(&one) == parts(&other));
        prop_assert_eq!(one.0.find(&[one.0.entry(one.1)]), Some(one.1));
    }

    /// The owner of a lock reads as it was written, and no two tries have the same bytes.
    #[test]
    fn owners_are_one_to_one(one in owner(), other in owner()) {
        prop_assert_eq!(TransactionId::from_bytes(&one.to_bytes()), Some(one.clone()));
        prop_assert_eq!(one.to_bytes() == other.to_bytes(), one == other);
    }

    /// Of two transactions at most one is older, and the tries of one are of an age. The age is start, instance, step.
    #[test]
    fn age_is_an_order(one in owner(), other in owner()) {
        let (first, second) = (one.is_older_than(&other.to_bytes()), other.is_older_than(&one.to_bytes()));
        prop_assert!(!(first && second));
        let step = |id: &TransactionId| id.path.split_last().map(|(_, step)| step.to_vec());
        let age = (one.start_ms, one.instance, step(&one)).cmp(&(other.start_ms, other.instance, step(&other)));
        prop_assert_eq!((first, second), (age == Ordering::Less, age == Ordering::Greater));
    }

    /// Ids that are derived differ by instance, step and purpose.
    #[test]
    fn derived_ids_are_distinct(one in (instance(), path()), other in (instance(), path())) {
        prop_assert_eq!(one.0.callee(&one.1) == other.0.callee(&other.1), one == other);
        prop_assert_ne!(one.0.derive(b"call", &one.1), one.0.derive(b"uuid", &one.1));
    }

    /// Lists of parts that differ have other digests, also where they are the same when written one after the other.
    #[test]
    fn digests_know_where_parts_end(parts in vec("[ab]{0,2}", 0..4), others in vec("[ab]{0,2}", 0..4)) {
        let of = |parts: &[String]| digest(&parts.iter().map(String::as_bytes).collect::<Vec<_>>());
        prop_assert_eq!(of(&parts) == of(&others), parts == others);
    }

    /// Idempotency keys name one instance for each key and function.
    #[test]
    fn idempotency_keys_are_distinct(one in ("[ab]{1,2}", "[ab]{1,2}", "[ab]{0,2}"), other in ("[ab]{1,2}", "[ab]{1,2}", "[ab]{0,2}")) {
        let id = |(service, function, key): &(String, String, String)| InstanceId::from_idempotency_key(service, function, key);
        prop_assert_eq!(id(&one) == id(&other), one == other);
    }

    /// Rows have the same name only if table and key are the same.
    #[test]
    fn names_of_rows_are_distinct(one in ("[ab]{3}", key()), other in ("[ab]{3}", key())) {
        let same = one.0 == other.0 && canonical_all(&one.1) == canonical_all(&other.1);
        prop_assert_eq!(row_name(&one.0, &one.1) == row_name(&other.0, &other.1), same);
        prop_assert_eq!(canonical_all(&one.1) == canonical_all(&other.1), one.1 == other.1);
    }

    /// Equal numbers are one key, however many zeros they are spelled with, and a key is spelled in one way.
    #[test]
    fn equal_numbers_are_one_key(digits in digits(), zeros in 0..4_usize) {
        let plain = number(&digits).expect("a number");
        let padded = if digits.contains('.') { format!("{digits}{}", "0".repeat(zeros)) } else { digits.clone() };
        let padded = match padded.strip_prefix('-') {
            Some(magnitude) => format!("-{}{magnitude}", "0".repeat(zeros)),
            None => format!("{}{padded}", "0".repeat(zeros)),
        };
        prop_assert_eq!(number(&padded), Some(plain.clone()));
        prop_assert_eq!(number(&plain), Some(plain));
    }

    /// Different whole numbers are different keys; what is no number is no key.
    #[test]
    fn different_numbers_are_different_keys(one in any::<i64>(), other in any::<i64>(), text in text()) {
        prop_assert_eq!(number(&one.to_string()) == number(&other.to_string()), one == other);
        prop_assert!(number(&text).is_none() || text.parse::<f64>().is_ok());
    }
}
