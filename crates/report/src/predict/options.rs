use super::PredictError;

/// A network of constant width whose eta\* is asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NetworkShape {
    /// Number of hidden layers.
    pub depth: usize,
    /// Their width.
    pub width: usize,
    /// Learning rate of the input layer relative to the other layers.
    pub input_rate: f64,
}

/// How eta\* is predicted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PredictOptions {
    /// Laws are fitted to the cells with `width >= width_over_depth * depth`;
    /// to more where these are too few, with a warning.
    pub width_over_depth: f64,
    /// Confidence of the intervals, strictly between 0 and 1.
    pub confidence: f64,
    /// Farthest extrapolation that is not refused, as a factor beyond what was
    /// fitted ([`Extrapolation::beyond`](super::Extrapolation)).
    pub furthest: f64,
    /// Whether to predict at any distance.
    pub force: bool,
}

impl Default for PredictOptions {
    /// Width at least 8 times the depth, where the paper's proviso (i) is met
    /// in our sweeps; 95 %; no farther than a factor of 16, four octaves, which
    /// is about the range that a usual grid covers itself: beyond, the misfit
    /// of a law over the grid says nothing of the misfit there. Our choices.
    fn default() -> Self {
        Self {
            width_over_depth: 8.0,
            confidence: 0.95,
            furthest: 16.0,
            force: false,
        }
    }
}

impl PredictOptions {
    pub(super) fn check(&self) -> Result<(), PredictError> {
        if !(self.confidence > 0.0 && self.confidence < 1.0) {
            return Err(PredictError::Confidence(self.confidence));
        }
        if !(self.width_over_depth.is_finite() && self.width_over_depth >= 0.0) {
            return Err(PredictError::WidthOverDepth(self.width_over_depth));
        }
        Ok(())
    }
}
