//! What stands before a line that is a message of syslog (RFC 5424, section 6).

use super::clock::Clock;
use super::entry::Entry;
use super::style::write_utc;

/// Facility local7, as nginx has it, and severity informational (section 6.2.1): 23 * 8 + 6.
const PRIORITY: &[u8] = b"<190>1 ";

/// The longest HOSTNAME (section 6).
const HOSTNAME_BYTES_MAX: usize = 255;

/// A header, but for its time.
pub(super) struct Header {
    /// HOSTNAME, APP-NAME, PROCID, MSGID and no STRUCTURED-DATA
    names: Vec<u8>,
}

impl Header {
    pub(super) fn of_this_process() -> Header {
        Header::of(rustix::system::uname().nodename().to_bytes(), std::process::id())
    }

    pub(super) fn of(host: &[u8], process: u32) -> Header {
        let is_plain = |byte: &u8| byte.is_ascii_graphic();
        let is_name = !host.is_empty() && host.len() <= HOSTNAME_BYTES_MAX && host.iter().all(is_plain);
        let host = if is_name { String::from_utf8_lossy(host) } else { "-".into() };
        Header { names: format!(" {host} webserv {process} access - ").into_bytes() }
    }

    /// Begins the message of this line.
    pub(super) fn write(&self, entry: &Entry<'_>, clock: &Clock, out: &mut Vec<u8>) {
        out.extend_from_slice(PRIORITY);
        write_utc(entry, clock, out);
        out.extend_from_slice(&self.names);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_without_a_name_that_fits_has_none() {
        for (host, shown) in [(&b"www"[..], "www"), (b"", "-"), (b"a b", "-"), (b"a\xff", "-"), (&[b'a'; 256], "-")] {
            let names = Header::of(host, 5).names;
            assert_eq!(String::from_utf8(names).unwrap(), format!(" {shown} webserv 5 access - "));
        }
    }
}
