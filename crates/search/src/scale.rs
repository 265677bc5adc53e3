//! How much a measurement asks for, told before any of it is built: a slip in
//! an exponent gets an answer instead of the machine's last memory.

use etastar_model::Architecture;
use thiserror::Error;

use crate::{Measurement, PlannedCell};

/// Most repeats that one measurement has, of all cells together.
pub const MOST_REPEATS: usize = 1_000_000;

/// Most hidden layers of a network.
pub const MOST_DEPTH: usize = 10_000;

/// Most hidden layers that the networks of one measurement have, together.
pub const MOST_LAYERS: usize = 10_000_000;

/// More than one measurement can be.
#[derive(Debug, Clone, Copy, Error, PartialEq, Eq)]
pub enum TooLarge {
    /// Too many repeats.
    #[error(
        "{cells} cells x {repeats} repeats are {:.1e} searches of up to {trials} trials each; one \
         measurement has at most {MOST_REPEATS} of them: lower `repeats`, or split the grid",
        *.cells as f64 * *.repeats as f64
    )]
    Repeats {
        /// Cells.
        cells: usize,
        /// Repeats of each.
        repeats: usize,
        /// Trials of a search, at most.
        trials: usize,
    },
    /// A network too deep.
    #[error("a network of {0} hidden layers is too deep: at most {MOST_DEPTH}")]
    Depth(usize),
    /// Too many layers.
    #[error(
        "{cells} cells of up to {depth} hidden layers are more than one measurement can list; at \
         most {MOST_LAYERS} layers together: lower the depths, or split the grid"
    )]
    Layers {
        /// Cells.
        cells: usize,
        /// Hidden layers of the deepest.
        depth: usize,
    },
}

/// What is counted before the cells are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    /// Cells, of eta\* and of sharpness.
    pub cells: usize,
    /// Repeats of each.
    pub repeats: usize,
    /// Hidden layers of the deepest.
    pub depth: usize,
    /// Trials of a search, at most; 1 where sharpness alone is measured.
    pub trials: usize,
}

impl Request {
    /// Checks that it can be listed.
    ///
    /// # Errors
    /// If there are more repeats or layers than one measurement has.
    pub fn check(&self) -> Result<(), TooLarge> {
        let Self {
            cells,
            repeats,
            depth,
            trials,
        } = *self;
        if cells.saturating_mul(repeats) > MOST_REPEATS {
            return Err(TooLarge::Repeats {
                cells,
                repeats,
                trials,
            });
        }
        if depth > MOST_DEPTH {
            return Err(TooLarge::Depth(depth));
        }
        if cells.saturating_mul(depth) > MOST_LAYERS {
            return Err(TooLarge::Layers { cells, depth });
        }
        Ok(())
    }
}

/// What the network of a grid that takes most memory takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Footprint {
    /// Its parameters.
    pub parameters: usize,
    /// Bytes that a thread needs for it, estimated.
    pub bytes: u64,
}

impl Footprint {
    /// Of the networks of a grid, in a float type of this many bytes; none
    /// where the grid is empty.
    pub fn largest(cells: &[PlannedCell], float_bytes: usize) -> Option<Self> {
        let each = cells.iter().map(|planned| {
            let architecture = planned.cell.architecture(planned.inputs, planned.outputs);
            match &planned.cell.measurement {
                Measurement::EtaStar(protocol) => {
                    Self::of_training(&architecture, protocol.batch_size, float_bytes)
                }
                Measurement::Sharpness(settings) => {
                    Self::of_sharpness(&architecture, settings.samples, float_bytes)
                }
            }
        });
        each.max_by_key(|one| one.bytes)
    }

    /// The weights and the gradient at the start, which the trials of a
    /// repeat share, a trial's weights before and after a step, and its
    /// gradient; every layer's activation and derivatives for a batch.
    fn of_training(architecture: &Architecture, batch_size: usize, float_bytes: usize) -> Self {
        let activations = 3.0 * batch_size as f64 * widths(architecture);
        let values = 5.0 * architecture.parameters() as f64 + activations;
        Self {
            parameters: architecture.parameters(),
            bytes: (values * float_bytes as f64) as u64,
        }
    }

    /// The weights and two gradients, and the vectors of some forty Lanczos
    /// steps in double precision; the activations of all samples and what two
    /// passes along a direction add to them.
    fn of_sharpness(architecture: &Architecture, samples: usize, float_bytes: usize) -> Self {
        let parameters = architecture.parameters() as f64;
        let activations = 4.0 * samples as f64 * widths(architecture);
        let values = (3.0 * parameters + activations) * float_bytes as f64;
        Self {
            parameters: architecture.parameters(),
            bytes: (values + 40.0 * 8.0 * parameters) as u64,
        }
    }
}

fn widths(architecture: &Architecture) -> f64 {
    architecture.hidden.iter().map(|&width| width as f64).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_listed_is_refused_whatever_overflows() {
        let request = Request {
            cells: 100,
            repeats: 10,
            depth: 8,
            trials: 30,
        };
        assert_eq!(request.check(), Ok(()));
        for repeats in [10_001, usize::MAX] {
            let error = Request { repeats, ..request }.check().unwrap_err();
            assert!(matches!(error, TooLarge::Repeats { .. }));
            assert!(error.to_string().contains("at most 1000000"), "{error}");
        }
        for depth in [10_001, usize::MAX] {
            let error = Request { depth, ..request }.check();
            assert_eq!(error, Err(TooLarge::Depth(depth)));
        }
        let many = Request {
            cells: 1001,
            depth: 10_000,
            ..request
        };
        let layers = TooLarge::Layers {
            cells: 1001,
            depth: 10_000,
        };
        assert_eq!(many.check(), Err(layers));
    }

    #[test]
    fn the_largest_network_counts_and_nothing_overflows() {
        let small = Architecture::constant_width(784, 512, 32, 10);
        let training = Footprint::of_training(&small, 128, 4);
        // Measured: 201 MiB for the whole program.
        assert_eq!(training.bytes >> 20, 186);
        let huge = Architecture::constant_width(784, usize::MAX, 9, 10);
        assert_eq!(Footprint::of_training(&huge, 128, 4).parameters, usize::MAX);
        assert!(Footprint::of_sharpness(&huge, 128, 4).bytes > 1 << 60);
    }
}
