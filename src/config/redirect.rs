//! Where requests are sent on to, and what can be wrong with that: a rule that leads back to itself, or that keeps
//! another one from ever being used.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::Path;

use percent_encoding::percent_decode_str;
use toml::Spanned;
use toml::de::DeValue;

use super::diagnostic::{Diagnostic, Malformed, Place, Quoted, nearest};
use super::kind::{Context, Item, Kind, Word, wrong_type};
use super::pattern::{self, Pattern};
use super::plain::Plain;
use super::schema;

/// Where a request is sent on to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Redirect {
    /// A path of the same host or a URL, encoded; `*` stands for the rest of the path.
    pub to: String,
    /// How
    pub status: RedirectStatus,
}

/// The statuses that send on (RFC 9110, section 15.4).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RedirectStatus {
    /// 301
    MovedPermanently,
    /// 302
    Found,
    /// 303
    SeeOther,
    /// 307
    TemporaryRedirect,
    /// 308
    PermanentRedirect,
}

const STATUSES: [(i64, RedirectStatus); 5] = [
    (301, RedirectStatus::MovedPermanently),
    (302, RedirectStatus::Found),
    (303, RedirectStatus::SeeOther),
    (307, RedirectStatus::TemporaryRedirect),
    (308, RedirectStatus::PermanentRedirect),
];

/// `"/new"`, or `{ to = "/new", status = 301 }`.
pub(super) struct Onward;

impl Kind for Onward {
    type Value = Redirect;

    fn read(&self, item: &Item<'_>, context: &mut Context<'_>) -> Option<Redirect> {
        let DeValue::Table(table) = item.value else {
            return match item.value {
                DeValue::String(_) => {
                    Location.read(item, context).map(|to| Redirect { to, status: RedirectStatus::Found })
                }
                _ => {
                    context.problems.push(wrong_type(item, "a string or { to = \"/new\", status = 301 }"));
                    None
                }
            };
        };
        let (mut to, mut status) = (None, Some(RedirectStatus::Found));
        for (key, value) in table.iter().filter(|(_, value)| !value.span().is_empty()) {
            let part = Item { key: key.get_ref(), place: value.span(), value: value.get_ref() };
            match &**key.get_ref() {
                "to" => to = Location.read(&part, context),
                "status" => status = read_status(&part, context),
                other => {
                    let near = match other {
                        "code" | "type" => Some("status"),
                        "url" | "target" | "location" => Some("to"),
                        _ => nearest(other, ["to", "status"]),
                    };
                    let label =
                        near.map_or("expected `to` and `status`".into(), |near| format!("did you mean `{near}`?"));
                    let title = format!("unknown key {} in a redirect", Quoted(other));
                    context.problems.push(Diagnostic::at(key.span(), title).label(label));
                }
            }
        }
        if !table.contains_key("to") {
            let problem = Diagnostic::at(item.place.clone(), "missing key `to` in a redirect");
            context.problems.push(problem.label("needs `to`").help("write { to = \"/new\", status = 301 }"));
        }
        Some(Redirect { to: to?, status: status? })
    }

    fn written(&self, value: &Redirect) -> Option<Plain> {
        let to = Plain::text(&value.to);
        let code = STATUSES.iter().find(|(_, status)| *status == value.status).map(|(code, _)| code.unsigned_abs());
        match code.filter(|_| value.status != RedirectStatus::Found) {
            Some(code) => Some(Plain::table([("to", to), ("status", Plain::Number(code))])),
            None => Some(to),
        }
    }

    fn schema(&self) -> Plain {
        let codes = STATUSES.iter().map(|(code, _)| Plain::Number(code.unsigned_abs())).collect();
        let status = Plain::table([("enum", Plain::List(codes)), ("default", Plain::Number(302))]);
        let to = || Word::schema(&Location);
        schema::any_of([to(), schema::object(vec![("to".into(), to()), ("status".into(), status)], &["to"])])
    }
}

fn read_status(item: &Item<'_>, context: &mut Context<'_>) -> Option<RedirectStatus> {
    let code = item.value.as_integer().and_then(|integer| i64::from_str_radix(integer.as_str(), integer.radix()).ok());
    let found = STATUSES.iter().find(|(known, _)| Some(*known) == code).map(|(_, status)| *status);
    if found.is_none() {
        let problem = match code {
            Some(_) => Diagnostic::at(item.place.clone(), "this status does not send on")
                .label("expected 301, 302, 303, 307 or 308"),
            None => wrong_type(item, "301, 302, 303, 307 or 308"),
        };
        context.problems.push(problem);
    }
    found
}

/// A path of the same host, or a URL of HTTP.
struct Location;

impl Word for Location {
    type Value = String;

    const COMPLAINT: &str = "invalid target";
    const PATTERN: &str = r"^(/[!-~]*|https?://[!-)+-~]+([/?#][!-~]*)?)$";

    fn parse(&self, text: &str, _: &Path) -> Result<String, Malformed> {
        if let Some(char) = text.chars().find(|char| !char.is_ascii_graphic()) {
            let escapes: String = char.to_string().bytes().map(|byte| format!("%{byte:02X}")).collect();
            let problem = format!("a URL cannot hold {}", Quoted(&char.escape_default().to_string()));
            return Err(Malformed::new(problem).help(format!("write {escapes} for it")));
        }
        let path = text.split(['?', '#']).next().unwrap_or_default();
        if let Some(variable) = pattern::variable(path) {
            let problem =
                Malformed::new(format!("there are no variables in targets, and {} looks like one", Quoted(variable)));
            let literal = pattern::escape_of(variable);
            return Err(problem
                .help(format!("`*` stands for what it stands for in the path; a literal one is written {literal}")));
        }
        let rest = ["http://", "https://"].iter().find_map(|scheme| text.strip_prefix(scheme));
        let authority = rest.and_then(|rest| rest.split(['/', '?', '#']).next()).unwrap_or_default();
        match text {
            _ if text.matches('*').count() > 1 => Err(Malformed::new("`*` stands once, for the rest of the path")),
            // Another host, to a browser.
            _ if text.starts_with("//") || text.starts_with("/\\") => {
                Err(Malformed::new("expected one slash").help("another host is written \"https://host/path\""))
            }
            // Whoever asks would choose the host: a rest is not bound to begin with a slash.
            _ if authority.contains('*') => {
                let problem = Malformed::new("`*` stands behind the slash that ends the host");
                Err(match authority.strip_suffix('*') {
                    Some(host) if !host.is_empty() => {
                        problem.help(format!("write \"{}\"", text.replacen('*', "/*", 1)))
                    }
                    _ => problem,
                })
            }
            _ if text.starts_with('/') || !authority.is_empty() => Ok(text.to_owned()),
            _ => {
                let expected = Malformed::new("expected a path that begins with a slash, or a URL of http or https");
                Err(match text.contains(':') || text.is_empty() || text.starts_with('*') {
                    true => expected,
                    false => expected.help(format!("write \"/{text}\"")),
                })
            }
        }
    }

    fn show(&self, value: &String) -> String {
        value.clone()
    }
}

/// Redirects as they are written.
type Written = [(Spanned<Pattern>, Spanned<Redirect>)];

/// Something that is said of paths and means nothing to a redirect: what it is of, where it stands, and what it is for.
pub(super) struct Moot<'a> {
    pub(super) pattern: &'a Pattern,
    pub(super) place: Place,
    pub(super) purpose: &'static str,
}

/// What is wrong with the redirects of a site that takes several of them, or another rule, to see.
pub(super) fn problems(redirects: &Written, others: Vec<Moot<'_>>) -> Vec<Diagnostic> {
    let mut problems = misused(redirects);
    problems.extend(loops(redirects));
    let rules = by_pattern(redirects);
    for Moot { pattern, place, purpose } in others {
        let Some(redirect) = of_all(redirects, &rules, pattern) else { continue };
        problems.push(
            Diagnostic::at(place, "this rule can never match")
                .label(purpose)
                .related(redirect.span(), "all of it is redirected")
                .help("remove one of them"),
        );
    }
    problems
}

/// The paths of a redirect that every path of `pattern` is among. `rules` are the same redirects [`by_pattern`].
pub(super) fn of_all<'a>(
    redirects: &'a Written,
    rules: &HashMap<&Pattern, usize>,
    pattern: &Pattern,
) -> Option<&'a Spanned<Pattern>> {
    let (path, is_one) = match pattern {
        Pattern::Exact(path) => (path, true),
        Pattern::Below(directory) => (directory, false),
        Pattern::Every | Pattern::Extension(_) => return None,
    };
    redirects.get(find(rules, path, is_one)?).map(|(pattern, _)| pattern)
}

/// The place of each by its paths.
pub(super) fn by_pattern(redirects: &Written) -> HashMap<&Pattern, usize> {
    redirects.iter().enumerate().map(|(place, (pattern, _))| (pattern.get_ref(), place)).collect()
}

/// Sources that are no path, and a rest that nothing is left of.
fn misused(redirects: &Written) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    for (pattern, redirect) in redirects {
        match pattern.get_ref() {
            Pattern::Extension(_) => problems.push(
                Diagnostic::at(pattern.span(), "a redirect starts at a path")
                    .label("expected \"/path\" or \"/directory/*\""),
            ),
            Pattern::Exact(_) if redirect.get_ref().to.contains('*') => problems.push(
                Diagnostic::at(redirect.span(), "there is no rest that `*` could stand for")
                    .label("has a `*`")
                    .related(pattern.span(), "has none")
                    .help("a literal one is written %2A"),
            ),
            _ => {}
        }
    }
    problems
}

/// Redirects that lead back to themselves: each is followed from a path that it is for.
fn loops(redirects: &Written) -> Vec<Diagnostic> {
    /// A chain as long as that is followed by no browser.
    const STEPS_MAX: usize = 100;
    let rules = by_pattern(redirects);
    let mut problems = Vec::new();
    let mut told = HashSet::new();
    for (start, (pattern, _)) in redirects.iter().enumerate() {
        let mut path = match pattern.get_ref() {
            Pattern::Exact(path) => path.clone(),
            Pattern::Below(directory) => [directory, &b"*"[..]].concat(),
            Pattern::Every => b"*".to_vec(),
            Pattern::Extension(_) => continue,
        };
        let first_length = path.len();
        let (mut at, mut way) = (start, vec![start]);
        for _ in 0..STEPS_MAX {
            let Some((from, redirect)) = redirects.get(at) else { break };
            let Some(next) = next_path(from.get_ref(), &redirect.get_ref().to, &path) else { break };
            let Some(place) = find(&rules, &next, true) else { break };
            (at, path) = (place, next);
            // What gets shorter each time comes to an end.
            if place == start && path.len() >= first_length {
                if told.insert(way.iter().copied().collect::<BTreeSet<_>>()) {
                    let problem = Diagnostic::at(pattern.span(), "this redirect leads back to itself");
                    let problem = problem.label(format!("is sent on to {}", Quoted(&redirect_of(redirects, start))));
                    let others = way.iter().skip(1).filter_map(|place| redirects.get(*place));
                    problems.push(
                        others
                            .fold(problem, |problem, (other, redirect)| {
                                problem.related(other.span(), format!("and on to {}", Quoted(&redirect.get_ref().to)))
                            })
                            .help("remove one of them, or give it another target"),
                    );
                }
                break;
            }
            if way.contains(&place) && place != start {
                break;
            }
            way.push(place);
        }
    }
    problems
}

fn redirect_of(redirects: &Written, place: usize) -> Cow<'_, str> {
    redirects.get(place).map_or("".into(), |(_, redirect)| redirect.get_ref().to.as_str().into())
}

/// The path that a redirect leads to, if it is one of the same host.
fn next_path(pattern: &Pattern, to: &str, path: &[u8]) -> Option<Vec<u8>> {
    let rest = match pattern {
        Pattern::Below(directory) => path.get(directory.len()..)?,
        _ => path,
    };
    let target = to.split(['?', '#']).next()?.strip_prefix('/')?;
    let (before, after) = target.split_once('*').map_or((target, None), |(before, after)| (before, Some(after)));
    let mut next: Vec<u8> = percent_decode_str(before).collect();
    if let Some(after) = after {
        next.extend_from_slice(rest);
        next.extend(percent_decode_str(after));
    }
    Some(next)
}

/// The rule for a path, or for all below a directory.
fn find(rules: &HashMap<&Pattern, usize>, path: &[u8], is_one: bool) -> Option<usize> {
    let exact = is_one.then(|| rules.get(&Pattern::Exact(path.to_vec()))).flatten();
    let mut ends = (1..=path.len()).rev().filter(|end| path.get(end - 1) == Some(&b'/'));
    let below = || ends.find_map(|end| rules.get(&Pattern::Below(path.get(..end)?.to_vec())));
    exact.or_else(below).or_else(|| rules.get(&Pattern::Every)).copied()
}
