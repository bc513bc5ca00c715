//! The application while attempts die, as the example drives it, but in virtual time.

use std::sync::Arc;

use beldi::host::LocalHost;
use beldi::testing::fresh_store;
use beldi::{Settings, VirtualWorld};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::checks::{Request, Snapshot};
use crate::common::calls::{answer, start};
use crate::common::crashes::Crashes;
use crate::common::ledger::{Asked, Outcome};
use crate::films;
use crate::load::Wanted;
use crate::services::frontend::{add_film, compose};
use crate::services::user;

#[tokio::test(start_paused = true)]
async fn everything_holds_after_many_crashes() {
    // Everything here runs on one thread, so the same seed gives the same crashes.
    fastrand::seed(2020);
    let crashes = Arc::new(Crashes::new(0.3));
    let store = fresh_store().await.expect("a store");
    let settings = Settings { max_attempts: 100, ..Settings::default() };
    let host = LocalHost::builder(store).world(VirtualWorld::new(2020)).settings(settings).crash_plan(crashes.clone());
    // Virtual time is long where a collector looks every second; `settle` goes from one due time to the next.
    let host = host.collect_every(None).start().await.expect("a host");
    let catalogue = films(3);
    for film in &catalogue {
        let added = answer(&host.client(), &film.id, || add_film(film.clone())).await;
        added.expect("an answer").expect("a new title");
    }
    let user = answer(&host.client(), "ann", || user::register("ann".into())).await;
    let user = user.expect("an answer").expect("a new name");
    let mut writers = JoinSet::new();
    for number in 0..30 {
        writers.spawn(review(host.clone(), user, number));
    }
    let requests = writers.join_all().await;
    host.settle().await.expect("the store answers");
    crashes.end();
    let snapshot = Snapshot::take(&host.client()).await.expect("the services answer");
    for check in snapshot.fulfils(&requests).into_iter().chain(snapshot.agrees(&catalogue)) {
        assert!(check.held, "{check:?}");
    }
    assert_eq!(snapshot.reviews.len(), 30);
    let statistics = host.statistics();
    assert!(statistics.crashed * 5 >= statistics.attempts, "{statistics:?}");
}

/// Sends one review, every third without waiting for the answer.
async fn review(host: LocalHost, user: Uuid, number: u32) -> Request {
    let key = Uuid::from_u128(number.into());
    let request = crate::request(7, &format!("Good. #{key}"));
    let (client, name) = (host.client(), key.to_string());
    let outcome = if number.is_multiple_of(3) {
        start(&client, &name, || compose(request.clone())).await.expect("an id");
        Outcome::Started
    } else {
        let answer = answer(&client, &name, || compose(request.clone())).await;
        Outcome::Answered(answer.expect("an answer").expect("a review"))
    };
    let asked = Asked { key, what: Wanted { user, film: "12-angry-men-1957".into(), stars: 7 } };
    Request { asked, outcome: Some(outcome), earlier: false }
}
