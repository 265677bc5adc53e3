use serde::{Deserialize, Serialize};

/// What eta\* is predicted from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Proxy {
    /// `2 / lambda_1`, the limit of linear stability; `lambda_1` is that of
    /// the Hessian preconditioned with the cell's input-layer rate.
    TwoOverSharpness,
    /// `12 / lambda_1`, about where ReLU networks blow up (A. Lewkowycz et
    /// al., arXiv:2003.02218).
    TwelveOverSharpness,
    /// The one-step critical rate (D. S. Kalra and M. Barkeshli,
    /// arXiv:2406.09405).
    Critical,
    /// The learning-rate range test (L. N. Smith, arXiv:1506.01186).
    RangeTest,
    /// The law of depth times width at the cell's input-layer rate, fitted to
    /// all other architectures.
    DepthWidth,
    /// The law of depth and width apart, likewise.
    Separate,
    /// The law of the effective size over all input-layer rates, fitted to all
    /// other architectures.
    EffectiveSize,
}

impl Proxy {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::TwoOverSharpness,
        Self::TwelveOverSharpness,
        Self::Critical,
        Self::RangeTest,
        Self::DepthWidth,
        Self::Separate,
        Self::EffectiveSize,
    ];

    /// In words, in the markup of [`Text`](crate::figure::Text).
    pub fn name(self) -> &'static str {
        match self {
            Self::TwoOverSharpness => "2/λ_{1}",
            Self::TwelveOverSharpness => "12/λ_{1}",
            Self::Critical => "one-step critical rate",
            Self::RangeTest => "range test",
            Self::DepthWidth => "depth × width law",
            Self::Separate => "law of depth and width apart",
            Self::EffectiveSize => "effective-size law",
        }
    }

    /// Its index in [`Proxy::ALL`].
    pub(super) fn index(self) -> usize {
        self as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indices_are_those_of_the_list() {
        for (index, proxy) in Proxy::ALL.into_iter().enumerate() {
            assert_eq!(proxy.index(), index);
        }
    }
}
