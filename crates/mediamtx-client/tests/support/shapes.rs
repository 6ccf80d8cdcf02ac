//! The answers of MediaMTX 1.9, as its source has them (`internal/defs/api_*.go`, `internal/conf/*.go` of v1.9.0).

use super::fake::http;

const GLOBAL_1_9: &str = r#"{"logLevel":"info","logDestinations":["stdout"],"readTimeout":"10s","authMethod":"internal",
    "authInternalUsers":[{"user":"any","pass":"","ips":["127.0.0.1/32","::1/128"],
    "permissions":[{"action":"api","path":""}]},{"user":"me","pass":"plain","ips":[],"permissions":[]}],
    "api":true,"apiAddress":":9997","apiAllowOrigin":"*","rtsp":true,"protocols":["udp","multicast","tcp"],
    "encryption":"no","rtspAddress":":8554","hls":true,"hlsAllowOrigin":"*"}"#;
const PATH_DEFAULTS_1_9: &str = r#"{"name":"","source":"publisher","sourceFingerprint":"","sourceOnDemand":false,
    "maxReaders":0,"fallback":"","record":false,"recordPath":"./recordings/%path/%Y-%m-%d_%H-%M-%S-%f",
    "recordFormat":"fmp4","recordPartDuration":"1s","recordSegmentDuration":"1h0m0s","recordDeleteAfter":"24h0m0s",
    "overridePublisher":true,"rtspTransport":"automatic","runOnReady":"","runOnNotReady":""}"#;
const RTSP_1_9: &str = r#"{"itemCount":1,"pageCount":1,"items":[{"id":"a1","created":"2024-08-26T10:00:00Z",
    "remoteAddr":"10.0.0.7:5000","state":"publish","path":"cam","query":"x=1","transport":"TCP",
    "bytesReceived":1000,"bytesSent":7}]}"#;
const SRT_1_9: &str = r#"{"itemCount":1,"pageCount":1,"items":[{"id":"b2","created":"2024-08-26T10:00:01Z",
    "remoteAddr":"10.0.0.8:6000","state":"read","path":"cam","query":"","packetsSent":3,"bytesReceived":0,
    "bytesSent":2000,"msRTT":1.5}]}"#;
const MUXERS_1_9: &str = r#"{"itemCount":1,"pageCount":1,"items":[{"path":"cam","created":"2024-08-26T10:00:00Z",
    "lastRequest":"2024-08-26T10:00:09Z","bytesSent":55}]}"#;

/// Its answer to a request. Routes of servers that are off are not there, and mutations answer nothing.
pub(crate) fn as_1_9(request: &str) -> String {
    let ok = |body: &str| http("200 OK", "Content-Type: application/json\r\n", body);
    let route = request.split(['?', ' ']).nth(1).unwrap_or_default();
    match route {
        "/v3/config/global/get" => ok(GLOBAL_1_9),
        "/v3/config/pathdefaults/get" => ok(PATH_DEFAULTS_1_9),
        "/v3/rtspsessions/list" => ok(RTSP_1_9),
        "/v3/srtconns/list" => ok(SRT_1_9),
        "/v3/hlsmuxers/list" => ok(MUXERS_1_9),
        "/v3/config/pathdefaults/patch" | "/v3/config/global/patch" | "/v3/config/paths/replace/cam" => {
            ok("")
        }
        "/v3/config/paths/replace/no" => http("400 Bad Request", "", r#"{"error":"invalid source: 'x'"}"#),
        _ => http("404 Not Found", "Content-Type: text/plain\r\n", "404 page not found"),
    }
}
