//! A real browser against the headless host, and the real window of the desktop.
mod support;
