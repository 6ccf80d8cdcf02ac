//! The pages, and their addresses after `#`.

pub(crate) mod activity;
pub(crate) mod first_run;
pub(crate) mod lost;
pub(crate) mod other;
pub(crate) mod server;
pub(crate) mod stream;
pub(crate) mod streams;

use stream_api::{ServerId, StreamId};

/// A page of the interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Page {
    /// All streams.
    Streams,
    /// One stream.
    Stream(StreamId),
    /// What happened, of one stream or of all.
    Activity(Option<StreamId>),
    /// The bundled server, and the list of all.
    Server,
    /// A server that was added.
    Other(ServerId),
    /// There is no such page.
    Lost,
}

impl Page {
    /// The page of an address. What stands after `#` decides; without it only the root is a page.
    pub(crate) fn at(path: &str, hash: &str) -> Self {
        if hash.len() <= 1 && !matches!(path, "" | "/" | "/index.html") {
            return Page::Lost;
        }
        let hash = hash.trim_start_matches(['#', '/']);
        let of = |id: &str, page: fn(StreamId) -> Page| id.parse().map_or(Page::Lost, page);
        match hash.split_once('/').unwrap_or((hash, "")) {
            ("" | "streams", "") => Page::Streams,
            ("streams", id) => of(id, Page::Stream),
            ("activity", "") => Page::Activity(None),
            ("activity", id) => of(id, |id| Page::Activity(Some(id))),
            ("server", "") => Page::Server,
            ("server", id) => id.parse().map_or(Page::Lost, Page::Other),
            _ => Page::Lost,
        }
    }

    /// Its address.
    pub(crate) fn hash(self) -> String {
        match self {
            Page::Streams | Page::Lost => "#/".to_owned(),
            Page::Stream(id) => format!("#/streams/{id}"),
            Page::Activity(None) => "#/activity".to_owned(),
            Page::Activity(Some(id)) => format!("#/activity/{id}"),
            Page::Server => "#/server".to_owned(),
            Page::Other(id) => format!("#/server/{id}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::fixtures::id;

    #[test]
    fn every_address_leads_back_to_its_page() {
        let activity = [Page::Activity(None), Page::Activity(Some(id(7)))];
        let other = Page::Other(ServerId(id(7).0));
        for page in [Page::Streams, Page::Stream(id(7)), Page::Server, other].into_iter().chain(activity) {
            assert_eq!(Page::at("/", &page.hash()), page);
        }
        for root in ["", "#", "#/", "#/streams", "#/streams/"] {
            assert_eq!(Page::at("/", root), Page::Streams, "{root:?}");
        }
    }

    #[test]
    fn an_address_that_leads_nowhere_says_so() {
        for odd in ["#/streams/not-an-id", "#/nowhere", "#/server/x", "#/activity/7"] {
            assert_eq!(Page::at("/", odd), Page::Lost, "{odd:?}");
        }
        assert_eq!(Page::at("/nowhere", ""), Page::Lost);
        assert_eq!(Page::at("/nowhere", "#/server"), Page::Server, "from there the links work");
        assert_eq!(Page::at("/index.html", ""), Page::Streams);
    }
}
