//! The formats of a report: each one renders a [`Report`] and nothing else.
//!
//! A format decides nothing: [`extreg_audit::finding::Finding::is_open`] decides what counts, for every
//! format. Each shows findings, suppressions with their expiry date, inconclusive findings,
//! gaps, exceptions that suppress nothing, and the other notices of the report.
//! Names come from clusters and files: each format escapes its special characters.

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
mod sarif;
mod state;
pub mod table;
#[cfg(test)]
mod testing;
mod uri;
mod words;
mod xml_text;
mod yaml;

use std::fmt;
use std::io::{self, Write};
use std::str::FromStr;

use extreg_audit::report::Report;
use extreg_audit::verdict::Gate;

/// What a format needs besides the report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The gate: JUnit applies it to each case, as the exit code does to the whole report.
    pub gate: Gate,
    /// Whether a table shows the reason and the fix of each finding.
    pub details: bool,
}

/// The purpose of a format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nature {
    /// For files, programs or a browser: the bytes never depend on the terminal.
    File,
    /// For a terminal: laid out for its width.
    Terminal,
}

/// An unknown format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown format {0:?}: the formats are {names}", names = names())]
pub struct UnknownFormat(String);

type Render = fn(&Report, Options, &mut dyn Write) -> io::Result<()>;

/// One line per format: variant, word, nature, renderer.
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

            /// Its word on the command line.
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)+
                }
            }

            /// Its purpose.
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
    /// A table for spreadsheets, RFC 4180: one record per row.
    Csv, "csv", File, |report, _, out| csv::render(report, out);
    /// CycloneDX 1.6, as JSON: the images.
    CycloneDx, "cyclonedx", File, |report, _, out| cyclonedx::render(report, out);
    /// One self-contained page for a browser.
    Html, "html", File, |report, _, out| out.write_all(html::html(report).as_bytes());
    /// Our own document: `docs/schema/audit-report.v1.schema.json`.
    Json, "json", File, |report, _, out| json::render(report, out);
    /// Test results for CI servers.
    Junit, "junit", File, |report, options, out| junit::render(report, options.gate, out);
    /// Tables for a pull request, in GitHub's Markdown.
    Markdown, "markdown", File, |report, _, out| markdown::render(report, out);
    /// `openreports.io/v1alpha1`, as YAML.
    OpenReports, "openreports", File, |report, _, out| openreports::render(report, out);
    /// SARIF 2.1.0, for code scanning.
    Sarif, "sarif", File,
        |report, _, out| sarif::render(report, out);
    /// A table for a terminal: the counts, then one open finding per row; with details grouped by image. No colors here.
    Table, "table", Terminal, |report, options, out| {
        if options.details {
            write_plain(&table::details(report), None, out)
        } else {
            write_plain(&table::table(report), Some(table::WIDTH), out)
        }
    };
    /// A table for a terminal, one finding per row.
    Wide, "wide", Terminal, |report, _, out| write_plain(&table::wide(report), None, out);
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

fn write_plain(table: &table::Table, width: Option<usize>, out: &mut dyn Write) -> io::Result<()> {
    for line in table.lines(width) {
        writeln!(out, "{}", line.render(false))?;
    }
    Ok(())
}

fn names() -> String {
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
            error.starts_with("unknown format \"xml\": the formats are csv, "),
            "{error}"
        );
    }
}
