//! Looks at the windows on a display, by X itself: programs that take pictures take a core while a window opens.

use anyhow::{Context as _, Result};
use x11rb::{
    connection::Connection as _,
    protocol::xproto::{AtomEnum, ConnectionExt as _, ImageFormat, MapState, Window},
    rust_connection::RustConnection,
};

/// A window shows its page when it has more colours than this; before, it has one.
const COLOURS: usize = 200;

/// Every plane of a pixel.
const ALL_PLANES: u32 = u32::MAX;

/// So many bytes of a picture are compared with the ones before them at once.
const BLOCK: usize = 64 * 4;

/// The longest title that is read, in units of 4 bytes.
const TITLE: u32 = 64;

/// A connection to a display.
pub(super) struct Eye {
    x: RustConnection,
    root: Window,
}

impl Eye {
    /// Opens the display of this name, such as `:1`.
    pub(super) fn open(display: &str) -> Result<Self> {
        let (x, screen) = x11rb::connect(Some(display)).context("opening the display")?;
        let root = x.setup().roots.get(screen).context("a display has a screen")?.root;
        Ok(Self { x, root })
    }

    /// The windows of this title that can be seen.
    pub(super) fn windows(&self, title: &str) -> Result<Vec<Window>> {
        let (mut seen, mut left) = (Vec::new(), vec![self.root]);
        while let Some(window) = left.pop() {
            // A window may be gone by the time it is asked about.
            let Ok(tree) = self.x.query_tree(window)?.reply() else { continue };
            left.extend(tree.children);
            if self.has_title(window, title)? && self.is_shown(window)? {
                seen.push(window);
            }
        }
        Ok(seen)
    }

    fn has_title(&self, window: Window, title: &str) -> Result<bool> {
        let name = self.x.get_property(false, window, AtomEnum::WM_NAME, AtomEnum::ANY, 0, TITLE)?.reply();
        Ok(name.is_ok_and(|name| name.value == title.as_bytes()))
    }

    fn is_shown(&self, window: Window) -> Result<bool> {
        let attributes = self.x.get_window_attributes(window)?.reply();
        Ok(attributes.is_ok_and(|attributes| attributes.map_state == MapState::VIEWABLE))
    }

    /// Whether the window has as many colours as a page has; one that has just gone has none.
    pub(super) fn sees_a_page(&self, window: Window) -> bool {
        self.picture(window).is_ok_and(|picture| colours(&picture) > COLOURS)
    }

    fn picture(&self, window: Window) -> Result<Vec<u8>> {
        let size = self.x.get_geometry(window)?.reply()?;
        let picture =
            self.x.get_image(ImageFormat::Z_PIXMAP, window, 0, 0, size.width, size.height, ALL_PLANES)?;
        Ok(picture.reply()?.data)
    }
}

/// How many colours a picture of 4 bytes a pixel has.
fn colours(picture: &[u8]) -> usize {
    // A bit for each of 2^24 colours.
    let mut seen = vec![0_u64; 1 << 18];
    let (mut count, mut before) = (0, &[][..]);
    for block in picture.chunks(BLOCK) {
        // What is like its neighbour has no new colour; an empty window is nothing else.
        if block == before {
            continue;
        }
        before = block;
        for pixel in block.chunks_exact(4) {
            let colour = usize::from(pixel[0]) | usize::from(pixel[1]) << 8 | usize::from(pixel[2]) << 16;
            let (place, bit) = (colour >> 6, 1 << (colour & 63));
            count += usize::from(seen[place] & bit == 0);
            seen[place] |= bit;
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_counted_once() {
        assert_eq!(colours(&[1, 2, 3, 0, 1, 2, 3, 255, 9, 2, 3, 0]), 2, "the fourth byte is no colour");
        assert_eq!(colours(&[]), 0);
        let (grey, white) = ([100; BLOCK], [255; BLOCK]);
        assert_eq!(colours(&[grey, grey, white, white, grey].concat()), 2);
    }
}
