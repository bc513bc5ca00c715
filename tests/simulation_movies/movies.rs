//! Critics who write reviews and read pages, and now and then make a mistake.

use std::sync::{Arc, Mutex, PoisonError};

use uuid::Uuid;

use crate::checks::{Request, Snapshot};
use crate::common::checks::Check;
use crate::common::ledger::{Asked, Outcome};
use crate::load::Wanted;
use crate::services::frontend::{self, FilmRecord, ReviewRequest};
use crate::services::page::{self, PageRequest};
use crate::services::rating::MAX_STARS;
use crate::services::user;
use crate::world::{App, Clients, Size, Work};

const USERS: usize = 8;
const FILMS: usize = 6;

/// How many read a page, and how many of those who write do not wait for an answer, or want what cannot be.
const READS: f64 = 0.4;
const STARTS: f64 = 0.2;
const MISTAKES: f64 = 0.05;

pub(crate) struct Movies {
    films: Vec<FilmRecord>,
    clients: usize,
    users: Mutex<Vec<(String, Uuid)>>,
    requests: Mutex<Vec<Request>>,
}

impl Movies {
    pub(crate) fn of(size: Size) -> Self {
        let films: Vec<FilmRecord> =
            serde_json::from_str(include_str!("../../examples/movie_review/films.json")).expect("films");
        let films = films.into_iter().take(FILMS).collect();
        let clients = (size.instances / 50).clamp(10, 1_500);
        Self { films, clients, users: Mutex::default(), requests: Mutex::default() }
    }

    async fn review(&self, clients: &Arc<Clients>) {
        let chance = &clients.core().chance;
        let key = Uuid::from_u128(chance.id());
        let (name, user) = {
            let users = self.users.lock().unwrap_or_else(PoisonError::into_inner);
            users[chance.below(users.len())].clone()
        };
        // The first film is hot.
        let film = &self.films[chance.below(FILMS) * chance.below(2)];
        let stars = chance.below(usize::from(MAX_STARS) + 1) as u8;
        let mut request =
            ReviewRequest { user: name, title: film.title.clone(), stars, text: format!("I have seen it. #{key}") };
        if chance.chance(MISTAKES) {
            request.title.push_str(" II: The Sequel That Never Was");
        }
        let reference = key.to_string();
        let outcome = if chance.chance(STARTS) {
            let started = clients.start(&reference, || frontend::compose(request.clone())).await;
            // What cannot be taken is refused where nobody waits.
            (started && request.title == film.title).then_some(Outcome::Started)
        } else {
            let asked = request.clone();
            let answer = clients.answer(&reference, move || frontend::compose(asked.clone())).await;
            answer.map(|answer| answer.map_or(Outcome::Refused, Outcome::Answered))
        };
        let what = Wanted { user, film: film.id.clone(), stars };
        let request = Request { asked: Asked { key, what }, outcome, earlier: false };
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).push(request);
    }
}

impl App for Movies {
    fn prepare(&self, clients: Arc<Clients>) -> Work<'_, ()> {
        Box::pin(async move {
            for film in self.films.clone() {
                let key = format!("film {}", film.id);
                clients.answer(&key, move || frontend::add_film(film.clone())).await;
            }
            for number in 0..USERS {
                let name = format!("critic {number}");
                let asked = name.clone();
                let id = clients.answer(&format!("user {name}"), move || user::register(asked.clone())).await;
                if let Some(Ok(id)) = id {
                    self.users.lock().unwrap_or_else(PoisonError::into_inner).push((name, id));
                }
            }
        })
    }

    fn clients(&self) -> usize {
        self.clients
    }

    fn request(&self, clients: Arc<Clients>, _client: usize, _number: usize) -> Work<'_, ()> {
        Box::pin(async move {
            let chance = &clients.core().chance;
            if !chance.chance(READS) {
                return self.review(&clients).await;
            }
            let film = self.films[chance.below(FILMS)].id.clone();
            clients.observe(|| page::read(PageRequest { film: film.clone(), next: None })).await;
        })
    }

    fn check(&self, clients: Arc<Clients>) -> Work<'_, Vec<Check>> {
        Box::pin(async move {
            let client = clients.fleet.any().host.client();
            let snapshot = Snapshot::take(&client).await.expect("the services answer");
            let mut checks = snapshot.agrees(&self.films);
            checks.extend(snapshot.fulfils(&self.requests.lock().unwrap_or_else(PoisonError::into_inner)));
            checks
        })
    }
}
