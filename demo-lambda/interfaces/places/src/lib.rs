//! Finds the town that is nearest to a coordinate.

use lmms::schemars::{self, JsonSchema};
use reverse_geocoder::ReverseGeocoder;
use serde::Serialize;

/// The mean radius of the earth, in kilometres.
const EARTH_KM: f64 = 6371.0;

/// 145,000 towns of GeoNames (CC BY 4.0) in a k-d tree.
pub struct Places {
    geocoder: ReverseGeocoder,
}

/// A town.
#[derive(Debug, JsonSchema, Serialize)]
pub struct Place {
    /// Its name.
    pub name: String,
    /// The state, county or province around it; may be empty.
    pub region: String,
    /// Its country's ISO 3166-1 code.
    pub country: String,
    /// How far away it is, in kilometres, to a tenth.
    pub distance_km: f64,
}

/// Why a call to [`Places`] failed.
#[derive(Debug, thiserror::Error)]
pub enum PlacesError {
    /// Not a point on earth.
    #[error("expected a latitude of -90 to 90 and a longitude of -180 to 180, got {0}, {1}")]
    Coordinate(f64, f64),
}

/// Finds the town that is nearest to a coordinate.
#[lmms::interface(memory_mb = 56)]
impl Places {
    /// An instance of its own.
    #[load]
    pub fn load() -> Self {
        Self { geocoder: ReverseGeocoder::new() }
    }

    /// Finds the town nearest to a point, given in degrees north and east.
    #[operation(cached)]
    pub fn nearest(&self, latitude: f64, longitude: f64) -> Result<Place, PlacesError> {
        if !(-90.0..=90.0).contains(&latitude) || !(-180.0..=180.0).contains(&longitude) {
            return Err(PlacesError::Coordinate(latitude, longitude));
        }
        let found = self.geocoder.search((latitude, longitude));
        // The crate measures the squared chord through the unit sphere.
        let kilometres = 2.0 * EARTH_KM * (found.distance.sqrt() / 2.0).min(1.0).asin();
        Ok(Place {
            name: found.record.name.clone(),
            region: found.record.admin1.clone(),
            country: found.record.cc.clone(),
            distance_km: (kilometres * 10.0).round() / 10.0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_town() {
        let place = Places::load().nearest(48.13743, 11.57549).unwrap();
        assert_eq!((&*place.name, &*place.country), ("Munich", "DE"));
        assert!(place.distance_km < 2.0, "{place:?}");
    }

    #[test]
    fn measures_across_the_date_line() {
        // Between Fiji and Tonga, nearly on the line: no town near, and none half a world away.
        let place = Places::load().nearest(-18.0, 180.0).unwrap();
        assert_eq!(place.country, "FJ");
        assert!((50.0..400.0).contains(&place.distance_km), "{place:?}");
    }

    #[test]
    fn refuses_what_is_not_on_earth() {
        let places = Places::load();
        assert!(places.nearest(91.0, 0.0).is_err());
        assert!(places.nearest(0.0, f64::NAN).is_err());
    }
}
