//! Request-targets (RFC 9112, section 3.2), hosts (RFC 3986, section 3.2.2) and the file paths that they name.

/// A host as it was sent, and its port.
pub(crate) type Authority = (String, Option<u16>);

/// A request-target, taken apart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Target {
    /// A path and its query
    Origin(String, Option<String>),
    /// The same on a host
    Absolute(Authority, String, Option<String>),
    /// The target of CONNECT
    Authority,
    /// `*`
    Asterisk,
}

/// The target of a request of this method; `None` where it is malformed.
pub(crate) fn target(method: &[u8], text: &[u8]) -> Option<Target> {
    let text = str::from_utf8(text).ok()?;
    if method == b"CONNECT" {
        return authority(text.as_bytes()).filter(|(_, port)| port.is_some()).map(|_| Target::Authority);
    }
    if method == b"OPTIONS" && text == "*" {
        return Some(Target::Asterisk);
    }
    if text.starts_with('/') {
        let (path, query) = path_and_query(text)?;
        return Some(Target::Origin(path, query));
    }
    let lowered = text.to_ascii_lowercase();
    // https is for a connection that is secured.
    let rest = &text[lowered.starts_with("http://").then_some("http://".len())?..];
    let end = rest.chars().take_while(|c| *c != '/' && *c != '?').map(char::len_utf8).sum();
    let host = authority(&rest.as_bytes()[..end])?;
    let path = if rest[end..].starts_with('/') { rest[end..].to_owned() } else { format!("/{}", &rest[end..]) };
    let (path, query) = path_and_query(&path)?;
    Some(Target::Absolute(host, path, query))
}

fn path_and_query(text: &str) -> Option<(String, Option<String>)> {
    let (path, query) = match text.find('?') {
        Some(mark) => (&text[..mark], Some(&text[mark + 1..])),
        None => (text, None),
    };
    // RFC 3986's characters, and those that browsers send although they should not.
    let in_path = "-._~!$&'()*+,;=:@/[]|^";
    let is_valid =
        is_encoded(path, in_path) && query.is_none_or(|query| is_encoded(query, &format!("{in_path}?{{}}\\`")));
    is_valid.then(|| (path.to_owned(), query.map(str::to_owned)))
}

/// A query in the characters of RFC 3986, section 3.4, with all others percent-encoded.
pub(crate) fn query_of_uri(query: &str) -> String {
    let encoded = |c: char| match c.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:@/?%".contains(c) {
        true => c.to_string(),
        false => c.to_string().bytes().map(|byte| format!("%{byte:02X}")).collect(),
    };
    query.chars().map(encoded).collect()
}

/// Whether a text is letters, digits, `others` and `%` before two hexadecimal digits.
fn is_encoded(text: &str, others: &str) -> bool {
    let mut pieces = text.split('%');
    let first = pieces.next().unwrap_or_default();
    let is_plain = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || others.contains(c));
    let is_hex = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_plain(first) && pieces.all(|piece| piece.get(..2).is_some_and(is_hex) && is_plain(&piece[2..]))
}

/// `uri-host [ ":" port ]`: a name of letters, digits, hyphens, dots, underscores and tildes, or an IPv6 address in
/// brackets; a port of at most five digits.
pub(crate) fn authority(text: &[u8]) -> Option<Authority> {
    let text = str::from_utf8(text).ok()?;
    let (host, port) = match text.rfind(':') {
        Some(colon) if !text.ends_with(']') => (&text[..colon], Some(&text[colon + 1..])),
        _ => (text, None),
    };
    let port = match port {
        None | Some("") => None,
        Some(digits) if digits.len() > 5 || !digits.bytes().all(|byte| byte.is_ascii_digit()) => return None,
        Some(digits) => Some(u16::try_from(digits.parse::<u32>().ok()?).ok()?),
    };
    let is_host = if host.starts_with('[') && host.ends_with(']') && host.len() > 2 {
        is_ipv6(&host[1..host.len() - 1])
    } else {
        !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || "-._~".contains(c))
    };
    is_host.then(|| (host.to_owned(), port))
}

/// `IPv6address`: eight groups of 16 bits, the last two also as an IPv4 address, one run of them as "::".
fn is_ipv6(text: &str) -> bool {
    let halves: Vec<&str> = text.split("::").collect();
    let (front, back) = match *halves {
        [all] => return groups(all, true) == Some(8),
        [front, back] => (front, back),
        _ => return false,
    };
    let count = |half: &str, is_last| if half.is_empty() { Some(0) } else { groups(half, is_last) };
    matches!((count(front, false), count(back, true)), (Some(front), Some(back)) if front + back <= 7)
}

/// The number of groups; only the last one of an address may be an IPv4 address, which stands for two.
fn groups(text: &str, is_last: bool) -> Option<usize> {
    let parts: Vec<&str> = text.split(':').collect();
    let mut count = 0;
    for (position, part) in parts.iter().enumerate() {
        if is_last && position + 1 == parts.len() && is_ipv4(part) {
            count += 2;
        } else if (1..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            count += 1;
        } else {
            return None;
        }
    }
    Some(count)
}

fn is_ipv4(text: &str) -> bool {
    let is_octet = |part: &str| part.parse::<u8>().is_ok_and(|number| number.to_string() == part);
    text.split('.').count() == 4 && text.split('.').all(is_octet)
}

/// The segments of the file that a valid path names, and whether it ends like a directory; `None` for an encoded slash
/// or NUL. Decoded first, then freed of dot segments (RFC 3986, section 5.2.4) and of empty ones.
pub(crate) fn file_path(path: &str) -> Option<(Vec<Vec<u8>>, bool)> {
    let mut segments: Vec<Vec<u8>> = Vec::new();
    let mut is_directory = true;
    for segment in path.split('/') {
        let decoded = decode(segment.as_bytes());
        if decoded.contains(&b'/') || decoded.contains(&0) {
            return None;
        }
        is_directory = true;
        match &decoded[..] {
            b"" | b"." => {}
            b".." => drop(segments.pop()),
            _ => {
                segments.push(decoded);
                is_directory = false;
            }
        }
    }
    Some((segments, is_directory))
}

fn decode(text: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let digits = text.get(at + 1..at + 3).and_then(|digits| str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) if text[at] == b'%' => {
                decoded.push(byte);
                at += 3;
            }
            _ => {
                decoded.push(text[at]);
                at += 1;
            }
        }
    }
    decoded
}
