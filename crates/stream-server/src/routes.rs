use axum::{
    Json, Router,
    body::{Body, to_bytes},
    extract::{Path, RawPathParams, Request, State},
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::{MethodFilter, any, get, on},
};
use serde_json::{Map, Value};
use stream_api::{COMMANDS, Code, Error, Method, Origin, Route, StreamId};

use crate::{problem::Problem, serve::Host};

/// The largest body of a request. The longest command, opening many files, stays far below.
const BODY_LIMIT: usize = 64 * 1024;

/// A route for every command in the list.
pub(crate) fn commands() -> Router<Host> {
    let routes = COMMANDS.iter().fold(Router::new(), |router, route| {
        let handler = move |host: State<Host>, params: RawPathParams, request: Request| async move {
            command(route, host, params, request).await.unwrap_or_else(IntoResponse::into_response)
        };
        router.route(route.path, on(filter(route.method), handler))
    });
    let routes = routes.route("/api/v1/support-bundle/{file_name}", get(support_bundle));
    // Else the interface would answer with its page.
    ["/api", "/api/", "/api/{*rest}"]
        .iter()
        .fold(routes, |router, path| router.route(path, any(no_such_route)))
}

/// The bytes of a support bundle that `support_bundle` made.
async fn support_bundle(
    State(host): State<Host>,
    Path(file_name): Path<String>,
) -> Result<Response, Problem> {
    let gone = || Error::new(Code::NoSuchRoute).with("path", format!("/api/v1/support-bundle/{file_name}"));
    let bytes = host.engine.support_bundle(&file_name).await.ok_or_else(gone)?;
    let disposition = format!("attachment; filename=\"{file_name}\"");
    let headers =
        [(header::CONTENT_TYPE, "application/zip".to_owned()), (header::CONTENT_DISPOSITION, disposition)];
    Ok((headers, bytes).into_response())
}

async fn no_such_route(uri: Uri) -> Problem {
    Error::new(Code::NoSuchRoute).with("path", uri.path()).into()
}

fn filter(method: Method) -> MethodFilter {
    match method {
        Method::Get => MethodFilter::GET,
        Method::Post => MethodFilter::POST,
        Method::Patch => MethodFilter::PATCH,
        Method::Delete => MethodFilter::DELETE,
    }
}

async fn command(
    route: &'static Route,
    State(host): State<Host>,
    params: RawPathParams,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let origin = origin(&parts.headers);
    let mut merged = match route.method {
        Method::Get | Method::Delete => query(parts.uri.query().unwrap_or_default())?,
        Method::Post | Method::Patch => object(body).await?,
    };
    // Last, so that a body can't speak of another stream than the path.
    for (name, value) in &params {
        if name == "id" && value.parse::<StreamId>().is_err() {
            let server = route.path.starts_with("/api/v1/servers/");
            let code = if server { Code::NoSuchServer } else { Code::NoSuchStream };
            return Err(Error::new(code).with("id", value).into());
        }
        merged.insert(name.to_owned(), value.into());
    }
    let reply = carry_out(&host, origin, route.name.to_owned(), Value::Object(merged)).await?;
    let status = StatusCode::from_u16(route.success).unwrap_or(StatusCode::OK);
    Ok((status, Json(reply)).into_response())
}

/// Carries out a command in a task of its own: a client that hangs up does not leave it half done.
pub(crate) async fn carry_out(
    host: &Host,
    origin: Origin,
    name: String,
    request: Value,
) -> Result<Value, Error> {
    let (engine, command) = (host.engine.clone(), name.clone());
    let work = tokio::spawn(async move { engine.dispatch(origin, &command, request).await });
    work.await.map_err(|error| {
        tracing::error!(%error, command = name, "a command broke");
        Error::new(Code::Internal).with("reason", name)
    })?
}

/// Browsers say where a request comes from; programs don't.
fn origin(headers: &HeaderMap) -> Origin {
    let browser = headers.contains_key(header::ORIGIN) || headers.contains_key("sec-fetch-site");
    if browser { Origin::Browser } else { Origin::Api }
}

/// A query's fields, each as a string.
fn query(query: &str) -> Result<Map<String, Value>, Problem> {
    serde_urlencoded::from_str::<Vec<(String, String)>>(query)
        .map(|pairs| pairs.into_iter().map(|(name, value)| (name, Value::String(value))).collect())
        .map_err(|error| Error::unread(&error).into())
}

/// The body as a JSON object; no body is an empty one.
pub(crate) async fn object(body: Body) -> Result<Map<String, Value>, Problem> {
    let Ok(bytes) = to_bytes(body, BODY_LIMIT).await else {
        return Err(Error::new(Code::TooLarge).with("limit", BODY_LIMIT).into());
    };
    if bytes.is_empty() {
        return Ok(Map::new());
    }
    serde_json::from_slice(&bytes).map_err(|error| Error::unread(&error).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn bodies_are_objects_of_a_sane_size() {
        let read = async |text: String| {
            object(Body::from(text)).await.map_err(|problem| problem.into_response().status().as_u16())
        };
        assert_eq!(read(String::new()).await, Ok(Map::new()));
        assert_eq!(read(r#"{"a":1}"#.into()).await.unwrap()["a"], 1);
        for bad in ["[]", "1", "{", "null", "{\"a\":1} x"] {
            assert_eq!(read(bad.into()).await, Err(400), "{bad}");
        }
        assert_eq!(read(format!("{{\"a\":\"{}\"}}", "x".repeat(70_000))).await, Err(413));
    }

    #[test]
    fn queries_are_decoded() {
        let fields = query("path=%2Fmedia%2Fa%20b%25.mp4&x=").unwrap();
        assert_eq!(fields["path"], "/media/a b%.mp4");
        assert_eq!(fields["x"], "");
    }

    #[test]
    fn every_command_fits_beside_the_others() {
        let _ = commands();
    }
}
