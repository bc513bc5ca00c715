//! Messages of SQS, each of which calls a function.
//!
//! Invariants: a message that fails holds up no other of its batch, but those of its own message group; none is lost:
//! what can never be done is reported as failed too, so that the queue's redrive policy takes it out.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use futures_util::future::join_all;
use serde_json::value::RawValue;

use super::call::{json, perform};
use super::event::{DirectCall, LambdaError};
use super::here::Here;
use crate::error::ProblemKind;
use crate::invoke::Delivery;

/// Handles a batch. Messages of one group one after another, all else at the same time.
pub(super) async fn answer(here: &Here, batch: SqsEvent) -> Result<Box<RawValue>, LambdaError> {
    let mut groups: Vec<(Option<String>, Vec<SqsMessage>)> = Vec::new();
    for message in batch.records {
        let group = message.attributes.get("MessageGroupId").cloned();
        match groups.iter_mut().find(|(known, _)| group.is_some() && *known == group) {
            Some((_, messages)) => messages.push(message),
            None => groups.push((group, vec![message])),
        }
    }
    let failed = join_all(groups.into_iter().map(|(_, messages)| group(here, messages))).await;
    let mut response = SqsBatchResponse::default();
    for message in failed.into_iter().flatten() {
        response.add_failure(message);
    }
    json(&response)
}

/// Handles the messages of a group in their order. Gives those that are to come again.
async fn group(here: &Here, messages: Vec<SqsMessage>) -> Vec<String> {
    let mut failed = Vec::new();
    let mut blocked = false;
    for message in messages {
        let id = message.message_id.clone().unwrap_or_default();
        if !blocked {
            let Err(error) = handle(here, message).await else { continue };
            tracing::warn!(message = id, kind = error.kind, %error, "a message failed");
            // What can never be done is in nobody's way; what can be done later must come before what follows it.
            blocked = error.may_pass();
        }
        failed.push(id);
    }
    failed
}

async fn handle(here: &Here, message: SqsMessage) -> Result<(), LambdaError> {
    let invalid = |detail: String| LambdaError::new(ProblemKind::InvalidArguments, detail);
    let body = message.body.unwrap_or_default();
    let call: DirectCall = serde_json::from_str(&body).map_err(|error| {
        invalid(format!("a message is `{{\"function\": .., \"arguments\": ..}}`, and this one is not: {error}"))
    })?;
    let id = message.message_id.ok_or_else(|| invalid("the message has no id".to_owned()))?;
    let queue = message.event_source_arn.unwrap_or_default();
    let again = message.attributes.get("ApproximateReceiveCount").is_some_and(|count| count != "1");
    let delivery = if again { Delivery::Repeat } else { Delivery::First };
    perform(here, call, &format!("{queue} {id}"), delivery).await.map(drop)
}
