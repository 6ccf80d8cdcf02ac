use serde::Serialize;

use crate::{Event, Snapshot};

/// What a host sends to its interface, in order. The desktop's channel carries all of it; a browser's event stream
/// carries the first two.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Message {
    /// The whole picture; replaces what the interface knew.
    Snapshot {
        /// All of it.
        snapshot: Box<Snapshot>,
    },
    /// Changes since, in order.
    Events {
        /// Oldest first.
        events: Vec<Event>,
    },
    /// Files are held over the window.
    DragOver {
        /// How many.
        count: usize,
    },
    /// They were taken away again.
    DragLeave,
    /// Files were dropped on the window.
    Dropped {
        /// Absolute paths.
        paths: Vec<String>,
    },
    /// The user wants to quit while streams are live; the interface asks and then calls `quit`.
    AskQuit {
        /// How many streams are live.
        live: usize,
    },
    /// Files that were opened from outside and can't be streamed.
    Refused {
        /// Each with its reason.
        errors: Vec<crate::Error>,
    },
}

read_tagged! {
    Message by r#type {
        snapshot: Box<Snapshot>,
        events: Vec<Event>,
        count: usize,
        paths: Vec<String>,
        live: usize,
        errors: Vec<crate::Error>,
    }
    "snapshot" => Snapshot { snapshot },
    "events" => Events { events },
    "drag_over" => DragOver { count },
    "drag_leave" => DragLeave,
    "dropped" => Dropped { paths },
    "ask_quit" => AskQuit { live },
    "refused" => Refused { errors },
}
