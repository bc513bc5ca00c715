//! What the services promise.

use crate::services::frontend::{self, ReviewRefused};
use crate::services::movie_id::{self, UnknownFilm};
use crate::services::page::{self, FilmPage, PageRequest};
use crate::services::rating::InvalidRating;
use crate::services::user::{self, NameRefused, UnknownUser};
use crate::services::{review_storage, user_review};
use crate::{Cinema, films, request};

const FILM: &str = "12-angry-men-1957";

async fn page(cinema: &Cinema, next: Option<beldi::PageToken>) -> FilmPage {
    let request = PageRequest { film: FILM.into(), next };
    cinema.host.client().call(page::read(request)).await.expect("an answer").expect("a film")
}

#[tokio::test(start_paused = true)]
async fn a_review_is_stored_listed_and_counted() {
    let cinema = Cinema::open(&films(2)).await;
    let id = cinema.review(request(9, "  Twelve men,\n one room. ")).await.expect("a review");
    cinema.review(request(4, "Too warm in there.")).await.expect("a review");
    let page = page(&cinema, None).await;
    assert_eq!((page.reviews, page.average_stars), (2, Some(6.5)));
    assert_eq!(page.plot.as_ref(), films(1).first().map(|film| &film.plot));
    assert_eq!(page.people.len(), 3);
    assert_eq!(page.latest.items[1].id, id);
    assert_eq!(page.latest.items[1].text, "Twelve men, one room.");
    let user = cinema.host.client().call(user::find("ann".into())).await.expect("an answer").expect("ann");
    let by_user = cinema.host.client().call(user_review::latest(user, None)).await.expect("an answer");
    assert_eq!(by_user.items, page.latest.items);
}

#[tokio::test(start_paused = true)]
async fn a_refused_review_leaves_nothing() {
    let cinema = Cinema::open(&films(1)).await;
    let mut of_unknown_film = request(9, "Good.");
    of_unknown_film.title = "13 Angry Men".into();
    let mut of_no_film = request(9, "Good.");
    of_no_film.title = String::new();
    let mut by_nobody = request(9, "Good.");
    by_nobody.user = "bob".into();
    let unknown_film = |film: &str| ReviewRefused::UnknownFilm(UnknownFilm { film: film.into() });
    assert_eq!(cinema.review(of_unknown_film).await, Err(unknown_film("13 Angry Men")));
    assert_eq!(cinema.review(of_no_film).await, Err(unknown_film("")));
    assert_eq!(cinema.review(by_nobody).await, Err(ReviewRefused::UnknownUser(UnknownUser { name: "bob".into() })));
    let eleven = ReviewRefused::InvalidRating(InvalidRating { stars: 11, limit: 10 });
    assert_eq!(cinema.review(request(11, "Good.")).await, Err(eleven));
    assert!(matches!(cinema.review(request(9, " \n ")).await, Err(ReviewRefused::InvalidText(_))));
    assert!(matches!(cinema.review(request(9, &"a".repeat(2001))).await, Err(ReviewRefused::InvalidText(_))));
    let reviews = cinema.host.client().call(review_storage::list(None)).await.expect("an answer");
    assert_eq!(reviews.items, []);
    assert_eq!(page(&cinema, None).await.reviews, 0);
}

#[tokio::test(start_paused = true)]
async fn one_idempotency_key_is_one_review() {
    let cinema = Cinema::open(&films(1)).await;
    let client = cinema.host.client();
    let first = client.call(frontend::compose(request(9, "Good."))).idempotency_key("k").await.expect("an answer");
    let again = client.call(frontend::compose(request(9, "Good."))).idempotency_key("k").await.expect("an answer");
    assert_eq!(first, again);
    let started = client.start(frontend::compose(request(9, "Good."))).idempotency_key("k").await.expect("an id");
    cinema.host.settle().await.expect("the store answers");
    assert_eq!(client.result::<frontend::compose>(started).await.expect("an answer"), Some(first));
    assert_eq!(page(&cinema, None).await.reviews, 1);
}

#[tokio::test(start_paused = true)]
async fn the_latest_reviews_come_in_pages() {
    let cinema = Cinema::open(&films(1)).await;
    let mut written = Vec::new();
    for number in 0..23 {
        written.push(cinema.review(request(5, &format!("{number} times."))).await.expect("a review"));
        tokio::time::advance(std::time::Duration::from_millis(5)).await;
    }
    written.sort();
    written.reverse();
    let mut read = Vec::new();
    let mut next = None;
    for length in [10, 10, 3] {
        let latest = page(&cinema, next).await.latest;
        assert_eq!(latest.items.len(), length);
        read.extend(latest.items.iter().map(|review| review.id));
        next = latest.next;
    }
    assert_eq!(next, None);
    assert_eq!(read, written);
}

#[tokio::test(start_paused = true)]
async fn a_remake_goes_by_title_and_year() {
    let mut films = films(1);
    films.push(frontend::FilmRecord { id: "12-angry-men-1997".into(), year: 1997, ..films[0].clone() });
    let cinema = Cinema::open(&films).await;
    for (title, film) in [("12 Angry Men", FILM), ("12 Angry Men (1997)", "12-angry-men-1997")] {
        let found = cinema.host.client().call(movie_id::find(title.into())).await.expect("an answer");
        assert_eq!(found.as_deref(), Ok(film));
    }
    let third = frontend::FilmRecord { id: "another".into(), ..films[1].clone() };
    let refused = cinema.host.client().call(frontend::add_film(third)).await.expect("an answer");
    assert_eq!(refused.map_err(|error| error.title), Err("12 Angry Men (1997)".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_name_is_had_once() {
    let cinema = Cinema::open(&[]).await;
    let client = cinema.host.client();
    let again = client.call(user::register("ann".into())).await.expect("an answer");
    assert_eq!(again, Err(NameRefused::Taken { name: "ann".into() }));
    for name in [String::new(), "a".repeat(201)] {
        assert_eq!(client.call(user::register(name)).await.expect("an answer"), Err(NameRefused::Invalid));
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_costs_its_reads() {
    let cinema = Cinema::open(&films(1)).await;
    cinema.review(request(9, "Good.")).await.expect("a review");
    cinema.host.shutdown(std::time::Duration::from_secs(1)).await;
    cinema.store.reset();
    page(&cinema, None).await;
    let counts = cinema.store.counts();
    let reads = ["films", "plots", "people", "ratings", "reviews_by_film", "reviews"].map(|table| counts.table(table));
    assert_eq!((counts.total(), reads), (6, [1; 6]), "{counts}");
}
