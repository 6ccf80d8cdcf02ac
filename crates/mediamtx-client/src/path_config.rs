use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::{ApiError, Features, Fingerprint, Secret};

/// How a path behaves, as sent to the Control API and written into the configuration file.
///
/// Says all it has an opinion on, so that a changed default of MediaMTX changes nothing: a second publisher replaces
/// the first, recordings are MP4 of one hour each and are never deleted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PathConfig {
    /// Where its media comes from.
    pub source: Source,
    /// Whether it is recorded while online. Switching it disturbs neither publisher nor readers.
    pub record: bool,
    /// Where recordings go, with MediaMTX's placeholders; else as in the path defaults.
    pub record_path: Option<String>,
    /// An MP4 that readers get while nobody publishes, so that they stay (`alwaysAvailable`, 1.16 and newer).
    ///
    /// A publisher must then have its tracks; another one is refused after the running one was thrown out. It is
    /// recorded too, and counted in the path's bytes. Changing it closes publisher and readers. While the file is
    /// missing or damaged the server refuses every change of its configuration, and ends in a panic (exit 2) when it
    /// reads it (measured on 1.20.1).
    pub slate: Option<PathBuf>,
}

/// Where a path's media comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Source {
    /// Somebody sends it: our FFmpeg or an encoder.
    #[default]
    Publisher,
    /// The server fetches it itself, and tries again every 5 s.
    Pull(Pull),
}

/// How a server fetches a path's media.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pull {
    /// `rtsp(s)://`, `rtmp(s)://`, `http(s)://….m3u8`, `srt://`, `whep(s)://`, `udp+mpegts://`; credentials inside.
    pub url: Secret,
    /// Only while somebody watches. Asking for the stream wakes the source too.
    pub on_demand: bool,
    /// The one certificate that is believed, where the address is an encrypted one.
    pub fingerprint: Option<Fingerprint>,
    /// How RTSP carries the media.
    pub rtsp_transport: RtspTransport,
}

/// How RTSP carries the media of a pulled source.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RtspTransport {
    /// UDP first, then TCP.
    #[default]
    Automatic,
    /// Over the connection itself: loses nothing.
    Tcp,
    /// In packets of their own.
    Udp,
    /// In packets to many at once.
    Multicast,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Wire<'a> {
    source: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_on_demand: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_fingerprint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rtsp_transport: Option<RtspTransport>,
    #[serde(skip_serializing_if = "Option::is_none")]
    override_publisher: Option<bool>,
    record: bool,
    always_available: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    always_available_file: Option<&'a Path>,
    #[serde(skip_serializing_if = "Option::is_none")]
    record_path: Option<&'a str>,
    record_format: &'static str,
    record_part_duration: &'static str,
    record_segment_duration: &'static str,
    record_delete_after: &'static str,
}

/// For the newest server. A secret where the source's address holds a password.
impl Serialize for PathConfig {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let pull = match &self.source {
            Source::Publisher => None,
            Source::Pull(pull) => Some(pull),
        };
        let is_rtsp = |pull: &&Pull| pull.url.reveal().starts_with("rtsp");
        let wire = Wire {
            source: pull.map_or("publisher", |pull| pull.url.reveal()),
            source_on_demand: pull.map(|pull| pull.on_demand),
            source_fingerprint: pull.and_then(|pull| pull.fingerprint).map(|one| one.to_string()),
            rtsp_transport: pull.filter(is_rtsp).map(|pull| pull.rtsp_transport),
            override_publisher: pull.is_none().then_some(true),
            record: self.record,
            always_available: self.slate.is_some(),
            always_available_file: self.slate.as_deref(),
            record_path: self.record_path.as_deref(),
            record_format: "fmp4",
            record_part_duration: "1s",
            record_segment_duration: "1h",
            record_delete_after: "0s",
        };
        wire.serialize(serializer)
    }
}

impl PathConfig {
    /// What this server is told: no key that it does not know.
    ///
    /// # Errors
    /// [`ApiError::Unsupported`] when the path would not be what was wanted without such a key.
    pub fn for_server(&self, features: &Features) -> Result<Map<String, Value>, ApiError> {
        if self.slate.is_some() && !features.always_available {
            return Err(ApiError::Unsupported("alwaysAvailable"));
        }
        let Ok(Value::Object(mut keys)) = serde_json::to_value(self) else {
            return Err(ApiError::Unsupported("paths with such a file")); // a path that is no text
        };
        keys.retain(|key, _| features.knows_path_key(key));
        if let (false, Some(Value::String(source))) = (features.udp_sources, keys.get_mut("source"))
            && let Some(place) = source.strip_prefix("udp+mpegts://")
        {
            *source = format!("udp://{place}");
        }
        Ok(keys)
    }
}
