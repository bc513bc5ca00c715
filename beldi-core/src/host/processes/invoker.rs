//! Calls from the host's own client: events for a worker.

use serde_json::json;

use super::Fleet;
use super::pool::Outcome;
use crate::error::InvokeError;
use crate::host::lambda::Told;
use crate::invoke::{Invocation, InvokeFuture, Invoker};

impl Invoker for Fleet {
    fn invoke(&self, invocation: Invocation) -> InvokeFuture<'_> {
        Box::pin(async move {
            let event = json!({ "beldi": { "invocation": invocation } }).to_string();
            match self.event(event.into()).await {
                Outcome::Answered(payload) => Told::read(&invocation, &payload),
                Outcome::Failed(payload) => {
                    Err(InvokeError::Unavailable(String::from_utf8_lossy(&payload).into_owned()))
                }
            }
        })
    }
}
