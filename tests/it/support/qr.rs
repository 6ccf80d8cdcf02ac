//! Reads QR codes, as a phone would.

use rqrr::PreparedImage;

/// Pixels of a module, so that a reader finds its way.
const SCALE: usize = 4;

/// What a code says whose picture is so many pixels wide and high, each as bright as `pixel` says.
///
/// # Panics
/// When no code is in it that can be read.
pub fn read(width: usize, height: usize, pixel: impl FnMut(usize, usize) -> u8) -> String {
    let mut picture = PreparedImage::prepare_from_greyscale(width, height, pixel);
    let codes = picture.detect_grids();
    assert_eq!(codes.len(), 1, "one code in a picture of {width} × {height}");
    codes[0].decode().expect("it can be read").1
}

/// What a code says that we drew: `M{x},{y}h1v1h-1z` is a dark module.
///
/// # Panics
/// As [`read`].
pub fn of_svg(svg: &str) -> String {
    let number = |text: &str| text.parse::<usize>().unwrap();
    let (_, size) = svg.split_once("viewBox=\"0 0 ").unwrap();
    let size = number(size.split(' ').next().unwrap());
    let modules = svg.split('M').skip(2).filter_map(|part| part.split_once('h')?.0.split_once(','));
    let dark: Vec<(usize, usize)> = modules.map(|(x, y)| (number(x), number(y))).collect();
    let is_dark = |x: usize, y: usize| dark.contains(&(x / SCALE, y / SCALE));
    read(size * SCALE, size * SCALE, |x, y| if is_dark(x, y) { 0 } else { 255 })
}
