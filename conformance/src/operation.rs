/// What a backend has to compute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Outputs of the network.
    Forward,
    /// Mean loss.
    Loss,
    /// Gradient of the mean loss.
    Gradient,
    /// Weights after one step of gradient descent.
    SgdStep,
    /// The same of every network of an ensemble, each at its own rate.
    EnsembleStep,
    /// Hessian of the mean loss times a direction.
    HessianVectorProduct,
}

impl Operation {
    /// All of them, from small to large.
    pub const ALL: [Self; 6] = [
        Self::Forward,
        Self::Loss,
        Self::Gradient,
        Self::SgdStep,
        Self::EnsembleStep,
        Self::HessianVectorProduct,
    ];

    /// The name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Forward => "forward",
            Self::Loss => "loss",
            Self::Gradient => "gradient",
            Self::SgdStep => "SGD step",
            Self::EnsembleStep => "ensemble step",
            Self::HessianVectorProduct => "Hessian-vector product",
        }
    }
}
