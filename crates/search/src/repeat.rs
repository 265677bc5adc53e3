//! The search of one repeat: the plan carried out, trial by trial.

use crate::plan::{self, Plan, Tried};
use crate::{Cell, EtaStar, Interrupt, Trainer, TrainerError, TrialRecord};

/// Where a search stands when it returns.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum SearchEnd {
    /// The plan is done.
    Finished { eta_star: EtaStar, monotone: bool },
    /// Somebody asked to stop.
    Interrupted,
}

/// Searches one repeat of a cell until the plan is done or somebody
/// interrupts. Trials already `known` are not carried out again; `keep` is
/// called with each new one before the next begins.
pub(crate) fn search<E: From<TrainerError>>(
    trainer: &dyn Trainer,
    cell: &Cell,
    repeat: usize,
    known: &[TrialRecord],
    interrupt: &Interrupt,
    mut keep: impl FnMut(&TrialRecord) -> Result<(), E>,
) -> Result<SearchEnd, E> {
    let mut tried: Tried = known.iter().collect();
    let mut prepared = None;
    loop {
        let learning_rate = match plan::next(&cell.protocol, &tried) {
            Plan::Done(eta_star) => {
                return Ok(SearchEnd::Finished {
                    eta_star,
                    monotone: tried.monotone(),
                });
            }
            Plan::Try(learning_rate) => learning_rate,
        };
        if interrupt.is_requested() {
            return Ok(SearchEnd::Interrupted);
        }
        // Prepared only when there is something left to train.
        let ready = match &mut prepared {
            Some(ready) => ready,
            None => prepared.insert(trainer.prepare(cell, repeat)?),
        };
        let Some(trial) = ready.trial(learning_rate, interrupt)? else {
            return Ok(SearchEnd::Interrupted);
        };
        keep(&trial)?;
        tried.insert(learning_rate, trial.succeeded());
    }
}
