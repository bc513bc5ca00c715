//! The Lambda host: one service of a program as an AWS Lambda function.
//!
//! Invariants: an attempt ends before Lambda kills it, so that its end is a clean one; what follows a reply is done
//! before the function may be frozen again, and delays no reply; nothing is done before the first event but what can
//! fail a deployment at once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::value::RawValue;
use tokio::sync::OnceCell;

use crate::environment::{Settings, SettingsError};
use crate::garbage::Watermarks;
use crate::invoke::Invoker;
use crate::registry::{Registry, RegistryError};
use crate::store::{Retry, SharedStore};
use crate::txn::Tallies;
use crate::world::{SystemWorld, World, millis};

mod call;
mod event;
mod gateway;
mod here;
mod invoker;
mod metrics;
mod queue;
mod run;
mod schedule;
mod tables;
mod variables;

#[cfg(feature = "embedded")]
pub(super) use call::Told;
use event::Event;
pub use event::LambdaError;
use here::Here;
pub use here::Rest;
pub use invoker::LambdaInvoker;
#[cfg(feature = "embedded")]
pub(super) use variables::FUNCTIONS;
pub use variables::VariableError;
pub(super) use variables::{ALL, SERVICE};

/// How long before Lambda's deadline an attempt ends: enough to say so.
const RESERVE: Duration = Duration::from_millis(300);

/// How long results must be kept at least: far longer than the minute after which the template lets Lambda give up an
/// asynchronous invocation.
const MIN_RETENTION: Duration = Duration::from_secs(600);

/// Runs the functions of one service as an AWS Lambda function. Cheap to clone.
///
/// `beldi::main()` makes one from the environment and runs it. It takes these events:
///
/// | event | answer |
/// |---|---|
/// | `{"function": "reserve", "arguments": {..}, "idempotency_key": ".."}` | `{"instance": "..", "result": ..}` |
/// | the same with `"detached": true` | `{"instance": ".."}`, as soon as the call is durable; it runs afterwards |
/// | an API Gateway event (REST or HTTP API), or one of a function URL | a response, as [`Gateway`](super::Gateway) says |
/// | an SQS batch, whose messages have the first form | the messages that failed |
/// | `{"beldi": "collect"}`, `{"beldi": "collect-garbage"}`, or EventBridge's own scheduled event | what was done |
/// | `{"beldi": "create-tables"}` | the tables that were missing and are there now; on AWS the template makes them, and no role may |
/// | `{"beldi": {"invocation": ..}}` | for other services of beldi |
///
/// `arguments` is the argument itself for a function that takes one, an object or an array for several, and absent
/// for none. Without an `idempotency_key` the id of the request, or of the message, is the key: Lambda and SQS keep it
/// when they deliver again.
///
/// A function that returns `Err` has a result like any other. What cannot be run (an unknown function, arguments that
/// do not fit) and what died is a Lambda error, whose type is `beldi.` and the kind of the
/// [`ProblemKind`](crate::ProblemKind).
#[derive(Clone)]
pub struct LambdaHost {
    inner: Arc<Inner>,
}

struct Inner {
    /// The only service that runs here, or all.
    service: Option<Arc<str>>,
    registry: Arc<Registry>,
    settings: Settings,
    world: Arc<dyn World>,
    functions: BTreeMap<String, String>,
    /// The clients, made for the first event that needs them.
    outside: OnceCell<Outside>,
    transactions: Tallies,
    watermarks: Watermarks,
}

/// What is outside of the process.
#[derive(Clone)]
struct Outside {
    store: SharedStore,
    invoker: Arc<dyn Invoker>,
}

/// A Lambda host could not be made: the deployment does not fit the program.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LambdaHostError {
    /// The program declares something twice, or nothing.
    #[error("the program's declarations are in conflict: {}", super::list(.0))]
    Registry(Vec<RegistryError>),
    /// Times do not fit together.
    #[error("the settings do not fit together: {}", super::list(.0))]
    Settings(Vec<SettingsError>),
    /// An invocation that Lambda delivers late could find that the result which it asks for is gone, and run anew.
    #[error("results are kept for {retention:?}, and AWS Lambda may deliver an invocation late: keep them for {least:?} at least", least = MIN_RETENTION)]
    Retention {
        /// The shortest retention.
        retention: Duration,
    },
    /// A variable of the environment is missing or unreadable.
    #[error(transparent)]
    Variable(#[from] VariableError),
    /// The program has no such service.
    #[error("`{service}` is no service of this program, which has {known}: set {SERVICE} to one of them")]
    UnknownService {
        /// The service that is to run.
        service: String,
        /// The services of the program.
        known: String,
    },
}

/// Makes a [`LambdaHost`].
#[must_use = "a host is made by `build`"]
pub struct LambdaHostBuilder {
    service: String,
    functions: BTreeMap<String, String>,
    settings: Settings,
    world: Arc<dyn World>,
    outside: Option<Outside>,
}

impl LambdaHostBuilder {
    /// The protocol's limits and intervals. All services of a program must have the same.
    pub fn settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// The clock and the source of ids; the machine's by default.
    pub fn world(mut self, world: impl World) -> Self {
        self.world = Arc::new(world);
        self
    }

    /// Another store and another way to other services than DynamoDB and Lambda.
    pub fn outside(mut self, store: SharedStore, invoker: Arc<dyn Invoker>) -> Self {
        self.outside = Some(Outside { store, invoker });
        self
    }

    /// Makes the host.
    ///
    /// # Errors
    ///
    /// Declarations that contradict each other, times that do not fit together, a service that there is not.
    pub fn build(self) -> Result<LambdaHost, LambdaHostError> {
        let Self { service, functions, settings, world, outside } = self;
        let registry = Registry::collect().map_err(LambdaHostError::Registry)?;
        settings.check(registry.functions()).map_err(LambdaHostError::Settings)?;
        let retentions = registry.functions().filter_map(|function| function.retention).chain([settings.retention]);
        if let Some(retention) = retentions.min().filter(|retention| *retention < MIN_RETENTION) {
            return Err(LambdaHostError::Retention { retention });
        }
        let service = (service != ALL).then_some(service);
        if let Some(service) = &service
            && !registry.services().any(|name| name == service)
        {
            let service = service.clone();
            let known = registry.services().collect::<Vec<_>>().join(", ");
            return Err(LambdaHostError::UnknownService { service, known });
        }
        let outside = outside.map(|Outside { store, invoker }| Outside { store: Arc::new(Retry::new(store)), invoker });
        let inner = Inner {
            service: service.map(Into::into),
            registry: Arc::new(registry),
            settings,
            world,
            functions,
            outside: OnceCell::new_with(outside),
            transactions: Tallies::default(),
            watermarks: Watermarks::default(),
        };
        Ok(LambdaHost { inner: Arc::new(inner) })
    }
}

/// The answer to an event, and what is left to do when it was sent.
#[must_use = "what is left to do is done by `rest.run()`"]
pub struct Answer {
    /// What Lambda is told.
    pub reply: Result<Box<RawValue>, LambdaError>,
    /// What follows.
    pub rest: Rest,
}

impl LambdaHost {
    /// A host for `service`, or for all services of the program if it is `*`: then they call each other as if each had
    /// a Lambda function of its own. That is for stand-ins of Lambda on one machine; a deployment gives each service its
    /// own, with its own rights.
    pub fn builder(service: impl Into<String>) -> LambdaHostBuilder {
        LambdaHostBuilder {
            service: service.into(),
            functions: BTreeMap::new(),
            settings: Settings::default(),
            world: Arc::new(SystemWorld),
            outside: None,
        }
    }

    /// A host for the service and with the ways to others that the environment names.
    ///
    /// # Errors
    ///
    /// A variable that is missing or unreadable.
    pub fn from_env() -> Result<LambdaHostBuilder, VariableError> {
        Ok(LambdaHostBuilder { functions: variables::functions()?, ..Self::builder(variables::service()?) })
    }

    /// Answers one event. `request` is the id that the event has wherever it is delivered again, and `deadline` the
    /// time when Lambda kills the function; one in the past is as good as none.
    ///
    /// ```
    /// # async fn example(host: beldi_core::host::LambdaHost) {
    /// let answer = host.handle(r#"{"function": "free", "arguments": "Ritz"}"#, "request-1", None).await;
    /// println!("{:?}", answer.reply);
    /// answer.rest.run().await;
    /// # }
    /// ```
    pub async fn handle(&self, event: &str, request: &str, deadline: Option<SystemTime>) -> Answer {
        let deadline_ms = self.deadline_ms(deadline);
        let here = Here::new(Arc::clone(&self.inner), self.outside().await, deadline_ms);
        let reply = match Event::read(event) {
            Ok(Event::Invocation(invocation)) => call::invocation(&here, *invocation).await,
            Ok(Event::Call(direct)) => call::direct(&here, direct, request).await,
            Ok(Event::Http(request)) => gateway::answer(&here, request).await,
            Ok(Event::Queue(batch)) => queue::answer(&here, batch).await,
            Ok(Event::Collect) => schedule::collect(&here).await,
            Ok(Event::CollectGarbage) => schedule::collect_garbage(&here).await,
            Ok(Event::CreateTables) => tables::create(&here).await,
            Err(error) => Err(error),
        };
        Answer { reply, rest: here.rest() }
    }

    /// When an attempt must have ended, milliseconds since 1970. Local stand-ins for Lambda name times long past.
    fn deadline_ms(&self, deadline: Option<SystemTime>) -> u64 {
        let now_ms = self.inner.world.now_ms();
        let given = deadline.and_then(|deadline| deadline.duration_since(UNIX_EPOCH).ok()).map(millis);
        let known = given.filter(|deadline_ms| *deadline_ms > now_ms);
        let longest_ms = now_ms + millis(self.inner.settings.longest_timeout);
        known.map_or(longest_ms, |deadline_ms| deadline_ms.saturating_sub(millis(RESERVE)).max(now_ms))
    }

    /// The store, as what was not made yet.
    async fn outside(&self) -> Outside {
        let made = self.inner.outside.get_or_init(|| async {
            let config = crate::store::sdk_config().await;
            let store = Arc::new(Retry::new(Arc::new(crate::store::DynamoDbStore::with_config(&config))));
            let invoker = Arc::new(LambdaInvoker::new(&config, self.inner.functions.clone()));
            Outside { store, invoker }
        });
        made.await.clone()
    }
}

/// What an event asks for, in a word, with all that is read before anything is done.
#[cfg(feature = "fuzzing")]
pub(crate) fn kind_of_event(event: &str) -> Result<&'static str, LambdaError> {
    Ok(match Event::read(event)? {
        Event::Invocation(_) => "invocation",
        Event::Call(_) => "call",
        Event::Http(request) => request.into_http().map_or("malformed-request", |_| "request"),
        Event::Queue(_) => "messages",
        Event::Collect => "collect",
        Event::CollectGarbage => "collect-garbage",
        Event::CreateTables => "create-tables",
    })
}
