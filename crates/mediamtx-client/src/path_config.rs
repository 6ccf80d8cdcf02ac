use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};

/// How a path behaves, as sent to the Control API and written into the configuration file.
///
/// Says all it has an opinion on, so that a changed default of MediaMTX changes nothing: media comes from a
/// publisher, a second publisher replaces the first, recordings are MP4 of one hour each and are never deleted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PathConfig {
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

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Wire<'a> {
    source: &'static str,
    override_publisher: bool,
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

impl Serialize for PathConfig {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let wire = Wire {
            source: "publisher",
            override_publisher: true,
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
