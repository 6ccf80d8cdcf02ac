//! What the pages are made of.

pub(crate) mod act;
pub(crate) mod banners;
pub(crate) mod confirm;
pub(crate) mod copy;
pub(crate) mod cure;
pub(crate) mod drop_overlay;
pub(crate) mod fault;
pub(crate) mod icon;
pub(crate) mod log;
pub(crate) mod menu;
pub(crate) mod modal;
pub(crate) mod orders;
pub(crate) mod row;
pub(crate) mod row_menu;
pub(crate) mod sheet;
pub(crate) mod sidebar;
pub(crate) mod spark;
pub(crate) mod state;
pub(crate) mod toasts;

pub(crate) use act::Act;
pub(crate) use banners::Banners;
pub(crate) use confirm::{Questions, RefusedFiles};
pub(crate) use copy::CopyButton;
pub(crate) use cure::{FaultOf, InstallFfmpeg};
pub(crate) use drop_overlay::DropOverlay;
pub(crate) use fault::{CureButton, FaultCard};
pub(crate) use icon::{Icon, icon};
pub(crate) use log::{LogCard, LogOf};
pub(crate) use menu::Menu;
pub(crate) use modal::Modal;
pub(crate) use row::StreamRow;
pub(crate) use row_menu::{MenuKind, RowMenu};
pub(crate) use sidebar::Sidebar;
pub(crate) use spark::spark;
pub(crate) use state::{StateBadge, shown};
pub(crate) use toasts::{Toast, Toasts};
