//! Globs over repositories, anchored at both ends and on `/`.

use std::fmt;

/// A pattern over a repository such as `acme/*`: `*` stands for any part of one segment, `**` for
/// any number of whole segments. Everything else stands for itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepositoryGlob {
    text: String,
    segments: Vec<Segment>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    /// `**`
    Any,
    /// One segment, `*` in it standing for itself or for any text.
    Text(Vec<char>),
}

/// Why a repository glob cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GlobError {
    /// It is empty, or has an empty segment.
    #[error("repository glob {0:?} has an empty segment; write it like \"acme/*\"")]
    EmptySegment(String),
    /// It has a character that no repository can have.
    #[error(
        "repository glob {glob:?} has {character:?}, which no repository has; \
         allowed are a-z, 0-9, '.', '_', '-', '/', '*'"
    )]
    Character {
        /// The glob.
        glob: String,
        /// The first such character.
        character: char,
    },
    /// `**` stands for whole segments only.
    #[error("repository glob {0:?} mixes \"**\" with other text in one segment")]
    MixedStars(String),
}

impl RepositoryGlob {
    /// Reads a glob. It names no registry: that is a field of its own.
    pub fn parse(text: &str) -> Result<Self, GlobError> {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-/*".contains(c);
        if let Some(character) = text.chars().find(|c| !allowed(*c)) {
            return Err(GlobError::Character {
                glob: text.to_owned(),
                character,
            });
        }
        let segments = text
            .split('/')
            .map(|segment| match segment {
                "" => Err(GlobError::EmptySegment(text.to_owned())),
                "**" => Ok(Segment::Any),
                _ if segment.contains("**") => Err(GlobError::MixedStars(text.to_owned())),
                _ => Ok(Segment::Text(segment.chars().collect())),
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            text: text.to_owned(),
            segments,
        })
    }

    /// Whether the whole of `repository` (`user/app`, without registry and tag) matches.
    pub fn matches(&self, repository: &str) -> bool {
        let literal: Vec<_> = repository
            .split('/')
            .map(|name| Segment::Text(name.chars().collect()))
            .collect();
        intersects(&self.segments, &literal, Segment::is_any, Segment::overlaps)
    }

    /// Whether some repository could match both.
    pub fn overlaps(&self, other: &Self) -> bool {
        intersects(
            &self.segments,
            &other.segments,
            Segment::is_any,
            Segment::overlaps,
        )
    }

    /// How much a glob pins down: its literal characters, and all of them before any star.
    pub fn specificity(&self) -> Specificity {
        let stars = self.text.contains('*');
        let literals = self.text.chars().filter(|c| *c != '*').count();
        Specificity {
            exact: !stars,
            literals,
        }
    }
}

/// The order in which globs win: an exact one before one with stars, then the longer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Specificity {
    exact: bool,
    literals: usize,
}

impl fmt::Display for RepositoryGlob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Segment {
    fn is_any(&self) -> bool {
        *self == Self::Any
    }

    fn overlaps(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(a), Self::Text(b)) => intersects(a, b, |c| *c == '*', |p, q| p == q),
            _ => true,
        }
    }
}

/// Whether some sequence matches both patterns, where an element that `is_star` stands for any
/// number of elements. Takes time in the product of the lengths, however many stars there are.
fn intersects<T>(
    a: &[T],
    b: &[T],
    is_star: impl Fn(&T) -> bool,
    same: impl Fn(&T, &T) -> bool,
) -> bool {
    // `row[j]`: whether what has been read of `a` and the first `j` elements of `b` intersect.
    let mut row: Vec<bool> = std::iter::once(true)
        .chain(b.iter().scan(true, |all_stars, y| {
            *all_stars &= is_star(y);
            Some(*all_stars)
        }))
        .collect();
    for x in a {
        let mut before = row.iter().copied();
        let mut diagonal = before.next().unwrap_or_default();
        let mut left = diagonal && is_star(x);
        let mut next = vec![left];
        for (y, above) in b.iter().zip(before) {
            // A star stands for nothing (what is left without it) or takes one element more.
            left = if is_star(x) || is_star(y) {
                left || above
            } else {
                diagonal && same(x, y)
            };
            next.push(left);
            diagonal = above;
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn glob(text: &str) -> RepositoryGlob {
        RepositoryGlob::parse(text).unwrap()
    }

    #[test]
    fn a_glob_matches_whole_segments_only() {
        for (pattern, repository, want) in [
            ("acme/app", "acme/app", true),
            ("acme/app", "acme/apps", false),
            ("acme/*", "acme/app", true),
            ("acme/*", "acme/team/app", false),
            ("acme/*", "acmecorp/app", false),
            ("acme*/app", "acmecorp/app", true),
            ("acme/**", "acme/team/app", true),
            ("acme/**", "acme", true),
            ("**", "library/nginx", true),
            ("**/app", "a/b/c/app", true),
            ("acme/a*b*c", "acme/aXbYc", true),
            ("acme/a*b*c", "acme/abc", true),
            ("acme/a*b", "acme/ab/b", false),
            ("acme/a*a", "acme/a", false),
        ] {
            assert_eq!(
                glob(pattern).matches(repository),
                want,
                "{pattern} {repository}"
            );
        }
    }

    #[test]
    fn overlap_is_symmetric_and_tells_disjoint_globs_apart() {
        for (a, b, want) in [
            ("acme/*", "acme/app", true),
            ("acme/a*", "acme/*b", true),
            ("acme/a*", "acme/b*", false),
            ("acme/**", "acme/x/y", true),
            ("**", "x/y", true),
            ("acme/*", "other/*", false),
        ] {
            assert_eq!(glob(a).overlaps(&glob(b)), want, "{a} {b}");
            assert_eq!(glob(b).overlaps(&glob(a)), want, "{b} {a}");
        }
    }

    #[test]
    fn a_bad_glob_says_what_is_wrong() {
        for (text, want) in [
            ("", "has an empty segment"),
            ("acme//x", "has an empty segment"),
            ("/acme", "has an empty segment"),
            ("Acme/*", "has 'A'"),
            ("acme/[ab]", "has '['"),
            ("acme/a**", "mixes \"**\""),
        ] {
            let error = RepositoryGlob::parse(text).unwrap_err().to_string();
            assert!(error.contains(want), "{text}: {error}");
        }
    }

    #[test]
    fn exact_wins_over_longer_stars() {
        assert!(glob("a/b").specificity() > glob("acme-long/*").specificity());
        assert!(glob("acme/a*").specificity() > glob("acme/*").specificity());
    }
}
