//! JSON over HTTP, for asking the programs that are measured.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use ureq::http::Request;

/// One host, over a connection that is kept.
pub(crate) struct Api {
    agent: ureq::Agent,
    base: String,
    /// The whole `Authorization` header, where one is needed.
    authorization: Option<String>,
}

impl Api {
    pub(crate) fn new(base: &str) -> Self {
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(20)))
            .http_status_as_error(false)
            .build()
            .into();
        Self { agent, base: base.to_owned(), authorization: None }
    }

    pub(crate) fn with_authorization(self, authorization: &str) -> Self {
        Self { authorization: Some(authorization.to_owned()), ..self }
    }

    /// The answer to a GET; `None` when it isn't a success.
    pub(crate) fn try_get(&self, path: &str) -> Result<Option<Value>> {
        let mut request = self.agent.get(format!("{}{path}", self.base));
        if let Some(authorization) = &self.authorization {
            request = request.header("Authorization", authorization);
        }
        let mut response = request.call()?;
        let text = response.body_mut().read_to_string()?;
        Ok(response.status().is_success().then(|| serde_json::from_str(&text)).transpose()?)
    }

    /// The address that every path is appended to.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    pub(crate) fn get(&self, path: &str) -> Result<Value> {
        self.try_get(path)?.with_context(|| format!("GET {path} failed"))
    }

    /// The answer to a POST, which must be a success.
    pub(crate) fn post(&self, path: &str, body: Option<&Value>) -> Result<Value> {
        let (is_success, answer) = self.send("POST", path, body)?;
        if !is_success {
            bail!("POST {path} failed: {answer}");
        }
        Ok(answer)
    }

    /// Whether a request succeeded, and its answer (`null` when that is no JSON).
    pub(crate) fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Result<(bool, Value)> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        if let Some(authorization) = &self.authorization {
            request = request.header("Authorization", authorization);
        }
        if method != "GET" {
            // Both servers ask for it, with or without a body.
            request = request.header("Content-Type", "application/json");
        }
        let mut response = match body {
            Some(body) => self.agent.run(request.body(body.to_string())?),
            None => self.agent.run(request.body(())?),
        }?;
        let text = response.body_mut().read_to_string()?;
        Ok((response.status().is_success(), serde_json::from_str(&text).unwrap_or_default()))
    }
}
