//! Files as bytes that depend on nothing but their content: sorted by the caller, without owners, with one fixed time.

use std::fmt::Write as _;
use std::io::{Cursor, Read as _, Write as _};

use anyhow::{Context, Result, bail, ensure};
use flate2::read::GzDecoder;
use flate2::{Compression, GzBuilder};
use sha2::{Digest as _, Sha256};

/// One file of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Its path, with `/` on every system.
    pub(crate) path: String,
    /// Its permissions.
    pub(crate) mode: u32,
    /// Its content.
    pub(crate) bytes: Vec<u8>,
}

/// The permissions of a program.
pub(crate) const PROGRAM: u32 = 0o755;
/// The permissions of any other file.
pub(crate) const DATA: u32 = 0o644;

/// A tar archive; `time` is the time of each file, in seconds.
pub(crate) fn tar<'a>(
    files: impl IntoIterator<Item = (&'a str, u32, &'a [u8])>,
    time: u64,
) -> Result<Vec<u8>> {
    let mut tar = tar::Builder::new(Vec::new());
    for (path, mode, bytes) in files {
        let mut header = tar::Header::new_ustar();
        header.set_entry_type(tar::EntryType::Regular);
        header.set_mode(mode);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(time);
        header.set_size(u64::try_from(bytes.len())?);
        tar.append_data(&mut header, path, bytes)?;
    }
    Ok(tar.into_inner()?)
}

/// The files of a compressed tar archive, and their one time. Fails for an archive with anything but files.
pub(crate) fn read_tar_gz(bytes: &[u8]) -> Result<(Vec<Entry>, u64)> {
    let mut archive = tar::Archive::new(GzDecoder::new(bytes));
    let mut files = Vec::new();
    let mut times = Vec::new();
    for file in archive.entries()? {
        let mut file = file?;
        let path = file.path()?.to_string_lossy().into_owned();
        ensure!(
            file.header().entry_type() == tar::EntryType::Regular,
            "{path} is not a regular file"
        );
        times.push(file.header().mtime()?);
        let mode = file.header().mode()?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        files.push(Entry { path, mode, bytes });
    }
    Ok((files, one(times)?))
}

/// A zip archive.
pub(crate) fn zip(files: &[Entry], time: jiff::Timestamp) -> Result<Vec<u8>> {
    let options = zip::write::SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Deflated)
        .compression_level(Some(9))
        .last_modified_time(zip_time(time)?);
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for file in files {
        zip.start_file(file.path.as_str(), options.unix_permissions(file.mode))?;
        zip.write_all(&file.bytes)?;
    }
    Ok(zip.finish()?.into_inner())
}

/// The files of a zip archive, and their one time. Fails for an archive with anything but files.
pub(crate) fn read_zip(bytes: &[u8]) -> Result<(Vec<Entry>, zip::DateTime)> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes))?;
    let mut files = Vec::new();
    let mut times = Vec::new();
    for index in 0..archive.len() {
        let mut file = archive.by_index(index)?;
        let path = file.name()?.into_owned();
        ensure!(file.is_file(), "{path} is not a regular file");
        times.push(file.last_modified().context("a file without a time")?);
        let mode = file.unix_mode().context("a file without permissions")? & 0o777;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        files.push(Entry { path, mode, bytes });
    }
    Ok((files, one(times)?))
}

/// The time of all files.
fn one<T: PartialEq + Copy>(mut times: Vec<T>) -> Result<T> {
    times.dedup();
    let [time] = times.as_slice() else {
        bail!("files of different times, or no files");
    };
    Ok(*time)
}

/// Zip stores the time of a calendar, here UTC, in steps of two seconds.
pub(crate) fn zip_time(time: jiff::Timestamp) -> Result<zip::DateTime> {
    let time = time.to_zoned(jiff::tz::TimeZone::UTC).datetime();
    let part = |value: i8| u8::try_from(value);
    Ok(zip::DateTime::from_date_and_time(
        u16::try_from(time.year())?,
        part(time.month())?,
        part(time.day())?,
        part(time.hour())?,
        part(time.minute())?,
        part(time.second())? & !1,
    )?)
}

/// Compresses bytes.
pub(crate) fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    // 255: unknown operating system; without a name and with time 0, the builder's default.
    let mut gzip = GzBuilder::new()
        .operating_system(255)
        .write(Vec::new(), Compression::best());
    gzip.write_all(bytes)?;
    Ok(gzip.finish()?)
}

/// The SHA-256 of bytes, in hex.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> Vec<Entry> {
        [
            ("LICENSE", DATA, "text"),
            ("man/oc-extreg.1", DATA, ".TH"),
            ("oc-extreg", PROGRAM, "program"),
        ]
        .map(|(path, mode, bytes)| Entry {
            path: path.to_owned(),
            mode,
            bytes: bytes.into(),
        })
        .into()
    }

    #[test]
    fn archives_contain_the_files_and_the_time_of_the_commit() {
        let time = jiff::Timestamp::from_second(1_700_000_001).unwrap();
        let files = files();
        let tar = tar(
            files
                .iter()
                .map(|file| (file.path.as_str(), file.mode, file.bytes.as_slice())),
            1_700_000_001,
        )
        .unwrap();
        let packed = gzip(&tar).unwrap();
        assert_eq!(
            read_tar_gz(&packed).unwrap(),
            (files.clone(), 1_700_000_001)
        );
        let packed = zip(&files, time).unwrap();
        assert_eq!(read_zip(&packed).unwrap(), (files, zip_time(time).unwrap()));
    }

    #[test]
    fn a_link_in_an_archive_is_an_error() {
        let mut tar = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_ustar();
        header.set_entry_type(tar::EntryType::Symlink);
        header.set_size(0);
        tar.append_link(&mut header, "kubectl-extreg", "oc-extreg")
            .unwrap();
        let packed = gzip(&tar.into_inner().unwrap()).unwrap();
        let error = read_tar_gz(&packed).unwrap_err().to_string();
        assert_eq!(error, "kubectl-extreg is not a regular file");
    }
}
