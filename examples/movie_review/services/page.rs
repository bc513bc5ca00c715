//! Page: all there is to show of a film.

use super::cast_info::{self, Person};
use super::movie_id::UnknownFilm;
use super::movie_info::{self, Film};
use super::review_storage::Review;
use super::{Listing, movie_review, plot, rating};
use beldi::PageToken;
use beldi::prelude::*;

beldi::service! {
    /// Puts together what there is to show of a film.
    pub Page = "page";
}

/// Which page is wanted.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct PageRequest {
    /// The film's id.
    pub film: String,
    /// The `next` of the page before, for older reviews.
    #[serde(default)]
    pub next: Option<PageToken>,
}

/// All there is to show of a film.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct FilmPage {
    /// What is known of it.
    pub film: Film,
    /// Its story.
    pub plot: Option<String>,
    /// The people in it, and what else they are in.
    pub people: Vec<Person>,
    /// How many reviews there are.
    pub reviews: u64,
    /// How many stars they give on average.
    pub average_stars: Option<f64>,
    /// The latest of them.
    pub latest: Listing<Review>,
}

/// The page of a film.
#[beldi::function(service = Page, read_only)]
pub async fn read(request: PageRequest) -> Result<FilmPage, UnknownFilm> {
    let PageRequest { film: id, next } = request;
    let film = movie_info::read(id.clone()).await?;
    let names = film.cast.iter().map(|role| role.name.clone()).collect();
    let (plot, people, rating, latest) = beldi::join!(
        plot::read(id.clone()),
        cast_info::read(names),
        rating::read(id.clone()),
        movie_review::latest(id, next),
    );
    Ok(FilmPage { film, plot, people, reviews: rating.reviews, average_stars: rating.average(), latest })
}
