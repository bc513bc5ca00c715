//! Frontend: where requests that change something come in.

use super::compose_review::{self, Draft};
use super::movie_id::{self, TitleTaken, UnknownFilm};
use super::movie_info::{self, Film, Role};
use super::rating::{self, InvalidRating};
use super::text::{self, InvalidText};
use super::user::{self, UnknownUser};
use super::{cast_info, plot, unique_id};
use beldi::prelude::*;
use uuid::Uuid;

beldi::service! {
    /// Takes requests in.
    pub Frontend = "frontend";
}

/// A review as it comes in.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct ReviewRequest {
    /// The name of the user who writes it.
    pub user: String,
    /// The title of the film.
    pub title: String,
    /// How many stars it gives.
    pub stars: u8,
    /// What it says.
    pub text: String,
}

/// Why a review was not taken. Then nothing of it is stored anywhere.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[serde(tag = "error", rename_all = "kebab-case")]
pub enum ReviewRefused {
    /// The film is not known.
    #[error(transparent)]
    UnknownFilm(#[from] UnknownFilm),
    /// The user is not known.
    #[error(transparent)]
    UnknownUser(#[from] UnknownUser),
    /// The rating is none.
    #[error(transparent)]
    InvalidRating(#[from] InvalidRating),
    /// The text is none.
    #[error(transparent)]
    InvalidText(#[from] InvalidText),
}

/// A film with everything that the services keep of it.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct FilmRecord {
    /// The film's id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// The year of its first showing.
    pub year: u32,
    /// What kinds of film it is.
    pub genres: Vec<String>,
    /// How long it is.
    pub runtime_minutes: u32,
    /// Who directed it.
    pub director: String,
    /// Who is to be seen or heard in it.
    pub cast: Vec<Role>,
    /// Its story in a sentence or two.
    pub plot: String,
}

/// Composes a review and gives its id.
#[beldi::function(service = Frontend)]
pub async fn compose(request: ReviewRequest) -> Result<Uuid, ReviewRefused> {
    let stars = rating::checked(request.stars)?;
    let (id, user, film, text) = beldi::join!(
        unique_id::make(),
        user::find(request.user),
        movie_id::find(request.title),
        text::prepare(request.text),
    );
    compose_review::compose(Draft { id, user: user?, film: film?, stars, text: text? }).await;
    Ok(id)
}

/// Takes a film into the catalogue. Its title comes last: a film that can be found is there with all its parts.
#[beldi::function(service = Frontend)]
pub async fn add_film(film: FilmRecord) -> Result<(), TitleTaken> {
    let FilmRecord { id, title, year, genres, runtime_minutes, director, cast, plot } = film;
    let people = cast.iter().map(|role| role.name.clone()).collect();
    let info = Film { id: id.clone(), title: title.clone(), year, genres, runtime_minutes, director, cast };
    beldi::join!(movie_info::write(info), plot::write(id.clone(), plot), cast_info::credit(id.clone(), people));
    // Where two films share a title, the one that comes later goes by title and year.
    match movie_id::register(title.clone(), id.clone()).await {
        Ok(()) => Ok(()),
        Err(TitleTaken { .. }) => movie_id::register(format!("{title} ({year})"), id).await,
    }
}
