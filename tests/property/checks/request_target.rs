//! The parser of request-targets and hosts agrees with the reference on what is valid and on its parts. The file path
//! of a target holds no NUL, no slash of its own and no dot segment, and is that of the reference.

use webserv::http::target::{Authority, Path, Target};
use webserv::site::path::SitePath;

use crate::reference::target;

const FRAGMENTS: &[super::Fragment] = &[
    ("/", 1),
    ("http://", 1),
    ("HTTPS://", 1),
    ("a.test", 1),
    (":80", 1),
    (":65535", 1),
    (":", 1),
    ("@", 1),
    ("?", 1),
    ("#", 1),
    ("%2e", 1),
    ("%2E.", 1),
    ("%2f", 1),
    ("%00", 1),
    ("%25", 1),
    ("%ff", 1),
    ("%5c", 1),
    ("%", 1),
    ("../", 1),
    ("/..", 1),
    ("./", 1),
    ("//", 1),
    ("[::1]", 1),
    ("[::ffff:1.2.3.4]", 1),
    ("[", 1),
    ("]", 1),
    ("::", 1),
    ("1:2:3:4", 1),
    (":5:6:7:8", 1),
    ("1.2.3.4", 1),
    ("255", 1),
    ("*", 1),
    ("\\", 1),
    ("{", 1),
    ("|", 1),
    ("\"", 1),
    ("\u{e4}", 1),
    (" ", 1),
    ("a", 300),
    (".", 1),
];

/// See the module.
pub(crate) fn check(data: &[u8]) {
    let Some((_, input)) = super::choice(data, FRAGMENTS) else { return };
    let shown = input.escape_ascii();

    let authority = Authority::parse(&input).map(owned);
    assert_eq!(authority, target::authority(&input), "as a host: {shown}");

    let Ok(text) = str::from_utf8(&input) else {
        assert_eq!(target::target(b"GET", &input), None);
        return;
    };
    let parsed = Target::parse(text).ok().map(|target| match target {
        Target::Origin(path) => target::Target::Origin(path.path.to_owned(), path.query.map(str::to_owned)),
        Target::Absolute(authority, path) => {
            target::Target::Absolute(owned(authority), path.path.to_owned(), path.query.map(str::to_owned))
        }
        Target::Authority => target::Target::Authority,
        Target::Asterisk => target::Target::Asterisk,
    });
    assert_eq!(parsed, target::target(b"GET", &input), "as a target: {shown}");
    if let Ok(Target::Origin(path) | Target::Absolute(_, path)) = Target::parse(text) {
        check_path(path);
    }
}

fn owned(authority: Authority<'_>) -> target::Authority {
    (String::from_utf8(authority.host.to_owned()).unwrap(), authority.port)
}

fn check_path(path: Path<'_>) {
    assert!(path.path.starts_with('/'), "{path:?}");
    let mut buffer = b"left over".to_vec();
    let decoded = SitePath::decode(path.path, &mut buffer).ok();
    let expected = target::file_path(path.path);
    let expected = expected.map(|(segments, is_directory)| (segments.join(&b'/'), is_directory));
    assert_eq!(decoded.map(|decoded| (decoded.file_name().to_vec(), decoded.is_directory())), expected, "{path:?}");
    let Some(decoded) = decoded else { return };
    let is_harmless = |segment: &[u8]| !matches!(segment, b"" | b"." | b"..") && !segment.contains(&0);
    let mut segments = decoded.file_name().split(|byte| *byte == b'/');
    assert!(decoded.file_name().is_empty() || segments.all(is_harmless), "{path:?} becomes {decoded:?}");

    // What a directory redirects to is a path of this host, names the same directory, and is a URI in every character.
    let url = decoded.to_directory_url(path.query);
    let Ok(Target::Origin(redirected)) = Target::parse(&url) else { panic!("{path:?} redirects to {url:?}") };
    assert_eq!(redirected.query.map(str::to_owned), path.query.map(target::query_of_uri), "{path:?}");
    assert_eq!(url, target::query_of_uri(&url), "{path:?}");
    let mut buffer = Vec::new();
    let followed = SitePath::decode(redirected.path, &mut buffer).ok();
    let is_same =
        followed.is_some_and(|followed| followed.is_directory() && followed.file_name() == decoded.file_name());
    assert!(is_same, "{path:?} redirects to {url:?}");
    assert!(decoded.file_name().is_empty() || !url.starts_with("//"), "{path:?} redirects to {url:?}");
}
