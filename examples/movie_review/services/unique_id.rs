//! Unique id: makes the names of reviews.

use std::time::UNIX_EPOCH;
use uuid::{Builder, Uuid};

beldi::service! {
    /// Makes the names of reviews.
    pub UniqueId = "unique-id";
}

/// A UUID of version 7. Its first bits are the time, so a list that is sorted by such ids is in the order in which
/// its reviews were written.
#[beldi::function(service = UniqueId, read_only)]
pub async fn make() -> Uuid {
    let age = beldi::now().await.duration_since(UNIX_EPOCH).unwrap_or_default();
    let millis = u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
    let random = beldi::uuid().await.into_bytes();
    let mut tail = [0; 10];
    tail.copy_from_slice(&random[6..]);
    Builder::from_unix_timestamp_millis(millis, &tail).into_uuid()
}
