//! What we may do on a server, and what both sides see.

use std::path::PathBuf;

use mediamtx_client::{ANYBODY, Action, Paths, User};
use stream_api::{Code, Error, Unkept, ViewerAccess};

use crate::{access::StoredAccess, slates::Slates};

/// What a server's owner lets us do there. Of the bundled server that is everything.
#[derive(Debug, Clone)]
pub(crate) struct Terms {
    /// Its name, for people.
    pub(crate) name: String,
    pub(crate) users: Listed,
    /// It takes no passwords that are kept as hashes, which ours are.
    pub(crate) digest: bool,
    /// Viewers may be disconnected.
    pub(crate) kick: bool,
    /// Where we see its recordings.
    pub(crate) recordings: Option<PathBuf>,
    /// Where it is told to record, with MediaMTX's placeholders; else as in its path defaults.
    pub(crate) record_path: Option<String>,
    /// Where slates are that it sees too; else why there are none.
    pub(crate) slates: Result<Slates, Unkept>,
}

/// Who may do what on a server besides our streams' viewers.
#[derive(Debug, Clone)]
pub(crate) enum Listed {
    /// Nobody.
    Nobody,
    /// Its owner did not say, so that the list is not ours to write.
    Unknown,
    /// These.
    Given(Vec<User>),
}

impl Terms {
    /// Of the bundled server.
    pub(crate) fn ours(slates: Slates, recordings: PathBuf) -> Terms {
        Terms {
            name: String::new(),
            users: Listed::Nobody,
            digest: false,
            kick: true,
            recordings: Some(recordings),
            record_path: None,
            slates: Ok(slates),
        }
    }

    /// Whether the server can see to it that only those watch and send `name` who may.
    ///
    /// # Errors
    /// `access_unenforced`, `access_open_anyway`, `access_digest`, `guest_elsewhere`.
    pub(crate) fn check(&self, name: &str, access: &StoredAccess) -> Result<(), Error> {
        let restricted = access.viewers == ViewerAccess::Restricted;
        let hashed = restricted && access.password.is_some() || access.publisher.is_some();
        let error = |code| Err(Error::new(code).with("server", &self.name).with("name", name));
        match &self.users {
            Listed::Nobody => Ok(()),
            _ if !access.links.is_empty() => error(Code::GuestElsewhere),
            Listed::Unknown if restricted || access.publisher.is_some() => error(Code::AccessUnenforced),
            Listed::Given(_) if self.digest && hashed => error(Code::AccessDigest),
            Listed::Given(users) if restricted && is_open(users, name) => error(Code::AccessOpenAnyway),
            Listed::Unknown | Listed::Given(_) => Ok(()),
        }
    }
}

/// Whether this list lets anybody watch `name`. What a pattern means is the server's business: it may fit.
pub(super) fn is_open(users: &[User], name: &str) -> bool {
    let fits = |paths: &Paths| match paths {
        Paths::All | Paths::Matching(_) => true,
        Paths::Named(other) => other == name,
    };
    let anybody = users.iter().filter(|user| user.name == ANYBODY && !is_of_one_computer(user));
    anybody.flat_map(|user| &user.permissions).any(|one| one.action == Action::Read && fits(&one.paths))
}

fn is_of_one_computer(user: &User) -> bool {
    !user.ips.is_empty() && user.ips.iter().all(|range| range.addr().is_loopback())
}

#[cfg(test)]
mod tests {
    use mediamtx_client::{Permission, ip_range};

    use super::*;

    fn terms(users: Listed) -> Terms {
        Terms {
            name: "hall".to_owned(),
            users,
            digest: false,
            kick: false,
            recordings: None,
            record_path: None,
            slates: Err(Unkept::Remote),
        }
    }

    #[test]
    fn access_needs_a_list_that_keeps_others_out() {
        let open = StoredAccess::default();
        let restricted = StoredAccess { viewers: ViewerAccess::Restricted, ..StoredAccess::default() };
        let code = |users: Listed, access: &StoredAccess| {
            terms(users).check("a", access).map_err(|error| error.code).err()
        };
        assert_eq!(code(Listed::Unknown, &open), None);
        assert_eq!(code(Listed::Unknown, &restricted), Some(Code::AccessUnenforced));
        assert_eq!(code(Listed::Nobody, &restricted), None);
        let read = |paths| vec![Permission { action: Action::Read, paths }];
        let given = |paths| Listed::Given(vec![User::anybody(read(paths))]);
        assert_eq!(code(given(Paths::All), &restricted), Some(Code::AccessOpenAnyway));
        assert_eq!(code(given(Paths::All), &open), None);
        assert_eq!(code(given(Paths::Named("b".to_owned())), &restricted), None);
        let near = User::anybody(read(Paths::All)).from(ip_range("127.0.0.1"));
        assert_eq!(code(Listed::Given(vec![near]), &restricted), None, "nobody else comes from there");
        let digest = |access: &StoredAccess| {
            let terms = Terms { digest: true, ..terms(Listed::Given(Vec::new())) };
            terms.check("a", access).map_err(|error| error.code).err()
        };
        assert_eq!((digest(&open), digest(&restricted)), (None, None), "addresses alone need no hash");
        let password = Some(crate::access::Digest::of("s3cret"));
        assert_eq!(digest(&StoredAccess { password, ..restricted }), Some(Code::AccessDigest));
    }
}
