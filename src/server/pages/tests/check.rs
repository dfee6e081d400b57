//! A strict reader of the HTML that the pages use, and the contrast of two colours.
#![cfg(test)]

/// A page as elements and texts, in the order of the document.
pub(super) struct Document {
    elements: Vec<Element>,
    /// Each text, and the index of its element.
    texts: Vec<(usize, String)>,
}

pub(super) struct Element {
    pub(super) name: String,
    pub(super) attributes: Vec<(String, String)>,
    index: usize,
    parent: Option<usize>,
}

/// Elements without an end tag.
const VOID: &[&str] = &["meta", "input"];

impl Document {
    /// Reads a document. Returns an error if a tag is malformed or not closed.
    pub(super) fn parse(html: &str) -> Result<Self, String> {
        let mut rest = html.strip_prefix("<!doctype html>").ok_or("no doctype")?;
        let mut page = Self { elements: Vec::new(), texts: Vec::new() };
        let mut open: Vec<usize> = Vec::new();
        while !rest.is_empty() {
            if let Some(end) = rest.strip_prefix("</") {
                let (name, after) = end.split_once('>').ok_or("an end tag without an end")?;
                let closed = open.pop().ok_or_else(|| format!("</{name}> too many"))?;
                if page.elements[closed].name != name {
                    return Err(format!("</{name}> closes <{}>", page.elements[closed].name));
                }
                rest = after;
            } else if let Some(start) = rest.strip_prefix('<') {
                let (mut element, after) = tag(start)?;
                element.index = page.elements.len();
                element.parent = open.last().copied();
                rest = after;
                match &*element.name {
                    "style" => rest = after.split_once("</style>").ok_or("a style without an end")?.1,
                    name if VOID.contains(&name) => {}
                    _ => open.push(element.index),
                }
                page.elements.push(element);
            } else {
                let end = rest.find('<').unwrap_or(rest.len());
                if let Some(&element) = open.last() {
                    page.texts.push((element, unescaped(&rest[..end])?));
                }
                rest = &rest[end..];
            }
        }
        if open.is_empty() { Ok(page) } else { Err("an element without an end".to_owned()) }
    }

    pub(super) fn elements(&self) -> &[Element] {
        &self.elements
    }

    pub(super) fn all<'d>(&'d self, name: &'d str) -> impl Iterator<Item = &'d Element> {
        self.elements.iter().filter(move |element| element.name == name)
    }

    /// Returns the elements of this name inside another one.
    pub(super) fn within<'d>(
        &'d self,
        outer: &'d Element,
        name: &'d str,
    ) -> impl Iterator<Item = &'d Element> {
        self.all(name).filter(|element| self.is_within(element.index, outer.index))
    }

    /// Returns the names of elements and attributes, without their values.
    pub(super) fn skeleton(&self) -> Vec<(&str, Vec<&str>)> {
        let elements = self.elements.iter();
        elements
            .map(|element| {
                let attributes = element.attributes.iter().map(|(name, _)| name.as_str());
                (element.name.as_str(), attributes.collect())
            })
            .collect()
    }

    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        self.texts.iter().map(|(_, text)| text.as_str())
    }

    /// Returns the names of the elements that have this text.
    pub(super) fn elements_of_text<'d>(&'d self, text: &'d str) -> impl Iterator<Item = &'d str> {
        let texts = self.texts.iter().filter(move |(_, own)| own.contains(text));
        texts.map(|(element, _)| self.elements[*element].name.as_str())
    }

    pub(super) fn text_of(&self, element: &Element) -> String {
        let texts = self.texts.iter().filter(|(own, _)| self.is_within(*own, element.index));
        texts.map(|(_, text)| text.as_str()).collect()
    }

    fn is_within(&self, inner: usize, outer: usize) -> bool {
        inner == outer || self.elements[inner].parent.is_some_and(|parent| self.is_within(parent, outer))
    }
}

impl Element {
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }
}

/// Reads a start tag after its `<`; returns the rest after its `>`.
fn tag(text: &str) -> Result<(Element, &str), String> {
    let end = text.find([' ', '>']).ok_or("a tag without an end")?;
    let (name, mut rest) = text.split_at(end);
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()) {
        return Err(format!("the tag <{name}"));
    }
    let mut attributes = Vec::new();
    loop {
        rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix('>') {
            let element = Element { name: name.to_owned(), attributes, index: 0, parent: None };
            return Ok((element, after));
        }
        let end = rest.find(['=', ' ', '>']).ok_or("an attribute without an end")?;
        let (attribute, after) = rest.split_at(end);
        if attribute.is_empty() || !attribute.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-') {
            return Err(format!("the attribute {attribute} of <{name}>"));
        }
        let (value, after) = match after.strip_prefix("=\"") {
            Some(value) => value.split_once('"').ok_or("a value without an end")?,
            None if after.starts_with('=') => return Err("a value without quotes".to_owned()),
            None => ("", after),
        };
        attributes.push((attribute.to_owned(), unescaped(value)?));
        rest = after;
    }
}

/// Replaces the references that the escaper writes. Returns an error for a bare `&`.
fn unescaped(text: &str) -> Result<String, String> {
    let mut parts = text.split('&');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, after) = part.split_once(';').ok_or("a bare ampersand")?;
        plain.push(match name {
            "#34" => '"',
            "#38" => '&',
            "#39" => '\'',
            "#60" => '<',
            "#62" => '>',
            _ => return Err(format!("the reference &{name};")),
        });
        plain.push_str(after);
    }
    Ok(plain)
}

/// Returns the contrast of two custom properties (WCAG 2.2, 1.4.3).
pub(super) fn contrast(colours: &str, one: &str, other: &str) -> f64 {
    let (one, other) = (luminance(colours, one), luminance(colours, other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

fn luminance(colours: &str, name: &str) -> f64 {
    let start = format!("--{name}: #");
    let colour = &colours.split(&start).nth(1).unwrap()[..6];
    let weights = [0.2126, 0.7152, 0.0722];
    let channels =
        [0, 2, 4].map(|at| f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0);
    let linear = channels.map(|channel: f64| match channel {
        low if low <= 0.04045 => low / 12.92,
        high => ((high + 0.055) / 1.055).powf(2.4),
    });
    linear.iter().zip(weights).map(|(channel, weight)| channel * weight).sum()
}
