//! What people give: paths and addresses as they type them.

use std::path::Path;

use mediamtx_client::Fingerprint;
use stream_api::{Code, Error, NetworkSource, Secret, Source, SourceSecrets, given_path, split_address};

use crate::{engine::Inner, secrets, store::StoredStream};

/// The path that is meant; `~/` is the folder of the user who runs the engine.
pub(super) fn path(text: &str) -> String {
    let home = std::env::home_dir().and_then(|home| home.into_os_string().into_string().ok());
    given_path(text, home.as_deref())
}

/// A source that is meant, and the secrets that came with it.
pub(super) struct Given {
    pub(super) source: Source,
    pub(super) secrets: SourceSecrets,
}

/// Takes the secrets out of a source. What is said neither in it nor as `password` stays as it is `before`, as long as
/// it goes to the same host for the same user.
///
/// # Errors
/// As [`split_address`]; `source_relative`; `keychain_locked` when what stays can't be had.
pub(super) async fn source(
    engine: &Inner,
    source: Source,
    password: Option<Secret>,
    before: Option<&StoredStream>,
) -> Result<Given, Error> {
    let network = match source {
        Source::File { path } => {
            let path = self::path(&path);
            if !Path::new(&path).is_absolute() {
                return Err(Error::new(Code::SourceRelative).with("path", path));
            }
            return Ok(Given { source: Source::File { path }, secrets: SourceSecrets::default() });
        }
        Source::Incoming | Source::TestPattern => {
            return Ok(Given { source, secrets: SourceSecrets::default() });
        }
        Source::Network(network) => network,
    };
    let address = split_address(&network.url)?;
    let user = address.user.or(network.user).filter(|user| !user.is_empty());
    let mut secrets = address.secrets;
    let said = password.is_some();
    secrets.password = password.or(secrets.password);
    let same = |before: &&NetworkSource| {
        let host = |url: &str| split_address(url).map(|address| (address.scheme, address.host, address.port));
        host(&before.url) == host(&address.url) && before.user == user
    };
    if let Some(before) = before
        && before.spec.source.network().filter(same).is_some_and(|network| network.has_secret)
    {
        let kept = engine.secrets.find::<SourceSecrets>(before.id, secrets::SOURCE).await?;
        secrets = secrets.or_kept(&kept.unwrap_or_default());
    }
    if said {
        secrets.password = secrets.password.filter(|password| !password.is_empty());
    }
    let fingerprint = match network.fingerprint.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
        Some(text) => match text.parse::<Fingerprint>() {
            Ok(fingerprint) => Some(fingerprint.to_string()),
            Err(_) => return Err(Error::new(Code::FingerprintUnfit)),
        },
        None => None,
    };
    let source =
        NetworkSource { url: address.url, user, fingerprint, has_secret: !secrets.is_empty(), ..network };
    Ok(Given { source: Source::Network(source), secrets })
}
