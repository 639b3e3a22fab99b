//! What a site says about its answers: the rules of the top of the file, of the site and of what lies below a path, put
//! together.
//!
//! Never looks at a request: which rules a path has is found out in `site`.

use toml::Spanned;

use super::field::FieldName;
use super::keys::SharedKeys;

/// What a site says about its answers.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct SiteRules {
    /// What holds for every path
    pub every: Rules,
}

/// What holds for some paths.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Rules {
    /// Fields for every response, in the order of the file. One without a value is taken away from those of less specific
    /// rules.
    pub headers: Vec<(FieldName, String)>,
}

impl SiteRules {
    /// What `own` says, and what the top of the file says besides.
    pub(super) fn of(top: &SharedKeys, own: &SharedKeys) -> SiteRules {
        let mut every = Rules::default();
        for keys in [top, own] {
            every.add(&Rules { headers: plain(keys.headers.as_deref()) });
        }
        SiteRules { every }
    }
}

impl Rules {
    /// Adds what a more specific rule says.
    pub fn add(&mut self, more: &Rules) {
        for (name, value) in &more.headers {
            match self.headers.iter_mut().find(|(known, _)| known == name) {
                Some(known) => *known = (name.clone(), value.clone()),
                None => self.headers.push((name.clone(), value.clone())),
            }
        }
    }
}

/// Without places, which have been made use of by now.
fn plain<N: Clone, V: Clone>(written: Option<&[(Spanned<N>, Spanned<V>)]>) -> Vec<(N, V)> {
    let entries = written.unwrap_or_default().iter();
    entries.map(|(name, value)| (name.get_ref().clone(), value.get_ref().clone())).collect()
}
