//! JSON over HTTP, for asking the programs that are measured.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

/// One host, over a connection that is kept.
pub(super) struct Api {
    agent: ureq::Agent,
    base: String,
    /// The whole `Authorization` header, where one is needed.
    authorization: Option<String>,
}

impl Api {
    pub(super) fn new(base: &str) -> Self {
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(20)))
            .http_status_as_error(false)
            .build()
            .into();
        Self { agent, base: base.to_owned(), authorization: None }
    }

    pub(super) fn with_authorization(self, authorization: &str) -> Self {
        Self { authorization: Some(authorization.to_owned()), ..self }
    }

    /// The answer to a GET; `None` when it isn't a success.
    pub(super) fn try_get(&self, path: &str) -> Result<Option<Value>> {
        let mut request = self.agent.get(format!("{}{path}", self.base));
        if let Some(authorization) = &self.authorization {
            request = request.header("Authorization", authorization);
        }
        let mut response = request.call()?;
        let text = response.body_mut().read_to_string()?;
        Ok(response.status().is_success().then(|| serde_json::from_str(&text)).transpose()?)
    }

    pub(super) fn get(&self, path: &str) -> Result<Value> {
        self.try_get(path)?.with_context(|| format!("GET {path} failed"))
    }

    /// The answer to a POST, which must be a success.
    pub(super) fn post(&self, path: &str, body: Option<&Value>) -> Result<Value> {
        let request = self.agent.post(format!("{}{path}", self.base));
        let mut response = match body {
            Some(body) => request.header("Content-Type", "application/json").send(body.to_string()),
            None => request.send_empty(),
        }?;
        let text = response.body_mut().read_to_string()?;
        if !response.status().is_success() {
            bail!("POST {path} failed: {text}");
        }
        Ok(serde_json::from_str(&text)?)
    }
}
