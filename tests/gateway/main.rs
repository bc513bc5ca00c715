//! The HTTP gateway over real connections: calls, idempotency, instances, problems, shutdown.

mod calls;
mod http;
mod instances;
mod library;
mod problems;
mod shutdown;
