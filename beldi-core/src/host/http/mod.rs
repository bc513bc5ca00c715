//! The HTTP gateway: the functions of a host as JSON over HTTP, on the loopback interface. [`Gateway`] says
//! which requests there are.
//!
//! Architecture invariant: the gateway decides nothing that the protocol decides. It translates a request
//! into deliveries of one instance and the reply into a response.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{Method, Uri};
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::local::LocalHost;
use crate::attempt::MAX_VALUE_BYTES;
use crate::client::Client;
use crate::environment::Environment;
use crate::function::FunctionEntry;

pub(super) mod arguments;
mod call;
mod problem;
mod views;

#[cfg(feature = "aws")]
pub(super) use problem::Refusal;
#[cfg(not(feature = "aws"))]
use problem::Refusal;
use problem::{METHOD_NOT_ALLOWED, UNKNOWN_PATH};
#[cfg(feature = "aws")]
pub(super) use views::Outcome;

/// A gateway that serves until its host shuts down. Made by [`LocalHost::serve`].
///
/// | request | answer |
/// |---|---|
/// | `POST /functions/{service}/{name}` | calls a function: its value with 200, its own error with 422 |
/// | the same with `Prefer: respond-async` | 202 and `Location` as soon as the call is durable |
/// | `GET /instances/{service}/{id}` | what the journal says of an instance: `running`, `done` or `parked` |
/// | `GET /functions` | the functions of the program |
/// | `GET /health` | 200 |
///
/// The body of a call is JSON: the argument itself for a function that takes one, an object by argument
/// names (or an array) for several, and empty, `null` or `{}` for none. The header `Idempotency-Key` names
/// the instance, so that a request that is sent again is the same execution; without it every request is an
/// execution of its own. Every answer of a function names its instance in the header `beldi-instance`. A
/// `read_only` function journals nothing: it runs for every request, and never asynchronously.
///
/// What goes wrong is told as `application/problem+json` (RFC 9457) with a `type` of
/// `urn:beldi:problem:{kind}`, where the kinds of [`ProblemKind`](crate::ProblemKind) and a few of HTTP's own
/// stand. The one exception is no problem of the machinery: a function that returns `Err` is done, and its
/// error is its answer, the same as often as it is asked for. It comes as the error's own JSON, with 422 and
/// the header `beldi-outcome: error`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gateway {
    address: SocketAddr,
}

/// A gateway could not begin to serve.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GatewayError {
    /// The address is reachable from other machines, and the gateway asks nobody who they are.
    #[error("the gateway serves this machine only, and {address} is no loopback address: use 127.0.0.1 or [::1]")]
    NotLoopback {
        /// The address that was asked for.
        address: SocketAddr,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {error}")]
    Bind {
        /// The address that was asked for.
        address: SocketAddr,
        /// Why not.
        #[source]
        error: std::io::Error,
    },
}

impl Gateway {
    /// Where it listens; with the port that was chosen where port 0 was asked for.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

/// The gateway's URL, without a slash at its end.
impl fmt::Display for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}", self.address)
    }
}

impl LocalHost {
    /// Serves the functions of this host over HTTP; [`Gateway`] says which requests there are. Port 0
    /// stands for any free port.
    ///
    /// [`shutdown`](Self::shutdown) ends it: from then on no connection is accepted, requests under way are
    /// answered, and the shutdown waits for that too.
    ///
    /// # Errors
    ///
    /// [`GatewayError::NotLoopback`] for an address that other machines can reach, [`GatewayError::Bind`]
    /// for one that cannot be listened on.
    pub async fn serve(&self, address: impl Into<SocketAddr>) -> Result<Gateway, GatewayError> {
        let front = self.front();
        let (gateway, server) = serve(router(front.clone()), address.into(), front.stopping).await?;
        self.track(server);
        Ok(gateway)
    }
}

/// Listens on a loopback address. Gives where, and the server, which ends when it is told to stop and all requests
/// under way are answered.
pub(super) async fn serve(
    router: Router,
    address: SocketAddr,
    stopping: CancellationToken,
) -> Result<(Gateway, impl Future<Output = ()> + Send + 'static), GatewayError> {
    if !address.ip().to_canonical().is_loopback() {
        return Err(GatewayError::NotLoopback { address });
    }
    let bind = |error| GatewayError::Bind { address, error };
    let listener = TcpListener::bind(address).await.map_err(bind)?;
    let gateway = Gateway { address: listener.local_addr().map_err(bind)? };
    // Answers are small and single: to wait for more to send with them only adds latency.
    let listener = listener.tap_io(|connection| drop(connection.set_nodelay(true)));
    let server = async move {
        let server = axum::serve(listener, router).with_graceful_shutdown(stopping.cancelled_owned());
        if let Err(error) = server.await {
            tracing::error!(%error, "the gateway ended");
        }
    };
    Ok((gateway, server))
}

/// What a gateway stands before: the functions of a program, or those of one of its services.
#[derive(Clone)]
pub(crate) struct Front {
    /// What calls are made in.
    pub(crate) environment: Environment,
    /// Cancelled when nothing new is to begin.
    pub(crate) stopping: CancellationToken,
    /// The only service that is served, where the others run elsewhere.
    pub(crate) service: Option<Arc<str>>,
}

impl Front {
    fn client(&self) -> Client {
        Client::new(self.environment.clone())
    }

    /// Whether the functions of a service are called here.
    fn serves(&self, service: &str) -> bool {
        self.service.as_deref().is_none_or(|only| only == service)
            && self.environment.registry.services().any(|name| name == service)
    }

    /// The functions that can be called, by service and name.
    fn functions(&self) -> impl Iterator<Item = &'static FunctionEntry> + '_ {
        self.environment.registry.functions().filter(|function| self.serves(function.service))
    }

    fn function(&self, service: &str, name: &str) -> Option<&'static FunctionEntry> {
        self.environment.registry.function(service, name).filter(|function| self.serves(function.service))
    }
}

pub(crate) fn router(front: Front) -> Router {
    Router::new()
        .route("/functions", get(views::functions))
        .route("/functions/{service}/{name}", post(call::call))
        .route("/instances/{service}/{instance}", get(views::instance))
        .route("/health", get(views::health))
        .fallback(unknown_path)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(DefaultBodyLimit::max(MAX_VALUE_BYTES))
        .with_state(front)
}

async fn unknown_path(uri: Uri) -> Refusal {
    let detail = format!("there is nothing at {}: call functions at /functions/{{service}}/{{name}}", uri.path());
    Refusal::new(UNKNOWN_PATH, detail)
}

/// The header `Allow` is axum's.
async fn method_not_allowed(method: Method, uri: Uri) -> Refusal {
    Refusal::new(METHOD_NOT_ALLOWED, format!("{method} has no meaning at {}", uri.path()))
}
