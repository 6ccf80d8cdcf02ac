//! Files from the hosts of releases and packages.

use std::time::Duration;

use ureq::tls::{RootCerts, TlsConfig};

/// A host answers within this, or counts as out of reach.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The largest file has about 70 MB.
const DOWNLOAD_TIMEOUT: Duration = Duration::from_secs(300);
const SIZE_LIMIT: u64 = 200_000_000;

/// Why there is no program.
pub(super) enum Failure {
    /// No answer from the host, or nothing there that may be taken: another way may help.
    Unreachable(String),
    /// What came is not what was pinned, or can't be opened: no other way is tried.
    Wrong(anyhow::Error),
}

/// The file at `address`. Whom the system trusts is trusted, so it works behind an office's own certificate too.
pub(super) fn get(address: &str) -> Result<Vec<u8>, Failure> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_connect(Some(CONNECT_TIMEOUT))
        .timeout_global(Some(DOWNLOAD_TIMEOUT))
        .tls_config(TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build())
        .build()
        .into();
    let unreachable = |error: ureq::Error| Failure::Unreachable(error.to_string());
    let mut answer = agent.get(address).call().map_err(unreachable)?;
    answer.body_mut().with_config().limit(SIZE_LIMIT).read_to_vec().map_err(unreachable)
}
