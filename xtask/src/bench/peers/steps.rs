//! One training step.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::process::{CORE_TYPES, Peers};
use super::samples::{Samples, geometric_mean};
use crate::command::Failure;

/// The shapes, as the criterion benchmark has them.
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

/// Everybody's times.
pub(super) struct Steps {
    flex: Column,
    hand_written: Column,
    pytorch: Column,
    /// By OpenBLAS's kernels.
    numpy: Vec<Column>,
    versions: BTreeMap<String, String>,
}

#[derive(Default)]
struct Column(BTreeMap<String, Samples>);

impl Column {
    fn extend(&mut self, times: Times) {
        for (shape, seconds) in times {
            self.0.entry(shape).or_default().extend([seconds]);
        }
    }

    fn median(&self, shape: &str) -> f64 {
        self.0.get(shape).map_or(f64::NAN, Samples::median)
    }
}

pub(super) fn measure(peers: &Peers, rounds: usize) -> Result<Steps, Failure> {
    let mut steps = Steps {
        flex: Column::default(),
        hand_written: Column::default(),
        pytorch: Column::default(),
        numpy: CORE_TYPES.map(|_| Column::default()).into(),
        versions: BTreeMap::new(),
    };
    let shapes = SHAPES.map(str::to_owned);
    for _ in 0..rounds {
        let ours: Ours = peers.ours("peer_steps", &[])?;
        steps.flex.extend(ours.flex);
        steps.hand_written.extend(ours.hand_written);
        let theirs: Theirs = peers.script("step_pytorch.py", "", &shapes)?;
        steps.pytorch.extend(theirs.shapes);
        steps.versions.extend(theirs.versions);
        for (core_type, column) in CORE_TYPES.iter().zip(&mut steps.numpy) {
            let theirs: Theirs = peers.script("step_numpy.py", core_type, &shapes)?;
            column.extend(theirs.shapes);
            steps.versions.extend(theirs.versions);
        }
    }
    Ok(steps)
}

impl Steps {
    /// OpenBLAS's kernels that are the fastest over all shapes.
    pub(super) fn best_core_type(&self) -> &'static str {
        let mean = |column: &Column| geometric_mean(SHAPES.map(|shape| column.median(shape)));
        let means = self.numpy.iter().map(mean);
        let best = CORE_TYPES.iter().zip(means);
        best.min_by(|(_, a), (_, b)| a.total_cmp(b))
            .map_or("", |(name, _)| name)
    }

    pub(super) fn markdown(&self) -> String {
        let rounds = self.flex.0.values().next().map_or(0, Samples::len);
        let mut text = format!(
            "## Training step\n\nMicroseconds of a step with the loss read: the median over \
             {rounds} rounds of the median of 20 blocks. NumPy has for every shape the best of \
             OpenBLAS's kernels. {}.\n\n\
             | | etastar | hand-written loop | etastar's speed of it | NumPy | kernels | times \
             etastar | PyTorch | times etastar |\n|---|---|---|---|---|---|---|---|---|\n",
            versions(&self.versions),
        );
        for shape in SHAPES {
            let flex = self.flex.median(shape);
            let hand_written = self.hand_written.median(shape);
            let pytorch = self.pytorch.median(shape);
            let (core_type, numpy) = CORE_TYPES
                .iter()
                .zip(self.numpy.iter().map(|column| column.median(shape)))
                .min_by(|(_, a), (_, b)| a.total_cmp(b))
                .unwrap_or((&"", f64::NAN));
            let core_type = if core_type.is_empty() {
                "as detected"
            } else {
                core_type
            };
            text.push_str(&format!(
                "| {shape} | {} | {} | {:.2} | {} | {core_type} | {:.2} | {} | {:.2} |\n",
                microseconds(flex),
                microseconds(hand_written),
                hand_written / flex,
                microseconds(numpy),
                numpy / flex,
                microseconds(pytorch),
                pytorch / flex,
            ));
        }
        text.push('\n');
        text
    }
}

fn microseconds(seconds: f64) -> String {
    format!("{:.1}", 1e6 * seconds)
}

/// `numpy 2.4.6, torch 2.9.0`
pub(super) fn versions(versions: &BTreeMap<String, String>) -> String {
    let words = versions
        .iter()
        .map(|(name, version)| format!("{name} {version}"));
    words.collect::<Vec<_>>().join(", ")
}
