//! For which kind of computer a program was made, by the head of its file.

use std::{fs::File, io::Read as _, path::Path};

/// Enough for the head of every format; a PE header starts behind a stub of a few hundred bytes.
const HEAD: u64 = 4096;

/// What the head of a program says.
#[derive(Debug, PartialEq, Eq)]
struct Made {
    format: Format,
    /// The format's own numbers for processors; several in a universal program of macOS.
    machines: Vec<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    /// Linux and other Unix: `\x7fELF`.
    Elf,
    /// Windows: `MZ`, then `PE\0\0`.
    Pe,
    /// macOS.
    MachO,
}

/// Whether `program` was made for another processor or system than this program. False for what is no such file: a
/// script, text, something unreadable.
///
/// Asked after a start that failed, never before: a system may well run foreign programs (Rosetta, `binfmt_misc`,
/// 32-bit programs).
pub fn is_foreign(program: &Path) -> bool {
    let own = std::env::current_exe().ok().and_then(|own| made(&head(&own)?));
    let (Some(own), Some(other)) = (own, head(program).and_then(|head| made(&head))) else { return false };
    own.format != other.format || !own.machines.iter().any(|machine| other.machines.contains(machine))
}

fn head(program: &Path) -> Option<Vec<u8>> {
    // A pipe would keep us waiting for its other end.
    if !program.is_file() {
        return None;
    }
    let mut head = Vec::new();
    File::open(program).ok()?.take(HEAD).read_to_end(&mut head).ok()?;
    Some(head)
}

fn made(head: &[u8]) -> Option<Made> {
    elf(head).or_else(|| pe(head)).or_else(|| mach_o(head))
}

/// `e_ident` holds class (32 or 64 bits) and byte order, `e_machine` is at 18 (elf(5)).
fn elf(head: &[u8]) -> Option<Made> {
    let rest = head.strip_prefix(b"\x7fELF")?;
    let (class, order) = (*rest.first()?, *rest.get(1)?);
    let machine: [u8; 2] = head.get(18..20)?.try_into().ok()?;
    let machine = if order == 2 { u16::from_be_bytes(machine) } else { u16::from_le_bytes(machine) };
    let machines = vec![u32::from(class) << 24 | u32::from(order) << 16 | u32::from(machine)];
    Some(Made { format: Format::Elf, machines })
}

/// The offset of the PE header is at 0x3c, the machine follows its four letters (Microsoft, "PE Format").
fn pe(head: &[u8]) -> Option<Made> {
    head.strip_prefix(b"MZ")?;
    let at = usize::try_from(u32::from_le_bytes(head.get(0x3c..0x40)?.try_into().ok()?)).ok()?;
    let rest = head.get(at..)?.strip_prefix(b"PE\0\0")?;
    let machine = u16::from_le_bytes(rest.get(..2)?.try_into().ok()?);
    Some(Made { format: Format::Pe, machines: vec![machine.into()] })
}

/// A thin program in little-endian order (all of today's Macs), or a universal one: a count, then as many entries of
/// 20 bytes, each of which starts with its processor, big-endian (`mach-o/loader.h`, `mach-o/fat.h`).
fn mach_o(head: &[u8]) -> Option<Made> {
    let word = |at: usize| head.get(at..at + 4)?.try_into().ok();
    let machines = match head.get(..4)? {
        b"\xcf\xfa\xed\xfe" | b"\xce\xfa\xed\xfe" => vec![u32::from_le_bytes(word(4)?)],
        b"\xca\xfe\xba\xbe" => {
            let count = u32::from_be_bytes(word(4)?);
            // A Java class begins alike; it has its version there, which is 45 and more.
            let entries = (0..usize::try_from(count).ok()?).take_while(|_| count < 45);
            entries.map(|n| word(8 + n * 20).map(u32::from_be_bytes)).collect::<Option<_>>()?
        }
        _ => return None,
    };
    (!machines.is_empty()).then_some(Made { format: Format::MachO, machines })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn elf_of(class: u8, order: u8, machine: u16) -> Vec<u8> {
        let bytes = if order == 2 { machine.to_be_bytes() } else { machine.to_le_bytes() };
        [b"\x7fELF".as_slice(), &[class, order], &[0; 12], &bytes].concat()
    }

    fn pe_of(machine: u16) -> Vec<u8> {
        let mut head = vec![0; 0x80];
        head[..2].copy_from_slice(b"MZ");
        head[0x3c] = 0x80;
        [head, b"PE\0\0".to_vec(), machine.to_le_bytes().to_vec()].concat()
    }

    #[test]
    fn programs_of_every_system() {
        let (x86, arm) = (62, 183);
        assert_ne!(made(&elf_of(2, 1, x86)), made(&elf_of(2, 1, arm)));
        assert_ne!(made(&elf_of(2, 1, 8)), made(&elf_of(2, 2, 8)), "MIPS in both byte orders");
        assert_eq!(made(&pe_of(0x8664)).unwrap(), Made { format: Format::Pe, machines: vec![0x8664] });
        let thin = [b"\xcf\xfa\xed\xfe".as_slice(), &0x0100_000c_u32.to_le_bytes()].concat();
        assert_eq!(made(&thin).unwrap().machines, [0x0100_000c]);
        let entry = |machine: u32| [machine.to_be_bytes().as_slice(), &[0; 16]].concat();
        let both = [entry(0x0100_0007), entry(0x0100_000c)].concat();
        let universal = [b"\xca\xfe\xba\xbe".as_slice(), &2_u32.to_be_bytes(), &both].concat();
        assert_eq!(made(&universal).unwrap().machines, [0x0100_0007, 0x0100_000c]);
    }

    #[test]
    fn what_is_no_program_is_of_no_machine() {
        let java = b"\xca\xfe\xba\xbe\0\0\0\x34".as_slice();
        for other in [b"#!/bin/sh\n".as_slice(), b"", b"MZ", b"\x7fELF", b"\x7fELF\x02\x01", java] {
            assert_eq!(made(other), None, "{other:?}");
        }
        let cut = pe_of(0x8664);
        assert_eq!(made(&cut[..cut.len() - 1]), None);
    }

    #[test]
    fn our_own_program_is_at_home_and_a_changed_one_is_not() {
        let own = std::env::current_exe().unwrap();
        assert!(!is_foreign(&own));
        let dir = tempfile::tempdir().unwrap();
        let other = dir.path().join("other");
        for (head, foreign) in
            [(elf_of(2, 1, 0x7777), true), (pe_of(0x7777), true), (b"Dear Sir".to_vec(), false)]
        {
            std::fs::write(&other, &head).unwrap();
            assert_eq!(is_foreign(&other), foreign, "{head:?}");
        }
        assert!(!is_foreign(&dir.path().join("none")));
        assert!(!is_foreign(dir.path()));
    }
}
