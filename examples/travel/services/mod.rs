//! The services of the travel reservation application, after DeathStarBench's hotel reservation service and the
//! flights that the Beldi paper adds to it. Each owns its tables; to the others it is its functions.
//!
//! ```text
//! frontend ─┬─ search ─┬─ geo         read_only     which hotels are near
//!           │          └─ rate        read_only     what they cost
//!           ├─ recommendation         read_only     the cheapest, the best or the nearest hotels of a city
//!           ├─ profile                read_only     what a hotel is like
//!           ├─ user                   read_only     whether a password is the user's
//!           │
//!           ├─ hotel   ┐
//!           ├─ flight  ┘              transaction   a room and a seat, or neither
//!           └─ order                  detached      follows the commit
//! ```

pub mod flight;
pub mod frontend;
pub mod geo;
pub mod hotel;
#[path = "../../common/listing.rs"]
mod listing;
pub mod order;
pub mod profile;
pub mod rate;
pub mod recommendation;
pub mod search;
pub mod user;

pub use listing::Listing;
use listing::{ROWS_OF_A_LISTING, can_be_key};

use beldi::prelude::*;

/// A place on the earth.
#[derive(Serialize, Deserialize, Debug, Clone, Copy, PartialEq)]
pub struct Place {
    /// Degrees north of the equator.
    pub lat: f64,
    /// Degrees east of Greenwich.
    pub lon: f64,
}

/// Kilometres of a degree of latitude.
pub const KM_OF_A_DEGREE: f64 = 111.195;

impl Place {
    /// How far it is to another place, over the surface of a sphere as large as the earth.
    pub fn km_to(self, other: Self) -> f64 {
        let [lat, other_lat] = [self.lat, other.lat].map(f64::to_radians);
        let half_of = |degrees: f64| (degrees.to_radians() / 2.0).sin().powi(2);
        let chord = half_of(other.lat - self.lat) + lat.cos() * other_lat.cos() * half_of(other.lon - self.lon);
        (2.0 * chord.sqrt().min(1.0).asin()).to_degrees() * KM_OF_A_DEGREE
    }
}
