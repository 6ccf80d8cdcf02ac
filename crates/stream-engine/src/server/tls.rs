//! The certificate by which viewers' connections are encrypted: of our own making, or the user's.

use std::{
    fs,
    io::{Error as IoError, ErrorKind},
    path::{Path, PathBuf},
    time::Duration,
};

use jiff::{Timestamp, ToSpan as _, tz::TimeZone};
use mediamtx_client::TlsFiles;
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose, date_time_ymd};
use rustls::{
    InconsistentKeys,
    crypto::ring::sign::any_supported_type,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    sign::CertifiedKey,
};
use sha2::{Digest as _, Sha256};
use stream_api::{Certificate, Code, Encryption, Error, Problem, UnixMillis, t};
use tokio::task::spawn_blocking;

use super::addresses;
use crate::{clock, data_dir::unwritable, hub::Hub, owner};

/// How long one of ours lasts. Apple's systems take none that lasts longer than 825.
const LASTS_DAYS: i64 = 820;
/// This long before its end ours is made anew, and the user is told of theirs.
const SOON_DAYS: i64 = 30;
const DAY: i64 = 86_400_000;
/// How often certificates are looked at.
const LOOK: Duration = Duration::from_secs(6 * 3600);

/// Where certificates come from. A cheap handle.
#[derive(Debug, Clone)]
pub(crate) struct Tls {
    folder: PathBuf,
}

impl Tls {
    pub(crate) fn new(folder: PathBuf) -> Tls {
        Tls { folder }
    }

    /// What a run of the server needs; `None` when it does not encrypt. Ours is made when it is not there or ends
    /// soon.
    ///
    /// # Errors
    /// `certificate_…` for one of the user's that is of no use, `data_dir_denied`, `disk_full`.
    pub(super) async fn of(&self, encryption: &Encryption) -> Result<Option<(TlsFiles, Certificate)>, Error> {
        let (tls, encryption) = (self.clone(), encryption.clone());
        let looked = spawn_blocking(move || tls.look(&encryption)).await;
        looked.map_err(|error| Error::new(Code::Internal).with("reason", error)).flatten()
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
                let soon = Error::new(Code::CertificateExpires).with("path", certificate);
                let soon = Problem::new("certificate", soon.with("days", days_left(&seen)));
                vec![Problem { mild: true, ..soon }]
            }
            Ok(_) => Vec::new(),
        }
    }

    /// Makes ours anew in time, and shows the user's as it is. The server takes files that change by itself. Until
    /// dropped.
    pub(crate) async fn watch(self, hub: Hub) {
        loop {
            tokio::time::sleep(LOOK).await;
            match self.of(&hub.settings().encryption).await {
                Ok(seen) => hub.server(|server| {
                    if server.certificate.is_some() {
                        server.certificate = seen.map(|(_, certificate)| certificate);
                    }
                }),
                Err(error) => tracing::warn!(%error, "the server's certificate is of no use any more"),
            }
        }
    }

    /// The files that a run of the server uses; `None` when it does not encrypt. They may not be there yet.
    pub(crate) fn files(&self, encryption: &Encryption) -> Option<TlsFiles> {
        match encryption {
            Encryption::Off => None,
            Encryption::SelfSigned => Some(TlsFiles {
                certificate: self.folder.join("server.crt"),
                key: self.folder.join("server.key"),
            }),
            Encryption::Given { certificate, key } => {
                Some(TlsFiles { certificate: certificate.into(), key: key.into() })
            }
        }
    }

    fn look(&self, encryption: &Encryption) -> Result<Option<(TlsFiles, Certificate)>, Error> {
        let Some(files) = self.files(encryption) else { return Ok(None) };
        if *encryption == Encryption::SelfSigned {
            return self.own(files).map(Some);
        }
        let certificate = see(&files)?;
        Ok(Some((files, certificate)))
    }

    fn own(&self, files: TlsFiles) -> Result<(TlsFiles, Certificate), Error> {
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

/// A certificate and its key, as PEM.
fn make(names: &[String]) -> Result<(String, String), Box<dyn std::error::Error>> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(names)?;
    let today = Timestamp::from_millisecond(clock::now().0)?.to_zoned(TimeZone::UTC).date();
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

/// Reads both files and looks whether they fit and are of use today.
fn see(files: &TlsFiles) -> Result<Certificate, Error> {
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
    if days_left(&certificate) < 0 {
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
    absolute().and_then(|()| fs::read(path)).map_err(|error| {
        Error::new(Code::CertificateUnreadable).with("path", path.display()).with("reason", error)
    })
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
        let tls = Tls::new(dir.path().join("tls"));
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
    async fn the_users_is_looked_at_and_each_fault_named_by_its_field() {
        let dir = tempfile::tempdir().unwrap();
        let tls = Tls::new(dir.path().join("tls"));
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
