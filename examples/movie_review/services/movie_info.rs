//! Movie info: what is known of a film.

use super::Listing;
use super::movie_id::UnknownFilm;
use beldi::PageToken;
use beldi::prelude::*;

beldi::service! {
    /// Knows the films.
    pub MovieInfo = "movie-info";
}

/// What is known of a film.
#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = MovieInfo, table = "films")]
pub struct Film {
    /// The film's id.
    #[beldi(partition_key)]
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
}

/// Who plays whom.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct Role {
    /// The name under which cast-info knows the person.
    pub name: String,
    /// Who it is in the film.
    pub role: String,
}

/// Takes a film in.
#[beldi::function(service = MovieInfo)]
pub async fn write(film: Film) {
    film.put().await;
}

/// What is known of a film.
#[beldi::function(service = MovieInfo, read_only)]
pub async fn read(film: String) -> Result<Film, UnknownFilm> {
    if !super::can_be_key(&film) {
        return Err(UnknownFilm { film });
    }
    Film::get(&film).await.ok_or(UnknownFilm { film })
}

/// All films, a page at a time.
#[beldi::function(service = MovieInfo, read_only)]
pub async fn list(page: Option<PageToken>) -> Listing<Film> {
    Film::scan().limit(super::ROWS_OF_A_LISTING).page(page).await.into()
}
