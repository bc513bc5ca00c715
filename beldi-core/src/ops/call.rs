//! Calls of other functions, of this service or another.

use std::marker::PhantomData;

use serde_dynamo::AttributeValue;

use super::{Observation, Operation};
use crate::attempt::{Outcome, Step, What};
use crate::attributes::string;
use crate::contract::{Contract, with_both_sides};
use crate::data::{DataError, Lists, canonical};
use crate::error::{Fault, InvokeError, Problem, ProblemKind};
use crate::function::{Function, ReadOnlyFunction};
use crate::invoke::{Delivery, Invocation};
use crate::marks;
use crate::service::{AnyService, Scope, Service};
use crate::txn::Callee;
use crate::world::millis;

/// A call of function `F`: gives exactly what the function returns. Made by the function's own name.
///
/// The callee's instance id is derived from the caller's and the step, so that every attempt of the caller
/// asks the same instance (protocol, section 5).
#[must_use = "BELDI011: this operation is built and dropped; nothing happens until it is awaited"]
pub struct Call<F> {
    pub(crate) arguments: Result<String, DataError>,
    function: PhantomData<fn() -> F>,
}

/// A detached call of `F`: the callee will run once, and the caller does not wait for it.
#[must_use = "BELDI011: this operation is built and dropped; nothing happens until it is awaited"]
pub struct Detached<F> {
    arguments: Result<String, DataError>,
    function: PhantomData<fn() -> F>,
}

/// A call with these arguments. Generated code makes it.
#[doc(hidden)]
#[expect(clippy::needless_pass_by_value, reason = "the arguments move into the call")]
pub fn call<F: Function>(arguments: F::Arguments) -> Call<F> {
    Call { arguments: (F::CODEC.encode_arguments)(&arguments), function: PhantomData }
}

impl<F: Function> Call<F> {
    /// The call with arguments that are JSON already.
    #[cfg(feature = "embedded")]
    pub(crate) fn with_arguments(arguments: String) -> Self {
        Self { arguments: Ok(arguments), function: PhantomData }
    }

    /// Makes the call asynchronous: the step is complete when the callee's service has taken the call down,
    /// and the callee runs once, whatever crashes.
    pub fn detach(self) -> Detached<F> {
        Detached { arguments: self.arguments, function: PhantomData }
    }
}

#[diagnostic::do_not_recommend]
impl<F: Function> Operation for Call<F> {
    type Output = F::Output;
    type Owner = AnyService;

    fn mark<S: Scope>() {
        marks::call::<S, F>();
    }

    async fn perform(self, step: Step) -> Result<F::Output, Fault> {
        let arguments = self.arguments?;
        if let Some(transaction) = step.cx().transaction() {
            let what = what::<F>(if F::READ_ONLY { "read" } else { "call" }, &arguments);
            let result = transaction.call(&step, what, callee::<F>(&step, arguments)).await.map_err(explained::<F>)?;
            return decode::<F>(&step, &result);
        }
        let result = if F::READ_ONLY {
            let what = what::<F>("read", &arguments);
            step.observe(what, async { Ok(string(invoke::<F>(&step, arguments, false).await?)) }).await?
        } else {
            let what = what::<F>("call", &arguments);
            let invoke = async { Ok(Outcome::Witnessed(string(invoke::<F>(&step, arguments, false).await?))) };
            step.effect(what, invoke).await?
        };
        match result {
            AttributeValue::S(json) => decode::<F>(&step, &json),
            _ => Err(DataError::foreign("a recorded result", std::fmt::Error).into()),
        }
    }
}

impl<F: ReadOnlyFunction> Observation for Call<F> {}

#[diagnostic::do_not_recommend]
impl<F: Function> Operation for Detached<F> {
    type Output = ();
    type Owner = AnyService;

    fn mark<S: Scope>() {
        marks::call::<S, F>();
    }

    async fn perform(self, step: Step) -> Result<(), Fault> {
        let arguments = self.arguments?;
        if let Some(transaction) = step.cx().transaction() {
            return transaction.detach(&step, callee::<F>(&step, arguments));
        }
        let what = what::<F>("detach", &arguments);
        let invoke = async { Ok(Outcome::Witnessed(string(invoke::<F>(&step, arguments, true).await?))) };
        step.effect(what, invoke).await.map(drop)
    }
}

fn callee<F: Function>(step: &Step, arguments: String) -> Callee {
    let service = <F::Service as Service>::NAME;
    let is_foreign = service != step.journal().identity().function.service;
    let contract = is_foreign.then(|| Contract::of_caller::<F>(&step.environment().settings));
    Callee { service, function: F::NAME, retention: F::RETENTION, arguments, contract }
}

/// The result as the type that the caller's code has for it.
fn decode<F: Function>(step: &Step, json: &str) -> Result<F::Output, Fault> {
    (F::CODEC.decode_output)(json).map_err(|error| {
        let instance = step.journal().identity().instance.callee(step.path());
        Fault::UnexpectedResult {
            service: <F::Service as Service>::NAME,
            function: F::NAME,
            instance,
            error: Box::new(error),
        }
    })
}

/// The fault of a call, with what the caller declares where that is the point.
fn explained<F: Function>(fault: Fault) -> Fault {
    match fault {
        Fault::Call { service, function, error: InvokeError::Refused(problem) } => {
            Fault::Call { service, function, error: InvokeError::Refused(with_both_sides::<F>(problem)) }
        }
        fault => fault,
    }
}

fn what<F: Function>(kind: &str, arguments: &str) -> What {
    let target = format!("{}/{}", <F::Service as Service>::NAME, F::NAME);
    What::new(kind, &target, String::new(), canonical(arguments, Lists::Unordered).as_bytes())
}

/// Invokes the callee until it answers, a bounded number of times: an attempt of it that died may be
/// repeated at once, because it is the same instance.
async fn invoke<F: Function>(step: &Step, arguments: String, detached: bool) -> Result<String, Fault> {
    let environment = step.environment();
    let identity = step.journal().identity();
    let callee = callee::<F>(step, arguments);
    if !F::READ_ONLY {
        check_retention(step, &callee)?;
    }
    let Callee { arguments, contract, .. } = callee;
    let delivery = match detached {
        true => Delivery::Accept,
        // A read-only function has no journal that a repetition could load.
        false if F::READ_ONLY => Delivery::First,
        false => step.journal().first_delivery(),
    };
    let mut invocation = Invocation {
        service: <F::Service as Service>::NAME.to_owned(),
        function: F::NAME.to_owned(),
        instance: identity.instance.callee(step.path()),
        arguments,
        caller: Some(format!(
            "{}/{} {} {}",
            identity.function.service,
            identity.function.name,
            identity.instance,
            step.path()
        )),
        delivery,
        transaction: None,
        contract,
    };
    let mut tries = 0;
    loop {
        tries += 1;
        let error = match environment.invoker.invoke(invocation.clone()).await {
            Ok(result) => return Ok(result),
            Err(error) => error,
        };
        if tries >= environment.settings.call_tries || matches!(error, InvokeError::Refused(_)) {
            let (service, function) = (invocation.service, invocation.function);
            return Err(explained::<F>(Fault::Call { service, function, error }));
        }
        tokio::time::sleep(environment.settings.backoff_after(tries)).await;
        if !detached && !F::READ_ONLY {
            invocation.delivery = Delivery::Repeat;
        }
    }
}

/// A caller older than the callee's retention may ask a callee whose result is gone: it fails instead of running the
/// callee anew (protocol, section 5). Only one that repeats may have asked before.
fn check_retention(step: &Step, callee: &Callee) -> Result<(), Fault> {
    let environment = step.environment();
    let age_ms = environment.world.now_ms().saturating_sub(step.journal().start_ms());
    let repeats = step.journal().first_delivery() == Delivery::Repeat;
    let kept_ms = millis(callee.retention.unwrap_or(environment.settings.retention));
    if !repeats || age_ms < kept_ms {
        return Ok(());
    }
    let (service, function) = (callee.service.to_owned(), callee.function.to_owned());
    let problem = Problem {
        kind: ProblemKind::UnknownInstance,
        detail: format!("this instance is {age_ms} ms old, and the function keeps its results for {kept_ms} ms"),
        service: service.clone(),
        function: function.clone(),
        instance: None,
        step: Some(step.path().to_string()),
    };
    Err(Fault::Call { service, function, error: InvokeError::Refused(Box::new(problem)) })
}
