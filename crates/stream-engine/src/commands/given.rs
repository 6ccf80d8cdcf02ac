//! Paths as people give them.

use stream_api::{Source, given_path};

/// The path that is meant; `~/` is the folder of the user who runs the engine.
pub(super) fn path(text: &str) -> String {
    let home = std::env::home_dir().and_then(|home| home.into_os_string().into_string().ok());
    given_path(text, home.as_deref())
}

/// The source that is meant.
pub(super) fn source(source: Source) -> Source {
    let Source::File { path } = source;
    Source::File { path: self::path(&path) }
}
