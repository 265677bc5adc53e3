//! Flags of what kind of network is trained, and by which optimiser.

use clap::Args;
use etastar_model::{Form, Optimiser};
use etastar_search::settings::{
    ActivationFunction, ClipNorm, Momentum, Normalisation, OptimiserName, ResidualBlock,
    ResidualScale, SecondMomentum, WeightDecay, WidthRule,
};

use crate::flag::Flag;

#[derive(Debug, Args)]
pub(crate) struct FormFlags {
    #[command(flatten)]
    activation: Flag<ActivationFunction>,

    #[command(flatten)]
    residual: Flag<ResidualScale>,

    #[command(flatten)]
    residual_block: Flag<ResidualBlock>,

    #[command(flatten)]
    norm: Flag<Normalisation>,

    #[command(flatten)]
    parametrisation: Flag<WidthRule>,
}

impl FormFlags {
    pub(crate) fn form(&self) -> Form {
        Form {
            activation: self.activation.0,
            residual: self.residual.0,
            block: self.residual_block.0,
            norm: self.norm.0,
            parametrisation: self.parametrisation.0,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct OptimiserFlags {
    #[command(flatten)]
    optimiser: Flag<OptimiserName>,

    #[command(flatten)]
    momentum: Flag<Momentum>,

    #[command(flatten)]
    beta2: Flag<SecondMomentum>,

    #[command(flatten)]
    weight_decay: Flag<WeightDecay>,

    #[command(flatten)]
    clip: Flag<ClipNorm>,
}

impl OptimiserFlags {
    pub(crate) fn optimiser(&self) -> Optimiser {
        Optimiser {
            method: self.optimiser.0,
            momentum: self.momentum.0,
            beta2: self.beta2.0,
            weight_decay: self.weight_decay.0,
            clip: self.clip.0,
        }
    }
}
