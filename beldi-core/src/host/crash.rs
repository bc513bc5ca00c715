//! Crashes on purpose: attempts that die at a request or an invocation.
//!
//! Fault model: an attempt dies before a store request or an invocation is sent, or after it was answered
//! but before the attempt has seen the answer. From then on it does nothing: its handler is dropped, its
//! caller gets no reply. What it had sent stays done. This is what a killed Lambda sandbox does.

use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio_util::sync::CancellationToken;

use crate::attempt::CurrentStep;
use crate::error::InvokeError;
use crate::ids::{StepPath, digest};
use crate::invoke::{Invocation, InvokeFuture, Invoker, TriggerFuture};
use crate::store::{Request, Response, SharedStore, Store, StoreError, StoreFuture};

/// A place where an attempt can die.
#[derive(Debug, Clone)]
pub struct CrashPoint {
    /// What the attempt executes.
    pub invocation: Arc<Invocation>,
    /// The number of the attempt in its host, from 1.
    pub attempt: u64,
    /// The number of the request or invocation in its attempt, from 1.
    pub number: u32,
    /// The operation (`UpdateItem`, `Invoke`) and what it is about.
    pub action: String,
    /// Before it is sent, or after it was answered.
    pub when: When,
    /// The step of the handler that it belongs to; none for what an attempt does around its steps.
    pub step: Option<StepPath>,
    /// The key of the row or record that it is about, where there is one.
    pub key: Option<String>,
    /// How it was answered, in a few words for people; none before it is sent.
    pub answer: Option<String>,
}

/// Before an action is sent, or after it was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum When {
    /// Before it is sent.
    Before,
    /// After it was answered.
    After,
}

/// What is to happen at a [`CrashPoint`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The attempt goes on.
    Continue,
    /// The attempt dies here.
    Crash,
}

/// Decides which attempts die where. It may also wait before it decides: then the attempt is stalled.
pub trait CrashPlan: Send + Sync + 'static {
    /// What is to happen at this point.
    fn decide(&self, point: CrashPoint) -> Pin<Box<dyn Future<Output = Verdict> + Send + '_>>;
}

/// Lets a share of all attempts die, each at one random point, the same for the same seed, instance and
/// number of attempt.
#[derive(Debug, Clone)]
pub struct RandomCrashes {
    seed: u64,
    share: f64,
    within: u32,
}

impl RandomCrashes {
    /// Lets `share` (0 to 1) of the attempts die at one of their first `within` requests and invocations.
    /// An attempt that has fewer may survive.
    pub fn new(seed: u64, share: f64, within: u32) -> Self {
        Self { seed, share, within: within.max(1) }
    }
}

impl CrashPlan for RandomCrashes {
    fn decide(&self, point: CrashPoint) -> Pin<Box<dyn Future<Output = Verdict> + Send + '_>> {
        let parts: [&[u8]; 3] =
            [&self.seed.to_be_bytes(), &point.invocation.instance.to_bytes(), &point.attempt.to_be_bytes()];
        let bits = digest(&parts);
        let dies = ((bits >> 64) as u64 as f64 / u64::MAX as f64) < self.share;
        let place = (bits as u64 >> 1) % u64::from(self.within) + 1;
        let when = if bits & 1 == 0 { When::Before } else { When::After };
        let here = dies && u64::from(point.number) == place && point.when == when;
        Box::pin(std::future::ready(if here { Verdict::Crash } else { Verdict::Continue }))
    }
}

/// One attempt as a crash plan sees it, around its store and its invoker.
pub(super) struct Victim {
    pub(super) plan: Arc<dyn CrashPlan>,
    pub(super) invocation: Arc<Invocation>,
    pub(super) attempt: u64,
    pub(super) count: AtomicU32,
    /// Cancelled when the attempt dies.
    pub(super) died: CancellationToken,
}

impl Victim {
    /// Performs an action, unless the attempt dies before or after it; then this never returns.
    async fn around<T>(
        &self,
        (action, key): (String, Option<String>),
        perform: impl Future<Output = T> + Send,
        in_words: impl Fn(&T) -> String + Send,
    ) -> T {
        let mut point = CrashPoint {
            invocation: Arc::clone(&self.invocation),
            attempt: self.attempt,
            number: self.count.fetch_add(1, Ordering::Relaxed) + 1,
            action,
            when: When::Before,
            step: CurrentStep::get().map(|step| step.path),
            key,
            answer: None,
        };
        self.pass(point.clone()).await;
        let answer = perform.await;
        (point.when, point.answer) = (When::After, Some(in_words(&answer)));
        self.pass(point).await;
        answer
    }

    async fn pass(&self, point: CrashPoint) {
        if self.plan.decide(point).await == Verdict::Crash {
            self.died.cancel();
            pending::<()>().await;
        }
    }
}

/// The store of an attempt that may die.
pub(super) struct MortalStore {
    pub(super) inner: SharedStore,
    pub(super) victim: Arc<Victim>,
}

impl Store for MortalStore {
    fn execute(&self, request: Request) -> StoreFuture<'_> {
        let operation = request.operation();
        let action = (format!("{operation} {}", request.table()), request.key_text());
        let in_words = move |answer: &Result<Response, StoreError>| match answer {
            Ok(response) => response.in_words(operation),
            Err(error) => shortened(&error.to_string()),
        };
        Box::pin(self.victim.around(action, async { self.inner.execute(request).await }, in_words))
    }

    fn expires_items(&self) -> bool {
        self.inner.expires_items()
    }
}

/// The invoker of an attempt that may die.
pub(super) struct MortalInvoker {
    pub(super) inner: Arc<dyn Invoker>,
    pub(super) victim: Arc<Victim>,
}

impl Invoker for MortalInvoker {
    fn invoke(&self, invocation: Invocation) -> InvokeFuture<'_> {
        let in_words = |answer: &Result<String, InvokeError>| match answer {
            Ok(result) => shortened(result),
            Err(error) => shortened(&error.to_string()),
        };
        let action = action_of(&invocation);
        // Lazily: a host may start the callee as soon as it is asked.
        Box::pin(self.victim.around(action, async { self.inner.invoke(invocation).await }, in_words))
    }

    fn trigger(&self, invocation: Invocation) -> TriggerFuture<'_> {
        let in_words = |answer: &Result<(), InvokeError>| match answer {
            Ok(()) => "taken".to_owned(),
            Err(error) => shortened(&error.to_string()),
        };
        let action = action_of(&invocation);
        Box::pin(self.victim.around(action, async { self.inner.trigger(invocation).await }, in_words))
    }
}

fn action_of(invocation: &Invocation) -> (String, Option<String>) {
    (format!("Invoke {}/{}", invocation.service, invocation.function), None)
}

fn shortened(text: &str) -> String {
    let mut start: String = text.chars().take(96).collect();
    if start.len() < text.len() {
        start.push_str(" ..");
    }
    start
}
