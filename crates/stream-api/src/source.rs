use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

/// Where pictures and sound come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Source {
    /// A video file on the engine's computer.
    File {
        /// Absolute path.
        path: String,
    },
    /// A camera or another server, which the server fetches.
    Network(NetworkSource),
    /// Whoever publishes under the stream's name: OBS, a camera, a phone.
    Incoming,
    /// Colour bars, a counter and a tone, to see that everything works.
    TestPattern,
}

/// All that any source may have, read in one go: reading a tagged type otherwise costs the interface much code.
#[derive(Deserialize)]
struct Flat {
    r#type: Kind,
    path: Option<String>,
    url: Option<String>,
    user: Option<String>,
    #[serde(default)]
    when: Fetch,
    #[serde(default)]
    transport: Transport,
    #[serde(default)]
    conversion: Conversion,
    fingerprint: Option<String>,
    #[serde(default)]
    has_secret: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    File,
    Network,
    Incoming,
    TestPattern,
}

impl<'de> Deserialize<'de> for Source {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Flat { r#type, path, url, user, when, transport, conversion, fingerprint, has_secret } =
            Flat::deserialize(deserializer)?;
        Ok(match r#type {
            Kind::File => Source::File { path: path.ok_or_else(|| D::Error::missing_field("path"))? },
            Kind::Network => {
                let url = url.ok_or_else(|| D::Error::missing_field("url"))?;
                Source::Network(NetworkSource {
                    url,
                    user,
                    when,
                    transport,
                    conversion,
                    fingerprint,
                    has_secret,
                })
            }
            Kind::Incoming => Source::Incoming,
            Kind::TestPattern => Source::TestPattern,
        })
    }
}

/// A camera or another server. Its password, and other secrets of its address, are kept apart and never shown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkSource {
    /// The address, without user and password; `***` stands for every other secret in it, such as a token. In a
    /// request it may hold them all: the engine takes them out ([`split_address`](crate::split_address)).
    pub url: String,
    /// The user's name there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// When it is fetched.
    #[serde(default)]
    pub when: Fetch,
    /// How, with RTSP.
    #[serde(default)]
    pub transport: Transport,
    /// Whether it is made fit for browsers.
    #[serde(default)]
    pub conversion: Conversion,
    /// SHA-256 of the certificate that it may have without an authority's signature, in hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// Secrets are kept for it. The engine says so; in a request it means nothing.
    #[serde(default)]
    pub has_secret: bool,
}

/// When a network source is fetched.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fetch {
    /// As long as the stream is ordered to run.
    #[default]
    Always,
    /// While somebody watches, and 10 s longer. The first viewer waits for the source's answer.
    OnDemand,
}

/// How RTSP brings the media.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// UDP, and TCP where that does not work.
    #[default]
    Automatic,
    /// TCP: slower at first, and nothing is lost.
    Tcp,
    /// UDP.
    Udp,
}

/// What becomes of a network source that not every viewer can play.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Conversion {
    /// FFmpeg encodes what would not play, and nothing else. Only of a source that is fetched always: nobody could
    /// wait for one that is not.
    #[default]
    WhereNeeded,
    /// It is passed on as it comes.
    Never,
}

impl NetworkSource {
    /// Whether what not every viewer plays is encoded.
    pub fn may_convert(&self) -> bool {
        self.conversion == Conversion::WhereNeeded && self.when == Fetch::Always
    }
}

impl Source {
    /// The file's path, as given; none of another source.
    pub fn file(&self) -> Option<&str> {
        match self {
            Source::File { path } => Some(path),
            Source::Network(_) | Source::Incoming | Source::TestPattern => None,
        }
    }

    /// The camera or server; none of another source.
    pub fn network(&self) -> Option<&NetworkSource> {
        match self {
            Source::Network(network) => Some(network),
            Source::File { .. } | Source::Incoming | Source::TestPattern => None,
        }
    }

    /// Where it is in full, for people: a path, an address without secrets, or what is awaited.
    pub fn place(&self) -> &str {
        match self {
            Source::File { path } => path,
            Source::Network(network) => &network.url,
            Source::Incoming => t!("source.incoming"),
            Source::TestPattern => t!("source.test_pattern"),
        }
    }

    /// The same in short: a file's name, an address as it is.
    pub fn title(&self) -> &str {
        match self {
            Source::File { path } => crate::file_name(path),
            Source::Network(_) | Source::Incoming | Source::TestPattern => self.place(),
        }
    }

    /// Whether it is fetched only while somebody watches.
    pub fn is_on_demand(&self) -> bool {
        self.network().is_some_and(|network| network.when == Fetch::OnDemand)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_read_as_it_is_written() {
        let network =
            NetworkSource { url: "rtsp://h/x".into(), conversion: Conversion::Never, ..Default::default() };
        for source in [
            Source::File { path: "/a".into() },
            Source::Network(network),
            Source::Incoming,
            Source::TestPattern,
        ] {
            let json = serde_json::to_string(&source).expect("serialises");
            assert_eq!(serde_json::from_str::<Source>(&json).expect("reads back"), source, "{json}");
        }
        for bad in [r#"{"type":"file"}"#, r#"{"type":"network"}"#, r#"{"type":"else"}"#, "{}"] {
            assert!(serde_json::from_str::<Source>(bad).is_err(), "{bad}");
        }
    }
}
