//! What the implementations of the store share in turning DynamoDB's answers into ours.
//!
//! DynamoDB names some errors only in the text of the message. Both engines use its words, so they are
//! read in this one place.

use super::{KeyAttribute, KeySchema, StoreError, TransactWrite};
use crate::key::ScalarType;

/// The tables of a transaction, one for each write.
pub(super) fn tables(request: &TransactWrite) -> Vec<String> {
    request.writes.iter().map(|write| write.table().to_owned()).collect()
}

/// Tables as one name, for errors that do not say which of them is meant.
pub(super) fn joined(tables: &[String]) -> String {
    let mut distinct: Vec<&str> = tables.iter().map(String::as_str).collect();
    distinct.sort_unstable();
    distinct.dedup();
    distinct.join(", ")
}

/// The error of a `ValidationException`.
pub(super) fn refused(table: String, message: String) -> StoreError {
    if message.contains("Item size") && message.contains("maximum allowed size") {
        StoreError::ItemTooLarge { table }
    } else if message.contains("does not have the specified index") {
        StoreError::TableNotFound { table, message }
    } else {
        StoreError::Invalid { table, message }
    }
}

/// The code and the message of one write of a transaction; the code is `None` or `"None"` where that
/// write was not the reason.
pub(super) type Reason = (Option<String>, Option<String>);

/// The error of a `TransactionCanceledException`.
///
/// A transaction that only lost a race, or met a throttle, can be sent again as it is. One that DynamoDB
/// refuses for what one write says is reported like that write alone.
pub(super) fn cancelled(tables: &[String], reasons: &[Reason]) -> StoreError {
    let failed = |code: &Option<String>| code.as_deref().filter(|code| *code != "None").map(str::to_owned);
    for (position, (code, message)) in reasons.iter().enumerate() {
        if code.as_deref() == Some("ValidationError") {
            let table = tables.get(position).cloned().unwrap_or_default();
            return refused(table, message.clone().unwrap_or_default());
        }
    }
    let reasons: Vec<_> = reasons.iter().map(|(code, _)| failed(code)).collect();
    let mut codes = reasons.iter().flatten().peekable();
    let passing = ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"];
    if codes.peek().is_some() && codes.all(|code| passing.contains(&code.as_str())) {
        let message = format!("the transactional write was cancelled: {}", list(&reasons));
        return StoreError::Throttled { message };
    }
    StoreError::TransactionCancelled { reasons }
}

fn list(reasons: &[Option<String>]) -> String {
    reasons.iter().map(|code| code.as_deref().unwrap_or("none")).collect::<Vec<_>>().join(", ")
}

/// A key from the names that a description lists and the types that it defines elsewhere.
pub(super) fn key_schema(
    partition: Option<&str>,
    sort: Option<&str>,
    scalar_type: impl Fn(&str) -> Option<ScalarType>,
) -> Option<KeySchema> {
    let attribute = |name: &str| Some(KeyAttribute::new(name, scalar_type(name)?));
    let sort = match sort {
        Some(name) => Some(attribute(name)?),
        None => None,
    };
    Some(KeySchema { partition: attribute(partition?)?, sort })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(code: &str) -> Reason {
        (Some(code.to_owned()), Some(format!("{code} it is")))
    }

    #[test]
    fn a_cancelled_transaction_says_what_its_writes_say() {
        let tables = ["seats".to_owned(), "rooms".to_owned()];
        let conflict = cancelled(&tables, &[reason("None"), reason("TransactionConflict")]);
        assert!(matches!(conflict, StoreError::Throttled { .. }), "{conflict}");

        let mixed = cancelled(&tables, &[reason("ConditionalCheckFailed"), reason("TransactionConflict")]);
        let StoreError::TransactionCancelled { reasons } = mixed else { panic!("{mixed}") };
        assert_eq!(reasons[0].as_deref(), Some("ConditionalCheckFailed"));

        let size = (
            Some("ValidationError".to_owned()),
            Some("Item size to update has exceeded the maximum allowed size".to_owned()),
        );
        let large = cancelled(&tables, &[reason("None"), size]);
        assert!(matches!(&large, StoreError::ItemTooLarge { table } if table == "rooms"), "{large}");

        let empty = cancelled(&tables, &[]);
        assert!(matches!(empty, StoreError::TransactionCancelled { .. }), "{empty}");
    }

    #[test]
    fn a_validation_message_tells_what_is_refused() {
        let index = refused("rooms".to_owned(), "The table does not have the specified index: by_city".to_owned());
        assert!(matches!(index, StoreError::TableNotFound { .. }), "{index}");
        let expression =
            refused("rooms".to_owned(), "Expression size has exceeded the maximum allowed size".to_owned());
        assert!(matches!(expression, StoreError::Invalid { .. }), "{expression}");
    }
}
