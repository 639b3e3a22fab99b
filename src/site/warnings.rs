//! What a config may not mean as it stands, by what there is below its roots now: files that it names and that are not
//! there, rules for a directory that leave out what is in it or name another, a config that is served with the rest, and
//! a directory without anything to show. And redirects that may lead nowhere, by the hosts that they name.
//!
//! Never an error: what is not there now may be there when it is asked for, and a host may lead elsewhere.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;
use std::time::SystemTime;

use super::blame::blame;
use super::inquiry::Inquirer;
use super::sites::links;
use crate::config::{
    Config, Diagnostic, Diagnostics, ErrorStatus, Located, Origin, Pattern, Place, Redirect, Rules, Site,
    near_directory, near_file,
};
use crate::files::{OpenError, Opened, Root, Timestamp};

/// Everything that its author should look at. None where there is nothing.
pub fn find(config: &Config) -> Option<Diagnostics> {
    let (mut doubts, mut told) = (Vec::new(), HashSet::new());
    for site in &config.sites {
        // One that is gone since it was read is told of when it is served.
        let Ok(root) = Root::open(&site.root, links(site.symlinks)) else { continue };
        let missing = pages_of_no_site(site).chain(missing(site, &root, &told));
        let found: Vec<_> = missing.chain(rules_of_one(site, &root)).chain(rules_of_none(site, &root)).collect();
        let found = found.into_iter().chain(rules_of_index_files(site, &root));
        let found = found.chain(nothing_to_show(config, site, &root)).chain(config_below(config, site));
        // What stands at the top of the file is told of once, for the first site that it does not suit.
        doubts.extend(found.filter(|doubt| told.insert(doubt.place().cloned())));
    }
    doubts.extend(endless(config));
    config.source.warn(doubts)
}

/// Pages for a status that no site answers with.
fn pages_of_no_site(site: &Site) -> impl Iterator<Item = Diagnostic> {
    /// All that are answered once it is known which site a request is for.
    const OF_SITES: [u16; 9] = [400, 403, 404, 405, 412, 416, 500, 501, 503];
    let pages = site.rules.errors.iter().filter_map(|(status, file)| match status {
        ErrorStatus::Code(code) if !OF_SITES.contains(code) => Some((code, file)),
        ErrorStatus::Code(_) | ErrorStatus::Class(_) => None,
    });
    pages.map(|(code, file)| {
        let doubt = about(file.place.clone(), format!("the page for {code} is never sent"));
        let codes = OF_SITES.map(|code| code.to_string()).join(", ");
        doubt.label("no site answers with that").help(format!("they answer with {codes}"))
    })
}

/// Files that are to be sent in the place of others, and cannot be; but for those that have been `told` of.
fn missing(site: &Site, root: &Root, told: &HashSet<Option<Place>>) -> impl Iterator<Item = Diagnostic> {
    let pages = site.rules.errors.iter().map(|(status, file)| (title(*status), file));
    let fallback = site.rules.fallback.iter().map(|file| ("the fallback cannot be sent".to_owned(), file));
    // Before a name is looked for that may be meant: that takes the longest, and there may be many sites.
    let files = pages.chain(fallback).filter(|(_, file)| !told.contains(&file.place));
    files.filter_map(|(title, file)| {
        let reason = match root.open_beneath(file.value.as_bytes()) {
            Ok(Opened::File(_)) => return None,
            Ok(Opened::Directory(_)) => "this is a directory",
            Err(error) => blame(&error, file.value.as_bytes()).1,
        };
        let path = site.root.join(&file.value);
        let doubt = about(file.place.clone(), title).label(reason);
        let doubt = doubt.note(format!("it is looked for at {}", path.display()));
        let near = near_file(&path).map(|name| Path::new(&file.value).with_file_name(name));
        Some(near.into_iter().fold(doubt, |doubt, near| doubt.help(format!("did you mean \"{}\"?", near.display()))))
    })
}

fn title(status: ErrorStatus) -> String {
    match status {
        ErrorStatus::Code(code) => format!("the page for {code} cannot be sent"),
        ErrorStatus::Class(digit) => format!("the page for {digit}xx cannot be sent"),
    }
}

/// Rules for a directory alone, where those of other servers are for all that is in it. Whoever has the same key for
/// all that is in it, too, knows.
fn rules_of_one(site: &Site, root: &Root) -> impl Iterator<Item = Diagnostic> {
    site.rules.paths.iter().filter_map(|(pattern, rules)| {
        let Pattern::Exact(path) = pattern else { return None };
        let Ok(Opened::Directory(_)) = root.open_beneath(path) else { return None };
        let Rules { cache, redirect: _, allow, methods, listing, headers } = rules;
        let below = Pattern::Below([path.strip_suffix(b"/").unwrap_or(path), b"/"].concat());
        let nothing = Rules::default();
        let known = site.rules.paths.iter().find(|(other, _)| *other == below).map_or(&nothing, |(_, rules)| rules);
        let mut guards = [only(allow, &known.allow), only(methods, &known.methods)].into_iter().flatten();
        let header = headers.iter().find(|(name, _)| known.headers.iter().all(|(other, _)| other != name));
        let header = header.and_then(|(_, value)| value.place.clone());
        let others = [only(listing, &known.listing), only(cache, &known.cache), header].into_iter().flatten();
        let place = match path.last()? {
            // For the page of a directory there may well be a rule, but it keeps nobody from anything else.
            b'/' => guards.next(),
            _ => guards.chain(others).next(),
        };
        let title = format!("the rule for {pattern} is not for what is in that directory");
        let doubt = Diagnostic::at(place?, title).label("holds for this one path");
        Some(doubt.help(format!("for all of it, write \"{below}\"")))
    })
}

/// Rules by which some may not ask, for a path where there is nothing, but by almost the same name there is something.
fn rules_of_none(site: &Site, root: &Root) -> impl Iterator<Item = Diagnostic> {
    site.rules.paths.iter().filter_map(|(pattern, rules)| {
        let (path, near): (_, fn(&Path) -> Option<String>) = match pattern {
            Pattern::Below(path) => (path.strip_suffix(b"/").unwrap_or(path), near_directory),
            Pattern::Exact(path) => (path.as_slice(), near_file),
            Pattern::Every | Pattern::Extension(_) => return None,
        };
        let place = rules.allow.as_ref()?.place.clone()?;
        let Err(OpenError::NotFound) = root.open_beneath(path) else { return None };
        let path = Path::new(OsStr::from_bytes(path));
        let meant = Pattern::Exact(path.with_file_name(near(&site.root.join(path))?).into_os_string().into_vec());
        let meant = if matches!(pattern, Pattern::Below(_)) { format!("{meant}/*") } else { meant.to_string() };
        let doubt = Diagnostic::at(place, format!("there is nothing at {pattern} that this could keep anybody from"));
        Some(doubt.label("who may ask for what is not there").help(format!("did you mean \"{meant}\"?")))
    })
}

/// Rules by which some may not ask for a file that is sent to all of them for its directory.
fn rules_of_index_files(site: &Site, root: &Root) -> impl Iterator<Item = Diagnostic> {
    site.rules.paths.iter().filter_map(|(pattern, rules)| {
        let Pattern::Exact(path) = pattern else { return None };
        let place = rules.allow.as_ref()?.place.clone()?;
        let (directory, file) = path.split_at(path.iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1));
        let is_file =
            |name: &&String| matches!(root.open_beneath(&[directory, name.as_bytes()].concat()), Ok(Opened::File(_)));
        let is_sent = site.rules.index.iter().find(is_file).is_some_and(|index| index.as_bytes() == file);
        if !is_sent || site.rules.of_path(directory).allow.is_some() {
            return None;
        }
        let directory = Pattern::Exact(directory.to_vec());
        let doubt = Diagnostic::at(place, format!("the rule for {pattern} keeps nobody from that file"));
        Some(
            doubt.label(format!("it is sent for {directory}, too")).help(format!("write the same for \"{directory}\"")),
        )
    })
}

/// Redirects that a browser gives up to follow, since they lead from one host of these sites to another. By paths alone,
/// that is an error; where a host leads is not for the config to say.
fn endless(config: &Config) -> Vec<Diagnostic> {
    /// As browsers have it (Fetch standard, HTTP-redirect fetch).
    const REDIRECTS_MAX: usize = 20;
    /// To find one takes as many requests. Who has mended these is told of the others.
    const FOUND_MAX: usize = 20;
    let rules =
        config.sites.iter().flat_map(|site| site.rules.paths.iter().map(|(_, rules)| rules).chain([&site.rules.every]));
    let redirects = rules.filter_map(|rules| rules.redirect.as_ref().map(|(_, redirect)| redirect));
    let mut to_hosts = redirects.filter(|redirect| redirect.to.starts_with("http://")).peekable();
    if to_hosts.peek().is_none() {
        return Vec::new();
    }
    let mut inquirer = Inquirer::new(config, "webserv", Timestamp::from(SystemTime::now()));
    let is_endless = |redirect: &&Located<Redirect>| {
        let mut url = Some(redirect.to.replacen('*', "a", 1));
        (0..REDIRECTS_MAX).all(|_| {
            url = url.as_ref().and_then(|url| inquirer.sent_on(url));
            url.is_some()
        })
    };
    let tell = |redirect: &Located<Redirect>| {
        let doubt = about(redirect.place.clone(), "this redirect comes to no end".to_owned());
        doubt
            .label("leads to a host of this config, and on from there")
            .help("give the hosts that are to be left a site of their own")
    };
    to_hosts.filter(is_endless).take(FOUND_MAX).map(tell).collect()
}

/// A config that is sent to whoever asks for it.
fn config_below(config: &Config, site: &Site) -> Option<Diagnostic> {
    let Origin::File(file) = &config.origin else { return None };
    let path = file.canonicalize().ok()?;
    let path = path.strip_prefix(site.root.canonicalize().ok()?).ok()?.as_os_str().as_bytes();
    let is_hidden = path.split(|byte| *byte == b'/').any(|name| name.starts_with(b".")) && !site.dotfiles;
    let rules = site.rules.of_path(path);
    if is_hidden || rules.allow.is_some() || rules.redirect.is_some() {
        return None;
    }
    let doubt = about(site.places.root.clone(), "this config is below a root".to_owned());
    let url = Pattern::Exact(path.to_vec());
    Some(
        doubt
            .label(format!("whoever asks for {url} can read it"))
            .help("write it into a directory that is below no root"),
    )
}

/// Where a key is written, unless it is there for all that is `below`, too.
fn only<T>(value: &Option<Located<T>>, below: &Option<Located<T>>) -> Option<Place> {
    value.as_ref().filter(|_| below.is_none()).and_then(|value| value.place.clone())
}

/// A directory of the command line whose visitors get to see that there is nothing to see.
fn nothing_to_show(config: &Config, site: &Site, root: &Root) -> Option<Diagnostic> {
    let is_directory = matches!(config.origin, Origin::Directory(_));
    let lists = site.rules.every.listing.as_ref().is_some_and(|listing| listing.value);
    if !is_directory || lists || site.rules.fallback.is_some() {
        return None;
    }
    let mut indexes = site.rules.index.iter();
    let is_empty = indexes.all(|name| matches!(root.open_beneath(name.as_bytes()), Err(OpenError::NotFound)));
    is_empty.then(|| {
        Diagnostic::without_place(format!("there is no {} in {}", site.rules.index.join(" or "), config.origin))
            .help("with --listing it is shown what there is")
    })
}

fn about(place: Option<Place>, title: String) -> Diagnostic {
    match place {
        Some(place) => Diagnostic::at(place, title),
        None => Diagnostic::without_place(title),
    }
}
