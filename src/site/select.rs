//! The answer of one site, in the order of the RFC: method, path, file, coding, preconditions, range.

use std::io;
use std::rc::Rc;

use super::answer::Answer;
use super::blame::{NOT_FOUND, blame};
use super::cache::{Cache, Known, Scrutiny};
use super::encoding::Encodings;
use super::error_page::{Error, ErrorPages};
use super::found::{Found, Instead};
use super::listing::Listings;
use super::media_type::MediaTypes;
use super::occasion::{Note, Occasion, Postponed, Ruling};
use super::opening::Sought;
use super::path::SitePath;
use super::rules::{RuleBook, Rules};
use super::stand_in::StandIns;
use super::standing::Standing;
use crate::config::Methods;
use crate::files::{Identity, Opened, Root, Timestamp};
use crate::http::preconditions::{self, Outcome};
use crate::http::range::{self, Selection};
use crate::http::{FieldName, Method, Request, Status};

/// How often a file is opened again that changes while it is read.
pub(super) const READS_MAX: u8 = 4;

/// A virtual host.
#[derive(Debug)]
pub(super) struct Site {
    /// Its place among the sites
    pub(super) number: usize,
    pub(super) root: Root,
    pub(super) standing: Standing,
    /// The names of files that stand for their directory, first come first served
    pub(super) index: Rc<[Vec<u8>]>,
    /// Whether names that begin with a dot are served
    pub(super) shows_dotfiles: bool,
    /// Whether files are sent in content codings
    pub(super) compresses: bool,
    pub(super) rules: RuleBook,
    pub(super) types: MediaTypes,
    pub(super) stand_ins: StandIns,
    /// Room for what is known beside a path
    pub(super) key: Vec<u8>,
    pub(super) encodings: Encodings,
}

/// What is remembered from one request to the next, for all sites.
#[derive(Debug)]
pub(super) struct Memory {
    pub(super) cache: Cache,
    pub(super) error_pages: ErrorPages,
    pub(super) listings: Listings,
    /// Room for a path that had to be decoded
    pub(super) path: Vec<u8>,
}

/// The path and the query of a request, or why it has none.
type Target<'a> = Result<(SitePath<'a>, Option<&'a str>), &'static str>;

impl Site {
    /// The answer to a request for this site, or what has to come before there can be one.
    pub(super) fn answer(
        &mut self,
        request: &Request<'_>,
        memory: &mut Memory,
        occasion: &Occasion<'_>,
    ) -> Result<Answer, Postponed> {
        let Memory { cache, error_pages, listings, path: buffer } = memory;
        let target = match request.path() {
            Some(target) => SitePath::decode(target.path, buffer).map(|path| (path, target.query)),
            // The parser lets no other method come without a path.
            None => Err("this request-target goes with another method"),
        };
        let known = target.ok().and_then(|(path, _)| self.known(path, cache, occasion));
        let rules = match (&known, &target) {
            (Some(Known::Representation(representation)), _) => Rc::clone(&representation.rules),
            (_, Ok((path, _))) => self.rules.find(path.as_bytes()),
            (_, Err(_)) => self.rules.every(),
        };
        match self.select(request, target, known, &rules, (cache, listings), occasion) {
            Ok(answer) => Ok(answer),
            Err(Instead::Later(postponed)) => Err(postponed),
            Err(Instead::Error(error)) => self.answer_error(&error, request, rules, (cache, error_pages), occasion),
        }
    }

    /// What was asked for, in the order of RFC 9110.
    fn select(
        &mut self,
        request: &Request<'_>,
        target: Target<'_>,
        known: Option<Known>,
        rules: &Rc<Rules>,
        (cache, listings): (&mut Cache, &mut Listings),
        occasion: &Occasion<'_>,
    ) -> Result<Answer, Instead> {
        let now = occasion.now;
        let fail = |status, reason, lines| Err(Error { status, reason, lines }.into());
        if !rules.admits(occasion.peer) {
            occasion.note(|| Note::Decided(Ruling::Allow));
            return Err(Error::new(Status::Forbidden, "this is not for your address").into());
        }
        if let Some((status, url)) = target.ok().and_then(|(path, query)| rules.redirect(path, query)) {
            occasion.note(|| Note::Decided(Ruling::Redirect));
            return fail(status, "what is asked for is at another place", format!("Location: {url}\r\n").into());
        }
        let (allow, not_allowed) = rules.allow();
        match request.method {
            Method::Get if rules.methods() >= Methods::Get => {}
            Method::Head if rules.methods() >= Methods::Head => {}
            Method::Options => return Ok(Answer::fixed(Status::NoContent, allow, Rc::clone(rules))),
            Method::Get | Method::Head | Method::Known | Method::Connect => {
                occasion.note(|| Note::Decided(Ruling::Methods));
                return fail(Status::MethodNotAllowed, not_allowed, allow.into());
            }
            Method::Unknown => {
                return fail(Status::NotImplemented, "this method is not known here", allow.into());
            }
        }

        let fallback_rules;
        let (path, query) = target.map_err(|reason| Error::new(Status::BadRequest, reason))?;
        let found = match self.find(path, known, rules, cache, occasion) {
            Found::Representation(representation) => Ok(representation),
            Found::Unindexed(directory) => self.list(directory, path, request, rules, listings, occasion),
            Found::Nothing(status, reason) => Err(Error::new(status, reason).into()),
            Found::Later(postponed) => Err(Instead::Later(postponed)),
            Found::Directory => {
                let location = format!("Location: {}\r\n", path.to_directory_url(query));
                return fail(Status::MovedPermanently, "a directory ends in a slash", location.into());
            }
        };
        let (representation, rules) = match found {
            Ok(representation) => (representation, rules),
            Err(Instead::Error(error)) if error.status == Status::NotFound => {
                let fallback = self.find_fallback(path, request, cache, occasion)?;
                let (representation, own_rules) = fallback.ok_or(error)?;
                fallback_rules = own_rules;
                (representation, &fallback_rules)
            }
            Err(instead) => return Err(instead),
        };

        let representation = self.select_coding(representation, request, cache, occasion).map_err(Instead::Later)?;
        let rules = || Rc::clone(rules);
        match preconditions::evaluate(request, &representation.validators, now.seconds) {
            Outcome::Proceed => {}
            Outcome::NotModified => return Ok(Answer::not_modified(representation, rules())),
            Outcome::Failed => {
                let reason = "the file is not what the request is about";
                return Err(Error::new(Status::PreconditionFailed, reason).into());
            }
        }

        let range = request.fields.value(FieldName::Range).filter(|_| {
            request.method == Method::Get
                && !request.fields.is_repeated(FieldName::Range)
                && preconditions::range_applies(request, &representation.validators, now.seconds)
        });
        match range.map_or(Selection::Whole, |range| range::select(range, representation.len())) {
            Selection::Whole => Ok(Answer::whole(representation, rules())),
            Selection::Part(range) => Ok(Answer::part(representation, range, rules())),
            Selection::Parts(ranges) => Ok(Answer::parts(&representation, &ranges, now, rules())),
            // With If-Range it is a part or the whole (section 13.2.2, step 5).
            Selection::Unsatisfiable if request.fields.value(FieldName::IfRange).is_some() => {
                Ok(Answer::whole(representation, rules()))
            }
            Selection::Unsatisfiable => {
                let complete = format!("Content-Range: bytes */{}\r\n", representation.len());
                fail(Status::RangeNotSatisfiable, "the file has no such bytes", complete.into())
            }
        }
    }

    /// What is known of a path, where that is still true.
    fn known(&mut self, path: SitePath<'_>, cache: &mut Cache, occasion: &Occasion<'_>) -> Option<Known> {
        occasion.note(|| Note::Path(path.as_bytes().to_vec()));
        if !self.shows_dotfiles && path.is_hidden() {
            occasion.note(|| Note::Hidden);
            return Some(Known::Missing);
        }
        self.find_known(path, cache, occasion.now)
    }

    /// The same of a path that is not hidden, whatever its name.
    pub(super) fn find_known(&mut self, path: SitePath<'_>, cache: &mut Cache, now: Timestamp) -> Option<Known> {
        cache.find(self.number, path.as_bytes(), now, |file, scrutiny| self.look_at(file, scrutiny))
    }

    /// What a path leads to, by what is `known` of it.
    pub(super) fn find(
        &mut self,
        path: SitePath<'_>,
        known: Option<Known>,
        rules: &Rc<Rules>,
        cache: &mut Cache,
        occasion: &Occasion<'_>,
    ) -> Found {
        let now = occasion.now;
        if let Some(known) = known {
            return known.into();
        }
        if !path.is_directory() {
            let name = path.as_bytes();
            let found = self.open(Sought::by_name(name), rules, cache, occasion);
            occasion.note(|| Note::Looked(name.to_vec(), found.sight()));
            return found;
        }
        for (rank, name) in Rc::clone(&self.index).iter().enumerate() {
            // No path of a request holds an empty segment, so that this is kept apart from what is known of the file by
            // its own path, which may have other rules.
            let key = [path.as_bytes(), name, b"//"].concat();
            let file = key.strip_suffix(b"//").unwrap_or(&key);
            // The first name alone can stand for the directory: with another one, those before it count too.
            let found = if rank == 0 { path.as_bytes() } else { &key };
            let sought = Sought { found, missing: &key, ..Sought::by_name(file) };
            let found = match cache.find(self.number, &key, now, |file, scrutiny| self.look_at(file, scrutiny)) {
                Some(known) => known.into(),
                None => self.open(sought, rules, cache, occasion),
            };
            occasion.note(|| Note::Looked(file.to_vec(), found.sight()));
            match found {
                Found::Directory | Found::Nothing(Status::NotFound, _) => {}
                found => return found,
            }
        }
        if let Err(why) = self.refresh(occasion) {
            return why;
        }
        match self.root.open_beneath(path.file_name()) {
            Ok(Opened::Directory(directory)) => Found::Unindexed(directory),
            Ok(Opened::File(_)) => NOT_FOUND.into(),
            Err(error) => blame(&error, path.file_name()).into(),
        }
    }

    pub(super) fn look_at(&mut self, file: &[u8], scrutiny: Scrutiny) -> io::Result<Identity> {
        match scrutiny {
            Scrutiny::ByName => self.root.identity(file),
            Scrutiny::Beneath => self.root.identity_beneath(file),
        }
    }
}

#[cfg(test)]
mod tests;
