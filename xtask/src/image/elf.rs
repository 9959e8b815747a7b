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
    /// `powerpc64le`.
    Ppc64le,
    /// `s390x`, the only one whose numbers begin with the most significant byte.
    S390x,
}

impl Machine {
    /// As spelled in image configurations.
    pub(crate) const fn as_oci(self) -> &'static str {
        match self {
            Self::Amd64 => "amd64",
            Self::Arm64 => "arm64",
            Self::Ppc64le => "ppc64le",
            Self::S390x => "s390x",
        }
    }
}

/// The machine of a static executable. Fails for anything else, with the reason.
pub(crate) fn static_executable(bytes: &[u8]) -> Result<Machine> {
    let file = Elf::new(bytes)?;
    ensure!(
        matches!(file.half(0x10)?, 2 | 3),
        "an ELF file, but not an executable"
    );
    let machine = match (file.half(0x12)?, file.order) {
        (62, Order::Little) => Machine::Amd64,
        (183, Order::Little) => Machine::Arm64,
        (21, Order::Little) => Machine::Ppc64le,
        (22, Order::Big) => Machine::S390x,
        (other, order) => bail!(
            "an executable for machine {other}, {order:?} endian; images are made for x86_64, aarch64, powerpc64le \
             and s390x"
        ),
    };
    let table = usize::try_from(file.long(0x20)?)?;
    let size = usize::from(file.half(0x36)?);
    let count = usize::from(file.half(0x38)?);
    ensure!(count > 0, "an executable without program headers");
    for index in 0..count {
        let at = index
            .checked_mul(size)
            .and_then(|offset| offset.checked_add(table))
            .context("a program header beyond the end of the file")?;
        ensure!(
            file.word(at)? != PT_INTERP,
            "linked dynamically: it needs a loader and libraries that the image does not have"
        );
    }
    Ok(machine)
}

/// The order of the bytes of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Little,
    Big,
}

/// A 64-bit ELF file.
#[derive(Clone, Copy, Debug)]
struct Elf<'a> {
    bytes: &'a [u8],
    order: Order,
}

impl<'a> Elf<'a> {
    fn new(bytes: &'a [u8]) -> Result<Self> {
        let order = match bytes {
            [0x7f, b'E', b'L', b'F', 2, 1, 1, ..] => Order::Little,
            [0x7f, b'E', b'L', b'F', 2, 2, 1, ..] => Order::Big,
            _ => bail!("not a 64-bit ELF file"),
        };
        Ok(Self { bytes, order })
    }

    fn half(self, at: usize) -> Result<u16> {
        let field = self.field(at)?;
        Ok(match self.order {
            Order::Little => u16::from_le_bytes(field),
            Order::Big => u16::from_be_bytes(field),
        })
    }

    fn word(self, at: usize) -> Result<u32> {
        let field = self.field(at)?;
        Ok(match self.order {
            Order::Little => u32::from_le_bytes(field),
            Order::Big => u32::from_be_bytes(field),
        })
    }

    fn long(self, at: usize) -> Result<u64> {
        let field = self.field(at)?;
        Ok(match self.order {
            Order::Little => u64::from_le_bytes(field),
            Order::Big => u64::from_be_bytes(field),
        })
    }

    fn field<const N: usize>(self, at: usize) -> Result<[u8; N]> {
        let end = at.checked_add(N);
        end.and_then(|end| self.bytes.get(at..end))
            .and_then(|field| field.try_into().ok())
            .context("an ELF file that ends too early")
    }
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

    /// The same with the most significant byte of each number first.
    fn big_endian(machine: u16, header: u32) -> Vec<u8> {
        let mut bytes = executable(machine, header);
        bytes[5] = 2;
        for (at, size) in [
            (0x10, 2),
            (0x12, 2),
            (0x20, 8),
            (0x36, 2),
            (0x38, 2),
            (0x40, 4),
        ] {
            bytes[at..at + size].reverse();
        }
        bytes
    }

    #[test]
    fn only_a_static_executable_is_accepted() {
        for (bytes, machine) in [
            (executable(62, 1), Machine::Amd64),
            (executable(183, 1), Machine::Arm64),
            (executable(21, 1), Machine::Ppc64le),
            (big_endian(22, 1), Machine::S390x),
        ] {
            assert_eq!(static_executable(&bytes).unwrap(), machine);
        }
        let mut library = executable(62, 1);
        library[0x10] = 1;
        let mut far = executable(62, 1);
        far[0x20..0x28].copy_from_slice(&u64::MAX.to_le_bytes());
        for (bytes, reason) in [
            (executable(62, PT_INTERP), "linked dynamically"),
            (big_endian(22, PT_INTERP), "linked dynamically"),
            (executable(8, 1), "machine 8"),
            // 64-bit PowerPC with the other order is another system, which has no releases.
            (big_endian(21, 1), "machine 21, Big endian"),
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
