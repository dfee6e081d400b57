//! Names of credentials in places where no row reads them.

use http::header::HeaderName;

use super::names::Names;

/// All names that a dialect has for credentials, regardless of the carrier that a row reads.
///
/// A parameter or header with such a name is a credential in the wrong place, so the request is not
/// a guest's.
#[derive(Clone, Debug, Default)]
pub(super) struct KnownNames {
    names: Names,
    /// The headers that a row reads.
    read: Vec<HeaderName>,
}

impl KnownNames {
    pub(super) fn add(&mut self, name: &'static str) {
        if !self.names.contains(name) {
            self.names.add(name);
        }
    }

    /// Adds the name of a header that a row reads.
    pub(super) fn add_header(&mut self, name: &'static str) {
        self.read.extend(HeaderName::from_bytes(name.as_bytes()));
        self.add(name);
    }

    /// Returns the names that may be a header's, and that no row reads as a header.
    pub(super) fn unread_headers(&self) -> impl Iterator<Item = HeaderName> {
        // A name that is invalid for headers can only be a parameter's.
        let headers = self.names.iter().filter_map(|name| HeaderName::from_bytes(name.as_bytes()).ok());
        headers.filter(|name| !self.read.contains(name))
    }

    /// Returns true if a parameter of a query or form has one of the names, after percent-decoding.
    pub(super) fn are_in_parameters(&self, text: &[u8]) -> bool {
        self.names.each(text, |_| Err(())).is_err()
    }
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
        let unread: Vec<_> = names.unread_headers().collect();
        assert_eq!(unread, ["access_token", "$$app_token", "x-api-key"]);
    }
}
