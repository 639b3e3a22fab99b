//! Accept-Encoding (RFC 9110, section 12.5.3) as a table of what is said of whom, asked once for each weight there is.

/// The codings that are rather sent than none, the best one first.
pub(crate) fn ranked(values: &[Vec<u8>]) -> Vec<&'static str> {
    let said: Vec<(String, u32)> =
        values.iter().flat_map(|value| value.split(|byte| *byte == b',')).filter_map(said).collect();
    let least_of = |names: &[&str]| said.iter().filter(|(name, _)| names.contains(&&**name)).map(|(_, q)| *q).min();
    let any = least_of(&["*"]);
    let identity = least_of(&["identity"]).or(any).unwrap_or(1);
    let codings = [("br", &["br"][..]), ("zstd", &["zstd"]), ("gzip", &["gzip", "x-gzip"])];
    let mut ranked = Vec::new();
    for weight in (identity.max(1)..=1000).rev() {
        let weighs = |names: &[&str]| least_of(names).or(any) == Some(weight);
        ranked.extend(codings.iter().filter(|(_, names)| weighs(names)).map(|(name, _)| *name));
    }
    ranked
}

/// A name in lower case, and its weight in thousandths; `None` for what is malformed.
fn said(element: &[u8]) -> Option<(String, u32)> {
    let text = String::from_utf8_lossy(super::trimmed(element)).to_ascii_lowercase();
    let (name, weight) = match text.split_once(';') {
        None => (&*text, 1000),
        Some((name, weight)) => {
            let spaces = [' ', '\t'];
            let number = weight.trim_start_matches(spaces).strip_prefix("q=")?;
            let (whole, decimals) = number.split_once('.').unwrap_or((number, ""));
            let is_number = decimals.len() <= 3 && decimals.bytes().all(|byte| byte.is_ascii_digit());
            let thousandths: u32 = format!("{decimals:0<3}").parse().ok().filter(|_| is_number)?;
            match whole {
                "0" => (name.trim_end_matches(spaces), thousandths),
                "1" if thousandths == 0 => (name.trim_end_matches(spaces), 1000),
                _ => return None,
            }
        }
    };
    Some((name.to_owned(), weight)).filter(|(name, _)| !name.is_empty())
}
