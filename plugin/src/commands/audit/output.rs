//! `-o FORMAT[=FILE]`: formats and their files.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    str::FromStr,
};

use extreg_audit::{report::Report, verdict::Gate};
use extreg_remedy::Caller;
use extreg_report::{self as data, table};
use extreg_terminal::{Printer, inert};

use super::table::print_table;
use crate::error::Error;

/// A format, and its destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OutputSpec {
    pub(super) format: Format,
    /// The file; none for stdout.
    pub(super) file: Option<PathBuf>,
}

/// A format of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// The objects that have open findings, one on each line.
    Name,
    /// A rendering of the whole report.
    Report(data::Format),
}

/// How reports are written.
pub(super) struct Output<'a> {
    pub(super) specs: &'a [OutputSpec],
    pub(super) gate: Gate,
    /// Whether a table shows reasons and fixes.
    pub(super) details: bool,
    /// Whether the namespace precedes each name.
    pub(super) with_namespaces: bool,
    pub(super) caller: Caller,
    pub(super) printer: &'a Printer,
}

impl OutputSpec {
    /// To stdout.
    pub(super) const fn stdout(format: Format) -> Self {
        Self { format, file: None }
    }

    /// The long help.
    pub(super) fn help() -> String {
        format!(
            "Format, or FORMAT=FILE; repeatable. Only one format can go to stdout.\n\
             Formats: {}",
            Format::names().join(", ")
        )
    }
}

impl FromStr for OutputSpec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (word, file) = match text.split_once('=') {
            Some((_, "")) => return Err("a file is missing after the =".to_owned()),
            Some((word, file)) => (word, Some(PathBuf::from(file))),
            None => (text, None),
        };
        let format = Format::from_word(word).ok_or_else(|| {
            format!(
                "no format {word:?}: there are {}",
                Format::names().join(", ")
            )
        })?;
        Ok(Self { format, file })
    }
}

impl Format {
    pub(super) const SARIF: Self = Self::Report(data::Format::Sarif);
    pub(super) const TABLE: Self = Self::Report(data::Format::Table);

    fn from_word(word: &str) -> Option<Self> {
        match word {
            "name" => Some(Self::Name),
            word => word.parse().ok().map(Self::Report),
        }
    }

    /// Whether it is laid out for the width of a terminal.
    pub(super) fn is_for_a_terminal(self) -> bool {
        matches!(self, Self::Report(format) if format.nature() == data::Nature::Terminal)
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Report(format) => format.word(),
        }
    }

    /// What can be typed.
    pub(super) fn names() -> Vec<&'static str> {
        let mut words: Vec<_> = data::Format::ALL.iter().map(|f| f.word()).collect();
        words.push("name");
        words.sort_unstable();
        words
    }
}

/// Checks that at most one format goes to stdout, and that no file is written twice.
///
/// # Errors
/// [`Error::Usage`] otherwise.
pub(super) fn check_specs(specs: &[OutputSpec]) -> Result<(), Error> {
    let mut files = BTreeSet::new();
    let mut to_stdout = None;
    for spec in specs {
        match &spec.file {
            Some(file) if !files.insert(file) => {
                return Err(Error::usage(format!(
                    "--output: {} is named twice",
                    file.display()
                )));
            }
            None => {
                if let Some(other) = to_stdout.replace(spec.format) {
                    return Err(Error::usage(format!(
                        "--output: stdout takes one format, not {} and {}; give one of them a file: \
                         -o {}=FILE",
                        other.word(),
                        spec.format.word(),
                        spec.format.word()
                    )));
                }
            }
            Some(_) => {}
        }
    }
    Ok(())
}

impl Output<'_> {
    /// Writes a report in every requested format, files first. Prints a line for each file.
    ///
    /// # Errors
    /// [`Error::Failed`] for the first file that cannot be written; all other files are written.
    pub(super) fn write(&self, report: &Report) -> Result<(), Error> {
        let mut failed = None;
        for spec in self.specs {
            let Some(file) = &spec.file else { continue };
            let shown = file.display();
            match self.file(file, spec.format, report) {
                Ok(()) => self
                    .printer
                    .note(format!("wrote {shown} ({})", spec.format.word())),
                Err(error) => {
                    failed.get_or_insert(Error::failed(format!("cannot write {shown}: {error}")));
                }
            }
        }
        if let Some(spec) = self.specs.iter().find(|spec| spec.file.is_none()) {
            self.print(spec.format, report)?;
        }
        failed.map_or(Ok(()), Err)
    }

    /// Writes the data as it is rendered: it can be larger than everything else in memory.
    fn file(&self, path: &Path, format: Format, report: &Report) -> io::Result<()> {
        let Format::Report(format) = format else {
            return fs::write(path, self.bytes(format, report)?);
        };
        let mut file = BufWriter::new(File::create(path)?);
        data::render(format, report, self.options(), &mut file)?;
        file.flush()
    }

    fn print(&self, format: Format, report: &Report) -> Result<(), Error> {
        match format {
            Format::Report(data::Format::Table) => {
                let (table, width) = if self.details {
                    (table::details(report), self.printer.columns())
                } else {
                    let columns = self.printer.columns().unwrap_or(table::WIDTH);
                    (table::table(report), Some(columns))
                };
                print_table(&table, width, self.caller, self.printer);
            }
            Format::Report(data::Format::Wide) => {
                print_table(&table::wide(report), None, self.caller, self.printer);
            }
            Format::Name | Format::Report(_) => {
                let bytes = self.bytes(format, report);
                let bytes = bytes.map_err(|e| Error::failed(format!("cannot be printed: {e}")))?;
                self.printer.raw(&String::from_utf8_lossy(&bytes));
            }
        }
        Ok(())
    }

    /// The content of a file. Commands in it always start with `oc`, so that every user gets the same
    /// file; only a terminal shows `kubectl` to its users.
    fn bytes(&self, format: Format, report: &Report) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        match format {
            Format::Name => bytes = names(report, self.with_namespaces).into_bytes(),
            Format::Report(format) => {
                data::render(format, report, self.options(), &mut bytes)?;
            }
        }
        Ok(bytes)
    }

    fn options(&self) -> data::Options {
        data::Options {
            gate: self.gate,
            details: self.details,
        }
    }
}

/// One line for each: `kind.group/name`, with -A `NAMESPACE/kind.group/name`.
fn names(report: &Report, with_namespaces: bool) -> String {
    let open = report.findings().filter(|(_, finding)| finding.is_open());
    let mut seen = BTreeSet::new();
    open.map(|(_, finding)| &finding.place.object)
        .filter(|object| seen.insert(*object))
        .map(|object| match &*object.namespace {
            namespace if with_namespaces && !namespace.is_empty() => {
                format!("{namespace}/{}", object.reference())
            }
            _ => object.reference(),
        })
        .map(|name| inert(&name).into_owned() + "\n")
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(text: &str) -> Result<OutputSpec, String> {
        text.parse()
    }

    #[test]
    fn a_spec_is_a_format_and_perhaps_a_file() {
        for word in Format::names() {
            let spec = spec(word).unwrap();
            assert_eq!((spec.format.word(), spec.file), (word, None));
        }
        let with_file = spec("sarif=a=b.sarif").unwrap();
        assert_eq!(with_file.file, Some(PathBuf::from("a=b.sarif")));
        assert!(spec("json=").unwrap_err().contains("file is missing"));
        let error = spec("xml").unwrap_err();
        assert!(
            error.starts_with("no format \"xml\": there are csv, "),
            "{error}"
        );
    }

    #[test]
    fn stdout_takes_one_and_a_file_too() {
        let specs = |list: &[&str]| {
            list.iter()
                .map(|text| spec(text).unwrap())
                .collect::<Vec<_>>()
        };
        for (list, part) in [
            (
                &["json", "table"][..],
                "stdout takes one format, not json and table",
            ),
            (&["json=a", "sarif=a"], "a is named twice"),
        ] {
            let error = check_specs(&specs(list)).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
        assert!(check_specs(&specs(&["json=a", "table", "sarif=b"])).is_ok());
    }
}
