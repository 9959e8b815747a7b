//! A second release from the same programs: everything that is made from them has to be the same.

use anyhow::{Context, Result, ensure};

use super::passed;
use crate::commit::Commit;
use crate::dist::folder::{Archive, Folder, SUMS};
use crate::dist::{contents, finish};

/// Packs the files of the archives again, makes the rest from them, and compares checksums.
pub(super) fn check(folder: &Folder, archives: &[Archive], commit: &Commit) -> Result<()> {
    let again = tempfile::tempdir().context("make a folder for a second release")?;
    let again = Folder::create(again.path())?;
    for archive in archives {
        let name = archive.product.archive(archive.target);
        let packed = contents::pack(archive.target, &archive.files, commit)?;
        again.write(&name, &packed)?;
        let bom = archive.product.sbom(archive.target);
        again.write(&bom, &folder.read(&bom)?)?;
    }
    finish(&again, commit)?;
    let sums = |folder: &Folder| -> Result<String> { Ok(String::from_utf8(folder.read(SUMS)?)?) };
    let (first, second) = (sums(folder)?, sums(&again)?);
    let differs: Vec<&str> = first
        .lines()
        .filter(|line| !second.lines().any(|other| other == *line))
        .collect();
    ensure!(
        first == second,
        "a second release differs in {} files: {}",
        differs.len(),
        differs.join(", ")
    );
    passed("a second release from the same programs has the same checksums");
    Ok(())
}
