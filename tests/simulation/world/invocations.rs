//! The way of an invocation to a machine, and how long its caller waits for the answer.

use std::sync::Arc;
use std::time::Duration;

use beldi::{Delivery, Invocation, InvokeError, InvokeFuture, Invoker, TriggerFuture};
use tokio::time::{sleep, timeout};

use super::MOST_LATE;
use super::chance::{COLD, WARM};
use super::core::count;
use super::fleet::Fleet;

/// How many invocations arrive twice, and how much later the second is where the two race.
const TWICE: f64 = 0.05;
const CLOSE: Duration = Duration::from_millis(40);

const LOST: f64 = 0.005;
const REPLY_LOST: f64 = 0.005;
const TRIGGER_LOST: f64 = 0.2;
const TRIGGER_THROTTLED: f64 = 0.1;

/// How many callers do not wait as long as an attempt may take, and how long they wait.
const IMPATIENT: f64 = 0.5;
const LEAST_PATIENCE: Duration = Duration::from_millis(300);
const MOST_PATIENCE: Duration = Duration::from_secs(3);

/// The way to the machines.
pub(super) struct Route(pub(super) Arc<Fleet>);

impl Invoker for Route {
    fn invoke(&self, invocation: Invocation) -> InvokeFuture<'_> {
        Box::pin(route(Arc::clone(&self.0), invocation))
    }

    fn trigger(&self, invocation: Invocation) -> TriggerFuture<'_> {
        let fleet = Arc::clone(&self.0);
        Box::pin(async move {
            if fleet.core.fault(TRIGGER_THROTTLED) {
                count(&fleet.core.counts.not_taken);
                return Err(InvokeError::Unavailable("too many triggers".to_owned()));
            }
            drop(route(fleet, invocation).await);
            Ok(())
        })
    }
}

/// Delivers an invocation, now and then twice, and waits for its answer as long as this caller is willing to. What runs
/// goes on when nobody waits for it any more.
async fn route(fleet: Arc<Fleet>, invocation: Invocation) -> Result<String, InvokeError> {
    let core = &fleet.core;
    if core.fault(TWICE) && invocation.delivery != Delivery::OwnId {
        let late = if core.chance.chance(0.5) { CLOSE } else { MOST_LATE };
        again(&fleet, &invocation, core.chance.up_to(late));
    }
    if !core.fault(IMPATIENT) {
        return deliver(&fleet, invocation).await;
    }
    let (running, sent) = (Arc::clone(&fleet), invocation.clone());
    let running = tokio::spawn(async move { deliver(&running, sent).await });
    let patience = core.chance.between(LEAST_PATIENCE, MOST_PATIENCE);
    if let Ok(answer) = timeout(patience, running).await {
        return answer.unwrap_or_else(|error| Err(InvokeError::Unavailable(format!("the machine: {error}"))));
    }
    count(&core.counts.given_up);
    core.note((invocation.instance.to_bytes(), "given up"), || format!("{}: its caller gives up", invocation.instance));
    // A caller asks again himself. Where nobody waits, the platform does, as Lambda does for events.
    if matches!(invocation.delivery, Delivery::Repeat | Delivery::Accepted { .. }) {
        again(&fleet, &invocation, CLOSE);
    }
    Err(InvokeError::Unavailable("the caller has waited long enough".to_owned()))
}

/// Lets an invocation arrive once more.
fn again(fleet: &Arc<Fleet>, invocation: &Invocation, later: Duration) {
    count(&fleet.core.counts.duplicates);
    let (fleet, invocation) = (Arc::clone(fleet), invocation.clone());
    tokio::spawn(async move {
        sleep(later).await;
        deliver(&fleet, invocation).await
    });
}

async fn deliver(fleet: &Fleet, invocation: Invocation) -> Result<String, InvokeError> {
    let core = &fleet.core;
    sleep(core.chance.latency(WARM)).await;
    let Invocation { service, function, instance, delivery, .. } = &invocation;
    if core.is_down(service) {
        count(&core.counts.refused);
        return Err(InvokeError::Unavailable(format!("{service} is down")));
    }
    if matches!(delivery, Delivery::Accepted { .. }) && core.fault(TRIGGER_LOST) {
        count(&core.counts.lost);
        core.note((instance.to_bytes(), "lost"), || format!("{instance} {service}/{function}: its trigger is lost"));
        return Ok("null".to_owned());
    }
    if core.fault(LOST) {
        count(&core.counts.lost);
        core.note((instance.to_bytes(), "lost"), || format!("{instance} {service}/{function}: {delivery:?} is lost"));
        return Err(InvokeError::Unavailable("the invocation was lost".to_owned()));
    }
    if !function.is_empty() {
        core.known(*instance);
    }
    let machine = fleet.any();
    if machine.is_cold(service, function) {
        count(&core.counts.cold);
        sleep(core.chance.latency(COLD)).await;
    }
    let answer = core.at_work(machine.host.invoke(invocation)).await;
    if core.fault(REPLY_LOST) {
        count(&core.counts.lost);
        return Err(InvokeError::Unavailable("the reply was lost".to_owned()));
    }
    answer
}
