//! The movie review application, small: what each service promises, and whether the checks of the example notice
//! what they are there for. That every crash is survived is shown by `movie_review_matrix.rs`.

#[path = "../../examples/movie_review/checks.rs"]
mod checks;
#[path = "../../examples/common/mod.rs"]
#[allow(dead_code, clippy::print_stdout, reason = "the tests use a part of it")]
mod common;
#[path = "../../examples/movie_review/load.rs"]
#[allow(dead_code, reason = "the tests use a part of it")]
mod load;
#[path = "../../examples/movie_review/services/mod.rs"]
pub mod services;

mod crashed;
mod noticed;
mod promises;
mod written;

use std::sync::Arc;

use beldi::VirtualWorld;
use beldi::host::LocalHost;
use beldi::store::Counting;
use beldi::testing::fresh_store;
use services::frontend::{self, FilmRecord, ReviewRequest};
use services::user;

/// The services on a store of their own, with some films and one user.
struct Cinema {
    host: LocalHost,
    store: Arc<Counting>,
}

/// The first films of the example's catalogue.
fn films(number: usize) -> Vec<FilmRecord> {
    let films: Vec<_> = serde_json::from_str(include_str!("../../examples/movie_review/films.json")).expect("films");
    films.into_iter().take(number).collect()
}

impl Cinema {
    async fn open(films: &[FilmRecord]) -> Self {
        let store = Arc::new(Counting::new(fresh_store().await.expect("a store")));
        let host = LocalHost::builder(store.clone()).world(VirtualWorld::new(7)).start().await.expect("a host");
        for film in films {
            host.client().call(frontend::add_film(film.clone())).await.expect("an answer").expect("a new title");
        }
        host.client().call(user::register("ann".into())).await.expect("an answer").expect("a new name");
        Self { host, store }
    }

    /// Composes a review, and waits until it is listed too.
    async fn review(&self, request: ReviewRequest) -> Result<uuid::Uuid, frontend::ReviewRefused> {
        let answer = self.host.client().call(frontend::compose(request)).await.expect("an answer");
        self.host.settle().await.expect("the store answers");
        answer
    }
}

/// A review of `12 Angry Men` by ann.
fn request(stars: u8, text: &str) -> ReviewRequest {
    ReviewRequest { user: "ann".into(), title: "12 Angry Men".into(), stars, text: text.into() }
}
