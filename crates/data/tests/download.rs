//! Downloads of single files from a scripted local server.
use crate::support;

use std::cell::RefCell;
use std::fs::{self, File};
use std::path::PathBuf;

use etastar_data::{
    DataError, DataFolders, Dataset, DatasetConfig, FetchEvent, FetchOptions, FetchReport,
    fetch_entry,
};
use support::server::{Reply, Server, broken_off, response, resuming, status, whole};
use support::{Small, gzip, noise, small_mnist};
use tempfile::TempDir;

const NAME: &str = "train-images-idx3-ubyte";

/// A dataset of one file, the bytes a mirror sends for it, and a folder.
struct Setting {
    small: Small,
    body: Vec<u8>,
    folder: TempDir,
    events: RefCell<Vec<String>>,
}

impl Setting {
    fn new() -> Self {
        let mut small = small_mnist();
        small.entry.files.truncate(1);
        let body = gzip(small.content(NAME));
        let folder = TempDir::new().unwrap();
        fs::create_dir(folder.path().join("mnist")).unwrap();
        Self {
            small,
            body,
            folder,
            events: RefCell::default(),
        }
    }

    fn path(&self, suffix: &str) -> PathBuf {
        self.folder
            .path()
            .join("mnist")
            .join(format!("{NAME}{suffix}"))
    }

    fn fetch(&self, mirrors: &[&str]) -> Result<FetchReport, DataError> {
        self.fetch_with(mirrors, FetchOptions::default())
    }

    fn fetch_with(
        &self,
        mirrors: &[&str],
        options: FetchOptions,
    ) -> Result<FetchReport, DataError> {
        let mirrors = mirrors.iter().map(|mirror| (*mirror).to_owned()).collect();
        let options = FetchOptions {
            mirrors: Some(mirrors),
            ..options
        };
        let record = |event: FetchEvent<'_>| {
            self.events.borrow_mut().push(format!("{event:?}"));
        };
        fetch_entry(&self.small.entry, self.folder.path(), &options, &record)
    }

    /// The message of a failed download, which has left no file in its place.
    fn failure(&self, mirrors: &[&str]) -> String {
        let error = self.fetch(mirrors).unwrap_err();
        assert!(matches!(error, DataError::Download { .. }), "{error}");
        assert!(!self.path("").exists() && !self.path(".gz").exists());
        error.to_string()
    }

    /// Checks that the genuine file, and nothing else, is in its place.
    fn assert_installed(&self) {
        assert_eq!(fs::read(self.path(".gz")).unwrap(), self.body);
        assert!(!self.path(".gz.part").exists());
        assert!(!self.path("").exists());
    }

    fn store_part(&self, content: &[u8]) {
        fs::write(self.path(".gz.part"), content).unwrap();
    }
}

#[test]
fn all_files_are_downloaded_verified_loaded_and_kept() {
    let small = small_mnist();
    let folder = TempDir::new().unwrap();
    let script = small
        .contents
        .iter()
        .map(|(_, content)| whole(&gzip(content)))
        .collect();
    let server = Server::start(script);
    let options = FetchOptions {
        mirrors: Some(vec![server.url.clone()]),
        ..FetchOptions::default()
    };
    let target = folder.path().join("new/folder");
    let report = fetch_entry(&small.entry, &target, &options, &|_| {}).unwrap();
    assert_eq!((report.installed.len(), report.kept.len()), (4, 0));
    let asked: Vec<String> = server.requests().into_iter().map(|it| it.path).collect();
    let expected: Vec<String> = small
        .contents
        .iter()
        .map(|(name, _)| format!("/data/{name}.gz"))
        .collect();
    assert_eq!(asked, expected);

    let config = DatasetConfig::new(small.entry.name);
    Dataset::load_entry(&small.entry, &config, &DataFolders::only(&target)).unwrap();

    // The server is gone by now and nothing is asked of it.
    let report = fetch_entry(&small.entry, &target, &options, &|_| {}).unwrap();
    assert_eq!((report.installed.len(), report.kept.len()), (0, 4));
}

#[test]
fn a_server_that_is_gone_is_named_with_what_to_do() {
    let setting = Setting::new();
    let gone = Server::gone();
    let message = setting.failure(&[&gone]);
    for expected in [&*gone, NAME, "network", "into"] {
        assert!(message.contains(expected), "{expected}: {message}");
    }
}

#[test]
fn the_second_mirror_is_used_after_the_first_fails() {
    for bad in [
        status("404 Not Found"),
        status("500 Internal Server Error"),
        whole(b"<html>please log in</html>"),
        whole(&gzip(b"something else")),
    ] {
        let setting = Setting::new();
        let first = Server::start(vec![bad]);
        let second = Server::start(vec![whole(&setting.body)]);
        setting.fetch(&[&first.url, &second.url]).unwrap();
        setting.assert_installed();
        assert_eq!(second.ranges(), [None]);
        let events = setting.events.borrow().join("\n");
        assert!(events.contains("AttemptFailed"), "{events}");
        assert!(events.contains("Installed"), "{events}");
    }
}

#[test]
fn the_reason_of_every_mirror_is_listed() {
    let setting = Setting::new();
    let mut corrupt = setting.body.clone();
    let end = corrupt.len() - 6;
    corrupt[end] ^= 1;
    let mut other = setting.small.content(NAME).to_vec();
    other[100] ^= 1;
    let servers = [
        Server::start(vec![status("403 Forbidden")]),
        Server::start(vec![whole(&corrupt)]),
        Server::start(vec![whole(&gzip(&other))]),
        Server::start(vec![whole(b"<html></html>")]),
        Server::start(vec![whole(setting.small.content(NAME))]),
    ];
    let urls: Vec<&str> = servers.iter().map(|server| &*server.url).collect();
    let message = setting.failure(&urls);
    for expected in [
        "403 Forbidden",
        "corrupt",
        "60 images of 4x4",
        "SHA-256",
        "\"<html>",
    ] {
        assert!(message.contains(expected), "{expected}: {message}");
    }
    assert_eq!(message.matches("not a gzip file").count(), 2, "{message}");
    assert!(!setting.path(".gz.part").exists());
}

#[test]
fn a_transfer_that_breaks_off_is_resumed_from_the_same_mirror() {
    let setting = Setting::new();
    let script = vec![broken_off(&setting.body, 400), resuming(&setting.body)];
    let server = Server::start(script);
    setting.fetch(&[&server.url]).unwrap();
    setting.assert_installed();
    assert_eq!(server.ranges(), [None, Some("bytes=400-".to_owned())]);
    let events = setting.events.borrow().join("\n");
    assert!(events.contains("resumed_from: 400"), "{events}");
}

#[test]
fn a_broken_off_transfer_is_resumed_next_time() {
    let setting = Setting::new();
    let script = (0..3).map(|_| broken_off(&setting.body, 400)).collect();
    let server = Server::start(script);
    let message = setting.failure(&[&server.url]);
    assert!(message.contains("after 400"), "{message}");
    assert_eq!(
        fs::read(setting.path(".gz.part")).unwrap(),
        setting.body[..400]
    );

    let server = Server::start(vec![resuming(&setting.body)]);
    setting.fetch(&[&server.url]).unwrap();
    setting.assert_installed();
    assert_eq!(server.ranges(), [Some("bytes=400-".to_owned())]);
}

#[test]
fn a_transfer_that_breaks_off_at_once_is_not_repeated() {
    let setting = Setting::new();
    let first = Server::start(vec![broken_off(&setting.body, 0), whole(&setting.body)]);
    let second = Server::start(vec![whole(&setting.body)]);
    setting.fetch(&[&first.url, &second.url]).unwrap();
    setting.assert_installed();
    assert_eq!((first.ranges().len(), second.ranges().len()), (1, 1));
}

#[test]
fn a_server_that_ignores_the_range_starts_afresh() {
    let setting = Setting::new();
    setting.store_part(&noise(1_500, 9));
    let server = Server::start(vec![whole(&setting.body)]);
    setting.fetch(&[&server.url]).unwrap();
    setting.assert_installed();
    assert_eq!(server.ranges(), [Some("bytes=1500-".to_owned())]);
}

#[test]
fn a_server_that_answers_another_range_starts_afresh() {
    let setting = Setting::new();
    setting.store_part(&setting.body[..400]);
    let range = "Content-Range: bytes 300-999/1000\r\n";
    let wrong = response("206 Partial Content", range, 100, &[0; 100]);
    let server = Server::start(vec![Reply::Bytes(wrong), whole(&setting.body)]);
    setting.fetch(&[&server.url]).unwrap();
    setting.assert_installed();
    assert_eq!(server.ranges(), [Some("bytes=400-".to_owned()), None]);
}

#[test]
fn halves_of_different_copies_are_discarded_and_fetched_afresh() {
    let setting = Setting::new();
    setting.store_part(&noise(400, 9));
    let server = Server::start(vec![resuming(&setting.body), resuming(&setting.body)]);
    setting.fetch(&[&server.url]).unwrap();
    setting.assert_installed();
    assert_eq!(server.ranges(), [Some("bytes=400-".to_owned()), None]);
}

#[test]
fn a_complete_part_is_verified_and_installed() {
    let setting = Setting::new();
    setting.store_part(&setting.body);
    let range = format!("Content-Range: bytes */{}\r\n", setting.body.len());
    let answer = response("416 Range Not Satisfiable", &range, 0, b"");
    let server = Server::start(vec![Reply::Bytes(answer)]);
    setting.fetch(&[&server.url]).unwrap();
    setting.assert_installed();
}

#[test]
fn a_part_larger_than_the_file_is_discarded() {
    let setting = Setting::new();
    setting.store_part(&[0; 100_000]);
    let server = Server::start(vec![whole(&setting.body)]);
    setting.fetch(&[&server.url]).unwrap();
    setting.assert_installed();
    assert_eq!(server.ranges(), [None]);
}

#[test]
fn an_endless_body_is_cut_off() {
    let setting = Setting::new();
    let head = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".to_vec();
    let server = Server::start(vec![Reply::Endless(head)]);
    let message = setting.failure(&[&server.url]);
    assert!(message.contains("sends more than"), "{message}");
    assert!(!setting.path(".gz.part").exists());
}

#[test]
fn a_wrong_content_length_never_yields_a_file() {
    let setting = Setting::new();
    let body = setting.body.clone();
    // Too small: the client reads that much, which is a truncated stream.
    let small = Server::start(vec![Reply::Bytes(response("200 OK", "", 500, &body))]);
    let message = setting.failure(&[&small.url]);
    assert!(message.contains("ends early"), "{message}");
    assert!(!setting.path(".gz.part").exists());

    // Too large, but possible: the connection is closed early.
    let script = (0..3)
        .map(|_| Reply::Bytes(response("200 OK", "", body.len() + 10, &body)))
        .collect();
    let large = Server::start(script);
    let message = setting.failure(&[&large.url]);
    assert!(message.contains("closed"), "{message}");

    // Larger than the file can be: not even begun.
    fs::remove_file(setting.path(".gz.part")).unwrap();
    let head = response("200 OK", "", 1_000_000_000, b"");
    let huge = Server::start(vec![Reply::Endless(head)]);
    let message = setting.failure(&[&huge.url]);
    assert!(message.contains("announces 1000000000 bytes"), "{message}");
}

#[test]
fn a_body_without_length_is_accepted_if_genuine() {
    let setting = Setting::new();
    let head = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
    let server = Server::start(vec![Reply::Bytes([&head[..], &setting.body].concat())]);
    setting.fetch(&[&server.url]).unwrap();
    setting.assert_installed();
}

#[test]
fn an_http_mirror_may_redirect() {
    let setting = Setting::new();
    let target = Server::start(vec![whole(&setting.body)]);
    let location = format!("Location: {}elsewhere\r\n", target.url);
    let redirect = response("302 Found", &location, 0, b"");
    let server = Server::start(vec![Reply::Bytes(redirect)]);
    setting.fetch(&[&server.url]).unwrap();
    setting.assert_installed();
    assert_eq!(target.requests()[0].path, "/data/elsewhere");
}

#[test]
fn a_bad_file_is_replaced_only_by_force() {
    let setting = Setting::new();
    fs::write(setting.path(""), b"bad").unwrap();
    let server = Server::start(vec![whole(&setting.body)]);
    let error = setting.fetch(&[&server.url]).unwrap_err();
    assert!(matches!(error, DataError::BadFile { .. }), "{error}");
    assert!(error.to_string().contains("--force"), "{error}");
    assert_eq!(fs::read(setting.path("")).unwrap(), b"bad");

    let force = FetchOptions {
        force: true,
        ..FetchOptions::default()
    };
    setting.fetch_with(&[&server.url], force).unwrap();
    setting.assert_installed();
}

#[test]
fn a_failed_forced_download_leaves_the_file_that_was_there() {
    let setting = Setting::new();
    fs::write(setting.path(".gz"), &setting.body).unwrap();
    let force = FetchOptions {
        force: true,
        ..FetchOptions::default()
    };
    let server = Server::start(vec![whole(&gzip(b"something else"))]);
    setting.fetch_with(&[&server.url], force).unwrap_err();
    setting.assert_installed();
}

#[test]
fn a_file_of_that_name_elsewhere_does_not_hinder() {
    let setting = Setting::new();
    fs::write(setting.folder.path().join(NAME), b"of another dataset").unwrap();
    let server = Server::start(vec![whole(&setting.body)]);
    setting.fetch(&[&server.url]).unwrap();
    setting.assert_installed();
}

#[test]
fn two_downloads_into_one_folder_do_not_meet() {
    let setting = Setting::new();
    let lock = File::create(setting.folder.path().join("mnist/.download.lock")).unwrap();
    lock.try_lock().unwrap();
    let server = Server::start(vec![whole(&setting.body)]);
    let error = setting.fetch(&[&server.url]).unwrap_err();
    assert!(
        matches!(error, DataError::DownloadInProgress { .. }),
        "{error}"
    );
    drop(lock);
    setting.fetch(&[&server.url]).unwrap();
    setting.assert_installed();
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let setting = Setting::new();
    let file = setting.folder.path().join("file");
    fs::write(&file, b"").unwrap();
    let options = FetchOptions::default();
    let error = fetch_entry(&setting.small.entry, &file, &options, &|_| {}).unwrap_err();
    assert!(error.to_string().contains("cannot create"), "{error}");
}
