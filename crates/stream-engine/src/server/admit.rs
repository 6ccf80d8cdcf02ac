use std::time::{Duration, Instant};

use jiff::Timestamp;
use mediamtx_client::{Api, ApiError, Session, User};

use super::users;

/// Who asks for an on-demand source is let in at once and waits for it, up to 10 s (`sourceOnDemandStartTimeout`),
/// before the session tells its path.
const COMING_IN: Duration = Duration::from_secs(12);

/// Who may do what on a running server: one list, replaced whole. Nobody is disconnected by that, so who lost a right
/// is.
#[derive(Debug)]
pub(super) struct Admitted {
    /// Those who are there whatever streams there are: our own users, or those of a server's owner.
    base: Vec<User>,
    /// As it was started with.
    launched: Vec<User>,
    /// What it has; none when somebody else may have changed it.
    users: Option<Vec<User>>,
    /// By these lists people may be in who should not be.
    past: Vec<Past>,
}

/// A list that does not hold any more.
#[derive(Debug)]
struct Past {
    users: Vec<User>,
    /// When another one took its place.
    ended: Option<(Timestamp, Instant)>,
}

impl Past {
    /// Whether the session may have come in by this list.
    fn let_in(&self, session: &Session) -> bool {
        let ended = self.ended.map(|(ended, _)| ended);
        session.created.parse::<Timestamp>().ok().zip(ended).is_none_or(|(created, ended)| created <= ended)
    }
}

impl Admitted {
    pub(super) fn new(base: Vec<User>, launched: Vec<User>) -> Admitted {
        Admitted { base, users: Some(launched.clone()), launched, past: Vec::new() }
    }

    /// Of a server that was started by somebody else, with these users. What list it has now is not known.
    pub(super) fn elsewhere(base: Vec<User>) -> Admitted {
        Admitted { launched: base.clone(), base, users: None, past: Vec::new() }
    }

    /// Nobody has looked for a while: the list is said anew. Who came in by the one that is known may still be there.
    pub(super) fn renew(&mut self) {
        self.past.extend(self.users.take().map(|users| Past { users, ended: None }));
    }

    /// Whether it is about the same owner's users.
    pub(super) fn is_of(&self, base: &[User]) -> bool {
        self.base == base
    }

    /// The server may have any list now: most likely the one it was started with.
    pub(super) fn distrust(&mut self) {
        self.past.push(Past { users: self.launched.clone(), ended: None });
        self.users = None;
    }

    /// Whether the server's own account of its users is what it was given.
    pub(super) fn is_shown(&self, shown: &[User]) -> bool {
        self.users.as_ref().is_none_or(|users| {
            users.len() == shown.len() && users.iter().zip(shown).all(|(ours, shown)| ours.is_shown_as(shown))
        })
    }

    /// Whether the server has these users, and nobody is in who should not be.
    pub(super) fn is_done(&self, wanted: impl FnOnce(&[User]) -> Vec<User>) -> bool {
        self.past.is_empty() && self.users.as_ref() == Some(&wanted(&self.base))
    }

    /// Brings the server in line with `wanted`.
    ///
    /// # Errors
    /// [`ApiError`]; the next call goes on where this one ended.
    pub(super) async fn follow(
        &mut self,
        api: &Api,
        wanted: impl FnOnce(&[User]) -> Vec<User>,
    ) -> Result<(), ApiError> {
        let wanted = wanted(&self.base);
        if self.users.as_ref() != Some(&wanted) {
            // Unknown from here on, should the answer be lost.
            if let Some(users) = self.users.take() {
                self.past.push(Past { users, ended: None });
            }
            api.set_users(&wanted).await?;
            api.barrier().await?;
            self.users = Some(wanted.clone());
        }
        if self.past.is_empty() {
            return Ok(());
        }
        for past in &mut self.past {
            past.ended.get_or_insert_with(|| (Timestamp::now(), Instant::now()));
        }
        let sessions = api.sessions().await?;
        for past in &self.past {
            let gone = users::evicted(&sessions, &past.users, &wanted);
            for session in gone.into_iter().filter(|session| past.let_in(session)) {
                tracing::info!(path = session.path, kind = ?session.kind, "disconnected: the right to be there is gone");
                api.kick(session.kind, &session.id).await?;
            }
        }
        self.past.retain(|past| past.ended.is_some_and(|(_, ended)| ended.elapsed() < COMING_IN));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use mediamtx_client::{ApiAddress, Secret};
    use serde_json::{Value, json};
    use stream_api::{UnixMillis, ViewerAccess};
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    use super::{
        super::users::{Keys, Rights},
        *,
    };
    use crate::access::StoredAccess;

    /// A server that has these RTSP sessions, takes any users, and notes whom it is to disconnect.
    #[derive(Clone, Default)]
    struct Fake {
        sessions: Arc<Mutex<Vec<Value>>>,
        kicked: Arc<Mutex<Vec<String>>>,
    }

    impl Fake {
        async fn api(&self) -> Api {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address: ApiAddress = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
            let fake = self.clone();
            tokio::spawn(async move {
                while let Ok((mut client, _)) = listener.accept().await {
                    // The first line is all that matters, and comes in one piece.
                    let mut request = [0; 8192];
                    let length = client.read(&mut request).await.unwrap_or_default();
                    let text = String::from_utf8_lossy(&request[..length]).into_owned();
                    let route = text.split(' ').nth(1).unwrap_or_default().to_owned();
                    let body = fake.answer(&route).to_string();
                    let head = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length";
                    let _ =
                        client.write_all(format!("{head}: {}\r\n\r\n{body}", body.len()).as_bytes()).await;
                }
            });
            Api::new(address)
        }

        fn answer(&self, route: &str) -> Value {
            if let Some((_, id)) = route.split_once("/kick/") {
                self.kicked.lock().unwrap().push(id.to_owned());
                self.sessions.lock().unwrap().retain(|session| session["id"] != id);
                return json!({});
            }
            match route.contains("/rtsp/sessions/list") {
                true => json!({ "pageCount": 1, "items": *self.sessions.lock().unwrap() }),
                false if route.contains("/list") => json!({ "pageCount": 0, "items": [] }),
                false => json!({ "version": "v1.21.0" }),
            }
        }

        fn comes(&self, id: &str, created: Timestamp) {
            self.sessions.lock().unwrap().push(json!({
                "id": id, "path": "show", "state": "read", "remoteAddr": "192.168.1.5:5000",
                "user": "viewer", "created": created.to_string(),
            }));
        }

        fn kicked(&self) -> Vec<String> {
            std::mem::take(&mut *self.kicked.lock().unwrap())
        }
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
        let fake = Fake::default();
        let (api, open, shut) = (fake.api().await, list(ViewerAccess::Open), list(ViewerAccess::Restricted));
        let mut admitted = Admitted::new(keys().users(), open.clone());
        assert!(admitted.is_done(|_| open.clone()));
        let asked = Timestamp::now();
        fake.comes("watches", asked);
        admitted.follow(&api, |_| shut.clone()).await.unwrap();
        assert_eq!(fake.kicked(), ["watches"]);
        assert!(
            !admitted.is_done(|_| shut.clone()),
            "somebody may wait for a source that is fetched on demand"
        );

        // The source came, and with it who waited; and somebody whom the new list let in, whatever it is by.
        fake.comes("waited", asked);
        fake.comes("new", Timestamp::now());
        admitted.follow(&api, |_| shut.clone()).await.unwrap();
        assert_eq!(fake.kicked(), ["waited"]);

        // Nobody waits for longer than that.
        let past = admitted.past.last_mut().unwrap();
        past.ended = past.ended.map(|(at, since)| (at, since.checked_sub(COMING_IN).unwrap()));
        admitted.follow(&api, |_| shut.clone()).await.unwrap();
        assert!(admitted.is_done(|_| shut.clone()), "there is nothing left to look for");
    }

    #[tokio::test]
    async fn who_came_in_by_a_list_of_somebody_else_goes_too() {
        let fake = Fake::default();
        let (api, open, shut) = (fake.api().await, list(ViewerAccess::Open), list(ViewerAccess::Restricted));
        let mut admitted = Admitted::new(keys().users(), open);
        admitted.follow(&api, |_| shut.clone()).await.unwrap();
        admitted.past.clear();
        // The file was read again, with the users that it was started with.
        admitted.distrust();
        assert!(!admitted.is_done(|_| shut.clone()));
        fake.comes("meanwhile", Timestamp::now());
        admitted.follow(&api, |_| shut.clone()).await.unwrap();
        assert_eq!(fake.kicked(), ["meanwhile"]);
    }
}
