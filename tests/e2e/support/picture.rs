//! Pictures as PNG: read, judged and compared.

use anyhow::{Result, ensure};

/// Channels that differ by less are the same to the eye: antialiasing varies with the machine.
const TOLERANCE: u8 = 16;

/// Pixels, 4 bytes each.
#[derive(Debug, PartialEq, Eq)]
pub struct Picture {
    pub width: u32,
    pub height: u32,
    pixels: Vec<u8>,
}

impl Picture {
    pub fn read(bytes: &[u8]) -> Result<Picture> {
        let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
        decoder
            .set_transformations(png::Transformations::normalize_to_color8() | png::Transformations::ALPHA);
        let mut reader = decoder.read_info()?;
        let size = reader.output_buffer_size().unwrap_or_default();
        let mut pixels = vec![0; size];
        let frame = reader.next_frame(&mut pixels)?;
        ensure!(frame.color_type == png::ColorType::Rgba, "RGBA, not {:?}", frame.color_type);
        pixels.truncate(frame.buffer_size());
        Ok(Picture { width: frame.width, height: frame.height, pixels })
    }

    /// What the QR code in it says.
    pub fn code(&self) -> String {
        let (width, height) = (self.width as usize, self.height as usize);
        crate::it::qr::read(width, height, |x, y| self.pixels[4 * (y * width + x)])
    }

    /// How many different colours there are: a page that failed to draw has a handful.
    pub fn colours(&self) -> usize {
        let colours: std::collections::HashSet<&[u8]> = self.pixels.chunks_exact(4).collect();
        colours.len()
    }

    /// How bright it is on average, 0 to 255.
    pub fn brightness(&self) -> u64 {
        let sum: u64 = self
            .pixels
            .chunks_exact(4)
            .flat_map(|pixel| &pixel[..3])
            .map(|channel| u64::from(*channel))
            .sum();
        sum / (self.pixels.len() as u64 / 4 * 3)
    }

    /// The share of pixels that differ visibly, 0.0 to 1.0; all, when the sizes differ.
    pub fn difference(&self, other: &Picture) -> f64 {
        if (self.width, self.height) != (other.width, other.height) {
            return 1.0;
        }
        let pairs = self.pixels.chunks_exact(4).zip(other.pixels.chunks_exact(4));
        let differ = pairs.filter(|(a, b)| a.iter().zip(*b).any(|(a, b)| a.abs_diff(*b) > TOLERANCE)).count();
        differ as f64 / f64::from(self.width * self.height)
    }
}

#[test]
fn differences_are_seen() {
    let picture = |pixels: &[u8]| Picture { width: 2, height: 1, pixels: pixels.to_vec() };
    let black = picture(&[0, 0, 0, 255, 0, 0, 0, 255]);
    let half = picture(&[0, 0, 0, 255, 255, 255, 255, 255]);
    let faint = picture(&[9, 9, 9, 255, 0, 0, 0, 255]);
    assert_eq!(black.difference(&half), 0.5);
    assert_eq!(black.difference(&faint), 0.0, "what the eye does not see does not count");
    assert_eq!((black.colours(), half.colours()), (1, 2));
    assert_eq!((black.brightness(), half.brightness()), (0, 127));
}
