//! Who may watch a stream and who else may send it, as `config.json` holds it: of passwords digests alone.

use std::fmt;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use mediamtx_client::{IpNet, Pass, ip_range};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use stream_api::{Access, AccessPart, Code, Error, GuestLink, UnixMillis, VIEWER, ViewerAccess};

/// More guest links than anybody can keep apart.
const MOST_LINKS: usize = 50;

/// The SHA-256 of a password, a key or a token.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Digest([u8; 32]);

impl Digest {
    pub(crate) fn of(secret: &str) -> Digest {
        match Pass::sha256(secret) {
            Pass::Sha256(digest) => Digest(digest),
            _ => Digest([0; 32]),
        }
    }

    /// For the server's list of users.
    pub(crate) fn pass(self) -> Pass {
        Pass::Sha256(self.0)
    }

    /// Whether it is this text's.
    pub(crate) fn fits(self, secret: &str) -> bool {
        // How far two digests agree tells nothing about what they were made from.
        Digest::of(secret) == self
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest(…)")
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("sha256:{}", BASE64_STANDARD.encode(self.0)))
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Digest, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digest =
            text.strip_prefix("sha256:").and_then(|text| BASE64_STANDARD.decode(text).ok()?.try_into().ok());
        digest.map(Digest).ok_or_else(|| de::Error::custom("a digest is sha256: and 32 bytes in base64"))
    }
}

/// As stored; [`StoredAccess::shown`] is what everybody may know.
///
/// A key that is not known here is a slip of whoever edited the file: taken for nothing, it would let everybody in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct StoredAccess {
    pub(crate) viewers: ViewerAccess,
    pub(crate) user: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) password: Option<Digest>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) ips: Vec<Range>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) links: Vec<StoredLink>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) publisher: Option<StoredKey>,
}

/// An address, or a range of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Range(pub(crate) IpNet);

impl TryFrom<String> for Range {
    type Error = Error;

    fn try_from(text: String) -> Result<Range, Error> {
        ip_range(&text).map(Range).ok_or_else(|| Error::new(Code::IpRangeUnfit).with("text", text))
    }
}

impl From<Range> for String {
    fn from(Range(net): Range) -> String {
        let single = net.prefix_len() == net.max_prefix_len();
        if single { net.addr().to_string() } else { net.to_string() }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredLink {
    #[serde(flatten)]
    pub(crate) link: GuestLink,
    pub(crate) token: Digest,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StoredKey {
    pub(crate) user: String,
    pub(crate) pass: Digest,
}

impl Default for StoredAccess {
    fn default() -> StoredAccess {
        StoredAccess {
            viewers: ViewerAccess::Open,
            user: VIEWER.to_owned(),
            password: None,
            ips: Vec::new(),
            links: Vec::new(),
            publisher: None,
        }
    }
}

/// What a person changes.
#[derive(Debug)]
pub(crate) enum AccessChange {
    Viewers {
        viewers: ViewerAccess,
        user: Option<String>,
        /// Another password, or none.
        password: Option<Option<Digest>>,
        ips: Option<Vec<Range>>,
    },
    AddLink {
        link: StoredLink,
        /// The one that ends by that.
        instead: Option<String>,
    },
    RemoveLink(String),
    Publisher(Option<StoredKey>),
}

impl StoredAccess {
    /// New streams, and those whose access nobody ever changed, are not worth a line in the file.
    pub(crate) fn is_usual(&self) -> bool {
        *self == StoredAccess::default()
    }

    /// Without what only one person knows: for a copy of the stream.
    pub(crate) fn for_a_copy(&self) -> StoredAccess {
        StoredAccess { links: Vec::new(), publisher: None, ..self.clone() }
    }

    pub(crate) fn shown(&self) -> Access {
        Access {
            viewers: self.viewers,
            user: self.user.clone(),
            has_password: self.password.is_some(),
            ips: self.ips.iter().copied().map(String::from).collect(),
            links: self.links.iter().map(|stored| stored.link.clone()).collect(),
            publisher: self.publisher.as_ref().map(|key| key.user.clone()),
        }
    }

    /// The guest links that let in at `now`.
    pub(crate) fn valid_links(&self, now: UnixMillis) -> impl Iterator<Item = &StoredLink> {
        self.links.iter().filter(move |stored| stored.link.expires > now)
    }

    /// # Errors
    /// `no_such_link`, `too_many_links`; nothing is changed then.
    pub(crate) fn apply(&mut self, change: AccessChange) -> Result<(), Error> {
        match change {
            AccessChange::Viewers { viewers, user, password, ips } => {
                self.viewers = viewers;
                self.user = user.unwrap_or_else(|| std::mem::take(&mut self.user));
                self.password = password.unwrap_or(self.password);
                self.ips = ips.unwrap_or_else(|| std::mem::take(&mut self.ips));
            }
            AccessChange::AddLink { link, instead } => {
                if let Some(id) = instead {
                    self.remove_link(&id)?;
                }
                // Those that ended are shown until a new one takes their place.
                self.links.retain(|stored| stored.link.expires > link.link.created);
                if self.links.len() >= MOST_LINKS {
                    return Err(Error::new(Code::TooManyLinks).with("most", MOST_LINKS));
                }
                self.links.push(link);
            }
            AccessChange::RemoveLink(id) => self.remove_link(&id)?,
            AccessChange::Publisher(key) => self.publisher = key,
        }
        Ok(())
    }

    fn remove_link(&mut self, id: &str) -> Result<(), Error> {
        let at = self.links.iter().position(|stored| stored.link.id == id);
        self.links.remove(at.ok_or_else(|| Error::new(Code::NoSuchLink))?);
        Ok(())
    }

    /// What of who may watch is other than it was.
    pub(crate) fn changed_since(&self, before: &StoredAccess) -> Vec<AccessPart> {
        let viewers = match self.viewers {
            _ if self.viewers == before.viewers => None,
            ViewerAccess::Open => Some(AccessPart::Opened),
            ViewerAccess::Restricted => Some(AccessPart::Restricted),
        };
        let user = (self.user != before.user).then_some(AccessPart::User);
        let password = match (before.password, self.password) {
            (before, now) if before == now => None,
            (None, _) => Some(AccessPart::PasswordSet),
            (Some(_), None) => Some(AccessPart::PasswordRemoved),
            (Some(_), Some(_)) => Some(AccessPart::PasswordChanged),
        };
        let addresses = match self.ips.is_empty() {
            _ if self.ips == before.ips => None,
            true => Some(AccessPart::AddressesRemoved),
            false => Some(AccessPart::Addresses),
        };
        [viewers, user, password, addresses].into_iter().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(id: &str, created: i64, expires: i64) -> StoredLink {
        let (created, expires) = (UnixMillis(created), UnixMillis(expires));
        let link = GuestLink { id: id.to_owned(), label: String::new(), created, expires };
        StoredLink { link, token: Digest::of(id) }
    }

    fn add(id: &str, created: i64, expires: i64) -> AccessChange {
        AccessChange::AddLink { link: link(id, created, expires), instead: None }
    }

    #[test]
    fn a_change_is_named_by_its_parts() {
        use AccessPart::{
            Addresses, AddressesRemoved, Opened, PasswordChanged, PasswordRemoved, PasswordSet, Restricted,
            User,
        };
        let mut access = StoredAccess::default();
        let mut changed =
            |viewers, user: Option<&str>, password: Option<Option<&str>>, ips: Option<&[&str]>| {
                let before = access.clone();
                let ips =
                    ips.map(|ips| ips.iter().map(|ip| Range::try_from((*ip).to_owned()).unwrap()).collect());
                let password = password.map(|text| text.map(Digest::of));
                let user = user.map(str::to_owned);
                access.apply(AccessChange::Viewers { viewers, user, password, ips }).unwrap();
                access.changed_since(&before)
            };
        let some = ViewerAccess::Restricted;
        assert_eq!(changed(some, None, Some(Some("one")), None), [Restricted, PasswordSet]);
        assert_eq!(changed(some, Some("family"), Some(Some("two")), None), [User, PasswordChanged]);
        assert!(changed(some, Some("family"), Some(Some("two")), Some(&[])).is_empty(), "as it was");
        assert_eq!(changed(some, None, Some(None), Some(&["::1"])), [PasswordRemoved, Addresses]);
        assert_eq!(changed(ViewerAccess::Open, None, None, Some(&[])), [Opened, AddressesRemoved]);
    }

    #[test]
    fn a_link_takes_the_place_of_another() {
        let mut access = StoredAccess::default();
        access.apply(add("old", 0, 10)).unwrap();
        let new = |instead: &str| AccessChange::AddLink {
            link: link("new", 20, 30),
            instead: Some(instead.into()),
        };
        assert_eq!(access.apply(new("none")).unwrap_err().code, Code::NoSuchLink);
        access.apply(new("old")).unwrap();
        assert_eq!(access.links.iter().map(|stored| stored.link.id.as_str()).collect::<Vec<_>>(), ["new"]);
        assert!(access.changed_since(&StoredAccess::default()).is_empty(), "viewers are as before");
    }

    #[test]
    fn what_is_stored_holds_digests_and_reads_back() {
        let mut access = StoredAccess::default();
        assert!(access.is_usual());
        let range = |text: &str| Range::try_from(text.to_owned()).unwrap();
        access
            .apply(AccessChange::Viewers {
                viewers: ViewerAccess::Restricted,
                user: Some("family".to_owned()),
                password: Some(Some(Digest::of("open sesame"))),
                ips: Some(vec![range("10.1.2.3/8"), range("::1")]),
            })
            .unwrap();
        access.apply(add("one", 0, 10)).unwrap();
        let key = StoredKey { user: "encoder".to_owned(), pass: Digest::of("the key") };
        access.apply(AccessChange::Publisher(Some(key))).unwrap();
        let json = serde_json::to_string(&access).unwrap();
        assert!(json.contains(r#""ips":["10.0.0.0/8","::1"]"#), "{json}");
        assert!(!json.contains("sesame") && !json.contains("the key"), "{json}");
        assert_eq!(serde_json::from_str::<StoredAccess>(&json).unwrap(), access);
        assert!(access.password.unwrap().fits("open sesame") && !access.password.unwrap().fits("open"));

        let shown = serde_json::to_string(&access.shown()).unwrap();
        assert!(shown.contains(r#""has_password":true"#) && !shown.contains("sha256"), "{shown}");
        let copy = access.for_a_copy();
        assert!(copy.password.is_some() && copy.links.is_empty() && copy.publisher.is_none());
        // Nothing said: nothing changed but who may watch.
        let open = ViewerAccess::Open;
        access.apply(AccessChange::Viewers { viewers: open, user: None, password: None, ips: None }).unwrap();
        assert_eq!((access.user.as_str(), access.ips.len()), ("family", 2));
        assert!(access.password.is_some(), "kept for when it is restricted again");
    }

    #[test]
    fn what_is_no_range_or_digest_is_refused() {
        for text in ["", "x", "1.2.3", "1.2.3.4/33", "1.2.3.4-9", "::/129"] {
            assert_eq!(Range::try_from(text.to_owned()).unwrap_err().code, Code::IpRangeUnfit, "{text}");
        }
        for text in [r#""sha256:AAAA""#, r#""plain""#, "1"] {
            assert!(serde_json::from_str::<Digest>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn links_end_and_make_room() {
        let mut access = StoredAccess::default();
        access.apply(add("old", 0, 10)).unwrap();
        access.apply(add("new", 5, 20)).unwrap();
        let valid = |now| {
            access.valid_links(UnixMillis(now)).map(|stored| stored.link.id.clone()).collect::<Vec<_>>()
        };
        assert_eq!(valid(9), ["old", "new"]);
        assert_eq!(valid(10), ["new"], "at its end it is over");
        assert_eq!(access.links.len(), 2, "still shown");
        for n in 0..MOST_LINKS - 1 {
            access.apply(add(&n.to_string(), 10, 30)).unwrap();
        }
        let full = access.apply(add("more", 10, 30)).unwrap_err();
        assert_eq!(full.code, Code::TooManyLinks);
        access.apply(AccessChange::RemoveLink("new".to_owned())).unwrap();
        assert_eq!(
            access.apply(AccessChange::RemoveLink("new".to_owned())).unwrap_err().code,
            Code::NoSuchLink
        );
    }
}
