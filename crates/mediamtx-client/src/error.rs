use crate::CertificateFault;

/// Why a request to the Control API failed. None of them ever holds a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// Nobody listens there, or the connection broke.
    #[error("the Control API is unreachable: {0}")]
    Unreachable(Broken),
    /// No answer in time.
    #[error("the Control API did not answer in time")]
    Timeout,
    /// The certificate is not believed.
    #[error(transparent)]
    Certificate(CertificateFault),
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
    /// This server is too old for something that was asked of it; nothing was sent.
    #[error("this version of MediaMTX does not know `{0}`")]
    Unsupported(&'static str),
    /// A list of users that would open the server, or lock its owner out; nothing was sent.
    #[error(transparent)]
    Users(#[from] crate::UserFault),
}

/// Why there is no connection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// The name belongs to no computer.
    #[error("no computer has this name")]
    UnknownName,
    /// The computer is there; nobody listens at this port.
    #[error("nobody listens there")]
    Refused,
    /// The attempt to connect was not answered: no such computer, or a firewall.
    #[error("nothing answers the attempt to connect")]
    NoConnection,
    /// It hung up without an answer.
    #[error("it hung up")]
    HungUp,
    /// It speaks without encryption, and `https` was asked.
    #[error("it does not speak TLS")]
    NotEncrypted,
    /// In the system's or the library's words.
    #[error("{0}")]
    Other(String),
}
