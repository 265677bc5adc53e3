//! The searches of runs that train together: the plan of each carried out, round by round.

use std::ops::ControlFlow;

use etastar_backend::check_device;

use crate::plan::{Plan, Search, Tried};
use crate::training::protocol;
use crate::{Asked, EtaStar, Interrupt, Run, Trainer, TrainerError, TrialRecord};

/// What a search tells as it goes on.
pub(crate) enum Event<'a> {
    /// A trial of a run has ended; nothing else begins before it is kept.
    Trial(usize, &'a TrialRecord),
    /// The plan of a run is done.
    Done {
        run: usize,
        eta_star: EtaStar,
        monotone: bool,
    },
}

/// A run whose search is not over.
struct Open<'a> {
    run: usize,
    search: Search<'a>,
    tried: Tried,
}

/// Searches runs, of cells that train together, until the plan of each is done or somebody
/// interrupts. Trials already known (`runs` has them beside each) are
/// not carried out again; `keep` hears of each new one at once, by the index of its run.
///
/// A trainer that trains several networks at once is given, in every round,
/// those that the plans will ask for and may ask for next ([`Search::ahead`]);
/// with one at a time that is the plan itself.
pub(crate) fn search<E: From<TrainerError>>(
    trainer: &dyn Trainer,
    runs: &[(Run<'_>, Vec<TrialRecord>)],
    interrupt: &Interrupt,
    mut keep: impl FnMut(Event<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let mut open = Vec::with_capacity(runs.len());
    let mut at_once = 1;
    for (index, (run, known)) in runs.iter().enumerate() {
        let cell = run.cell;
        at_once = trainer.networks_at_once(cell)?;
        open.push(Open {
            run: index,
            search: Search::of_cell(cell, protocol(cell)?, trainer.shape(cell)?),
            tried: known.iter().collect(),
        });
    }
    let mut prepared = None;
    loop {
        for done in take_done(&mut open) {
            keep(done)?;
        }
        if open.is_empty() || interrupt.is_requested() {
            return Ok(());
        }
        // Prepared only when there is something left to train.
        let ready = match &mut prepared {
            Some(ready) => ready,
            None => {
                let runs: Vec<Run<'_>> = runs.iter().map(|(run, _)| *run).collect();
                prepared.insert(trainer.prepare(&runs)?)
            }
        };
        let mut failure = None;
        let asked = round(&open, at_once);
        ready.trials(&asked, interrupt, &mut |run, trial| {
            let kept = check_device()
                .map_err(|error| TrainerError::from(error).into())
                .and_then(|()| keep(Event::Trial(run, &trial)));
            if let Err(error) = kept {
                failure = Some(error);
                return ControlFlow::Break(());
            }
            let of_trial = open.iter_mut().find(|open| open.run == run);
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

/// Takes out the runs whose plan is done.
fn take_done(open: &mut Vec<Open<'_>>) -> Vec<Event<'static>> {
    let mut done = Vec::new();
    open.retain(|open| match open.search.next(&open.tried) {
        Plan::Done(eta_star) => {
            done.push(Event::Done {
                run: open.run,
                eta_star,
                monotone: open.search.asked(&open.tried).monotone(),
            });
            false
        }
        Plan::Try(_) => true,
    });
    done
}

/// The trials of a round, up to `at_once`, shared out among the runs.
fn round(open: &[Open<'_>], at_once: usize) -> Vec<Asked> {
    let taking_part = &open[..open.len().min(at_once.max(1))];
    let share = at_once / taking_part.len();
    let left_over = at_once % taking_part.len();
    let asked = taking_part.iter().enumerate().flat_map(|(place, open)| {
        let count = (share + usize::from(place < left_over)).max(1);
        let rates = open.search.ahead(&open.tried, count);
        rates.into_iter().map(|learning_rate| Asked {
            run: open.run,
            learning_rate,
        })
    });
    asked.collect()
}
