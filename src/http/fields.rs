//! The field section of a request (RFC 9110, section 5): the fields that this server reads, found in one pass.

/// A request field that has a meaning here. Every other field stays in the section and is not looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FieldName {
    /// RFC 9110, section 12.5.1
    Accept,
    /// RFC 9110, section 12.5.3
    AcceptEncoding,
    /// RFC 9110, section 7.6.1
    Connection,
    /// RFC 9110, section 8.6
    ContentLength,
    /// RFC 9110, section 10.1.1
    Expect,
    /// RFC 9110, section 7.2
    Host,
    /// RFC 9110, section 13.1.1
    IfMatch,
    /// RFC 9110, section 13.1.3
    IfModifiedSince,
    /// RFC 9110, section 13.1.2
    IfNoneMatch,
    /// RFC 9110, section 13.1.5
    IfRange,
    /// RFC 9110, section 13.1.4
    IfUnmodifiedSince,
    /// RFC 9110, section 14.2
    Range,
    /// RFC 9110, section 10.1.3
    Referer,
    /// RFC 9112, section 6.1
    TransferEncoding,
    /// RFC 9110, section 10.1.5
    UserAgent,
}

/// How many there are.
const NAMES: usize = 15;

impl FieldName {
    /// The name as most clients spell it.
    const fn name(self) -> &'static [u8] {
        match self {
            FieldName::Accept => b"Accept",
            FieldName::AcceptEncoding => b"Accept-Encoding",
            FieldName::Connection => b"Connection",
            FieldName::ContentLength => b"Content-Length",
            FieldName::Expect => b"Expect",
            FieldName::Host => b"Host",
            FieldName::IfMatch => b"If-Match",
            FieldName::IfModifiedSince => b"If-Modified-Since",
            FieldName::IfNoneMatch => b"If-None-Match",
            FieldName::IfRange => b"If-Range",
            FieldName::IfUnmodifiedSince => b"If-Unmodified-Since",
            FieldName::Range => b"Range",
            FieldName::Referer => b"Referer",
            FieldName::TransferEncoding => b"Transfer-Encoding",
            FieldName::UserAgent => b"User-Agent",
        }
    }

    /// Those whose name has so many bytes. Most fields have no meaning here, and this tells for most of them.
    const fn of_length(length: usize) -> &'static [FieldName] {
        match length {
            4 => &[FieldName::Host],
            5 => &[FieldName::Range],
            6 => &[FieldName::Accept, FieldName::Expect],
            7 => &[FieldName::Referer],
            8 => &[FieldName::IfMatch, FieldName::IfRange],
            10 => &[FieldName::UserAgent, FieldName::Connection],
            13 => &[FieldName::IfNoneMatch],
            14 => &[FieldName::ContentLength],
            15 => &[FieldName::AcceptEncoding],
            17 => &[FieldName::IfModifiedSince, FieldName::TransferEncoding],
            19 => &[FieldName::IfUnmodifiedSince],
            _ => &[],
        }
    }
}

/// A field section that has been parsed: the values of the known fields, without white space around them.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    section: &'a [u8],
    first: [Span; NAMES],
    repeated: u32,
}

/// A field line is not in the section that it is said to be in, or one ends in a bare LF.
#[derive(Debug)]
pub(super) struct Elsewhere;

/// Where a value stands in the section. Half as large as a slice, and there is a place for each name in each request.
#[derive(Clone, Copy, Debug)]
struct Span {
    start: u32,
    length: u32,
}

impl Span {
    /// A name and its colon precede every value.
    const ABSENT: Span = Span { start: 0, length: 0 };

    /// Where `value` stands. None where it is no part of `section`, or has no name in front of it.
    #[inline]
    fn of(value: &[u8], section: &[u8]) -> Option<Span> {
        // In front of the section, it wraps around to what no section is as long as.
        let start = value.as_ptr().addr().wrapping_sub(section.as_ptr().addr());
        let is_within = start <= section.len() && value.len() <= section.len() - start;
        let is_named = start > 0;
        (is_within && is_named).then_some(Span { start: start as u32, length: value.len() as u32 })
    }
}

impl<'a> Fields<'a> {
    /// None yet of those that are in `section`.
    #[inline(always)]
    pub(super) fn none_of(section: &'a [u8]) -> Fields<'a> {
        Fields { section, first: [Span::ABSENT; NAMES], repeated: 0 }
    }

    /// Collects the known fields out of `lines`, which were parsed from the section.
    ///
    /// # Errors
    ///
    /// One of them is not in it: a field that is overlooked may be the one that says where the request ends.
    #[inline(always)]
    pub(super) fn collect(&mut self, lines: &[httparse::Header<'a>]) -> Result<(), Elsewhere> {
        // Every place in it fits where this does.
        u32::try_from(self.section.len()).map_err(|_| Elsewhere)?;
        let is_whole = |lines: &[u8]| lines.is_empty() || lines.ends_with(b"\r\n");
        if !is_whole(self.section) {
            return Err(Elsewhere);
        }
        for line in lines {
            let start = line.name.as_ptr().addr().wrapping_sub(self.section.as_ptr().addr());
            self.section.get(..start).filter(|before| is_whole(before)).ok_or(Elsewhere)?;
            let Some(name) = recognise(line.name.as_bytes()) else { continue };
            let span = Span::of(trim(line.value), self.section).ok_or(Elsewhere)?;
            match self.first.get_mut(name as usize) {
                Some(first) if first.start == 0 => *first = span,
                _ => self.repeated |= 1 << name as u32,
            }
        }
        Ok(())
    }

    /// The value of the first line of that name.
    pub fn value(&self, name: FieldName) -> Option<&'a [u8]> {
        let Span { start, length } = *self.first.get(name as usize).filter(|span| span.start > 0)?;
        self.section.get(start as usize..)?.get(..length as usize)
    }

    /// Whether more than one line has that name.
    pub fn is_repeated(&self, name: FieldName) -> bool {
        self.repeated & (1 << name as u32) != 0
    }

    /// The value of every line of that name, in order.
    pub fn values(&self, name: FieldName) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        // One line is the rule and costs nothing. Where there are several, the section is gone through again.
        let (one, section) = if self.is_repeated(name) { (None, self.section) } else { (self.value(name), &[][..]) };
        one.into_iter().chain(values_in(section, name))
    }

    /// The elements of a list that may go over several lines (section 5.6.1), empty ones left out. Not for fields whose
    /// elements hold quoted strings.
    pub fn elements(&self, name: FieldName) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.values(name).flat_map(elements)
    }

    /// The section as it was received: its field lines, each with its CRLF.
    pub fn section(&self) -> &'a [u8] {
        self.section
    }
}

/// The elements of one value, empty ones left out.
pub fn elements(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|&byte| byte == b',').map(trim).filter(|element| !element.is_empty())
}

/// The value of every line of that name in a section, or in a head: its first line is none of a known field.
pub(super) fn values_in(section: &[u8], name: FieldName) -> impl Iterator<Item = &[u8]> {
    lines(section).filter(move |(line, _)| recognise(line) == Some(name)).map(|(_, value)| value)
}

/// The known field of that name, compared without case (section 5.1): byte by byte only where it is not spelt as usual.
fn recognise(name: &[u8]) -> Option<FieldName> {
    // Most of those that are as long as a known one begin with another letter.
    let is_first = |spelt: &[u8]| matches!((name, spelt), ([a, ..], [b, ..]) if a.eq_ignore_ascii_case(b));
    let is_name = |spelt: &[u8]| is_first(spelt) && (name == spelt || name.eq_ignore_ascii_case(spelt));
    FieldName::of_length(name.len()).iter().find(|known| is_name(known.name())).copied()
}

/// The lines of a section that has been found valid, as name and value.
fn lines(section: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    section.split(|&byte| byte == b'\n').filter_map(|line| {
        let colon = line.iter().position(|&byte| byte == b':')?;
        let (name, value) = line.split_at_checked(colon)?;
        Some((name, trim(value.get(1..)?.strip_suffix(b"\r")?)))
    })
}

/// The value without the optional white space around it (section 5.6.3): spaces and tabs.
pub(super) fn trim(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_lines(section: &str, check: impl Fn(&[u8], &[httparse::Header<'_>])) {
        let text = format!("{section}\r\n");
        let mut lines = [httparse::EMPTY_HEADER; 16];
        let Ok(httparse::Status::Complete((_, lines))) = httparse::parse_headers(text.as_bytes(), &mut lines) else {
            panic!("not a field section: {section:?}");
        };
        check(&text.as_bytes()[..section.len()], lines);
    }

    fn with_fields(section: &str, check: impl Fn(&Fields<'_>)) {
        with_lines(section, |section, lines| {
            let mut fields = Fields::none_of(section);
            fields.collect(lines).unwrap();
            check(&fields);
        });
    }

    #[test]
    fn a_field_outside_the_section_is_never_overlooked() {
        for text in ["Content-Length: 5\r\n", "Host: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n"] {
            with_lines(text, |section, lines| {
                assert!(Fields::none_of(section).collect(lines).is_ok());
                for wrong in [&[][..], b"Host: a\r\n", &section[..section.len() - 3], &section[section.len() - 3..]] {
                    assert!(Fields::none_of(wrong).collect(lines).is_err(), "{text} in {wrong:?}");
                }
            });
        }
    }

    #[test]
    fn each_name_is_found_and_has_a_place_of_its_own() {
        let all: Vec<FieldName> = (0..99).flat_map(FieldName::of_length).copied().collect();
        let mut places: Vec<usize> = all.iter().map(|name| *name as usize).collect();
        places.sort_unstable();
        assert_eq!(places, (0..NAMES).collect::<Vec<_>>());
        for name in all {
            assert_eq!(recognise(name.name()), Some(name));
            assert_eq!(recognise(&name.name().to_ascii_uppercase()), Some(name));
            assert_eq!(recognise(&name.name().to_ascii_lowercase()), Some(name));
            assert_eq!(recognise(&[name.name(), b"x"].concat()), None);
        }
    }

    #[test]
    fn values_lose_their_white_space_and_names_their_case() {
        with_fields("HOST: \t a \t\r\nX-Other: 1\r\naccept:\r\n", |fields| {
            assert_eq!(fields.value(FieldName::Host), Some(&b"a"[..]));
            assert_eq!(fields.value(FieldName::Accept), Some(&b""[..]));
            assert_eq!(fields.value(FieldName::Range), None);
            assert!(!fields.is_repeated(FieldName::Host));
        });
    }

    #[test]
    fn a_list_goes_over_all_its_lines_in_order() {
        with_fields("Connection: a, ,b\r\nHost: h\r\nconnection: c\r\nConnection:\r\n", |fields| {
            assert!(fields.is_repeated(FieldName::Connection));
            let elements: Vec<_> = fields.elements(FieldName::Connection).collect();
            assert_eq!(elements, [b"a", b"b", b"c"]);
            assert_eq!(fields.values(FieldName::Connection).count(), 3);
        });
    }
}
