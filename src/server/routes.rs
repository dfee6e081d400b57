//! The paths of a server's profiles, matched segment by segment.

use super::profile::{Door, Endpoint, Methods, Profile};
use crate::request::grammar::has_control;
use crate::request::percent;

/// The routes of all profiles.
#[derive(Clone, Debug)]
pub(super) struct Routes(Vec<Entry>);

/// A path, its endpoint, and the profiles that have it.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) path: Box<str>,
    pub(super) endpoint: Endpoint,
    pub(super) methods: Methods,
    pub(super) client: Option<&'static str>,
    /// The door of the first profile with the path.
    pub(super) door: Door,
    /// The names of the profiles with the path. An application of another profile is refused.
    pub(super) profiles: Vec<&'static str>,
}

/// The segments of a path that stand for the names of a template.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Captures(Vec<(Box<str>, Box<str>)>);

impl Routes {
    /// Collects the routes of profiles. Fails with the path that two of them use for different
    /// endpoints or clients.
    pub(super) fn of(profiles: &[Profile]) -> Result<Self, &'static str> {
        let mut entries: Vec<Entry> = Vec::new();
        for profile in profiles {
            for route in profile.door.routes {
                match entries.iter_mut().find(|entry| &*entry.path == route.path) {
                    Some(entry) if entry.endpoint == route.endpoint && entry.client == route.client => {
                        entry.profiles.push(profile.name);
                    }
                    Some(_) => return Err(route.path),
                    None => entries.push(Entry {
                        path: route.path.into(),
                        endpoint: route.endpoint,
                        methods: route.methods,
                        client: route.client,
                        door: profile.door,
                        profiles: vec![profile.name],
                    }),
                }
            }
        }
        // A path without names comes before a template that it fits.
        entries.sort_by_key(|entry| entry.path.matches('{').count());
        Ok(Self(entries))
    }

    /// Adds the route of a document that every server has, unless a profile has its path.
    pub(super) fn add(&mut self, path: String, endpoint: Endpoint, door: Door) {
        let (path, methods) = (path.into(), Methods::Get);
        if !self.0.iter().any(|entry| entry.path == path) {
            self.0.insert(0, Entry { path, endpoint, methods, client: None, door, profiles: Vec::new() });
        }
    }

    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|entry| &*entry.path)
    }

    pub(super) fn find(&self, path: &str) -> Option<(&Entry, Captures)> {
        self.0.iter().find_map(|entry| Some((entry, captures(&entry.path, path)?)))
    }
}

impl Captures {
    /// Returns a template with the captured segments in the places of their names. Returns `None`
    /// if a name has no segment.
    pub(super) fn fill(&self, template: &str) -> Option<String> {
        let mut filled = String::new();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, behind) = after.split_once('}')?;
            filled.push_str(before);
            filled.push_str(self.get(name)?);
            rest = behind;
        }
        filled.push_str(rest);
        Some(filled)
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(of, _)| &**of == name).map(|(_, segment)| &**segment)
    }
}

fn captures(template: &str, path: &str) -> Option<Captures> {
    let (mut names, mut segments) = (template.split('/'), path.split('/'));
    let mut captured = Vec::new();
    loop {
        match (names.next(), segments.next()) {
            (None, None) => return Some(Captures(captured)),
            (Some(name), Some(segment)) => {
                match name.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
                    Some(name) => captured.push((name.into(), decoded(segment)?)),
                    None if name == segment => {}
                    None => return None,
                }
            }
            _ => return None,
        }
    }
}

fn decoded(segment: &str) -> Option<Box<str>> {
    let bytes = percent::decode(segment.as_bytes(), b'+')?;
    let text = std::str::from_utf8(&bytes).ok()?;
    (!text.is_empty() && !has_control(text) && !text.contains('/')).then(|| text.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::profile::{STANDARD, USERGRID};

    #[test]
    fn a_path_is_matched_whole_and_its_names_are_captured() {
        let routes = Routes::of(&[STANDARD, USERGRID]).unwrap();
        let found = |path: &str| routes.find(path).map(|(entry, _)| entry.path.to_string());
        assert_eq!(found("/oauth2/token").as_deref(), Some("/oauth2/token"));
        assert_eq!(found("/management/token").as_deref(), Some("/management/token"));
        assert_eq!(found("/acme/weather/token").as_deref(), Some("/{org}/{app}/token"));
        for none in ["", "/", "/oauth2/token/", "/oauth2", "//weather/token", "/a/%zz/token", "/a/%00/token"]
        {
            assert_eq!(found(none), None, "{none}");
        }
        let (_, captures) = routes.find("/acme/we%61ther/token").unwrap();
        assert_eq!(captures.fill("{org}.{app}").as_deref(), Some("acme.weather"));
        assert_eq!(captures.fill("{other}"), None);
    }

    #[test]
    fn profiles_share_a_path_only_for_one_endpoint() {
        let second = Profile { name: "second", ..STANDARD };
        let routes = Routes::of(&[STANDARD, second]).unwrap();
        assert_eq!(routes.find("/oauth2/token").unwrap().0.profiles, ["standard", "second"]);
    }
}
