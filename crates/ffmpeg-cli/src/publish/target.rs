use std::fmt;

pub use stream_api::PublishBy as By;

/// Where FFmpeg publishes, or reads: a path of a MediaMTX server. Printing it hides user and password.
#[derive(Clone, PartialEq, Eq)]
pub struct Target {
    /// Name or address; an IPv6 address without brackets.
    pub host: String,
    /// By which protocol; what is read is read by RTSP.
    pub by: By,
    /// The server's port for that.
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
        let (user, pass) = (encoded(&self.user), encoded(&self.pass));
        match self.by {
            By::Rtsp => format!("rtsp://{user}:{pass}@{}", self.place()),
            By::Rtmp => format!("rtmp://{}?user={user}&pass={pass}", self.place()),
            By::Srt => self.srt(&format!(":{user}:{pass}")),
        }
    }

    /// Without credentials, for people.
    pub(super) fn shown_url(&self) -> String {
        match self.by {
            By::Rtsp => format!("rtsp://{}", self.place()),
            By::Rtmp => format!("rtmp://{}", self.place()),
            By::Srt => self.srt(""),
        }
    }

    /// Every packet of an MPEG transport stream is 188 bytes long; seven of them fit into one of the network's.
    /// `latency` counts microseconds.
    fn srt(&self, login: &str) -> String {
        let Target { name, .. } = self;
        format!("srt://{}?streamid=publish:{name}{login}&pkt_size=1316&latency=200000", self.door())
    }

    fn place(&self) -> String {
        format!("{}/{}", self.door(), self.name)
    }

    fn door(&self) -> String {
        let Target { host, port, .. } = self;
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }

    /// FFmpeg's output options.
    ///
    /// RTSP: `-timeout` (microseconds) bounds the handshake alone: a server that stops reading later is noticed by
    /// progress. `-muxdelay 0` sends one AAC frame a packet instead of five (85 ms less delay). MediaMTX cuts up
    /// packets with more than 1440 bytes of payload; FFmpeg's default is 1460 (measured with 5.1 and 9.0 against
    /// 1.20).
    pub(super) fn output(&self) -> &'static [&'static str] {
        match self.by {
            By::Rtsp => &[
                "-f",
                "rtsp",
                "-rtsp_transport",
                "tcp",
                "-timeout",
                "5000000",
                "-muxdelay",
                "0",
                "-pkt_size",
                "1440",
            ],
            By::Rtmp => &[
                "-rw_timeout",
                "5000000",
                "-tcp_nodelay",
                "1",
                "-flvflags",
                "no_duration_filesize",
                "-f",
                "flv",
            ],
            By::Srt => &["-muxdelay", "0", "-f", "mpegts"],
        }
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
            by: By::Rtsp,
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

    #[test]
    fn each_protocol_has_its_own_address() {
        let target = |by| Target {
            host: "127.0.0.1".into(),
            by,
            port: 1,
            name: "a/b".into(),
            user: "u".into(),
            pass: "p".into(),
        };
        let (rtmp, srt) = (target(By::Rtmp), target(By::Srt));
        assert_eq!(rtmp.url(), "rtmp://127.0.0.1:1/a/b?user=u&pass=p");
        assert_eq!(srt.url(), "srt://127.0.0.1:1?streamid=publish:a/b:u:p&pkt_size=1316&latency=200000");
        assert_eq!(rtmp.to_string(), "rtmp://127.0.0.1:1/a/b");
        assert_eq!(srt.to_string(), "srt://127.0.0.1:1?streamid=publish:a/b&pkt_size=1316&latency=200000");
    }
}
