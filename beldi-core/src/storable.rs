//! What DynamoDB can store, found out before it is asked.
//!
//! Invariant: no write of a transaction that is decided is refused by the store when it is carried out (protocol,
//! section 6). Nor can a value be written that no journal could hold once it is read.

use std::collections::BTreeSet;

use serde_dynamo::AttributeValue;

use crate::daal::Action;
use crate::error::Fault;
use crate::item::IndexEntry;
use crate::key::{self, KeyError, ScalarType, plain_number};
use crate::store::StoreError;

/// How deep values may be nested. DynamoDB allows 32 levels, of which a journal record takes some itself.
pub(crate) const MAX_NESTING: usize = 24;

/// Refuses a change that the table cannot hold, which has these keys and indexes.
pub(crate) fn check(table: &str, keys: &[&str], indexes: &[&IndexEntry], actions: &[Action]) -> Result<(), Fault> {
    for action in actions {
        let name = action.attribute();
        let checked = match action {
            _ if keys.contains(&name) => {
                Err("cannot change: it is in the key of the row. Put another row, and delete this one".to_owned())
            }
            Action::Set(_, value)
            | Action::SetIfNotExists(_, value)
            | Action::Append(_, value)
            | Action::Add(_, value) => {
                check_value(value, MAX_NESTING).and_then(|()| check_index_keys(indexes, name, value))
            }
            Action::Remove(_) => Ok(()),
        };
        if let Err(problem) = checked {
            let message = format!("the value of `{name}` {problem}");
            return Err(Fault::Unstorable(StoreError::Invalid { table: table.to_owned(), message }));
        }
    }
    Ok(())
}

/// What keeps a value from being a key of the indexes that have this attribute: the key of an index is held to the same
/// as the key of a table.
fn check_index_keys(indexes: &[&IndexEntry], name: &str, value: &AttributeValue) -> Result<(), String> {
    for index in indexes {
        let is_sort = index.sort_key == Some(name);
        if index.partition_key != name && !is_sort {
            continue;
        }
        let types = (index.key_types)();
        let expected = if is_sort { types.sort } else { types.partition };
        let checked =
            key::check(value.clone(), "").and_then(|key| if is_sort { key::check_sort(key) } else { Ok(key) });
        let problem = match checked {
            Ok(key) if expected.is_ok_and(|expected| Some(expected) == scalar_type_of(&key)) => continue,
            Ok(_) => "has another type".to_owned(),
            Err(KeyError::Empty { .. }) => "is empty".to_owned(),
            Err(KeyError::Type { stored_as, .. }) => format!("is {stored_as}"),
            Err(KeyError::TooLong { bytes }) => format!("has {bytes} bytes"),
            Err(KeyError::Number { digits, .. }) => format!("is {digits}"),
            Err(KeyError::Encoding { message, .. }) => message,
        };
        return Err(format!("{problem}, which no key of index `{}` can be", index.name));
    }
    Ok(())
}

fn scalar_type_of(key: &AttributeValue) -> Option<ScalarType> {
    match key {
        AttributeValue::S(_) => Some(ScalarType::String),
        AttributeValue::N(_) => Some(ScalarType::Number),
        AttributeValue::B(_) => Some(ScalarType::Binary),
        _ => None,
    }
}

/// What keeps a value from being stored.
fn check_value(value: &AttributeValue, levels: usize) -> Result<(), String> {
    let Some(levels) = levels.checked_sub(1) else {
        return Err(format!("is nested deeper than {MAX_NESTING} levels"));
    };
    let number = |digits: &String| match plain_number(digits) {
        Some(_) => Ok(()),
        None => Err(format!("has the number {digits}, and DynamoDB knows those of 38 digits up to 10^126")),
    };
    match value {
        AttributeValue::N(digits) => number(digits),
        AttributeValue::Ns(set) => set
            .iter()
            .try_for_each(number)
            .and_then(|()| check_set(set.iter().filter_map(|digits| plain_number(digits)))),
        AttributeValue::Ss(set) => check_set(set.iter()),
        AttributeValue::Bs(set) => check_set(set.iter()),
        AttributeValue::M(map) if map.contains_key("") => Err("has a member without a name".to_owned()),
        AttributeValue::M(map) => map.values().try_for_each(|value| check_value(value, levels)),
        AttributeValue::L(list) => list.iter().try_for_each(|value| check_value(value, levels)),
        AttributeValue::S(_) | AttributeValue::B(_) | AttributeValue::Bool(_) | AttributeValue::Null(_) => Ok(()),
    }
}

fn check_set<T: Ord>(members: impl Iterator<Item = T>) -> Result<(), String> {
    let (mut all, mut distinct) = (0, BTreeSet::new());
    for member in members {
        all += 1;
        distinct.insert(member);
    }
    match (all, distinct.len()) {
        (0, _) => Err("has an empty set, and DynamoDB knows none".to_owned()),
        (all, distinct) if all != distinct => Err("has a set with a member twice".to_owned()),
        _ => Ok(()),
    }
}

/// Whether a value is nested deeper than so many levels.
pub(crate) fn is_too_deep(value: &AttributeValue, levels: usize) -> bool {
    fn reaches(value: &AttributeValue, levels: usize) -> bool {
        match value {
            _ if levels == 0 => true,
            AttributeValue::M(map) => map.values().any(|value| reaches(value, levels - 1)),
            AttributeValue::L(list) => list.iter().any(|value| reaches(value, levels - 1)),
            _ => false,
        }
    }
    reaches(value, levels)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attributes::{number, string};

    fn refused(value: AttributeValue) -> bool {
        check("rooms", &["number"], &[], &[Action::Set("it".to_owned(), value)]).is_err()
    }

    fn nested(levels: usize) -> AttributeValue {
        (1..levels).fold(string(""), |inner, _| AttributeValue::L(vec![inner]))
    }

    #[test]
    fn values_that_dynamodb_does_not_know_are_refused() {
        for digits in ["NaN", "inf", "-inf", "123456789012345678901234567890123456789"] {
            assert!(refused(AttributeValue::N(digits.to_owned())), "{digits}");
            assert!(refused(AttributeValue::L(vec![AttributeValue::N(digits.to_owned())])), "in a list: {digits}");
        }
        assert!(refused(AttributeValue::N(format!("1{}", "0".repeat(126)))));
        assert!(refused(AttributeValue::Ss(Vec::new())) && refused(AttributeValue::Ns(vec!["NaN".to_owned()])));
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        assert!(refused(AttributeValue::Ss(texts(&["a", "a"]))) && refused(AttributeValue::Ns(texts(&["1", "1.0"]))));
        assert!(refused(AttributeValue::Bs(vec![vec![1], vec![1]])) && !refused(AttributeValue::Ss(texts(&["", "a"]))));
        assert!(refused(AttributeValue::M([(String::new(), string("a"))].into())));
        assert!(!refused(number(-1.5)) && !refused(string("")) && !refused(AttributeValue::L(Vec::new())));
    }

    #[test]
    fn values_are_as_deep_as_a_journal_can_hold() {
        for (levels, is_refused) in [(1, false), (MAX_NESTING, false), (MAX_NESTING + 1, true)] {
            assert_eq!(refused(nested(levels)), is_refused, "{levels}");
            assert_eq!(is_too_deep(&nested(levels), MAX_NESTING), is_refused, "{levels}");
        }
    }
}
