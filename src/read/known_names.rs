//! Names of credentials in places where no row reads them.

use http::HeaderMap;
use http::header::HeaderName;

use crate::request::percent;

/// All names that a dialect has for credentials, regardless of the carrier that a row reads.
///
/// A parameter or header with such a name is a credential in the wrong place, so the request is not
/// a guest's.
#[derive(Clone, Debug, Default)]
pub(super) struct KnownNames {
    names: Vec<&'static str>,
    /// The names that may be a header's, and that no row reads as a header.
    headers: Vec<HeaderName>,
    /// The lengths of `headers`, a bit each. Names of 63 and more bytes share a bit.
    lengths: u64,
    /// The headers that a row reads. A guest's request has none of them, so they are not searched.
    read: Vec<HeaderName>,
}

impl KnownNames {
    pub(super) fn add(&mut self, name: &'static str) {
        if !self.names.contains(&name) {
            self.names.push(name);
        }
        // A name that is invalid for headers can only be a parameter's.
        self.headers.extend(HeaderName::from_bytes(name.as_bytes()));
        self.leave_out_read();
    }

    /// Adds the name of a header that a row reads.
    pub(super) fn add_header(&mut self, name: &'static str) {
        self.read.extend(HeaderName::from_bytes(name.as_bytes()));
        self.add(name);
    }

    fn leave_out_read(&mut self) {
        let mut seen = self.read.clone();
        self.headers.retain(|name| {
            let is_new = !seen.contains(name);
            seen.push(name.clone());
            is_new
        });
        self.lengths = self.headers.iter().fold(0, |lengths, name| lengths | length_bit(name));
    }

    /// Returns true if a header that no row reads has one of the names.
    pub(super) fn are_in_headers(&self, headers: &HeaderMap) -> bool {
        // One pass over the lengths costs less than a look-up for each known name.
        let may_be_known = |name: &HeaderName| self.lengths & length_bit(name) != 0;
        headers.keys().any(|name| may_be_known(name) && self.headers.contains(name))
    }

    /// Returns true if a parameter of a query or form has one of the names, after percent-decoding.
    pub(super) fn are_in_parameters(&self, text: &[u8]) -> bool {
        text.split(|byte| *byte == b'&').any(|parameter| self.is_named(parameter))
    }

    fn is_named(&self, parameter: &[u8]) -> bool {
        let end = memchr::memchr(b'=', parameter).unwrap_or(parameter.len());
        let name = parameter.get(..end).unwrap_or(parameter);
        let is_known = |name: &[u8]| self.names.iter().any(|known| known.as_bytes() == name);
        match memchr::memchr2(b'%', b'+', name) {
            None => is_known(name),
            Some(_) => percent::decode(name, b' ').is_some_and(|name| is_known(&name)),
        }
    }
}

fn length_bit(name: &HeaderName) -> u64 {
    1 << name.as_str().len().min(63)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_in_every_carrier_and_no_other_name_is() {
        let mut names = KnownNames::default();
        for name in ["access_token", "$$app_token", "x-api-key", "access_token"] {
            names.add(name);
        }
        names.add_header("x-app-token");
        for query in ["access_token=t", "a=b&access%5Ftoken", "$$app_token=", "&&x-api-key=1&c"] {
            assert!(names.are_in_parameters(query.as_bytes()), "{query}");
        }
        for query in ["", "a=access_token", "xaccess_token=t", "access_tokens=t", "Access_Token=t", "%zz=1"] {
            assert!(!names.are_in_parameters(query.as_bytes()), "{query}");
        }
        for (name, known) in
            [("X-API-Key", true), ("access_token", true), ("x-api-keys", false), ("x-app-token", false)]
        {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            let headers = HeaderMap::from_iter([(name, http::HeaderValue::from_static(""))]);
            assert_eq!(names.are_in_headers(&headers), known, "{headers:?}");
        }
    }
}
