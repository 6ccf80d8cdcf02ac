//! Who listens on a port, so that a conflict can name the culprit.

use std::fmt;

/// A program that has a port. Shown as `mediamtx (pid 4711)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Its process id.
    pub pid: u32,
    /// Its name.
    pub name: String,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (pid {})", self.name, self.pid)
    }
}

/// The program that listens on this TCP port, or is bound to this UDP port. `None` if nobody does, or if it can't be
/// told (a process of another user).
#[must_use]
pub fn process_holding_port(port: u16, udp: bool) -> Option<Holder> {
    #[cfg(target_os = "linux")]
    return linux::holder(port, udp);
    #[cfg(not(target_os = "linux"))]
    return elsewhere::holder(port, udp);
}

#[cfg(not(target_os = "linux"))]
mod elsewhere {
    use listeners::{Protocol, SocketState};

    pub(super) fn holder(port: u16, udp: bool) -> Option<super::Holder> {
        let protocol = if udp { Protocol::UDP } else { Protocol::TCP };
        let all = listeners::get_all().ok()?;
        // A connection has the port too, of whoever opened it.
        let has = |socket: &listeners::Listener| {
            socket.socket.port() == port
                && socket.protocol == protocol
                && (udp || socket.state == SocketState::Listen)
        };
        let process = all.into_iter().find(has)?.process;
        Some(super::Holder { pid: process.pid, name: process.name })
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::{collections::HashSet, fs};

    /// State `0A` in `/proc/net/tcp`: `TCP_LISTEN`.
    const LISTEN: &str = "0A";

    pub(super) fn holder(port: u16, udp: bool) -> Option<super::Holder> {
        let tables = if udp { ["udp", "udp6"] } else { ["tcp", "tcp6"] };
        let sockets: HashSet<String> = tables
            .iter()
            .filter_map(|table| fs::read_to_string(format!("/proc/net/{table}")).ok())
            .flat_map(|table| sockets_on(&table, port, udp))
            .collect();
        if sockets.is_empty() {
            return None;
        }
        let processes = fs::read_dir("/proc").ok()?.flatten();
        processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).find_map(|pid: u32| {
            holds(pid, &sockets).then(|| {
                let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
                super::Holder { pid, name: name.trim().to_owned() }
            })
        })
    }

    /// What the links in `/proc/PID/fd` of the sockets on this port read. Columns as in proc_net(5): 1 is the
    /// local address `HEX:PORT`, 3 the state, 9 the inode.
    pub(super) fn sockets_on(table: &str, port: u16, udp: bool) -> Vec<String> {
        let suffix = format!(":{port:04X}");
        let rows = table.lines().skip(1).map(|row| row.split_whitespace().collect::<Vec<_>>());
        rows.filter(|row| row.get(1).is_some_and(|local| local.ends_with(&suffix)))
            .filter(|row| udp || row.get(3) == Some(&LISTEN))
            .filter_map(|row| row.get(9).map(|inode| format!("socket:[{inode}]")))
            .collect()
    }

    fn holds(pid: u32, sockets: &HashSet<String>) -> bool {
        let Ok(descriptors) = fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
        descriptors
            .flatten()
            .filter_map(|descriptor| fs::read_link(descriptor.path()).ok())
            .any(|target| target.to_str().is_some_and(|target| sockets.contains(target)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_us_for_our_own_listener() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let holder = process_holding_port(port, false).expect("we hold it");
        assert_eq!(holder.pid, std::process::id(), "got {holder}");
        drop(listener);
        assert_eq!(process_holding_port(port, false), None, "released");
    }

    #[test]
    fn names_us_for_our_own_udp_socket() {
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").expect("a free port");
        let port = socket.local_addr().expect("bound").port();
        assert!(process_holding_port(port, true).is_some_and(|holder| holder.to_string().contains("(pid ")));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_connection_is_no_listener() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
                     0: 0100007F:1F90 0100007F:8888 01 00000000:00000000 00:00000000 00000000     0        0 77 1\n\
                     1: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 78 1\n";
        assert_eq!(linux::sockets_on(table, 8080, false), ["socket:[78]"]);
    }
}
