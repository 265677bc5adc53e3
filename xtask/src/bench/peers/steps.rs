//! Times one training step of every peer.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{CORE_TYPES, Peers, Samples, geometric_mean};
use crate::command::Failure;

/// The shapes, as in the criterion benchmark.
const SHAPES: [&str; 5] = [
    "64->32x4",
    "784->32x4",
    "784->128x4",
    "784->128x16",
    "784->512x4",
];

/// Seconds of a step, by shape.
type Times = BTreeMap<String, f64>;

#[derive(Deserialize)]
struct Ours {
    flex: Times,
    hand_written: Times,
}

#[derive(Deserialize)]
struct Theirs {
    versions: BTreeMap<String, String>,
    shapes: Times,
}

/// The times of all programs.
#[derive(Default)]
pub(super) struct Steps {
    /// By program and shape. NumPy is listed by OpenBLAS's kernels.
    seconds: BTreeMap<(&'static str, String), Samples>,
    versions: BTreeMap<String, String>,
}

const FLEX: &str = "flex";
const HAND_WRITTEN: &str = "hand-written";
const PYTORCH: &str = "pytorch";

pub(super) fn measure(peers: &Peers, rounds: usize) -> Result<Steps, Failure> {
    let mut steps = Steps::default();
    let shapes = SHAPES.map(str::to_owned);
    for _ in 0..rounds {
        let ours: Ours = peers.ours("peer_steps", &[])?;
        steps.add(FLEX, ours.flex);
        steps.add(HAND_WRITTEN, ours.hand_written);
        let theirs: Theirs = peers.script("step_pytorch.py", "", &shapes)?;
        steps.add(PYTORCH, theirs.shapes);
        steps.versions.extend(theirs.versions);
        for core_type in CORE_TYPES {
            let theirs: Theirs = peers.script("step_numpy.py", core_type, &shapes)?;
            steps.add(core_type, theirs.shapes);
            steps.versions.extend(theirs.versions);
        }
    }
    Ok(steps)
}

impl Steps {
    fn add(&mut self, program: &'static str, times: Times) {
        for (shape, seconds) in times {
            let samples = self.seconds.entry((program, shape)).or_default();
            samples.0.push(seconds);
        }
    }

    fn median(&self, program: &'static str, shape: &str) -> f64 {
        let samples = self.seconds.get(&(program, shape.to_owned()));
        samples.map_or(f64::NAN, Samples::median)
    }

    /// OpenBLAS's kernels that are the fastest over all shapes.
    pub(super) fn best_core_type(&self) -> &'static str {
        self.fastest(&SHAPES).0
    }

    /// OpenBLAS's kernels that are the fastest over some shapes, and the
    /// geometric mean of their times.
    fn fastest(&self, shapes: &[&str]) -> (&'static str, f64) {
        let mean = |core_type| geometric_mean(shapes.iter().map(|one| self.median(core_type, one)));
        let means = CORE_TYPES.map(|core_type| (core_type, mean(core_type)));
        let fastest = means.into_iter().min_by(|(_, a), (_, b)| a.total_cmp(b));
        fastest.unwrap_or(("", f64::NAN))
    }

    pub(super) fn markdown(&self) -> String {
        let rounds = self
            .seconds
            .values()
            .next()
            .map_or(0, |times| times.0.len());
        let versions = self.versions.iter();
        let versions: Vec<String> = versions
            .map(|(name, version)| format!("{name} {version}"))
            .collect();
        let mut text = format!(
            "## Training step\n\nMicroseconds of a step with the loss read: the median over \
             {rounds} rounds of the median of 20 blocks. NumPy has for every shape the best of \
             OpenBLAS's kernels. {}.\n\n\
             | | etastar | hand-written loop | etastar's speed of it | NumPy | kernels | times \
             etastar | PyTorch | times etastar |\n|---|---|---|---|---|---|---|---|---|\n",
            versions.join(", "),
        );
        for shape in SHAPES {
            let [flex, hand_written, pytorch] =
                [FLEX, HAND_WRITTEN, PYTORCH].map(|program| 1e6 * self.median(program, shape));
            let core_type = self.fastest(&[shape]).0;
            let numpy = 1e6 * self.median(core_type, shape);
            text.push_str(&format!(
                "| {shape} | {flex:.1} | {hand_written:.1} | {:.2} | {numpy:.1} | {} | {:.2} | \
                 {pytorch:.1} | {:.2} |\n",
                hand_written / flex,
                if core_type.is_empty() {
                    "as detected"
                } else {
                    core_type
                },
                numpy / flex,
                pytorch / flex,
            ));
        }
        text.push('\n');
        text
    }
}
