//! The page of each check in `docs/checks`: `explain` prints it and formats
//! quote it.

use crate::check::CheckId;

/// One thing that a check finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleText {
    /// The value of [`crate::finding::Finding::rule`].
    pub slug: &'static str,
    /// What it means, in one sentence without a full stop.
    pub meaning: &'static str,
}

impl CheckId {
    /// The page, in Markdown.
    pub const fn page(self) -> &'static str {
        match self {
            Self::Exr001 => include_str!("../../../docs/checks/EXR001.md"),
            Self::Exr002 => include_str!("../../../docs/checks/EXR002.md"),
            Self::Exr003 => include_str!("../../../docs/checks/EXR003.md"),
            Self::Exr004 => include_str!("../../../docs/checks/EXR004.md"),
            Self::Exr005 => include_str!("../../../docs/checks/EXR005.md"),
            Self::Exr006 => include_str!("../../../docs/checks/EXR006.md"),
            Self::Exr007 => include_str!("../../../docs/checks/EXR007.md"),
            Self::Exr008 => include_str!("../../../docs/checks/EXR008.md"),
            Self::Exr009 => include_str!("../../../docs/checks/EXR009.md"),
            Self::Exr010 => include_str!("../../../docs/checks/EXR010.md"),
            Self::Exr011 => include_str!("../../../docs/checks/EXR011.md"),
            Self::Exr012 => include_str!("../../../docs/checks/EXR012.md"),
            Self::Exr013 => include_str!("../../../docs/checks/EXR013.md"),
            Self::Exr014 => include_str!("../../../docs/checks/EXR014.md"),
            Self::Exr015 => include_str!("../../../docs/checks/EXR015.md"),
        }
    }

    /// The summary in one line: the first paragraph of its page.
    pub fn summary(self) -> &'static str {
        self.page()
            .lines()
            .filter(|line| !line.is_empty())
            .nth(2)
            .unwrap_or_default()
    }

    /// The kinds of findings, in the order of its page.
    pub fn rules(self) -> impl Iterator<Item = RuleText> {
        self.page()
            .lines()
            .skip_while(|line| *line != "## What it finds")
            .skip(1)
            .take_while(|line| !line.starts_with("## "))
            .filter_map(|line| {
                let (slug, rest) = line.strip_prefix("| `")?.split_once("` | ")?;
                let meaning = rest.strip_suffix(" |")?;
                Some(RuleText { slug, meaning })
            })
    }

    /// The path of its page, from the root of the project.
    pub fn page_path(self) -> String {
        format!("docs/checks/{self}.md")
    }

    /// The command that prints its page.
    pub fn explain_command(self) -> String {
        format!("oc extreg explain {self}")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    const SECTIONS: [&str; 6] = [
        "## What it finds",
        "## Why it matters on OpenShift",
        "## How to fix it",
        "## How to add an exception",
        "## Controls",
        "## What it does not find",
    ];

    /// The file of each check beside `judge.rs`.
    const FILES: [(CheckId, &str); 15] = [
        (CheckId::Exr001, "outside_policy"),
        (CheckId::Exr002, "cluster_allow_list"),
        (CheckId::Exr003, "import_allow_list"),
        (CheckId::Exr004, "insecure"),
        (CheckId::Exr005, "schedule"),
        (CheckId::Exr006, "mutable_tag"),
        (CheckId::Exr007, "anonymous"),
        (CheckId::Exr008, "budget"),
        (CheckId::Exr009, "credential"),
        (CheckId::Exr010, "short_name"),
        (CheckId::Exr011, "build_policy"),
        (CheckId::Exr012, "bypass"),
        (CheckId::Exr013, "signature"),
        (CheckId::Exr014, "webhook"),
        (CheckId::Exr015, "mirror"),
    ];

    #[test]
    fn a_page_matches_its_check() {
        for check in CheckId::ALL {
            let lines: Vec<&str> = check.page().lines().collect();
            assert_eq!(lines[0], format!("# {check}: {}", check.title()));
            assert_eq!(lines[2], format!("Severity: {}", check.severity()));
            assert_eq!(lines[4], check.summary());
            assert!(check.summary().len() > 40 && check.summary().len() < 160);
            let sections: Vec<&str> = lines
                .into_iter()
                .filter(|line| line.starts_with("## "))
                .collect();
            assert_eq!(sections, SECTIONS, "{check}");
            let file = Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("../..")
                .join(check.page_path());
            assert_eq!(fs::read_to_string(file).unwrap(), check.page());
        }
    }

    #[test]
    fn a_page_has_the_controls_of_the_check_and_no_other() {
        for check in CheckId::ALL {
            let rows: Vec<&str> = check
                .page()
                .lines()
                .skip_while(|line| *line != "## Controls")
                .take_while(|line| *line != "## What it does not find")
                .filter(|line| line.starts_with("| ") && !line.starts_with("| benchmark"))
                .collect();
            let want: Vec<String> = check
                .controls()
                .iter()
                .map(|control| {
                    let benchmark = control.benchmark;
                    format!(
                        "| {} | {} | {} | `{}` |",
                        benchmark.title(),
                        benchmark.version(),
                        control.id,
                        control.relation.word()
                    )
                })
                .collect();
            assert_eq!(rows, want, "{check}");
        }
    }

    #[test]
    fn the_guide_lists_every_check() {
        let guide = include_str!("../../../docs/audit.md");
        for check in CheckId::ALL {
            let row = format!(
                "| [{check}](checks/{check}.md) | {} | {} |\n",
                check.severity(),
                check.title()
            );
            assert!(guide.contains(&row), "{row}");
        }
    }

    #[test]
    fn rules_are_read_from_the_page() {
        let rules: Vec<_> = CheckId::Exr003.rules().map(|rule| rule.slug).collect();
        assert_eq!(rules, ["absent", "admits-all"]);
        for check in CheckId::ALL {
            let slugs: Vec<_> = check.rules().map(|rule| rule.slug).collect();
            let once: BTreeSet<_> = slugs.iter().collect();
            assert_eq!(once.len(), slugs.len(), "{check}");
        }
    }

    /// The names of a check's rules are texts in its source: each of them must be in its page.
    #[test]
    fn a_page_has_every_rule_of_the_check() {
        for (check, file) in FILES {
            let known: BTreeSet<&str> = check.rules().map(|rule| rule.slug).collect();
            for source in sources(file) {
                for word in source.split('"').filter(|word| is_slug(word)) {
                    let page = check.page_path();
                    assert!(known.contains(word), "{page} has no rule {word}");
                }
            }
        }
    }

    /// The text of a check, without its tests.
    fn sources(file: &str) -> Vec<String> {
        let judge = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/judge");
        let mut files = vec![judge.join(format!("{file}.rs"))];
        if let Ok(folder) = fs::read_dir(judge.join(file)) {
            files.extend(folder.map(|entry| entry.unwrap().path()));
        }
        files
            .iter()
            .filter(|path| !path.ends_with("tests.rs"))
            .map(|path| {
                let text = fs::read_to_string(path).unwrap();
                let (code, _) = text
                    .split_once("#[cfg(test)]\nmod tests {")
                    .unwrap_or((&text, ""));
                code.to_owned()
            })
            .collect()
    }

    /// Whether a word has the form of a rule, `not-scheduled`.
    fn is_slug(word: &str) -> bool {
        word.contains('-')
            && word
                .split('-')
                .all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase()))
    }
}
