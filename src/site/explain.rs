//! Why a URL is answered as it is: the site, the rules of the config that took part, each with its line, and the files
//! that were looked for.
//!
//! Decides nothing. The answer and the steps that led to it come from where clients are answered; the rules are put
//! together by the config, as they are for those.

mod render;

use super::encoding::MADE;
use super::hosts::By;
use super::inquiry::{Accepts, Inquirer, Reply};
use super::media_type::extension;
use super::occasion::{Note, Ruling, Sight};
use crate::config::{self, Config, Diagnostic, Diagnostics, HostPattern, Located, Malformed, Place, SiteRules, Url};
use crate::escape::Visible;
use crate::files::Timestamp;
use crate::http::{Coding, Status};

pub use render::Look;

/// What a GET of a URL gets, and why.
pub struct Explanation {
    url: String,
    listener: String,
    status: Status,
    /// In words
    reason: String,
    /// In the order in which it is told
    points: Vec<Point>,
    fields: Vec<(String, String)>,
}

/// Something that took part in an answer.
pub(super) struct Point {
    /// What it is: a key of the config, or a word
    pub(super) name: &'static str,
    /// Where it is written
    pub(super) place: Option<Place>,
    /// What there is to say of it beside what is written
    text: String,
    pub(super) effect: Effect,
}

/// What something does to an answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Effect {
    /// It was looked at on the way.
    None,
    /// It makes the answer what it is.
    Decides,
    /// It says the value of a field.
    Field(String),
}

/// What a GET of `url` gets from a server of this config that calls itself `software`, and why.
///
/// # Errors
///
/// Nobody listens there.
pub fn explain(config: &Config, url: &Url, software: &'static str, now: Timestamp) -> Result<Explanation, Diagnostics> {
    let mut inquirer = Inquirer::that_keeps(config, software, now);
    let binding = inquirer.binding_of(url).map_err(|Malformed { problem, help }| {
        let problem = Diagnostic::without_place(format!("{url} cannot be asked for: {problem}"));
        Diagnostics::without_file(vec![help.into_iter().fold(problem, Diagnostic::help)])
    })?;
    let listener = inquirer.address(binding).map(ToString::to_string).unwrap_or_default();
    let encoding = inquirer.ask_for_encoding(binding, url);
    inquirer.keep_nothing();
    let reply = inquirer.ask(binding, url, Accepts::Anything);
    let (mut points, reason) = (points(config, &reply), reason(&reply));
    let page = inquirer.ask(binding, url, Accepts::Html).status;
    if page != reply.status {
        let text = format!("who asks for HTML, as a browser does for a page, gets {} {}", page.code(), page.phrase());
        points.push(Point::new("others", None, Effect::None).saying(text));
    }
    points.extend(coding_points(&mut inquirer, binding, url, &reply.notes));
    if let Some(length) = encoding.and_then(|reply| reply.field("Content-Length")) {
        let text = format!("who accepts {} gets {length} bytes made of it, from the second request on", MADE.name());
        points.push(Point::new("others", None, Effect::None).saying(text));
    }
    let url = format!("http://{}{}", inquirer.host(binding, url), url.target());
    Ok(Explanation { url, listener, status: reply.status, reason, points, fields: reply.fields })
}

/// Why the answer is what it is, in words.
fn reason(reply: &Reply) -> String {
    let has = |wanted: &dyn Fn(&Note) -> bool| reply.notes.iter().any(wanted);
    let is_directory = has(&|note| matches!(note, Note::Path(path) if path.is_empty() || path.ends_with(b"/")));
    match reply.reason() {
        Some(reason) => reason.to_owned(),
        None if has(&|note| *note == Note::Decided(Ruling::Fallback)) => {
            "there is no such file, and the fallback is sent in its place".to_owned()
        }
        None if has(&|note| *note == Note::Decided(Ruling::Listing)) => {
            "this directory has no index file, and is listed".to_owned()
        }
        None if is_directory => "the index file of this directory is sent".to_owned(),
        None => "this file is sent".to_owned(),
    }
}

/// All that took part in an answer: the site, the rules, the files.
pub(super) fn points(config: &Config, reply: &Reply) -> Vec<Point> {
    let found = reply.notes.iter().find_map(|note| match note {
        Note::Site(number, by) => Some((config.sites.get(*number)?, *by)),
        _ => None,
    });
    let Some((site, by)) = found else { return Vec::new() };
    let mut points = vec![site_point(config, site, by)];
    let root = site.root.to_string_lossy().into_owned();
    points.push(Point::new("root", site.places.root.as_ref(), Effect::None).saying(root));
    points.extend(reply.notes.iter().filter_map(|note| look_point(site, note)));
    points.extend(rule_points(site, reply));
    points
}

fn site_point(config: &Config, site: &config::Site, by: By) -> Point {
    let (place, text) = match by {
        By::Host(number) => {
            let text = match site.hosts.get(number) {
                Some(HostPattern::Wildcard(_)) => "the host is below this one",
                _ => "the host is one of its own",
            };
            (site.places.hosts.get(number), text)
        }
        By::LocalName => (site.places.hosts.first(), "the host is its first label below localhost"),
        By::Rest if config.sites.len() == 1 => (site.places.hosts.first(), "the only one"),
        By::Rest => {
            (site.places.default.as_ref().or(site.places.hosts.first()), "the default one: no site has this host")
        }
    };
    Point::new("site", place, Effect::None).saying(text)
}

/// The files that are looked for besides where a coding is accepted, each once, and who gets them.
fn coding_points(inquirer: &mut Inquirer, binding: usize, url: &Url, plain: &[Note]) -> Vec<Point> {
    let (mut noted, mut points) = (plain.to_vec(), Vec::new());
    for coding in Coding::ALL {
        for note in inquirer.ask(binding, url, Accepts::Coding(coding)).notes {
            // By its name: what has to be fetched first is looked at more than once.
            let is_of = |file: &[u8], other: &Note| matches!(other, Note::Looked(name, _) if **name == *file);
            if let Note::Looked(file, sight) = &note
                && !noted.iter().any(|other| is_of(file, other))
            {
                let (found, coding) = (format!("{}: {}", Visible(file), what(*sight)), coding.name());
                let point = |name, text: String| Point::new(name, None, Effect::None).saying(text);
                points.push(match sight {
                    Sight::File(_) => point("others", format!("who accepts {coding} gets {found}")),
                    _ => point("tried", found),
                });
                noted.push(note);
            }
        }
    }
    points
}

/// What was found under a name, in words.
fn what(sight: Sight) -> String {
    match sight {
        Sight::File(1) => "1 byte".to_owned(),
        Sight::File(length) => format!("{length} bytes"),
        Sight::Directory => "a directory".to_owned(),
        Sight::Nothing(reason) => reason.to_owned(),
        Sight::Unread => "not read yet".to_owned(),
    }
}

/// A step towards a file.
fn look_point(site: &config::Site, note: &Note) -> Option<Point> {
    let point = |name, text: String| Some(Point::new(name, None, Effect::None).saying(text));
    match note {
        Note::Path(path) => point("path", format!("/{}", Visible(path))),
        Note::Hidden => {
            let text = "names that begin with a dot are hidden";
            Some(Point::new("dotfiles", site.places.dotfiles.as_ref(), Effect::Decides).saying(text))
        }
        Note::Looked(file, sight) => {
            let name = if matches!(sight, Sight::File(_)) { "file" } else { "tried" };
            point(name, format!("{}: {}", Visible(file), what(*sight)))
        }
        Note::Site(..) | Note::Decided(_) | Note::Failed(..) => None,
    }
}

/// The rules that took part, in the order in which they are asked.
fn rule_points(site: &config::Site, reply: &Reply) -> Vec<Point> {
    let rules = &site.rules;
    let rulings: Vec<Ruling> = reply
        .notes
        .iter()
        .filter_map(|note| match note {
            Note::Decided(ruling) => Some(*ruling),
            _ => None,
        })
        .collect();
    let path = reply.notes.iter().find_map(|note| match note {
        Note::Path(path) => Some(&**path),
        _ => None,
    });
    let sent = reply.notes.iter().rev().find_map(|note| match note {
        Note::Looked(file, Sight::File(_)) => Some(&**file),
        _ => None,
    });
    let is_fallback = rulings.contains(&Ruling::Fallback);
    // Who may ask, and how, is said of what was asked for; the rest of what is sent.
    let of = |path: Option<&[u8]>| path.map_or_else(|| rules.every.clone(), |path| rules.of_path(path));
    let (asked, answered) = (of(path), of(if is_fallback { sent } else { path }));
    let decides = |ruling| if rulings.contains(&ruling) { Effect::Decides } else { Effect::None };

    let mut points = Vec::new();
    let mut add =
        |name, place: Option<&Place>, effect| points.extend(place.map(|place| Point::new(name, Some(place), effect)));
    add("allow", place(&asked.allow), decides(Ruling::Allow));
    if rulings.contains(&Ruling::Redirect) {
        add("redirects", asked.redirect.as_ref().and_then(|(_, redirect)| redirect.place.as_ref()), Effect::Decides);
    }
    add("methods", place(&asked.methods), decides(Ruling::Methods));
    if path.is_some_and(|path| path.is_empty() || path.ends_with(b"/")) && reply.notes.iter().any(is_look) {
        add("index", site.places.index.as_ref(), Effect::None);
    }
    if rulings.contains(&Ruling::Listing) {
        add("listing", place(&asked.listing), Effect::Decides);
    }
    if is_fallback {
        add("fallback", place(&rules.fallback), Effect::Decides);
    }
    for (status, page) in &rules.errors {
        if rulings.contains(&Ruling::ErrorPage(*status)) {
            add("errors", page.place.as_ref(), Effect::None);
        }
    }
    if let Some(file) = sent {
        let extension = extension(file).unwrap_or_default();
        let own = rules.types.iter().find(|(of, _)| *of == extension);
        let of_type = || Effect::Field("Content-Type".to_owned());
        add("types", own.and_then(|(_, media_type)| media_type.place.as_ref()), of_type());
        if reply.field("Content-Type").is_some_and(|value| says_charset(&value, rules)) {
            add("charset", rules.charset.place.as_ref(), of_type());
        }
    }
    if reply.status == Status::Ok {
        add("cache", place(&answered.cache), Effect::Field("Cache-Control".to_owned()));
    }
    for (name, value) in &answered.headers {
        add("headers", value.place.as_ref(), Effect::Field(name.as_str().to_owned()));
    }
    points
}

fn place<T>(rule: &Option<Located<T>>) -> Option<&Place> {
    rule.as_ref()?.place.as_ref()
}

fn is_look(note: &Note) -> bool {
    matches!(note, Note::Looked(..))
}

/// Whether the charset of a config is what a type of text says, or what it leaves out.
fn says_charset(content_type: &str, rules: &SiteRules) -> bool {
    match rules.charset.as_str() {
        "" => content_type.starts_with("text/") && !content_type.contains(';'),
        charset => content_type.ends_with(&format!("; charset={charset}")),
    }
}

impl Point {
    fn new(name: &'static str, place: Option<&Place>, effect: Effect) -> Point {
        Point { name, place: place.cloned(), text: String::new(), effect }
    }

    fn saying(self, text: impl Into<String>) -> Point {
        Point { text: text.into(), ..self }
    }
}
