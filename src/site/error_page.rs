//! Responses that say what went wrong, each in the form its reader can use: one line of text, or a small page for a
//! browser.

use std::borrow::Cow;
use std::collections::HashMap;
use std::rc::Rc;

use super::accept::Preference;
use super::answer::{Answer, Content};
use super::page::{Document, Robots, Text};
use super::rules::Rules;
use crate::http::{FieldName, Fields, RefusedHead, Rejection, Status};

/// Whether it is a page or a line depends on what is asked for.
const VARY: &str = "Vary: Accept\r\n";

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

/// The pages that have been asked for, rendered once: there is one for each reason and form.
#[derive(Debug, Default)]
pub struct ErrorPages {
    pages: HashMap<(Status, &'static str, Form), Rc<ErrorPage>>,
}

/// What its reader can use.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Form {
    Html,
    Text,
}

impl ErrorPages {
    /// The answer to a request whose fields are known.
    pub fn answer(&mut self, error: &Error, fields: &Fields<'_>, rules: Rc<Rules>) -> Answer {
        let Error { status, reason, lines } = error;
        let form = form_of(fields.values(FieldName::Accept));
        let page = self.page(*status, reason, form);
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
    pub fn answer_rejection(&mut self, rejection: Rejection, head: RefusedHead<'_>, rules: Rc<Rules>) -> Answer {
        let form = head.accept().map_or(Form::Text, form_of);
        Answer::error(rejection.status, self.page(rejection.status, rejection.reason, form), rules)
    }

    fn page(&mut self, status: Status, reason: &'static str, form: Form) -> Rc<ErrorPage> {
        Rc::clone(self.pages.entry((status, reason, form)).or_insert_with(|| Rc::new(render(status, reason, form))))
    }
}

fn render(status: Status, reason: &str, form: Form) -> ErrorPage {
    let (media_type, text) = match form {
        Form::Html => ("text/html", page(status, reason)),
        Form::Text => ("text/plain", format!("{} {}: {reason}\n", status.code(), status.phrase())),
    };
    let mut lines = format!("{VARY}Content-Type: {media_type}; charset=utf-8\r\n");
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
fn page(status: Status, reason: &str) -> String {
    let (code, phrase) = (status.code(), status.phrase());
    let mut initial = reason.chars();
    let sentence = initial.next().map_or(String::new(), |first| first.to_uppercase().chain(initial).collect());
    let content = format_args!(
        "<h1><b>{code}</b> {phrase}</h1>\n<p>{sentence}.</p>\n<p><a href=\"/\">Go to the start page</a></p>\n"
    );
    let title = format!("{code} {phrase}");
    let title = Text(title.as_bytes());
    Document { class: "error", title, robots: Robots::Leave, content: &content }.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Request;

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
