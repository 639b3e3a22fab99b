//! Responses that say what went wrong, each in the form its reader can use: one line of text, or a small page for a
//! browser.

use super::answer::{Answer, Content};
use crate::http::{FieldName, Fields, Status};

/// What a page or a line depends on, and that it is not to be kept without asking again.
const LINES: &str = "Cache-Control: no-cache\r\nVary: Accept\r\n";

/// The answer to a request whose fields are known. `lines` are field lines that the status asks for.
pub fn answer(status: Status, reason: &str, lines: &str, fields: &Fields<'_>) -> Answer {
    render(status, reason, lines, accepts_html(fields))
}

/// The answer to a request that could not be read.
pub fn answer_rejection(status: Status, reason: &str) -> Answer {
    render(status, reason, "", false)
}

fn render(status: Status, reason: &str, lines: &str, is_html: bool) -> Answer {
    let (media_type, text) = if is_html {
        ("text/html", page(status, reason))
    } else {
        ("text/plain", format!("{} {}: {reason}\n", status.code(), status.phrase()))
    };
    let lines = format!("{lines}{LINES}Content-Type: {media_type}; charset=utf-8\r\n");
    Answer::with_lines(status, lines.into_bytes(), Content::text(text))
}

/// Whether the peer takes HTML when it is named (RFC 9110, section 12.5.1): a browser does, curl's `*/*` does not.
fn accepts_html(fields: &Fields<'_>) -> bool {
    fields.elements(FieldName::Accept).any(|element| {
        let mut parts = element.split(|&byte| byte == b';').map(<[u8]>::trim_ascii);
        let is_html = parts.next().is_some_and(|media_range| media_range.eq_ignore_ascii_case(b"text/html"));
        let is_refused = parts.any(|parameter| matches!(parameter, b"q=0" | b"q=0.0" | b"q=0.00" | b"q=0.000"));
        is_html && !is_refused
    })
}

/// A page without anything to load. The reason is one of ours and holds no markup.
fn page(status: Status, reason: &str) -> String {
    let (code, phrase) = (status.code(), status.phrase());
    let mut initial = reason.chars();
    let sentence = initial.next().map_or(String::new(), |first| first.to_uppercase().chain(initial).collect());
    format!(
        r##"<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
<title>{code} {phrase}</title>
<link rel="icon" href="data:,">
<style>
html {{ height: 100%; font: 1.0625rem/1.6 system-ui, sans-serif; color: #1c1d21; background: #fbfaf7 }}
body {{ min-height: 100%; margin: 0; display: grid; place-content: center; padding: 2rem; box-sizing: border-box }}
main {{ max-width: 34rem; padding-left: 1.75rem; border-left: 3px solid #c8402f }}
p {{ margin: 0 }}
.code {{ font: 600 4rem/1 ui-monospace, monospace; letter-spacing: -.04em; color: #c8402f }}
h1 {{ margin: .6rem 0 .4rem; font-size: 1.5rem; line-height: 1.25; letter-spacing: -.01em }}
.by {{ margin-top: 2rem; font-size: .875rem; opacity: .65 }}
@media (prefers-color-scheme: dark) {{
  html {{ color: #e9e7e2; background: #16171a }}
  main {{ border-color: #ff7b68 }}
  .code {{ color: #ff7b68 }}
}}
</style>
<main>
<p class="code">{code}</p>
<h1>{phrase}</h1>
<p>{sentence}.</p>
<p class="by">webserv</p>
</main>
</html>
"##
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Request;

    fn accepts(accept: &str) -> bool {
        let head = format!("GET / HTTP/1.1\r\nHost: a\r\n{accept}\r\n");
        accepts_html(&Request::parse(head.as_bytes(), 9).unwrap().fields)
    }

    #[test]
    fn html_is_for_those_who_name_it() {
        assert!(accepts("Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"));
        assert!(accepts("Accept: */*\r\nAccept: Text/HTML ; q=0.1\r\n"));
        for accept in
            ["", "Accept: */*\r\n", "Accept: text/html;q=0\r\n", "Accept: text/*\r\n", "Accept: application/json\r\n"]
        {
            assert!(!accepts(accept), "{accept}");
        }
    }
}
