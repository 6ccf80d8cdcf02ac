//! A server as a person gives it, and as it is stored: passwords apart.

use mediamtx_client::{ApiAddress, Fingerprint};
use stream_api::{
    Code, Error, Secret, ServerKind, ServerSpec, check_server_name,
    commands::{PasswordChange, ServerSecrets},
};

use crate::{
    server,
    stored_other::{OtherSecrets, StoredOther},
};

/// What is to be stored, from what was given and what is stored now.
///
/// # Errors
/// What is wrong with it.
pub(super) fn given(
    spec: ServerSpec,
    secrets: ServerSecrets,
    before: Option<&(StoredOther, OtherSecrets)>,
) -> Result<(ServerSpec, OtherSecrets), Error> {
    check_server_name(&spec.name)?;
    let bad = |reason: &str| Err(Error::new(Code::BadRequest).with("reason", reason));
    match (spec.kind, &spec.folder) {
        (ServerKind::Bundled, _) => return bad("kind: the bundled server is there already"),
        (ServerKind::SharedFolder, None) => return bad("folder: missing"),
        (ServerKind::SharedFolder, Some(folder)) if !std::path::Path::new(&folder.here).is_absolute() => {
            return bad("folder: not an absolute path");
        }
        (ServerKind::SharedFolder, Some(_)) | (ServerKind::Remote, _) => {}
    }
    let typed: ApiAddress = spec.api.parse().map_err(|_| server::unfit(&spec.api))?;
    let inside = typed.credentials.clone();
    let user = inside.as_ref().map_or(spec.user.trim(), |inside| inside.user.as_str()).to_owned();
    let spec = ServerSpec {
        name: spec.name.trim().to_owned(),
        api: typed.base().to_owned(),
        user,
        fingerprint: fingerprint(spec.fingerprint)?,
        publish: filled(spec.publish),
        publish_user: spec.publish_user.trim().to_owned(),
        publish_fingerprint: fingerprint(spec.publish_fingerprint)?,
        host: filled(spec.host),
        folder: spec.folder.filter(|_| spec.kind == ServerKind::SharedFolder),
        ..spec
    };
    // A password is for the one who asked for it, at the place where it was given.
    let same = |what: fn(&ServerSpec) -> (&str, &str)| {
        before.filter(|(stored, _)| what(&stored.spec) == what(&spec)).map(|(_, kept)| kept)
    };
    let login = same(|spec| (&spec.api, &spec.user));
    let publish = same(|spec| (spec.publish.as_deref().unwrap_or(&spec.api), &spec.publish_user));
    let list = same(|spec| (&spec.api, ""));
    let password = match (secrets.password, inside) {
        (PasswordChange::Keep, Some(inside)) => PasswordChange::Set(inside.pass),
        (change, _) => change,
    };
    let kept = OtherSecrets {
        password: changed(password, login.and_then(|kept| kept.password.clone())),
        publish_password: changed(
            secrets.publish_password,
            publish.and_then(|kept| kept.publish_password.clone()),
        ),
        users: changed(secrets.users, list.and_then(|kept| kept.users.clone())),
    };
    if let Some(text) = &kept.users {
        server::given_users(text.reveal(), &spec)?;
    }
    server::check_aim(&spec)?;
    let spec = ServerSpec {
        has_password: kept.password.is_some(),
        has_publish_password: kept.publish_password.is_some(),
        has_users: kept.users.is_some(),
        ..spec
    };
    Ok((spec, kept))
}

fn changed(change: PasswordChange, before: Option<Secret>) -> Option<Secret> {
    match change {
        PasswordChange::Keep => before,
        PasswordChange::Remove => None,
        PasswordChange::Set(secret) => Some(secret).filter(|secret| !secret.is_empty()),
    }
}

fn filled(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn fingerprint(text: Option<String>) -> Result<Option<String>, Error> {
    let Some(text) = filled(text) else { return Ok(None) };
    let parsed: Fingerprint = text.parse().map_err(|_| Error::new(Code::FingerprintUnfit))?;
    Ok(Some(parsed.to_string()))
}

#[cfg(test)]
mod tests {
    use stream_api::{ServerId, SharedFolder};

    use super::*;

    fn set(text: &str) -> PasswordChange {
        PasswordChange::Set(Secret::new(text))
    }

    fn code(spec: ServerSpec) -> Option<Code> {
        given(spec, ServerSecrets::default(), None).map_err(|error| error.code).err()
    }

    #[test]
    fn a_password_stays_with_its_place_and_user() {
        let typed = ServerSpec::remote(" Hall ", "http://me:one@hall:9997/v3/paths/list");
        let secrets = ServerSecrets { publish_password: set("two"), ..ServerSecrets::default() };
        let typed = ServerSpec { publish_user: "cam".into(), ..typed };
        let (spec, kept) = given(typed, secrets, None).unwrap();
        assert_eq!(
            (spec.name.as_str(), spec.api.as_str(), spec.user.as_str()),
            ("Hall", "http://hall:9997/", "me")
        );
        assert!(spec.has_password && spec.has_publish_password && !spec.has_users);
        assert_eq!(kept.password, Some(Secret::new("one")));
        let before = (StoredOther { id: ServerId::BUNDLED, spec: spec.clone() }, kept);
        let again = |spec: ServerSpec| given(spec, ServerSecrets::default(), Some(&before)).unwrap().1;
        assert_eq!(again(ServerSpec { name: "Other".into(), ..spec.clone() }), before.1);
        let moved = again(ServerSpec { api: "http://thief:9997".into(), ..spec.clone() });
        assert!(moved.is_empty(), "nobody else gets it");
        let renamed = again(ServerSpec { user: "you".into(), ..spec.clone() });
        assert_eq!((renamed.password, renamed.publish_password), (None, Some(Secret::new("two"))));
        let gone = ServerSecrets { password: PasswordChange::Remove, ..ServerSecrets::default() };
        assert!(!given(spec, gone, Some(&before)).unwrap().0.has_password);
    }

    #[test]
    fn what_can_not_be_is_refused() {
        let spec = |api: &str| ServerSpec::remote("a", api);
        assert_eq!(code(spec("h")), None);
        assert_eq!(code(spec("rtsp://h")), Some(Code::ServerAddressUnfit));
        assert_eq!(code(ServerSpec::remote("", "h")), Some(Code::ServerNameUnfit));
        let bad = |change: fn(&mut ServerSpec)| {
            let mut spec = spec("h");
            change(&mut spec);
            code(spec)
        };
        assert_eq!(bad(|spec| spec.kind = ServerKind::Bundled), Some(Code::BadRequest));
        assert_eq!(bad(|spec| spec.kind = ServerKind::SharedFolder), Some(Code::BadRequest));
        assert_eq!(bad(|spec| spec.fingerprint = Some("x".into())), Some(Code::FingerprintUnfit));
        assert_eq!(bad(|spec| spec.publish = Some("http://h".into())), Some(Code::ServerAddressUnfit));
        let folder = SharedFolder { here: "relative".into(), there: None };
        let shared = ServerSpec { kind: ServerKind::SharedFolder, folder: Some(folder), ..spec("h") };
        assert_eq!(code(shared), Some(Code::BadRequest));
    }
}
