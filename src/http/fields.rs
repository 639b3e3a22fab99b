//! The field section of a request (RFC 9110, section 5): the fields that this server reads, found in one pass.

/// A request field that has a meaning here. Every other field stays in the section and is not looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FieldName {
    /// RFC 9110, section 12.5.1
    Accept,
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

/// The names on the wire, in lower case, in the order of the enum.
const NAMES: [(&[u8], FieldName); 14] = [
    (b"accept", FieldName::Accept),
    (b"connection", FieldName::Connection),
    (b"content-length", FieldName::ContentLength),
    (b"expect", FieldName::Expect),
    (b"host", FieldName::Host),
    (b"if-match", FieldName::IfMatch),
    (b"if-modified-since", FieldName::IfModifiedSince),
    (b"if-none-match", FieldName::IfNoneMatch),
    (b"if-range", FieldName::IfRange),
    (b"if-unmodified-since", FieldName::IfUnmodifiedSince),
    (b"range", FieldName::Range),
    (b"referer", FieldName::Referer),
    (b"transfer-encoding", FieldName::TransferEncoding),
    (b"user-agent", FieldName::UserAgent),
];

/// A field section that has been parsed: the values of the known fields, without white space around them.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    section: &'a [u8],
    first: [Option<&'a [u8]>; NAMES.len()],
    repeated: u32,
}

impl<'a> Fields<'a> {
    /// Collects the known fields out of `lines`. `section` is the text that they were parsed from.
    pub(super) fn new(section: &'a [u8], lines: &[httparse::Header<'a>]) -> Fields<'a> {
        let mut fields = Fields { section, first: [None; NAMES.len()], repeated: 0 };
        for line in lines {
            let Some(name) = recognise(line.name.as_bytes()) else { continue };
            match fields.first.get_mut(name as usize) {
                Some(first @ None) => *first = Some(trim(line.value)),
                _ => fields.repeated |= 1 << name as u32,
            }
        }
        fields
    }

    /// The value of the first line of that name.
    pub fn value(&self, name: FieldName) -> Option<&'a [u8]> {
        self.first.get(name as usize).copied().flatten()
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

/// The known field of that name, compared without case (section 5.1).
fn recognise(name: &[u8]) -> Option<FieldName> {
    NAMES.iter().find(|(known, _)| name.eq_ignore_ascii_case(known)).map(|&(_, field)| field)
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

    fn with_fields(section: &str, check: impl Fn(&Fields<'_>)) {
        let text = format!("{section}\r\n");
        let mut lines = [httparse::EMPTY_HEADER; 16];
        let Ok(httparse::Status::Complete((_, lines))) = httparse::parse_headers(text.as_bytes(), &mut lines) else {
            panic!("not a field section: {section:?}");
        };
        check(&Fields::new(section.as_bytes(), lines));
    }

    #[test]
    fn names_stand_in_the_order_of_the_enum() {
        for (position, (_, name)) in NAMES.iter().enumerate() {
            assert_eq!(position, *name as usize);
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
