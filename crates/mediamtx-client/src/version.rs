use std::fmt;

/// The oldest MediaMTX that understands the configuration we write.
pub const MINIMUM: Version = Version { major: 1, minor: 19, patch: 0 };

/// A version of MediaMTX.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// Of incompatible changes.
    pub major: u32,
    /// Of features.
    pub minor: u32,
    /// Of fixes.
    pub patch: u32,
}

impl Version {
    /// Reads `v1.20.1`, also with `-3-gabc` or `-dirty` behind it, as `mediamtx --version` and the API print it.
    pub fn parse(text: &str) -> Option<Version> {
        let text = text.trim();
        let text = text.strip_prefix('v').unwrap_or(text);
        let core = text.split(['-', '+', ' ']).next()?;
        let mut parts = core.split('.').map(|part| part.parse::<u32>().ok());
        let version = Version { major: parts.next()??, minor: parts.next()??, patch: parts.next()?? };
        parts.next().is_none().then_some(version)
    }

    /// Whether we can run it. A self-built one (`v0.0.0`) tells no version, and is believed to be new.
    pub fn is_supported(self) -> bool {
        self.is_self_built() || self >= MINIMUM
    }

    /// Whether it says nothing: `v0.0.0`.
    pub fn is_self_built(self) -> bool {
        self == Version::default()
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_and_ordered() {
        let newest = Version { major: 1, minor: 20, patch: 1 };
        assert_eq!(Version::parse("v1.20.1"), Some(newest));
        assert_eq!(Version::parse("v1.20.1-3-gabc\n"), Some(newest));
        assert_eq!(Version::parse("1.20.1-dirty"), Some(newest));
        assert_eq!(Version::parse("v1.9.0").map(Version::is_supported), Some(false));
        assert_eq!(Version::parse("v1.19.0").map(Version::is_supported), Some(true));
        assert_eq!(Version::parse("v0.0.0").map(Version::is_supported), Some(true));
        assert_eq!(newest.to_string(), "1.20.1");
        for garbage in ["", "v", "latest", "1.20", "1.2.3.4", "v1.x.0"] {
            assert_eq!(Version::parse(garbage), None, "{garbage:?}");
        }
    }
}
