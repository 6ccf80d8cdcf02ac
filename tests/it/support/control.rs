//! MediaMTX's own API with our password, as somebody who meddles would use it.

use serde_json::{Value, json};

use super::Dir;

pub struct Control {
    http: reqwest::Client,
    url: String,
    pass: String,
    users: Vec<Value>,
}

impl Control {
    /// Of the MediaMTX that the server of `dir` runs.
    pub fn of(dir: &Dir) -> Control {
        let read = |path: &str| std::fs::read_to_string(dir.data().join(path)).unwrap();
        let config: Value = serde_json::from_str(&read("config.json")).unwrap();
        let file = read("run/mediamtx.yml");
        // Each user is a line of JSON.
        let users =
            file.lines().filter_map(|line| serde_json::from_str::<Value>(line.strip_prefix("  - ")?).ok());
        // Addresses are listed likewise.
        let users: Vec<Value> = users.filter(|user| user["user"].is_string()).collect();
        let ours = users.iter().find(|user| user["user"] == "manager").expect("our user is there");
        let pass = ours["pass"].as_str().expect("it has a password").to_owned();
        let http = reqwest::Client::builder().timeout(std::time::Duration::from_secs(5)).build().unwrap();
        let url = format!("http://127.0.0.1:{}/v3/config", config["server"]["ports"]["api"]);
        Control { http, url, pass, users }
    }

    /// The users with which it was started.
    pub fn users(&self) -> Vec<Value> {
        self.users.clone()
    }

    /// The status of its answer; 0 for none.
    pub async fn patch_global(&self, change: &Value) -> u16 {
        self.send(self.http.patch(format!("{}/global/patch", self.url)).json(change)).await.0
    }

    /// What every path starts from.
    pub async fn patch_defaults(&self, change: &Value) -> (u16, String) {
        self.send(self.http.patch(format!("{}/pathdefaults/patch", self.url)).json(change)).await
    }

    /// Adds a path. Status and text of the answer, as for its neighbours.
    pub async fn add_path(&self, name: &str, path: &Value) -> (u16, String) {
        self.send(self.http.post(format!("{}/paths/add/{name}", self.url)).json(path)).await
    }

    pub async fn remove_path(&self, name: &str) -> (u16, String) {
        self.send(self.http.delete(format!("{}/paths/delete/{name}", self.url))).await
    }

    pub async fn patch_path(&self, name: &str, change: &Value) -> (u16, String) {
        self.send(self.http.patch(format!("{}/paths/patch/{name}", self.url)).json(change)).await
    }

    /// What a path is like; null when there is none.
    pub async fn path(&self, name: &str) -> Value {
        let (_, text) = self.send(self.http.get(format!("{}/paths/get/{name}", self.url))).await;
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// What every path starts from.
    pub async fn defaults(&self) -> Value {
        let (_, text) = self.send(self.http.get(format!("{}/pathdefaults/get", self.url))).await;
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// The names of the paths that are configured.
    pub async fn paths(&self) -> Vec<String> {
        let (_, text) = self.send(self.http.get(format!("{}/paths/list", self.url))).await;
        let list: Value = serde_json::from_str(&text).unwrap();
        list["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|path| path["name"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Writes one path again and again.
    pub async fn write_paths(&self, times: usize) {
        for n in 0..times {
            let body = json!({ "record": false, "maxReaders": n });
            self.send(self.http.post(format!("{}/paths/replace/meddler", self.url)).json(&body)).await;
        }
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> (u16, String) {
        match request.basic_auth("manager", Some(&self.pass)).send().await {
            Ok(answer) => (answer.status().as_u16(), answer.text().await.unwrap_or_default()),
            Err(_) => (0, String::new()),
        }
    }
}
