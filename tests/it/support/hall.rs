//! Somebody else's MediaMTX, to which streams are sent: a real one, with users of its own.

use std::{
    fs::{self, File},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use serde_json::{Value, json};
use testkit::free_port;

use super::{Server, certificate, until};

pub const OWNER_PASSWORD: &str = "Owner-pw_of_hall1";
pub const PUBLISH_PASSWORD: &str = "Publish-pw_of_hall2";
pub const READ_PASSWORD: &str = "Read-pw_of_hall3";

/// Ended when dropped.
pub struct Hall {
    dir: tempfile::TempDir,
    program: PathBuf,
    /// Where it listens, as in an address.
    host: &'static str,
    /// rtsp, rtsps, rtmp, hls, webrtc, api, webrtc's media, srt.
    ports: [u16; 8],
    /// What its configuration has besides the usual.
    more: Value,
    child: Option<Child>,
    http: reqwest::Client,
}

impl Hall {
    /// Of the pinned version.
    pub async fn usual() -> Hall {
        Hall::with(testkit::fixtures::mediamtx(), json!({})).await
    }

    /// That is reached by IPv6 alone; none where this computer has none.
    pub async fn by_ipv6() -> Option<Hall> {
        if std::net::TcpListener::bind("[::1]:0").is_err() {
            super::skipped("no IPv6 here");
            return None;
        }
        let (program, more) = (testkit::fixtures::mediamtx(), json!({ "srt": false, "webrtc": false }));
        Some(Hall::started(Hall::folder(), program, "[::1]", more).await)
    }

    /// Of another one; none where that is not at hand.
    pub async fn of(version: &str) -> Option<Hall> {
        Some(Hall::with(testkit::fixtures::mediamtx_version(version)?, json!({})).await)
    }

    /// With more in its configuration than the usual.
    pub async fn with(program: PathBuf, more: Value) -> Hall {
        Hall::started(Hall::folder(), program, "127.0.0.1", more).await
    }

    fn folder() -> tempfile::TempDir {
        tempfile::Builder::new().prefix("stream-manager-hall-").tempdir().unwrap()
    }

    async fn started(dir: tempfile::TempDir, program: PathBuf, host: &'static str, more: Value) -> Hall {
        let mut hall = Hall {
            dir,
            program,
            host,
            ports: std::array::from_fn(|_| free_port()),
            more,
            child: None,
            http: reqwest::Client::new(),
        };
        hall.start().await;
        hall
    }

    /// With an API and RTSP that are encrypted alone, by a certificate of its own making.
    pub async fn encrypted() -> Hall {
        let dir = Hall::folder();
        let (key, certificate) = certificate::make(dir.path(), "hall");
        let more = json!({
            "apiEncryption": true, "apiServerKey": key, "apiServerCert": certificate,
            "rtspEncryption": "strict", "rtspServerKey": key, "rtspServerCert": certificate,
        });
        Hall::started(dir, testkit::fixtures::mediamtx(), "127.0.0.1", more).await
    }

    /// The owner's complete list of users.
    pub fn users() -> Value {
        let may = |action: &str| json!({ "action": action });
        json!([
            { "user": "owner", "pass": OWNER_PASSWORD, "permissions": [may("api")] },
            { "user": "publisher", "pass": PUBLISH_PASSWORD, "permissions": [may("publish")] },
            { "user": "reader", "pass": READ_PASSWORD, "permissions": [may("read")] },
        ])
    }

    /// After [`Hall::kill`], at the same ports.
    #[expect(clippy::disallowed_methods, reason = "somebody else's program, ended on drop")]
    pub async fn start(&mut self) {
        let [rtsp, rtsps, rtmp, hls, webrtc, api, webrtc_udp, srt] = self.ports;
        let host = self.host;
        let at = |port: u16| format!("{host}:{port}");
        let mut config = json!({
            "api": true, "apiAddress": at(api), "rtspTransports": ["tcp"], "rtspAddress": at(rtsp),
            "rtspsAddress": at(rtsps), "rtmpAddress": at(rtmp), "hlsAddress": at(hls), "webrtcAddress": at(webrtc),
            "webrtcLocalUDPAddress": at(webrtc_udp), "srtAddress": at(srt),
            "authInternalUsers": Hall::users(), "paths": { "theirs": { "maxReaders": 7 } },
        });
        if !self.program.to_string_lossy().contains("1.12.3") {
            config["moq"] = false.into();
        }
        for (key, value) in self.more.as_object().unwrap() {
            config[key] = value.clone();
        }
        let file = self.dir.path().join("mediamtx.yml");
        fs::write(&file, config.to_string()).unwrap();
        let log = File::create(self.dir.path().join("log")).unwrap();
        let mut command = Command::new(&self.program);
        command
            .arg(&file)
            .current_dir(self.dir.path())
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .stdout(log);
        self.child = Some(command.spawn().unwrap());
        // The API is the last of its listeners.
        let connect = || tokio::net::TcpStream::connect(at(api));
        until("somebody else's server is up", async || connect().await.ok()).await;
    }

    /// Ends it as a power cut would.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Its owner sets it otherwise: from the next [`Hall::start`] on.
    pub fn says(&mut self, key: &str, value: Value) {
        self.more[key] = value;
    }

    /// Its owner installs another version: from the next [`Hall::start`] on.
    pub fn becomes(&mut self, version: &str) {
        self.program = testkit::fixtures::mediamtx_version(version).expect("it is at hand");
    }

    /// Of the process that runs.
    pub fn pid(&self) -> i32 {
        self.child.as_ref().unwrap().id().cast_signed()
    }

    /// Its Control API.
    pub fn api(&self) -> String {
        let s = if self.more.get("apiEncryption").is_some() { "s" } else { "" };
        format!("http{s}://{}:{}", self.host, self.ports[5])
    }

    /// What its owner asks of the Control API, where that is not encrypted; none when it does not answer with success.
    pub async fn ask(&self, method: &str, route: &str, body: Option<Value>) -> Option<Value> {
        let url = format!("{}/v3/{route}", self.api());
        let request =
            self.http.request(method.parse().unwrap(), url).basic_auth("owner", Some(OWNER_PASSWORD));
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        let answer = request.send().await.ok()?.error_for_status().ok()?.text().await.ok()?;
        Some(serde_json::from_str(&answer).unwrap_or_default())
    }

    /// The configuration of a path; none when it has none.
    pub async fn path(&self, name: &str) -> Option<Value> {
        let all = self.ask("GET", "config/paths/list", None).await?;
        all["items"].as_array()?.iter().find(|path| path["name"] == name).cloned()
    }

    /// As its owner changes a path.
    pub async fn patch(&self, name: &str, change: Value) {
        self.ask("PATCH", &format!("config/paths/patch/{name}"), Some(change)).await.expect("it takes it");
    }

    /// Where somebody watches who knows the password.
    pub fn watch(&self, name: &str) -> String {
        format!("rtsp://reader:{READ_PASSWORD}@{}:{}/{name}", self.host, self.ports[0])
    }

    pub fn rtsp(&self) -> u16 {
        self.ports[0]
    }

    pub fn rtsps(&self) -> u16 {
        self.ports[1]
    }

    /// As a person gives it.
    pub fn spec(&self, name: &str) -> Value {
        json!({
            "name": name, "kind": "remote", "api": self.api(), "user": "owner", "publish_user": "publisher",
            "may_kick": true,
        })
    }

    /// With it.
    pub fn secrets() -> Value {
        json!({ "password": { "set": OWNER_PASSWORD }, "publish_password": { "set": PUBLISH_PASSWORD } })
    }

    /// Adds it and waits until it is met: its id.
    pub async fn added_to(&self, server: &Server, name: &str) -> String {
        self.added_with(server, name, Hall::secrets()).await
    }

    /// The same with its owner's complete list of users, so that who may watch is set from here.
    pub async fn given_to(&self, server: &Server, name: &str) -> String {
        let mut secrets = Hall::secrets();
        secrets["users"] = json!({ "set": Hall::users().to_string() });
        self.added_with(server, name, secrets).await
    }

    async fn added_with(&self, server: &Server, name: &str, secrets: Value) -> String {
        let body = json!({ "spec": self.spec(name), "secrets": secrets });
        let added = server.post("/api/v1/servers", body).await.ok();
        let id = added["id"].as_str().unwrap().to_owned();
        until_other(server, &id, "running", |other| other["state"] == "running").await;
        id
    }
}

/// The server of this id, as soon as it is so.
pub async fn until_other(server: &Server, id: &str, what: &str, is: impl Fn(&Value) -> bool) -> Value {
    until(&format!("the other server is {what}"), async || {
        let all = server.get("/api/v1/servers").await;
        let found = all["servers"].as_array()?.iter().find(|other| other["id"] == id)?.clone();
        is(&found).then_some(found)
    })
    .await
}

impl Drop for Hall {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = fs::read_to_string(self.dir.path().join("log")).unwrap_or_default();
            eprintln!("somebody else's server said:\n{log}");
        }
        self.kill();
    }
}
