//! On Lambda's Runtime API: one event after another, or many at once.
//!
//! Lambda freezes a function when it asks for the next event, unless one of its extensions is still at work. So what
//! follows a reply is done by an extension inside this process. Where there are many events at once nothing is frozen,
//! and it is done beside them.

use std::convert::Infallible;
use std::sync::Arc;

use lambda_extension::{Extension, LambdaEvent as ExtensionEvent, NextEvent, service_fn as extension_fn};
use lambda_runtime::{Diagnostic, LambdaEvent, Runtime, service_fn};
use serde_json::value::RawValue;
use tokio::sync::{Mutex, mpsc};

use super::{Answer, LambdaError, LambdaHost, Rest};

/// Who does what follows a reply.
#[derive(Clone)]
enum Afterwards {
    /// A task: nothing freezes the process.
    Beside,
    /// The extension, to which it is handed over.
    Extension(mpsc::UnboundedSender<Option<Rest>>),
    /// Nobody: it is done before the reply. A stand-in for Lambda may have no extensions.
    Before,
}

/// Hands over what is left of an event, even if there is nothing: the extension waits for each.
struct Handover<'a> {
    afterwards: &'a Afterwards,
    rest: Option<Rest>,
}

impl Drop for Handover<'_> {
    fn drop(&mut self) {
        let rest = self.rest.take();
        match self.afterwards {
            Afterwards::Beside => drop(rest.map(|rest| tokio::spawn(rest.run()))),
            // The extension lives as long as the process.
            Afterwards::Extension(queue) => drop(queue.send(rest)),
            Afterwards::Before => {}
        }
    }
}

impl LambdaHost {
    /// Answers events until the process ends.
    ///
    /// # Errors
    ///
    /// The Runtime API cannot be reached.
    ///
    /// # Panics
    ///
    /// Outside of AWS Lambda, where the variables that it sets are missing.
    pub async fn run(self) -> Result<(), lambda_runtime::Error> {
        let afterwards = match concurrency() > 1 {
            true => Afterwards::Beside,
            false => extension().await,
        };
        let handler = service_fn(move |event: LambdaEvent<Box<RawValue>>| {
            let (host, afterwards) = (self.clone(), afterwards.clone());
            async move { host.on_event(event, &afterwards).await }
        });
        Runtime::new(handler).run_concurrent().await
    }

    async fn on_event(
        &self,
        event: LambdaEvent<Box<RawValue>>,
        afterwards: &Afterwards,
    ) -> Result<Box<RawValue>, Diagnostic> {
        let LambdaEvent { payload, context } = event;
        let mut handover = Handover { afterwards, rest: None };
        let Answer { reply, rest } = self.handle(payload.get(), &context.request_id, Some(context.deadline())).await;
        match afterwards {
            Afterwards::Before => rest.run().await,
            _ => handover.rest = Some(rest),
        }
        drop(handover);
        reply.map_err(Diagnostic::from)
    }
}

impl From<LambdaError> for Diagnostic {
    fn from(error: LambdaError) -> Self {
        Self { error_type: error.kind, error_message: error.message }
    }
}

/// How many events Lambda sends at once.
fn concurrency() -> u32 {
    let set = std::env::var("AWS_LAMBDA_MAX_CONCURRENCY").ok();
    set.and_then(|number| number.parse().ok()).unwrap_or(1)
}

/// Registers the extension, and lets it wait for the end of each event.
async fn extension() -> Afterwards {
    let (sender, receiver) = mpsc::unbounded_channel::<Option<Rest>>();
    let receiver = Arc::new(Mutex::new(receiver));
    let on_event = extension_fn(move |event: ExtensionEvent| {
        let receiver = Arc::clone(&receiver);
        async move {
            if let NextEvent::Invoke(_) = event.next
                && let Some(Some(rest)) = receiver.lock().await.recv().await
            {
                rest.run().await;
            }
            Ok::<(), Infallible>(())
        }
    });
    let extension = Extension::new().with_extension_name("beldi").with_events(&["INVOKE"]);
    match extension.with_events_processor(on_event).register().await {
        Ok(registered) => {
            tokio::spawn(async move {
                if let Err(error) = registered.run().await {
                    tracing::error!(%error, "the extension ended: what follows replies is left to the collector");
                }
            });
            Afterwards::Extension(sender)
        }
        Err(error) => {
            tracing::warn!(%error, "there are no extensions here: replies wait for what follows them");
            Afterwards::Before
        }
    }
}
