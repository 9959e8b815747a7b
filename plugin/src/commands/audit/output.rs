//! `-o FORMAT[=FILE]`: what is written where.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    str::FromStr,
};

use extreg_audit::{
    format::{self as data, html, table},
    report::Report,
};

use super::table::print_table;
use crate::{
    caller::Caller,
    error::Error,
    printer::{Printer, escape},
};

/// A format, and where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OutputSpec {
    pub(super) format: Format,
    /// The file; none for stdout.
    pub(super) file: Option<PathBuf>,
}

/// A format of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// For people, grouped by image.
    Table,
    /// For people, a row a finding.
    Wide,
    /// The objects that have open findings, one a line.
    Name,
    /// A page for a browser.
    Html,
    /// For programs.
    Data(data::Format),
}

/// How reports are written.
pub(super) struct Output<'a> {
    pub(super) specs: &'a [OutputSpec],
    pub(super) synthetic_paths: bool,
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
            "Format, or FORMAT=FILE; can be repeated. Without a file it goes to stdout, which takes \
             one.\nThere are {}",
            Format::words().join(", ")
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
        let format = Format::of(word).ok_or_else(|| {
            format!(
                "no format {word:?}: there are {}",
                Format::words().join(", ")
            )
        })?;
        Ok(Self { format, file })
    }
}

impl Format {
    pub(super) const SARIF: Self = Self::Data(data::Format::Sarif);

    fn of(word: &str) -> Option<Self> {
        match word {
            "table" => Some(Self::Table),
            "wide" => Some(Self::Wide),
            "name" => Some(Self::Name),
            "html" => Some(Self::Html),
            word => word.parse().ok().map(Self::Data),
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Wide => "wide",
            Self::Name => "name",
            Self::Html => "html",
            Self::Data(format) => format.word(),
        }
    }

    fn words() -> Vec<&'static str> {
        let own = ["table", "wide", "name", "html"].into_iter();
        own.chain(data::Format::ALL.iter().map(|format| format.word()))
            .collect()
    }
}

/// One goes to stdout at most, and no file is written twice.
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
    /// Writes a report in every format that was asked for, files first. Each file is confirmed.
    ///
    /// # Errors
    /// [`Error::Failed`] for the first file that cannot be written; the others are.
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

    /// Data is written as it is made: it may be longer than all else that is in memory.
    fn file(&self, path: &Path, format: Format, report: &Report) -> io::Result<()> {
        let Format::Data(format) = format else {
            return fs::write(path, self.bytes(format, report)?);
        };
        let mut file = BufWriter::new(File::create(path)?);
        data::render(format, report, self.options(), &mut file)?;
        file.flush()
    }

    fn print(&self, format: Format, report: &Report) -> Result<(), Error> {
        match format {
            Format::Table => print_table(&table::table(report), self.caller, self.printer),
            Format::Wide => print_table(&table::wide(report), self.caller, self.printer),
            Format::Name | Format::Html | Format::Data(_) => {
                let bytes = self.bytes(format, report);
                let bytes = bytes.map_err(|e| Error::failed(format!("cannot be printed: {e}")))?;
                self.printer.raw(&String::from_utf8_lossy(&bytes));
            }
        }
        Ok(())
    }

    /// What is in a file: commands say `oc` or `kubectl` as the caller does only on a terminal, so
    /// that a file is the same whoever wrote it.
    fn bytes(&self, format: Format, report: &Report) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        match format {
            Format::Table => bytes = lines(&table::table(report)).into_bytes(),
            Format::Wide => bytes = lines(&table::wide(report)).into_bytes(),
            Format::Name => bytes = names(report).into_bytes(),
            Format::Html => bytes = html::html(report).into_bytes(),
            Format::Data(format) => {
                data::render(format, report, self.options(), &mut bytes)?;
            }
        }
        Ok(bytes)
    }

    fn options(&self) -> data::Options {
        data::Options {
            synthetic_paths: self.synthetic_paths,
        }
    }
}

/// A table without colour and without an end to its lines.
fn lines(table: &table::Table) -> String {
    table
        .lines(None)
        .iter()
        .map(|line| {
            let cells: Vec<&str> = line.iter().map(|cell| cell.text.as_str()).collect();
            cells.concat().trim_end().to_owned() + "\n"
        })
        .collect()
}

fn names(report: &Report) -> String {
    let open = report.findings().filter(|(_, finding)| finding.is_open());
    let mut seen = BTreeSet::new();
    open.map(|(_, finding)| &finding.place.object)
        .filter(|object| seen.insert(*object))
        .map(|object| escape(&object.reference()).into_owned() + "\n")
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
        for word in Format::words() {
            let spec = spec(word).unwrap();
            assert_eq!((spec.format.word(), spec.file), (word, None));
        }
        let with_file = spec("sarif=a=b.sarif").unwrap();
        assert_eq!(with_file.file, Some(PathBuf::from("a=b.sarif")));
        assert!(spec("json=").unwrap_err().contains("file is missing"));
        let error = spec("xml").unwrap_err();
        assert!(
            error.starts_with("no format \"xml\": there are table, wide"),
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
