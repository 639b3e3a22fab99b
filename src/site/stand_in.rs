//! Files that are sent in the place of what was asked for: pages for errors, and the file for paths that lead nowhere.

use std::rc::Rc;

use super::answer::Answer;
use super::cache::Cache;
use super::error_page::{Error, ErrorPages, accepts_html};
use super::found::{Found, Instead};
use super::occasion::{Note, Occasion, Postponed, Ruling};
use super::page::VARY;
use super::path::SitePath;
use super::representation::Representation;
use super::rules::{RuleBook, Rules};
use super::select::Site;
use crate::config::{ErrorStatus, SiteRules};
use crate::escape::Visible;
use crate::http::{Request, Status};

/// What is sent where there is nothing, and the rules for it.
pub(super) type Fallback = (Rc<Representation>, Rc<Rules>);

/// The files of a site that stand in for others.
#[derive(Debug)]
pub(super) struct StandIns {
    /// By status; a single one before its class
    errors: Vec<(ErrorStatus, Rc<[u8]>)>,
    fallback: Option<(Rc<[u8]>, Rc<Rules>)>,
    /// Those that were not there when they were needed, which has been said
    told: Vec<Rc<[u8]>>,
}

impl StandIns {
    pub(super) fn of(written: &SiteRules, rules: &RuleBook) -> StandIns {
        let file = |path: &String| Rc::from(path.as_bytes());
        let mut errors: Vec<_> = written.errors.iter().map(|(status, path)| (*status, file(path))).collect();
        errors.sort_by_key(|(status, _)| matches!(status, ErrorStatus::Class(_)));
        let fallback = written.fallback.as_ref().map(|path| (file(path), Rc::new(rules.varied(path.as_bytes()))));
        StandIns { errors, fallback, told: Vec::new() }
    }

    fn for_error(&self, status: Status) -> Option<(ErrorStatus, Rc<[u8]>)> {
        let is_for = |of: &ErrorStatus| match of {
            ErrorStatus::Code(code) => *code == status.code(),
            ErrorStatus::Class(class) => *class == status.code() / 100,
        };
        self.errors.iter().find(|(of, _)| is_for(of)).map(|(of, file)| (*of, Rc::clone(file)))
    }
}

impl Site {
    /// The answer to a request that something is wrong with: the page that the config has for it, or our own.
    pub(super) fn answer_error(
        &mut self,
        error: &Error,
        request: &Request<'_>,
        rules: Rc<Rules>,
        (cache, error_pages): (&mut Cache, &mut ErrorPages),
        occasion: &Occasion<'_>,
    ) -> Result<Answer, Postponed> {
        occasion.note(|| Note::Failed(error.status, error.reason));
        if let Some((of, file)) = self.stand_ins.for_error(error.status) {
            match self.find_stand_in(&file, cache, occasion) {
                Ok(Some(page)) => {
                    occasion.note(|| Note::Decided(Ruling::ErrorPage(of)));
                    // Who asks for HTML gets the fallback.
                    let is_varied = error.status == Status::NotFound && self.stand_ins.fallback.is_some();
                    let vary = if is_varied { VARY } else { "" };
                    return Ok(Answer::stand_in(error, vary, page, rules));
                }
                Ok(None) => {}
                Err(postponed) => return Err(postponed),
            }
        }
        Ok(error_pages.answer(error, request, rules))
    }

    /// What is sent where there is nothing at `path`, and the rules for it, which are those of the file: what is said
    /// of the path is said of what should have been there. It is for who can show a page, and for paths that look like
    /// one's.
    pub(super) fn find_fallback(
        &mut self,
        path: SitePath<'_>,
        request: &Request<'_>,
        cache: &mut Cache,
        occasion: &Occasion<'_>,
    ) -> Result<Option<Fallback>, Instead> {
        let Some((file, rules)) = &self.stand_ins.fallback else { return Ok(None) };
        if path.has_extension() && !accepts_html(&request.fields) {
            return Ok(None);
        }
        let (file, rules) = (Rc::clone(file), Rc::clone(rules));
        let found = self.find_stand_in(&file, cache, occasion).map_err(Instead::Later)?;
        if found.is_some() {
            occasion.note(|| Note::Decided(Ruling::Fallback));
        }
        Ok(found.map(|representation| (representation, rules)))
    }

    /// A file that the config names, be its name hidden from others or not.
    fn find_stand_in(
        &mut self,
        file: &Rc<[u8]>,
        cache: &mut Cache,
        occasion: &Occasion<'_>,
    ) -> Result<Option<Rc<Representation>>, Postponed> {
        let path = SitePath::of_file(file);
        let known = self.find_known(path, cache, occasion.now);
        let rules = self.rules.find(file);
        match self.find(path, known, &rules, cache, occasion) {
            Found::Representation(representation) => return Ok(Some(representation)),
            Found::Later(postponed) => return Err(postponed),
            // What is wrong with the machine has been said.
            Found::Nothing(Status::ServiceUnavailable | Status::InternalServerError, _) => {}
            Found::Nothing(_, reason) => self.tell(file, reason),
            Found::Directory | Found::Unindexed(_) => self.tell(file, "this is a directory"),
        }
        Ok(None)
    }

    fn tell(&mut self, file: &Rc<[u8]>, reason: &str) {
        if !self.stand_ins.told.contains(file) {
            self.stand_ins.told.push(Rc::clone(file));
            let site = self.number + 1;
            log::error!("the file {} that site {site} answers with cannot be sent: {reason}", Visible(file));
        }
    }
}
