//! Suggestions for an unknown word.

use strsim::osa_distance;

/// The known word that is nearest to `word`, if it is near enough to be a likely match.
pub(crate) fn closest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let far = (word.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|other| (osa_distance(&word, &other.to_lowercase()), other))
        .filter(|(distance, _)| *distance <= far)
        .min()
        .map(|(_, other)| other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_word_is_suggested() {
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
}
