//! What users do how often.

use std::str::FromStr;

/// What a user can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Search,
    Recommend,
    User,
    Reserve,
}

/// How often each is done, in proportion to the others.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Mix {
    search: f64,
    recommend: f64,
    user: f64,
    reserve: f64,
}

/// The mix of the paper, which is DeathStarBench's, in percent.
pub(crate) const PAPERS: &str = "search=60,recommend=39,user=0.5,reserve=0.5";

/// What is wrong with a mix.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a mix is like `{PAPERS}`; what is left out is not done, and something must be")]
pub(crate) struct NoMix;

impl Mix {
    /// What is done at `place`, which runs from 0 up to 1.
    pub(crate) fn at(self, place: f64) -> Action {
        let Self { search, recommend, user, reserve } = self;
        let mut place = place * (search + recommend + user + reserve);
        for (weight, action) in [(search, Action::Search), (recommend, Action::Recommend), (user, Action::User)] {
            if place < weight {
                return action;
            }
            place -= weight;
        }
        // A sum of fractions may end just before 1: the last place belongs to somebody who does something.
        if reserve > 0.0 { Action::Reserve } else { self.first() }
    }

    fn first(self) -> Action {
        match self {
            Self { search, .. } if search > 0.0 => Action::Search,
            Self { recommend, .. } if recommend > 0.0 => Action::Recommend,
            Self { user, .. } if user > 0.0 => Action::User,
            _ => Action::Reserve,
        }
    }
}

impl FromStr for Mix {
    type Err = NoMix;

    fn from_str(text: &str) -> Result<Self, NoMix> {
        let mut mix = Self { search: 0.0, recommend: 0.0, user: 0.0, reserve: 0.0 };
        for part in text.split(',') {
            let (name, weight) = part.split_once('=').ok_or(NoMix)?;
            let weight: f64 = weight.trim().parse().map_err(|_| NoMix)?;
            let place = match name.trim() {
                "search" => &mut mix.search,
                "recommend" => &mut mix.recommend,
                "user" => &mut mix.user,
                "reserve" => &mut mix.reserve,
                _ => return Err(NoMix),
            };
            *place = weight;
        }
        let Self { search, recommend, user, reserve } = mix;
        let weights = [search, recommend, user, reserve];
        let can_be = weights.iter().all(|weight| (0.0..=1e6).contains(weight)) && weights.iter().sum::<f64>() > 0.0;
        if can_be { Ok(mix) } else { Err(NoMix) }
    }
}
