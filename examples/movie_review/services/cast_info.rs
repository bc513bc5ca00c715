//! Cast info: the people on the screen.

use super::Listing;
use beldi::PageToken;
use beldi::prelude::*;

beldi::service! {
    /// Knows the people on the screen.
    pub CastInfo = "cast-info";
}

/// Somebody who plays in films.
#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = CastInfo, table = "people")]
pub struct Person {
    /// The person's name.
    #[beldi(partition_key)]
    pub name: String,
    /// The ids of the films with this person, in the order in which they were taken in.
    pub films: Vec<String>,
}

/// Adds a film to the list of everybody in its cast. Films that are taken in at the same time may share people,
/// and an attempt may die between two of them; each list still gets the film once.
#[beldi::function(service = CastInfo)]
pub async fn credit(film: String, cast: Vec<String>) {
    for name in cast {
        Person::update(&name).append(Person::FILMS, [film.clone()]).await;
    }
}

/// Those of the people who are known.
#[beldi::function(service = CastInfo, read_only)]
pub async fn read(names: Vec<String>) -> Vec<Person> {
    Person::batch_get(names).await.into_iter().flatten().collect()
}

/// Everybody, a page at a time.
#[beldi::function(service = CastInfo, read_only)]
pub async fn list(page: Option<PageToken>) -> Listing<Person> {
    Person::scan().limit(super::ROWS_OF_A_LISTING).page(page).await.into()
}
