//! Movie id: which film a title means.

use beldi::prelude::*;

beldi::service! {
    /// Knows which film a title means.
    pub MovieId = "movie-id";
}

/// A title and the film that has it.
#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = MovieId, table = "titles")]
pub struct Title {
    /// The title as people write it.
    #[beldi(partition_key)]
    pub title: String,
    /// The film's id.
    pub film: String,
}

/// There is no such film.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no film `{film}`")]
pub struct UnknownFilm {
    /// The title or id that was asked for.
    pub film: String,
}

/// Another film has this title.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the title `{title}` belongs to another film")]
pub struct TitleTaken {
    /// The title.
    pub title: String,
}

/// Gives a title to a film, unless another film has it.
#[beldi::function(service = MovieId)]
pub async fn register(title: String, film: String) -> Result<(), TitleTaken> {
    let title = Title { title, film };
    let free = Title::absent().or(Title::FILM.eq(title.film.clone()));
    title.put().when(free).await.map_err(|_| TitleTaken { title: title.title })
}

/// The id of the film that has a title.
#[beldi::function(service = MovieId, read_only)]
pub async fn find(title: String) -> Result<String, UnknownFilm> {
    if !super::can_be_key(&title) {
        return Err(UnknownFilm { film: title });
    }
    match Title::get(&title).await {
        Some(found) => Ok(found.film),
        None => Err(UnknownFilm { film: title }),
    }
}
