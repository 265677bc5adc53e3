use serde::{Deserialize, Serialize};

/// A section of the report that an experiment may show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum View {
    /// eta\* against depth times width.
    DepthWidth,
    /// The fitted laws side by side.
    Laws,
    /// How the searches ended.
    Searches,
    /// Every cell's eta\*.
    Cells,
    /// The protocol in full.
    Protocol,
    /// Claim C1 (i): what the ratio of width to depth changes.
    WidthOverDepth,
    /// Claim C1 (ii): what the input layer's rate changes.
    InputLayer,
    /// eta\* against the effective size.
    EffectiveSize,
    /// Claim C2: the largest usable rate as training goes on.
    LateStage,
    /// Claim C3: eta\* against the sharpness at initialisation.
    EtaSharpness,
    /// What variants shift.
    Shifts,
    /// Where the noise of eta\* comes from.
    Noise,
    /// Variants side by side.
    SideBySide,
    /// What predicts eta\* at initialisation, and at what cost.
    Proxies,
    /// Larger networks predicted from smaller ones.
    Transfer,
    /// Sharpness against depth times width.
    SharpnessGrowth,
    /// Exponents of the sharpness.
    SharpnessExponents,
    /// Sharpness against what was predicted without a network.
    SharpnessPrediction,
    /// How tight the bounds on the sharpness are.
    SharpnessBounds,
}

impl View {
    /// All of them.
    pub const ALL: [Self; 19] = [
        Self::DepthWidth,
        Self::Laws,
        Self::Searches,
        Self::Cells,
        Self::Protocol,
        Self::WidthOverDepth,
        Self::InputLayer,
        Self::EffectiveSize,
        Self::LateStage,
        Self::EtaSharpness,
        Self::Shifts,
        Self::Noise,
        Self::SideBySide,
        Self::Proxies,
        Self::Transfer,
        Self::SharpnessGrowth,
        Self::SharpnessExponents,
        Self::SharpnessPrediction,
        Self::SharpnessBounds,
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let names: Vec<String> = View::ALL
            .iter()
            .map(|view| {
                serde_json::to_value(view)
                    .unwrap()
                    .as_str()
                    .unwrap()
                    .to_owned()
            })
            .collect();
        let expected = "depth-width laws searches cells protocol width-over-depth input-layer \
                        effective-size late-stage eta-sharpness shifts noise side-by-side proxies \
                        transfer sharpness-growth sharpness-exponents sharpness-prediction \
                        sharpness-bounds";
        assert_eq!(names.join(" "), expected);
    }
}
