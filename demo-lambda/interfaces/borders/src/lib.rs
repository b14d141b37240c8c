//! Finds the country of a coordinate.

use country_boundaries::{BOUNDARIES_ODBL_360X180, CountryBoundaries, LatLon};
use lmms::schemars::{self, JsonSchema};
use serde::Serialize;

/// Boundaries of all countries and of many of their states (ODbL, OpenStreetMap contributors).
pub struct Borders {
    boundaries: CountryBoundaries,
}

/// What a point lies in.
#[derive(Debug, Default, PartialEq, JsonSchema, Serialize)]
pub struct Area {
    /// The ISO 3166-1 code of the country; none at sea.
    pub country: Option<String>,
    /// The ISO 3166-2 code of its state, where the boundaries have it.
    pub subdivision: Option<String>,
}

/// Why a call to [`Borders`] failed.
#[derive(Debug, thiserror::Error)]
pub enum BordersError {
    /// The embedded boundaries could not be read.
    #[error("the boundaries cannot be read: {0}")]
    Boundaries(String),
    /// Not a point on earth.
    #[error("expected a latitude of -90 to 90 and a longitude of -180 to 180, got {0}, {1}")]
    Coordinate(f64, f64),
}

/// Finds the country of a coordinate.
#[lmms::interface(memory_mb = 12)]
impl Borders {
    /// An instance of its own.
    ///
    /// # Errors
    /// What it is made of cannot be read.
    #[load]
    pub fn load() -> Result<Self, BordersError> {
        match CountryBoundaries::from_reader(BOUNDARIES_ODBL_360X180) {
            Ok(boundaries) => Ok(Self { boundaries }),
            Err(error) => Err(BordersError::Boundaries(error.to_string())),
        }
    }

    /// Names the country, and its state where known, that a point in degrees north and east lies in.
    #[operation(cached)]
    pub fn country_at(&self, latitude: f64, longitude: f64) -> Result<Area, BordersError> {
        let mut area = Area::default();
        for id in self.boundaries.ids(point(latitude, longitude)?) {
            let place = if id.contains('-') { &mut area.subdivision } else { &mut area.country };
            place.get_or_insert_with(|| id.to_owned());
        }
        Ok(area)
    }

    /// Says whether a point lies in the country or state with the ISO 3166 code `area`.
    #[operation(cached)]
    pub fn contains(&self, area: &str, latitude: f64, longitude: f64) -> Result<bool, BordersError> {
        Ok(self.boundaries.is_in(point(latitude, longitude)?, area))
    }
}

fn point(latitude: f64, longitude: f64) -> Result<LatLon, BordersError> {
    if !(-180.0..=180.0).contains(&longitude) {
        return Err(BordersError::Coordinate(latitude, longitude));
    }
    LatLon::new(latitude, longitude).map_err(|_| BordersError::Coordinate(latitude, longitude))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_country_and_state() {
        let area = Borders::load().unwrap().country_at(33.0, -97.0).unwrap();
        assert_eq!(area.country.as_deref(), Some("US"));
        assert_eq!(area.subdivision.as_deref(), Some("US-TX"));
    }

    #[test]
    fn knows_an_exclave_and_the_sea() {
        let borders = Borders::load().unwrap();
        // Büsingen: Germany, all around it Switzerland.
        assert!(borders.contains("DE", 47.6973, 8.6910).unwrap());
        assert!(!borders.contains("CH", 47.6973, 8.6910).unwrap());
        assert_eq!(borders.country_at(30.0, -40.0).unwrap(), Area::default());
    }

    #[test]
    fn refuses_what_is_not_on_earth() {
        let borders = Borders::load().unwrap();
        assert!(borders.country_at(-91.0, 0.0).is_err());
        assert!(borders.country_at(f64::NAN, 0.0).is_err());
        assert!(borders.contains("DE", 50.0, 1000.0).is_err());
    }
}
