//! Rasterises SVG documents, text included.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lmms::schemars::{self, JsonSchema};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{self, ImageHrefResolver, Options, Tree};
use serde::Serialize;

/// The longest document that is read, in bytes.
const MAX_SVG: usize = 256 * 1024;
/// The longest side of a picture, in pixels.
const MAX_SIDE: u32 = 2048;

/// An SVG renderer with the fonts Ubuntu Light (for text) and Hack (for `monospace`).
pub struct Render {
    options: Options<'static>,
}

/// A rendered picture.
#[derive(Debug, JsonSchema, Serialize)]
pub struct Picture {
    /// Its width in pixels.
    pub width: u32,
    /// Its height in pixels.
    pub height: u32,
    /// The size of the PNG in bytes.
    pub bytes: usize,
    /// The PNG, in base64.
    pub png: String,
}

/// Why a call to [`Render`] failed.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// Too long a document.
    #[error("expected a document of at most {MAX_SVG} bytes, got {0}")]
    Length(usize),
    /// Not an SVG document.
    #[error("expected an SVG document: {0}")]
    Svg(#[from] usvg::Error),
    /// A picture too large or of no size.
    #[error("expected a picture of 1 to {MAX_SIDE} pixels a side, got {0} x {1}")]
    Size(f32, f32),
    /// The picture could not be encoded.
    #[error("the picture cannot be encoded as PNG: {0}")]
    Png(String),
}

/// Rasterises SVG documents, text included.
#[lmms::interface(memory_mb = 4)]
impl Render {
    /// An instance of its own.
    #[load]
    pub fn load() -> Self {
        let mut options = Options {
            font_family: "Ubuntu".to_owned(),
            // A document is a stranger's: it reads no files of ours.
            image_href_resolver: ImageHrefResolver {
                resolve_string: Box::new(|_, _| None),
                ..ImageHrefResolver::default()
            },
            ..Options::default()
        };
        let fonts = options.fontdb_mut();
        fonts.load_font_data(epaint_default_fonts::UBUNTU_LIGHT.to_vec());
        fonts.load_font_data(epaint_default_fonts::HACK_REGULAR.to_vec());
        fonts.set_sans_serif_family("Ubuntu");
        fonts.set_serif_family("Ubuntu");
        fonts.set_monospace_family("Hack");
        Self { options }
    }

    /// Renders the document `svg` as a PNG, scaled to `width` pixels or at its own size.
    #[operation(cached)]
    pub fn svg_to_png(&self, svg: &str, width: Option<u32>) -> Result<Picture, RenderError> {
        if svg.len() > MAX_SVG {
            return Err(RenderError::Length(svg.len()));
        }
        let tree = Tree::from_str(svg, &self.options)?;
        let size = tree.size();
        let scale = width.map_or(1.0, |width| width as f32 / size.width());
        let (width, height) = ((size.width() * scale).round(), (size.height() * scale).round());
        let sides = 1.0..=MAX_SIDE as f32;
        if !sides.contains(&width) || !sides.contains(&height) {
            return Err(RenderError::Size(width, height));
        }
        let mut pixels = Pixmap::new(width as u32, height as u32).ok_or(RenderError::Size(width, height))?;
        resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixels.as_mut());
        let png = pixels.encode_png().map_err(|error| RenderError::Png(error.to_string()))?;
        Ok(Picture { width: pixels.width(), height: pixels.height(), bytes: png.len(), png: STANDARD.encode(png) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "<svg xmlns='http://www.w3.org/2000/svg' width='60' height='20'><text x='2' y='15' font-family='sans-serif'>lmms</text></svg>";

    #[test]
    fn draws_text_with_the_embedded_font() {
        let render = Render::load();
        let written = render.svg_to_png(TEXT, None).unwrap();
        assert_eq!((written.width, written.height), (60, 20));
        let blank = render.svg_to_png(&TEXT.replace("lmms", ""), None).unwrap();
        assert!(written.bytes > blank.bytes + 100, "{} {}", written.bytes, blank.bytes);
        assert!(written.png.starts_with("iVBORw0KGgo"));
    }

    #[test]
    fn scales_to_the_width() {
        let picture = Render::load().svg_to_png(TEXT, Some(240)).unwrap();
        assert_eq!((picture.width, picture.height), (240, 80));
    }

    #[test]
    fn refuses_giants_and_what_is_no_svg() {
        let render = Render::load();
        assert!(matches!(render.svg_to_png(TEXT, Some(100_000)), Err(RenderError::Size(..))));
        assert!(matches!(render.svg_to_png(TEXT, Some(0)), Err(RenderError::Size(..))));
        assert!(matches!(render.svg_to_png("<html/>", None), Err(RenderError::Svg(_))));
    }
}
