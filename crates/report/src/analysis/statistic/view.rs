use super::Statistic;
use crate::analysis::View;

impl Statistic {
    /// The section of the report that shows what the statistic is about.
    pub fn view(&self) -> View {
        match self {
            Self::Exponent(_) | Self::RSquared(_) | Self::Rmse(_) => View::DepthWidth,
            Self::Shift(_) => View::Shifts,
            Self::NoiseRatio(_) => View::Noise,
        }
    }
}
