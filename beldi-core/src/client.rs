//! Calls of functions from ordinary code.

use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;

use crate::attributes::get_string;
use crate::checksum;
use crate::contract::{Contract, with_both_sides};
use crate::data::DataError;
use crate::environment::Environment;
use crate::error::{InvokeError, Problem};
use crate::function::{Function, Handler};
use crate::ids::InstanceId;
use crate::intent::{self, Status};
use crate::invoke::{Delivery, Invocation};
use crate::ops::Call;
use crate::service::Service;
use crate::store::{GetItem, StoreError};
use crate::txn::{self, InDoubt};

/// Calls functions from ordinary code: tests, other servers, command-line tools.
///
/// Each call has an instance id, so that a call that is repeated below the client is a duplicate and not a
/// second execution; give [`idempotency_key`](ClientCall::idempotency_key) to extend that to repetitions
/// of your own.
#[derive(Clone)]
pub struct Client {
    environment: Environment,
}

/// Why a call from ordinary code has no result.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The function refused, or its instance is parked.
    #[error(transparent)]
    Refused(Box<Problem>),
    /// The function could not be run to its end now. If it had begun, it will be finished; the same call
    /// with the same idempotency key gives its result.
    #[error("instance {instance} gave no result yet: {message}")]
    Unavailable {
        /// The instance.
        instance: InstanceId,
        /// The last error.
        message: String,
    },
    /// Arguments or result cannot be encoded.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The function has given a result that is none of the type which the client expects.
    #[error("the result of {service}/{function} instance {instance} is not what the client expects: {error}")]
    UnexpectedResult {
        /// The service.
        service: &'static str,
        /// The function.
        function: &'static str,
        /// The instance.
        instance: InstanceId,
        /// What serde says.
        #[source]
        error: DataError,
    },
    /// The store could not be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a client looks up. A type without the bounds on what it is about, so that one which is not met is one mistake.
pub type ClientFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, ClientError>> + Send + 'a>>;

impl Client {
    /// A client that invokes functions through this environment.
    pub fn new(environment: Environment) -> Self {
        Self { environment }
    }

    /// Calls a function and waits for its result.
    pub fn call<F: Function>(&self, call: Call<F>) -> ClientCall<'_, F> {
        ClientCall { start: self.start(call) }
    }

    /// Starts a function without waiting: when this gives an id, the function will run, exactly once.
    pub fn start<F: Function>(&self, call: Call<F>) -> ClientStart<'_, F> {
        ClientStart { client: self, call, key: None, function: PhantomData }
    }

    /// What the journal says of an instance of function `F`; `None` if it has none.
    pub fn status<F: Handler>(&self, instance: InstanceId) -> ClientFuture<'_, Option<Status>> {
        Box::pin(self.status_of::<F>(instance))
    }

    /// The result of an instance of function `F` that is done; `None` if it is not.
    pub fn result<F: Handler>(&self, instance: InstanceId) -> ClientFuture<'_, Option<F::Output>> {
        Box::pin(async move {
            match self.status_of::<F>(instance).await? {
                Some(Status::Done { result }) => decode::<F>(instance, &result).map(Some),
                _ => Ok(None),
            }
        })
    }

    async fn status_of<F: Handler>(&self, instance: InstanceId) -> Result<Option<Status>, ClientError> {
        let found = look_up(&self.environment, <F::Service as Service>::NAME, instance).await?;
        Ok(found.map(|(_, status)| status))
    }

    /// Lets a parked instance of `service` run again. Gives whether it was parked.
    pub async fn restart(&self, service: &str, instance: InstanceId) -> Result<bool, ClientError> {
        Ok(intent::unpark(&self.environment, service, instance).await?)
    }

    /// All parked instances of a service with their last errors, the longest parked first.
    pub async fn parked(&self, service: &str) -> Result<Vec<(InstanceId, String)>, ClientError> {
        Ok(crate::collector::parked(&self.environment, service).await?)
    }

    /// The participants of a service that have waited for the decision of their transaction longer than an attempt may
    /// take, with who holds their rows, at most 64. Each is resolved at its coordinator: [`restart`](Self::restart)
    /// it, or let it [`roll_back`](Self::roll_back).
    pub async fn in_doubt(&self, service: &str) -> Result<Vec<InDoubt>, ClientError> {
        Ok(txn::in_doubt(&self.environment, service).await?)
    }

    /// Ends the transaction that an instance of `service` is in: one that is undecided is rolled back, with all
    /// participants; one that is decided is completed as it was decided, and nothing can change that. The instance
    /// itself stays as it is, parked or due; one that is in no transaction is run, like any attempt of it. It must be
    /// the coordinator, which [`in_doubt`](Self::in_doubt) names. Gives whether there is such an instance that is not
    /// done.
    ///
    /// # Errors
    ///
    /// A participant could not be told: its rows stay locked, and the call can be repeated.
    pub async fn roll_back(&self, service: &str, instance: InstanceId) -> Result<bool, ClientError> {
        txn::roll_back(&self.environment, service, instance).await
    }

    /// Delivers an invocation until it is answered, a bounded number of times.
    pub(crate) async fn deliver(&self, mut invocation: Invocation) -> Result<String, ClientError> {
        let mut tries = 0;
        loop {
            tries += 1;
            let message = match self.environment.invoker.invoke(invocation.clone()).await {
                Ok(result) => return Ok(result),
                Err(InvokeError::Refused(problem)) => return Err(ClientError::Refused(problem)),
                Err(InvokeError::Unavailable(message)) => message,
            };
            if tries >= self.environment.settings.call_tries {
                return Err(ClientError::Unavailable { instance: invocation.instance, message });
            }
            tokio::time::sleep(self.environment.settings.backoff_after(tries)).await;
            if matches!(invocation.delivery, Delivery::OwnId | Delivery::First) {
                invocation.delivery = Delivery::Repeat;
            }
        }
    }
}

/// What the journal of a service says of an instance, with the name of its function.
pub(crate) async fn look_up(
    environment: &Environment,
    service: &str,
    instance: InstanceId,
) -> Result<Option<(String, Status)>, ClientError> {
    let table = crate::environment::journal_table(service);
    let get = GetItem { table, key: intent::key(instance), consistent: true };
    let Some(intent) = environment.store.get(get).await? else { return Ok(None) };
    let function = get_string(&intent, "function").unwrap_or_default();
    checksum::verify(&intent)
        .map_err(|damage| ClientError::Refused(Box::new(damage.problem(service, function, instance))))?;
    Ok(Some((function.to_owned(), Status::of(&intent))))
}

/// The result as the type that the client has for it.
fn decode<F: Function>(instance: InstanceId, json: &str) -> Result<F::Output, ClientError> {
    let service = <F::Service as Service>::NAME;
    let refuse = |error| ClientError::UnexpectedResult { service, function: F::NAME, instance, error };
    (F::CODEC.decode_output)(json).map_err(refuse)
}

/// The error of a call, with what the client declares where that is the point.
fn explained<F: Function>(error: ClientError) -> ClientError {
    match error {
        ClientError::Refused(problem) => ClientError::Refused(with_both_sides::<F>(problem)),
        error => error,
    }
}

/// A call that is being made: await it for the result.
#[must_use = "nothing happens until it is awaited"]
pub struct ClientCall<'a, F> {
    start: ClientStart<'a, F>,
}

/// A start that is being made: await it for the instance id.
#[must_use = "nothing happens until it is awaited"]
pub struct ClientStart<'a, F> {
    client: &'a Client,
    call: Call<F>,
    key: Option<String>,
    function: PhantomData<fn() -> F>,
}

impl<F: Function> ClientCall<'_, F> {
    /// Names the instance: the same key for the same function is the same execution, whoever asks.
    pub fn idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.start.key = Some(key.into());
        self
    }
}

impl<F: Function> ClientStart<'_, F> {
    /// Names the instance: the same key for the same function is the same execution, whoever asks.
    pub fn idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    fn invocation(self, delivery: Delivery) -> Result<Invocation, DataError> {
        let (service, function) = (<F::Service as Service>::NAME, F::NAME);
        let instance = match &self.key {
            Some(key) => InstanceId::from_idempotency_key(service, function, key),
            None => self.client.environment.world.fresh_id(),
        };
        let (service, function) = (service.to_owned(), function.to_owned());
        let (arguments, caller, transaction) = (self.call.arguments?, None, None);
        let contract = Some(Contract::of_client::<F>());
        Ok(Invocation { service, function, instance, arguments, caller, delivery, transaction, contract })
    }
}

impl<'a, F: Function> IntoFuture for ClientCall<'a, F> {
    type Output = Result<F::Output, ClientError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let client = self.start.client;
            let invocation = self.start.invocation(Delivery::First)?;
            let instance = invocation.instance;
            let result = client.deliver(invocation).await.map_err(explained::<F>)?;
            decode::<F>(instance, &result)
        })
    }
}

impl<'a, F: Function> IntoFuture for ClientStart<'a, F> {
    type Output = Result<InstanceId, ClientError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let client = self.client;
            let invocation = self.invocation(Delivery::Accept)?;
            let instance = invocation.instance;
            client.deliver(invocation).await.map_err(explained::<F>)?;
            Ok(instance)
        })
    }
}
