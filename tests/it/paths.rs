//! Which names a Rust source file refers to: read just well enough to hold the import table over it. Macros that put
//! paths together are not seen; the code has none.

/// A path such as `crate::net::Outbox`, from the root of its crate wherever that can be told.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) segments: Vec<String>,
    pub(crate) line: usize,
}

impl Named {
    /// Whether these segments, joined by `::`, stand in it anywhere.
    pub(crate) fn mentions(&self, path: &str) -> bool {
        let wanted: Vec<_> = path.split("::").collect();
        self.segments.windows(wanted.len()).any(|window| window == wanted)
    }

    /// The module of the crate that it leads into.
    pub(crate) fn room(&self) -> Option<&str> {
        match self.segments.as_slice() {
            [root, room, ..] if root == "crate" => Some(room),
            _ => None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    /// `::`
    Separator,
    Sign(char),
}

/// Words and signs with their lines, without comments and without what stands in quotes.
fn tokens(source: &str) -> Vec<(Token, usize)> {
    let source: Vec<char> = source.chars().collect();
    let mut found = Vec::new();
    let (mut at, mut line) = (0, 1);
    let starts = |at: usize, text: &str| text.chars().enumerate().all(|(n, it)| source.get(at + n) == Some(&it));
    while let Some(&sign) = source.get(at) {
        let start = at;
        let first_line = line;
        let is_word = |it: &char| it.is_alphanumeric() || *it == '_';
        if starts(at, "//") {
            at += source[at..].iter().take_while(|it| **it != '\n').count();
        } else if starts(at, "/*") {
            at += 2;
            while at < source.len() && !starts(at, "*/") {
                at += 1;
            }
            at += 2;
        } else if sign == '"' {
            at += 1;
            while source.get(at).is_some_and(|it| *it != '"') {
                at += if source[at] == '\\' { 2 } else { 1 };
            }
            at += 1;
        } else if sign == '\'' {
            at += match source.get(at + 1..) {
                Some(['\\', _, rest @ ..]) => 4 + rest.iter().take_while(|it| **it != '\'').count(),
                Some([_, '\'', ..]) => 3,
                _ => 1, // of a lifetime
            };
        } else if is_word(&sign) {
            let length = source[at..].iter().take_while(|it| is_word(it)).count();
            let word: String = source[at..at + length].iter().collect();
            at += length;
            let hashes = source[at..].iter().take_while(|it| **it == '#').count();
            if ["r", "br", "cr"].contains(&word.as_str()) && source.get(at + hashes) == Some(&'"') {
                let end = format!("\"{}", "#".repeat(hashes));
                at += hashes + 1;
                while at < source.len() && !starts(at, &end) {
                    at += 1;
                }
                at += end.len();
            } else {
                found.push((Token::Word(word), line));
            }
        } else if starts(at, "::") {
            found.push((Token::Separator, line));
            at += 2;
        } else {
            if !sign.is_whitespace() {
                found.push((Token::Sign(sign), line));
            }
            at += 1;
        }
        line = first_line + source[start..at.min(source.len())].iter().filter(|it| **it == '\n').count();
    }
    found
}

/// All words of the code with their lines.
pub(crate) fn words(source: &str) -> Vec<(String, usize)> {
    let words = tokens(source).into_iter().filter_map(|(token, line)| match token {
        Token::Word(word) => Some((word, line)),
        _ => None,
    });
    words.collect()
}

/// All paths of the code. `module` is the file's own, such as `["crate", "net", "outbox"]`.
pub(crate) fn paths(source: &str, module: &[String]) -> Vec<Named> {
    let tokens = tokens(source);
    let mut module = module.to_vec();
    let mut inner = Vec::new(); // the depth of each `mod name {` that is open
    let (mut at, mut depth) = (0, 0_usize);
    let mut found = Vec::new();
    while let Some((token, _)) = tokens.get(at) {
        match (token, &tokens[at + 1..]) {
            (Token::Word(word), [(Token::Word(name), _), (Token::Sign('{'), _), ..]) if word == "mod" => {
                inner.push(depth);
                module.push(name.clone());
                depth += 1;
                at += 3;
            }
            (Token::Word(_), [(Token::Separator, _), ..]) => {
                let known = found.len();
                at = tree(&tokens, at, &[], &mut found);
                for named in &mut found[known..] {
                    resolve(&mut named.segments, &module);
                }
            }
            (Token::Sign('{'), _) => {
                depth += 1;
                at += 1;
            }
            (Token::Sign('}'), _) => {
                depth = depth.saturating_sub(1);
                if inner.last() == Some(&depth) {
                    inner.pop();
                    module.pop();
                }
                at += 1;
            }
            _ => at += 1,
        }
    }
    found
}

/// Collects a path or, after `{`, each of its branches; gives the place behind it.
fn tree(tokens: &[(Token, usize)], mut at: usize, prefix: &[String], found: &mut Vec<Named>) -> usize {
    let mut segments = prefix.to_vec();
    let line = tokens.get(at).map_or(0, |(_, line)| *line);
    loop {
        match tokens.get(at) {
            Some((Token::Sign('{'), _)) if !segments.is_empty() => {
                at += 1;
                while tokens.get(at).is_some_and(|(token, _)| *token != Token::Sign('}')) {
                    // A branch is never empty, but a comma, or `as` and a name, may stand behind it.
                    at = match &tokens[at].0 {
                        Token::Word(word) if word != "as" => tree(tokens, at, &segments, found),
                        Token::Word(_) => at + 2,
                        _ => at + 1,
                    };
                }
                return at + 1;
            }
            Some((Token::Word(word), _)) => segments.push(word.clone()),
            Some((Token::Sign('*'), _)) => segments.push("*".to_owned()),
            _ => break,
        }
        at += 1;
        if tokens.get(at).is_none_or(|(token, _)| *token != Token::Separator) {
            break;
        }
        at += 1;
    }
    found.push(Named { segments, line });
    at
}

/// From the root of the crate.
fn resolve(segments: &mut Vec<String>, module: &[String]) {
    let up = segments.iter().take_while(|it| *it == "super").count();
    let own = usize::from(up == 0 && segments.first().is_some_and(|it| it == "self"));
    if up + own > 0 {
        let kept = &module[..module.len().saturating_sub(up)];
        segments.splice(..up + own, kept.iter().cloned());
    }
}

#[test]
fn paths_are_read_wherever_they_stand() {
    let source = r##"
        //! crate::comment::A
        use crate::{a, b::{c, d as e}, f::*};
        use super::g;
        fn of<'a>(it: &'a crate::h::I<'a>) -> std::io::Result<char> { "crate::no"; r#"crate::"no"#; '"'; self::j() }
        mod tests {
            use super::super::k::l; /* crate::no */
            fn f() { super::m::<crate::n::O>(); }
        }
        use super::p;
    "##;
    let module = ["crate", "room", "file"].map(str::to_owned);
    let found: Vec<_> = paths(source, &module).iter().map(|named| named.segments.join("::")).collect();
    assert_eq!(
        found,
        [
            "crate::a",
            "crate::b::c",
            "crate::b::d",
            "crate::f::*",
            "crate::room::g",
            "crate::h::I",
            "std::io::Result",
            "crate::room::file::j",
            "crate::room::k::l",
            "crate::room::file::m",
            "crate::n::O",
            "crate::room::p",
        ]
    );
    assert_eq!(paths(source, &module)[4].line, 4);
}
