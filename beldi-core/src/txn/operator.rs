//! What an operator can do with a transaction whose coordinator does not go on.
//!
//! Invariant: an operator decides nothing that is decided. Rolling back is an attempt of the coordinator like any
//! other, whose decision is put on the condition that there is none.

use crate::attributes::get_string;
use crate::client::ClientError;
use crate::environment::{Environment, journal_table};
use crate::error::InvokeError;
use crate::ids::InstanceId;
use crate::intent;
use crate::invoke::{Delivery, Invocation};
use crate::store::GetItem;

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
    let invocation = Invocation {
        service: service.to_owned(),
        function: get_string(&intent, "function").unwrap_or_default().to_owned(),
        instance,
        arguments: get_string(&intent, "arguments").unwrap_or("null").to_owned(),
        caller: get_string(&intent, "caller").map(str::to_owned),
        delivery: Delivery::RollBack,
        transaction: None,
    };
    match environment.invoker.invoke(invocation).await {
        Ok(_) => Ok(true),
        Err(InvokeError::Refused(problem)) => Err(ClientError::Refused(problem)),
        Err(InvokeError::Unavailable(message)) => Err(ClientError::Unavailable { instance, message }),
    }
}
