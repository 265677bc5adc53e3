//! From values to positions along an axis.

use super::{Axis, Scale};

/// The stretch of an axis that is drawn: finite, not empty and, on a
/// logarithmic scale, positive.
#[derive(Debug, Clone, PartialEq)]
pub struct Domain {
    scale: Scale,
    low: f64,
    high: f64,
    empty: bool,
}

/// Room left beyond the outermost values, as a share of the axis.
const MARGIN: f64 = 0.05;

/// Exponents (of two or ten) beyond which a logarithmic axis is cut, so that
/// its ends stay ordinary numbers.
const LARGEST_LOG2: f64 = 1000.0;
const LARGEST_LOG10: f64 = 300.0;

impl Domain {
    /// The stretch that shows all of `values`, or the axis's own range where
    /// it has one. Values without a position (not finite, or not positive on
    /// a logarithmic axis) do not count.
    pub fn covering(axis: &Axis, values: &[f64]) -> Self {
        if let Scale::Names(names) = &axis.scale {
            return Self {
                scale: axis.scale.clone(),
                low: -0.5,
                high: names.len().max(1) as f64 - 0.5,
                empty: names.is_empty(),
            };
        }
        if let Some([a, b]) = axis.range {
            let (low, high) = (axis.scale.forward(a), axis.scale.forward(b));
            if low.is_finite() && high.is_finite() && low < high {
                return Self {
                    scale: axis.scale.clone(),
                    low,
                    high,
                    empty: false,
                };
            }
        }
        Self::from_values(&axis.scale, values)
    }

    fn from_values(scale: &Scale, values: &[f64]) -> Self {
        let limit = match scale {
            Scale::Log2 => LARGEST_LOG2,
            Scale::Log10 => LARGEST_LOG10,
            Scale::Linear | Scale::Names(_) => f64::MAX / 8.0,
        };
        let (low, high) = values
            .iter()
            .map(|&value| scale.forward(value))
            .filter(|position| position.is_finite())
            .map(|position| position.clamp(-limit, limit))
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
                (low.min(value), high.max(value))
            });
        let empty = low > high;
        let (low, high) = if empty { (0.0, 1.0) } else { (low, high) };
        let least = match scale {
            Scale::Log2 => 1.0,
            Scale::Log10 => 0.3,
            Scale::Linear | Scale::Names(_) => low.abs().max(high.abs()).max(1e-12) * 0.1,
        };
        let margin = ((high - low) * MARGIN).max((least - (high - low)) / 2.0);
        Self {
            scale: scale.clone(),
            low: (low - margin).max(-1.02 * limit),
            high: (high + margin).min(1.02 * limit),
            empty,
        }
    }

    /// Whether no value had a position.
    pub fn is_empty(&self) -> bool {
        self.empty
    }

    /// The scale.
    pub fn scale(&self) -> &Scale {
        &self.scale
    }

    /// Both ends, as values.
    pub fn ends(&self) -> [f64; 2] {
        [
            self.scale.backward(self.low),
            self.scale.backward(self.high),
        ]
    }

    /// Where `value` lies, 0 at the low end and 1 at the high end; `None`
    /// where it has no position. Values outside the stretch lie outside 0..1.
    pub fn fraction(&self, value: f64) -> Option<f64> {
        let position = self.scale.forward(value);
        let fraction = position / (self.high - self.low) - self.low / (self.high - self.low);
        (position.is_finite() && fraction.is_finite()).then_some(fraction)
    }
}
