//! Geo: which hotels are near a place.

use super::{KM_OF_A_DEGREE, Listing, Place};
use beldi::PageToken;
use beldi::prelude::*;

beldi::service! {
    /// Knows where hotels are.
    pub Geo = "geo";
}

/// How far away a hotel is still near.
const NEAR_KM: f64 = 10.0;

/// How many hotels are enough.
const ENOUGH: usize = 5;

/// How many cells a degree has in each direction. A cell is much larger than the circle of what is near, except close
/// to the poles: so most searches look at one, and those near its corners at four.
const CELLS_OF_A_DEGREE: f64 = 1.0;

/// Further north and south the meridians are so close to each other that the circle lies in too many cells.
const MAX_LAT: f64 = 85.0;

/// Where a hotel is. All hotels of a cell of the map are a partition.
#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = Geo, table = "locations")]
pub struct Location {
    /// The cell of the map: row and column.
    #[beldi(partition_key)]
    pub cell: String,
    /// The hotel's id.
    #[beldi(sort_key)]
    pub hotel: String,
    /// Where it is.
    pub place: Place,
}

/// A hotel and how far away it is.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct Near {
    /// The hotel's id.
    pub hotel: String,
    /// The distance.
    pub km: f64,
}

/// This is nowhere, or too near to a pole for the map.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, thiserror::Error)]
#[error("there is no place at {} degrees north, {} degrees east on the map", place.lat, place.lon)]
pub struct OffTheMap {
    /// What was asked for.
    pub place: Place,
}

/// Puts a hotel on the map.
#[beldi::function(service = Geo)]
pub async fn add(hotel: String, place: Place) -> Result<(), OffTheMap> {
    let place = on_the_map(place)?;
    Location { cell: cell(row(place.lat), column(place.lon)), hotel, place }.put().await;
    Ok(())
}

/// The hotels near a place, the nearest first.
#[beldi::function(service = Geo, read_only)]
pub async fn nearby(place: Place) -> Result<Vec<Near>, OffTheMap> {
    let place = on_the_map(place)?;
    let mut found = Vec::new();
    for cell in cells_around(place) {
        found.extend(Location::query(&cell).await);
    }
    let with_distance = found.into_iter().map(|at| Near { hotel: at.hotel, km: place.km_to(at.place) });
    let mut near: Vec<_> = with_distance.filter(|near| near.km <= NEAR_KM).collect();
    near.sort_by(|one, other| one.km.total_cmp(&other.km));
    near.truncate(ENOUGH);
    Ok(near)
}

/// All hotels on the map, a page at a time.
#[beldi::function(service = Geo, read_only)]
pub async fn list(page: Option<PageToken>) -> Listing<Location> {
    Location::scan().limit(super::ROWS_OF_A_LISTING).page(page).await.into()
}

fn on_the_map(place: Place) -> Result<Place, OffTheMap> {
    let is_there = (-MAX_LAT..=MAX_LAT).contains(&place.lat) && (-180.0..=180.0).contains(&place.lon);
    if is_there { Ok(place) } else { Err(OffTheMap { place }) }
}

/// The cells that the circle of what is near touches, each once.
fn cells_around(place: Place) -> Vec<String> {
    let lat_reach = NEAR_KM / KM_OF_A_DEGREE;
    let lon_reach = lat_reach / (place.lat.abs() + lat_reach).to_radians().cos();
    let mut cells = Vec::new();
    for row in row(place.lat - lat_reach)..=row(place.lat + lat_reach) {
        for column in column(place.lon - lon_reach)..=column(place.lon + lon_reach) {
            cells.push(cell(row, column));
        }
    }
    cells
}

fn row(lat: f64) -> i32 {
    (lat * CELLS_OF_A_DEGREE).floor() as i32
}

fn column(lon: f64) -> i32 {
    (lon * CELLS_OF_A_DEGREE).floor() as i32
}

/// The name of a cell. Columns go around the earth.
fn cell(row: i32, column: i32) -> String {
    format!("{row}/{}", column.rem_euclid((360.0 * CELLS_OF_A_DEGREE) as i32))
}
