//! The desktop app in a real window: on an X screen of its own, with a window manager, a session bus, and stand-ins
//! for the tray, the notifications and the file dialogs of a desktop (`fakes/`).
//!
//! Needs the built app (`cargo build`, or `STREAM_MANAGER_APP`), WebKitWebDriver, Xvfb, openbox, dbus-daemon,
//! xdotool, wmctrl, xclip, gio with shared-mime-info, ImageMagick and Python with `dbus-next` and GTK 3.

mod app;
mod background;
mod hand_over;
mod life;
mod notice;
mod page;
mod rig;
mod tray;
mod window;

use app::{App, Driven};
use rig::Rig;
