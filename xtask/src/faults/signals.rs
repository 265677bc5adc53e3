//! Signals to the process.

use std::process::{Child, Command};
use std::thread::sleep;
use std::time::Duration;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::Tally;
use super::sweep::{Place, Rows, ended, start};
use crate::command::Failure;

fn send(signal: &str, child: &Child) -> Result<(), Failure> {
    // A process that has ended already gets none.
    let mut kill = Command::new("kill");
    let kill = kill.arg(signal).arg(child.id().to_string());
    kill.stderr(std::process::Stdio::null())
        .status()
        .map(drop)
        .map_err(start)
}

/// One store is killed again and again until its sweep is complete, then the
/// next one.
pub(super) fn kill(place: &Place, rng: &mut ChaCha8Rng, times: usize) -> Result<Tally, Failure> {
    let mut tally = Tally::default();
    while tally.hit < times {
        let store = place.fresh("killed");
        let mut kept = Rows::new();
        // Shorter and shorter runs of one sweep, or none would come to ten.
        for share in 1..=10 {
            let child = place.start(&store)?;
            sleep(place.moment(rng) / share);
            send("-9", &child)?;
            let answer = ended(child)?;
            tally.tried += 1;
            tally.hit += usize::from(answer.code.is_none());
            tally.expect(matches!(answer.code, None | Some(0)), &answer);
            // Before the first transaction there is no store to read.
            let rows = place.rows(&store)?.unwrap_or_default();
            tally.lost += kept.difference(&rows).count();
            tally.wrong += rows.difference(&place.expected).count();
            kept = rows;
        }
        place.finish(&store, &kept, &mut tally)?;
    }
    Ok(tally)
}

pub(super) fn terminate(
    place: &Place,
    rng: &mut ChaCha8Rng,
    times: usize,
) -> Result<Tally, Failure> {
    signalled(place, rng, times, |child, _| send("-TERM", child))
}

pub(super) fn interrupt_twice(
    place: &Place,
    rng: &mut ChaCha8Rng,
    times: usize,
) -> Result<Tally, Failure> {
    signalled(place, rng, times, |child, rng| {
        send("-INT", child)?;
        sleep(Duration::from_micros(rng.random_range(0..5000)));
        send("-INT", child)
    })
}

fn signalled(
    place: &Place,
    rng: &mut ChaCha8Rng,
    times: usize,
    signal: impl Fn(&Child, &mut ChaCha8Rng) -> Result<(), Failure>,
) -> Result<Tally, Failure> {
    let mut tally = Tally::default();
    for _ in 0..times {
        let store = place.fresh("signalled");
        let child = place.start(&store)?;
        sleep(place.moment(rng));
        signal(&child, rng)?;
        let answer = ended(child)?;
        tally.tried += 1;
        tally.hit += usize::from(answer.code != Some(0));
        // Before it listens, a signal ends a program as it does any other.
        tally.expect(matches!(answer.code, Some(0 | 130) | None), &answer);
        let kept = place.rows(&store)?.unwrap_or_default();
        place.finish(&store, &kept, &mut tally)?;
    }
    Ok(tally)
}
