//! Responses that say what went wrong, each in the form its reader can use: one line of text, or a small page for a
//! browser.

use std::borrow::Cow;
use std::collections::HashMap;
use std::rc::Rc;

use super::accept::Preference;
use super::answer::{Answer, Content};
use super::page::{Document, HTML, Policy, Robots, TEXT, Text, VARY};
use super::rules::Rules;
use crate::http::{FieldName, Fields, RefusedHead, Rejection, Request, Status};

/// What is unavailable now is back soon, in seconds (RFC 9110, section 10.2.3).
pub(super) const RETRY: &str = "Retry-After: 2\r\n";

/// A response that says what went wrong, without what is particular to one request.
#[derive(Debug)]
pub struct ErrorPage {
    /// Its field lines, Content-Length the last
    pub lines: Vec<u8>,
    without_length: usize,
    /// Its content
    pub text: Rc<[u8]>,
}

/// What a request is answered with in the place of what it asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Error {
    /// What went wrong
    pub status: Status,
    /// In words: one clause in lower case without a full stop
    pub reason: &'static str,
    /// Field lines that the status asks for
    pub lines: Cow<'static, str>,
}

impl Error {
    /// An error whose status asks for no field.
    pub fn new(status: Status, reason: &'static str) -> Error {
        Error { status, reason, lines: Cow::Borrowed("") }
    }
}

/// The pages that have been asked for, rendered once: there is one for each reason, form and policy.
#[derive(Debug, Default)]
pub(super) struct ErrorPages {
    pages: HashMap<(Status, &'static str, Form, Way, Policy), Rc<ErrorPage>>,
}

/// What the reader of a page can use.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Form {
    /// A document, in a browser
    Html,
    /// A line, in a terminal or a program
    Text,
}

/// Where a page leads its reader.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Way {
    ToStart,
    /// It is the start page that is asked for.
    None,
}

impl ErrorPages {
    /// The answer to a request whose fields are known.
    pub(super) fn answer(&mut self, error: &Error, request: &Request<'_>, rules: Rc<Rules>) -> Answer {
        let Error { status, reason, lines } = error;
        let form = form_of(request.fields.values(FieldName::Accept));
        let is_start = request.path().is_some_and(|target| target.path == "/");
        let way = if is_start { Way::None } else { Way::ToStart };
        let page = self.page(*status, reason, (form, way), rules.policy());
        match &**lines {
            "" => Answer::error(*status, page, rules),
            lines => {
                let own = page.lines.get(..page.without_length).unwrap_or_default();
                let lines = [lines.as_bytes(), own].concat();
                Answer::with_lines(*status, lines, Content::shared(&page.text), rules)
            }
        }
    }

    /// The answer to a request that could not be taken for one.
    pub(super) fn answer_rejection(&mut self, rejection: Rejection, head: RefusedHead<'_>, rules: Rc<Rules>) -> Answer {
        let form = head.accept().map_or(Form::Text, form_of);
        let page = self.page(rejection.status, rejection.reason, (form, Way::ToStart), rules.policy());
        Answer::error(rejection.status, page, rules)
    }

    fn page(
        &mut self,
        status: Status,
        reason: &'static str,
        (form, way): (Form, Way),
        policy: Policy,
    ) -> Rc<ErrorPage> {
        let page = self.pages.entry((status, reason, form, way, policy));
        Rc::clone(page.or_insert_with(|| Rc::new(render(status, reason, (form, way), policy))))
    }
}

fn render(status: Status, reason: &str, (form, way): (Form, Way), policy: Policy) -> ErrorPage {
    let (content_type, text) = match form {
        Form::Html => (HTML, page(status, reason, way)),
        Form::Text => (TEXT, format!("{} {}: {reason}\n", status.code(), status.phrase())),
    };
    let mut lines = format!("{VARY}{}Content-Type: {content_type}\r\n", policy.lines(content_type));
    if status == Status::ServiceUnavailable {
        lines += RETRY;
    }
    let without_length = lines.len();
    lines += &format!("Content-Length: {}\r\n", text.len());
    ErrorPage { lines: lines.into_bytes(), without_length, text: text.into_bytes().into() }
}

/// Whether the client is one that shows pages.
pub(super) fn accepts_html(fields: &Fields<'_>) -> bool {
    form_of(fields.values(FieldName::Accept)) == Form::Html
}

/// HTML for those who name it among what they accept: a browser does, curl's `*/*` does not.
fn form_of<'a>(accept: impl Iterator<Item = &'a [u8]>) -> Form {
    if Preference::of(accept, "text/html").is_named() { Form::Html } else { Form::Text }
}

/// A page without anything to load. The reason is one of ours and holds no markup.
fn page(status: Status, reason: &str, way: Way) -> String {
    let (code, phrase) = (status.code(), status.phrase());
    let mut initial = reason.chars();
    let sentence = initial.next().map_or(String::new(), |first| first.to_uppercase().chain(initial).collect());
    let link = match way {
        Way::ToStart => "<p><a href=\"/\">Go to the start page</a></p>\n",
        Way::None => "",
    };
    let content = format_args!("<h1><b>{code}</b> {phrase}</h1>\n<p>{sentence}.</p>\n{link}");
    let title = format!("{code} {phrase}");
    let title = Text(title.as_bytes());
    Document { class: "error", title, robots: Robots::Leave, content: &content }.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(accept: &str) -> bool {
        let head = format!("GET / HTTP/1.1\r\nHost: a\r\n{accept}\r\n");
        let form = form_of(Request::parse(head.as_bytes(), 9).unwrap().fields.values(FieldName::Accept));
        assert_eq!(RefusedHead::Whole(head.as_bytes()).accept().map(form_of), Some(form));
        form == Form::Html
    }

    #[test]
    fn html_is_for_those_who_name_it() {
        assert!(accepts("Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"));
        assert!(accepts("Accept: */*\r\nAccept: Text/HTML ; q=0.1\r\n"));
        for accept in [
            "",
            "Accept: */*\r\n",
            "Accept: text/html;q=0\r\n",
            "Accept: text/html; Q=0.00\r\n",
            "Accept: text/*\r\n",
            "Accept: application/json\r\n",
        ] {
            assert!(!accepts(accept), "{accept}");
        }
    }
}
