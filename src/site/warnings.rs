//! What a config may not mean as it stands, by what there is below its roots now: files that it names and that are not
//! there, rules for a directory that leave out what is in it, and a directory without anything to show.
//!
//! Never an error: what is not there now may be there when it is asked for.

use std::path::Path;

use super::blame::blame;
use super::sites::links;
use crate::config::{
    Config, Diagnostic, Diagnostics, ErrorStatus, Located, Origin, Pattern, Place, Rules, Site, near_file,
};
use crate::files::{OpenError, Opened, Root};

/// Everything that its author should look at. None where there is nothing.
pub fn find(config: &Config) -> Option<Diagnostics> {
    let mut doubts: Vec<Diagnostic> = Vec::new();
    for site in &config.sites {
        // One that is gone since it was read is told of when it is served.
        let Ok(root) = Root::open(&site.root, links(site.symlinks)) else { continue };
        let found = missing(site, &root).chain(rules_of_one(site, &root)).chain(nothing_to_show(config, site, &root));
        for doubt in found {
            // What stands at the top of the file is told of once, for the first site that it does not suit.
            if doubts.iter().all(|known| !known.is_at_place_of(&doubt)) {
                doubts.push(doubt);
            }
        }
    }
    config.source.warn(doubts)
}

/// Files that are to be sent in the place of others, and cannot be.
fn missing(site: &Site, root: &Root) -> impl Iterator<Item = Diagnostic> {
    let pages = site.rules.errors.iter().map(|(status, file)| (title(*status), file));
    let fallback = site.rules.fallback.iter().map(|file| ("the fallback cannot be sent".to_owned(), file));
    pages.chain(fallback).filter_map(|(title, file)| {
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

/// Rules for a directory alone, where those of other servers are for all that is in it.
fn rules_of_one(site: &Site, root: &Root) -> impl Iterator<Item = Diagnostic> {
    site.rules.paths.iter().filter_map(|(pattern, rules)| {
        let Pattern::Exact(path) = pattern else { return None };
        let Rules { cache, redirect: _, allow, methods, listing, headers } = rules;
        let mut guards = [place(allow), place(methods)].into_iter().flatten();
        let header = headers.first().and_then(|(_, value)| value.place.clone());
        let others = [place(listing), place(cache), header].into_iter().flatten();
        let place = match path.last()? {
            // For the page of a directory there may well be a rule, but it keeps nobody from anything else.
            b'/' => guards.next(),
            _ => guards.chain(others).next(),
        };
        let is_directory = matches!(root.open_beneath(path), Ok(Opened::Directory(_)));
        let place = place.filter(|_| is_directory)?;
        let title = format!("the rule for {pattern} is not for what is in that directory");
        let below = format!("{}/*", pattern.to_string().trim_end_matches('/'));
        let doubt = Diagnostic::at(place, title).label("holds for this one path");
        Some(doubt.help(format!("for all of it, write \"{below}\"")))
    })
}

fn place<T>(value: &Option<Located<T>>) -> Option<Place> {
    value.as_ref().and_then(|value| value.place.clone())
}

/// A directory of the command line whose visitors get to see that there is nothing to see.
fn nothing_to_show(config: &Config, site: &Site, root: &Root) -> Option<Diagnostic> {
    let is_directory = matches!(config.origin, Origin::Directory(_));
    let lists = site.rules.every.listing.as_ref().is_some_and(|listing| listing.value);
    if !is_directory || lists || site.rules.fallback.is_some() {
        return None;
    }
    let mut indexes = site.index.iter();
    let is_empty = indexes.all(|name| matches!(root.open_beneath(name.as_bytes()), Err(OpenError::NotFound)));
    is_empty.then(|| {
        Diagnostic::without_place(format!("there is no {} in {}", site.index.join(" or "), config.origin))
            .help("with --listing it is shown what there is")
    })
}

fn about(place: Option<Place>, title: String) -> Diagnostic {
    match place {
        Some(place) => Diagnostic::at(place, title),
        None => Diagnostic::without_place(title),
    }
}
