//! Tests of writing, reading, and adopting.

use std::collections::BTreeMap;

use super::*;
use crate::{
    Cell, EtaStar, Host, Losses, Manifest, Measured, Measurement, Outcome, Protocol, RepeatRecord,
    Search, TrialRecord,
};
use etastar_data::{DatasetConfig, DatasetName};

pub(super) fn manifest() -> Manifest {
    Manifest {
        format_version: FORMAT_VERSION,
        tool_version: "0.0.0".into(),
        git_commit: None,
        experiment: "test".into(),
        question: "?".into(),
        profile: None,
        configuration_hash: "a".repeat(64),
        backend: "flex".into(),
        float: "f32".into(),
        device: "cpu".into(),
        strategy: Default::default(),
        features: vec![],
        datasets: BTreeMap::new(),
        seed: 1,
        repeats: 2,
        variants: Vec::new(),
        not_run: Vec::new(),
        analysis: serde_json::Value::Null,
    }
}

pub(super) fn cells() -> Vec<PlannedCell> {
    [2, 4]
        .map(|depth| PlannedCell {
            id: format!("cell-{depth}"),
            cell: Cell {
                dataset: DatasetConfig::new(DatasetName::Digits),
                hidden: vec![16; depth],
                bias: false,
                output_gain: 2.0,
                form: Default::default(),
                input_rate: 0.1,
                layer_rates: Vec::new(),
                checkpoint: None,
                vary: Default::default(),
                measurement: Measurement::EtaStar(Protocol::default()),
            },
            inputs: 64,
            outputs: 10,
        })
        .to_vec()
}

pub(super) fn session(arithmetic: Option<&str>) -> Session {
    Session {
        command: "etastar sweep".to_owned(),
        tool_version: "0.1.0".to_owned(),
        host: Host {
            os: "linux".to_owned(),
            architecture: "x86_64".to_owned(),
            processor: None,
            cores: 1,
        },
        jobs: 1,
        shard: None,
        arithmetic: arithmetic.map(str::to_owned),
        started_at: "2026-01-02T03:04:05Z".to_owned(),
        finished_at: None,
    }
}

pub(super) fn trial(learning_rate: f64) -> TrialRecord {
    TrialRecord {
        learning_rate,
        outcome: Outcome::Exhausted,
        steps: 128,
        losses: Losses {
            first: Some(0.1 + 0.2),
            ..Losses::default()
        },
        curve: vec![],
        seconds: 0.5,
    }
}

/// Opens a store with the grid of [`cells`] for writing.
pub(super) fn open(path: &Path, manifest: &Manifest) -> Result<Store, StoreError> {
    let grid = &cells();
    Store::open_for_sweep(path, manifest, grid)
}

/// A finished search; its trials are kept apart.
pub(super) fn finished(repeat: usize, eta_star: EtaStar) -> RepeatRecord {
    let search = Search {
        eta_star,
        monotone: true,
        trials: vec![],
    };
    RepeatRecord {
        repeat,
        result: Measured::EtaStar(search),
    }
}

/// The same with its trials.
pub(super) fn with_trials(record: &RepeatRecord, trials: Vec<TrialRecord>) -> RepeatRecord {
    let mut record = record.clone();
    if let Measured::EtaStar(search) = &mut record.result {
        search.trials = trials;
    }
    record
}

pub(super) fn file() -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sweep.db");
    (folder, path)
}

/// Two names of one store are one store, and SQLite's special names are files.
#[cfg(unix)]
#[test]
fn links_share_the_lock_and_special_names_are_files() {
    let (folder, path) = file();
    let link = folder.path().join("link.db");
    let store = open(&path, &manifest()).unwrap();
    std::os::unix::fs::symlink(&path, &link).unwrap();
    assert!(matches!(open(&link, &manifest()), Err(StoreError::Busy(_))));
    assert!(Store::is_being_written(&link));
    drop(store);
    assert!(open(&link, &manifest()).is_ok());
    for special in [":memory:", "file:x.db"] {
        let path = folder.path().join(special);
        drop(open(&path, &manifest()).unwrap());
        assert!(path.is_file(), "{special}");
    }
}

/// Whoever moves or removes a store, or its lock, while it is written is told, and so is whoever
/// writes.
#[cfg(unix)]
#[test]
fn a_store_that_is_no_longer_there_is_noticed_at_once() {
    type Change = fn(&Path) -> std::io::Result<()>;
    let changes: [Change; 4] = [
        |path| std::fs::remove_file(path),
        |path| std::fs::rename(path, path.with_extension("moved")),
        |path| {
            std::fs::copy(path, path.with_extension("copy"))
                .and_then(|_| std::fs::rename(path.with_extension("copy"), path))
        },
        |path| std::fs::remove_file(path.with_extension("db.lock")),
    ];
    for change in changes {
        let (_folder, path) = file();
        let mut store = open(&path, &manifest()).unwrap();
        store.insert_trial("cell-2", 0, &trial(0.5)).unwrap();
        change(&path).unwrap();
        let noticed = store.insert_trial("cell-2", 0, &trial(0.25));
        assert!(matches!(noticed, Err(StoreError::Moved(_))), "{noticed:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_store_with_two_names_is_not_written() {
    let (folder, path) = file();
    drop(open(&path, &manifest()).unwrap());
    std::fs::hard_link(&path, folder.path().join("second.db")).unwrap();
    let error = open(&path, &manifest()).unwrap_err();
    assert!(
        matches!(error, StoreError::SeveralNames { names: 2, .. }),
        "{error}"
    );
    assert!(Store::open_to_read(&path).is_ok());
}

/// As it is after a kill: the file without its log is not all that was measured.
#[test]
fn a_copy_without_its_log_is_refused_and_the_sweep_goes_on_with_it() {
    let (folder, path) = file();
    let mut store = open(&path, &manifest()).unwrap();
    store.insert_trial("cell-2", 0, &trial(0.5)).unwrap();
    let copy = folder.path().join("copy.db");
    std::fs::copy(&path, &copy).unwrap();
    let error = Store::open_to_read(&copy).unwrap_err();
    assert!(error.to_string().contains("copy.db-wal"), "{error}");
    std::fs::copy(
        path.with_extension("db-wal"),
        folder.path().join("copy.db-wal"),
    )
    .unwrap();
    let whole = Store::open_to_read(&copy).unwrap();
    assert_eq!(whole.trials("cell-2", 0).unwrap(), [trial(0.5)]);
    drop(whole);
    std::fs::remove_file(folder.path().join("copy.db-wal")).unwrap();
    drop(open(&copy, &manifest()).unwrap());
    assert!(Store::open_to_read(&copy).is_ok());
}

/// A process that is killed while it leaves write-ahead mode has removed an empty log.
#[test]
fn a_store_that_was_left_in_write_ahead_mode_at_its_end_is_whole() {
    let (_folder, path) = file();
    let mut store = open(&path, &manifest()).unwrap();
    store.begin_session(&session(None)).unwrap();
    store.insert_trial("cell-2", 0, &trial(0.5)).unwrap();
    let leave = |path: &Path| {
        let connection = Connection::open(path).unwrap();
        connection
            .execute_batch("PRAGMA journal_mode = WAL")
            .unwrap();
    };
    drop(store);
    leave(&path);
    let error = Store::open_to_read(&path).unwrap_err();
    assert!(matches!(error, StoreError::LogMissing(_)), "{error}");
    let mut store = open(&path, &manifest()).unwrap();
    store.begin_session(&session(None)).unwrap();
    store.end_session("2026-11-29T00:00:00Z").unwrap();
    drop(store);
    leave(&path);
    assert!(!path.with_extension("db-wal").exists());
    let whole = Store::open_to_read(&path).unwrap();
    assert_eq!(whole.trials("cell-2", 0).unwrap(), [trial(0.5)]);
}

/// Whoever was moved leaves what is at its path alone: it may be another's by now.
#[cfg(unix)]
#[test]
fn a_store_that_was_moved_leaves_the_log_at_its_path() {
    let (folder, path) = file();
    let mut store = open(&path, &manifest()).unwrap();
    store.insert_trial("cell-2", 0, &trial(0.5)).unwrap();
    let moved = folder.path().join("moved.db");
    std::fs::rename(&path, &moved).unwrap();
    assert!(store.insert_trial("cell-2", 0, &trial(0.25)).is_err());
    drop(store);
    // Put back, it is whole.
    std::fs::rename(&moved, &path).unwrap();
    let whole = Store::open_to_read(&path).unwrap();
    assert!(whole.trials("cell-2", 0).unwrap().contains(&trial(0.5)));
}

#[cfg(unix)]
#[test]
fn links_to_nothing_and_names_beside_a_store_are_no_stores() {
    let (folder, path) = file();
    std::os::unix::fs::symlink(folder.path().join("none.db"), &path).unwrap();
    for name in ["sweep.db", "a.db.lock", "a.db-wal", "a.db.status.json"] {
        let error = open(&folder.path().join(name), &manifest()).unwrap_err();
        assert!(matches!(error, StoreError::Unwritable { .. }), "{error}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

/// A donor of more repeats, and one with a row that says nothing, leave a good store as it is.
#[test]
fn what_a_donor_has_beyond_the_grid_or_cannot_say_is_not_taken() {
    let (folder, path) = file();
    let mut store = open(&path, &manifest()).unwrap();
    let more = Manifest {
        repeats: 9,
        ..manifest()
    };
    let wide = folder.path().join("wide.db");
    let mut donor = open(&wide, &more).unwrap();
    donor.insert_trial("cell-2", 7, &trial(0.5)).unwrap();
    drop(donor);
    // `find` goes on with more repeats: so does what is merged.
    store.merge(&wide).unwrap();
    assert_eq!(store.manifest().unwrap().repeats, 9);
    let odd = folder.path().join("odd.db");
    let mut donor = open(&odd, &manifest()).unwrap();
    donor.insert_trial("cell-2", 0, &trial(0.5)).unwrap();
    let row = "'cell-2', 1, 0.5, 'odd', 1, '{}', '[]', 0.0";
    donor
        .connection
        .execute_batch(&format!(
            "INSERT INTO trials SELECT {row}, row_sum('trials', {row})"
        ))
        .unwrap();
    drop(donor);
    assert!(store.merge(&odd).is_err() && store.adopt(&odd, 2, "here").is_err());
    drop(store);
    Store::recover(&path, &odd).unwrap();
    let snapshot = Store::open_to_read(&path).unwrap().snapshot();
    assert!(snapshot.is_ok());
}

/// Rows with valid checksums that no sweep writes: the donor is refused before anything is merged.
#[test]
fn impossible_rows_are_damage_and_never_merged() {
    for row in [
        "'cell-2', 2, 0.5",
        "'cell-2', -1, 0.5",
        "'cell-9', 0, 0.5",
        "'cell-2', 0, -0.5",
        "'cell-2', 0, 9e999",
        "'cell-2', 0, 'fast'",
    ] {
        let (folder, path) = file();
        let mut store = open(&path, &manifest()).unwrap();
        let evil = folder.path().join("evil.db");
        let donor = open(&evil, &manifest()).unwrap();
        let rest = "'success', 1, '{}', '[]', 0.0";
        donor
            .connection
            .execute_batch(&format!(
                "PRAGMA foreign_keys = OFF; INSERT INTO trials SELECT {row}, {rest}, \
                 row_sum('trials', {row}, {rest})"
            ))
            .unwrap();
        drop(donor);
        let error = store.merge(&evil).unwrap_err();
        assert!(
            matches!(&error, StoreError::Damaged { path, .. } if *path == evil),
            "{row}: {error}"
        );
        drop(store);
        assert!(Store::open_to_read(&path).unwrap().snapshot().is_ok());
    }
}

#[test]
fn what_is_kept_is_read_back_bit_for_bit() {
    let (_folder, path) = file();
    let mut store = open(&path, &manifest()).unwrap();
    let rates = [0.1, 1.0 / 3.0, f64::MIN_POSITIVE];
    for rate in rates {
        store.insert_trial("cell-4", 1, &trial(rate)).unwrap();
    }
    let record = finished(
        1,
        EtaStar::Found {
            eta_star: 0.1,
            upper: 1.0 / 3.0,
        },
    );
    store.insert_repeat("cell-4", &record).unwrap();
    drop(store);
    let snapshot = Store::open_to_read(&path).unwrap().snapshot().unwrap();
    assert_eq!(snapshot.manifest, manifest());
    let ids: Vec<&str> = snapshot.cells.iter().map(|cell| cell.id.as_str()).collect();
    assert_eq!(ids, ["cell-2", "cell-4"]);
    let trials = [f64::MIN_POSITIVE, 0.1, 1.0 / 3.0].map(trial).to_vec();
    let expected = with_trials(&record, trials);
    assert_eq!(snapshot.cells[1].repeats, [expected]);
}

#[test]
fn a_trial_is_kept_once() {
    let mut store = Store::in_memory(&manifest(), &cells()).unwrap();
    store.insert_trial("cell-2", 0, &trial(0.5)).unwrap();
    let mut other = trial(0.5);
    other.seconds = 9.0;
    store.insert_trial("cell-2", 0, &other).unwrap();
    assert_eq!(store.trials("cell-2", 0).unwrap(), [trial(0.5)]);
}

#[test]
fn one_process_writes_and_others_read() {
    let (_folder, path) = file();
    let store = open(&path, &manifest()).unwrap();
    let second = open(&path, &manifest());
    assert!(matches!(second, Err(StoreError::Busy(_))));
    Store::open_to_read(&path).unwrap().snapshot().unwrap();
    drop(store);
    open(&path, &manifest()).unwrap();
}

#[test]
fn finished_repeats_of_the_same_cells_are_adopted_and_no_others() {
    let (folder, path) = file();
    let more = Manifest {
        repeats: 4,
        ..manifest()
    };
    let mut donor = open(&path, &more).unwrap();
    let finished = |repeat| finished(repeat, EtaStar::NothingSucceeds { lowest: 0.5 });
    for repeat in 0..3 {
        donor.insert_trial("cell-2", repeat, &trial(0.5)).unwrap();
        donor.insert_trial("cell-4", repeat, &trial(0.5)).unwrap();
        donor.insert_repeat("cell-4", &finished(repeat)).unwrap();
    }
    donor.insert_trial("cell-4", 3, &trial(0.25)).unwrap();
    drop(donor);
    let other = folder.path().join("other.db");
    let own: Vec<PlannedCell> = cells().into_iter().rev().take(1).collect();
    let grid = &own;
    let mut store = Store::open_for_sweep(&other, &manifest(), grid).unwrap();
    let adopted = store.adopt(&path, 2, "here").unwrap();
    assert_eq!(adopted, 2);
    assert_eq!(store.adopt(&path, 2, "here").unwrap(), 0);
    let snapshot = store.snapshot().unwrap();
    let expected = [0, 1].map(|repeat| with_trials(&finished(repeat), vec![trial(0.5)]));
    assert_eq!(snapshot.cells.len(), 1);
    assert_eq!(snapshot.cells[0].repeats, expected);
    // Trials of a search that is not finished stay where they are.
    assert_eq!(store.trials("cell-4", 3).unwrap(), []);
    std::fs::write(folder.path().join("text.db"), "no store".repeat(99)).unwrap();
    let none = store
        .adopt(&folder.path().join("text.db"), 2, "here")
        .unwrap();
    assert_eq!(none, 0);
}

#[test]
fn what_another_arithmetic_measured_is_not_adopted() {
    let (folder, path) = file();
    let mut donor = open(&path, &manifest()).unwrap();
    for arithmetic in [Some("here"), None, Some("there"), Some("here")] {
        donor.begin_session(&session(arithmetic)).unwrap();
    }
    let finished = finished(0, EtaStar::NothingSucceeds { lowest: 0.5 });
    donor.insert_repeat("cell-4", &finished).unwrap();
    assert_eq!(donor.snapshot().unwrap().arithmetics(), ["here", "there"]);
    drop(donor);
    let own = |depth: &str| {
        let cells = cells().into_iter().filter(|cell| cell.id.ends_with(depth));
        let cells: Vec<PlannedCell> = cells.collect();
        let grid = &cells;
        let path = folder.path().join(format!("{depth}.db"));
        Store::open_for_sweep(&path, &manifest(), grid).unwrap()
    };
    let refused = own("4").adopt(&path, 2, "here");
    assert!(
        matches!(&refused, Err(StoreError::OtherArithmetic { found, .. }) if found == "there"),
        "{refused:?}"
    );
    // Of other cells there is nothing to refuse.
    assert_eq!(own("2").adopt(&path, 2, "here").unwrap(), 0);
}

#[test]
fn an_older_format_is_refused() {
    let (_folder, path) = file();
    drop(open(&path, &manifest()).unwrap());
    Connection::open(&path)
        .unwrap()
        .pragma_update(None, "user_version", 1)
        .unwrap();
    let error = Store::open_to_read(&path).unwrap_err();
    assert!(matches!(error, StoreError::OlderFormat { found: 1, .. }));
    assert!(error.to_string().contains("measure again"), "{error}");
}

#[test]
fn another_configuration_is_refused() {
    let (_folder, path) = file();
    drop(open(&path, &manifest()).unwrap());
    let other = Manifest {
        configuration_hash: "b".repeat(64),
        ..manifest()
    };
    let error = open(&path, &other).unwrap_err();
    assert!(matches!(error, StoreError::OtherConfiguration { .. }));
    assert!(
        error
            .to_string()
            .contains("aaaaaaaa, this run's is bbbbbbbb"),
        "{error}"
    );
}

#[test]
fn a_newer_format_is_refused() {
    let (_folder, path) = file();
    drop(open(&path, &manifest()).unwrap());
    Connection::open(&path)
        .unwrap()
        .pragma_update(None, "user_version", 7)
        .unwrap();
    for error in [
        Store::open_to_read(&path).unwrap_err(),
        open(&path, &manifest()).unwrap_err(),
    ] {
        assert!(matches!(error, StoreError::NewerFormat { found: 7, .. }));
        assert!(error.to_string().contains("use a newer etastar"), "{error}");
    }
}

#[test]
fn what_is_no_store_is_refused_and_left_alone() {
    let (folder, path) = file();
    std::fs::write(&path, "eta* is the largest learning rate".repeat(100)).unwrap();
    let before = std::fs::read(&path).unwrap();
    for error in [
        Store::open_to_read(&path).unwrap_err(),
        open(&path, &manifest()).unwrap_err(),
        Store::open_to_read(folder.path()).unwrap_err(),
    ] {
        assert!(matches!(error, StoreError::NotAStore(_)), "{error}");
    }
    assert_eq!(std::fs::read(&path).unwrap(), before);

    let other = folder.path().join("other.db");
    Connection::open(&other)
        .unwrap()
        .execute_batch("CREATE TABLE notes (text TEXT)")
        .unwrap();
    let error = open(&other, &manifest()).unwrap_err();
    assert!(matches!(error, StoreError::NotAStore(_)), "{error}");

    let missing = Store::open_to_read(&folder.path().join("none.db")).unwrap_err();
    assert!(
        matches!(missing, StoreError::Unreadable { .. }),
        "{missing}"
    );
}

#[test]
fn a_folder_that_does_not_exist_is_named() {
    let (folder, _) = file();
    let path = folder.path().join("none").join("sweep.db");
    let error = open(&path, &manifest()).unwrap_err();
    assert!(matches!(error, StoreError::Unwritable { .. }), "{error}");
}
