//! What somebody may have meant by a word that is not known.

/// The known word that is nearest to `word`, if one is near enough to be meant by it.
pub(crate) fn closest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let far = (word.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|other| (distance(&word, &other.to_lowercase()), other))
        .filter(|(distance, _)| *distance <= far)
        .min()
        .map(|(_, other)| other)
}

/// How many characters have to be added, dropped, replaced or swapped with their neighbour.
pub(crate) fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut above: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    let mut before = None;
    for (i, x) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        let mut left = i + 1;
        for (j, y) in b.iter().enumerate() {
            let at =
                |row: &[usize], column: usize| row.get(column).copied().unwrap_or(usize::MAX / 2);
            let mut best = at(&row, j) + usize::from(x != *y);
            best = best.min(left + 1).min(at(&row, j + 1) + 1);
            let is_swapped = j > 0 && before == Some(*y) && b.get(j - 1) == Some(&x);
            if is_swapped {
                best = best.min(at(&above, j - 1) + 1);
            }
            next.push(best);
            left = best;
        }
        above = std::mem::replace(&mut row, next);
        before = Some(x);
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_near_is_meant() {
        let known = ["import", "mode", "pull", "push", "registry", "repositories"];
        for (word, want) in [
            ("registery", Some("registry")),
            ("Registry", Some("registry")),
            ("pushes", Some("push")),
            ("repository", Some("repositories")),
            ("moed", Some("mode")),
            ("mod", Some("mode")),
            ("secret", None),
            ("", None),
        ] {
            assert_eq!(closest(word, known), want, "{word}");
        }
    }

    #[test]
    fn distances_are_those_of_the_textbook() {
        for (a, b, want) in [
            ("", "", 0),
            ("", "abc", 3),
            ("kitten", "sitting", 3),
            ("saturday", "sunday", 3),
            ("same", "same", 0),
            ("puhs", "push", 1),
            ("ca", "abc", 3),
        ] {
            assert_eq!(distance(a, b), want, "{a} {b}");
            assert_eq!(distance(b, a), want, "{b} {a}");
        }
    }
}
