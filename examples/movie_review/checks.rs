//! What must hold: found out from what the services list, and compared with what the clients know.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use beldi::{Client, ClientError};
use uuid::Uuid;

use crate::common::calls::all;
use crate::common::checks::{Check, counted, once, several};
use crate::common::ledger::{self, Outcome};
use crate::load::Wanted;
use crate::services::cast_info::{self, Person};
use crate::services::frontend::FilmRecord;
use crate::services::movie_info::{self, Film};
use crate::services::movie_review::{self, ByFilm};
use crate::services::rating::{self, Rating};
use crate::services::review_storage::{self, Review};
use crate::services::user_review::{self, ByUser};

/// A review that was asked for, and what came of it.
pub(crate) type Request = ledger::Request<Wanted>;

/// Everything that the services keep.
#[derive(Debug, Clone, Default)]
pub(crate) struct Snapshot {
    pub(crate) reviews: Vec<Review>,
    pub(crate) by_user: Vec<ByUser>,
    pub(crate) by_film: Vec<ByFilm>,
    pub(crate) ratings: Vec<Rating>,
    pub(crate) films: Vec<Film>,
    pub(crate) people: Vec<Person>,
}

impl Snapshot {
    /// Asks all services. Nothing may be running that still writes.
    pub(crate) async fn take(client: &Client) -> Result<Self, ClientError> {
        Ok(Self {
            reviews: all(client, review_storage::list).await?,
            by_user: all(client, user_review::list).await?,
            by_film: all(client, movie_review::list).await?,
            ratings: all(client, rating::list).await?,
            films: all(client, movie_info::list).await?,
            people: all(client, cast_info::list).await?,
        })
    }

    /// Compares what is stored with itself and with the catalogue.
    pub(crate) fn agrees(&self, catalogue: &[FilmRecord]) -> Vec<Check> {
        vec![
            self.in_user_lists(),
            self.in_film_lists(),
            self.none_dangles(),
            self.ratings_sum_up(),
            self.credits(catalogue),
        ]
    }

    /// Compares what is stored with what the clients know.
    pub(crate) fn fulfils(&self, requests: &[Request]) -> Vec<Check> {
        let (earlier, now): (Vec<_>, Vec<_>) = requests.iter().partition(|request| request.earlier);
        let mut checks = vec![self.stored_once("accepted requests stored exactly once", &now)];
        if !earlier.is_empty() {
            checks.push(self.stored_once("the same for those of earlier runs", &earlier));
        }
        checks.push(self.at_most_once(requests));
        checks.push(self.refused_left_nothing(requests));
        checks
    }

    fn in_user_lists(&self) -> Check {
        let lines = counted(self.by_user.iter().map(|line| (line.user, line.review)));
        let wanted = self.reviews.iter().map(|review| ((review.user, review.id), review.id));
        Check::new(
            "every review is in its user's list once",
            &several(self.reviews.len(), "review"),
            &once(&lines, wanted),
        )
    }

    fn in_film_lists(&self) -> Check {
        let lines = counted(self.by_film.iter().map(|line| (line.film.as_str(), line.review)));
        let wanted = self.reviews.iter().map(|review| ((review.film.as_str(), review.id), review.id));
        Check::new(
            "every review is in its film's list once",
            &several(self.reviews.len(), "review"),
            &once(&lines, wanted),
        )
    }

    fn none_dangles(&self) -> Check {
        let reviews: HashSet<_> = self.reviews.iter().map(|review| review.id).collect();
        let lines = self.by_user.iter().map(|line| line.review).chain(self.by_film.iter().map(|line| line.review));
        let dangling = lines.filter(|review| !reviews.contains(review));
        let problems: Vec<_> = dangling.map(|review| format!("a list has {review}, which is not stored")).collect();
        let lines = self.by_user.len() + self.by_film.len();
        Check::new("every line of a list has its review", &several(lines, "line"), &problems)
    }

    fn ratings_sum_up(&self) -> Check {
        let mut sums: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
        for review in &self.reviews {
            let sum = sums.entry(&review.film).or_default();
            *sum = (sum.0 + u64::from(review.stars), sum.1 + 1);
        }
        let ratings: BTreeMap<_, _> =
            self.ratings.iter().map(|rating| (rating.film.as_str(), (rating.stars, rating.reviews))).collect();
        let films: BTreeSet<_> = sums.keys().chain(ratings.keys()).copied().collect();
        let both = films.iter().map(|film| {
            let [sum, rating] = [&sums, &ratings].map(|of| of.get(film).copied().unwrap_or_default());
            (film, sum, rating)
        });
        let wrong = both.filter(|(_, sum, rating)| sum != rating);
        let problems = wrong.map(|(film, (stars, reviews), (rated_stars, rated))| {
            format!("{film}: {rated} ratings with {rated_stars} stars for {reviews} reviews with {stars}")
        });
        Check::new("ratings add up to the reviews", &several(films.len(), "film"), &problems.collect::<Vec<_>>())
    }

    /// A list that was appended to twice, or not at all, shows here.
    fn credits(&self, catalogue: &[FilmRecord]) -> Check {
        let films = counted(self.films.iter().map(|film| film.id.as_str()));
        let mut problems = once(&films, catalogue.iter().map(|film| (film.id.as_str(), &film.id)));
        let credits = self.people.iter().flat_map(|person| person.films.iter().map(|film| (&*person.name, &**film)));
        let credits = counted(credits);
        let roles = catalogue.iter().flat_map(|film| film.cast.iter().map(|role| (&*role.name, &*film.id)));
        let roles: HashSet<_> = roles.collect();
        problems.extend(once(&credits, roles.iter().map(|role| (*role, format!("{} in {}", role.0, role.1)))));
        let unfounded = credits.keys().filter(|credit| !roles.contains(*credit));
        problems.extend(unfounded.map(|(person, film)| format!("{person} has no role in {film}")));
        let looked_at = format!("{}, {}", several(catalogue.len(), "film"), several(roles.len(), "role"));
        Check::new("every film is there, every role credited once", &looked_at, &problems)
    }

    fn stored_once(&self, name: &'static str, requests: &[&Request]) -> Check {
        let reviews = self.by_key();
        let accepted: Vec<_> = requests.iter().filter(|request| request.is_accepted()).collect();
        let problems = accepted.iter().filter_map(|request| {
            let key = request.asked.key;
            match reviews.get(&key).map(Vec::as_slice) {
                Some([review]) if is_as_asked(review, request) => None,
                Some([_]) => Some(format!("request {key} is stored as something else")),
                found => Some(format!("request {key} is stored {} times", found.map_or(0, <[_]>::len))),
            }
        });
        Check::new(name, &several(accepted.len(), "request"), &problems.collect::<Vec<_>>())
    }

    fn at_most_once(&self, requests: &[Request]) -> Check {
        let reviews = self.by_key();
        let open: Vec<_> = requests.iter().filter(|request| request.outcome.is_none()).collect();
        let times = |request: &&&Request| reviews.get(&request.asked.key).map_or(0, Vec::len);
        let twice = open.iter().filter(|request| times(request) > 1);
        let problems = twice.map(|request| format!("request {} is stored more than once", request.asked.key));
        let stored = open.iter().filter(|request| times(request) == 1).count();
        let looked_at = format!("{}, {stored} of them stored", several(open.len(), "request"));
        Check::new("requests without an answer stored at most once", &looked_at, &problems.collect::<Vec<_>>())
    }

    fn refused_left_nothing(&self, requests: &[Request]) -> Check {
        let reviews = self.by_key();
        let is_refused = |request: &&Request| request.outcome == Some(Outcome::Refused);
        let refused: Vec<_> = requests.iter().filter(is_refused).collect();
        let stored = refused.iter().filter(|request| reviews.contains_key(&request.asked.key));
        let problems = stored.map(|request| format!("request {} was refused and is stored", request.asked.key));
        Check::new("refused requests left nothing", &several(refused.len(), "request"), &problems.collect::<Vec<_>>())
    }

    /// Reviews by the idempotency key that their text names. Those that came through the gateway name none.
    fn by_key(&self) -> HashMap<Uuid, Vec<&Review>> {
        let mut reviews: HashMap<Uuid, Vec<&Review>> = HashMap::new();
        for review in &self.reviews {
            let key = review.text.split_once('#').and_then(|(_, rest)| rest.get(..36)?.parse().ok());
            if let Some(key) = key {
                reviews.entry(key).or_default().push(review);
            }
        }
        reviews
    }
}

fn is_as_asked(review: &Review, Request { asked, outcome, .. }: &Request) -> bool {
    let is_answer = match outcome {
        Some(Outcome::Answered(id)) => review.id == *id,
        _ => true,
    };
    let Wanted { user, film, stars } = &asked.what;
    is_answer && (review.user, &review.film, review.stars) == (*user, film, *stars)
}
