//! Counting verdicts.

use crate::analysis::{Finding, Verdict};
use crate::page::number::count;

/// How often each verdict was given.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    counts: [usize; Verdict::ALL.len()],
}

impl Tally {
    pub(super) fn of<'a>(findings: impl Iterator<Item = &'a Finding>) -> Self {
        let mut tally = Self::default();
        for finding in findings {
            let places = Verdict::ALL.iter().zip(&mut tally.counts);
            for (verdict, count) in places {
                if *verdict == finding.verdict {
                    *count += 1;
                }
            }
        }
        tally
    }

    pub(super) fn total(&self) -> usize {
        self.counts.iter().sum()
    }

    /// Whether there is something, and all of it is supported.
    pub(super) fn all_supported(&self) -> bool {
        let supported = Verdict::ALL
            .iter()
            .zip(&self.counts)
            .find(|(verdict, _)| **verdict == Verdict::Supported);
        self.total() > 0 && supported.is_some_and(|(_, count)| *count == self.total())
    }

    /// `3 supported, 1 contradicted, 0 unclear, 2 not measured`.
    pub(super) fn words(&self) -> String {
        let all = Verdict::ALL.iter().zip(&self.counts);
        let told: Vec<String> = all
            .map(|(verdict, number)| format!("{} {}", count(*number), verdict.name()))
            .collect();
        told.join(", ")
    }

    /// The same without the verdicts that were never given.
    pub(super) fn words_of_given(&self) -> String {
        let all = Verdict::ALL.iter().zip(&self.counts);
        let told: Vec<String> = all
            .filter(|(_, number)| **number > 0)
            .map(|(verdict, number)| format!("{} {}", count(*number), verdict.name()))
            .collect();
        told.join(", ")
    }
}
