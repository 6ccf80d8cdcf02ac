//! What is set of another server, in the words of its client; and what is wrong with it, in ours.

use std::path::Path;

use mediamtx_client::{
    AddressError, ApiAddress, ApiError, Broken, CertificateFault, CertificateProblem, Features, Flaw, Trust,
    User, read_users,
};
use stream_api::{Address, Code, Door, Error, Lack, Protocol, ServerKind, ServerSpec, Unkept, t};

use super::super::{
    Terms,
    relay::{Aim, Refusal},
    terms::Listed,
};
use crate::{slates::Slates, stored_other::OtherSecrets};

/// Where recordings go in a shared folder.
const RECORDINGS: &str = "recordings";
const SLATES: &str = "slates";

/// Where its Control API is, and who we are there.
///
/// # Errors
/// `server_address_unfit`.
pub(super) fn address(spec: &ServerSpec, secrets: &OtherSecrets) -> Result<ApiAddress, Error> {
    let address: ApiAddress = spec.api.parse().map_err(|_: AddressError| unfit(&spec.api))?;
    let address = address.with_trust(trust(spec.fingerprint.as_deref())?);
    let pass = secrets.password.as_ref().map_or("", |pass| pass.reveal());
    Ok(if spec.user.is_empty() { address } else { address.with_credentials(&spec.user, pass) })
}

/// Where streams are sent.
///
/// # Errors
/// `server_address_unfit`, `remote_no_rtsp`.
pub(super) fn aim(spec: &ServerSpec, secrets: &OtherSecrets, doors: &[Door]) -> Result<Aim, Error> {
    let api = address(spec, secrets)?;
    let (host, port, encrypted) = match &spec.publish {
        Some(place) => given(place).ok_or_else(|| unfit(place))?,
        None => {
            let mut rtsp: Vec<&Door> = doors.iter().filter(|door| door.protocol == Protocol::Rtsp).collect();
            // Who encrypts what is said to the API wants it here too.
            rtsp.sort_by_key(|door| door.encrypted != api.is_encrypted());
            let door = rtsp.first().ok_or_else(|| Error::new(Code::RemoteNoRtsp).with("host", api.host()))?;
            (api.host().to_owned(), door.port, door.encrypted)
        }
    };
    let trust = if encrypted { Some(trust(spec.publish_fingerprint.as_deref())?) } else { None };
    let pass = secrets.publish_password.clone().unwrap_or_default();
    let login = (!spec.publish_user.is_empty()).then(|| (spec.publish_user.clone(), pass));
    Ok(Aim { host, port, trust, login })
}

/// Whether the place that streams are sent to can be one.
///
/// # Errors
/// `server_address_unfit`.
pub(crate) fn check_aim(spec: &ServerSpec) -> Result<(), Error> {
    match &spec.publish {
        Some(place) => given(place).map(drop).ok_or_else(|| unfit(place)),
        None => Ok(()),
    }
}

/// `rtsp(s)://host:port`, as host, port and whether it is encrypted.
fn given(place: &str) -> Option<(String, u16, bool)> {
    let (scheme, rest) = place.trim().split_once("://")?;
    let encrypted = match scheme.to_ascii_lowercase().as_str() {
        "rtsp" => false,
        "rtsps" => true,
        _ => return None,
    };
    let place = rest.trim_end_matches('/');
    let port_at = place.rfind(':').filter(|at| place.rfind(']').is_none_or(|end| end < *at));
    let (host, port) = match port_at {
        Some(at) => (&place[..at], place[at + 1..].parse().ok().filter(|port| *port != 0)?),
        None => (place, if encrypted { 8322 } else { 8554 }),
    };
    let fits = !host.is_empty() && !host.contains(['/', '@', ' ', '?']);
    fits.then(|| (host.to_owned(), port, encrypted))
}

fn trust(fingerprint: Option<&str>) -> Result<Trust, Error> {
    let Some(text) = fingerprint.map(str::trim).filter(|text| !text.is_empty()) else {
        return Ok(Trust::System);
    };
    text.parse().map(Trust::Pinned).map_err(|_| Error::new(Code::FingerprintUnfit))
}

/// An address that is none, without whatever stands where a user and a password do: no rules tell where they end.
pub(crate) fn unfit(address: &str) -> Error {
    let is_scheme = |(scheme, _): &(&str, &str)| scheme.chars().all(char::is_alphanumeric);
    let shown = match (address.split_once("://").filter(is_scheme), address.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, place))) => format!("{scheme}://***@{place}"),
        (None, Some((_, place))) => format!("***@{place}"),
        (_, None) => address.to_owned(),
    };
    Error::new(Code::ServerAddressUnfit).with("address", ffmpeg_cli::log::redact(&shown))
}

/// The owner's users.
///
/// # Errors
/// `users_unreadable`; `users_without_us` when the API's user is not among them.
pub(crate) fn given_users(text: &str, spec: &ServerSpec) -> Result<Vec<User>, Error> {
    let users =
        read_users(text).map_err(|reason| Error::new(Code::UsersUnreadable).with("reason", reason))?;
    let controls =
        |user: &&User| user.permissions.iter().any(|one| one.action == mediamtx_client::Action::Api);
    let name = if spec.user.is_empty() { mediamtx_client::ANYBODY } else { &spec.user };
    match users.iter().filter(controls).any(|user| user.name == name || user.name == mediamtx_client::ANYBODY)
    {
        true => Ok(users),
        false => Err(Error::new(Code::UsersWithoutUs).with("user", name)),
    }
}

/// What its owner lets us do.
pub(super) fn terms(
    spec: &ServerSpec,
    secrets: &OtherSecrets,
    features: Option<&Features>,
    slates: &Slates,
) -> Terms {
    let given = secrets.users.as_ref().and_then(|text| given_users(text.reveal(), spec).ok());
    let ours_to_say = features.is_none_or(|features| features.internal_users);
    let folder = spec.folder.as_ref().filter(|_| spec.kind == ServerKind::SharedFolder);
    let (slates, recordings, record_path) = match folder {
        Some(folder) => {
            let (here, there) = (Path::new(&folder.here), folder.there().trim_end_matches(['/', '\\']));
            let shared = slates.shared(here.join(SLATES), Path::new(there).join(SLATES));
            let path = format!("{there}/{RECORDINGS}/%path/%Y-%m-%d_%H-%M-%S-%f");
            (Ok(shared), Some(here.join(RECORDINGS)), Some(path))
        }
        None => (Err(Unkept::Remote), None, None),
    };
    Terms {
        name: spec.name.clone(),
        users: given.filter(|_| ours_to_say).map_or(Listed::Unknown, Listed::Given),
        digest: features.is_some_and(|features| features.rtsp_digest),
        kick: spec.may_kick,
        recordings,
        record_path,
        slates,
    }
}

/// Its version for people. Old ones don't say theirs, so that it is known only what they can do.
pub(super) fn version(features: &Features) -> String {
    match features.version.filter(|version| !version.is_self_built()) {
        Some(version) => version.to_string(),
        None => t!("server.at_least", version = features.at_least),
    }
}

/// What it can't do.
pub(super) fn lacks(terms: &Terms, features: &Features, started: bool) -> Vec<Lack> {
    let sees_files = terms.slates.is_ok();
    let lacks = [
        (!sees_files, Lack::Slates),
        (sees_files && !features.always_available, Lack::SlatesVersion),
        (terms.recordings.is_none(), Lack::Recordings),
        (!features.internal_users, Lack::UsersElsewhere),
        (features.internal_users && matches!(terms.users, Listed::Unknown), Lack::Users),
        (features.internal_users && !features.rtsp_hashes, Lack::RtspPasswords),
        (matches!(terms.users, Listed::Given(_)) && terms.digest, Lack::Digest),
        (!terms.kick, Lack::Kick),
        (!features.hls_sessions, Lack::HlsViewers),
        (!started, Lack::Start),
    ];
    let of_this = lacks.into_iter().filter(|(lacks, _)| *lacks).map(|(_, lack)| lack);
    of_this.chain(Lack::ALWAYS).collect()
}

/// Where viewers find it.
pub(super) fn addresses(spec: &ServerSpec, api: &ApiAddress) -> Vec<Address> {
    let host = spec.host.clone().unwrap_or_else(|| api.host().trim_matches(['[', ']']).to_owned());
    vec![Address { label: spec.name.clone(), host }]
}

/// What is wrong, and whether a person has to do something about it.
pub(super) fn flawed(flaw: &Flaw, host: &str) -> (Error, bool) {
    let of = |code| Error::new(code).with("host", host);
    let (error, lasting) = match flaw {
        Flaw::UnknownName => (of(Code::RemoteNameUnknown), false),
        Flaw::Refused => (of(Code::RemoteRefused), false),
        Flaw::Unreachable(reason) => (of(Code::RemoteUnreachable).with("reason", reason), false),
        Flaw::NoConnection => (of(Code::RemoteNoConnection), false),
        Flaw::NotEncrypted => (of(Code::RemoteNotEncrypted), true),
        Flaw::NeedsEncryption => (of(Code::RemoteNeedsEncryption), true),
        Flaw::Certificate(fault) => (certificate(fault, host), true),
        Flaw::Silent => (of(Code::RemoteSilent), false),
        Flaw::HungUp => (of(Code::RemoteHungUp), false),
        Flaw::NotHttp => (of(Code::RemoteNotHttp), true),
        Flaw::Moved(place) => {
            (of(Code::RemoteMoved).with("location", place.as_deref().unwrap_or_default()), true)
        }
        Flaw::WebPage => (of(Code::RemoteWebPage), true),
        Flaw::Gateway(status) => (of(Code::RemoteGateway).with("status", status), false),
        Flaw::Broken(status) => (of(Code::RemoteBroken).with("status", status), false),
        Flaw::NoApi => (of(Code::RemoteNoApi), true),
        Flaw::NotMediaMtx(status) => (of(Code::RemoteNotMediamtx).with("status", status), true),
        Flaw::PasswordMissing => (of(Code::RemotePasswordMissing), true),
        Flaw::PasswordWrong => (of(Code::RemotePasswordWrong), true),
        Flaw::Forbidden => (of(Code::RemoteForbidden), true),
        Flaw::TooOld => (of(Code::RemoteTooOld), true),
    };
    (error, lasting)
}

fn certificate(fault: &CertificateFault, host: &str) -> Error {
    let code = match fault.problem {
        CertificateProblem::Untrusted => Code::RemoteCertificateUnknown,
        CertificateProblem::Expired | CertificateProblem::NotYetValid => Code::RemoteCertificateExpired,
        CertificateProblem::WrongName => Code::RemoteCertificateName,
        CertificateProblem::Changed => Code::RemoteCertificateChanged,
        CertificateProblem::Unfit => Code::RemoteCertificateUnfit,
    };
    Error::new(code).with("host", host)
}

/// Why nothing can be sent there.
pub(super) fn unsent(refusal: &Refusal, host: &str) -> Error {
    match refusal {
        Refusal::Login => Error::new(Code::RemotePublishLogin).with("host", host),
        Refusal::Unreachable(ApiError::Certificate(fault)) => certificate(fault, host),
        Refusal::Unreachable(error) => {
            let reason = match error {
                ApiError::Unreachable(
                    broken @ (Broken::Refused | Broken::NoConnection | Broken::UnknownName),
                ) => broken.to_string(),
                other => other.to_string(),
            };
            Error::new(Code::RemotePublishUnreachable).with("host", host).with("reason", reason)
        }
    }
}

#[cfg(test)]
mod tests {
    use stream_api::Secret;

    use super::*;

    fn door(encrypted: bool, port: u16) -> Door {
        Door { protocol: Protocol::Rtsp, encrypted, port }
    }

    #[test]
    fn streams_are_sent_where_the_server_listens_or_where_is_said() {
        let place = |spec: &ServerSpec, doors: &[Door]| {
            let aim = aim(spec, &OtherSecrets::default(), doors).map_err(|error| error.code)?;
            Ok((aim.host, aim.port, aim.trust.is_some()))
        };
        let plain = ServerSpec::remote("a", "http://h:9997/");
        let both = [door(false, 8554), door(true, 8322)];
        assert_eq!(place(&plain, &both), Ok(("h".to_owned(), 8554, false)));
        assert_eq!(place(&plain, &both[1..]), Ok(("h".to_owned(), 8322, true)));
        let encrypted = ServerSpec::remote("a", "https://h:9997/");
        assert_eq!(place(&encrypted, &both), Ok(("h".to_owned(), 8322, true)));
        assert_eq!(place(&plain, &[]), Err(Code::RemoteNoRtsp));
        for (said, expected) in [
            ("rtsp://other", Some(("other", 8554, false))),
            ("rtsps://[::1]/", Some(("[::1]", 8322, true))),
            ("RTSP://[fd00::1]:99", Some(("[fd00::1]", 99, false))),
            ("http://h:1", None),
            ("rtsp://h:0", None),
            ("rtsp://me:pass@h:1", None),
            ("rtsp://", None),
            ("h:8554", None),
        ] {
            let spec = ServerSpec { publish: Some(said.to_owned()), ..plain.clone() };
            let expected = expected.map(|(host, port, tls)| (host.to_owned(), port, tls));
            assert_eq!(place(&spec, &[]), expected.ok_or(Code::ServerAddressUnfit), "{said}");
        }
    }

    #[test]
    fn a_version_that_is_not_said_is_at_least_something() {
        let mut features = Features::default();
        assert_eq!(version(&features), format!("at least {}", features.at_least));
        features.version = mediamtx_client::Version::parse("v1.20.1");
        assert_eq!(version(&features), "1.20.1");
    }

    #[test]
    fn a_list_of_users_has_us_in_it() {
        let spec = ServerSpec { user: "owner".to_owned(), ..ServerSpec::remote("a", "h") };
        let list = |name: &str| format!("- user: {name}\n  pass: x\n  permissions: [{{action: api}}]\n");
        assert_eq!(given_users(&list("owner"), &spec).map(|users| users.len()), Ok(1));
        let code = |text: &str| given_users(text, &spec).map_err(|error| error.code).err();
        assert_eq!(code(&list("somebody")), Some(Code::UsersWithoutUs));
        assert_eq!(code("nonsense"), Some(Code::UsersUnreadable));
    }

    #[test]
    fn an_address_with_a_password_is_not_repeated() {
        let secrets = OtherSecrets { password: Some(Secret::new("s3cret")), ..OtherSecrets::default() };
        let spec = ServerSpec { user: "me".to_owned(), ..ServerSpec::remote("a", "rtsp://me:s3cret@h:1") };
        let error = address(&spec, &secrets).map(drop).map_err(|error| error.message);
        assert!(error.as_ref().is_err_and(|text| !text.contains("s3cret")), "{error:?}");
        for (typed, shown) in [
            ("me:s3cret@h:99999", "***@h:99999"),
            ("http://me:s3cret@h:99999", "http://***@h:99999"),
            ("http://me:s3cret/pa@ss@h:x", "http://***@h:x"),
            ("me:s3cret://@h", "***@h"),
            ("h:99999", "h:99999"),
        ] {
            let error = unfit(typed);
            assert_eq!(error.args["address"], shown, "{typed}");
        }
    }
}
