//! Servers that misbehave, and real ones that are asked wrongly: each is told apart.

#![expect(clippy::unwrap_used, reason = "a test says so by failing")]

mod support;

use std::sync::Arc;

use mediamtx_client::{Api, ApiAddress, ApiError, CertificateProblem, Fingerprint, Flaw, Trust, examine};
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use stream_api::{Outcome, ServerStep};
use support::fake::{Fake, http};
use support::{API_PASS, PUBLISH_PASS, Server};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

struct Certificate {
    der: CertificateDer<'static>,
    key: KeyPair,
}

impl Certificate {
    /// Self-signed, for `name`, until the first day of a year.
    fn new(name: &str, year: i32) -> Certificate {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.not_after = date_time_ymd(year, 1, 1);
        let key = KeyPair::generate().unwrap();
        Certificate { der: params.self_signed(&key).unwrap().der().clone(), key }
    }

    fn acceptor(&self) -> TlsAcceptor {
        let key = PrivateKeyDer::try_from(self.key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![self.der.clone()], key)
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }
}

async fn flaw(address: &ApiAddress) -> Flaw {
    let examination = examine(address).await;
    let flaw = examination.flaw.clone().unwrap();
    for (step, outcome) in examination.steps() {
        assert_eq!(outcome == Outcome::Failed, step == flaw.step(), "{step:?}");
        assert!(step <= flaw.step() || outcome == Outcome::Skipped, "{step:?}");
    }
    assert_eq!(examination.features, None);
    flaw
}

#[tokio::test]
async fn each_wrong_answer_is_told_apart() {
    let page = "<!doctype html><title>Router</title>";
    let html = "Content-Type: text/html\r\n";
    let json = "Content-Type: application/json\r\n";
    let ours = "Server: mediamtx\r\n";
    for (answer, expected) in [
        (http("200 OK", html, page), Flaw::WebPage),
        (http("200 OK", "", page), Flaw::WebPage),
        (http("200 OK", json, r#"{"name":"something else"}"#), Flaw::NotMediaMtx(200)),
        (http("200 OK", json, "{\"apiAddress\": \"cut"), Flaw::NotMediaMtx(200)),
        (http("200 OK", "", ""), Flaw::NotMediaMtx(200)),
        (http("404 Not Found", "", "not here"), Flaw::NotMediaMtx(404)),
        (http("404 Not Found", html, page), Flaw::WebPage),
        (http("404 Not Found", ours, "404 page not found"), Flaw::NoApi),
        (http("302 Found", &format!("{ours}Location: /v3/\r\n"), ""), Flaw::NoApi),
        (
            http("302 Found", "Location: https://login/\r\n", ""),
            Flaw::Moved(Some("https://login/".to_owned())),
        ),
        (http("401 Unauthorized", "", ""), Flaw::PasswordMissing),
        (http("403 Forbidden", html, page), Flaw::Forbidden),
        (http("500 Internal Server Error", html, page), Flaw::Broken(500)),
        (http("502 Bad Gateway", html, page), Flaw::Gateway(502)),
        (
            http("400 Bad Request", "", "Client sent an HTTP request to an HTTPS server.\n"),
            Flaw::NeedsEncryption,
        ),
        (http("200 OK", json, r#"{"apiAddress":":9997","rtspAddress":":8554"}"#), Flaw::TooOld),
        ("RTSP/1.0 400 Bad Request\r\n\r\n".to_owned(), Flaw::NotHttp),
        ("\u{0}\u{1}garbage".repeat(20), Flaw::NotHttp),
        (String::new(), Flaw::HungUp),
    ] {
        let fake = Fake::plain(answer.clone()).await;
        assert_eq!(flaw(&fake.address()).await, expected, "{answer:?}");
    }
}

#[tokio::test]
async fn who_does_not_answer_is_told_in_time() {
    let fake = Fake::silent().await;
    let free = testkit::free_port();
    let nobody: ApiAddress = format!("http://127.0.0.1:{free}").parse().unwrap();
    let nameless: ApiAddress = "http://no-such-computer.invalid:9997".parse().unwrap();
    let encrypted = fake.encrypted_address("127.0.0.1");
    let address = fake.address();
    let (silent, hushed, refused, unknown) =
        tokio::join!(flaw(&address), flaw(&encrypted), flaw(&nobody), flaw(&nameless));
    assert_eq!((silent, hushed), (Flaw::Silent, Flaw::Silent));
    assert_eq!((refused, unknown), (Flaw::Refused, Flaw::UnknownName));
    let plain = Fake::plain(http("200 OK", "", "hello")).await;
    assert_eq!(flaw(&plain.encrypted_address("127.0.0.1")).await, Flaw::NotEncrypted);
}

#[tokio::test]
async fn a_certificate_is_judged_and_can_be_agreed_to() {
    let answer = || http("500 Internal Server Error", "", "");
    let good = Certificate::new("localhost", 2100);
    let fake = Fake::encrypted(answer(), good.acceptor()).await;
    let address = fake.encrypted_address("localhost");
    let Flaw::Certificate(fault) = flaw(&address).await else {
        panic!("a self-signed certificate is believed")
    };
    assert_eq!(fault.problem, CertificateProblem::Untrusted);

    // Agreed to, it is the one and only.
    let pinned = address.clone().with_trust(Trust::Pinned(fault.fingerprint));
    assert_eq!(flaw(&pinned).await, Flaw::Broken(500));
    let steps = examine(&pinned).await.steps();
    assert_eq!(steps[1], (ServerStep::Certificate, Outcome::Passed));
    let by_address = fake.encrypted_address("127.0.0.1").with_trust(Trust::Pinned(fault.fingerprint));
    assert_eq!(flaw(&by_address).await, Flaw::Broken(500), "whatever its name");
    let other: Fingerprint = "0".repeat(64).parse().unwrap();
    let Flaw::Certificate(changed) = flaw(&address.clone().with_trust(Trust::Pinned(other))).await else {
        panic!("another certificate than the one agreed to is believed")
    };
    assert_eq!((changed.problem, changed.fingerprint), (CertificateProblem::Changed, fault.fingerprint));
    assert_eq!(flaw(&address.with_trust(Trust::Any)).await, Flaw::Broken(500));

    let expired = Certificate::new("localhost", 2020);
    let fake = Fake::encrypted(answer(), expired.acceptor()).await;
    let address = fake.encrypted_address("localhost");
    let Flaw::Certificate(fault) = flaw(&address).await else { panic!("an expired certificate is believed") };
    assert_eq!(fault.problem, CertificateProblem::Expired);
    assert_eq!(flaw(&address.with_trust(Trust::Pinned(fault.fingerprint))).await, Flaw::Broken(500));
}

#[tokio::test]
async fn ipv6_and_a_prefix_reach_the_server() {
    let answer = http("500 Internal Server Error", "", "");
    let fake = Fake::by_ipv6(answer).await;
    for text in [format!("[::1]:{}", fake.port), format!("http://[::1]:{}/behind/a/proxy/", fake.port)] {
        assert_eq!(flaw(&text.parse().unwrap()).await, Flaw::Broken(500), "{text}");
    }
}

#[tokio::test]
async fn a_real_server_is_found_good_or_its_password_wrong() {
    for version in ["1.12.3", "1.20.1", "1.21.0"] {
        let Some(server) = Server::of_version(version).await else { continue };
        let address: ApiAddress = format!("127.0.0.1:{}", server.config.settings.ports.api).parse().unwrap();
        let good = examine(&address.clone().with_credentials("control", API_PASS)).await;
        assert_eq!(good.flaw, None, "{version}");
        assert_eq!(good.features, server.api().features().await.ok(), "{version}");
        let steps = good.steps();
        assert_eq!(steps[1], (ServerStep::Certificate, Outcome::Skipped));
        let passed = steps.iter().filter(|(_, outcome)| *outcome == Outcome::Passed).count();
        assert_eq!(passed, steps.len() - 1, "all others: {steps:?}");

        let wrong = address.clone().with_credentials("control", "wrong");
        let powerless = address.clone().with_credentials("publisher", PUBLISH_PASS);
        let hls: ApiAddress = format!("127.0.0.1:{}", server.config.settings.ports.hls).parse().unwrap();
        let rtsp: ApiAddress = format!("127.0.0.1:{}", server.config.settings.ports.rtsp).parse().unwrap();
        let (missing, wrong, powerless, hls, rtsp) =
            tokio::join!(flaw(&address), flaw(&wrong), flaw(&powerless), flaw(&hls), flaw(&rtsp));
        assert_eq!(
            (missing, wrong, powerless),
            (Flaw::PasswordMissing, Flaw::PasswordWrong, Flaw::PasswordWrong)
        );
        assert_eq!(hls, Flaw::NoApi, "{version}");
        assert_eq!(rtsp.step(), ServerStep::Identity, "{version}: {rtsp:?}");
    }
}

#[tokio::test]
async fn a_list_without_an_end_is_none() {
    let page = r#"{"itemCount":9,"pageCount":4294967295,"items":[{"name":"a"}]}"#;
    let fake = Fake::plain(http("200 OK", "", page)).await;
    let api = Api::new(fake.address());
    let limit = std::time::Duration::from_secs(20);
    let names = tokio::time::timeout(limit, api.configured_paths()).await.expect("it ends");
    assert!(matches!(names, Err(ApiError::Garbage(_))), "{names:?}");
}
