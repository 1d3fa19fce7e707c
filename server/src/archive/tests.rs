use std::io::Write;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use proptest::prelude::*;
use rawzip::CompressionMethod;
use rawzip::path::EntryPath;

use super::*;

/// One entry as a hostile archive may have it.
#[derive(Clone)]
struct Made {
    name: Vec<u8>,
    content: Vec<u8>,
    mode: u32,
    method: CompressionMethod,
    encrypted: bool,
}

fn entry(name: impl AsRef<[u8]>, content: impl AsRef<[u8]>) -> Made {
    Made {
        name: name.as_ref().to_vec(),
        content: content.as_ref().to_vec(),
        mode: 0o100_644,
        method: CompressionMethod::DEFLATE,
        encrypted: false,
    }
}

fn zip(entries: &[Made]) -> Vec<u8> {
    let mut archive = ZipArchiveWriter::new(Vec::new());
    for made in entries {
        let (mut entry, config) = archive
            .new_file(EntryPath::verbatim(made.name.clone()))
            .compression_method(made.method)
            .unix_permissions(made.mode)
            .encrypted(made.encrypted)
            .start()
            .unwrap();
        let written = if made.method == CompressionMethod::DEFLATE {
            let mut writer = config.wrap(DeflateEncoder::new(&mut entry, Compression::fast()));
            writer.write_all(&made.content).unwrap();
            let (encoder, written) = writer.finish().unwrap();
            encoder.finish().unwrap();
            written
        } else {
            let mut writer = config.wrap(&mut entry);
            writer.write_all(&made.content).unwrap();
            writer.finish().unwrap().1
        };
        entry.finish(written).unwrap();
    }
    archive.finish().unwrap()
}

/// Where the central directory's record of the only entry has a field.
fn central(zip: &[u8], field: usize) -> usize {
    let start = zip.windows(4).rposition(|bytes| bytes == b"PK\x01\x02");
    start.unwrap() + field
}

#[track_caller]
fn refused(zip: &[u8]) -> String {
    unpack(zip).unwrap_err().to_string()
}

#[test]
fn files_of_any_bytes_are_unpacked() {
    let stored = Made {
        method: CompressionMethod::STORE,
        ..entry("data/größe.bin", b"\x00\xff")
    };
    let folder = Made {
        mode: 0o040_755,
        method: CompressionMethod::STORE,
        ..entry("data/", "")
    };
    let code = unpack(&zip(&[
        folder,
        stored,
        entry("index.py", "def handler(): pass"),
        entry("empty", ""),
        entry("__MACOSX/._index.py", "left out"),
        entry("data/.DS_Store", "left out"),
    ]));
    let files: [(&str, &[u8]); 3] = [
        ("data/größe.bin", b"\x00\xff"),
        ("empty", b""),
        ("index.py", b"def handler(): pass"),
    ];
    assert_eq!(code.unwrap(), CodePackage::new(files).unwrap());
}

#[test]
fn what_was_packed_is_unpacked_as_it_was() {
    let files = [
        ("a/b.txt", vec![b'x'; 100_000]),
        ("größe", vec![]),
        ("c", vec![0, 255]),
    ];
    let code = CodePackage::new(files).unwrap();
    let zip = pack(&code, Timestamp(1_700_000_000_000)).unwrap();
    assert!(zip.len() < 2000, "it is compressed");
    assert_eq!(unpack(&zip).unwrap(), code);
}

#[test]
fn a_hostile_entry_is_refused_by_its_name() {
    let check = |made: Made, rule: &str| {
        let said = refused(&zip(&[entry("index.py", "fine"), made.clone()]));
        let name = String::from_utf8_lossy(&made.name);
        let name: String = name.chars().take(255).collect();
        assert!(said.contains(&format!("entry {name:?} ")), "{said}");
        assert!(said.contains(rule), "{said}");
    };
    for name in [
        "/etc/passwd",
        "../up.py",
        "a/../../up.py",
        "a\\..\\up.py",
        "C:\\up.py",
        "C:/up.py",
        "a//b",
        "./a",
        "a\0b",
        "a\nb",
        "a/./",
        "../",
        "/",
        "",
        "\u{202e}yp.xedni",
        &"x".repeat(256),
    ] {
        check(entry(name, ""), "name that is not allowed");
    }
    check(entry(b"gr\xf6\xdfe", ""), "not UTF-8");
    let mode = |mode| Made {
        mode,
        ..entry("x", "/etc/passwd")
    };
    check(mode(0o120_777), "is a link");
    check(
        Made {
            name: b"x/".to_vec(),
            ..mode(0o120_777)
        },
        "is a link",
    );
    for special in [0o010_644, 0o020_644, 0o060_644, 0o140_644, 0o040_755] {
        check(mode(special), "is a special file");
    }
    check(
        Made {
            encrypted: true,
            ..entry("x", "")
        },
        "is encrypted",
    );
    for method in [
        CompressionMethod::BZIP2,
        CompressionMethod::ZSTD,
        CompressionMethod::DEFLATE64,
    ] {
        check(
            Made {
                method,
                ..entry("x", "12")
            },
            "only Deflate and no compression",
        );
    }
    check(
        entry("index.py", "again"),
        "same name as the entry \"index.py\"",
    );
    check(
        entry("INDEX.py", "again"),
        "same name as the entry \"index.py\"",
    );
}

#[test]
fn files_that_are_no_package_are_refused() {
    let check = |entries: &[Made], rule: &str| {
        let said = refused(&zip(entries));
        assert!(said.contains(rule), "{said}");
    };
    check(&[], "the function code must be configured");
    check(
        &[entry("__MACOSX/x", "")],
        "the function code must be configured",
    );
    check(
        &[entry("a", ""), entry("a/b", "")],
        "\"a/b\" is in a folder that is also a file",
    );
    let many: Vec<_> = (0..=CodePackage::MAX_FILES)
        .map(|n| entry(n.to_string(), ""))
        .collect();
    check(&many, "entry \"10000\" is one file too many");
    let folders: Vec<_> = (0..=MAX_ENTRIES)
        .map(|n| entry(format!("{n}/"), ""))
        .collect();
    check(&folders, "at most 30000 entries");
}

#[test]
fn a_bomb_is_stopped_where_it_bursts() {
    let large = vec![0; CodePackage::MAX_BYTES / 2 + 1];
    let bomb = zip(&[entry("a", &large), entry("b", &large)]);
    assert!(bomb.len() < 2_000_000, "{}", bomb.len());
    let said = refused(&bomb);
    assert!(
        said.contains("entry \"b\" makes the package larger than 128 MB"),
        "{said}"
    );

    // It inflates to more than it says.
    let mut liar = zip(&[entry("a", vec![0; 10_000_000])]);
    let uncompressed = central(&liar, 24);
    liar[uncompressed..uncompressed + 4].copy_from_slice(&1000_u32.to_le_bytes());
    let said = refused(&liar);
    assert!(said.contains("entry \"a\" is damaged"), "{said}");
    // And to less.
    liar[uncompressed..uncompressed + 4].copy_from_slice(&20_000_000_u32.to_le_bytes());
    let said = refused(&liar);
    assert!(said.contains("entry \"a\" is damaged"), "{said}");
}

#[test]
fn two_files_never_share_bytes_of_the_archive() {
    let mut shared = zip(&[entry("a", "some text"), entry("b", "some text")]);
    let starts: Vec<_> = shared
        .windows(4)
        .enumerate()
        .filter(|(_, bytes)| bytes == b"PK\x01\x02")
        .map(|(at, _)| at)
        .collect();
    let offset = shared[starts[0] + 42..starts[0] + 46].to_vec();
    shared[starts[1] + 42..starts[1] + 46].copy_from_slice(&offset);
    let said = refused(&shared);
    assert!(
        said.contains("entry \"b\" shares bytes of the archive with the entry \"a\""),
        "{said}"
    );
}

#[test]
fn what_is_damaged_is_refused() {
    let whole = zip(&[entry("index.py", "def handler(event, context): pass")]);
    for text in [
        &b""[..],
        b"def handler(): pass",
        b"PK\x03\x04",
        &whole[..whole.len() - 30],
    ] {
        let said = refused(text);
        assert!(said.starts_with("the file is not a ZIP archive"), "{said}");
    }
    let mut wrong = whole.clone();
    let crc = central(&wrong, 16);
    wrong[crc] ^= 1;
    let said = refused(&wrong);
    assert!(said.contains("entry \"index.py\" is damaged"), "{said}");
}

proptest! {
    /// Whatever bytes come, there is an answer, and what is unpacked is a package.
    #[test]
    fn a_changed_archive_is_refused_or_unpacked(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = zip(&[
            entry("index.py", "def handler(event, context):\n    return event\n"),
            Made { method: CompressionMethod::STORE, ..entry("data/a.bin", [0, 1, 2, 3]) },
            entry("lib/", ""),
        ]);
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        for archive in [&bytes[..], &bytes[..cut.index(bytes.len())]] {
            if let Ok(code) = unpack(archive) {
                for (path, _) in code.files() {
                    prop_assert!(code::is_path(path));
                }
            }
        }
    }

    #[test]
    fn any_bytes_are_refused_or_unpacked(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = unpack(&bytes);
    }
}
