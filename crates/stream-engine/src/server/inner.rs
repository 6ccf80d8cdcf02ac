//! Paths between the server and our own FFmpeg: what the server fetches for it to convert. No viewer may read them,
//! none is counted on them, and nobody is shown them.

use mediamtx_client::{Paths, User};
use stream_api::StreamId;

/// No stream is called so, since no part of a stream's name begins with a dot; MediaMTX takes it.
const PREFIX: &str = ".source/";

/// Every such path, as MediaMTX wants patterns.
pub(super) const PATTERN: &str = r"^\.source/";

/// Where the server has what is to be converted for this stream.
pub(crate) fn source_of(id: StreamId) -> String {
    format!("{PREFIX}{id}")
}

/// Whether it is one of them.
pub(super) fn is_inner(name: &str) -> bool {
    name.starts_with(PREFIX)
}

/// Whether it is the one user that may read them.
pub(super) fn is_ours(user: &User) -> bool {
    let inner = Paths::Matching(PATTERN.to_owned());
    user.permissions.iter().any(|permission| permission.paths == inner)
}

#[cfg(test)]
mod tests {
    use stream_api::check_name;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn no_stream_can_have_such_a_name() {
        let name = source_of(StreamId(Uuid::now_v7()));
        assert!(is_inner(&name) && check_name(&name).is_err(), "{name}");
        assert!(!is_inner("source/x"));
    }
}
