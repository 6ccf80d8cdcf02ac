use mediamtx_client::Secret;
use serde_json::{Value, json};
use stream_api::{UnixMillis, ViewerAccess};

use super::{
    super::{
        fake::Fake,
        users::{Keys, Rights},
    },
    *,
};
use crate::access::{Digest, StoredAccess};

/// Somebody by RTSP, who tells the path once its source is there.
fn comes(fake: &Fake, id: &str, path: &str, created: &str) {
    fake.state().sessions.retain(|session| session["id"] != id);
    fake.state().sessions.push(json!({
        "id": id, "path": path, "state": if path.is_empty() { "idle" } else { "read" },
        "remoteAddr": "192.168.1.5:5000", "user": "viewer", "created": created,
    }));
}

fn kicked(fake: &Fake) -> Vec<String> {
    std::mem::take(&mut fake.state().kicked)
}

async fn look(admitted: &mut Admitted, api: &Api) -> bool {
    let there = api.sessions().await.unwrap().into_iter().map(|session| session.id).collect();
    admitted.look(api, &there, None).await.unwrap()
}

fn keys() -> Keys {
    let secret = |name: &str| (name.to_owned(), Secret::new("pass"));
    Keys { control: secret("manager"), publisher: secret("publisher"), reader: secret("reader") }
}

fn list(viewers: ViewerAccess) -> Vec<User> {
    let access = StoredAccess { viewers, ..StoredAccess::default() };
    let show = Rights { name: "show".to_owned(), access };
    users::users(&keys().users(), std::iter::once(&show), UnixMillis(0))
}

#[tokio::test]
async fn who_asked_before_the_stream_was_shut_goes_even_when_they_come_in_later() {
    // Clocks of other computers may be anywhere.
    for (before, after) in
        [("2026-01-01T10:00:00Z", "2026-01-01T10:00:01Z"), ("2099-01-01T10:00:00Z", "1999-01-01T10:00:00Z")]
    {
        let fake = Fake::default();
        let (api, open, shut) = (fake.api().await, list(ViewerAccess::Open), list(ViewerAccess::Restricted));
        let mut admitted = Admitted::new(keys().users(), open.clone());
        assert!(admitted.is_done(|_| open.clone()));
        comes(&fake, "watches", "show", before);
        comes(&fake, "waited", "", before);
        admitted.follow(&api, |_| shut.clone(), None).await.unwrap();
        assert_eq!(kicked(&fake), ["watches"]);
        assert!(
            !admitted.is_done(|_| shut.clone()),
            "somebody may wait for a source that is fetched on demand"
        );

        // The source came, and with it who waited; and somebody whom the new list let in, whatever it is by.
        comes(&fake, "waited", "show", before);
        comes(&fake, "new", "show", after);
        admitted.follow(&api, |_| shut.clone(), None).await.unwrap();
        assert_eq!(kicked(&fake), ["waited"]);

        // Nobody waits for longer than that.
        let seen = admitted.past.last_mut().unwrap().seen.as_mut().unwrap();
        seen.at = seen.at.checked_sub(COMING_IN).unwrap();
        admitted.follow(&api, |_| shut.clone(), None).await.unwrap();
        assert!(admitted.is_done(|_| shut.clone()), "there is nothing left to look for");
    }
}

/// With a password.
fn locked() -> Vec<User> {
    let password = Some(Digest::of("s3cret"));
    let access = StoredAccess { viewers: ViewerAccess::Restricted, password, ..StoredAccess::default() };
    let show = Rights { name: "show".to_owned(), access };
    users::users(&keys().users(), std::iter::once(&show), UnixMillis(0))
}

/// A list of somebody else, as a server shows it.
fn foreign(permissions: &Value) -> Value {
    json!([{ "user": "any", "permissions": permissions }])
}

#[tokio::test]
async fn who_came_in_by_a_list_of_somebody_else_goes_and_nobody_else() {
    let fake = Fake::default();
    let (api, locked) = (fake.api().await, locked());
    let mut admitted = Admitted::elsewhere(keys().users());
    admitted.follow(&api, |_| locked.clone(), None).await.unwrap();
    comes(&fake, "before", "show", "2026-01-01T10:00:00Z");
    assert!(look(&mut admitted, &api).await);

    fake.state().users = Some(foreign(&json!([{ "action": "read" }])));
    comes(&fake, "meanwhile", "show", "2026-01-01T10:00:00Z");
    assert!(!look(&mut admitted, &api).await);
    assert!(!admitted.is_done(|_| locked.clone()));
    admitted.follow(&api, |_| locked.clone(), None).await.unwrap();
    assert_eq!(kicked(&fake), ["meanwhile"]);
    assert!(look(&mut admitted, &api).await, "it has ours again");

    // Nobody comes in by a list that doesn't let them in.
    for other in [json!([]), json!([{ "action": "read", "path": "other" }])] {
        comes(&fake, "later", "show", "2026-01-01T10:00:00Z");
        fake.state().users = Some(foreign(&other));
        assert!(!look(&mut admitted, &api).await);
        admitted.follow(&api, |_| locked.clone(), None).await.unwrap();
        assert_eq!(kicked(&fake), [""; 0], "{other}");
    }
    // Nor does it matter what is added, or that passwords are not told.
    let mut shown = fake.state().users.clone().unwrap();
    let entries = shown.as_array_mut().unwrap();
    entries.iter_mut().for_each(|entry| entry["pass"] = "<redacted>".into());
    entries.push(json!({ "user": "bob", "pass": "<redacted>", "permissions": [{ "action": "read" }] }));
    fake.state().users = Some(shown);
    assert!(!look(&mut admitted, &api).await);
    admitted.follow(&api, |_| locked.clone(), None).await.unwrap();
    assert_eq!(kicked(&fake), [""; 0]);
}

#[tokio::test]
async fn a_server_that_shows_its_users_otherwise_is_not_told_for_ever_and_nobody_has_to_go() {
    let fake = Fake::default();
    let (api, locked) = (fake.api().await, locked());
    let mut admitted = Admitted::elsewhere(keys().users());
    fake.state().shown = Some(foreign(&json!([{ "action": "read" }])));
    admitted.follow(&api, |_| locked.clone(), None).await.unwrap();
    comes(&fake, "watches", "show", "2026-01-01T10:00:00Z");
    let mut looks = Vec::new();
    for _ in 0..4 {
        looks.push(look(&mut admitted, &api).await);
        admitted.follow(&api, |_| locked.clone(), None).await.unwrap();
    }
    assert_eq!(looks, [false, false, true, true]);
    assert!(admitted.stubborn.is_some());
    assert_eq!(kicked(&fake), [""; 0]);

    // What it shows then is somebody's.
    fake.state().shown = None;
    fake.state().users = Some(foreign(&json!([{ "action": "publish" }])));
    assert!(!look(&mut admitted, &api).await);
    admitted.follow(&api, |_| locked.clone(), None).await.unwrap();
    assert!(look(&mut admitted, &api).await && admitted.stubborn.is_none());
}

#[tokio::test]
async fn nobody_is_disconnected_from_a_path_of_somebody_else() {
    let fake = Fake::default();
    let (api, open, shut) = (fake.api().await, list(ViewerAccess::Open), list(ViewerAccess::Restricted));
    let mut admitted = Admitted::new(keys().users(), open);
    comes(&fake, "watches", "show", "2026-01-01T10:00:00Z");
    let (ours, others) = (BTreeSet::from(["show".to_owned()]), BTreeSet::from(["other".to_owned()]));
    admitted.follow(&api, |_| shut.clone(), Some(&others)).await.unwrap();
    assert_eq!(kicked(&fake), [""; 0]);
    admitted.follow(&api, |_| shut.clone(), Some(&ours)).await.unwrap();
    assert_eq!(kicked(&fake), ["watches"]);
}

#[test]
fn what_others_changed_is_told_apart_from_what_is_ours() {
    let reads = |name: &str, path: &str| {
        User::new(name, Pass::Plain(Secret::new("pw")), vec![Permission::on(Action::Read, path)])
    };
    let base = vec![reads("owner", "lobby")];
    let admitted = Admitted::elsewhere(base.clone());
    let names = BTreeSet::from(["show".to_owned()]);
    let strange = |shown: &[User]| {
        let Strangers { added, gone } = admitted.strangers(shown, &names);
        (added.join(","), gone.join(","))
    };
    let of = |added: &str, gone: &str| (added.to_owned(), gone.to_owned());
    let hidden = User { pass: Pass::Redacted, ..base[0].clone() };
    assert_eq!(strange(&base), of("", ""));
    assert_eq!(strange(&[hidden, reads("viewer", "show")]), of("", ""), "hidden passwords, and ours");
    assert_eq!(strange(&[base[0].clone(), reads("bob", "other")]), of("bob", ""));
    assert_eq!(strange(&[base[0].clone(), reads("sha256:x", "other")]), of("***", ""));
    assert_eq!(strange(&[]), of("", "owner"));
    assert_eq!(strange(&[reads("owner", "other")]), of("owner", "owner"), "it may do something else now");
    let more = User { permissions: vec![Permission::everywhere(Action::Read)], ..reads("viewer", "show") };
    assert_eq!(strange(&[base[0].clone(), more]), of("viewer", ""));
}

#[tokio::test]
async fn what_is_left_to_a_person_is_judged_anew() {
    let fake = Fake::default();
    let (api, ours) = (fake.api().await, locked());
    let names = BTreeSet::from(["show".to_owned()]);
    let look = async |admitted: &mut Admitted| {
        admitted.look(&api, &HashSet::new(), Some(&names)).await.unwrap();
        admitted.follow(&api, |_| ours.clone(), Some(&names)).await.unwrap();
        admitted.held().is_some()
    };
    let mut admitted = Admitted::elsewhere(keys().users());
    admitted.follow(&api, |_| ours.clone(), Some(&names)).await.unwrap();
    let saved = Some(serde_json::to_value(keys().users()).unwrap());
    let mut held = Vec::new();
    for _ in 0..3 {
        fake.state().users.clone_from(&saved);
        held.push(look(&mut admitted).await);
    }
    assert_eq!(held, [false, false, true], "our part is taken away for a reason");
    assert!(look(&mut admitted).await);
    // Whoever did it, they are done a minute later.
    admitted.quarrels.clear();
    assert!(!look(&mut admitted).await);
    assert_ne!(fake.state().users, saved, "it is there again");

    fake.state().users = Some(foreign(&json!([{ "action": "read" }])));
    assert!(look(&mut admitted).await);
    assert!(!admitted.retract(&api, &names).await.unwrap(), "what is not known in full stays");
    assert!(admitted.is_done(|_| ours.clone()));
    admitted.renew();
    assert!(!admitted.is_done(|_| ours.clone()), "the server may be another one by now");
}
