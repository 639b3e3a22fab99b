//! Which process holds an address that is wanted, as far as this one is allowed to see: /proc knows the listening
//! sockets by their inodes, and the descriptors of each process (proc(5)).

use std::fs::{self, File};
use std::io::Read;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

use crate::net::LocalAddress;

/// A process that listens.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Holder {
    /// What it is called, which may be any bytes
    pub name: Vec<u8>,
    /// Its number
    pub pid: u32,
}

/// Of a table of sockets, no more than this is read, in bytes: some ten thousand of them.
const TABLE_BYTES_MAX: u64 = 4 << 20;

/// So many descriptors are looked at, whoever they belong to.
const DESCRIPTORS_MAX: usize = 100_000;

/// In the tables, sockets of TCP that listen.
const LISTENS: &str = "0A";

/// In the table of UNIX sockets, the flag of those that listen.
const ACCEPTS: u32 = 0x10000;

/// The process that holds `address`, another one rather than this: it may still have a UNIX socket open whose file was
/// replaced by another one's. None where it cannot be told.
pub(super) fn find(address: &LocalAddress) -> Option<Holder> {
    let inodes: Vec<&str>;
    let (v4, v6, unix);
    match address {
        LocalAddress::Tcp(address) => {
            (v4, v6) = (table("/proc/net/tcp"), table("/proc/net/tcp6"));
            inodes = v4.lines().chain(v6.lines()).filter_map(|line| tcp_inode(line, address)).collect();
        }
        LocalAddress::Unix(path) => {
            unix = table("/proc/net/unix");
            inodes = unix.lines().filter_map(|line| unix_inode(line, path)).collect();
        }
    }
    let links: Vec<_> = inodes.iter().map(|inode| format!("socket:[{inode}]")).collect();
    if links.is_empty() { None } else { owner(&links) }
}

/// Its lines. Paths in it may be any bytes; those that are no text are not found.
fn table(path: &str) -> String {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(TABLE_BYTES_MAX).read_to_end(&mut bytes));
    if read.is_ok() { String::from_utf8_lossy(&bytes).into_owned() } else { String::new() }
}

/// The inode of a socket that listens where nobody else can then.
fn tcp_inode<'a>(line: &'a str, wanted: &SocketAddr) -> Option<&'a str> {
    let mut columns = line.split_whitespace();
    let (ip, port) = columns.nth(1)?.split_once(':')?;
    let held = SocketAddr::new(tcp_ip(ip)?, u16::from_str_radix(port, 16).ok()?);
    let state = columns.nth(1)?;
    let inode = columns.nth(5)?;
    (state == LISTENS && is_in_the_way(held, wanted)).then_some(inode)
}

/// An address of IPv6 that stands for all may stand for those of IPv4 too.
fn is_in_the_way(held: SocketAddr, wanted: &SocketAddr) -> bool {
    let (ip, wanted_ip) = (held.ip().to_canonical(), wanted.ip().to_canonical());
    let overlaps = ip == wanted_ip
        || (ip.is_unspecified() && (ip.is_ipv6() || wanted_ip.is_ipv4()))
        || (wanted_ip.is_unspecified() && ip.is_ipv4() == wanted_ip.is_ipv4());
    held.port() == wanted.port() && overlaps
}

/// Words of 32 bits, each written as the number that this machine takes it for.
fn tcp_ip(hex: &str) -> Option<IpAddr> {
    let word = |at: usize| u32::from_str_radix(hex.get(at * 8..at * 8 + 8)?, 16).ok().map(u32::to_ne_bytes);
    match hex.len() {
        8 => Some(Ipv4Addr::from(word(0)?).into()),
        32 => {
            let words = [word(0)?, word(1)?, word(2)?, word(3)?];
            let bytes: [u8; 16] = words.as_flattened().try_into().ok()?;
            Some(Ipv6Addr::from(bytes).into())
        }
        _ => None,
    }
}

/// The inode of a socket that listens at that path, as it was bound: the last of eight columns, which may hold spaces.
fn unix_inode<'a>(line: &'a str, wanted: &Path) -> Option<&'a str> {
    let flags = line.split_whitespace().nth(3)?;
    let inode = line.split_whitespace().nth(6)?;
    let path = line.get(line.find('/')?..)?;
    let listens = u32::from_str_radix(flags, 16).ok()? & ACCEPTS != 0;
    (listens && Path::new(path) == wanted).then_some(inode)
}

/// The first process that has one of these descriptors and may be looked at.
fn owner(links: &[String]) -> Option<Holder> {
    let (mut left, mut ours) = (DESCRIPTORS_MAX, None);
    'processes: for process in fs::read_dir("/proc").ok()?.flatten() {
        let Some(pid) = process.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        let Ok(descriptors) = fs::read_dir(process.path().join("fd")) else { continue };
        for descriptor in descriptors.flatten() {
            let Some(rest) = left.checked_sub(1) else { return ours };
            left = rest;
            let link = fs::read_link(descriptor.path()).unwrap_or_default();
            if links.iter().any(|wanted| link == Path::new(wanted)) {
                let name = fs::read(process.path().join("comm")).unwrap_or_default();
                let holder = Some(Holder { name: name.trim_ascii_end().to_vec(), pid });
                if pid != std::process::id() {
                    return holder;
                }
                ours = holder;
                continue 'processes;
            }
        }
    }
    ours
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn this_process_is_found_by_its_sockets() {
        let ours = Some(std::process::id());
        let pid = |address: &LocalAddress| find(address).map(|holder| holder.pid);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        assert_eq!(pid(&LocalAddress::Tcp(address)), ours);
        assert_eq!(pid(&LocalAddress::Tcp(([0, 0, 0, 0], address.port()).into())), ours);
        assert_eq!(pid(&LocalAddress::Tcp(([127, 9, 9, 9], address.port()).into())), None);
        if let Ok(listener) = TcpListener::bind("[::1]:0") {
            assert_eq!(pid(&LocalAddress::Tcp(listener.local_addr().unwrap())), ours);
        }
        let path = std::env::temp_dir().join(format!("webserv holder {}.sock", std::process::id()));
        let listener = UnixListener::bind(&path).unwrap();
        assert_eq!(pid(&LocalAddress::Unix(path.clone())), ours);
        drop(listener);
        assert_eq!(pid(&LocalAddress::Unix(path.clone())), None);
        fs::remove_file(path).unwrap();
    }

    #[test]
    fn who_is_in_the_way_of_whom() {
        for (held, wanted, expected) in [
            ("127.0.0.1:80", "127.0.0.1:80", true),
            ("127.0.0.1:80", "127.0.0.1:81", false),
            ("0.0.0.0:80", "127.0.0.1:80", true),
            ("127.0.0.1:80", "0.0.0.0:80", true),
            ("[::]:80", "127.0.0.1:80", true),
            ("[::1]:80", "127.0.0.1:80", false),
            ("0.0.0.0:80", "[::1]:80", false),
            ("[::1]:80", "[::]:80", true),
            ("[::ffff:127.0.0.1]:80", "127.0.0.1:80", true),
        ] {
            assert_eq!(is_in_the_way(held.parse().unwrap(), &wanted.parse().unwrap()), expected, "{held} {wanted}");
        }
    }
}
