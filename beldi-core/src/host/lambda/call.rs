//! Calls: of services among each other, and of people.

use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use super::event::{DirectCall, LambdaError};
use super::here::Here;
use super::variables::FUNCTIONS;
use crate::client::ClientError;
use crate::error::{InvokeError, Problem, ProblemKind};
use crate::function::FunctionEntry;
use crate::host::http::arguments;
use crate::ids::InstanceId;
use crate::invoke::{Delivery, Invocation};

/// What a service is told of an invocation. An attempt that died is a Lambda error instead.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::host) enum Told {
    /// The JSON of the function's output.
    Result(String),
    /// The function has none to give.
    Refused(Box<Problem>),
}

impl Told {
    /// What the answer to an invocation says.
    pub(in crate::host) fn read(invocation: &Invocation, payload: &[u8]) -> Result<String, InvokeError> {
        match serde_json::from_slice(payload) {
            Ok(Self::Result(result)) => Ok(result),
            Ok(Self::Refused(problem)) => Err(InvokeError::Refused(problem)),
            Err(error) => {
                let Invocation { service, function, instance, .. } = invocation;
                Err(InvokeError::Unavailable(format!(
                    "the answer for {service}/{function} {instance} is unreadable: {error}"
                )))
            }
        }
    }
}

/// Answers an invocation.
pub(super) async fn invocation(here: &Here, invocation: Invocation) -> Result<Box<RawValue>, LambdaError> {
    if !here.runs(&invocation.service) {
        let services = here.services().collect::<Vec<_>>().join(", ");
        let message = format!(
            "this Lambda function runs the service {services}, and was called for {}: its caller's {FUNCTIONS} is wrong",
            invocation.service
        );
        return Err(LambdaError::new(ProblemKind::UnknownFunction, message));
    }
    match here.attempt(invocation).await {
        Ok(result) => json(&Told::Result(result)),
        Err(InvokeError::Refused(problem)) => json(&Told::Refused(problem)),
        Err(error @ InvokeError::Unavailable(_)) => Err(error.into()),
    }
}

/// What somebody who calls a function is told: of a detached call only which instance will run.
#[derive(Serialize)]
struct Returned<'a> {
    instance: InstanceId,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<&'a RawValue>,
}

/// Answers a call. A request that is delivered again is the same call.
pub(super) async fn direct(here: &Here, call: DirectCall, request: &str) -> Result<Box<RawValue>, LambdaError> {
    let (instance, result) = perform(here, call, request, Delivery::First).await?;
    let unreadable = |error| LambdaError::new(ProblemKind::InvalidData, format!("the result is unreadable: {error}"));
    let result = result.as_deref().map(serde_json::from_str::<&RawValue>).transpose().map_err(unreadable)?;
    json(&Returned { instance, result })
}

/// Makes a call, whose instance is named by its idempotency key, or by `key` if it has none. Gives the instance and
/// the JSON of the output, of which a detached call has none yet.
pub(super) async fn perform(
    here: &Here,
    call: DirectCall,
    key: &str,
    delivery: Delivery,
) -> Result<(InstanceId, Option<String>), LambdaError> {
    let DirectCall { function: name, arguments, idempotency_key, detached } = call;
    let function = function(here, &name)?;
    // A function without effects leaves no trace that could be asked for later: it answers at once.
    let delivery = if detached && !function.read_only { Delivery::Accept } else { delivery };
    let body = arguments.as_ref().map_or("", |arguments| arguments.get());
    let arguments = arguments::from_body(function.argument_names, body.as_bytes())
        .map_err(|error| LambdaError::new(ProblemKind::InvalidArguments, error))?;
    let instance =
        InstanceId::from_idempotency_key(function.service, function.name, idempotency_key.as_deref().unwrap_or(key));
    let invocation = Invocation {
        service: function.service.to_owned(),
        function: function.name.to_owned(),
        instance,
        arguments,
        caller: None,
        delivery,
        transaction: None,
        contract: None,
    };
    let client = here.client();
    match tokio::time::timeout(here.time_left(), client.deliver(invocation)).await {
        Ok(Ok(result)) => Ok((instance, (delivery != Delivery::Accept).then_some(result))),
        Ok(Err(ClientError::Refused(problem))) => Err(InvokeError::Refused(problem).into()),
        Ok(Err(error)) => Err(InvokeError::Unavailable(error.to_string()).into()),
        Err(_) => {
            let message = format!("instance {instance} gave no result within the time of this function");
            Err(InvokeError::Unavailable(message).into())
        }
    }
}

/// The function of a name, or of `service/name`, which must be one of this Lambda function's own.
fn function(here: &Here, name: &str) -> Result<&'static FunctionEntry, LambdaError> {
    let found = match name.split_once('/') {
        Some((service, name)) if here.runs(service) => here.inner.registry.function(service, name),
        Some(_) => None,
        None => here.inner.service.as_deref().and_then(|service| here.inner.registry.function(service, name)),
    };
    found.ok_or_else(|| {
        let known = here.inner.registry.functions().filter(|function| here.runs(function.service));
        let known = known.map(|function| format!("{}/{}", function.service, function.name)).collect::<Vec<_>>();
        let message = format!("there is no function `{name}` here: call one of {}", known.join(", "));
        LambdaError::new(ProblemKind::UnknownFunction, message)
    })
}

/// The JSON of an answer.
pub(super) fn json(answer: &impl Serialize) -> Result<Box<RawValue>, LambdaError> {
    to_raw_value(answer).map_err(|error| LambdaError::new(ProblemKind::InvalidData, error))
}
