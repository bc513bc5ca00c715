//! What must hold: found out from what the services list, and compared with what the clients know.

use std::collections::{BTreeSet, HashMap, HashSet};

use beldi::{Client, ClientError};
use uuid::Uuid;

use crate::catalogue::Catalogue;
use crate::common::calls::all;
use crate::common::checks::{Check, counted, once, several};
use crate::common::ledger::{self, Outcome};
use crate::services::flight::{self, Flight, Seats};
use crate::services::frontend::Trip;
use crate::services::geo::{self, Location};
use crate::services::hotel::{self, Rooms};
use crate::services::order::{self, Order};
use crate::services::profile::{self, Profile};

/// A trip that was asked for, and what came of it.
pub(crate) type Request = ledger::Request<Trip>;

/// Everything that the services keep.
#[derive(Debug, Clone, Default)]
pub(crate) struct Snapshot {
    pub(crate) rooms: Vec<Rooms>,
    pub(crate) seats: Vec<Seats>,
    pub(crate) orders: Vec<Order>,
    pub(crate) hotels: Vec<Profile>,
    pub(crate) locations: Vec<Location>,
    pub(crate) flights: Vec<Flight>,
}

/// Places of a hotel or a flight on a day.
struct Places<'a> {
    of: &'a str,
    day: u32,
    capacity: u32,
    free: u32,
    reservations: &'a [Uuid],
}

impl Snapshot {
    /// Asks all services. Nothing may be running that still writes.
    pub(crate) async fn take(client: &Client) -> Result<Self, ClientError> {
        Ok(Self {
            rooms: all(client, hotel::list).await?,
            seats: all(client, flight::list_seats).await?,
            orders: all(client, order::list).await?,
            hotels: all(client, profile::list).await?,
            locations: all(client, geo::list).await?,
            flights: all(client, flight::list).await?,
        })
    }

    /// Compares what is stored with itself and with the catalogue.
    pub(crate) fn agrees(&self, catalogue: &Catalogue) -> Vec<Check> {
        let rooms = sold_once("no room sold twice or lost", "night", &self.rooms(), &self.orders, |trip| &trip.hotel);
        let seats = sold_once("no seat sold twice or lost", "day", &self.seats(), &self.orders, |trip| &trip.flight);
        vec![rooms, seats, self.together(), self.ordered_once(), self.complete(catalogue)]
    }

    /// Compares what is stored with what the clients know.
    pub(crate) fn fulfils(&self, requests: &[Request]) -> Vec<Check> {
        let (earlier, now): (Vec<_>, Vec<_>) = requests.iter().partition(|request| request.earlier);
        let mut checks = vec![self.answered_ordered_once("answered requests ordered exactly once", &now)];
        if !earlier.is_empty() {
            checks.push(self.answered_ordered_once("the same for those of earlier runs", &earlier));
        }
        checks.push(self.started_ordered_or_full(requests));
        checks.push(self.at_most_once(requests));
        checks.push(self.refused_left_nothing(requests));
        checks.push(self.refused_where_full(requests));
        checks
    }

    fn rooms(&self) -> Vec<Places<'_>> {
        let places = self.rooms.iter().map(|Rooms { hotel, night, capacity, free, reservations }| Places {
            of: hotel,
            day: *night,
            capacity: *capacity,
            free: *free,
            reservations,
        });
        places.collect()
    }

    fn seats(&self) -> Vec<Places<'_>> {
        let places = self.seats.iter().map(|Seats { flight, day, capacity, free, reservations }| Places {
            of: flight,
            day: *day,
            capacity: *capacity,
            free: *free,
            reservations,
        });
        places.collect()
    }

    /// Whether whoever has a room has a seat on the same day, and the other way round.
    fn together(&self) -> Check {
        let [rooms, seats] = [self.rooms(), self.seats()].map(|places| {
            let on_days = places.iter().flat_map(|places| places.reservations.iter().map(|id| (*id, places.day)));
            on_days.collect::<BTreeSet<_>>()
        });
        let without = |(id, day): &(Uuid, u32), what: &str| format!("{id} has no {what} on day {day}");
        let mut problems: Vec<_> = rooms.difference(&seats).map(|one| without(one, "seat")).collect();
        problems.extend(seats.difference(&rooms).map(|one| without(one, "room")));
        let looked_at = several(rooms.union(&seats).count(), "reservation");
        Check::new("hotel and flight always together", &looked_at, &problems)
    }

    fn ordered_once(&self) -> Check {
        let orders = counted(self.orders.iter().map(|order| order.itinerary.reservation));
        let places = self.rooms().into_iter().chain(self.seats());
        let reservations: BTreeSet<_> = places.flat_map(|places| places.reservations.iter().copied()).collect();
        let wanted = reservations.iter().map(|id| (*id, format!("the order of {id}")));
        let mut problems = once(&orders, wanted);
        let dangling = orders.keys().filter(|id| !reservations.contains(id));
        problems.extend(dangling.map(|id| format!("there is an order of {id}, which has nothing")));
        Check::new("every reservation has exactly one order", &several(reservations.len(), "reservation"), &problems)
    }

    fn complete(&self, catalogue: &Catalogue) -> Check {
        let hotels: HashMap<_, _> = self.hotels.iter().map(|hotel| (hotel.id.as_str(), hotel)).collect();
        let flights: HashMap<_, _> = self.flights.iter().map(|flight| (flight.number.as_str(), flight)).collect();
        let on_the_map = counted(self.locations.iter().map(|location| location.hotel.as_str()));
        let [rooms, seats] = [self.rooms(), self.seats()].map(|places| {
            let capacities = places.iter().map(|places| ((places.of.to_owned(), places.day), places.capacity));
            capacities.collect::<HashMap<_, _>>()
        });
        let open = |places: &HashMap<_, _>, of: &String, days: u32, capacity: u32| {
            (1..=days).all(|day| places.get(&(of.clone(), day)) == Some(&capacity))
        };
        let mut problems = Vec::new();
        for hotel in &catalogue.hotels {
            let id = &hotel.profile.id;
            if hotels.get(id.as_str()) != Some(&&hotel.profile) || !open(&rooms, id, hotel.nights, hotel.rooms) {
                problems.push(format!("{id} is not as in the catalogue"));
            }
        }
        for flight in &catalogue.flights {
            let number = &flight.flight.number;
            let is_there = flights.get(number.as_str()) == Some(&&flight.flight);
            if !is_there || !open(&seats, number, flight.days, flight.seats) {
                problems.push(format!("{number} is not as in the catalogue"));
            }
        }
        let ids = catalogue.hotels.iter().map(|hotel| hotel.profile.id.as_str());
        problems.extend(once(&on_the_map, ids.map(|id| (id, format!("{id} on the map")))));
        let (hotels, flights) = (several(catalogue.hotels.len(), "hotel"), several(catalogue.flights.len(), "flight"));
        Check::new("every hotel and flight is there once", &format!("{hotels}, {flights}"), &problems)
    }
}

impl Snapshot {
    fn answered_ordered_once(&self, name: &'static str, requests: &[&Request]) -> Check {
        let orders = self.by_reference();
        let answered = requests.iter().filter_map(|request| match request.outcome {
            Some(Outcome::Answered(reservation)) => Some((&request.asked, reservation)),
            _ => None,
        });
        let answered: Vec<_> = answered.collect();
        let problems = answered.iter().filter_map(|(asked, reservation)| {
            let key = asked.key;
            match orders.get(key.to_string().as_str()).map(Vec::as_slice) {
                Some([order]) if order.itinerary.reservation == *reservation && order.itinerary.trip == asked.what => {
                    None
                }
                Some([_]) => Some(format!("request {key} is ordered as something else")),
                found => Some(format!("request {key} is ordered {} times", found.map_or(0, <[_]>::len))),
            }
        });
        Check::new(name, &several(answered.len(), "request"), &problems.collect::<Vec<_>>())
    }

    /// A request that was only started may be refused; but then there must be a reason.
    fn started_ordered_or_full(&self, requests: &[Request]) -> Check {
        let orders = self.by_reference();
        let started: Vec<_> = with_outcome(requests, Some(Outcome::Started)).collect();
        let problems = started.iter().filter_map(|Request { asked, .. }| {
            let key = asked.key;
            match orders.get(key.to_string().as_str()).map(Vec::as_slice) {
                Some([order]) if order.itinerary.trip == asked.what => None,
                None if self.is_full(&asked.what) => None,
                None => Some(format!("request {key} is not ordered, and there is a place")),
                Some([_]) => Some(format!("request {key} is ordered as something else")),
                Some(found) => Some(format!("request {key} is ordered {} times", found.len())),
            }
        });
        let problems: Vec<_> = problems.collect();
        Check::new("started requests ordered once, or sold out", &several(started.len(), "request"), &problems)
    }

    fn at_most_once(&self, requests: &[Request]) -> Check {
        let orders = self.by_reference();
        let times = |request: &&Request| orders.get(request.asked.key.to_string().as_str()).map_or(0, Vec::len);
        let open: Vec<_> = with_outcome(requests, None).collect();
        let twice = open.iter().copied().filter(|request| times(request) > 1);
        let problems = twice.map(|request| format!("request {} is ordered more than once", request.asked.key));
        let ordered = open.iter().filter(|request| times(request) == 1).count();
        let looked_at = format!("{}, {ordered} of them ordered", several(open.len(), "request"));
        Check::new("requests without an answer ordered at most once", &looked_at, &problems.collect::<Vec<_>>())
    }

    fn refused_left_nothing(&self, requests: &[Request]) -> Check {
        let orders = self.by_reference();
        let refused: Vec<_> = with_outcome(requests, Some(Outcome::Refused)).collect();
        let ordered = refused.iter().filter(|request| orders.contains_key(request.asked.key.to_string().as_str()));
        let problems = ordered.map(|request| format!("request {} was refused and is ordered", request.asked.key));
        Check::new("refused requests left no order", &several(refused.len(), "request"), &problems.collect::<Vec<_>>())
    }

    /// Nobody gives a place back. So whoever was refused while there was one has seen what was rolled back later.
    fn refused_where_full(&self, requests: &[Request]) -> Check {
        let refused: Vec<_> = with_outcome(requests, Some(Outcome::Refused)).collect();
        let wrong = refused.iter().filter(|request| !self.is_full(&request.asked.what));
        let problems = wrong.map(|request| format!("request {} was refused, and there is a place", request.asked.key));
        let looked_at = several(refused.len(), "request");
        Check::new("nobody was refused while there was a place", &looked_at, &problems.collect::<Vec<_>>())
    }

    /// Whether a trip cannot be reserved: there is no such room, or no such seat, or none is free.
    fn is_full(&self, trip: &Trip) -> bool {
        let room = self.rooms.iter().find(|rooms| (&rooms.hotel, rooms.night) == (&trip.hotel, trip.day));
        let seat = self.seats.iter().find(|seats| (&seats.flight, seats.day) == (&trip.flight, trip.day));
        room.is_none_or(|rooms| rooms.free == 0) || seat.is_none_or(|seats| seats.free == 0)
    }

    /// Orders by what the traveller calls the trip. Those that came through the gateway may call it anything.
    fn by_reference(&self) -> HashMap<&str, Vec<&Order>> {
        let mut orders: HashMap<&str, Vec<&Order>> = HashMap::new();
        for order in &self.orders {
            orders.entry(&order.itinerary.trip.reference).or_default().push(order);
        }
        orders
    }
}

/// Whether what is not free is reserved, each by one order for just that day.
fn sold_once(name: &'static str, unit: &str, all: &[Places<'_>], orders: &[Order], of: fn(&Trip) -> &String) -> Check {
    let mut ordered: HashMap<(&str, u32), HashSet<Uuid>> = HashMap::new();
    for order in orders {
        let trip = &order.itinerary.trip;
        ordered.entry((of(trip), trip.day)).or_default().insert(order.itinerary.reservation);
    }
    let mut problems = Vec::new();
    for Places { of, day, capacity, free, reservations } in all {
        let there = ordered.remove(&(*of, *day)).unwrap_or_default();
        let has: HashSet<_> = reservations.iter().copied().collect();
        let taken = i64::from(*capacity) - i64::from(*free);
        if taken != reservations.len() as i64 || has.len() != reservations.len() || has != there {
            let (reserved, ordered) = (reservations.len(), there.len());
            problems.push(format!("{of}, {unit} {day}: {taken} taken, {reserved} reserved, {ordered} ordered"));
        }
    }
    problems.extend(ordered.keys().map(|(of, day)| format!("{of} is ordered for {unit} {day}, when it is not open")));
    let taken: usize = all.iter().map(|places| places.reservations.len()).sum();
    let (rows, taken) = (several(all.len(), unit), several(taken, "reservation"));
    Check::new(name, &format!("{rows}, {taken}"), &problems)
}

fn with_outcome(requests: &[Request], outcome: Option<Outcome>) -> impl Iterator<Item = &Request> {
    requests.iter().filter(move |request| request.outcome == outcome)
}
