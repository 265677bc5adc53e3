//! Stores that are damaged where they lie.

use std::fs;
use std::path::Path;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::Tally;
use super::sweep::{Place, Rows, file, start};
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
        let rescued = place.folder.join("rescued.db");
        place.finish(&rescued, &kept, &mut tally)?;
    }
    Ok(tally)
}

/// The rows that are saved; none where the store's beginning is damaged.
fn recovered(place: &Place, store: &Path) -> Result<Rows, Failure> {
    let rescued = place.fresh("rescued");
    let mut merge = etastar();
    merge
        .arg("merge")
        .arg("--recover")
        .arg(store)
        .arg("--output")
        .arg(&rescued);
    let output = merge.output().map_err(start)?;
    if output.status.success() {
        Ok(place.rows(&rescued)?.unwrap_or_default())
    } else {
        Ok(Rows::new())
    }
}
