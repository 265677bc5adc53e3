//! Downloads of a dataset in one archive: only the expected files come out of
//! it, under their own names and verified.
use crate::support;

use std::fs;
use std::path::{Path, PathBuf};

use etastar_data::{
    DataError, DataFolders, Dataset, DatasetConfig, DatasetEntry, FetchOptions, FetchReport,
    Source, fetch_entry,
};
use support::server::{Server, broken_off, resuming, whole};
use support::{archive, set_archive, small_cifar};
use tempfile::TempDir;

fn fetch(entry: &DatasetEntry, folder: &Path, url: &str) -> Result<FetchReport, DataError> {
    let options = FetchOptions {
        mirrors: Some(vec![url.to_owned()]),
        ..FetchOptions::default()
    };
    fetch_entry(entry, folder, &options, &|_| {})
}

/// Every file below `folder` but the lock, relative to it.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if !path.ends_with(".download.lock") {
                found.push(path.strip_prefix(folder).unwrap().to_path_buf());
            }
        }
    }
    found.sort();
    found
}

#[test]
fn the_six_files_and_nothing_else_come_out() {
    let (small, body) = small_cifar();
    let folder = TempDir::new().unwrap();
    let server = Server::start(vec![broken_off(&body, body.len() / 2), resuming(&body)]);
    let report = fetch(&small.entry, folder.path(), &server.url).unwrap();
    assert_eq!(report.installed.len(), 6);
    let mut expected: Vec<PathBuf> = small
        .contents
        .iter()
        .map(|(name, _)| Path::new("cifar10").join(name))
        .collect();
    expected.sort();
    assert_eq!(files_below(folder.path()), expected);
    for (name, content) in &small.contents {
        let path = folder.path().join("cifar10").join(name);
        assert_eq!(fs::read(path).unwrap(), *content);
    }
    let config = DatasetConfig::new(small.entry.name);
    let folders = DataFolders::only(folder.path());
    Dataset::load_entry(&small.entry, &config, &folders).unwrap();
    let report = fetch(&small.entry, folder.path(), &Server::gone()).unwrap();
    assert_eq!(report.kept.len(), 6);
}

#[test]
fn only_missing_files_are_taken() {
    let (small, body) = small_cifar();
    let folder = TempDir::new().unwrap();
    small.write(&folder.path().join("cifar-10-batches-bin"));
    let lost = folder.path().join("cifar-10-batches-bin/data_batch_3.bin");
    fs::remove_file(&lost).unwrap();
    let server = Server::start(vec![whole(&body)]);
    let report = fetch(&small.entry, folder.path(), &server.url).unwrap();
    assert_eq!(
        report.installed,
        [folder.path().join("cifar10/data_batch_3.bin")]
    );
    assert_eq!(report.kept.len(), 5);
}

#[test]
fn an_archive_of_another_size_or_hash_is_discarded() {
    let (small, body) = small_cifar();
    let folder = TempDir::new().unwrap();
    let mut other = body.clone();
    other[100] ^= 1;
    for (bad, expected) in [
        (&other[..], "SHA-256"),
        (&body[..1_000], "1000 bytes, expected"),
    ] {
        let server = Server::start(vec![whole(bad)]);
        let error = fetch(&small.entry, folder.path(), &server.url).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(files_below(folder.path()), Vec::<PathBuf>::new());
    }
}

#[test]
fn paths_in_the_archive_are_not_trusted() {
    let (mut small, _) = small_cifar();
    let outer = TempDir::new().unwrap();
    let folder = outer.path().join("inner");
    let members: Vec<(String, &[u8])> = small
        .contents
        .iter()
        .map(|(name, content)| (format!("../../{name}"), &content[..]))
        .chain([("../../evil".to_owned(), &b"evil"[..])])
        .chain([("/tmp/../evil".to_owned(), &b"evil"[..])])
        .collect();
    let body = archive(&members);
    set_archive(&mut small.entry, &body);
    let server = Server::start(vec![whole(&body)]);
    fetch(&small.entry, &folder, &server.url).unwrap();
    let found = files_below(outer.path());
    assert_eq!(found.len(), 6);
    assert!(found.iter().all(|path| path.starts_with("inner/cifar10")));
}

#[test]
fn an_archive_with_other_content_installs_nothing_wrong() {
    let (mut small, _) = small_cifar();
    let wrong = vec![0; 2 * 3_073];
    let cases: [(&str, &[u8], &str); 3] = [
        ("x/data_batch_1.bin", &wrong, "SHA-256"),
        (
            "x/data_batch_1.bin",
            b"short",
            "is not a file of 6146 bytes",
        ),
        ("x/unrelated", b"content", "does not hold data_batch_1.bin"),
    ];
    for (path, content, expected) in cases {
        let body = archive(&[(path.to_owned(), content)]);
        set_archive(&mut small.entry, &body);
        let folder = TempDir::new().unwrap();
        let server = Server::start(vec![whole(&body)]);
        let error = fetch(&small.entry, folder.path(), &server.url).unwrap_err();
        assert!(matches!(error, DataError::Archive { .. }), "{error}");
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(files_below(folder.path()), Vec::<PathBuf>::new());
    }
}

#[test]
fn an_archive_that_is_no_archive_is_an_error() {
    let (mut small, _) = small_cifar();
    let body = b"neither gzip nor tar".to_vec();
    set_archive(&mut small.entry, &body);
    assert!(matches!(small.entry.source, Source::Archive(_)));
    let folder = TempDir::new().unwrap();
    let server = Server::start(vec![whole(&body)]);
    let error = fetch(&small.entry, folder.path(), &server.url).unwrap_err();
    assert!(error.to_string().contains("cannot be read"), "{error}");
}
