//! Who may watch a stream, who else may send it, and the rules for names and passwords.

use serde::{Deserialize, Serialize};

use crate::{Code, Error, Protocol, Stream, UnixMillis, Urls};

/// The name that viewers give with the password, unless the user chose another.
pub const VIEWER: &str = "viewer";

/// Characters of a viewers' password, fewest and most. It is stored as a digest, so the longest is no matter of room.
const PASSWORD_LENGTH: std::ops::RangeInclusive<usize> = 6..=128;
/// What a password may have besides letters and digits: what stands for itself in the addresses of every protocol, in
/// a stream id of SRT and between the quotes of a command line. MediaMTX takes more.
const PASSWORD_SIGNS: &str = "-_.*()";

/// Who may watch a stream, and who may send it besides ourselves. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Access {
    /// Everybody, or only some.
    pub viewers: ViewerAccess,
    /// The name that viewers give with the password.
    pub user: String,
    /// Restricted: the password is needed.
    pub has_password: bool,
    /// Restricted: only from these addresses and ranges (`192.168.1.7`, `10.0.0.0/8`, `fd00::/8`); empty for any.
    /// Without a password they suffice.
    pub ips: Vec<String>,
    /// Guest links, oldest first. They let in whoever has one, from anywhere, until they expire.
    pub links: Vec<GuestLink>,
    /// The user name of the publish key, while there is one.
    pub publisher: Option<String>,
}

impl Default for Access {
    fn default() -> Access {
        Access {
            viewers: ViewerAccess::Open,
            user: VIEWER.to_owned(),
            has_password: false,
            ips: Vec::new(),
            links: Vec::new(),
            publisher: None,
        }
    }
}

impl Access {
    /// Whether some are kept out.
    pub fn is_restricted(&self) -> bool {
        self.viewers == ViewerAccess::Restricted
    }

    /// Whether a player has to give name and password.
    pub fn asks_password(&self) -> bool {
        self.is_restricted() && self.has_password
    }
}

/// Whether everybody may watch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ViewerAccess {
    /// Whoever reaches the server.
    #[default]
    Open,
    /// Whoever has the password and one of the addresses, as far as these are set, and whoever has a guest link.
    Restricted,
}

/// What of who may watch was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessPart {
    /// Everybody may watch from then on.
    Opened,
    /// Only some may.
    Restricted,
    /// Their name.
    User,
    /// A password is needed, and was not before.
    PasswordSet,
    /// Another password.
    PasswordChanged,
    /// No password is needed any more.
    PasswordRemoved,
    /// Other addresses, or some for the first time.
    Addresses,
    /// From any address.
    AddressesRemoved,
}

impl AccessPart {
    /// As part of a list. For people.
    pub const fn words(self) -> &'static str {
        match self {
            AccessPart::Opened => t!("access.changed.opened"),
            AccessPart::Restricted => t!("access.changed.restricted"),
            AccessPart::User => t!("access.changed.user"),
            AccessPart::PasswordSet => t!("access.changed.password_set"),
            AccessPart::PasswordChanged => t!("access.changed.password"),
            AccessPart::PasswordRemoved => t!("access.changed.password_removed"),
            AccessPart::Addresses => t!("access.changed.addresses"),
            AccessPart::AddressesRemoved => t!("access.changed.addresses_removed"),
        }
    }
}

/// A guest link, without its token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuestLink {
    /// Identifies it; no secret.
    pub id: String,
    /// What the user called it; may be empty.
    pub label: String,
    /// When it was made.
    pub created: UnixMillis,
    /// When it ends.
    pub expires: UnixMillis,
}

/// How long a guest link lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkLasts {
    /// One hour.
    Hour,
    /// A day.
    Day,
    /// Seven days.
    Week,
    /// Thirty days.
    Month,
}

impl LinkLasts {
    /// Every choice.
    pub const ALL: [LinkLasts; 4] = [LinkLasts::Hour, LinkLasts::Day, LinkLasts::Week, LinkLasts::Month];

    /// In milliseconds.
    pub const fn millis(self) -> i64 {
        const HOUR: i64 = 3_600_000;
        match self {
            LinkLasts::Hour => HOUR,
            LinkLasts::Day => 24 * HOUR,
            LinkLasts::Week => 7 * 24 * HOUR,
            LinkLasts::Month => 30 * 24 * HOUR,
        }
    }
}

impl Stream {
    /// Where viewers watch, as [`Urls::each`](crate::Urls::each) orders it: with the viewers' name, and a placeholder
    /// instead of the password, where one is needed.
    pub fn addresses(&self) -> Vec<(Protocol, String)> {
        self.addresses_of(&self.urls)
    }

    /// The same of other `urls` of this stream.
    pub fn addresses_of(&self, urls: &Urls) -> Vec<(Protocol, String)> {
        let with = |(protocol, url): (Protocol, &str)| {
            let asks = self.access.asks_password();
            let login = || with_login(protocol, url, &self.access.user, t!("access.placeholder"));
            (protocol, if asks { login() } else { url.to_owned() })
        };
        urls.each().map(with).collect()
    }
}

/// Whether viewers may be called so: letters, digits, `_` and `-`, which every player and address takes as they are.
///
/// # Errors
/// `viewer_unfit`.
pub fn check_viewer(user: &str) -> Result<(), Error> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    // MediaMTX means everybody by `any`.
    let fits = (1..=40).contains(&user.len()) && user.chars().all(plain) && user != "any";
    if fits { Ok(()) } else { Err(Error::new(Code::ViewerUnfit).with("user", user)) }
}

/// Whether it can be a viewers' password.
///
/// # Errors
/// `password_short`, `password_bad_character`; neither names the password.
pub fn check_password(password: &str) -> Result<(), Error> {
    let takes = |c: char| c.is_ascii_alphanumeric() || PASSWORD_SIGNS.contains(c);
    if let Some(bad) = password.chars().find(|c| !takes(*c)) {
        return Err(Error::new(Code::PasswordBadCharacter)
            .with("character", bad)
            .with("signs", PASSWORD_SIGNS));
    }
    if !PASSWORD_LENGTH.contains(&password.len()) {
        return Err(Error::new(Code::PasswordLength)
            .with("fewest", PASSWORD_LENGTH.start())
            .with("most", PASSWORD_LENGTH.end()));
    }
    Ok(())
}

/// The address by which a player of `protocol` watches with a password. Browsers ask for it themselves (`webrtc`).
///
/// `pass` is put in as it is; what is shown has a placeholder there.
pub fn with_login(protocol: Protocol, url: &str, user: &str, pass: &str) -> String {
    let before_host = || url.replacen("://", &format!("://{user}:{pass}@"), 1);
    match protocol {
        Protocol::Rtsp | Protocol::Hls => before_host(),
        Protocol::Rtmp => format!("{url}?user={user}&pass={pass}"),
        Protocol::Srt => format!("{url}:{user}:{pass}"),
        Protocol::Webrtc => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_passwords_are_what_mediamtx_and_addresses_take() {
        assert!(check_viewer("family_2-a").is_ok());
        for bad in ["", "any", "a b", "a:b", "ä", &"x".repeat(41)] {
            assert_eq!(check_viewer(bad).map_err(|error| error.code), Err(Code::ViewerUnfit), "{bad}");
        }
        assert!(check_password("(abc-1_2.)*").is_ok());
        for bad in ["abcd:12", "ab@cd#e&f", "with space", "paßword", "a/b/c/d"] {
            let error = check_password(bad).expect_err(bad);
            assert_eq!(error.code, Code::PasswordBadCharacter);
            assert!(!format!("{error:?}").contains(bad), "it is not told");
        }
        for bad in ["", "12345", &"x".repeat(129)] {
            assert_eq!(check_password(bad).map_err(|error| error.code), Err(Code::PasswordLength));
        }
        assert_eq!(format!("{:?}", crate::Secret::new("hush")), "Secret(…)");
    }

    #[test]
    fn every_protocol_has_its_way_to_log_in() {
        let login = |protocol, url| with_login(protocol, url, "u", "p");
        assert_eq!(login(Protocol::Rtsp, "rtsp://h:1/a"), "rtsp://u:p@h:1/a");
        assert_eq!(login(Protocol::Hls, "http://h:1/a/index.m3u8"), "http://u:p@h:1/a/index.m3u8");
        assert_eq!(login(Protocol::Rtmp, "rtmp://h:1/a"), "rtmp://h:1/a?user=u&pass=p");
        assert_eq!(login(Protocol::Srt, "srt://h:1?streamid=read:a"), "srt://h:1?streamid=read:a:u:p");
        assert_eq!(login(Protocol::Webrtc, "http://h:1/a/"), "http://h:1/a/");
    }
}
