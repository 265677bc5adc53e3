//! Faults of processes: signals, two processes on one store, a clock set back.

use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::sweep::{Place, Rows, ended, start};
use crate::command::Failure;

/// Kills the sweep of one store ten times, and completes it.
pub(super) fn kill(place: &mut Place) -> Result<(), Failure> {
    let store = place.fresh("killed")?;
    let mut kept = Rows::new();
    // The runs are shorter and shorter, or the sweep would be complete too early.
    for divisor in 1..=10 {
        let answer = place.killed(&store, divisor)?;
        place.count(answer.code.is_none());
        place.expect(matches!(answer.code, None | Some(0)), &answer);
        let rows = place.kept(&store);
        place.tally.lost += kept.difference(&rows).count();
        place.tally.wrong += rows.difference(&place.expected).count();
        kept = rows;
    }
    place.finish(&store)
}

pub(super) fn terminate(place: &mut Place) -> Result<(), Failure> {
    signalled(place, |child, _| send("-TERM", child))
}

pub(super) fn interrupt_twice(place: &mut Place) -> Result<(), Failure> {
    signalled(place, |child, rng| {
        send("-INT", child)?;
        sleep(Duration::from_micros(rng.random_range(0..5000)));
        send("-INT", child)
    })
}

fn signalled(
    place: &mut Place,
    signal: impl Fn(&Child, &mut ChaCha8Rng) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let store = place.fresh("signalled")?;
    let child = place.start(&store)?;
    sleep(place.moment());
    signal(&child, &mut place.rng)?;
    let answer = ended(child)?;
    place.count(!answer.succeeded());
    // Before the program listens for it, a signal ends it without a code.
    place.expect(matches!(answer.code, Some(0 | 130) | None), &answer);
    place.finish(&store)
}

/// Sends a signal. A process that has ended already ignores it.
fn send(signal: &str, child: &Child) -> Result<(), Failure> {
    let mut kill = Command::new("kill");
    let kill = kill.arg(signal).arg(child.id().to_string());
    let status = kill.stderr(Stdio::null()).status();
    status.map(drop).map_err(Failure::start("kill"))
}

/// Runs the first part of the sweep now, and the rest at a time long ago.
pub(super) fn clock_set_back(place: &mut Place) -> Result<(), Failure> {
    let store = place.fresh("clock")?;
    let answer = place.killed(&store, 1)?;
    place.count(answer.code.is_none());
    let kept = place.kept(&store);
    let sweep = place.command(&store);
    let mut faketime = Command::new("faketime");
    faketime.arg("2001-02-03 04:05:06").arg(sweep.get_program());
    let answer = ended(start(faketime.args(sweep.get_args()))?)?;
    place.expect(answer.succeeded(), &answer);
    place.finish_with(&store, &kept)
}

/// Starts two processes, one a little later. One gets the store, the other
/// must say that it is in use.
pub(super) fn two_processes(place: &mut Place) -> Result<(), Failure> {
    let store = place.fresh("shared")?;
    let first = place.start(&store)?;
    sleep(place.moment() / 2);
    let second = place.start(&store)?;
    place.tally.tried += 1;
    for answer in [ended(second)?, ended(first)?] {
        let refused = answer.refused(2, "in use");
        place.tally.hit += usize::from(refused);
        place.expect(answer.succeeded() || refused, &answer);
    }
    place.finish(&store)
}
