//! The catalogue: real films, taken in through the same function that anybody would call.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use beldi::{Client, ClientError};
use indicatif::ProgressBar;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::common::calls::{all, answer, observe};
use crate::services::frontend::{self, FilmRecord};
use crate::services::{movie_info, user};

/// How many films are taken in at a time.
const AT_A_TIME: usize = 16;

/// All films of the catalogue.
pub(crate) fn films() -> serde_json::Result<Vec<FilmRecord>> {
    serde_json::from_str(include_str!("films.json"))
}

/// Takes in the films that are not there yet. Gives how many these were.
pub(crate) async fn load(client: &Client, films: &[FilmRecord], bar: &ProgressBar) -> Result<usize, ClientError> {
    let there = all(client, movie_info::list).await?;
    let there: HashSet<_> = there.into_iter().map(|film| film.id).collect();
    let missing: Vec<_> = films.iter().filter(|film| !there.contains(&film.id)).cloned().collect();
    let missing: Arc<[FilmRecord]> = missing.into();
    bar.set_length(missing.len() as u64);
    let mut workers = JoinSet::new();
    for worker in 0..AT_A_TIME {
        let (client, missing, bar) = (client.clone(), Arc::clone(&missing), bar.clone());
        workers.spawn(async move {
            for film in missing.iter().skip(worker).step_by(AT_A_TIME) {
                bar.set_message(film.title.clone());
                let key = format!("film {}", film.id);
                // A title that is taken even with its year is told by the checks: the film cannot be reviewed.
                let _ = answer(&client, &key, || frontend::add_film(film.clone())).await?;
                bar.inc(1);
            }
            Ok::<_, ClientError>(())
        });
    }
    workers.join_all().await.into_iter().collect::<Result<(), ClientError>>()?;
    Ok(missing.len())
}

/// The films that a title alone leads to, as title and id. Of two films that share a title, which one has it
/// depends on which came first.
pub(crate) fn by_title(films: &[FilmRecord]) -> Vec<(String, String)> {
    let mut titles: HashMap<&str, usize> = HashMap::new();
    films.iter().for_each(|film| *titles.entry(&film.title).or_default() += 1);
    let single = films.iter().filter(|film| titles[film.title.as_str()] == 1);
    single.map(|film| (film.title.clone(), film.id.clone())).collect()
}

/// The ids of users with these names, who are registered if they are not yet.
pub(crate) async fn users(client: &Client, names: Vec<String>) -> Result<Vec<(String, Uuid)>, ClientError> {
    let mut users = Vec::new();
    for name in names {
        let id = match observe(client, || user::find(name.clone())).await? {
            Ok(id) => Some(id),
            Err(_) => answer(client, &format!("user {name}"), || user::register(name.clone())).await?.ok(),
        };
        users.extend(id.map(|id| (name, id)));
    }
    Ok(users)
}
