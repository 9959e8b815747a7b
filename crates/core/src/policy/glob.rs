//! Globs over repositories, anchored at both ends and on `/`.

use std::fmt;

/// A pattern over a repository such as `acme/*`: `*` stands for any part of one segment, `**` for
/// any number of whole segments. All other characters are literal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepositoryGlob {
    text: String,
    segments: Vec<Segment>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    /// `**`
    Any,
    /// One segment, in which `*` stands for any text.
    Text(Box<str>),
}

/// Why a repository glob cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GlobError {
    /// It is empty, or has an empty segment.
    #[error(
        "repository glob {0:?} must be segments separated by single slashes, without one at the start or the \
         end"
    )]
    EmptySegment(String),
    /// It has a character that no repository can have.
    #[error(
        "repository glob {0:?} must consist of lower case letters, digits, '.', '_', '-', '*' and '/'"
    )]
    Character(String),
    /// It has a `:` or an `@`.
    #[error("repository glob {0:?} must be a repository without registry port, tag or digest")]
    Version(String),
    /// `**` stands for whole segments only.
    #[error("repository glob {0:?}: '**' must be a whole segment")]
    MixedStars(String),
}

impl RepositoryGlob {
    /// Reads a glob. It names no registry: that is a field of its own.
    pub fn parse(text: &str) -> Result<Self, GlobError> {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-/*".contains(c);
        if text.contains([':', '@']) {
            return Err(GlobError::Version(text.to_owned()));
        }
        if !text.chars().all(allowed) {
            return Err(GlobError::Character(text.to_owned()));
        }
        let segments = text
            .split('/')
            .map(|segment| match segment {
                "" => Err(GlobError::EmptySegment(text.to_owned())),
                "**" => Ok(Segment::Any),
                _ if segment.contains("**") => Err(GlobError::MixedStars(text.to_owned())),
                _ => Ok(Segment::Text(segment.into())),
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            text: text.to_owned(),
            segments,
        })
    }

    /// Whether the whole of `repository` (`user/app`, without registry and tag) matches.
    pub fn matches(&self, repository: &str) -> bool {
        self.matches_counted(repository, &mut 0)
    }

    /// [`Self::matches`]; adds its cost to `steps`. Does not allocate, and backtracks only to the last
    /// star, so that the cost is limited by the product of the two lengths.
    pub(super) fn matches_counted(&self, repository: &str, steps: &mut u32) -> bool {
        let mut segments = self.segments.iter();
        let mut rest = Some(repository);
        let mut star = None;
        loop {
            *steps = steps.saturating_add(1);
            let found = match (segments.next(), rest) {
                (None, None) => return true,
                (Some(Segment::Any), _) => {
                    star = Some((segments.clone(), rest));
                    continue;
                }
                (Some(Segment::Text(pattern)), Some(path)) => {
                    let (name, tail) = first_segment(path);
                    matches_segment(pattern.as_bytes(), name.as_bytes(), steps).then_some(tail)
                }
                _ => None,
            };
            rest = match (found, &mut star) {
                (Some(tail), _) => tail,
                // The last `**` takes one segment more.
                (None, Some((after, Some(path)))) => {
                    let tail = first_segment(path).1;
                    segments = after.clone();
                    star = Some((segments.clone(), tail));
                    tail
                }
                (None, _) => return false,
            };
        }
    }

    /// What every repository that matches begins with; all of it for a glob without stars.
    pub(super) fn literal_prefix(&self) -> &str {
        let Some(star) = self.text.find('*') else {
            return &self.text;
        };
        let prefix = self.text.get(..star).unwrap_or_default();
        // `acme/**` also matches `acme`.
        match prefix.strip_suffix('/') {
            Some(shorter) if self.text.get(star..).is_some_and(|t| t.starts_with("**")) => shorter,
            _ => prefix,
        }
    }

    /// Whether it matches only one repository.
    pub(super) fn is_exact(&self) -> bool {
        !self.text.contains('*')
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
            (Self::Text(a), Self::Text(b)) => {
                intersects(a.as_bytes(), b.as_bytes(), |c| *c == b'*', |p, q| p == q)
            }
            _ => true,
        }
    }
}

fn first_segment(path: &str) -> (&str, Option<&str>) {
    match path.split_once('/') {
        Some((first, rest)) => (first, Some(rest)),
        None => (path, None),
    }
}

/// Whether `name` matches a pattern of one segment. One step is 16 compared bytes.
fn matches_segment(mut pattern: &[u8], mut name: &[u8], steps: &mut u32) -> bool {
    let mut star: Option<(&[u8], &[u8])> = None;
    let mut compared = 0_u32;
    let matched = loop {
        compared = compared.saturating_add(1);
        match (pattern.split_first(), name.split_first()) {
            (None, None) => break true,
            (Some((b'*', after)), _) => {
                star = Some((after, name));
                pattern = after;
            }
            (Some((p, after)), Some((n, tail))) if p == n => (pattern, name) = (after, tail),
            _ => match star {
                Some((after, [_, tail @ ..])) => {
                    star = Some((after, tail));
                    (pattern, name) = (after, tail);
                }
                _ => break false,
            },
        }
    };
    *steps = steps.saturating_add(compared / 16);
    matched
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
            // A star matches nothing (then skip it) or one more element.
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
    use proptest::prelude::*;

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

    proptest! {
        /// The matcher, which backtracks to the last star, agrees with the table of overlaps.
        #[test]
        fn matching_is_overlapping_with_a_name(
            pattern in "([ab*]{1,4}|\\*\\*)(/([ab*]{1,4}|\\*\\*)){0,4}",
            repository in "[ab]{0,4}(/[ab]{0,4}){0,4}",
        ) {
            let Ok(glob) = RepositoryGlob::parse(&pattern) else { return Ok(()) };
            let literal: Vec<_> = repository.split('/').map(|s| Segment::Text(s.into())).collect();
            let table = intersects(&glob.segments, &literal, Segment::is_any, Segment::overlaps);
            prop_assert_eq!(glob.matches(&repository), table);
            prop_assert!(!table || repository.starts_with(glob.literal_prefix()));
        }
    }

    #[test]
    fn a_pattern_full_of_stars_takes_few_steps() {
        let glob = glob(&"*a".repeat(120));
        let mut steps = 0;
        assert!(!glob.matches_counted(&format!("{}b", "a".repeat(254)), &mut steps));
        assert!(steps < 100, "{steps}");
        let deep = RepositoryGlob::parse(&format!("{}b", "**/a/".repeat(30))).unwrap();
        let mut steps = 0;
        assert!(!deep.matches_counted(&"a/".repeat(120), &mut steps));
        assert!(steps < 1000, "{steps}");
    }

    #[test]
    fn overlap_is_symmetric_and_excludes_disjoint_globs() {
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
    fn invalid_glob_names_the_problem() {
        for (text, want) in [
            ("", "single slashes"),
            ("acme//x", "single slashes"),
            ("/acme", "single slashes"),
            ("Acme/*", "lower case letters"),
            ("acme/x:v1", "without registry port, tag or digest"),
            ("acme/[ab]", "lower case letters"),
            ("acme/a**", "must be a whole segment"),
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
