//! The catalogue that is made up from a seed, and the mix of what users do.

use std::collections::HashSet;

use crate::catalogue::{CITIES, Catalogue};
use crate::mix::{self, Action, Mix};

#[test]
fn a_seed_gives_a_whole_catalogue() {
    let catalogue = Catalogue::of(7);
    assert_eq!(catalogue, Catalogue::of(7));
    assert_ne!(catalogue, Catalogue::of(8));
    let ids: HashSet<_> = catalogue.hotels.iter().map(|hotel| hotel.profile.id.as_str()).collect();
    assert_eq!((ids.len(), catalogue.hotels.len()), (84, 84));
    let numbers: HashSet<_> = catalogue.flights.iter().map(|flight| flight.flight.number.as_str()).collect();
    assert_eq!((numbers.len(), catalogue.flights.len()), (100, 100));
    for (city, centre) in CITIES {
        assert!(!catalogue.flights_to(city).is_empty(), "{city}");
        let hotels: Vec<_> = catalogue.hotels.iter().filter(|hotel| hotel.profile.city == city).collect();
        assert_eq!(hotels.len(), 14, "{city}");
        for hotel in hotels {
            let km = centre.km_to(hotel.profile.place);
            assert!(km < 10.0, "{} is {km} km from {city}", hotel.profile.id);
            assert!(hotel.plans.is_sorted_by_key(|plan| plan.cents), "{:?}", hotel.plans);
        }
    }
    assert!(catalogue.flights.iter().all(|flight| flight.flight.from != flight.flight.to));
}

#[test]
fn distances_are_those_on_the_map() {
    let place = |name: &str| CITIES.iter().find(|(city, _)| *city == name).expect("a city").1;
    let km = |one: &str, other: &str| place(one).km_to(place(other)).round();
    assert_eq!((km("Zürich", "Lisbon"), km("Lisbon", "Zürich"), km("Kyoto", "Kyoto")), (1723.0, 1723.0, 0.0));
}

#[test]
fn a_mix_is_done_in_its_proportions() {
    let papers: Mix = mix::PAPERS.parse().expect("a mix");
    let mut counts = [0; 4];
    for place in 0..1_000 {
        counts[papers.at(f64::from(place) / 1_000.0) as usize] += 1;
    }
    assert_eq!(counts, [600, 390, 5, 5]);
    let only: Mix = " user = 3 ".parse().expect("a mix");
    assert_eq!([0.0, 0.5, 0.999_999].map(|place| only.at(place)), [Action::User; 3]);
    let last = f64::from_bits(1.0f64.to_bits() - 1);
    assert_eq!("search=0.1,recommend=0.2".parse::<Mix>().expect("a mix").at(last), Action::Recommend);
    let none = ["", "search", "search=", "search=x", "sleep=1", "search=0", "search=-1,user=2", "user=NaN", "user=inf"];
    for none in none {
        assert!(none.parse::<Mix>().is_err(), "{none}");
    }
}
