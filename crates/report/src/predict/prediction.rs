use std::fmt;

use serde::{Serialize, Serializer};

use super::Extrapolation;
use crate::fit::Law;

/// A predicted eta\*.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Prediction {
    /// The series it was predicted from.
    pub dataset: String,
    /// Number of hidden layers.
    pub depth: usize,
    /// Their width.
    pub width: usize,
    /// Input-layer rate.
    pub input_rate: f64,
    /// The predicted eta\*, a learning rate.
    pub eta_star: f64,
    /// Its base-2 logarithm.
    pub log2_eta_star: f64,
    /// Prediction interval of the geometric mean over as many networks as a
    /// fitted cell has, `[low, high]`, as learning rates.
    pub mean_interval: [f64; 2],
    /// Prediction interval of one network and batch order.
    pub network_interval: [f64; 2],
    /// Confidence of both.
    pub confidence: f64,
    /// The law that predicts.
    pub law: Law,
    /// The input-layer rate it was fitted at, or `None` for all of them.
    pub law_input_rate: Option<f64>,
    /// It was fitted to cells with `width >= width_over_depth * depth`.
    pub width_over_depth: f64,
    /// How many of these found an eta\*.
    pub cells: usize,
    /// Repeats of the fit that found none.
    pub censored_repeats: usize,
    /// The law's error when architectures are left out, in octaves.
    pub error_octaves: f64,
    /// The law that came second.
    pub runner_up: Option<Rival>,
    /// How far the network is from those fitted.
    pub extrapolation: Extrapolation,
    /// What speaks against the prediction.
    pub warnings: Vec<Warning>,
}

/// A law that was not chosen.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Rival {
    /// Which law.
    pub law: Law,
    /// The input-layer rate it was fitted at, or `None` for all of them.
    pub law_input_rate: Option<f64>,
    /// Its error when architectures are left out, in octaves.
    pub error_octaves: f64,
}

/// What speaks against a prediction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Warning {
    /// Too few cells met the filter on width, so more were fitted.
    Relaxed {
        /// The filter asked for.
        asked: f64,
        /// The filter used.
        used: f64,
    },
    /// The network is narrower than the filter asks of fitted ones.
    Narrow {
        /// Its width over its depth.
        ratio: f64,
        /// The filter asked for.
        asked: f64,
    },
    /// The network lies outside of the range fitted.
    Extrapolates {
        /// By this factor.
        beyond: f64,
    },
    /// The input-layer rate was not measured.
    UnmeasuredRate {
        /// The rate.
        rate: f64,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Relaxed { asked, used } => write!(
                formatter,
                "too few measured networks have width >= {asked} x depth; those with width >= \
                 {used} x depth were fitted"
            ),
            Self::Narrow { ratio, asked } => write!(
                formatter,
                "the network's width is only {ratio:.2} x its depth; laws hold for width >= \
                 {asked} x depth"
            ),
            Self::Extrapolates { beyond } => write!(
                formatter,
                "the network is a factor of {beyond:.2} outside of the sizes that were fitted; the \
                 intervals take for granted that the law holds there"
            ),
            Self::UnmeasuredRate { rate } => write!(
                formatter,
                "the input-layer rate {rate} was not measured; the law of the effective size \
                 predicts it from other rates"
            ),
        }
    }
}

impl Serialize for Warning {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
