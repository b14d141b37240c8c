//! Draws QR codes.

use lmms::schemars::{self, JsonSchema};
use qrcode::render::{svg, unicode};
use qrcode::types::QrError as Reason;
use qrcode::{EcLevel, QrCode};
use serde::{Deserialize, Serialize};

/// A generator of QR codes, dark on light with the quiet zone that the standard asks for.
pub struct Qr {
    dark: svg::Color<'static>,
    light: svg::Color<'static>,
}

/// How much of a code may be lost before it cannot be read.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Correction {
    /// 7 %.
    Low,
    /// 15 %.
    #[default]
    Medium,
    /// 25 %.
    Quartile,
    /// 30 %.
    High,
}

/// Why a call to [`Qr`] failed.
#[derive(Debug, thiserror::Error)]
pub enum QrError {
    /// The code could not be made.
    #[error("expected text that fits into one QR code (2331 bytes at medium correction), got {length} bytes: {reason}")]
    Text {
        /// The length of the text, in bytes.
        length: usize,
        /// What the encoder said.
        reason: Reason,
    },
}

/// Draws QR codes.
#[lmms::interface(memory_mb = 1)]
impl Qr {
    /// An instance of its own.
    #[load]
    pub fn load() -> Self {
        Self { dark: svg::Color("#000"), light: svg::Color("#fff") }
    }

    /// Draws `text` as an SVG document.
    #[operation(cached)]
    pub fn svg(&self, text: &str, #[default] correction: Correction) -> Result<String, QrError> {
        let code = encode(text, correction)?;
        Ok(code.render().dark_color(self.dark).light_color(self.light).module_dimensions(4, 4).build())
    }

    /// Draws `text` with block characters, for a terminal of light text on dark.
    #[operation(cached)]
    pub fn text(&self, text: &str, #[default] correction: Correction) -> Result<String, QrError> {
        let code = encode(text, correction)?;
        let (dark, light) = (unicode::Dense1x2::Light, unicode::Dense1x2::Dark);
        Ok(code.render().dark_color(dark).light_color(light).build())
    }
}

fn encode(text: &str, correction: Correction) -> Result<QrCode, QrError> {
    let level = match correction {
        Correction::Low => EcLevel::L,
        Correction::Medium => EcLevel::M,
        Correction::Quartile => EcLevel::Q,
        Correction::High => EcLevel::H,
    };
    QrCode::with_error_correction_level(text, level).map_err(|reason| QrError::Text { length: text.len(), reason })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_the_smallest_version_that_fits() {
        let qr = Qr::load();
        // Version 1: 21 modules and a quiet zone of 4 on each side, two rows to a line.
        let text = qr.text("LMMS", Correction::Medium).unwrap();
        assert_eq!(text.lines().count(), (21 + 8usize).div_ceil(2));
        assert!(text.lines().all(|line| line.chars().count() == 21 + 8));
    }

    #[test]
    fn draws_svg() {
        let svg = Qr::load().svg("https://www.rust-lang.org", Correction::High).unwrap();
        assert!(svg.contains("<svg") && svg.contains("#000") && svg.ends_with("</svg>"), "{svg}");
    }

    #[test]
    fn refuses_what_does_not_fit() {
        let error = Qr::load().svg(&"ä".repeat(2000), Correction::Low).unwrap_err();
        assert!(error.to_string().contains("4000 bytes"), "{error}");
    }
}
