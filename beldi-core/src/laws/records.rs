//! Journal records, fingerprints, and what they say of transactions: what was written reads the same.

use std::collections::BTreeMap;

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

use super::values::{attributes, instance, key, path, text, value};
use crate::attempt::{Entry, Fingerprint, Record, What, read_records};
use crate::checksum::sealed;
use crate::contract::Contract;
use crate::daal::Difference;
use crate::ids::StepPath;
use crate::store::Attributes;
use crate::txn::{
    Decision, HeldCall, HeldRow, Outcome, Part, Participant, Prepared, TransactionContext, TransactionId,
};

fn fingerprint() -> impl Strategy<Value = Fingerprint> {
    (text(), any::<u32>(), text(), text(), text(), any::<u64>()).prop_map(|(site, line, kind, target, key, hash)| {
        Fingerprint { site, line, what: What { kind, target, key, hash } }
    })
}

fn steps() -> impl Strategy<Value = BTreeMap<StepPath, Entry>> {
    btree_map(path(), (fingerprint(), value()), 0..4).prop_map(|steps| {
        let entry = |path: StepPath, fingerprint, value| (path.clone(), Entry { path, fingerprint, value });
        steps.into_iter().map(|(path, (fingerprint, value))| entry(path, fingerprint, value)).collect()
    })
}

fn held_row() -> impl Strategy<Value = HeldRow> {
    let attributes = btree_map("[a-z]{1,5}", proptest::option::of(value()), 0..4);
    let change = (attributes, any::<bool>()).prop_map(|(attributes, deletes)| Difference { attributes, deletes });
    let entries = vec(vec(any::<u8>(), 21..25), 1..3);
    ("[a-z]{3,6}", key(), entries, proptest::option::of(change), any::<u64>(), any::<bool>())
        .prop_map(|(table, key, entries, change, epoch, absent)| HeldRow { table, key, entries, change, epoch, absent })
}

fn participant() -> impl Strategy<Value = Participant> {
    let saved_at = proptest::option::of(vec(any::<u32>(), 1..3));
    (text(), text(), instance(), saved_at, any::<bool>()).prop_map(
        |(service, function, instance, saved_at, rolled_back)| Participant {
            service,
            function,
            instance,
            saved_at,
            rolled_back,
        },
    )
}

fn held_call() -> impl Strategy<Value = HeldCall> {
    let contract = proptest::option::of((any::<u64>(), any::<u64>()));
    let contract = contract.prop_map(|some| some.map(|(signature, kept_ms)| Contract { signature, kept_ms }));
    (text(), text(), instance(), text(), text(), any::<u64>(), contract).prop_map(
        |(service, function, instance, arguments, caller, kept_ms, contract)| HeldCall {
            contract,
            service,
            function,
            instance,
            arguments,
            caller,
            kept_ms,
        },
    )
}

fn part() -> impl Strategy<Value = Part> {
    let rows = || vec(held_row(), 0..3);
    let lists = || (rows(), vec(participant(), 0..3), vec(participant(), 0..2), vec(held_call(), 0..2));
    let outcome = prop::sample::select(vec![Outcome::Committed, Outcome::RolledBack, Outcome::Died, Outcome::Failed]);
    prop_oneof![
        (path(), outcome, lists()).prop_map(|(path, outcome, (rows, participants, rolled_back, detached))| {
            Part::Decision(path, Decision { outcome, rows, participants, rolled_back, detached })
        }),
        (path(), rows()).prop_map(|(path, rows)| Part::Saved(path, rows)),
        (text(), lists()).prop_map(|(result, (rows, participants, rolled_back, detached))| {
            Part::Prepared(Prepared { result, rows, participants, rolled_back, detached })
        }),
        Just(Part::Aborted),
    ]
}

fn written(part: &Part) -> Attributes {
    let mut attributes = Attributes::new();
    part.write(&mut attributes);
    attributes
}

fn context() -> impl Strategy<Value = TransactionContext> {
    let id = (text(), instance(), any::<u64>(), vec(any::<u32>(), 0..4));
    (id, any::<u64>(), vec(participant(), 0..3), any::<(bool, bool)>()).prop_map(
        |((service, instance, start_ms, path), max_wait_ms, known, (repeats, tells_below))| {
            let id = TransactionId { service, instance, start_ms, path };
            TransactionContext { id, max_wait_ms, known, repeats, tells_below }
        },
    )
}

proptest! {
    /// A fingerprint that was written reads the same, its line too. Two are equal whatever their lines are, and differ
    /// if anything else does.
    #[test]
    fn fingerprints_come_back(one in fingerprint(), other in fingerprint(), line in any::<u32>()) {
        let again = Fingerprint::from_attribute(&one.to_attribute());
        prop_assert_eq!(again.as_ref(), Some(&one));
        prop_assert_eq!(again.map(|again| again.line), Some(one.line));
        let moved = Fingerprint { line, ..one.clone() };
        prop_assert_eq!(&moved, &one);
        prop_assert_eq!(one == other, (&one.site, &one.what) == (&other.site, &other.what));
    }

    /// The observations, outcomes, announced effect and result of a record read as they were written.
    #[test]
    fn records_come_back(observations in steps(), outcomes in steps(), effect in (path(), fingerprint()), result in text()) {
        let list = |steps: &BTreeMap<_, Entry>| steps.values().cloned().collect();
        let (effect_of, result_of) = (Some(effect.clone()), Some(result.clone()));
        let (observed, acknowledged) = (list(&observations), list(&outcomes));
        let record = Record {
            observations: observed,
            outcomes: acknowledged,
            effect: effect_of,
            result: result_of,
            ..Record::default()
        };
        let mut item = Attributes::new();
        record.write(&mut item);
        let recorded = read_records(&[sealed(item)]).expect("a record");
        let expected: BTreeMap<_, _> = observations.into_iter().chain(outcomes).collect();
        prop_assert_eq!(recorded.steps.len(), expected.len());
        for (path, entry) in expected {
            let found = &recorded.steps[&path];
            prop_assert_eq!((&found.path, &found.fingerprint, &found.value), (&path, &entry.fingerprint, &entry.value));
        }
        prop_assert_eq!(recorded.announced.get(&effect.0), Some(&effect.1));
        prop_assert_eq!(recorded.result, Some(result));
    }

    /// Decisions, saved rows, prepared participants and aborts read as they were written.
    #[test]
    fn parts_come_back(part in part()) {
        let again = Part::read(&written(&part)).expect("a part").expect("a part");
        prop_assert_eq!(written(&again), written(&part));
    }

    /// A transaction context comes over the wire as it was.
    #[test]
    fn contexts_come_back(context in context()) {
        let json = serde_json::to_string(&context).expect("JSON");
        prop_assert_eq!(serde_json::from_str::<TransactionContext>(&json).ok(), Some(context));
    }

    /// An item is what the user wrote, whatever of ours stands beside it.
    #[test]
    fn attributes_of_users_are_kept(item in attributes(), epoch in any::<u64>()) {
        let mut row = item.clone();
        row.insert(crate::daal::EPOCH.to_owned(), crate::attributes::number(epoch));
        prop_assert_eq!(crate::daal::user_attributes(Some(row)), Some(item));
    }
}
