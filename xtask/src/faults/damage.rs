//! Stores that are damaged where they lie.

use std::fs;
use std::path::Path;
use std::thread::sleep;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::Tally;
use super::sweep::{Place, Rows, ended, file, start};
use crate::command::{Failure, etastar};

pub(super) fn truncate(
    place: &Place,
    rng: &mut ChaCha8Rng,
    times: usize,
) -> Result<Tally, Failure> {
    damaged(place, times, |bytes| {
        let length = rng.random_range(1..bytes.len());
        bytes.truncate(length);
    })
}

pub(super) fn flip(place: &Place, rng: &mut ChaCha8Rng, times: usize) -> Result<Tally, Failure> {
    damaged(place, times, |bytes| {
        let place = rng.random_range(0..bytes.len());
        bytes[place] ^= 1 << rng.random_range(0..8);
    })
}

/// A damaged store is refused, or the damage is nowhere that matters and the
/// rows are the same. Of a refused one what is whole is recovered, and a sweep
/// goes on with that.
fn damaged(
    place: &Place,
    times: usize,
    mut damage: impl FnMut(&mut Vec<u8>),
) -> Result<Tally, Failure> {
    let whole = place.folder.join("undisturbed.db");
    let whole = fs::read(&whole).map_err(|source| file(&whole, source))?;
    let mut tally = Tally::default();
    for _ in 0..times {
        let store = place.fresh("damaged");
        let mut bytes = whole.clone();
        damage(&mut bytes);
        fs::write(&store, &bytes).map_err(|source| file(&store, source))?;
        tally.tried += 1;
        if let Some(rows) = place.rows(&store)? {
            tally.wrong += rows.symmetric_difference(&place.expected).count();
            continue;
        }
        tally.hit += 1;
        let answer = place.sweep(&store)?;
        let named = answer.message.contains("damaged.db");
        // The sum of wrong usage and bad data: the format's number may be hit.
        tally.expect(matches!(answer.code, Some(2 | 3)) && named, &answer);
        let kept = recovered(place, &store)?;
        tally.recovered.0 += kept.len();
        tally.recovered.1 += place.expected.len();
        tally.wrong += kept.difference(&place.expected).count();
        let rescued = place.folder.join("rescued.db");
        place.finish(&rescued, &kept, &mut tally)?;
    }
    Ok(tally)
}

/// The rows that are saved; none where the file's first bytes are damaged.
fn recovered(place: &Place, store: &Path) -> Result<Rows, Failure> {
    let rescued = place.fresh("rescued");
    let recover = || {
        let mut merge = etastar();
        merge.args(["merge", "--recover"]).arg(store);
        merge.arg("--output").arg(&rescued).output().map_err(start)
    };
    let mut output = recover()?;
    if !output.status.success() {
        // Where the grid is damaged it takes a store that has it.
        let mut begin = place.command(&rescued);
        begin
            .args(["--time-limit", "0.01s"])
            .output()
            .map_err(start)?;
        output = recover()?;
    }
    if output.status.success() {
        Ok(place.rows(&rescued)?.unwrap_or_default())
    } else {
        Ok(Rows::new())
    }
}

/// What of the log is damaged the disk has lost: the sweep measures it again,
/// and no row is another one.
pub(super) fn flip_log(
    place: &Place,
    rng: &mut ChaCha8Rng,
    times: usize,
) -> Result<Tally, Failure> {
    let mut tally = Tally::default();
    for _ in 0..times {
        let store = place.fresh("log");
        let mut child = place.start(&store)?;
        sleep(place.moment(rng));
        child.kill().map_err(start)?;
        ended(child)?;
        tally.tried += 1;
        let log = place.folder.join("log.db-wal");
        // A sweep that has ended leaves none, one that was killed early neither.
        let mut bytes = fs::read(&log).unwrap_or_default();
        if bytes.is_empty() {
            continue;
        }
        let at = rng.random_range(0..bytes.len());
        bytes[at] ^= 1 << rng.random_range(0..8);
        fs::write(&log, bytes).map_err(|source| file(&log, source))?;
        tally.hit += 1;
        let kept = place.rows(&store)?.unwrap_or_default();
        tally.wrong += kept.difference(&place.expected).count();
        place.finish(&store, &kept, &mut tally)?;
    }
    Ok(tally)
}
