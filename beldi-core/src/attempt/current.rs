//! Which step the current task executes: for whoever watches requests and external actions from outside.

use std::future::Future;

use crate::ids::{InstanceId, StepPath};

tokio::task_local! {
    static CURRENT: CurrentStep;
}

/// A step that is being executed.
#[derive(Debug, Clone)]
#[cfg_attr(not(feature = "embedded"), expect(dead_code, reason = "only the kit wants to know whose step it is"))]
pub(crate) struct CurrentStep {
    pub(crate) service: &'static str,
    pub(crate) function: &'static str,
    pub(crate) instance: InstanceId,
    pub(crate) path: StepPath,
}

impl CurrentStep {
    /// The step that is being executed here, if one is.
    pub(crate) fn get() -> Option<Self> {
        CURRENT.try_with(Clone::clone).ok()
    }

    /// Executes the step.
    pub(super) async fn around<F: Future>(self, execute: F) -> F::Output {
        CURRENT.scope(self, execute).await
    }
}
