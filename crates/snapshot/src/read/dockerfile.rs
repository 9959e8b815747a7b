//! The images that a Dockerfile names.
//!
//! The syntax on which the parsers of BuildKit and imagebuilder agree: instructions over several lines, comments,
//! heredocs, global arguments, and names of stages.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::snapshot::UseRole;

/// The part of a Dockerfile that a build replaces.
#[derive(Clone, Debug, Default)]
pub(super) struct Replaced<'a> {
    /// The last `FROM`.
    pub(super) last: bool,
    /// Images and stages of these names.
    pub(super) names: Vec<&'a str>,
}

/// The images that a Dockerfile names, in its order: `FROM`, and `--from` of copies and
/// mounts. `arguments` come from outside and count if the Dockerfile declares them. A parameter
/// without a value remains `${NAME}`.
pub(super) fn images(
    text: &str,
    arguments: &[(&str, &str)],
    replaced: &Replaced<'_>,
) -> Vec<(UseRole, String)> {
    let mut reader = Reader {
        given: arguments,
        globals: BTreeMap::new(),
        stages: BTreeSet::new(),
        replaced,
        last: LastFrom::Absent,
        found: Vec::new(),
    };
    for line in instructions(text) {
        reader.instruction(&line);
    }
    if let (true, LastFrom::Image(last)) = (replaced.last, reader.last) {
        reader.found.remove(last);
    }
    reader.found
}

struct Reader<'a> {
    given: &'a [(&'a str, &'a str)],
    globals: BTreeMap<String, String>,
    stages: BTreeSet<String>,
    replaced: &'a Replaced<'a>,
    last: LastFrom,
    found: Vec<(UseRole, String)>,
}

/// The last `FROM` so far.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LastFrom {
    /// No `FROM` yet.
    Absent,
    /// It names the image at this index of the found ones.
    Image(usize),
    /// It names a stage, or nothing that is pulled.
    Other,
}

impl Reader<'_> {
    fn instruction(&mut self, line: &str) {
        let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        match name.to_ascii_uppercase().as_str() {
            "ARG" if self.last == LastFrom::Absent => self.declare(rest),
            "FROM" => self.from(rest),
            "ADD" | "COPY" => self.flags(rest, "--from="),
            "RUN" => self.mounts(rest),
            _ => {}
        }
    }

    /// `ARG NAME[=DEFAULT] …`
    fn declare(&mut self, rest: &str) {
        for argument in rest.split_whitespace() {
            let (name, default) = argument.split_once('=').unwrap_or((argument, ""));
            let given = self.given.iter().find(|(given, _)| *given == name);
            let value = match given {
                Some((_, value)) => (*value).to_owned(),
                None => self.expand(unquote(default)).into_owned(),
            };
            if given.is_some() || argument.contains('=') {
                self.globals.insert(name.to_owned(), value);
            }
        }
    }

    /// `FROM [--platform=…] IMAGE [AS STAGE]`
    fn from(&mut self, rest: &str) {
        let mut words = rest
            .split_whitespace()
            .filter(|word| !word.starts_with("--"));
        let image = words.next().unwrap_or_default();
        let image = self.expand(unquote(image)).into_owned();
        let index = self.name(UseRole::Base, image);
        self.last = index.map_or(LastFrom::Other, LastFrom::Image);
        if let (Some(word), Some(stage)) = (words.next(), words.next())
            && word.eq_ignore_ascii_case("as")
        {
            self.stages.insert(stage.to_ascii_lowercase());
        }
    }

    fn flags(&mut self, rest: &str, flag: &str) {
        let flags = rest
            .split_whitespace()
            .take_while(|word| word.starts_with("--"));
        for image in flags.filter_map(|word| word.strip_prefix(flag)) {
            self.name(UseRole::Source, self.expand(unquote(image)).into_owned());
        }
    }

    /// `RUN --mount=type=bind,from=IMAGE,…`
    fn mounts(&mut self, rest: &str) {
        let flags = rest
            .split_whitespace()
            .take_while(|word| word.starts_with("--"));
        for mount in flags.filter_map(|word| word.strip_prefix("--mount=")) {
            for image in mount
                .split(',')
                .filter_map(|part| part.strip_prefix("from="))
            {
                self.name(UseRole::Source, self.expand(unquote(image)).into_owned());
            }
        }
    }

    /// Keeps an image, unless the name is a stage or is replaced.
    fn name(&mut self, role: UseRole, image: String) -> Option<usize> {
        let is_index = role == UseRole::Source && image.bytes().all(|b| b.is_ascii_digit());
        let is_stage = self.stages.contains(&image.to_ascii_lowercase());
        let stands_in = self.replaced.names.contains(&image.as_str());
        if is_index || is_stage || stands_in || matches!(image.as_str(), "" | "scratch") {
            return None;
        }
        self.found.push((role, image));
        Some(self.found.len() - 1)
    }

    /// Substitutes the values of `$NAME`, `${NAME}`, `${NAME:-DEFAULT}` and `${NAME:+OTHER}`.
    fn expand<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let Some((before, rest)) = text.split_once('$') else {
            return Cow::Borrowed(text);
        };
        let braced = rest.strip_prefix('{').and_then(|rest| rest.split_once('}'));
        let (expression, after) = braced.unwrap_or_else(|| {
            let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
            rest.split_at_checked(end).unwrap_or((rest, ""))
        });
        let (name, otherwise) = match expression.split_once(':') {
            Some((name, otherwise)) => (name, otherwise),
            None => (expression, ""),
        };
        let value = self.globals.get(name).filter(|value| !value.is_empty());
        let value = match (
            value,
            otherwise.strip_prefix('-'),
            otherwise.strip_prefix('+'),
        ) {
            (Some(_), _, Some(other)) | (None, Some(other), _) => other.to_owned(),
            (Some(value), _, _) => value.clone(),
            (None, _, Some(_)) => String::new(),
            (None, None, None) => format!("${{{name}}}"),
        };
        Cow::Owned(format!("{before}{value}{}", self.expand(after)))
    }
}

/// The instructions, each in one line.
fn instructions(text: &str) -> Vec<String> {
    let escape = match text.lines().next().and_then(|line| line.strip_prefix('#')) {
        Some(directive) if directive.replace(' ', "").eq_ignore_ascii_case("escape=`") => '`',
        _ => '\\',
    };
    let mut instructions = Vec::new();
    let mut instruction = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(part) = line.strip_suffix(escape) {
            instruction.push_str(part);
            instruction.push(' ');
            continue;
        }
        instruction.push_str(line);
        for end in heredocs(&instruction) {
            for line in lines.by_ref() {
                if line.trim_start_matches('\t') == end {
                    break;
                }
            }
        }
        instructions.push(std::mem::take(&mut instruction));
    }
    if !instruction.is_empty() {
        instructions.push(instruction);
    }
    instructions
}

/// The words that end the heredocs of an instruction.
fn heredocs(instruction: &str) -> Vec<String> {
    let takes = ["RUN", "COPY", "ADD"];
    let name = instruction.split_whitespace().next().unwrap_or_default();
    if !takes.iter().any(|takes| takes.eq_ignore_ascii_case(name)) {
        return Vec::new();
    }
    let words = instruction.split_whitespace();
    let ends = words.filter_map(|word| {
        let word = word.strip_prefix("<<")?;
        let word = unquote(word.strip_prefix('-').unwrap_or(word));
        let is_word = !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || c == '_');
        is_word.then(|| word.to_owned())
    });
    ends.collect()
}

fn unquote(text: &str) -> &str {
    let quoted = |quote| text.strip_prefix(quote)?.strip_suffix(quote);
    quoted('"').or_else(|| quoted('\'')).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, arguments: &[(&str, &str)], replaced: &Replaced<'_>) -> Vec<String> {
        let images = images(text, arguments, replaced);
        let told = images.into_iter();
        told.map(|(role, image)| format!("{} {image}", role.word()))
            .collect()
    }

    #[test]
    fn images_are_found_and_stages_are_not_images() {
        for (text, want) in [
            ("FROM scratch", vec![]),
            (
                "from quay.io/a/b:1 as x\nFROM X\nCOPY --from=x /a /b",
                vec!["base quay.io/a/b:1"],
            ),
            (
                "# syntax=x\n\nFROM --platform=linux/amd64 \\\n  # why\n  a/b@sha256:1 AS one\n\
                 COPY --chown=1 --from=quay.io/c:2 /a /b\nCOPY --from=0 /a /b",
                vec!["base a/b@sha256:1", "source quay.io/c:2"],
            ),
            (
                "FROM a\nRUN --mount=type=cache,target=/x --mount=type=bind,from=b,source=/ cmd --mount=from=no",
                vec!["base a", "source b"],
            ),
            (
                "FROM a\nRUN <<EOF psql\nFROM table\nEOF\nCOPY <<-'x' <<y /d\nFROM b\n\tx\nFROM c\ny\nADD --from=d / /",
                vec!["base a", "source d"],
            ),
            ("FROM a\nRUN echo \\\nFROM b", vec!["base a"]),
            ("# escape=`\nFROM `\n a", vec!["base a"]),
            ("FROM \"a\"\nARG X=b\nFROM $X", vec!["base a", "base ${X}"]),
            ("FROM\nCOPY\nRUN", vec![]),
        ] {
            assert_eq!(read(text, &[], &Replaced::default()), want, "{text}");
        }
    }

    #[test]
    fn arguments_are_substituted_where_they_are_declared() {
        let text = "ARG REG=docker.io TAG\nARG IMG=\"${REG}/u/a\"\nFROM ${IMG}:${TAG}\nFROM $REG/b:${TAG:-9}\nFROM ${NO:+x}c";
        for (arguments, want) in [
            (&[][..], ["docker.io/u/a:${TAG}", "docker.io/b:9", "c"]),
            (
                &[("TAG", "2"), ("NO", "n")],
                ["docker.io/u/a:2", "docker.io/b:2", "c"],
            ),
            (
                &[("REG", "quay.io")],
                ["quay.io/u/a:${TAG}", "quay.io/b:9", "c"],
            ),
        ] {
            let want = want.map(|image| format!("base {image}"));
            assert_eq!(read(text, arguments, &Replaced::default()), want);
        }
    }

    #[test]
    fn replaced_images_are_not_pulled() {
        let text = "FROM a AS one\nFROM b\nCOPY --from=c / /";
        let replaced = |last, names: &[&'static str]| Replaced {
            last,
            names: names.to_vec(),
        };
        for (replaced, want) in [
            (replaced(true, &[]), vec!["base a", "source c"]),
            (replaced(false, &["a", "c"]), vec!["base b"]),
            (replaced(true, &["b"]), vec!["base a", "source c"]),
        ] {
            assert_eq!(read(text, &[], &replaced), want);
        }
    }
}
