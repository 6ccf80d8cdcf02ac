//! The certificate by which viewers' connections are encrypted: of our own making, or the user's.

use std::{
    fs,
    io::{Error as IoError, ErrorKind},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use jiff::{Timestamp, ToSpan as _, tz::TimeZone};
use mediamtx_client::TlsFiles;
use parking_lot::{Mutex, MutexGuard};
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose, date_time_ymd};
use rustls::{
    InconsistentKeys,
    crypto::ring::sign::any_supported_type,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    sign::CertifiedKey,
};
use sha2::{Digest as _, Sha256};
use stream_api::{Certificate, Code, Encryption, Error, Fault, Problem, UnixMillis, t};

use super::addresses;
use crate::{
    clock,
    data_dir::{silent, unwritable},
    drives::{self, Drives},
    hub::Hub,
    owner,
};

/// How long one of ours lasts. Apple's systems take none that lasts longer than 825.
const LASTS_DAYS: i64 = 820;
/// This long before its end ours is made anew, and the user is told of theirs.
const SOON_DAYS: i64 = 30;
const DAY: i64 = 86_400_000;
/// How often certificates are looked at; while one is of no use, [`LOOK_AGAIN`].
const LOOK: Duration = Duration::from_secs(6 * 3600);
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// Where certificates come from. A cheap handle.
#[derive(Debug, Clone)]
pub(crate) struct Tls {
    folder: PathBuf,
    drives: Drives,
    /// What is wrong with the user's, while the server runs all the same.
    trouble: Arc<Mutex<Option<Trouble>>>,
}

#[derive(Debug, Clone)]
struct Trouble {
    error: Error,
    /// The server has ours instead, until it is started again.
    stands_in: bool,
}

/// What it shows, and where that is.
type Shown = (TlsFiles, Certificate);

impl Tls {
    pub(crate) fn new(folder: PathBuf, drives: Drives) -> Tls {
        Tls { folder, drives, trouble: Arc::default() }
    }

    /// What a run of the server goes on with. Streams never go off air for a certificate: one of the user's that has
    /// expired is used on, and one that can't be used is stood in for by ours. [`Tls::trouble`] tells.
    ///
    /// # Errors
    /// `data_dir_denied`, `data_dir_silent`, `disk_full`, when ours can't be made.
    pub(super) async fn for_run(&self, encryption: &Encryption) -> Result<Option<Shown>, Error> {
        if *encryption == Encryption::Off {
            *self.lock() = None;
            return Ok(None);
        }
        let (tls, given) = (self.clone(), encryption.clone());
        let looked = self.ask(encryption, move || tls.look_or_stand_in(&given)).await;
        let (found, trouble) = match looked {
            Err(error) if error.code == Code::CertificateUnreadable => {
                let tls = self.clone();
                self.ask(&Encryption::SelfSigned, move || tls.stand_in(error)).await?
            }
            looked => looked?,
        };
        if let Some(trouble) = &trouble {
            tracing::warn!(error = %trouble.error, "the server goes on with a certificate that is not good");
        }
        *self.lock() = trouble;
        Ok(found)
    }

    /// What is wrong with the certificate that the server runs with.
    pub(super) fn trouble(&self) -> Option<Fault> {
        self.lock().as_ref().map(|trouble| Fault::new(trouble.error.clone()))
    }

    fn lock(&self) -> MutexGuard<'_, Option<Trouble>> {
        self.trouble.lock()
    }

    /// What a run of the server needs; `None` when it does not encrypt. Ours is made when it is not there or ends
    /// soon.
    ///
    /// # Errors
    /// `certificate_…` for one of the user's that is of no use, `data_dir_denied`, `data_dir_silent`, `disk_full`.
    pub(super) async fn of(&self, encryption: &Encryption) -> Result<Option<Shown>, Error> {
        if *encryption == Encryption::Off {
            return Ok(None);
        }
        let (tls, wanted) = (self.clone(), encryption.clone());
        self.ask(encryption, move || tls.look(&wanted)).await
    }

    /// Does `work` on the files of `encryption`, whose drive may never answer.
    async fn ask<T: Send + 'static>(
        &self,
        encryption: &Encryption,
        work: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (path, late) = match encryption {
            Encryption::Given { certificate, .. } => {
                let path = Path::new(certificate);
                (path, unreadable(path, ErrorKind::TimedOut.into()))
            }
            Encryption::Off | Encryption::SelfSigned => (self.folder.as_path(), silent(&self.folder)),
        };
        self.drives.ask(path, drives::LIMIT, work).await.unwrap_or(Err(late))
    }

    /// What is wrong with the user's certificate.
    pub(super) async fn problems(&self, encryption: &Encryption) -> Vec<Problem> {
        let Encryption::Given { certificate, key } = encryption else { return Vec::new() };
        match self.of(encryption).await {
            Err(error) => {
                let is_key = error.args.get("path") == Some(key) && certificate != key;
                vec![Problem::new(if is_key { "key" } else { "certificate" }, error)]
            }
            Ok(Some((_, seen))) if days_left(&seen) <= SOON_DAYS => {
                vec![Problem { mild: true, ..Problem::new("certificate", expires(certificate, &seen)) }]
            }
            Ok(_) => Vec::new(),
        }
    }

    /// Makes ours anew in time, and shows the user's as it is. The server takes files that change by itself. Until
    /// dropped.
    pub(crate) async fn watch(self, hub: Hub) {
        loop {
            let ill = self.lock().is_some();
            tokio::time::sleep(if ill { LOOK_AGAIN } else { LOOK }).await;
            if let Some(certificate) = self.look_again(&hub.settings().encryption).await {
                hub.server(|server| {
                    if server.certificate.is_some() {
                        server.certificate = Some(certificate);
                    }
                });
            }
        }
    }

    /// The files that a run of the server uses; `None` when it does not encrypt. They may not be there yet.
    pub(crate) fn files(&self, encryption: &Encryption) -> Option<TlsFiles> {
        match encryption {
            Encryption::Given { .. } if self.lock().as_ref().is_some_and(|trouble| trouble.stands_in) => {
                Some(self.own_files())
            }
            wanted => self.wanted(wanted),
        }
    }

    /// Those that it is to use.
    fn wanted(&self, encryption: &Encryption) -> Option<TlsFiles> {
        match encryption {
            Encryption::Off => None,
            Encryption::SelfSigned => Some(self.own_files()),
            Encryption::Given { certificate, key } => {
                Some(TlsFiles { certificate: certificate.into(), key: key.into() })
            }
        }
    }

    fn own_files(&self) -> TlsFiles {
        TlsFiles { certificate: self.folder.join("server.crt"), key: self.folder.join("server.key") }
    }

    /// The certificate that the running server has by now, as far as that is known.
    async fn look_again(&self, encryption: &Encryption) -> Option<Certificate> {
        if self.lock().as_ref().is_some_and(|trouble| trouble.stands_in) {
            return None;
        }
        match self.of(encryption).await {
            Ok(seen) => {
                let (_, certificate) = seen?;
                *self.lock() = soon(encryption, &certificate);
                Some(certificate)
            }
            Err(error) => {
                // What it has read already it keeps until it is started again.
                *self.lock() = Some(Trouble { error, stands_in: false });
                None
            }
        }
    }

    fn look_or_stand_in(&self, encryption: &Encryption) -> Result<(Option<Shown>, Option<Trouble>), Error> {
        match (self.look(encryption), encryption) {
            (Ok(Some((files, certificate))), _) => {
                let trouble = soon(encryption, &certificate);
                Ok((Some((files, certificate)), trouble))
            }
            (Ok(None), _) => Ok((None, None)),
            (Err(error), Encryption::Given { certificate, key }) => {
                let files = TlsFiles { certificate: certificate.into(), key: key.into() };
                if error.code == Code::CertificateExpired
                    && let Ok(seen) = see_at(&files, UnixMillis(i64::MIN))
                {
                    return Ok((Some((files, seen)), Some(Trouble { error, stands_in: false })));
                }
                self.stand_in(error)
            }
            (Err(error), _) => Err(error),
        }
    }

    /// Ours, because of what is wrong with the user's.
    fn stand_in(&self, error: Error) -> Result<(Option<Shown>, Option<Trouble>), Error> {
        let error =
            Error::new(Code::CertificateStandIn).with("reason", error.message).with("cure", error.hint);
        Ok((Some(self.own(self.own_files())?), Some(Trouble { error, stands_in: true })))
    }

    fn look(&self, encryption: &Encryption) -> Result<Option<Shown>, Error> {
        let Some(files) = self.wanted(encryption) else { return Ok(None) };
        if *encryption == Encryption::SelfSigned {
            return self.own(files).map(Some);
        }
        let certificate = see(&files)?;
        Ok(Some((files, certificate)))
    }

    fn own(&self, files: TlsFiles) -> Result<Shown, Error> {
        if let Ok(certificate) = see(&files)
            && days_left(&certificate) > SOON_DAYS
        {
            return Ok((files, certificate));
        }
        let (certificate, key) =
            make(&addresses::names()).map_err(|error| Error::new(Code::Internal).with("reason", error))?;
        let denied = |error| unwritable(&self.folder, error);
        fs::create_dir_all(&self.folder).map_err(denied)?;
        owner::write_private(&files.key, key.as_bytes()).map_err(denied)?;
        owner::write_private(&files.certificate, certificate.as_bytes()).map_err(denied)?;
        tracing::info!("a certificate was made for the server");
        let certificate = see(&files)?;
        Ok((files, certificate))
    }
}

/// Why a certificate of our own can't be made.
#[derive(Debug, thiserror::Error)]
enum NotMade {
    #[error(transparent)]
    Certificate(#[from] rcgen::Error),
    /// This computer's clock is beyond all days.
    #[error(transparent)]
    Date(#[from] jiff::Error),
}

/// A certificate and its key, as PEM, from today on.
fn make(names: &[String]) -> Result<(String, String), NotMade> {
    make_at(names, clock::now())
}

fn make_at(names: &[String], now: UnixMillis) -> Result<(String, String), NotMade> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(names)?;
    let today = Timestamp::from_millisecond(now.0)?.to_zoned(TimeZone::UTC).date();
    // Yesterday, for clocks that are a little behind.
    let (from, to) = (today.yesterday()?, today.checked_add(LASTS_DAYS.days())?);
    let date = |date: jiff::civil::Date| {
        date_time_ymd(date.year().into(), date.month().unsigned_abs(), date.day().unsigned_abs())
    };
    (params.not_before, params.not_after) = (date(from), date(to));
    params.distinguished_name.push(DnType::CommonName, t!("app.name"));
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    Ok((params.self_signed(&key)?.pem(), key.serialize_pem()))
}

/// What is to be told of a certificate of the user's that is good for now.
fn soon(encryption: &Encryption, seen: &Certificate) -> Option<Trouble> {
    let Encryption::Given { certificate, .. } = encryption else { return None };
    let is_soon = days_left(seen) <= SOON_DAYS;
    is_soon.then(|| Trouble { error: expires(certificate, seen), stands_in: false })
}

fn expires(path: &str, seen: &Certificate) -> Error {
    Error::new(Code::CertificateExpires).with("path", path).with("days", days_left(seen))
}

/// Reads both files and looks whether they fit and are of use today.
fn see(files: &TlsFiles) -> Result<Certificate, Error> {
    see_at(files, clock::now())
}

/// The same on another day.
fn see_at(files: &TlsFiles, now: UnixMillis) -> Result<Certificate, Error> {
    let broken = |path: &Path, what: &str, reason: &dyn std::fmt::Display| {
        let error = Error::new(Code::CertificateBroken).with("path", path.display());
        error.with("what", what).with("reason", reason)
    };
    let (what, path) = (t!("tls.certificate"), &files.certificate);
    let text = read(path)?;
    let chain = CertificateDer::pem_slice_iter(&text).collect::<Result<Vec<_>, _>>();
    let chain = chain.map_err(|error| broken(path, what, &error))?;
    let first = chain.first().ok_or_else(|| broken(path, what, &t!("tls.none")))?;
    let (_, parsed) =
        x509_parser::parse_x509_certificate(first).map_err(|error| broken(path, what, &error))?;
    let expires = UnixMillis(parsed.validity().not_after.timestamp().saturating_mul(1000));
    let fingerprint: Vec<String> = Sha256::digest(first).iter().map(|byte| format!("{byte:02X}")).collect();
    let certificate = Certificate { fingerprint: fingerprint.join(":"), expires };
    if certificate.expires < now {
        return Err(Error::new(Code::CertificateExpired).with("path", path.display()));
    }
    let (what, path) = (t!("tls.key"), &files.key);
    let text = read(path)?;
    let key = PrivateKeyDer::from_pem_slice(&text).map_err(|error| match error {
        rustls::pki_types::pem::Error::NoItemsFound => broken(path, what, &t!("tls.none")),
        error => broken(path, what, &error),
    })?;
    let key = any_supported_type(&key).map_err(|error| broken(path, what, &error))?;
    match CertifiedKey::new(chain, key).keys_match() {
        Ok(()) | Err(rustls::Error::InconsistentKeys(InconsistentKeys::Unknown)) => Ok(certificate),
        Err(rustls::Error::InconsistentKeys(_)) => {
            Err(Error::new(Code::CertificateKey).with("path", path.display()))
        }
        Err(error) => Err(broken(&files.certificate, t!("tls.certificate"), &error)),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let absolute =
        || path.is_absolute().then_some(()).ok_or_else(|| IoError::from(ErrorKind::InvalidFilename));
    absolute().and_then(|()| fs::read(path)).map_err(|error| unreadable(path, error))
}

fn unreadable(path: &Path, error: IoError) -> Error {
    Error::new(Code::CertificateUnreadable).with("path", path.display()).with("reason", error)
}

/// Below 0 when it is over.
fn days_left(certificate: &Certificate) -> i64 {
    (certificate.expires.0 - clock::now().0).div_euclid(DAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(folder: &Path, certificate: &str, key: &str) -> Encryption {
        let path = |name: &str| folder.join(name).to_string_lossy().into_owned();
        Encryption::Given { certificate: path(certificate), key: path(key) }
    }

    #[tokio::test]
    async fn ours_is_made_once_for_its_owner_alone_and_anew_when_it_is_broken() {
        let dir = tempfile::tempdir().unwrap();
        let tls = Tls::new(dir.path().join("tls"), Drives::default());
        assert!(tls.of(&Encryption::Off).await.unwrap().is_none());
        let (files, first) = tls.of(&Encryption::SelfSigned).await.unwrap().unwrap();
        let (_, again) = tls.of(&Encryption::SelfSigned).await.unwrap().unwrap();
        assert_eq!(first, again, "it is kept");
        assert_eq!(first.fingerprint.len(), 95, "{}", first.fingerprint);
        assert!((LASTS_DAYS - 2..=LASTS_DAYS).contains(&days_left(&first)), "{}", days_left(&first));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&files.key).unwrap().permissions().mode() & 0o777, 0o600);
        }
        fs::write(&files.certificate, "x").unwrap();
        let (_, new) = tls.of(&Encryption::SelfSigned).await.unwrap().unwrap();
        assert_ne!(first, new);
    }

    #[tokio::test]
    async fn streams_stay_on_air_when_the_users_is_of_no_use_and_it_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let tls = Tls::new(dir.path().join("tls"), Drives::default());
        let names = vec!["example.org".to_owned()];
        let ago = |days: i64| UnixMillis(clock::now().0 - days * DAY);
        let (good, old, late) =
            (make(&names).unwrap(), make_at(&names, ago(900)).unwrap(), make_at(&names, ago(800)).unwrap());
        for (name, text) in [
            ("a.crt", &good.0),
            ("a.key", &good.1),
            ("old.crt", &old.0),
            ("old.key", &old.1),
            ("late.crt", &late.0),
            ("late.key", &late.1),
        ] {
            fs::write(dir.path().join(name), text).unwrap();
        }
        let told = || tls.trouble().map(|fault| fault.error);
        let run = async |certificate: &str, key: &str| {
            let encryption = given(dir.path(), certificate, key);
            let (files, seen) = tls.for_run(&encryption).await.unwrap().unwrap();
            (files.certificate.file_name().unwrap().to_string_lossy().into_owned(), seen)
        };
        assert_eq!(run("a.crt", "a.key").await.0, "a.crt");
        assert_eq!(told(), None);
        assert_eq!(run("late.crt", "late.key").await.0, "late.crt");
        assert_eq!(told().unwrap().code, Code::CertificateExpires);
        let (file, seen) = run("old.crt", "old.key").await;
        assert_eq!((file.as_str(), days_left(&seen) < 0), ("old.crt", true), "it is used on");
        assert_eq!(told().unwrap().code, Code::CertificateExpired);
        // Renewed in its place, which the server takes by itself.
        fs::write(dir.path().join("old.crt"), &good.0).unwrap();
        fs::write(dir.path().join("old.key"), &good.1).unwrap();
        assert!(tls.look_again(&given(dir.path(), "old.crt", "old.key")).await.is_some());
        assert_eq!(told(), None);

        for (certificate, key) in [("none.crt", "a.key"), ("a.crt", "none.key"), ("a.crt", "late.key")] {
            let (file, seen) = run(certificate, key).await;
            assert_eq!(file, "server.crt", "ours stands in");
            assert!(days_left(&seen) > SOON_DAYS);
            let in_use = tls.files(&given(dir.path(), certificate, key)).unwrap();
            assert!(in_use.certificate.ends_with("server.crt"), "also of the guests' page");
            let error = told().unwrap();
            assert_eq!(error.code, Code::CertificateStandIn);
            assert!(error.message.contains(key) || error.message.contains(certificate), "{error}");
        }
        // It is back; the server has ours until it is started again.
        assert!(tls.look_again(&given(dir.path(), "a.crt", "a.key")).await.is_none());
        assert!(told().is_some());
        run("a.crt", "a.key").await;
        assert_eq!(told(), None);
        // While it runs: it goes on with what it has read.
        fs::remove_file(dir.path().join("a.key")).unwrap();
        assert!(tls.look_again(&given(dir.path(), "a.crt", "a.key")).await.is_none());
        assert_eq!(told().unwrap().code, Code::CertificateUnreadable);
        assert!(tls.for_run(&Encryption::Off).await.unwrap().is_none() && told().is_none());
    }

    #[tokio::test]
    async fn the_users_is_looked_at_and_each_fault_named_by_its_field() {
        let dir = tempfile::tempdir().unwrap();
        let tls = Tls::new(dir.path().join("tls"), Drives::default());
        let names = vec!["example.org".to_owned()];
        let (good, other) = (make(&names).unwrap(), make(&names).unwrap());
        for (name, text) in [
            ("a.crt", good.0.as_str()),
            ("a.key", good.1.as_str()),
            ("b.key", other.1.as_str()),
            ("c.txt", "no PEM"),
            ("d.crt", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
        ] {
            fs::write(dir.path().join(name), text).unwrap();
        }
        assert_eq!(tls.problems(&given(dir.path(), "a.crt", "a.key")).await, []);
        for (certificate, key, field, code) in [
            ("none.crt", "a.key", "certificate", Code::CertificateUnreadable),
            ("a.crt", "none.key", "key", Code::CertificateUnreadable),
            ("c.txt", "a.key", "certificate", Code::CertificateBroken),
            ("d.crt", "a.key", "certificate", Code::CertificateBroken),
            ("a.crt", "c.txt", "key", Code::CertificateBroken),
            ("a.crt", "b.key", "key", Code::CertificateKey),
        ] {
            let problems = tls.problems(&given(dir.path(), certificate, key)).await;
            let found: Vec<_> = problems.iter().map(|p| (p.field.as_str(), p.error.code)).collect();
            assert_eq!(found, [(field, code)], "{certificate} {key}: {}", problems[0].error.message);
        }
        let relative = Encryption::Given { certificate: "a.crt".into(), key: "a.key".into() };
        assert_eq!(tls.problems(&relative).await[0].error.code, Code::CertificateUnreadable);
    }
}
