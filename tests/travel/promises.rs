//! What the services promise that only read, and those that travellers register with.

use crate::catalogue::{CITIES, Catalogue, LastPlaces, last_places, password, register};
use crate::services::frontend::{self, Offer, RecommendRequest};
use crate::services::recommendation::By;
use crate::services::search::{SearchRefused, SearchRequest};
use crate::services::user::{self, LogIn, NameRefused, Secret, Stranger};
use crate::services::{Place, flight, geo, hotel};
use crate::{Agency, few};

async fn search(agency: &Agency, place: Place, nights: (u32, u32)) -> Result<Vec<Offer>, SearchRefused> {
    let request = SearchRequest { place, first_night: nights.0, last_night: nights.1 };
    agency.host.client().call(frontend::search(request)).await.expect("an answer")
}

#[tokio::test(start_paused = true)]
async fn a_search_gives_the_nearest_hotels_with_their_prices() {
    let catalogue = Catalogue { flights: Vec::new(), ..Catalogue::of(2020) };
    let agency = Agency::open(&catalogue).await;
    for (city, centre) in CITIES {
        let offers = search(&agency, centre, (2, 4)).await.expect("offers");
        let mut hotels: Vec<_> = catalogue.hotels.iter().collect();
        hotels.sort_by(|one, other| centre.km_to(one.profile.place).total_cmp(&centre.km_to(other.profile.place)));
        let nearest: Vec<_> = hotels.iter().take(5).map(|hotel| &hotel.profile).collect();
        assert_eq!(offers.iter().map(|offer| &offer.hotel).collect::<Vec<_>>(), nearest, "{city}");
        for (offer, hotel) in offers.iter().zip(hotels) {
            let of_three_nights: Vec<_> = hotel.plans.iter().map(|plan| plan.cents * 3).collect();
            assert_eq!(offer.found.plans.iter().map(|plan| plan.cents).collect::<Vec<_>>(), of_three_nights);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_search_sees_over_the_edges_of_the_map() {
    let mut catalogue = few();
    // 7 km on either side of where the numbers of the meridians meet, and one hotel too far away.
    for (hotel, lon) in catalogue.hotels.iter_mut().zip([179.94, -179.94, 179.8, 0.0]) {
        hotel.profile.place = Place { lat: -16.8, lon };
    }
    let agency = Agency::open(&catalogue).await;
    for lon in [180.0, -180.0] {
        let offers = search(&agency, Place { lat: -16.8, lon }, (1, 1)).await.expect("offers");
        let mut found: Vec<_> = offers.iter().map(|offer| offer.hotel.place.lon).collect();
        found.sort_by(f64::total_cmp);
        assert_eq!(found, [-179.94, 179.94]);
    }
    let at_sea = search(&agency, Place { lat: 0.0, lon: -30.0 }, (1, 1)).await;
    assert_eq!(at_sea, Ok(Vec::new()));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_searched_is_refused() {
    let agency = Agency::open(&few()).await;
    let (_, place) = CITIES[0];
    let invalid_stay = SearchRefused::InvalidStay { limit: 30 };
    for nights in [(2, 1), (1, 31), (0, u32::MAX)] {
        assert_eq!(search(&agency, place, nights).await, Err(invalid_stay.clone()));
    }
    for nowhere in [Place { lat: 90.0, ..place }, Place { lon: 180.1, ..place }] {
        let refused = search(&agency, nowhere, (1, 30)).await;
        assert_eq!(refused, Err(SearchRefused::OffTheMap(geo::OffTheMap { place: nowhere })));
    }
}

#[tokio::test(start_paused = true)]
async fn a_recommendation_is_ranked_by_what_matters() {
    let catalogue = Catalogue { flights: Vec::new(), ..Catalogue::of(2020) };
    let agency = Agency::open(&catalogue).await;
    let (city, centre) = CITIES[2];
    let recommended = async |city: &str, by: By| {
        let request = RecommendRequest { city: city.to_owned(), by };
        let hotels = agency.host.client().call(frontend::recommend(request)).await.expect("an answer");
        hotels.into_iter().map(|hotel| hotel.id).collect::<Vec<_>>()
    };
    let best = |rank: &dyn Fn(&frontend::HotelRecord) -> f64| {
        let mut hotels: Vec<_> = catalogue.hotels.iter().filter(|hotel| hotel.profile.city == city).collect();
        // The services have them in order of their ids; equal ones stay in it.
        hotels.sort_by(|one, other| one.profile.id.cmp(&other.profile.id));
        hotels.sort_by(|one, other| rank(one).total_cmp(&rank(other)));
        hotels.iter().take(3).map(|hotel| hotel.profile.id.clone()).collect::<Vec<_>>()
    };
    assert_eq!(recommended(city, By::Price).await, best(&|hotel| hotel.plans[0].cents as f64));
    assert_eq!(recommended(city, By::Rate).await, best(&|hotel| -f64::from(hotel.profile.score)));
    let by_distance = best(&|hotel| centre.km_to(hotel.profile.place));
    assert_eq!(recommended(city, By::Distance(centre)).await, by_distance);
    assert_eq!(recommended("Atlantis", By::Rate).await, Vec::<String>::new());
    assert_eq!(recommended("", By::Price).await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn who_knows_the_password_comes_in() {
    let agency = Agency::open(&Catalogue { hotels: Vec::new(), flights: Vec::new() }).await;
    let client = agency.host.client();
    let names = ["ann".to_owned(), "bob".to_owned()];
    register(&client, &names).await.expect("an answer");
    // The second time they are there.
    register(&client, &names).await.expect("an answer");
    let log_in = async |name: &str, password: String| {
        let request = LogIn { name: name.to_owned(), password };
        client.call(user::log_in(request)).await.expect("an answer")
    };
    assert_eq!(log_in("ann", password("ann")).await, Ok(()));
    let stranger = |name: &str| Err(Stranger { name: name.to_owned() });
    assert_eq!(log_in("ann", password("bob")).await, stranger("ann"));
    assert_eq!(log_in("cid", password("cid")).await, stranger("cid"));
    assert_eq!(log_in("", password("")).await, stranger(""));
    let again = client.call(user::register("ann".into(), Secret::of("mine", "salt".into()))).await;
    assert_eq!(again.expect("an answer"), Err(NameRefused::Taken { name: "ann".into() }));
    let nameless = client.call(user::register(String::new(), Secret::of("mine", "salt".into()))).await;
    assert_eq!(nameless.expect("an answer"), Err(NameRefused::Invalid));
    assert_eq!(log_in("ann", password("ann")).await, Ok(()));
}

/// Equal passwords of two users are kept as different hashes, and no hash shows the password.
#[test]
fn a_password_is_not_kept() {
    let [one, other] = ["a", "b"].map(|salt| Secret::of("secret", salt.into()));
    assert_ne!(one.hash, other.hash);
    assert_eq!(one.hash.len(), 64);
    assert!(!one.hash.contains("secret"));
}

#[tokio::test(start_paused = true)]
async fn the_last_places_are_new_ones() {
    let catalogue = Catalogue { hotels: few().hotels, flights: Catalogue::of(2020).flights[..4].to_vec() };
    let agency = Agency::open(&catalogue).await;
    let client = agency.host.client();
    for expected in [3, 4] {
        let LastPlaces { hotels, flights, day } = last_places(&client, &catalogue).await.expect("an answer");
        assert_eq!(day, expected);
        for (hotel, flight) in hotels.into_iter().zip(flights) {
            assert_eq!(client.call(hotel::free(hotel, day)).await.expect("an answer"), 8);
            // Flights leave on seven days already.
            assert!(client.call(flight::free(flight, day)).await.expect("an answer") > 0);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn searches_and_recommendations_cost_their_reads() {
    let agency = Agency::open(&few()).await;
    agency.host.shutdown(std::time::Duration::from_secs(1)).await;
    let (city, centre) = CITIES[0];
    // A little north of the centre, from where the search does not reach over the edge of a cell.
    let place = Place { lat: centre.lat + 0.02, ..centre };
    agency.store.reset();
    search(&agency, place, (1, 2)).await.expect("offers");
    let counts = agency.store.reset();
    assert_eq!((counts.total(), ["locations", "rates", "hotels"].map(|table| counts.table(table))), (3, [1; 3]));
    let request = RecommendRequest { city: city.to_owned(), by: By::Price };
    agency.host.client().call(frontend::recommend(request)).await.expect("an answer");
    let counts = agency.store.reset();
    assert_eq!((counts.total(), ["candidates", "hotels"].map(|table| counts.table(table))), (2, [1; 2]));
}
