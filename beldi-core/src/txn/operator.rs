//! What an operator can do with a transaction whose coordinator does not go on.
//!
//! Invariant: an operator decides nothing that is decided. Rolling back is an attempt of the coordinator like any
//! other, whose decision is put on the condition that there is none.

use super::TransactionId;
use crate::attributes::get_string;
use crate::checksum;
use crate::client::ClientError;
use crate::environment::{Environment, journal_table};
use crate::error::{InvokeError, Problem, ProblemKind};
use crate::ids::InstanceId;
use crate::intent;
use crate::invoke::{Delivery, Invocation};
use crate::store::{Attributes, GetItem};

/// Ends the transaction that an instance is in. Gives whether there is such an instance that is not done.
pub(crate) async fn roll_back(
    environment: &Environment,
    service: &str,
    instance: InstanceId,
) -> Result<bool, ClientError> {
    let get = GetItem { table: journal_table(service), key: intent::key(instance), consistent: true };
    let Some(intent) = environment.store.get(get).await?.filter(|intent| !intent.contains_key("done")) else {
        return Ok(false);
    };
    checksum::verify(&intent).map_err(|damage| {
        let function = get_string(&intent, "function").unwrap_or_default();
        ClientError::Refused(Box::new(damage.problem(service, function, instance)))
    })?;
    if let Some(joined) = intent::transaction_of(&intent) {
        return Err(ClientError::Refused(Box::new(participates(service, instance, &intent, &joined.id))));
    }
    let invocation = Invocation {
        service: service.to_owned(),
        function: get_string(&intent, "function").unwrap_or_default().to_owned(),
        instance,
        arguments: get_string(&intent, "arguments").unwrap_or("null").to_owned(),
        caller: get_string(&intent, "caller").map(str::to_owned),
        delivery: Delivery::RollBack,
        transaction: None,
        contract: None,
    };
    match environment.invoker.invoke(invocation).await {
        Ok(_) => Ok(true),
        Err(InvokeError::Refused(problem)) => Err(ClientError::Refused(problem)),
        Err(InvokeError::Unavailable(message)) => Err(ClientError::Unavailable { instance, message }),
    }
}

/// Only a coordinator decides.
fn participates(service: &str, instance: InstanceId, intent: &Attributes, coordinator: &TransactionId) -> Problem {
    Problem {
        kind: ProblemKind::TransactionRefused,
        detail: format!(
            "{service} instance {instance} takes part in the transaction of {} instance {}: roll that back",
            coordinator.service, coordinator.instance
        ),
        service: service.to_owned(),
        function: get_string(intent, "function").unwrap_or_default().to_owned(),
        instance: Some(instance),
        step: None,
    }
}
