//! The load: users who write reviews and read pages.

use std::sync::Arc;

use beldi::Client;
use beldi::prelude::*;
use uuid::Uuid;

use crate::common::calls::{answer, observe, start};
use crate::common::ledger::{self, Ledger, Outcome};
use crate::common::load::{Failure, Kind, Users};
use crate::services::frontend::{self, ReviewRequest};
use crate::services::page::{self, PageRequest};
use crate::services::rating::MAX_STARS;

/// What users do, of a hundred times: read a page, send a review without waiting for it, send one that cannot be
/// taken; and otherwise send one and wait for the answer.
const READS: u32 = 40;
const STARTS: u32 = 15;
const MISTAKES: u32 = 3;

const OPINIONS: [&str; 8] = [
    "The first hour is patient and the last one pays for it.",
    "I saw it twice in one week and would go again.",
    "Handsome, well played, and half an hour too long.",
    "Nobody in this film does what you expect, and everybody is right.",
    "The music does the work that the script avoids.",
    "A small story, told without one wasted shot.",
    "I admired it more than I liked it.",
    "My neighbour in the cinema wept, and so, in the end, did I.",
];

/// A review that somebody wants to be stored.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
pub(crate) struct Wanted {
    /// Who wrote it.
    pub(crate) user: Uuid,
    /// The film's id.
    pub(crate) film: String,
    /// The rating.
    pub(crate) stars: u8,
}

type Asked = ledger::Asked<Wanted>;

/// The users, and what they share.
pub(crate) struct Critics {
    pub(crate) client: Client,
    pub(crate) ledger: Arc<Ledger<Wanted>>,
    /// Titles and ids, the most popular first.
    pub(crate) films: Vec<(String, String)>,
    /// Names and ids.
    pub(crate) users: Vec<(String, Uuid)>,
}

const COMPOSED: usize = 0;
const STARTED: usize = 1;
const REFUSED: usize = 2;
const READ: usize = 3;

impl Users for Critics {
    const KINDS: &'static [Kind] = &[
        Kind { request: "compose a review", done: "reviews composed" },
        Kind { request: "start a review", done: "started" },
        Kind { request: "have one refused", done: "refused" },
        Kind { request: "read a page", done: "pages read" },
    ];

    fn number(&self) -> usize {
        self.users.len()
    }

    async fn one_request(&self, user: usize) -> Result<Option<usize>, Failure> {
        let dice = fastrand::u32(..100);
        if dice < READS {
            return self.read().await.map(Some);
        }
        let (mut request, asked) = self.review(user);
        self.ledger.asked(asked.clone())?;
        if dice < READS + STARTS {
            return self.start(request, &asked).await.map(Some);
        }
        if dice < READS + STARTS + MISTAKES {
            spoil(&mut request);
        }
        self.compose(request, &asked).await.map(Some)
    }
}

impl Critics {
    async fn read(&self) -> Result<usize, Failure> {
        let (_, film) = self.film();
        let answer = observe(&self.client, || page::read(PageRequest { film: film.clone(), next: None })).await?;
        answer.map(|_| READ).map_err(|error| Failure::Answer(error.to_string()))
    }

    async fn start(&self, request: ReviewRequest, asked: &Asked) -> Result<usize, Failure> {
        start(&self.client, &asked.key.to_string(), || frontend::compose(request.clone())).await?;
        self.ledger.got(asked.key, Outcome::Started)?;
        Ok(STARTED)
    }

    async fn compose(&self, request: ReviewRequest, asked: &Asked) -> Result<usize, Failure> {
        let answer = answer(&self.client, &asked.key.to_string(), || frontend::compose(request.clone())).await?;
        let (outcome, kind) = match answer {
            Ok(review) => (Outcome::Answered(review), COMPOSED),
            Err(_) => (Outcome::Refused, REFUSED),
        };
        self.ledger.got(asked.key, outcome)?;
        Ok(kind)
    }

    /// A review, and what the ledger says of it. Its text ends with the idempotency key: so reviews that are
    /// stored can be matched with requests without asking a journal.
    fn review(&self, user: usize) -> (ReviewRequest, Asked) {
        let ((name, id), (title, film)) = (&self.users[user], self.film());
        let (key, stars) = (Uuid::new_v4(), fastrand::u8(..=MAX_STARS));
        let text = format!("{} #{key}", OPINIONS[fastrand::usize(..OPINIONS.len())]);
        let request = ReviewRequest { user: name.clone(), title: title.clone(), stars, text };
        (request, Asked { key, what: Wanted { user: *id, film: film.clone(), stars } })
    }

    /// Some films are much more popular than others, so that there is always somebody else at their rows.
    fn film(&self) -> &(String, String) {
        let popularity = fastrand::f64().powi(3);
        &self.films[(popularity * self.films.len() as f64) as usize]
    }
}

/// Makes one of the mistakes that users make.
fn spoil(request: &mut ReviewRequest) {
    match fastrand::u8(..4) {
        0 => request.title.push_str(" II: The Sequel That Never Was"),
        1 => request.user.push_str(" (misspelled)"),
        2 => request.stars = MAX_STARS + 1,
        _ => request.text.push_str(&" And so on.".repeat(500)),
    }
}
