//! Which certificate is believed, and what is wrong with one that is not.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, OtherError, SignatureScheme};
use sha2::{Digest as _, Sha256};

/// Which certificate of an encrypted server is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Trust {
    /// One that this computer's system believes.
    #[default]
    System,
    /// This one and no other, whoever made it, whatever its name and dates. A user agreed to it.
    Pinned(Fingerprint),
    /// Any: encrypted, but nobody knows by whom it is read. A user agreed to that.
    Any,
}

/// SHA-256 of a certificate.
///
/// Shown as MediaMTX's `sourceFingerprint` and `openssl x509 -fingerprint -sha256` write it, in small letters and
/// without colons; read with or without them.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

/// What is wrong with a server's certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateProblem {
    /// Nobody whom the system believes has signed it; a self-signed one, mostly.
    Untrusted,
    /// Its time is over.
    Expired,
    /// Its time has not begun. One of the two clocks may be wrong.
    NotYetValid,
    /// It is for another name or address than the one that was asked.
    WrongName,
    /// It is not the one that the user agreed to.
    Changed,
    /// It is broken, revoked or made for something else.
    Unfit,
}

/// A certificate that is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the server's certificate {fingerprint} is not accepted: {problem:?}")]
pub struct CertificateFault {
    /// Why.
    pub problem: CertificateProblem,
    /// Which one it is, so that a user can agree to it by [`Trust::Pinned`].
    pub fingerprint: Fingerprint,
}

impl Fingerprint {
    fn of(certificate: &CertificateDer<'_>) -> Fingerprint {
        Fingerprint(Sha256::digest(certificate.as_ref()).into())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

/// A text is no SHA-256 of a certificate: 64 digits and letters from a to f.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a SHA-256 fingerprint")]
pub struct NoFingerprint;

impl FromStr for Fingerprint {
    type Err = NoFingerprint;

    fn from_str(text: &str) -> Result<Fingerprint, NoFingerprint> {
        let digits: Vec<u32> = text
            .trim()
            .chars()
            .filter(|one| *one != ':')
            .map(|one| one.to_digit(16))
            .collect::<Option<_>>()
            .ok_or(NoFingerprint)?;
        let bytes: Vec<u8> =
            digits.chunks_exact(2).filter_map(|pair| u8::try_from(pair[0] * 16 + pair[1]).ok()).collect();
        if digits.len() != 64 {
            return Err(NoFingerprint);
        }
        bytes.try_into().map(Fingerprint).map_err(|_| NoFingerprint)
    }
}

/// What a connection to an encrypted server is made with.
///
/// # Errors
/// When the system's own list of certificates can't be used.
pub(crate) fn client_config(trust: Trust) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(ring::default_provider());
    let system = match trust {
        Trust::System => Some(rustls_platform_verifier::Verifier::new(Arc::clone(&provider))?),
        Trust::Pinned(_) | Trust::Any => None,
    };
    let verifier = Verifier { trust, system, provider: Arc::clone(&provider) };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(config)
}

/// Asks the system, or compares with what the user agreed to. A refusal carries the certificate's fingerprint.
#[derive(Debug)]
struct Verifier {
    trust: Trust,
    system: Option<rustls_platform_verifier::Verifier>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let fingerprint = Fingerprint::of(end_entity);
        let problem = match (self.trust, &self.system) {
            (Trust::Pinned(expected), _) if expected != fingerprint => CertificateProblem::Changed,
            (Trust::System, Some(system)) => {
                let asked =
                    system.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
                match asked {
                    Ok(good) => return Ok(good),
                    Err(rustls::Error::InvalidCertificate(error)) => problem(&error),
                    Err(_) => CertificateProblem::Unfit,
                }
            }
            _ => return Ok(ServerCertVerified::assertion()),
        };
        let fault = CertificateFault { problem, fingerprint };
        Err(rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(fault)))))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

fn problem(error: &CertificateError) -> CertificateProblem {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => CertificateProblem::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            CertificateProblem::NotYetValid
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            CertificateProblem::WrongName
        }
        // `Other`: among them certificates of an authority that serve as a server's own, as `openssl req -x509` makes.
        CertificateError::UnknownIssuer | CertificateError::Other(_) => CertificateProblem::Untrusted,
        _ => CertificateProblem::Unfit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_are_read_with_and_without_colons() {
        let plain = "0123456789abcdef".repeat(4);
        let parsed: Fingerprint = plain.parse().unwrap();
        assert_eq!(parsed.to_string(), plain);
        let pairs: Vec<String> = plain
            .to_uppercase()
            .as_bytes()
            .chunks(2)
            .map(|two| String::from_utf8_lossy(two).into_owned())
            .collect();
        assert_eq!(pairs.join(":").parse(), Ok(parsed));
        for bad in ["", "01", &"0".repeat(63), &"0".repeat(66), &"g".repeat(64), &"ä".repeat(64)] {
            assert_eq!(bad.parse::<Fingerprint>(), Err(NoFingerprint), "{bad:?}");
        }
    }
}
