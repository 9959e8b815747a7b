//! What a report looks like: every format renders a [`Report`] and nothing else.
//!
//! A format decides nothing: what counts is [`extreg_audit::finding::Finding::is_open`], whatever the
//! format is. Each shows what was found, what was suppressed and until when, what could not be told,
//! what could not be looked at, exceptions that suppress nothing, and what else the report has to
//! say. Names come from clusters and files: each format keeps them from meaning anything in it.

mod csv;
mod cyclonedx;
mod document;
#[cfg(test)]
mod document_test;
#[cfg(test)]
mod hostile_test;
pub mod html;
mod image_group;
mod image_name;
mod json;
mod json_text;
mod junit;
mod markdown;
mod markdown_text;
#[cfg(test)]
mod matrix_test;
pub mod openreports;
mod phrases;
mod purl;
#[cfg(test)]
mod sample;
mod sarif;
#[cfg(test)]
mod schema;
mod state;
pub mod table;
mod uri;
mod words;
mod xml_text;
mod yaml;

use std::fmt;
use std::io::{self, Write};
use std::str::FromStr;

use extreg_audit::report::Report;
use extreg_audit::verdict::Gate;

/// What a format needs to know besides the report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// What does not pass: JUnit says so case by case, as the exit code does of the whole.
    pub gate: Gate,
}

/// What a format is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nature {
    /// To be kept and read by programs or a browser: bytes that are the same wherever they go.
    File,
    /// To be read at a terminal: laid out for its width.
    Terminal,
}

/// A word that is no format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no format {0:?}: there are {words}", words = words())]
pub struct UnknownFormat(String);

type Render = fn(&Report, Options, &mut dyn Write) -> io::Result<()>;

/// One line a format: variant, word, nature, what renders it.
macro_rules! formats {
    ($($(#[$doc:meta])+ $name:ident, $word:literal, $nature:ident, $render:expr;)+) => {
        /// A format.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Format {
            $($(#[$doc])+ $name,)+
        }

        impl Format {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The word for it on the command line.
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)+
                }
            }

            /// What it is for.
            pub const fn nature(self) -> Nature {
                match self {
                    $(Self::$name => Nature::$nature,)+
                }
            }

            fn renders(self) -> Render {
                match self {
                    $(Self::$name => $render,)+
                }
            }
        }
    };
}

formats! {
    /// A table for spreadsheets, RFC 4180: a record a row.
    Csv, "csv", File, |report, _, out| csv::render(report, out);
    /// CycloneDX 1.6, as JSON: the images.
    CycloneDx, "cyclonedx", File, |report, _, out| cyclonedx::render(report, out);
    /// One page for a browser, complete in itself.
    Html, "html", File, |report, _, out| out.write_all(html::html(report).as_bytes());
    /// Our own document: `docs/schema/audit-report.v1.schema.json`.
    Json, "json", File, |report, _, out| json::render(report, out);
    /// What CI servers read of tests.
    Junit, "junit", File, |report, options, out| junit::render(report, options.gate, out);
    /// Tables for a pull request, in GitHub's Markdown.
    Markdown, "markdown", File, |report, _, out| markdown::render(report, out);
    /// `openreports.io/v1alpha1`, as YAML.
    OpenReports, "openreports", File, |report, _, out| openreports::render(report, out);
    /// SARIF 2.1.0, for code scanning.
    Sarif, "sarif", File,
        |report, _, out| sarif::render(report, out);
    /// A table for a terminal, grouped by image. Here without colours and as wide as it comes.
    Table, "table", Terminal, |report, _, out| write_plain(&table::table(report), out);
    /// A table for a terminal, a finding a row.
    Wide, "wide", Terminal, |report, _, out| write_plain(&table::wide(report), out);
    /// The document of `json`, as YAML.
    Yaml, "yaml", File, |report, _, out| yaml::render(report, out);
}

/// Writes the report in a format. The last byte is a line feed.
pub fn render(
    format: Format,
    report: &Report,
    options: Options,
    out: &mut dyn Write,
) -> io::Result<()> {
    format.renders()(report, options, out)
}

fn write_plain(table: &table::Table, out: &mut dyn Write) -> io::Result<()> {
    for line in table.lines(None) {
        writeln!(out, "{}", line.render(false))?;
    }
    Ok(())
}

fn words() -> String {
    let words: Vec<_> = Format::ALL.iter().map(|format| format.word()).collect();
    words.join(", ")
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, UnknownFormat> {
        Self::ALL
            .iter()
            .copied()
            .find(|format| format.word() == text)
            .ok_or_else(|| UnknownFormat(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_found_by_its_word() {
        for format in Format::ALL {
            assert_eq!(format.word().parse(), Ok(*format));
        }
        let error = "xml".parse::<Format>().unwrap_err().to_string();
        assert!(
            error.starts_with("no format \"xml\": there are csv, "),
            "{error}"
        );
    }
}
