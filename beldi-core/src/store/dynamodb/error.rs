//! The SDK's errors as ours.

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{BuildError, ProvideErrorMetadata, SdkError};

use super::values::{SdkItem, from_sdk};
use crate::store::{StoreError, translate};

/// The error of a request to `table`, as far as all operations share it.
pub(super) fn store_error<E>(error: &SdkError<E, HttpResponse>, table: &str) -> StoreError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let status = error.raw_response().map_or(0, |response| response.status().as_u16());
    let SdkError::ServiceError(failed) = &error else {
        let message = chain(error);
        return match error {
            SdkError::ConstructionFailure(_) => StoreError::Invalid { table: table.to_owned(), message },
            // Missing credentials are among these. They look like credentials that could not be fetched
            // just now, and it is better to try again in vain than to give up for a passing fault.
            _ => StoreError::Transient { message },
        };
    };
    let code = failed.err().code().unwrap_or("an error without a code");
    let message = failed.err().message().unwrap_or(code).to_owned();
    answered(code, message, status, table)
}

/// The error and its causes, in words.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// The error of an answer that DynamoDB gave.
fn answered(code: &str, message: String, status: u16, table: &str) -> StoreError {
    let table = table.to_owned();
    match code {
        "ProvisionedThroughputExceededException"
        | "ThrottlingException"
        | "RequestLimitExceeded"
        | "LimitExceededException"
        | "TransactionConflictException"
        | "TransactionInProgressException"
        | "ReplicatedWriteConflictException" => StoreError::Throttled { message },
        "AccessDeniedException"
        | "UnrecognizedClientException"
        | "InvalidSignatureException"
        | "IncompleteSignatureException"
        | "MissingAuthenticationTokenException"
        | "ExpiredTokenException" => StoreError::Denied { message },
        "ResourceNotFoundException" => StoreError::TableNotFound { table, message },
        "ResourceInUseException" => StoreError::TableExists { table },
        "ConditionalCheckFailedException" => StoreError::ConditionFailed { item: None },
        "ValidationException" => translate::refused(table, message),
        _ if status >= 500 => StoreError::Transient { message: format!("{code}: {message}") },
        _ => StoreError::Invalid { table, message: format!("{code}: {message}") },
    }
}

/// A failed condition, with the item as it was.
pub(super) fn condition_failed(item: Option<SdkItem>) -> StoreError {
    StoreError::ConditionFailed { item: item.map(from_sdk).filter(|item| !item.is_empty()) }
}

/// A request that the SDK does not build, because a part is missing.
pub(super) fn incomplete(table: &str) -> impl Fn(BuildError) -> StoreError {
    move |error| StoreError::Invalid { table: table.to_owned(), message: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_tell_whether_to_try_again() {
        let of = |code: &str, status| answered(code, "the message".to_owned(), status, "rooms");
        assert!(matches!(of("ThrottlingException", 400), StoreError::Throttled { .. }));
        assert!(matches!(of("ProvisionedThroughputExceededException", 400), StoreError::Throttled { .. }));
        assert!(matches!(of("InternalServerError", 500), StoreError::Transient { .. }));
        assert!(matches!(of("AccessDeniedException", 400), StoreError::Denied { .. }));
        assert!(
            matches!(of("ResourceNotFoundException", 400), StoreError::TableNotFound { table, .. } if table == "rooms")
        );
        assert!(matches!(of("ItemCollectionSizeLimitExceededException", 400), StoreError::Invalid { .. }));
    }
}
