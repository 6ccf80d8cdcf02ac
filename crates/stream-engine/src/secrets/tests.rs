#[cfg(all(feature = "keychain", target_os = "linux"))]
mod real;

use std::{
    collections::HashMap,
    sync::{
        Condvar, Mutex as Blocking,
        atomic::{AtomicUsize, Ordering},
    },
};

use stream_api::{Secret, SourceSecrets, StreamId};
use uuid::Uuid;

use super::{
    keychain::{Keychain, Unanswered},
    *,
};

fn password(text: &str) -> SourceSecrets {
    SourceSecrets { password: Some(Secret::new(text)), ..SourceSecrets::default() }
}

fn stream() -> StreamId {
    StreamId(Uuid::now_v7())
}

async fn got(secrets: &Secrets, id: StreamId) -> Option<SourceSecrets> {
    secrets.find(id, SOURCE).await.unwrap()
}

#[tokio::test]
async fn what_is_kept_is_found_again_and_goes_with_its_stream() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("secrets.json");
    let secrets = Secrets::new(file.clone(), false, Drives::default());
    let (a, b) = (stream(), stream());
    assert!(secrets.set(a, SOURCE, Some(&password("one"))).await.unwrap());
    assert!(secrets.set(b, SOURCE, Some(&password("two"))).await.unwrap());
    let again = Secrets::new(file.clone(), false, Drives::default());
    assert_eq!(got(&again, a).await, Some(password("one")));
    assert!(!again.set(a, SOURCE, Some(&password("one"))).await.unwrap(), "the same");
    again.forget(a).await;
    again.set(b, "other", Some(&1)).await.unwrap();
    again.set::<SourceSecrets>(b, SOURCE, None).await.unwrap();
    let text = fs::read_to_string(&file).unwrap();
    assert!(!text.contains("one") && !text.contains("two") && text.contains("other"), "{text}");
    assert_eq!(*again.place().borrow(), SecretsPlace::File);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[tokio::test]
async fn secrets_of_what_is_gone_do_not_stay() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("secrets.json");
    let (secrets, a, b) = (Secrets::new(file.clone(), false, Drives::default()), stream(), stream());
    secrets.tidy(|_| false).await;
    assert!(!file.exists(), "nothing is written for nothing");
    secrets.set(a, SOURCE, Some(&password("one"))).await.unwrap();
    secrets.set(b, SOURCE, Some(&password("two"))).await.unwrap();
    secrets.tidy(|id| id == b.to_string()).await;
    let text = fs::read_to_string(&file).unwrap();
    assert!(!text.contains("one") && text.contains("two"), "{text}");
    // What a keychain may hold as well is forgotten there too.
    let fake = Fake::new(Mood::Open);
    fake.kept.lock().unwrap().insert(format!("{b}/{SOURCE}"), b"{}".to_vec());
    let secrets = fake.secrets(&file);
    secrets.tidy(|_| false).await;
    assert!(!fs::read_to_string(&file).unwrap().contains("two"));
    secrets.settle().await.unwrap();
    assert_eq!((fake.names(), read(&file).unwrap()), (Vec::new(), Kept::new()));
}

#[tokio::test]
async fn a_broken_file_is_never_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("secrets.json");
    fs::write(&file, "{ half").unwrap();
    let (secrets, id) = (Secrets::new(file.clone(), false, Drives::default()), stream());
    assert_eq!(got(&secrets, id).await, None);
    secrets.set(id, SOURCE, Some(&password("x"))).await.unwrap_err();
    secrets.tidy(|_| false).await;
    assert_eq!(fs::read_to_string(&file).unwrap(), "{ half");
}

/// How the fake keychain is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Mood {
    Open,
    Refuses,
    /// Until it has another mood.
    Hangs,
}

/// A keychain that misbehaves on request. A cheap handle.
#[derive(Clone)]
pub(crate) struct Fake {
    mood: Arc<(Blocking<Mood>, Condvar)>,
    kept: Arc<Blocking<HashMap<String, Vec<u8>>>>,
    asked: Arc<AtomicUsize>,
}

impl Fake {
    pub(crate) fn new(mood: Mood) -> Fake {
        Fake {
            mood: Arc::new((Blocking::new(mood), Condvar::new())),
            kept: Arc::default(),
            asked: Arc::default(),
        }
    }

    pub(crate) fn be(&self, mood: Mood) {
        *self.mood.0.lock().unwrap() = mood;
        self.mood.1.notify_all();
    }

    fn names(&self) -> Vec<String> {
        self.kept.lock().unwrap().keys().cloned().collect()
    }

    fn answer(&self) -> Result<(), Unanswered> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let mood = self.mood.0.lock().unwrap();
        match *self.mood.1.wait_while(mood, |mood| *mood == Mood::Hangs).unwrap() {
            Mood::Refuses => Err(Unanswered("locked".to_owned())),
            Mood::Open | Mood::Hangs => Ok(()),
        }
    }

    pub(crate) fn secrets(&self, file: &Path) -> Secrets {
        self.secrets_within(Duration::from_secs(60), file)
    }

    /// Awaited for this long.
    fn secrets_within(&self, limit: Duration, file: &Path) -> Secrets {
        let fake = self.clone();
        let asker = Asker::with_limit(move || Box::new(fake), limit);
        Secrets::by(file.to_owned(), Some(asker), Drives::default())
    }
}

impl Keychain for Fake {
    fn get(&mut self, name: &str) -> Result<Option<Vec<u8>>, Unanswered> {
        self.answer()?;
        Ok(self.kept.lock().unwrap().get(name).cloned())
    }

    fn set(&mut self, name: &str, secret: &[u8]) -> Result<(), Unanswered> {
        self.answer()?;
        self.kept.lock().unwrap().insert(name.to_owned(), secret.to_owned());
        Ok(())
    }

    fn remove(&mut self, name: &str) -> Result<(), Unanswered> {
        self.answer()?;
        self.kept.lock().unwrap().remove(name);
        Ok(())
    }
}

#[tokio::test]
async fn a_keychain_keeps_all_and_the_file_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("secrets.json");
    let fake = Fake::new(Mood::Open);
    let (secrets, id) = (fake.secrets(&file), stream());
    assert!(secrets.set(id, SOURCE, Some(&password("one"))).await.unwrap());
    assert!(!secrets.set(id, SOURCE, Some(&password("one"))).await.unwrap(), "the same");
    assert_eq!(got(&secrets, id).await, Some(password("one")));
    assert_eq!((fake.names(), file.exists()), (vec![format!("{id}/source")], false));
    secrets.forget(id).await;
    assert_eq!((fake.names(), got(&secrets, id).await), (Vec::new(), None));
}

/// A file from before there was a keychain goes into it, and one that it does not take stays.
#[tokio::test]
async fn nothing_is_lost_on_the_way_into_a_keychain() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("secrets.json");
    let ids = [stream(), stream(), stream()];
    let before = Secrets::new(file.clone(), false, Drives::default());
    for id in ids {
        before.set(id, SOURCE, Some(&password(&id.to_string()))).await.unwrap();
    }
    let fake = Fake::new(Mood::Refuses);
    let secrets = fake.secrets(&file);
    secrets.settle().await.unwrap_err();
    assert_eq!(*secrets.place().borrow(), SecretsPlace::KeychainLocked);
    for id in ids {
        assert_eq!(got(&secrets, id).await, Some(password(&id.to_string())), "from the file meanwhile");
    }
    fake.be(Mood::Open);
    secrets.settle().await.unwrap();
    for id in ids {
        assert_eq!(got(&secrets, id).await, Some(password(&id.to_string())), "from the keychain now");
    }
    assert_eq!((fake.names().len(), read(&file).unwrap()), (3, Kept::new()));
    assert_eq!(*secrets.place().borrow(), SecretsPlace::Keychain);
}

#[tokio::test]
async fn a_keychain_that_hangs_is_asked_once_and_the_file_takes_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("secrets.json");
    let fake = Fake::new(Mood::Open);
    let (secrets, old, new) = (fake.secrets_within(Duration::from_secs(3), &file), stream(), stream());
    secrets.set(old, SOURCE, Some(&password("old"))).await.unwrap();
    fake.be(Mood::Hangs);
    let locked = secrets.find::<SourceSecrets>(old, SOURCE).await.unwrap_err();
    assert_eq!(
        (locked.code, *secrets.place().borrow()),
        (Code::KeychainLocked, SecretsPlace::KeychainLocked)
    );
    // What is changed meanwhile counts.
    secrets.set(new, SOURCE, Some(&password("new"))).await.unwrap();
    secrets.set(old, SOURCE, Some(&password("newer"))).await.unwrap();
    assert_eq!(
        (got(&secrets, new).await, got(&secrets, old).await),
        (Some(password("new")), Some(password("newer")))
    );
    secrets.forget(old).await;
    assert_eq!(got(&secrets, old).await, None, "although the keychain still has it");
    assert_eq!(fake.names(), [format!("{old}/source")]);

    fake.be(Mood::Open);
    let settled = async {
        while secrets.settle().await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(60), settled).await.expect("it answers again");
    assert_eq!((fake.names(), read(&file).unwrap()), (vec![format!("{new}/source")], Kept::new()));
    assert_eq!((got(&secrets, new).await, got(&secrets, old).await), (Some(password("new")), None));
}

/// A name so long that the file can be read and no other can take its place.
const UNWRITABLE: usize = 255;

#[tokio::test]
async fn what_can_not_leave_its_file_is_tried_now_and_then() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("s".repeat(UNWRITABLE));
    let kept = serde_json::json!({ stream().to_string(): { SOURCE: password("one") } });
    fs::write(&file, kept.to_string()).unwrap();
    let fake = Fake::new(Mood::Open);
    let secrets = fake.secrets(&file);
    let mut goes_on = std::pin::pin!(secrets.keep_settling());
    let asked = || fake.asked.load(Ordering::SeqCst);
    while asked() == 0 {
        assert!(timeout(Duration::from_millis(50), &mut goes_on).await.is_err(), "it goes on");
    }
    assert!(timeout(Duration::from_secs(1), goes_on).await.is_err(), "it goes on");
    let asked = asked();
    assert!((1..20).contains(&asked), "asked {asked} times");
}

#[tokio::test]
async fn a_file_that_can_not_be_read_keeps_the_keychain_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("secrets.json");
    let fake = Fake::new(Mood::Open);
    let (secrets, id) = (fake.secrets(&file), stream());
    secrets.set(id, SOURCE, Some(&password("one"))).await.unwrap();
    fs::write(&file, "{ half").unwrap();
    secrets.set(id, SOURCE, Some(&password("two"))).await.unwrap_err();
    assert_eq!(got(&secrets, id).await, Some(password("one")));
}

/// Whose answer comes just when nobody waits for it any more.
#[tokio::test]
async fn a_late_answer_is_still_an_answer() {
    let asker = Asker::with_limit(|| Box::new(Fake::new(Mood::Open)), Duration::ZERO);
    for _ in 0..20_000 {
        let _ = asker.get("a".to_owned()).await;
    }
    let answered = async {
        while asker.get("a".to_owned()).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(60), answered).await.expect("it is asked again");
}
