//! The checks of the example: they pass on what the services store, and notice what is wrong with it.

use uuid::Uuid;

use crate::checks::{Request, Snapshot};
use crate::common::checks::Check;
use crate::common::ledger::{Asked, Outcome};
use crate::load::Wanted;
use crate::services::user;
use crate::{Cinema, films, request};

/// Two films, three reviews, and the requests that they came from.
async fn written() -> (Snapshot, Vec<Request>) {
    let cinema = Cinema::open(&films(2)).await;
    let user = cinema.host.client().call(user::find("ann".into())).await.expect("an answer").expect("ann");
    let mut requests = Vec::new();
    for earlier in [true, false, false] {
        let key = Uuid::new_v4();
        let id = cinema.review(request(7, &format!("Good. #{key}"))).await.expect("a review");
        let asked = Asked { key, what: Wanted { user, film: "12-angry-men-1957".into(), stars: 7 } };
        requests.push(Request { asked, outcome: Some(Outcome::Answered(id)), earlier });
    }
    let snapshot = Snapshot::take(&cinema.host.client()).await.expect("the services answer");
    (snapshot, requests)
}

fn broken(snapshot: &Snapshot, requests: &[Request]) -> Vec<&'static str> {
    let checks = snapshot.fulfils(requests).into_iter().chain(snapshot.agrees(&films(2)));
    checks.filter(|check| !check.held).map(|check| check.name).collect()
}

const ACCEPTED: &str = "accepted requests stored exactly once";
const EARLIER: &str = "the same for those of earlier runs";
const OPEN: &str = "requests without an answer stored at most once";
const REFUSED: &str = "refused requests left nothing";
const USER_LISTS: &str = "every review is in its user's list once";
const FILM_LISTS: &str = "every review is in its film's list once";
const LINES: &str = "every line of a list has its review";
const RATINGS: &str = "ratings add up to the reviews";
const CREDITS: &str = "every film is there, every role credited once";

#[tokio::test(start_paused = true)]
async fn what_is_wrong_with_requests_is_noticed() {
    let (snapshot, requests) = written().await;
    assert_eq!(broken(&snapshot, &requests), Vec::<&str>::new());
    let became = |outcome| {
        let mut requests = requests.clone();
        requests[2].outcome = outcome;
        requests
    };
    assert_eq!(broken(&snapshot, &became(Some(Outcome::Started))), Vec::<&str>::new());
    assert_eq!(broken(&snapshot, &became(None)), Vec::<&str>::new());
    assert_eq!(broken(&snapshot, &became(Some(Outcome::Refused))), [REFUSED]);
    assert_eq!(broken(&snapshot, &became(Some(Outcome::Answered(Uuid::nil())))), [ACCEPTED]);
    let mut twice = snapshot.clone();
    for name in [ACCEPTED, EARLIER] {
        let request = requests.iter().find(|request| request.earlier == (name == EARLIER)).expect("a request");
        let mut review = twice.reviews.iter().find(|review| review.text.contains(&request.asked.key.to_string()));
        let copy = review.take().expect("a review").clone();
        twice.reviews.push(copy);
    }
    let found = broken(&twice, &requests);
    assert!(found.contains(&ACCEPTED) && found.contains(&EARLIER), "{found:?}");
    let open: Vec<_> = requests.iter().map(|request| Request { outcome: None, ..request.clone() }).collect();
    assert!(broken(&twice, &open).contains(&OPEN));
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_with_tables_is_noticed() {
    let (snapshot, requests) = written().await;
    let after = |damage: fn(&mut Snapshot)| {
        let mut snapshot = snapshot.clone();
        damage(&mut snapshot);
        broken(&snapshot, &requests)
    };
    assert_eq!(after(|damaged| damaged.by_user.truncate(2)), [USER_LISTS]);
    assert_eq!(after(|damaged| damaged.by_film.push(damaged.by_film[0].clone())), [FILM_LISTS]);
    assert_eq!(after(|damaged| damaged.by_film[0].review = Uuid::nil()), [FILM_LISTS, LINES]);
    assert_eq!(after(|damaged| damaged.ratings[0].stars += 1), [RATINGS]);
    assert_eq!(after(|damaged| damaged.ratings.clear()), [RATINGS]);
    assert_eq!(after(|damaged| damaged.films.truncate(1)), [CREDITS]);
    assert_eq!(after(|damaged| damaged.people[0].films.extend_from_within(..1)), [CREDITS]);
    assert_eq!(after(|damaged| damaged.people[0].films[0].push('x')), [CREDITS]);
}

#[test]
fn a_broken_check_tells_some_of_its_problems() {
    let problems: Vec<_> = (1..=5).map(|number| format!("problem {number}")).collect();
    assert_eq!(Check::new("all is well", "5 things", &problems).detail, "problem 1\nproblem 2\nproblem 3\nand 2 more");
    assert_eq!(Check::new("all is well", "5 things", &problems[..1]).detail, "problem 1");
    assert_eq!(Check::new("all is well", "5 things", &[]).detail, "5 things");
}
