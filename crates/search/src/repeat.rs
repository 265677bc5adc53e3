//! The searches of a cell's repeats: the plan carried out, round by round.

use std::ops::ControlFlow;

use etastar_backend::check_device;

use crate::plan::{Plan, Search, Tried};
use crate::training::protocol;
use crate::{Asked, Cell, EtaStar, Interrupt, Trainer, TrainerError, TrialRecord};

/// What a search tells as it goes on.
pub(crate) enum Event<'a> {
    /// A trial of a repeat has ended; nothing else begins before it is kept.
    Trial(usize, &'a TrialRecord),
    /// The plan of a repeat is done.
    Repeat {
        repeat: usize,
        eta_star: EtaStar,
        monotone: bool,
    },
}

/// A repeat whose search is not over.
struct Open {
    repeat: usize,
    tried: Tried,
}

/// Searches repeats of a cell until the plan of each is done or somebody
/// interrupts. Trials already known (`repeats` has them beside each index) are
/// not carried out again; `keep` hears of each new one at once.
///
/// A trainer that trains several networks at once is given, in every round,
/// those that the plans will ask for and may ask for next ([`Search::ahead`]);
/// with one at a time that is the plan itself.
pub(crate) fn search<E: From<TrainerError>>(
    trainer: &dyn Trainer,
    cell: &Cell,
    repeats: Vec<(usize, Vec<TrialRecord>)>,
    interrupt: &Interrupt,
    mut keep: impl FnMut(Event<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let indices: Vec<usize> = repeats.iter().map(|(repeat, _)| *repeat).collect();
    let mut open: Vec<Open> = repeats
        .into_iter()
        .map(|(repeat, known)| Open {
            repeat,
            tried: known.iter().collect(),
        })
        .collect();
    let search = Search::of_cell(cell, protocol(cell)?, trainer.shape(cell)?);
    let at_once = trainer.networks_at_once(cell)?;
    let mut prepared = None;
    loop {
        for done in take_done(&mut open, &search) {
            keep(done)?;
        }
        if open.is_empty() || interrupt.is_requested() {
            return Ok(());
        }
        // Prepared only when there is something left to train.
        let ready = match &mut prepared {
            Some(ready) => ready,
            None => prepared.insert(trainer.prepare(cell, &indices)?),
        };
        let mut failure = None;
        let asked = round(&open, &search, at_once);
        ready.trials(&asked, interrupt, &mut |repeat, trial| {
            let kept = check_device()
                .map_err(|error| TrainerError::from(error).into())
                .and_then(|()| keep(Event::Trial(repeat, &trial)));
            if let Err(error) = kept {
                failure = Some(error);
                return ControlFlow::Break(());
            }
            let of_trial = open.iter_mut().find(|open| open.repeat == repeat);
            if let Some(open) = of_trial {
                open.tried.insert(trial.learning_rate, trial.succeeded());
            }
            ControlFlow::Continue(())
        })?;
        if let Some(error) = failure {
            return Err(error);
        }
    }
}

/// Takes out the repeats whose plan is done.
fn take_done(open: &mut Vec<Open>, search: &Search<'_>) -> Vec<Event<'static>> {
    let mut done = Vec::new();
    open.retain(|open| match search.next(&open.tried) {
        Plan::Done(eta_star) => {
            done.push(Event::Repeat {
                repeat: open.repeat,
                eta_star,
                monotone: search.asked(&open.tried).monotone(),
            });
            false
        }
        Plan::Try(_) => true,
    });
    done
}

/// The trials of a round, up to `at_once`, shared out among the repeats.
fn round(open: &[Open], search: &Search<'_>, at_once: usize) -> Vec<Asked> {
    let taking_part = &open[..open.len().min(at_once.max(1))];
    let share = at_once / taking_part.len();
    let left_over = at_once % taking_part.len();
    let asked = taking_part.iter().enumerate().flat_map(|(place, open)| {
        let count = (share + usize::from(place < left_over)).max(1);
        let rates = search.ahead(&open.tried, count);
        rates.into_iter().map(|learning_rate| Asked {
            repeat: open.repeat,
            learning_rate,
        })
    });
    asked.collect()
}
