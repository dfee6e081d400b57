//! Ant path patterns with a placeholder for the user.

/// A pattern, cut into segments.
// Permissions differ from Usergrid's own matcher where that is buggy or unsafe. A user's name in
// `${user}` is literal and compared exactly, so a name with `*` is no pattern and `Bob` is not
// `bob`. `:` and `,` in a requested path are plain characters. A method outside the four is granted
// by `*` alone. Text that is no permission is an error. The table of matches is a test in
// `principal/permission/mod.rs`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern(Vec<Segment>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    /// `**`: any number of segments.
    AnyDepth,
    /// One segment.
    One(Vec<Token>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    /// A character that matches in any letter case.
    Character(char),
    /// A character of a user's name, which matches only itself.
    Exactly(char),
    /// `?`
    AnyCharacter,
    /// `*`
    AnyRun,
    /// `${user}`, or `me` before another segment.
    User,
}

const USER: &str = "${user}";

impl Pattern {
    /// Reads one pattern; a missing leading slash is added, and a lone `*` means everything.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        match text {
            "" => return None,
            "*" => return Some(Self::everything()),
            _ => {}
        }
        let names: Vec<&str> = text.strip_prefix('/').unwrap_or(text).split('/').collect();
        let last = names.len() - 1;
        Some(Self(names.iter().enumerate().map(|(at, name)| Segment::parse(name, at < last)).collect()))
    }

    /// Returns the number of bytes that the pattern holds on the heap.
    pub(super) fn bytes(&self) -> usize {
        let tokens = self.0.iter().map(|segment| match segment {
            Segment::AnyDepth => 0,
            Segment::One(tokens) => tokens.capacity(),
        });
        self.0.capacity() * size_of::<Segment>() + tokens.sum::<usize>() * size_of::<Token>()
    }

    pub(super) fn everything() -> Self {
        Self(vec![Segment::AnyDepth])
    }

    /// Returns `true` if it matches a path that starts with `/`, for a user of these names.
    pub(super) fn matches(&self, path: &str, user: &[&str]) -> bool {
        let path: Vec<&str> = path.strip_prefix('/').unwrap_or(path).split('/').collect();
        let one = |segment: &Segment, name: &&str| match segment {
            Segment::AnyDepth => false,
            Segment::One(tokens) => segment_matches(tokens, name, user),
        };
        let any_depth = |segment: &Segment| matches!(segment, Segment::AnyDepth);
        if wildcard_match(&self.0, &path, one, any_depth) {
            return true;
        }
        // A final `*` also stands for no segment at all: `/foo/*` matches `/foo`.
        match self.0.split_last() {
            Some((Segment::One(last), before))
                if last.as_slice() == [Token::AnyRun] && !before.is_empty() =>
            {
                wildcard_match(before, &path, one, any_depth)
            }
            _ => false,
        }
    }
}

impl Segment {
    fn parse(name: &str, more_follow: bool) -> Self {
        if name == "**" {
            return Self::AnyDepth;
        }
        if more_follow && name.eq_ignore_ascii_case("me") {
            return Self::One(vec![Token::User]);
        }
        let mut tokens = Vec::new();
        let mut rest = name;
        while let Some(next) = rest.chars().next() {
            if let Some(after) = strip_prefix_ignoring_case(rest, USER) {
                tokens.push(Token::User);
                rest = after;
                continue;
            }
            tokens.push(match next {
                '?' => Token::AnyCharacter,
                '*' => Token::AnyRun,
                other => Token::Character(other.to_ascii_lowercase()),
            });
            rest = rest.get(next.len_utf8()..).unwrap_or_default();
        }
        Self::One(tokens)
    }
}

fn strip_prefix_ignoring_case<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    let (head, rest) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}

fn segment_matches(tokens: &[Token], name: &str, user: &[&str]) -> bool {
    let name: Vec<char> = name.chars().collect();
    if !tokens.contains(&Token::User) {
        return tokens_match(tokens, &name);
    }
    // The user's name is spelled out as plain characters, so it can never act as a pattern.
    user.iter().filter(|known| !known.is_empty()).any(|known| {
        let spelled: Vec<Token> = tokens
            .iter()
            .flat_map(|token| match token {
                Token::User => known.chars().map(Token::Exactly).collect(),
                other => vec![*other],
            })
            .collect();
        tokens_match(&spelled, &name)
    })
}

fn tokens_match(tokens: &[Token], name: &[char]) -> bool {
    wildcard_match(
        tokens,
        name,
        |token, character| match token {
            Token::Character(wanted) => *wanted == character.to_ascii_lowercase(),
            Token::Exactly(wanted) => wanted == character,
            Token::AnyCharacter => true,
            Token::AnyRun | Token::User => false,
        },
        |token| *token == Token::AnyRun,
    )
}

/// Matches a list against a pattern in which some items stand for any run. The last such run grows
/// if the items after it do not fit. Thus the time is at most the product of both lengths.
fn wildcard_match<P, T>(
    pattern: &[P],
    items: &[T],
    one: impl Fn(&P, &T) -> bool,
    any_run: impl Fn(&P) -> bool,
) -> bool {
    let (mut at_pattern, mut at_item) = (0, 0);
    let mut last_run: Option<(usize, usize)> = None;
    while let Some(item) = items.get(at_item) {
        match pattern.get(at_pattern) {
            Some(wanted) if any_run(wanted) => {
                last_run = Some((at_pattern, at_item));
                at_pattern += 1;
            }
            Some(wanted) if one(wanted, item) => {
                at_pattern += 1;
                at_item += 1;
            }
            _ => match last_run {
                Some((run, from)) => {
                    last_run = Some((run, from + 1));
                    at_pattern = run + 1;
                    at_item = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(at_pattern).all(any_run)
}
