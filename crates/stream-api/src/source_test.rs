use serde::{Deserialize, Serialize};

use crate::{Error, Plan, SourceMedia};

/// How far fetching a network source gets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SourceTested {
    /// In order.
    pub steps: Vec<TestStep>,
    /// What it sends; absent when it can't be fetched.
    pub media: Option<SourceMedia>,
    /// How that is passed on, and what plays where.
    pub plan: Option<Plan>,
}

/// A step of a test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestStep {
    /// Which.
    pub step: Step,
    /// How it went.
    pub outcome: Outcome,
    /// Why it failed.
    pub error: Option<Error>,
}

/// The steps of a test, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// The name is known.
    Name,
    /// Somebody listens there.
    Connect,
    /// User and password are taken.
    Login,
    /// Pictures or sound come that can be passed on.
    Media,
}

/// How a step went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Well.
    Passed,
    /// It failed; what follows was not tried.
    Failed,
    /// Not tried, or there is nothing to try: UDP has no connection.
    Skipped,
}
