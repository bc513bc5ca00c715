//! Conditions and changes, evaluated here as DynamoDB evaluates them.
//!
//! A row that a transaction holds cannot change, so what DynamoDB would do is known before it is asked. This is
//! what reads of a transaction's own writes rest on.

use std::cmp::Ordering;
use std::collections::HashSet;

use bigdecimal::BigDecimal;
use serde_dynamo::AttributeValue;

use crate::attributes::{canonical, is_empty_range};
use crate::condition::Expression;
use crate::daal::Action;
use crate::error::Fault;
use crate::key::plain_number;
use crate::store::{Attributes, StoreError};

/// Whether a condition holds of a row; `None` is a row that does not exist.
pub(crate) fn holds(condition: &Expression, row: Option<&Attributes>) -> bool {
    let attribute = |name: &str| row.and_then(|row| row.get(name));
    match condition {
        Expression::Compare(name, operator, value) => attribute(name).map_or(*operator == "<>", |attribute| {
            let (equal, order) = (equals(attribute, value), compare(attribute, value));
            match *operator {
                "=" => equal,
                "<>" => !equal,
                "<" => order == Some(Ordering::Less),
                "<=" => matches!(order, Some(Ordering::Less | Ordering::Equal)),
                ">" => order == Some(Ordering::Greater),
                ">=" => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
                _ => false,
            }
        }),
        Expression::Between(name, low, high) => attribute(name).is_some_and(|attribute| {
            let at_least = |low, high| matches!(compare(low, high), Some(Ordering::Greater | Ordering::Equal));
            !is_empty_range(low, high) && at_least(attribute, low) && at_least(high, attribute)
        }),
        Expression::Function("attribute_exists", name, _) => attribute(name).is_some(),
        Expression::Function("attribute_not_exists", name, _) => attribute(name).is_none(),
        Expression::Function("begins_with", name, Some(prefix)) => match (attribute(name), prefix) {
            (Some(AttributeValue::S(text)), AttributeValue::S(prefix)) => text.starts_with(prefix.as_str()),
            (Some(AttributeValue::B(bytes)), AttributeValue::B(prefix)) => bytes.starts_with(prefix),
            _ => false,
        },
        Expression::Function("contains", name, Some(part)) => {
            attribute(name).is_some_and(|attribute| contains(attribute, part))
        }
        Expression::Function(..) => false,
        Expression::Exists(_) => row.is_some(),
        Expression::And(left, right) => holds(left, row) && holds(right, row),
        Expression::Or(left, right) => holds(left, row) || holds(right, row),
        Expression::Not(inner) => !holds(inner, row),
    }
}

/// The attributes of a row after one update, all of whose actions see the row as it was before.
pub(super) fn apply(table: &str, before: &Attributes, actions: &[Action]) -> Result<Attributes, Fault> {
    let refuse = |message: String| Fault::Unstorable(StoreError::Invalid { table: table.to_owned(), message });
    let mut after = before.clone();
    let mut changed = HashSet::new();
    for action in actions {
        let name = action.attribute();
        if !changed.insert(name) {
            return Err(refuse(format!("attribute `{name}` is changed twice in one update")));
        }
        let value = match action {
            Action::Set(_, value) => Some(value.clone()),
            Action::SetIfNotExists(_, value) => Some(before.get(name).unwrap_or(value).clone()),
            Action::Append(_, AttributeValue::L(values)) => match before.get(name) {
                None => Some(AttributeValue::L(values.clone())),
                Some(AttributeValue::L(list)) => Some(AttributeValue::L(list.iter().chain(values).cloned().collect())),
                Some(_) => return Err(refuse(format!("attribute `{name}` is no list to append to"))),
            },
            Action::Append(..) => return Err(refuse(format!("no list is appended to `{name}`"))),
            Action::Add(_, amount) => {
                let sum = add(before.get(name), amount);
                Some(sum.ok_or_else(|| refuse(format!("attribute `{name}` is no number to add to, or overflows")))?)
            }
            Action::Remove(_) => None,
        };
        match value {
            Some(value) => after.insert(name.to_owned(), value),
            None => after.remove(name),
        };
    }
    Ok(after)
}

fn add(before: Option<&AttributeValue>, amount: &AttributeValue) -> Option<AttributeValue> {
    let before = before.map_or_else(|| Some(BigDecimal::from(0)), decimal)?;
    let sum = (before + decimal(amount)?).normalized();
    plain_number(&sum.to_plain_string()).map(AttributeValue::N)
}

fn decimal(value: &AttributeValue) -> Option<BigDecimal> {
    match value {
        AttributeValue::N(digits) => digits.parse().ok(),
        _ => None,
    }
}

fn equals(left: &AttributeValue, right: &AttributeValue) -> bool {
    match (left, right) {
        (AttributeValue::N(_), AttributeValue::N(_)) => decimal(left) == decimal(right),
        (AttributeValue::L(left), AttributeValue::L(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| equals(left, right))
        }
        (AttributeValue::M(left), AttributeValue::M(right)) => {
            left.len() == right.len()
                && left.iter().all(|(name, value)| right.get(name).is_some_and(|other| equals(value, other)))
        }
        (AttributeValue::Ns(left), AttributeValue::Ns(right)) => {
            let numbers =
                |set: &[String]| set.iter().filter_map(|n| n.parse::<BigDecimal>().ok()).collect::<HashSet<_>>();
            numbers(left) == numbers(right)
        }
        _ => {
            let bytes = |value| {
                let mut bytes = Vec::new();
                canonical(value, &mut bytes);
                bytes
            };
            bytes(left) == bytes(right)
        }
    }
}

fn compare(left: &AttributeValue, right: &AttributeValue) -> Option<Ordering> {
    match (left, right) {
        (AttributeValue::N(_), AttributeValue::N(_)) => Some(decimal(left)?.cmp(&decimal(right)?)),
        (AttributeValue::S(left), AttributeValue::S(right)) => Some(left.as_bytes().cmp(right.as_bytes())),
        (AttributeValue::B(left), AttributeValue::B(right)) => Some(left.cmp(right)),
        _ => None,
    }
}

fn contains(whole: &AttributeValue, part: &AttributeValue) -> bool {
    match (whole, part) {
        (AttributeValue::S(text), AttributeValue::S(part)) => text.contains(part.as_str()),
        (AttributeValue::B(bytes), AttributeValue::B(part)) => {
            part.is_empty() || bytes.windows(part.len()).any(|window| window == part)
        }
        (AttributeValue::Ss(set), AttributeValue::S(part)) => set.contains(part),
        (AttributeValue::Bs(set), AttributeValue::B(part)) => set.contains(part),
        (AttributeValue::L(list), part) => list.iter().any(|value| equals(value, part)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attributes::{number, string};

    fn row() -> Attributes {
        Attributes::from([("free".into(), number(3)), ("name".into(), string("Ritz"))])
    }

    #[test]
    fn numbers_are_compared_by_value_and_texts_by_bytes() {
        let compare =
            |name: &str, operator, value| holds(&Expression::Compare(name.into(), operator, value), Some(&row()));
        assert!(compare("free", "=", AttributeValue::N("3.0".into())));
        assert!(compare("free", "<", number(10)) && compare("free", ">=", AttributeValue::N("3e0".into())));
        assert!(compare("name", ">", string("Ritt")) && !compare("name", "<", number(1)));
        assert!(compare("missing", "<>", number(1)) && !compare("missing", "=", number(1)));
    }

    #[test]
    fn an_update_sees_the_row_as_it_was() {
        let actions = [
            Action::Add("free".into(), AttributeValue::N("-0.5".into())),
            Action::SetIfNotExists("name".into(), string("other")),
            Action::Append("tags".into(), AttributeValue::L(vec![string("new")])),
        ];
        let after = apply("rooms", &row(), &actions).expect("a row");
        assert_eq!(after["free"], AttributeValue::N("2.5".into()));
        assert_eq!(after["name"], string("Ritz"));
        assert_eq!(after["tags"], AttributeValue::L(vec![string("new")]));
        assert!(apply("rooms", &row(), &[Action::Add("name".into(), number(1))]).is_err(), "no number");
        let twice = [Action::Add("free".into(), number(1)), Action::Remove("free".into())];
        assert!(apply("rooms", &row(), &twice).is_err(), "overlapping paths");
    }

    #[test]
    fn sums_are_exact_up_to_what_dynamodb_holds() {
        let add = |digits: &str, amount: &str| {
            add(Some(&AttributeValue::N(digits.into())), &AttributeValue::N(amount.into()))
        };
        let large = "12345678901234567890123456789012345678";
        assert_eq!(add(large, "1"), Some(AttributeValue::N("12345678901234567890123456789012345679".into())));
        assert_eq!(add(large, "0.1"), None, "39 digits");
        let most = format!("9{}", "0".repeat(125));
        assert_eq!(add(&most, "1e124"), Some(AttributeValue::N(format!("91{}", "0".repeat(124)))));
        assert_eq!(add(&most, &most), None, "beyond 10^126");
        assert_eq!(add("1e20", "-1e20"), Some(AttributeValue::N("0".into())));
    }
}
