use etastar_sharpness::NetworkSharpness;
use serde::{Deserialize, Serialize};

/// The matrix whose top eigenvalue is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Matrix {
    /// The Hessian of the loss, `H`.
    Hessian,
    /// The Gauss-Newton matrix, `G`.
    GaussNewton,
}

impl Matrix {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Hessian, Self::GaussNewton];

    /// Its letter.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Hessian => "H",
            Self::GaussNewton => "G",
        }
    }

    /// The measured top eigenvalue.
    pub fn largest(self, sharpness: &NetworkSharpness) -> f64 {
        match self {
            Self::Hessian => sharpness.hessian.largest,
            Self::GaussNewton => sharpness.gauss_newton.largest,
        }
    }
}
