//! The wall clock, for people; every decision uses the monotonic one.

use std::time::{SystemTime, UNIX_EPOCH};

use stream_api::UnixMillis;

/// Now, as people read it. Before 1970 counts as 1970.
pub(crate) fn now() -> UnixMillis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMillis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
