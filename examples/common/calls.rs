//! Calls that are made again until there is an answer, as patient clients do.
//!
//! The client itself tries a few times. Under 30 % crashes that is not always enough: a call of many steps, each
//! of which calls others, may die more often than that.

use beldi::{Call, Client, ClientError, Function, InstanceId, PageToken};

use crate::services::Listing;

/// How often to ask for what has no answer yet.
const PATIENCE: u32 = 50;

/// Calls a function until it answers. All these calls have one key, and so are one execution.
pub(crate) async fn answer<F: Function>(
    client: &Client,
    key: &str,
    call: impl Fn() -> Call<F>,
) -> Result<F::Output, ClientError> {
    let mut asked = 1;
    loop {
        match client.call(call()).idempotency_key(key).await {
            Err(ClientError::Unavailable { .. }) if asked < PATIENCE => asked += 1,
            answer => return answer,
        }
    }
}

/// Starts a function, without waiting for what it gives.
pub(crate) async fn start<F: Function>(
    client: &Client,
    key: &str,
    call: impl Fn() -> Call<F>,
) -> Result<InstanceId, ClientError> {
    let mut asked = 1;
    loop {
        match client.start(call()).idempotency_key(key).await {
            Err(ClientError::Unavailable { .. }) if asked < PATIENCE => asked += 1,
            started => return started,
        }
    }
}

/// Calls a `read_only` function until it answers. That needs no key: to ask again changes nothing.
pub(crate) async fn observe<F: Function>(
    client: &Client,
    call: impl Fn() -> Call<F>,
) -> Result<F::Output, ClientError> {
    let mut asked = 1;
    loop {
        match client.call(call()).await {
            Err(ClientError::Unavailable { .. }) if asked < PATIENCE => asked += 1,
            answer => return answer,
        }
    }
}

/// All that a function lists page by page.
pub(crate) async fn all<T, F: Function<Output = Listing<T>>>(
    client: &Client,
    list: impl Fn(Option<PageToken>) -> Call<F>,
) -> Result<Vec<T>, ClientError> {
    let mut items = Vec::new();
    let mut next = None;
    loop {
        let page = observe(client, || list(next.clone())).await?;
        items.extend(page.items);
        next = page.next;
        if next.is_none() {
            return Ok(items);
        }
    }
}
