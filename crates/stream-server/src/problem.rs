use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;
use stream_api::{Code, Error};

/// An error as an HTTP answer: the wire form of [`Error`] with the fields of RFC 9457 beside it.
#[derive(Debug)]
pub(crate) struct Problem(Error);

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Problem(error)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = status(self.0.code);
        let mut body = serde_json::to_value(&self.0).unwrap_or_else(|_| json!({}));
        body["type"] = "about:blank".into();
        body["title"] = self.0.message.into();
        body["status"] = status.as_u16().into();
        let mut response = (status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// How codes begin that say what is wrong with what was asked for.
const ASKED: [&str; 8] =
    ["name_", "source_", "viewer_", "password_", "ip_range_", "setting_", "preset_", "encoding_"];

/// The HTTP status of each code. A source that can't be sent is a bad request (400); any other fault, which the user
/// can cure on this computer, conflicts with the state of things (409); 503 means that waiting helps.
fn status(code: Code) -> StatusCode {
    use Code::*;
    match code {
        BadRequest | NotLoopback => StatusCode::BAD_REQUEST,
        Unauthorized => StatusCode::UNAUTHORIZED,
        ForeignOrigin | Forwarded | SourceOutsideMedia => StatusCode::FORBIDDEN,
        NoSuchRoute | NoSuchServer | NoSuchStream | NoSuchRun | NoSuchLink | NoSuchPrepared
        | NoSuchPreset => StatusCode::NOT_FOUND,
        WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
        TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        NotJson => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ForeignHost => StatusCode::MISDIRECTED_REQUEST,
        Internal => StatusCode::INTERNAL_SERVER_ERROR,
        ShuttingDown => StatusCode::SERVICE_UNAVAILABLE,
        NameTaken | ServerNameTaken | ServerInUse => StatusCode::CONFLICT,
        ServerNameUnfit | ServerAddressUnfit | FingerprintUnfit | UsersUnreadable | UsersWithoutUs
        | PreparedRoomUnfit => StatusCode::BAD_REQUEST,
        asked if ASKED.iter().any(|what| asked.as_str().starts_with(what)) => StatusCode::BAD_REQUEST,
        _ => StatusCode::CONFLICT,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_is_told_as_one() {
        for code in Code::ALL {
            let status = status(*code);
            assert!(status.is_client_error() || status.is_server_error(), "{code:?} has {status}");
        }
        for unfit in [Code::ServerAddressUnfit, Code::FingerprintUnfit, Code::UsersWithoutUs] {
            assert_eq!(status(unfit), 400, "{unfit:?} is about what was sent");
        }
    }

    #[tokio::test]
    async fn the_body_is_the_error_with_the_fields_of_the_rfc() {
        let response = Problem(Error::new(Code::NameTaken).with("name", "lobby")).into_response();
        assert_eq!(response.status(), 409);
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        let bytes = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        let body: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(body["code"], "name_taken");
        assert_eq!(body["title"], body["message"]);
        assert_eq!(body["status"], 409);
        assert!(serde_json::from_value::<Error>(body).is_ok(), "the interface reads it as an Error");
    }
}
