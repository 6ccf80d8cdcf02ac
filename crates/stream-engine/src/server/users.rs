//! The whole list of users of a server of ours, and who has to go when it changes. Pure.

use std::net::{IpAddr, SocketAddr};

use mediamtx_client::{ANYBODY, Action, Pass, Paths, Permission, Role, Secret, Session, User};
use stream_api::{UnixMillis, ViewerAccess};

use super::inner;
use crate::access::StoredAccess;

/// A stream's path, and who may watch or send it.
#[derive(Debug, Clone)]
pub(super) struct Rights {
    pub(super) name: String,
    pub(super) access: StoredAccess,
}

/// Our own users, made anew at each start of the server.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    /// Controls the server.
    pub(super) control: (String, Secret),
    /// Our FFmpegs, which publish.
    pub(super) publisher: (String, Secret),
    /// The same, where they read what the server fetches for them.
    pub(super) reader: (String, Secret),
}

impl Keys {
    /// Ourselves, from this computer alone.
    pub(super) fn users(&self) -> Vec<User> {
        let ours = |(name, pass): &(String, Secret), permissions| {
            User::new(name, Pass::Plain(pass.clone()), permissions).from_this_computer()
        };
        let control = [Action::Api, Action::Metrics].map(Permission::everywhere).to_vec();
        let publish = vec![Permission::everywhere(Action::Publish)];
        let inner = Permission { action: Action::Read, paths: Paths::Matching(inner::PATTERN.to_owned()) };
        vec![ours(&self.publisher, publish), ours(&self.control, control), ours(&self.reader, vec![inner])]
    }
}

/// Who may do what at `now`, besides those of `base`. There is no entry that keeps somebody out, so what is open is
/// listed by name, and a name that no stream has stays closed.
pub(super) fn users<'a>(
    base: &[User],
    streams: impl Iterator<Item = &'a Rights>,
    now: UnixMillis,
) -> Vec<User> {
    let mut users = base.to_vec();
    let mut open = Vec::new();
    for Rights { name, access } in streams {
        let watch = || vec![Permission::on(Action::Read, name)];
        let ranges = || access.ips.iter().map(|range| range.0);
        match (access.viewers, access.password) {
            (ViewerAccess::Open, _) => open.extend(watch()),
            (ViewerAccess::Restricted, Some(password)) => {
                users.push(User::new(&access.user, password.pass(), watch()).from(ranges()));
            }
            (ViewerAccess::Restricted, None) if !access.ips.is_empty() => {
                users.push(User::anybody(watch()).from(ranges()));
            }
            (ViewerAccess::Restricted, None) => {}
        }
        users
            .extend(access.valid_links(now).map(|link| User::new(&link.link.id, link.token.pass(), watch())));
        users.extend(
            access.publisher.iter().map(|key| {
                User::new(&key.user, key.pass.pass(), vec![Permission::on(Action::Publish, name)])
            }),
        );
    }
    if !open.is_empty() {
        users.push(User::anybody(open));
    }
    users
}

/// Those who were let in under `before` and would not be under `now`. MediaMTX never looks at a session again.
pub(super) fn evicted<'a>(sessions: &'a [Session], before: &[User], now: &[User]) -> Vec<&'a Session> {
    sessions.iter().filter(|session| !session.path.is_empty() && !stays(session, before, now)).collect()
}

fn stays(session: &Session, before: &[User], now: &[User]) -> bool {
    match session.role {
        Role::Read => may(session, Action::Read, before, now),
        Role::Publish => may(session, Action::Publish, before, now),
        Role::Idle => [Action::Read, Action::Publish].iter().any(|action| may(session, *action, before, now)),
    }
}

/// Whether a session may have come in by this list.
pub(super) fn may_let_in(users: &[User], session: &Session) -> bool {
    let ip = session.remote_addr.parse::<SocketAddr>().ok().map(|address| address.ip().to_canonical());
    // Nor do servers before 1.17 tell names.
    let hashed = |user: &User| user.name.starts_with("sha256:") || user.name.starts_with("argon2:");
    let fits = |user: &&User| {
        let named = session.user.is_empty() || user.name == session.user || hashed(user);
        (named || user.name == ANYBODY) && is_from(user, ip)
    };
    let lets =
        |action| concerned(users, action, &session.path).iter().chain(&matching(users, action)).any(fits);
    match session.role {
        Role::Read => lets(Action::Read),
        Role::Publish => lets(Action::Publish),
        Role::Idle => [Action::Read, Action::Publish].into_iter().any(lets),
    }
}

/// Whether a session certainly still has the right that it came in by. A name proves something only where one was
/// asked for: who is let in as anybody may give any.
fn may(session: &Session, action: Action, before: &[User], now: &[User]) -> bool {
    let about = |users| concerned(users, action, &session.path);
    let perhaps = (matching(before, action), matching(now, action));
    let (before, now) = (about(before), about(now));
    if same(&before, &now) {
        return true;
    }
    let ip = session.remote_addr.parse::<SocketAddr>().ok().map(|address| address.ip().to_canonical());
    let lets_in = |user: &User, name: &str| user.name == name && is_from(user, ip);
    // A guest comes through our own page, and with the link goes what this computer itself may do.
    let is_named = |user: &User| user.name == session.user && user.name != ANYBODY;
    let is_kept = |user: &User| now.iter().any(|now| now.name == user.name && now.pass == user.pass);
    let lost = before.iter().any(|user| is_named(user) && !is_kept(user));
    if lost && ip.is_some_and(|ip| ip.is_loopback()) {
        return false;
    }
    if now.iter().any(|user| lets_in(user, ANYBODY)) {
        return true;
    }
    if before.iter().any(|user| lets_in(user, ANYBODY)) {
        return false;
    }
    let held =
        |now: &User| before.iter().any(|before| lets_in(before, &session.user) && before.pass == now.pass);
    if now.iter().any(|user| lets_in(user, &session.user) && held(user)) {
        return true;
    }
    // Who came in by none of these came in by a pattern of the owner's. What it means is the server's business; that
    // it still stands is enough.
    let fits = |user: &User| lets_in(user, &session.user) || lets_in(user, ANYBODY);
    !before.iter().any(|user| lets_in(user, &session.user))
        && perhaps.0.iter().any(|user| fits(user) && perhaps.1.contains(user))
}

/// The entries that let somebody do this on paths of some pattern, which may be any.
fn matching(users: &[User], action: Action) -> Vec<&User> {
    let permits = |one: &Permission| one.action == action && matches!(one.paths, Paths::Matching(_));
    users.iter().filter(|user| user.permissions.iter().any(permits)).collect()
}

/// The entries that certainly let somebody do this.
fn concerned<'a>(users: &'a [User], action: Action, path: &str) -> Vec<&'a User> {
    let permits = |one: &Permission| {
        one.action == action
            && (one.paths == Paths::All || matches!(&one.paths, Paths::Named(name) if name == path))
    };
    users.iter().filter(|user| user.permissions.iter().any(permits)).collect()
}

/// Whether two lists let the same people in, whatever else these may do.
fn same(one: &[&User], other: &[&User]) -> bool {
    let who = |user: &&User| (user.name.clone(), user.pass.clone(), user.ips.clone());
    one.iter().map(who).eq(other.iter().map(who))
}

fn is_from(user: &User, ip: Option<IpAddr>) -> bool {
    user.ips.is_empty() || ip.is_some_and(|ip| user.ips.iter().any(|range| range.contains(&ip)))
}

#[cfg(test)]
mod tests {
    use mediamtx_client::{SessionKind, check_users};
    use stream_api::GuestLink;

    use super::*;
    use crate::access::{Digest, Range, StoredKey, StoredLink};

    fn keys() -> Keys {
        let secret = |text: &str| (text.to_owned(), Secret::new("pass"));
        Keys { control: secret("manager"), publisher: secret("publisher"), reader: secret("reader") }
    }

    fn open(name: &str) -> Rights {
        Rights { name: name.to_owned(), access: StoredAccess::default() }
    }

    fn restricted(name: &str, password: Option<&str>, ips: &[&str]) -> Rights {
        let access = StoredAccess {
            viewers: ViewerAccess::Restricted,
            password: password.map(Digest::of),
            ips: ips.iter().map(|text| Range::try_from((*text).to_owned()).unwrap()).collect(),
            ..StoredAccess::default()
        };
        Rights { name: name.to_owned(), access }
    }

    fn with_link(mut rights: Rights, id: &str, expires: i64) -> Rights {
        let (created, expires) = (UnixMillis(0), UnixMillis(expires));
        let link = GuestLink { id: id.to_owned(), label: String::new(), created, expires };
        rights.access.links.push(StoredLink { link, token: Digest::of(id) });
        rights
    }

    fn with_key(mut rights: Rights, key: &str) -> Rights {
        rights.access.publisher = Some(StoredKey { user: "encoder".to_owned(), pass: Digest::of(key) });
        rights
    }

    fn list(streams: &[Rights]) -> Vec<User> {
        let users = users(&keys().users(), streams.iter(), UnixMillis(100));
        check_users(&users).unwrap();
        users
    }

    fn session(path: &str, role: Role, user: &str, ip: &str) -> Session {
        Session {
            kind: SessionKind::Rtsp,
            id: String::new(),
            path: path.to_owned(),
            role,
            remote_addr: format!("{ip}:5000"),
            user: user.to_owned(),
            query: String::new(),
            user_agent: String::new(),
            created: String::new(),
            inbound_bytes: 0,
            outbound_bytes: 0,
        }
    }

    fn goes(before: &[Rights], now: &[Rights], session: Session) -> bool {
        !evicted(&[session], &list(before), &list(now)).is_empty()
    }

    fn viewer(path: &str, user: &str) -> Session {
        session(path, Role::Read, user, "192.168.1.5")
    }

    /// Who may do it: names, and whether they come from certain addresses alone.
    fn who(users: &[User], action: Action, path: &str) -> Vec<(String, bool)> {
        concerned(users, action, path)
            .into_iter()
            .map(|user| (user.name.clone(), !user.ips.is_empty()))
            .collect()
    }

    #[test]
    fn only_what_is_open_is_open() {
        let streams =
            [open("a"), open("b/c"), restricted("p", Some("secret"), &[]), restricted("g", None, &[])];
        let users = list(&streams);
        let read = |path| who(&users, Action::Read, path);
        let anybody = || vec![(ANYBODY.to_owned(), false)];
        assert_eq!((read("a"), read("b/c")), (anybody(), anybody()));
        assert_eq!(read("p"), [("viewer".to_owned(), false)]);
        assert_eq!(
            (read("g"), read("a/x"), read("unknown")),
            (vec![], vec![], vec![]),
            "the rest stays closed"
        );
        assert_eq!(who(&users, Action::Publish, "a"), [("publisher".to_owned(), true)], "from this computer");
        assert_eq!(who(&users, Action::Api, ""), [("manager".to_owned(), true)]);
        assert_eq!(list(&[]).len(), 3, "nothing is open without a stream");
    }

    #[test]
    fn rights_add_up_as_people_expect() {
        let read = |rights: Rights| who(&list(&[rights]), Action::Read, "p");
        assert_eq!(read(restricted("p", Some("x"), &["10.0.0.0/8"])), [("viewer".to_owned(), true)], "both");
        assert_eq!(
            read(restricted("p", None, &["10.0.0.0/8"])),
            [(ANYBODY.to_owned(), true)],
            "the address does"
        );
        let linked = with_link(restricted("p", Some("x"), &["10.0.0.0/8"]), "g1", 101);
        assert_eq!(
            read(linked),
            [("viewer".to_owned(), true), ("g1".to_owned(), false)],
            "a link from anywhere"
        );
        assert_eq!(read(with_link(restricted("p", None, &[]), "g1", 100)), [], "it is over");
        let keyed = list(&[with_key(open("p"), "k")]);
        assert_eq!(who(&keyed, Action::Publish, "p")[1], ("encoder".to_owned(), false));
    }

    #[test]
    fn who_lost_the_right_goes_and_nobody_else() {
        let (o, p) = (open("p"), restricted("p", Some("one"), &[]));
        let one = std::slice::from_ref::<Rights>;
        assert!(goes(one(&o), one(&p), viewer("p", "")), "open before");
        assert!(goes(one(&o), one(&p), viewer("p", "viewer")), "its name was never checked");
        assert!(!goes(one(&p), one(&o), viewer("p", "viewer")), "loosened");
        assert!(
            goes(one(&p), one(&restricted("p", Some("two"), &[])), viewer("p", "viewer")),
            "another password"
        );
        assert!(!goes(one(&p), one(&p), viewer("p", "viewer")), "nothing changed");
        let others = [o.clone(), open("q"), restricted("r", Some("x"), &[])];
        let tightened = [p.clone(), open("q"), restricted("r", Some("x"), &[])];
        for stays in
            [viewer("q", ""), viewer("r", "viewer"), session("p", Role::Publish, "publisher", "127.0.0.1")]
        {
            assert!(!goes(&others, &tightened, stays));
        }
        assert!(!goes(&others, &tightened, viewer("", "")), "it has chosen no path yet");
    }

    #[test]
    fn addresses_are_looked_at() {
        let one = std::slice::from_ref::<Rights>;
        let (here, there) =
            (restricted("p", None, &["192.168.0.0/16"]), restricted("p", None, &["10.0.0.0/8"]));
        assert!(!goes(&[open("p")], one(&here), viewer("p", "")), "from an address that may");
        assert!(goes(&[open("p")], one(&there), viewer("p", "")));
        assert!(goes(one(&here), one(&there), viewer("p", "")));
        let clothed = session("p", Role::Read, "", "[::ffff:192.168.1.5]");
        assert!(!goes(&[open("p")], one(&here), clothed));
        let (anywhere, near) =
            (restricted("p", Some("x"), &[]), restricted("p", Some("x"), &["192.168.0.0/16"]));
        assert!(!goes(one(&anywhere), one(&near), viewer("p", "viewer")), "it has both");
        assert!(goes(
            one(&anywhere),
            one(&restricted("p", Some("x"), &["10.0.0.0/8"])),
            viewer("p", "viewer")
        ));
    }

    #[test]
    fn a_guest_who_came_by_our_own_page_goes_with_the_link_even_where_this_computer_may_watch() {
        let rights = || restricted("p", None, &["127.0.0.0/8"]);
        let two = [with_link(with_link(rights(), "g1", 200), "g2", 200)];
        let left = [with_link(rights(), "g2", 200)];
        // The page fetches for its guests from this computer, whose address alone would let them stay.
        let guest = |name: &str, ip: &str| session("p", Role::Read, name, ip);
        for ip in ["127.0.0.1", "[::ffff:127.0.0.1]", "[::1]"] {
            assert!(goes(&two, &left, guest("g1", ip)), "{ip}");
        }
        assert!(!goes(&two, &left, guest("g2", "127.0.0.1")), "another link's guest");
        assert!(!goes(&two, &left, guest("", "127.0.0.1")), "somebody who sits here");
        let (before, now) = ([with_link(open("p"), "g1", 200)], [open("p")]);
        assert!(goes(&before, &now, guest("g1", "127.0.0.1")), "also where everybody may");
        assert!(
            !goes(&before, &now, guest("g1", "192.168.1.5")),
            "who came by themselves may have said any name"
        );
    }

    #[test]
    fn who_came_in_by_a_pattern_of_the_owners_stays() {
        let pattern = |pass: &str| {
            let paths = Paths::Matching("^p".to_owned());
            let watch = Permission { action: Action::Read, paths };
            User::new("usher", Pass::Plain(Secret::new(pass)), vec![watch])
        };
        let list =
            |pass: &str, stream: &Rights| users(&[pattern(pass)], std::iter::once(stream), UnixMillis(100));
        let goes = |before: &[User], now: &[User], user: &str| {
            !evicted(&[viewer("p", user)], before, now).is_empty()
        };
        let (one, two) = (restricted("p", Some("one"), &[]), restricted("p", Some("two"), &[]));
        assert!(!goes(&list("x", &one), &list("x", &two), "usher"));
        assert!(goes(&list("x", &one), &list("y", &two), "usher"), "with another password");
        assert!(goes(&list("x", &one), &list("x", &two), "viewer"), "ours");
        assert!(goes(&list("x", &open("p")), &list("x", &two), "usher"), "its name was never checked");
    }

    #[test]
    fn links_and_keys_that_end_take_their_own_people_with_them() {
        let p = || restricted("p", Some("x"), &[]);
        let two = [with_link(with_link(p(), "g1", 200), "g2", 200)];
        let left = [with_link(p(), "g2", 200)];
        assert!(goes(&two, &left, viewer("p", "g1")));
        assert!(!goes(&two, &left, viewer("p", "g2")) && !goes(&two, &left, viewer("p", "viewer")));
        let encoder = || session("p", Role::Publish, "encoder", "10.0.0.9");
        assert!(goes(&[with_key(open("p"), "k")], &[open("p")], encoder()));
        assert!(goes(&[with_key(open("p"), "k")], &[with_key(open("p"), "l")], encoder()));
        assert!(
            !goes(&[with_key(open("p"), "k")], &[with_key(p(), "k")], encoder()),
            "viewers are another matter"
        );
    }
}
