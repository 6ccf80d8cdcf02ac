//! What the tests of the real window and the real browser share.
pub mod webdriver;
