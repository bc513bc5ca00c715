//! The rows that a scenario is about, and the attempts that it starts.

use std::time::Duration;

use beldi::ClientError;
use beldi::prelude::*;
use beldi::testing::{Contest, locked_rows};

use super::shop::{balance, count, fill, open};

/// The rows of one run, filled before it begins.
pub(super) struct Rows {
    pub(super) contest: Contest,
    one: String,
    other: String,
}

impl Rows {
    pub(super) async fn filled(contest: Contest) -> Self {
        let (one, other) = ("one".to_owned(), "other".to_owned());
        contest.before(fill(one.clone(), other.clone())).await.expect("the setup");
        contest.before(open(one.clone())).await.expect("the setup");
        Self { contest, one, other }
    }

    pub(super) fn names(&self) -> (String, String) {
        (self.one.clone(), self.other.clone())
    }

    /// Two attempts of one instance at once, the second in replay. They must agree, unless one has given up because the
    /// other was faster. Where each was faster than the other, a third one is asked.
    pub(super) async fn twice<F: Function<Output: PartialEq + std::fmt::Debug>>(
        &self,
        call: impl Fn() -> beldi::Call<F>,
    ) -> Result<F::Output, String> {
        let key = "twice".to_owned();
        let (one, two) =
            tokio::join!(self.contest.attempt(&key, false, call()), self.contest.attempt(&key, true, call()));
        match (one, two) {
            (Ok(one), Ok(two)) if one != two => Err(format!("one attempt gives {one:?}, the other {two:?}")),
            (Ok(answer), Ok(_) | Err(ClientError::Unavailable { .. })) => Ok(answer),
            (Err(ClientError::Unavailable { .. }), Ok(answer)) => Ok(answer),
            (Err(ClientError::Unavailable { .. }), Err(ClientError::Unavailable { .. })) => {
                self.contest.settle().await;
                self.contest.attempt(&key, true, call()).await.map_err(text)
            }
            (Err(error), _) | (_, Err(error)) => Err(text(error)),
        }
    }

    /// One attempt of another instance, which starts later, and so is the younger.
    pub(super) async fn younger<F: Function>(&self, call: beldi::Call<F>) -> Result<F::Output, String> {
        tokio::time::sleep(Duration::from_millis(2)).await;
        self.contest.attempt("younger".to_owned(), false, call).await.map_err(text)
    }

    /// One attempt of another instance, which starts at once.
    pub(super) async fn beside<F: Function>(&self, call: beldi::Call<F>) -> Result<F::Output, String> {
        self.contest.attempt("beside".to_owned(), false, call).await.map_err(text)
    }

    /// What must be left when all have ended: these values, no lock, nothing to do.
    pub(super) async fn left(&self, counts: (i64, i64), in_bank: i64) -> Result<(), String> {
        self.contest.settle().await;
        let client = self.contest.client();
        self.contest.host().settle().await.map_err(|error| error.to_string())?;
        let locked = locked_rows(self.contest.host()).await.map_err(|error| error.to_string())?;
        let found = (
            client.call(count(self.one.clone())).await.map_err(text)?,
            client.call(count(self.other.clone())).await.map_err(text)?,
            client.call(balance(self.one.clone())).await.map_err(text)?,
        );
        let parked =
            client.parked("shop").await.map_err(text)?.len() + client.parked("bank").await.map_err(text)?.len();
        let expected = (counts.0, counts.1, in_bank);
        match found == expected && locked.is_empty() && parked == 0 {
            true => Ok(()),
            false => Err(format!("{found:?} instead of {expected:?}, {parked} parked, locked: {locked:?}")),
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is mapped over")]
pub(super) fn text(error: ClientError) -> String {
    error.to_string()
}
