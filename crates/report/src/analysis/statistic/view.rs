use super::Statistic;
use crate::analysis::View;

impl Statistic {
    /// The sections of the report that show what the statistic is about, the
    /// most telling first.
    pub fn views(&self) -> &'static [View] {
        match self {
            Self::Exponent(_) | Self::RSquared(_) | Self::Rmse(_) => &[
                View::DepthWidth,
                View::EffectiveSize,
                View::InputLayer,
                View::WidthOverDepth,
                View::SideBySide,
            ],
            Self::FilterGain(_) | Self::NonMonotone(_) | Self::NonMonotoneGap(_) => {
                &[View::WidthOverDepth, View::Searches, View::DepthWidth]
            }
            Self::RateGain(_) | Self::ExponentGap(_) => {
                &[View::InputLayer, View::SideBySide, View::DepthWidth]
            }
            Self::EffectiveSizeGain(_) => &[View::EffectiveSize],
            Self::Shift(_) => &[View::Shifts],
            Self::NoiseRatio(_) => &[View::Noise],
            Self::EtaSharpnessSlope(_) | Self::EtaSharpnessRSquared(_) => &[View::EtaSharpness],
            Self::LateStageChange(_)
            | Self::LateStageSlope(_)
            | Self::LateStageExponentChange(_) => &[View::LateStage],
            Self::TransferError(_) | Self::TransferCoverage(_) => &[View::Transfer],
            Self::ProxyRmse(_) | Self::ProxyGain(_) => &[View::Proxies],
            Self::SharpnessExponent(_) | Self::SharpnessRSquared(_) => {
                &[View::SharpnessGrowth, View::SharpnessPrediction]
            }
            Self::BoundViolations(_) => &[View::SharpnessBounds],
        }
    }
}
