//! Where the access log goes: how it is written, and what is probably meant by what is not.
//!
//! Never opens what it names, and never looks a name up.

use std::fmt::{self, Display, Formatter};
use std::net::Ipv6Addr;
use std::path::{Path, PathBuf};

use toml::Spanned;

use super::AccessTarget;
use super::diagnostic::{Diagnostic, Malformed, Quoted, nearest};
use super::kind::Word;
use super::word::{absolute, socket_path};
use super::written::Written;

/// Where the access log goes.
pub(super) struct Target;

const EXPECTED: &str = "expected \"off\", \"stdout\", \"stderr\", \"syslog:...\" or the path of a file";
const EXPECTED_SYSLOG: &str = "expected \"syslog:udp://HOST:PORT\" or \"syslog:unix:/dev/log\"";

impl Word for Target {
    type Value = AccessTarget;

    const COMPLAINT: &str = "invalid target";
    const PATTERN: &str = ".";

    fn parse(&self, text: &str, base: &Path) -> Result<AccessTarget, Malformed> {
        match text {
            "off" => Ok(AccessTarget::Off),
            "stdout" => Ok(AccessTarget::Stdout),
            "stderr" => Ok(AccessTarget::Stderr),
            "" => Err(Malformed::new(EXPECTED)),
            // Else a slip of the finger would silently become a file.
            "syslog" => Err(Malformed::new(EXPECTED_SYSLOG).help("a file of this name is written \"./syslog\"")),
            "/dev/log" => {
                Err(Malformed::new("this is the socket of a syslog server").help("write \"syslog:unix:/dev/log\""))
            }
            _ => match text.strip_prefix("syslog:") {
                Some(server) => syslog(server, base),
                None if text.contains("://") || text.starts_with("unix:") => Err(Malformed::new(EXPECTED)
                    .help("a syslog server is written \"syslog:udp://127.0.0.1:514\" or \"syslog:unix:/dev/log\"")),
                None => file(text, base),
            },
        }
    }

    fn show(&self, value: &AccessTarget) -> String {
        value.to_string()
    }
}

/// As it is written.
impl Display for AccessTarget {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("off"),
            Self::Stdout => f.write_str("stdout"),
            Self::Stderr => f.write_str("stderr"),
            Self::File(path) => path.display().fmt(f),
            Self::SyslogUdp { host, port } if host.contains(':') => write!(f, "syslog:udp://[{host}]:{port}"),
            Self::SyslogUdp { host, port } => write!(f, "syslog:udp://{host}:{port}"),
            Self::SyslogUnix(path) => write!(f, "syslog:unix:{}", path.display()),
        }
    }
}

/// What is wrong with a file that is something else already: the config at `config`, or what a site serves.
pub(super) fn misuse(written: &Written, config: &Path) -> Option<Diagnostic> {
    let (AccessTarget::File(path), Some(place)) = (&written.log.access, &written.access_place) else { return None };
    // It need not be there yet.
    let of_parent = || Some(path.parent()?.canonicalize().ok()?.join(path.file_name()?));
    let path = path.canonicalize().ok().or_else(of_parent)?;
    if config.canonicalize().is_ok_and(|config| config == path) {
        let problem = Diagnostic::at(place.clone(), "the access log would be written into this config");
        return Some(problem.label("is this file").help("write the path of another file, such as \"access.log\""));
    }
    // Nothing else is served, be it a terminal or a FIFO.
    if path.metadata().is_ok_and(|metadata| !metadata.is_file()) {
        return None;
    }
    let is_shown = |root: &&Spanned<PathBuf>| {
        let root = root.get_ref().canonicalize();
        let below = root.ok().and_then(|root| Some(path.strip_prefix(root).ok()?.to_owned()));
        below.is_some_and(|below| !below.iter().any(|name| name.as_encoded_bytes().starts_with(b".")))
    };
    let root = written.sites.iter().filter_map(|site| site.own.root.as_ref()).find(is_shown)?;
    Some(
        Diagnostic::at(place.clone(), "the access log would be below a root")
            .label("could be read by whoever asks for it")
            .related(root.span(), "all below this is served")
            .help("write the path of a file that is below no root"),
    )
}

fn file(text: &str, base: &Path) -> Result<AccessTarget, Malformed> {
    if let Some(near) = nearest(text, ["off", "stdout", "stderr"]).filter(|_| !text.contains(['/', '.'])) {
        return Err(Malformed::new(EXPECTED)
            .help(format!("did you mean \"{near}\"? A file of this name is written \"./{text}\"")));
    }
    let path = absolute(base, text);
    match path.parent().filter(|directory| !directory.is_dir()) {
        Some(missing) => {
            let missing = Quoted(&missing.to_string_lossy()).to_string();
            Err(Malformed::new(format!("the directory {missing} does not exist"))
                .help("create it; a file in it is then made as needed"))
        }
        None => Ok(AccessTarget::File(path)),
    }
}

fn syslog(server: &str, base: &Path) -> Result<AccessTarget, Malformed> {
    match (server.strip_prefix("unix:"), server.strip_prefix("udp://")) {
        (Some(""), _) => {
            Err(Malformed::new("the path of the socket is missing").help("write \"syslog:unix:/dev/log\""))
        }
        (Some(path), _) => socket_path(base, Path::new(path)).map(AccessTarget::SyslogUnix),
        (None, Some(authority)) => udp(authority),
        (None, None) => Err(Malformed::new(EXPECTED_SYSLOG)),
    }
}

/// A host and a port, of which neither can be left out: an IPv6 address stands in brackets.
fn udp(authority: &str) -> Result<AccessTarget, Malformed> {
    let (host, rest) = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, rest)) if host.parse::<Ipv6Addr>().is_ok() => (host, rest),
        Some(_) => return Err(Malformed::new("expected an IPv6 address in the brackets")),
        None if authority.parse::<Ipv6Addr>().is_ok() => {
            return Err(Malformed::new("an IPv6 address stands in brackets before its port")
                .help(format!("write \"syslog:udp://[{authority}]:514\"")));
        }
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b':');
    if host.is_empty() || !host.bytes().all(is_host) {
        return Err(Malformed::new(EXPECTED_SYSLOG));
    }
    if !rest.starts_with(':') {
        return Err(Malformed::new("the port is missing").help(format!("write \"syslog:udp://{authority}:514\"")));
    }
    let digits = rest.get(1..).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit())).unwrap_or_default();
    match digits.parse() {
        Ok(port @ 1..) => Ok(AccessTarget::SyslogUdp { host: host.to_owned(), port }),
        _ => Err(Malformed::new(format!(
            "expected a port from 1 to 65535, found {}",
            Quoted(rest.trim_start_matches(':'))
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_and_shown() {
        for (text, shown) in [
            ("off", "off"),
            ("stdout", "stdout"),
            ("./stdot", "/stdot"),
            ("syslog:udp://127.0.0.1:514", "syslog:udp://127.0.0.1:514"),
            ("syslog:udp://[::1]:514", "syslog:udp://[::1]:514"),
            ("syslog:udp://logs.example.test:5514", "syslog:udp://logs.example.test:5514"),
            ("syslog:unix:/dev/log", "syslog:unix:/dev/log"),
            ("syslog:unix:run/log", "syslog:unix:/run/log"),
        ] {
            let target = Target.parse(text, Path::new("/")).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(target.to_string(), shown);
            assert_eq!(Target.parse(shown, Path::new("/elsewhere")).unwrap(), target);
        }
    }

    #[test]
    fn malformed() {
        let long = format!("syslog:unix:/{}", "x".repeat(107));
        for (text, part) in [
            ("", "expected \"off\""),
            ("stdot", "did you mean \"stdout\""),
            ("syslog", "a file of this name is written \"./syslog\""),
            ("syslog:", "expected \"syslog:udp://HOST:PORT\" or \"syslog:unix:/dev/log\""),
            ("syslog:tcp://127.0.0.1:514", "expected \"syslog:udp://HOST:PORT\""),
            ("syslog:udp:127.0.0.1:514", "expected \"syslog:udp://HOST:PORT\""),
            ("syslog:udp://", "expected \"syslog:udp://HOST:PORT\""),
            ("syslog:udp://:514", "expected \"syslog:udp://HOST:PORT\""),
            ("syslog:udp://a b:514", "expected \"syslog:udp://HOST:PORT\""),
            ("syslog:udp://logs", "the port is missing; write \"syslog:udp://logs:514\""),
            ("syslog:udp://[::1]", "the port is missing; write \"syslog:udp://[::1]:514\""),
            ("syslog:udp://::1", "write \"syslog:udp://[::1]:514\""),
            ("syslog:udp://[logs]:514", "expected an IPv6 address"),
            ("syslog:udp://logs:", "expected a port from 1 to 65535, found ``"),
            ("syslog:udp://logs:0", "found `0`"),
            ("syslog:udp://logs:+1", "found `+1`"),
            ("syslog:udp://logs:514/", "found `514/`"),
            ("syslog:udp://logs:65536", "found `65536`"),
            ("syslog:unix:", "the path of the socket is missing"),
            (&long, "at most 107 bytes"),
            ("udp://127.0.0.1:514", "a syslog server is written"),
            ("unix:/dev/log", "a syslog server is written"),
            ("/dev/log", "write \"syslog:unix:/dev/log\""),
            ("/missing/access.log", "the directory `/missing` does not exist"),
        ] {
            let error = Target.parse(text, Path::new("/")).unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
