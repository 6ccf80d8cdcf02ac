/// Why a request to the Control API failed.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// Nobody listens there, or the connection broke.
    #[error("the Control API is unreachable: {0}")]
    Unreachable(String),
    /// No answer in time.
    #[error("the Control API did not answer in time")]
    Timeout,
    /// The user or password is wrong, or may not use the API.
    #[error("the Control API refused our password")]
    Unauthorized,
    /// Any other status than success.
    #[error("the Control API answered {status}: {message}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// MediaMTX's own words.
        message: String,
    },
    /// Something answered that is not MediaMTX, or a version with another shape.
    #[error("the Control API's answer is not understood: {0}")]
    Garbage(String),
}

impl From<reqwest::Error> for ApiError {
    fn from(error: reqwest::Error) -> Self {
        if error.is_timeout() {
            ApiError::Timeout
        } else if error.is_decode() {
            ApiError::Garbage(deepest(&error))
        } else {
            ApiError::Unreachable(deepest(&error))
        }
    }
}

/// The innermost reason, since reqwest's own text is only "error sending request".
fn deepest(error: &dyn std::error::Error) -> String {
    let mut inner = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    inner.to_string()
}
