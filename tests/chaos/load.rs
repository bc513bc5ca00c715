//! The load: travellers who reserve and clerks who transfer, over HTTP, each asking until there is an answer.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::header::CONTENT_TYPE;
use hyper::{Request, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::bank::{Order, Way, accounts};
use crate::catalogue::Catalogue;
use crate::checks;
use crate::common::ledger::{Asked, Outcome};
use crate::services::frontend::{Itinerary, Trip};

/// How many travellers there are, and as many clerks.
pub(crate) const USERS: u64 = 6;

/// How long a client asks for what has no answer. The host may be away for a while.
const PATIENCE: Duration = Duration::from_secs(120);

/// How long to wait before a request is sent again.
const PAUSE: Duration = Duration::from_millis(100);

/// A transfer, and whether it took place.
pub(crate) struct Transfer {
    pub(crate) id: String,
    pub(crate) order: Order,
    pub(crate) done: bool,
}

/// What was asked for and answered.
#[derive(Default)]
pub(crate) struct Answers {
    pub(crate) trips: Vec<checks::Request>,
    pub(crate) transfers: Vec<Transfer>,
    /// What should not have come.
    pub(crate) problems: Vec<String>,
}

/// A client of the gateway.
#[derive(Clone)]
pub(crate) struct Clerk {
    client: Client<HttpConnector, Full<Bytes>>,
    base: String,
    /// How often a request was sent again.
    pub(crate) repeated: Arc<AtomicU64>,
}

impl Clerk {
    pub(crate) fn new(port: u16) -> Self {
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self { client, base: format!("http://127.0.0.1:{port}"), repeated: Arc::default() }
    }

    /// Calls a function until it answers. All these calls have one key, and so are one execution.
    async fn answer(&self, function: &str, key: &str, arguments: &Value) -> Result<(bool, Value), String> {
        let since = Instant::now();
        loop {
            match self.send(function, key, arguments).await {
                Ok((StatusCode::OK, body)) => return Ok((true, body)),
                Ok((StatusCode::UNPROCESSABLE_ENTITY, body)) => return Ok((false, body)),
                Ok((status, body)) if status != StatusCode::SERVICE_UNAVAILABLE => {
                    return Err(format!("{function} {key}: {status}: {body}"));
                }
                other if since.elapsed() > PATIENCE => {
                    return Err(format!("{function} {key} has no answer: {other:?}"));
                }
                _ => {
                    self.repeated.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    async fn send(
        &self,
        function: &str,
        key: &str,
        arguments: &Value,
    ) -> Result<(StatusCode, Value), Box<dyn Error + Send + Sync>> {
        let request = Request::post(format!("{}/functions/{function}", self.base))
            .header(CONTENT_TYPE, "application/json")
            .header("idempotency-key", key)
            .body(Full::from(arguments.to_string()))?;
        let (head, body) = self.client.request(request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok((head.status, serde_json::from_slice(&body)?))
    }

    /// Reserves trips until `until`.
    pub(crate) async fn travel(self, name: u64, catalogue: Arc<Catalogue>, until: Instant) -> Answers {
        let mut answers = Answers::default();
        while Instant::now() < until {
            let key = Uuid::new_v4();
            let hotel = &catalogue.hotels[fastrand::usize(..catalogue.hotels.len())];
            let flight = &catalogue.flights[fastrand::usize(..catalogue.flights.len())];
            let (hotel, flight) = (hotel.profile.id.clone(), flight.flight.number.clone());
            let day = fastrand::u32(1..=crate::catalogue::NIGHTS);
            let what = Trip { guest: format!("guest {name}"), hotel, flight, day, reference: key.to_string() };
            let outcome = match self.answer("frontend/reserve", &key.to_string(), &json!(what)).await {
                Ok((true, body)) => match serde_json::from_value::<Itinerary>(body) {
                    Ok(itinerary) => Some(Outcome::Answered(itinerary.reservation)),
                    Err(error) => {
                        answers.problems.push(format!("{key} is answered with no itinerary: {error}"));
                        None
                    }
                },
                Ok((false, _)) => Some(Outcome::Refused),
                Err(problem) => {
                    answers.problems.push(problem);
                    None
                }
            };
            answers.trips.push(checks::Request { asked: Asked { key, what }, outcome, earlier: false });
        }
        answers
    }

    /// Transfers money until `until`.
    pub(crate) async fn transfer(self, name: u64, until: Instant) -> Answers {
        let mut answers = Answers::default();
        for number in 0.. {
            if Instant::now() >= until {
                break;
            }
            let mut accounts = accounts();
            fastrand::shuffle(&mut accounts);
            let way = [Way::WithdrawFirst, Way::DepositFirst, Way::AtOnce, Way::InHalves][fastrand::usize(..4)];
            let order = Order { from: accounts[0], to: accounts[1], amount: fastrand::i64(1..45), way };
            let id = format!("clerk {name} transfer {number}");
            let arguments = json!({ "id": id, "order": order });
            match self.answer("office/transfer", &id, &arguments).await {
                Ok((done, _)) => answers.transfers.push(Transfer { id, order, done }),
                Err(problem) => answers.problems.push(problem),
            }
        }
        answers
    }
}
