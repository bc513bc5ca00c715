//! The determinism audit of a host.

use super::{LocalHost, LocalHostBuilder};
use crate::attempt::Nondeterminism;

impl LocalHostBuilder {
    /// Takes down what attempts see, so that [`LocalHost::audit`] can run their handlers again on it. For tests and
    /// for work at one's desk: it keeps up to 4096 attempts in memory until the audit.
    pub fn audited(mut self) -> Self {
        self.audited = true;
        self
    }
}

impl LocalHost {
    /// Runs each handler that came to a result since the last audit again, several times, on what it saw and got, and
    /// gives those that then ask for other steps or give another result. Nothing is sent. A host that was not started
    /// with [`audited`](LocalHostBuilder::audited) has nothing to audit.
    ///
    /// A clock behind a helper that gives whole seconds is found only if the second has changed meanwhile.
    pub async fn audit(&self) -> Vec<Nondeterminism> {
        match &self.inner.recordings {
            Some(recordings) => recordings.audit(&self.environment()).await,
            None => Vec::new(),
        }
    }
}
