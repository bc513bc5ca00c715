//! The way to other services: AWS Lambda's own `Invoke`.
//!
//! Invariant: an answer that is not the callee's own leaves open whether it ran, and is told so.

use std::collections::BTreeMap;

use aws_config::SdkConfig;
use aws_sdk_lambda::Client;
use aws_sdk_lambda::config::retry::RetryConfig;
use aws_sdk_lambda::config::timeout::TimeoutConfig;
use aws_sdk_lambda::error::DisplayErrorContext;
use aws_sdk_lambda::operation::invoke::InvokeOutput;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;
use serde_json::json;

use super::call::Told;
use super::variables::FUNCTIONS;
use crate::error::InvokeError;
use crate::invoke::{Invocation, InvokeFuture, Invoker, TriggerFuture};
use crate::store::CONNECT_TIMEOUT;

/// Calls other services, each an AWS Lambda function.
#[derive(Debug, Clone)]
pub struct LambdaInvoker {
    client: Client,
    functions: BTreeMap<String, String>,
}

impl LambdaInvoker {
    /// An invoker that knows which Lambda function runs which service, by name or ARN, with a qualifier or without.
    ///
    /// It sends each request once, because beldi itself tries again, and waits as long as its caller does.
    pub fn new(config: &SdkConfig, functions: BTreeMap<String, String>) -> Self {
        let config = aws_sdk_lambda::config::Builder::from(config)
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).build())
            .build();
        Self { client: Client::from_conf(config), functions }
    }

    async fn send(&self, invocation: &Invocation, kind: InvocationType) -> Result<InvokeOutput, InvokeError> {
        let service = &invocation.service;
        let unavailable = |why: String| InvokeError::Unavailable(format!("the service {service} {why}"));
        let Some(function) = self.functions.get(service) else {
            return Err(unavailable(format!("is not in {FUNCTIONS}: deploy a template that knows of this call")));
        };
        let event = json!({ "beldi": { "invocation": invocation } });
        let payload = Blob::new(event.to_string());
        let sent = self.client.invoke().function_name(function).invocation_type(kind).payload(payload).send().await;
        sent.map_err(|error| unavailable(format!("could not be invoked as {function}: {}", DisplayErrorContext(error))))
    }
}

impl Invoker for LambdaInvoker {
    fn invoke(&self, invocation: Invocation) -> InvokeFuture<'_> {
        Box::pin(async move {
            let output = self.send(&invocation, InvocationType::RequestResponse).await?;
            let payload = output.payload.map(Blob::into_inner).unwrap_or_default();
            if let Some(kind) = output.function_error {
                let Invocation { service, function, instance, .. } = &invocation;
                let (name, detail) = (format!("{service}/{function} {instance}"), String::from_utf8_lossy(&payload));
                return Err(InvokeError::Unavailable(format!("the attempt of {name} died ({kind}): {detail}")));
            }
            Told::read(&invocation, &payload)
        })
    }

    fn trigger(&self, invocation: Invocation) -> TriggerFuture<'_> {
        Box::pin(async move { self.send(&invocation, InvocationType::Event).await.map(drop) })
    }
}
