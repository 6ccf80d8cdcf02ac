//! Certificates that nobody signed.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Makes one for this name in `dir`: the files of its key and of itself.
#[expect(clippy::disallowed_methods, reason = "openssl, which ends by itself")]
pub fn make(dir: &Path, name: &str) -> (PathBuf, PathBuf) {
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]);
    openssl.args(["-days", "2", "-keyout", "key.pem", "-out", "cert.pem", "-subj", &format!("/CN={name}")]);
    let made = openssl.current_dir(dir).stdin(Stdio::null()).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    (dir.join("key.pem"), dir.join("cert.pem"))
}

/// SHA-256 of a certificate in a file, in pairs of digits.
#[expect(clippy::disallowed_methods, reason = "openssl, which ends by itself")]
pub fn fingerprint(certificate: &Path) -> String {
    let mut openssl = Command::new("openssl");
    openssl.args(["x509", "-noout", "-fingerprint", "-sha256", "-in"]).arg(certificate);
    let text = String::from_utf8(openssl.output().unwrap().stdout).unwrap();
    text.trim().rsplit_once('=').expect("sha256 Fingerprint=…").1.to_owned()
}
