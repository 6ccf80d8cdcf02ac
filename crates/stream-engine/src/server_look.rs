use stream_api::{Code, Error, Fault, OtherServer, OtherState, ServerId, ServerState, ServerStatus};

/// Paths that are named in words.
const NAMED: usize = 3;

/// A server, the bundled one or another, as history and notices look at it.
#[derive(Debug, Clone)]
pub(crate) struct ServerLook<'a> {
    pub(crate) id: ServerId,
    /// What people call it; empty for the bundled one.
    pub(crate) name: &'a str,
    pub(crate) state: ServerState,
    pub(crate) fault: Option<&'a Fault>,
    pub(crate) warnings: &'a [Fault],
    /// What others changed there.
    pub(crate) drifted: Vec<Fault>,
}

impl<'a> From<&'a ServerStatus> for ServerLook<'a> {
    fn from(server: &'a ServerStatus) -> ServerLook<'a> {
        ServerLook {
            id: ServerId::BUNDLED,
            name: "",
            state: server.state,
            fault: server.fault.as_ref(),
            warnings: &server.warnings,
            drifted: Vec::new(),
        }
    }
}

impl<'a> From<&'a OtherServer> for ServerLook<'a> {
    fn from(other: &'a OtherServer) -> ServerLook<'a> {
        ServerLook {
            id: other.id,
            name: &other.spec.name,
            state: match other.state {
                OtherState::Connecting => ServerState::Starting,
                OtherState::Running => ServerState::Running,
                OtherState::Unreachable => ServerState::Restarting,
                OtherState::Failed => ServerState::Failed,
            },
            fault: other.fault.as_ref(),
            warnings: &other.warnings,
            drifted: drifted(other),
        }
    }
}

fn drifted(other: &OtherServer) -> Vec<Fault> {
    let mut paths: Vec<&str> = other.drift.iter().take(NAMED).map(|drift| drift.path.as_str()).collect();
    if other.drift.len() > NAMED {
        paths.push("…");
    }
    let error = |code| Error::new(code).with("server", &other.spec.name);
    let changed = (!paths.is_empty()).then(|| error(Code::PathDrifted).with("names", paths.join(", ")));
    let users = other.users.is_some().then(|| error(Code::UsersDrifted));
    changed.into_iter().chain(users).map(Fault::from).collect()
}
