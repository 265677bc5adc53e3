//! Stores that are not what was written, and what is saved of them.

use std::path::Path;

use proptest::prelude::*;

use super::tests::{cells, file, finished, open, session, trial};
use super::*;
use crate::{EtaStar, Snapshot};

fn manifest() -> Manifest {
    Manifest {
        repeats: 3,
        ..super::tests::manifest()
    }
}

/// A store with three trials in every repeat but the last, which has not
/// ended.
fn written(path: &Path) -> Snapshot {
    let mut store = open(path, &manifest()).unwrap();
    for arithmetic in ["here", "there"] {
        store.begin_session(&session(Some(arithmetic))).unwrap();
    }
    for cell in cells() {
        for repeat in 0..2 {
            for rate in [0.1, 0.2, 0.4] {
                store.insert_trial(&cell.id, repeat, &trial(rate)).unwrap();
            }
            let end = EtaStar::Found {
                eta_star: 0.2,
                upper: 0.4,
            };
            let record = finished(repeat, end);
            store.insert_repeat(&cell.id, &record).unwrap();
        }
        store.insert_trial(&cell.id, 2, &trial(0.3)).unwrap();
    }
    let snapshot = store.snapshot().unwrap();
    drop(store);
    snapshot
}

/// Changes the file by SQL, as no program of ours does.
fn change(path: &Path, sql: &str) {
    let connection = Connection::open(path).unwrap();
    let free = "PRAGMA foreign_keys = OFF; PRAGMA writable_schema = ON";
    connection.execute_batch(free).unwrap();
    assert!(connection.execute(sql, []).unwrap() > 0, "{sql}");
}

#[test]
fn a_row_that_is_not_what_was_written_is_damage() {
    for (sql, table) in [
        ("UPDATE trials SET steps = 127 WHERE repeat = 1", "`trials`"),
        ("UPDATE trials SET losses = '{}'", "`trials`"),
        ("UPDATE trials SET repeat = 7 WHERE repeat = 0", "`trials`"),
        ("UPDATE trials SET curve = CAST(curve AS BLOB)", "`trials`"),
        (
            "UPDATE repeats SET result = replace(result, 'true', 'false')",
            "`repeats`",
        ),
        ("UPDATE cells SET inputs = 65", "`cells`"),
        (
            "UPDATE manifest SET manifest = replace(manifest, '1', '2')",
            "`manifest`",
        ),
        ("DELETE FROM cells WHERE position = 1", "cells are lost"),
        ("DELETE FROM manifest", "no rows"),
        (
            "UPDATE sqlite_schema SET sql = replace(sql, 'curve', 'curse')",
            "no such column: curve",
        ),
        (
            "DELETE FROM trials WHERE learning_rate = 0.1",
            "4 repeats have lost trials",
        ),
    ] {
        let (_folder, path) = file();
        written(&path);
        change(&path, sql);
        let errors = [
            Store::open_to_read(&path).unwrap_err(),
            open(&path, &manifest()).unwrap_err(),
        ];
        for error in errors {
            assert!(
                matches!(error, StoreError::Damaged { .. }),
                "{sql}: {error}"
            );
            let text = error.to_string();
            assert!(text.contains(table), "{sql}: {text}");
            assert!(text.contains("merge --recover"), "{text}");
        }
    }
}

#[test]
fn a_table_does_not_pass_for_another() {
    let (_folder, path) = file();
    written(&path);
    let connection = Connection::open(&path).unwrap();
    let swap = "PRAGMA writable_schema = ON;
        UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema
            WHERE name = 'trials') WHERE name = 'repeats' AND type = 'table';";
    connection.execute_batch(swap).unwrap();
    drop(connection);
    let error = Store::open_to_read(&path).unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
}

#[test]
fn whole_rows_are_recovered_and_repeats_that_lost_a_trial_are_not_finished() {
    let (folder, path) = file();
    let before = written(&path);
    change(
        &path,
        "UPDATE trials SET steps = 1 WHERE cell = 'cell-2' AND repeat = 1 AND learning_rate = 0.2",
    );
    let saved = folder.path().join("saved.db");
    let (store, adopted) = Store::recover(&saved, &path).unwrap();
    assert_eq!(adopted, 3);
    let after = store.snapshot().unwrap();
    assert_eq!(after.manifest, before.manifest);
    assert_eq!(after.sessions, before.sessions);
    assert_eq!(after.cells[1], before.cells[1]);
    assert_eq!(after.cells[0].repeats, before.cells[0].repeats[..1]);
    // Those of a search that goes on.
    assert_eq!(store.trials("cell-2", 1).unwrap(), [trial(0.1), trial(0.4)]);
    assert_eq!(store.trials("cell-2", 2).unwrap(), [trial(0.3)]);
    drop(store);
    let (_, again) = Store::recover(&saved, &path).unwrap();
    assert_eq!(again, 0);
    assert_eq!(
        Store::open_to_read(&saved).unwrap().snapshot().unwrap(),
        after
    );
}

/// A key damaged amid rows of the same cell and repeat, where SQLite finds it
/// by the key that it had.
#[test]
fn a_row_whose_key_is_damaged_is_not_recovered() {
    let (folder, path) = file();
    let before = written(&path);
    let mut bytes = std::fs::read(&path).unwrap();
    let trial = b"cell-4?\xc9\x99\x99";
    let at = bytes
        .windows(trial.len())
        .position(|window| window == trial);
    bytes[at.unwrap() + 5] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let (store, _) = Store::recover(&folder.path().join("saved.db"), &path).unwrap();
    let saved = store.snapshot().unwrap();
    assert_eq!(saved.cells[0], before.cells[0]);
    assert!(saved.cells[1].repeats.len() < before.cells[1].repeats.len());
    store.check_whole().unwrap();
}

#[test]
fn where_the_grid_is_damaged_it_takes_a_store_that_has_one() {
    let (folder, path) = file();
    let before = written(&path);
    change(&path, "UPDATE cells SET outputs = 11");
    let saved = folder.path().join("saved.db");
    let error = Store::recover(&saved, &path).unwrap_err();
    assert!(matches!(error, StoreError::GridDamaged { .. }), "{error}");
    assert!(!saved.exists());
    drop(open(&saved, &manifest()).unwrap());
    let (store, adopted) = Store::recover(&saved, &path).unwrap();
    assert_eq!(adopted, 4);
    assert_eq!(store.snapshot().unwrap().cells, before.cells);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn no_flipped_bit_and_no_lost_end_changes_what_is_read(
        place in any::<prop::sample::Index>(),
        bit in 0..8u32,
        lost in any::<bool>(),
    ) {
        let (folder, path) = file();
        let before = written(&path);
        let mut bytes = std::fs::read(&path).unwrap();
        let place = place.index(bytes.len());
        if lost {
            bytes.truncate(place);
        } else {
            bytes[place] ^= 1 << bit;
        }
        std::fs::write(&path, &bytes).unwrap();
        if let Ok(store) = Store::open_to_read(&path) {
            prop_assert_eq!(store.snapshot().unwrap(), before);
            return Ok(());
        }
        if let Ok((store, _)) = Store::recover(&folder.path().join("saved.db"), &path) {
            let saved = store.snapshot().unwrap();
            prop_assert_eq!(&saved.manifest, &before.manifest);
            for session in &saved.sessions {
                prop_assert!(before.sessions.contains(session), "{session:?}");
            }
            prop_assert_eq!(saved.cells.len(), before.cells.len());
            for (cell, whole) in saved.cells.iter().zip(&before.cells) {
                prop_assert_eq!(&cell.id, &whole.id);
                for repeat in &cell.repeats {
                    prop_assert!(whole.repeats.contains(repeat), "{repeat:?}");
                }
            }
        }
    }
}
