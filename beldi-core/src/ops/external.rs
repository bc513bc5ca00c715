//! External actions: whatever is no step of beldi's.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_dynamo::AttributeValue;

use super::Operation;
use crate::attempt::{Step, What};
use crate::attributes::string;
use crate::data::{Data, DataError, decode, encode};
use crate::error::Fault;
use crate::service::AnyService;

/// Runs `action` as a step. It is given an idempotency key, the same in every attempt of this instance and
/// different in every other step: pass it on to whatever you call.
///
/// The action runs **at least once** until its result is in the journal, and never again after that: a
/// crash between the two repeats it with the same key (protocol, section 5). Its `Err` is retried by the
/// [`RetryPolicy`]; the last one is the step's result.
pub fn external<A, U, T, E>(name: &'static str, action: A) -> External<A, T, E>
where
    A: FnMut(String) -> U + Send,
    U: Future<Output = Result<T, E>> + Send,
    T: Data,
    E: Data,
{
    External { name, action, retry: RetryPolicy::default(), time_limit: None, types: PhantomData }
}

/// See [`external`].
#[must_use = "BELDI011: this operation is built and dropped; nothing happens until it is awaited"]
pub struct External<A, T, E> {
    name: &'static str,
    action: A,
    retry: RetryPolicy,
    time_limit: Option<Duration>,
    types: PhantomData<fn() -> (T, E)>,
}

/// How often and when an external action that gives `Err` is tried again within one attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    tries: u32,
    backoff: Duration,
    max_backoff: Duration,
}

/// Why an external action has no result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExternalError<E> {
    /// The action gave this error in its last try.
    Failed(E),
    /// The last try took longer than the time limit.
    TimedOut,
}

impl<E: fmt::Display> fmt::Display for ExternalError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(error) => write!(f, "the external action failed: {error}"),
            Self::TimedOut => f.write_str("the external action took longer than its time limit"),
        }
    }
}

impl<E: std::error::Error> std::error::Error for ExternalError<E> {}

impl Default for RetryPolicy {
    /// One try.
    fn default() -> Self {
        Self::tries(1)
    }
}

impl RetryPolicy {
    /// At most `tries` tries, at least one, 100 ms after the first and twice as long after each further,
    /// up to 10 s.
    pub const fn tries(tries: u32) -> Self {
        let tries = if tries == 0 { 1 } else { tries };
        Self { tries, backoff: Duration::from_millis(100), max_backoff: Duration::from_secs(10) }
    }

    /// Waits `first` after the first try, twice as long after each further, but no longer than `longest`.
    pub const fn backoff(mut self, first: Duration, longest: Duration) -> Self {
        self.backoff = first;
        self.max_backoff = longest;
        self
    }

    fn after(&self, tries: u32) -> Duration {
        self.backoff.saturating_mul(1 << tries.saturating_sub(1).min(20)).min(self.max_backoff)
    }
}

impl<A, T, E> External<A, T, E> {
    /// Tries again by this policy when the action gives `Err` or takes too long.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Ends a try that takes longer than this.
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = Some(limit);
        self
    }
}

#[diagnostic::do_not_recommend]
impl<A, U, T, E> Operation for External<A, T, E>
where
    A: FnMut(String) -> U + Send,
    U: Future<Output = Result<T, E>> + Send,
    T: Data,
    E: Data,
{
    type Output = Result<T, ExternalError<E>>;
    type Owner = AnyService;

    async fn perform(mut self, step: Step) -> Result<Self::Output, Fault> {
        step.outside_transactions("an external action")?;
        let what = What::new("external", self.name, String::new(), &[]);
        let key = step.journal().identity().instance.derive(b"external", step.path());
        let key = uuid::Uuid::new_v8(key.to_be_bytes()).to_string();
        let execute = async { Ok(string(encode(&self.execute(&key).await)?)) };
        match step.external(what, execute).await? {
            AttributeValue::S(json) => Ok(decode(&json)?),
            _ => Err(DataError::foreign("a recorded result", fmt::Error).into()),
        }
    }
}

impl<A, U, T, E> External<A, T, E>
where
    A: FnMut(String) -> U + Send,
    U: Future<Output = Result<T, E>> + Send,
    T: Data,
    E: Data,
{
    async fn execute(&mut self, key: &str) -> Result<T, ExternalError<E>> {
        let mut tries = 0;
        loop {
            tries += 1;
            let action = (self.action)(key.to_owned());
            let result = match self.time_limit {
                Some(limit) => tokio::time::timeout(limit, action).await,
                None => Ok(action.await),
            };
            let error = match result {
                Ok(Ok(value)) => return Ok(value),
                Ok(Err(error)) => ExternalError::Failed(error),
                Err(_) => ExternalError::TimedOut,
            };
            if tries >= self.retry.tries {
                return Err(error);
            }
            tokio::time::sleep(self.retry.after(tries)).await;
        }
    }
}
