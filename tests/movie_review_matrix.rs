//! The crash matrix over the paper's compose-review workflow: ten services, crashed at every request and
//! every invocation, and a review that is refused.

#![expect(clippy::print_stdout, reason = "how many crash points there are is worth seeing")]

#[path = "../examples/movie_review/services/mod.rs"]
pub mod services;

use beldi::testing::{CrashMatrix, Trial};
use services::frontend::{FilmRecord, ReviewRequest, add_film, compose};
use services::movie_info::Role;
use services::{page, rating, user};

fn film() -> FilmRecord {
    let cast = [("Takashi Shimura", "Kanji Watanabe"), ("Shinichi Himori", "Kimura")];
    let role = |(name, role): (&str, &str)| Role { name: name.into(), role: role.into() };
    FilmRecord {
        id: "ikiru-1952".into(),
        title: "Ikiru".into(),
        year: 1952,
        genres: vec!["drama".into()],
        runtime_minutes: 143,
        director: "Akira Kurosawa".into(),
        cast: cast.into_iter().map(role).collect(),
        plot: "A clerk who learns that he will die soon looks for something to do with the time he has left.".into(),
    }
}

fn review(stars: u8) -> ReviewRequest {
    ReviewRequest { user: "ann".into(), title: "Ikiru".into(), stars, text: "It stays with you.".into() }
}

async fn catalogue(trial: Trial) {
    trial.call(add_film(film())).await.expect("a result").expect("a new title");
    trial.call(user::register("ann".into())).await.expect("a result").expect("a new name");
}

/// What can be seen of a film: how many reviews, their stars, and how many are listed.
async fn seen(trial: &Trial) -> (u64, u64, usize) {
    let rating = trial.call(rating::read("ikiru-1952".into())).await.expect("a rating");
    let request = page::PageRequest { film: "ikiru-1952".into(), next: None };
    let page = trial.call(page::read(request)).await.expect("a page").expect("a film");
    (rating.reviews, rating.stars, page.latest.items.len())
}

#[tokio::test(start_paused = true)]
async fn compose_review_survives_every_crash() {
    let report = CrashMatrix::new(|trial: Trial| async move {
        trial.call(compose(review(8))).await.expect("a result").expect("a review")
    })
    .setup(catalogue)
    .ignore("composed_ms")
    // A review's id begins with the time it was made at.
    .aliases(|id| id.as_str().map(str::to_owned).into_iter().collect())
    .run()
    .await;
    println!("compose-review has {} crash points: {report}", report.points);
    report.assert_passed();
}

/// A refused review leaves nothing, and its refusal is the same after every crash.
#[tokio::test(start_paused = true)]
async fn a_refused_review_survives_every_crash() {
    let report = CrashMatrix::new(|trial: Trial| async move {
        let refused = trial.call(compose(ReviewRequest { title: "No such film".into(), ..review(8) })).await;
        let refusal = refused.expect("a result").expect_err("there is no such film").to_string();
        (refusal, seen(&trial).await)
    })
    .setup(catalogue)
    .run()
    .await;
    println!("{} crash points: {report}", report.points);
    report.assert_passed();
}
