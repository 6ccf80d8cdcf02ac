//! Under which addresses this computer is reached.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket},
    time::Duration,
};

use stream_api::{Address, Reach, t};
use tokio::task::spawn_blocking;

use crate::hub::Hub;

/// How often interfaces are looked at.
const LOOK: Duration = Duration::from_secs(5);
/// Interfaces of containers and virtual machines: nobody in the network knows their addresses.
const VIRTUAL: [&str; 8] = ["docker", "br-", "veth", "virbr", "vboxnet", "vmnet", "vethernet", "podman"];

/// Keeps the server's addresses in the picture, as interfaces come and go. Until dropped.
pub(crate) async fn watch(hub: Hub) {
    loop {
        let reach = hub.settings().reach;
        let found = of(reach).await;
        hub.server(|server| {
            if server.settings.reach == reach {
                server.addresses = found;
            }
        });
        tokio::time::sleep(LOOK).await;
    }
}

/// Under which it is reached, the best one first; never empty.
pub(super) async fn of(reach: Reach) -> Vec<Address> {
    let mut addresses = match reach {
        Reach::ThisComputer => Vec::new(),
        Reach::LocalNetwork => spawn_blocking(of_network).await.unwrap_or_default(),
    };
    addresses.push(Address { label: t!("address.here").to_owned(), host: "127.0.0.1".to_owned() });
    addresses
}

/// Blocking, about a millisecond.
fn of_network() -> Vec<Address> {
    let interfaces = sysinfo::Networks::new_with_refreshed_list();
    let all = interfaces.iter().flat_map(|networks| {
        networks.iter().flat_map(|(name, interface)| {
            interface
                .ip_networks()
                .iter()
                .map(move |network| (name.to_string_lossy().into_owned(), network.addr))
        })
    });
    let ways = [
        way_out(IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1))),
        way_out(
            IpAddr::V6(Ipv6Addr::UNSPECIFIED),
            IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)),
        ),
    ];
    let mut addresses = sorted(all.collect(), &ways);
    addresses.extend(local_name());
    addresses
}

/// Best first: IPv4 before IPv6, real interfaces before virtual ones, and before all that by which others are reached.
fn sorted(mut found: Vec<(String, IpAddr)>, ways: &[Option<IpAddr>]) -> Vec<Address> {
    found.retain(|(_, ip)| is_reachable(*ip));
    found.sort_by_key(|(name, ip)| {
        let virtual_one = VIRTUAL.iter().any(|prefix| name.to_lowercase().starts_with(prefix));
        (virtual_one, ip.is_ipv6(), !ways.contains(&Some(*ip)), name.clone(), *ip)
    });
    found.dedup_by_key(|(_, ip)| *ip);
    found.into_iter().map(|(label, ip)| Address { label, host: ip.to_string() }).collect()
}

/// Whether others may reach it without more than the address itself.
fn is_reachable(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => !ip.is_loopback() && !ip.is_unspecified() && !ip.is_link_local(),
        IpAddr::V6(ip) => !ip.is_loopback() && !ip.is_unspecified() && !ip.is_unicast_link_local(),
    }
}

/// Our address on the way to the others, by the system's routes; nothing is sent.
fn way_out(from: IpAddr, to: IpAddr) -> Option<IpAddr> {
    let socket = UdpSocket::bind((from, 0)).ok()?;
    socket.connect((to, 9)).ok()?;
    socket.local_addr().ok().map(|address| address.ip())
}

/// What a certificate of ours is for: every name and address of this computer. Blocking.
pub(super) fn names() -> Vec<String> {
    let plain = |name: &String| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.')
    };
    let own = sysinfo::System::host_name().ok().map(|name| name.to_lowercase()).filter(plain);
    let local = own.iter().map(|name| format!("{}.local", name.split('.').next().unwrap_or_default()));
    let mut names: Vec<String> = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).to_vec();
    names.extend(local.chain(own.clone()).chain(of_network().into_iter().map(|address| address.host)));
    let mut known = std::collections::HashSet::new();
    names.retain(|name| known.insert(name.clone()));
    names
}

/// The computer's name in the local network (mDNS): macOS and Windows answer to it by themselves, Linux where Avahi
/// runs.
fn local_name() -> Option<Address> {
    let answers = !cfg!(target_os = "linux") || std::path::Path::new("/run/avahi-daemon/socket").exists();
    let name = sysinfo::System::host_name().ok().filter(|_| answers)?;
    let name = name.split('.').next().filter(|name| !name.is_empty())?.to_lowercase();
    Some(Address { label: t!("address.name").to_owned(), host: format!("{name}.local") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_to_the_others_comes_first_and_what_nobody_reaches_is_left_out() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let found = [
            ("docker0", "172.17.0.1"),
            ("wlan0", "fe80::1"),
            ("wlan0", "fd00::7"),
            ("lo", "127.0.0.1"),
            ("eth1", "10.0.0.4"),
            ("wlan0", "192.168.1.7"),
            ("wlan0", "192.168.1.7"),
        ]
        .map(|(name, address)| (name.to_owned(), ip(address)));
        let addresses = sorted(found.to_vec(), &[Some(ip("192.168.1.7")), None]);
        let hosts: Vec<&str> = addresses.iter().map(|address| address.host.as_str()).collect();
        assert_eq!(hosts, ["192.168.1.7", "10.0.0.4", "fd00::7", "172.17.0.1"]);
        assert_eq!(addresses[0].label, "wlan0");
    }

    #[tokio::test]
    async fn this_computer_is_always_among_them() {
        for reach in [Reach::ThisComputer, Reach::LocalNetwork] {
            let addresses = of(reach).await;
            assert_eq!(addresses.last().unwrap().host, "127.0.0.1", "{addresses:?}");
            assert!(reach == Reach::LocalNetwork || addresses.len() == 1, "{addresses:?}");
        }
    }
}
