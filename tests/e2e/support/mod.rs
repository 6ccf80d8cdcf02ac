//! What the tests of the real window and the real browser share.
pub mod canned;
pub mod chromium;
pub mod picture;
pub mod webdriver;
