//! The pages, and their addresses after `#`.

pub(crate) mod first_run;
pub(crate) mod server;
pub(crate) mod stream;
pub(crate) mod streams;

use stream_api::StreamId;

/// A page of the interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Page {
    /// All streams.
    Streams,
    /// One stream.
    Stream(StreamId),
    /// The server.
    Server,
}

impl Page {
    /// The page of an address; an unknown one is the list of streams.
    pub(crate) fn from_hash(hash: &str) -> Self {
        let path = hash.trim_start_matches(['#', '/']);
        match path.split_once('/') {
            Some(("streams", id)) => id.parse().map_or(Page::Streams, Page::Stream),
            None if path == "server" => Page::Server,
            _ => Page::Streams,
        }
    }

    /// Its address.
    pub(crate) fn hash(self) -> String {
        match self {
            Page::Streams => "#/".to_owned(),
            Page::Stream(id) => format!("#/streams/{id}"),
            Page::Server => "#/server".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::fixtures::id;

    #[test]
    fn every_address_leads_back_to_its_page() {
        for page in [Page::Streams, Page::Stream(id(7)), Page::Server] {
            assert_eq!(Page::from_hash(&page.hash()), page);
        }
        for odd in ["", "#", "#/streams/", "#/streams/not-an-id", "#/nowhere"] {
            assert_eq!(Page::from_hash(odd), Page::Streams, "{odd:?}");
        }
    }
}
