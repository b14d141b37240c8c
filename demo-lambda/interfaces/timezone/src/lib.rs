//! Finds the time zone of a coordinate.

use tzf_rs::DefaultFinder;

/// Polygons of all time zones, from timezone-boundary-builder (ODbL, OpenStreetMap contributors).
pub struct Timezone {
    finder: DefaultFinder,
}

/// Why a call to [`Timezone`] failed.
#[derive(Debug, thiserror::Error)]
pub enum TimezoneError {
    /// Not a point on earth.
    #[error("expected a latitude of -90 to 90 and a longitude of -180 to 180, got {0}, {1}")]
    Coordinate(f64, f64),
    /// On earth, but in no polygon.
    #[error("no time zone is known at {0}, {1}")]
    Unknown(f64, f64),
}

/// Finds the time zone of a coordinate.
#[lmms::interface(memory_mb = 28)]
impl Timezone {
    /// An instance of its own.
    #[load]
    pub fn load() -> Self {
        Self { finder: DefaultFinder::new() }
    }

    /// Names the IANA time zone of a point, given in degrees north and east.
    #[operation(cached)]
    pub fn at(&self, latitude: f64, longitude: f64) -> Result<String, TimezoneError> {
        if !(-90.0..=90.0).contains(&latitude) || !(-180.0..=180.0).contains(&longitude) {
            return Err(TimezoneError::Coordinate(latitude, longitude));
        }
        match self.finder.get_tz_name(longitude, latitude) {
            "" => Err(TimezoneError::Unknown(latitude, longitude)),
            zone => Ok(zone.to_owned()),
        }
    }

    /// Lists the known time zones, or those of one `area` such as `Europe`.
    #[operation(cached)]
    pub fn zones(&self, area: Option<&str>) -> Vec<String> {
        let within = |zone: &str| match area {
            None => true,
            Some(area) => zone.split('/').next() == Some(area),
        };
        let names = self.finder.timezonenames().into_iter();
        let mut zones: Vec<_> = names.filter(|zone| within(zone)).map(str::to_owned).collect();
        zones.sort_unstable();
        zones
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_borders_and_the_sea() {
        let timezone = Timezone::load();
        assert_eq!(timezone.at(52.52, 13.405).unwrap(), "Europe/Berlin");
        assert_eq!(timezone.at(-3.119, -60.0217).unwrap(), "America/Manaus");
        assert_eq!(timezone.at(0.0, -30.0).unwrap(), "Etc/GMT+2");
    }

    #[test]
    fn lists_an_area() {
        let timezone = Timezone::load();
        let arctic = timezone.zones(Some("Antarctica"));
        assert!(arctic.contains(&"Antarctica/Troll".to_owned()), "{arctic:?}");
        assert!(timezone.zones(None).len() > 300);
        assert!(timezone.zones(Some("Atlantis")).is_empty());
    }

    #[test]
    fn refuses_what_is_not_on_earth() {
        let error = Timezone::load().at(52.52, 213.4).unwrap_err();
        assert!(matches!(error, TimezoneError::Coordinate(..)), "{error}");
    }
}
