//! What happens to the world as a whole: collectors come, machines are replaced, services go down, storms pass.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::core::{Core, count};
use super::fleet::Fleet;

const SECOND: Duration = Duration::from_secs(1);

/// The pause where nothing is left to be done.
const SEASON: Duration = Duration::from_secs(60);

/// The chance of a collector to die, and how long it has been at work then at most.
const DIES: f64 = 0.15;
const AT_WORK: Duration = Duration::from_millis(400);

/// Lets a collector work, to its end or until it dies at one of its requests.
async fn work(core: &Core, collector: impl Future<Output = ()>) {
    let lives = if core.fault(DIES) { core.chance.up_to(AT_WORK) } else { Duration::MAX };
    if timeout(lives, collector).await.is_err() {
        count(&core.counts.collectors_died);
    }
}

/// Lets collectors come, each time on another machine, as a schedule does. While there are faults they come late.
pub(crate) async fn collectors(fleet: Arc<Fleet>) {
    loop {
        let core = &fleet.core;
        let pause = match (core.rests(), core.fault(0.1)) {
            (true, _) => SEASON,
            (_, true) => 20 * SECOND,
            _ => core.chance.between(SECOND, 4 * SECOND),
        };
        sleep(pause).await;
        let (machine, core) = (fleet.any(), Arc::clone(core));
        // A slow instance must not hold up the next round.
        tokio::spawn(async move { work(&core, async { _ = machine.host.collect().await }).await });
    }
}

/// Lets garbage collectors come, sometimes two at once.
pub(crate) async fn garbage_collectors(fleet: Arc<Fleet>) {
    loop {
        let core = &fleet.core;
        sleep(if core.rests() { SEASON } else { core.chance.between(SECOND / 2, 4 * SECOND) }).await;
        for _ in 0..=usize::from(fleet.core.fault(0.2)) {
            let (machine, core) = (fleet.any(), Arc::clone(&fleet.core));
            let cycles = |core: Arc<Core>| async move {
                // What fails is left to the next cycle.
                while let Ok(garbage) = machine.host.collect_garbage().await {
                    core.counts.garbage.fetch_add(garbage.reclaimed(), Ordering::Relaxed);
                    if !garbage.more || garbage.reclaimed() == 0 {
                        return;
                    }
                }
            };
            tokio::spawn(async move { work(&core, cycles(Arc::clone(&core))).await });
        }
    }
}

/// Replaces one machine after another as long as there are faults, as one rolling upgrade after another does.
pub(crate) async fn upgrades(fleet: Arc<Fleet>) {
    loop {
        sleep(fleet.core.chance.between(SECOND / 2, 2 * SECOND)).await;
        if fleet.core.is_calm() {
            return;
        }
        fleet.replace_oldest().await;
    }
}

/// Takes services down, throttles requests.
pub(crate) async fn storms(fleet: Arc<Fleet>, services: Vec<&'static str>) {
    let core = &fleet.core;
    loop {
        sleep(core.chance.between(2 * SECOND, 12 * SECOND)).await;
        if core.is_calm() {
            return;
        }
        if core.chance.chance(0.5) {
            let service = services[core.chance.below(services.len())];
            count(&core.counts.outages);
            core.note(("down", service), || format!("{service} goes down"));
            core.take_down(service, core.chance.between(SECOND, 15 * SECOND));
        } else {
            core.throttle(0.2 * core.chance.share());
            sleep(core.chance.between(SECOND, 8 * SECOND)).await;
            core.throttle(0.0);
        }
    }
}
