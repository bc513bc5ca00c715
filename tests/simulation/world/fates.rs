//! Which attempts die or are stalled, and where.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use beldi::host::{CrashPlan, CrashPoint, Verdict, When};
use tokio::time::sleep;

use super::core::{Core, count};

/// The chance of an attempt to die at one point, to be stalled there, and to be stalled before a request that writes:
/// an attempt that comes back is a danger where it writes.
const DIES: f64 = 0.03;
const STALLS: f64 = 0.003;
const STALLS_BEFORE_WRITES: f64 = 0.02;

/// The chance to hesitate, and how long: long enough for another attempt to overtake.
const HESITATES: f64 = 0.05;
const MOMENT: Duration = Duration::from_millis(60);

/// An attempt with many more requests than this waits for something, and looks again and again. The longer it has waited,
/// the smaller the chance that it dies at the next look; otherwise none would ever see what it waits for.
const SHORT: f64 = 12.0;

/// The fates of a machine's attempts.
pub(crate) struct Fates {
    pub(crate) core: Arc<Core>,
    pub(crate) machine: u32,
    /// The longest that an attempt is stalled.
    pub(crate) longest: Duration,
}

impl Fates {
    async fn of(&self, point: CrashPoint) -> Verdict {
        let core = &self.core;
        if point.number == 1 && point.when == When::Before {
            count(&core.counts.attempts);
        }
        let patience = (f64::from(point.number) / SHORT).max(1.0).powi(2);
        let stalls = if writes(&point) { STALLS_BEFORE_WRITES } else { STALLS };
        let (stalls, dies) = (core.fault(stalls / patience), core.fault(DIES / patience));
        let CrashPoint { invocation, attempt, number, action, when, .. } = &point;
        let place = (self.machine, *attempt, *number, *when == When::After);
        core.note((invocation.instance.to_bytes(), place, stalls, dies), || {
            let fate = match (stalls, dies) {
                (false, false) => "",
                (true, false) => ", is stalled",
                (_, true) => ", DIES",
            };
            let (service, function, instance) = (&invocation.service, &invocation.function, invocation.instance);
            let caller = invocation.caller.as_deref().unwrap_or("a client");
            let who = format!("{instance} {service}/{function} ({:?})", invocation.delivery);
            format!(
                "machine {} attempt {attempt}: {who}, called by {caller}: {when:?} {number} {action}{fate}",
                self.machine
            )
        });
        if stalls {
            count(&core.counts.stalls);
            sleep(core.chance.up_to(self.longest)).await;
        } else if core.fault(HESITATES) {
            sleep(core.chance.up_to(MOMENT)).await;
        }
        if dies {
            count(&core.counts.crashes);
            return Verdict::Crash;
        }
        Verdict::Continue
    }
}

/// Whether this is the moment before a request that writes.
fn writes(point: &CrashPoint) -> bool {
    let operations = ["PutItem", "UpdateItem", "TransactWriteItems"];
    point.when == When::Before && operations.iter().any(|operation| point.action.starts_with(operation))
}

impl CrashPlan for Fates {
    fn decide(&self, point: CrashPoint) -> Pin<Box<dyn Future<Output = Verdict> + Send + '_>> {
        Box::pin(self.of(point))
    }
}
