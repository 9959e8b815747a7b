//! Reads an executable: a container without any other file can run it only if it needs no loader.

use anyhow::{Context, Result, bail, ensure};

/// Type of the program header that names the dynamic loader.
const PT_INTERP: u32 = 3;

/// A machine that images are built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Machine {
    /// `x86_64`.
    Amd64,
    /// `aarch64`.
    Arm64,
}

impl Machine {
    /// As spelled in image configurations.
    pub(crate) const fn as_oci(self) -> &'static str {
        match self {
            Self::Amd64 => "amd64",
            Self::Arm64 => "arm64",
        }
    }
}

/// The machine of a static executable. Fails for anything else, with the reason.
pub(crate) fn static_executable(bytes: &[u8]) -> Result<Machine> {
    ensure!(
        bytes.starts_with(b"\x7fELF\x02\x01\x01"),
        "not a 64-bit little-endian ELF file"
    );
    ensure!(
        matches!(half(bytes, 0x10)?, 2 | 3),
        "an ELF file, but not an executable"
    );
    let machine = match half(bytes, 0x12)? {
        62 => Machine::Amd64,
        183 => Machine::Arm64,
        other => bail!("an executable for machine {other}; images are made for x86_64 and aarch64"),
    };
    let table = usize::try_from(long(bytes, 0x20)?)?;
    let size = usize::from(half(bytes, 0x36)?);
    let count = usize::from(half(bytes, 0x38)?);
    ensure!(count > 0, "an executable without program headers");
    for index in 0..count {
        let at = index
            .checked_mul(size)
            .and_then(|offset| offset.checked_add(table))
            .context("a program header beyond the end of the file")?;
        ensure!(
            word(bytes, at)? != PT_INTERP,
            "linked dynamically: it needs a loader and libraries that the image does not have"
        );
    }
    Ok(machine)
}

fn field<const N: usize>(bytes: &[u8], at: usize) -> Result<[u8; N]> {
    let end = at.checked_add(N);
    end.and_then(|end| bytes.get(at..end))
        .and_then(|field| field.try_into().ok())
        .context("an ELF file that ends too early")
}

fn half(bytes: &[u8], at: usize) -> Result<u16> {
    field(bytes, at).map(u16::from_le_bytes)
}

fn word(bytes: &[u8], at: usize) -> Result<u32> {
    field(bytes, at).map(u32::from_le_bytes)
}

fn long(bytes: &[u8], at: usize) -> Result<u64> {
    field(bytes, at).map(u64::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An executable with one program header of this type.
    fn executable(machine: u16, header: u32) -> Vec<u8> {
        let mut bytes = vec![0; 0x40 + 0x38];
        bytes[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
        bytes[0x10..0x12].copy_from_slice(&3u16.to_le_bytes());
        bytes[0x12..0x14].copy_from_slice(&machine.to_le_bytes());
        bytes[0x20..0x28].copy_from_slice(&0x40u64.to_le_bytes());
        bytes[0x36..0x38].copy_from_slice(&0x38u16.to_le_bytes());
        bytes[0x38..0x3a].copy_from_slice(&1u16.to_le_bytes());
        bytes[0x40..0x44].copy_from_slice(&header.to_le_bytes());
        bytes
    }

    #[test]
    fn only_a_static_executable_is_accepted() {
        assert_eq!(
            static_executable(&executable(62, 1)).unwrap(),
            Machine::Amd64
        );
        assert_eq!(
            static_executable(&executable(183, 1)).unwrap(),
            Machine::Arm64
        );
        let mut library = executable(62, 1);
        library[0x10] = 1;
        let mut far = executable(62, 1);
        far[0x20..0x28].copy_from_slice(&u64::MAX.to_le_bytes());
        for (bytes, reason) in [
            (executable(62, PT_INTERP), "linked dynamically"),
            (executable(8, 1), "machine 8"),
            (library, "not an executable"),
            (far, "ends too early"),
            (executable(62, 1)[..0x50 - 0x0e].to_vec(), "ends too early"),
            (b"#!/bin/sh".to_vec(), "not a 64-bit"),
            (Vec::new(), "not a 64-bit"),
        ] {
            let error = static_executable(&bytes).unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
    }

    #[test]
    fn this_test_itself_is_linked_dynamically() {
        let own = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        assert!(static_executable(&own).is_err());
    }
}
