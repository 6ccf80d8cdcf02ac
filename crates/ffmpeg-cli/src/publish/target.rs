use std::fmt;

/// Where FFmpeg publishes, or reads: a path of a MediaMTX server, by RTSP over TCP. Printing it hides user and password.
#[derive(Clone, PartialEq, Eq)]
pub struct Target {
    /// Name or address; an IPv6 address without brackets.
    pub host: String,
    /// The server's RTSP port.
    pub port: u16,
    /// The path, see `stream_api::check_name`; perhaps with a query behind it.
    pub name: String,
    /// The user; empty when the server asks for none.
    pub user: String,
    /// Its password.
    pub pass: String,
}

impl Target {
    /// With credentials, for FFmpeg alone.
    pub(crate) fn url(&self) -> String {
        if self.user.is_empty() {
            return self.shown_url();
        }
        format!("rtsp://{}:{}@{}", encoded(&self.user), encoded(&self.pass), self.place())
    }

    /// Without credentials, for people.
    pub(super) fn shown_url(&self) -> String {
        format!("rtsp://{}", self.place())
    }

    fn place(&self) -> String {
        let Target { host, port, name, .. } = self;
        if host.contains(':') { format!("[{host}]:{port}/{name}") } else { format!("{host}:{port}/{name}") }
    }
}

/// Percent-encoded for the user part of a URL.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(byte.into());
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown_url())
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printing_hides_credentials() {
        let target = Target {
            host: "::1".into(),
            port: 8554,
            name: "lobby".into(),
            user: "publisher".into(),
            pass: "p@ss:w/rd%".into(),
        };
        assert_eq!(target.url(), "rtsp://publisher:p%40ss%3Aw%2Frd%25@[::1]:8554/lobby");
        for shown in [format!("{target}"), format!("{target:?}")] {
            assert!(shown.contains("rtsp://[::1]:8554/lobby"), "{shown}");
            assert!(
                !shown.contains("publisher") && !shown.contains("p@ss") && !shown.contains("p%40"),
                "{shown}"
            );
        }
    }
}
