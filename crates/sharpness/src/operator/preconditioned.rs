use etastar_backend::Backend;
use etastar_model::LayerRates;

use super::{GaussNewton, Hessian, InvalidRate, LinearOperator, Objective};

/// `D A D` for a diagonal `D`.
///
/// With one learning rate `eta m_j` per parameter, gradient descent near a
/// point moves by `-eta M (g + H step)`, `M = diag(m)`. `M H` has the
/// eigenvalues of the symmetric `M^{1/2} H M^{1/2}`, so this one, not `H`,
/// governs stability. A rate of 0 freezes a parameter: its row and column
/// become zero.
#[derive(Debug, Clone)]
pub struct Preconditioned<A> {
    operator: A,
    scale: Vec<f64>,
}

impl<A: LinearOperator> Preconditioned<A> {
    /// `D A D` with the diagonal `scale` of `D`, the square roots of the
    /// parameters' rates.
    ///
    /// # Panics
    /// If there is not one entry per dimension of `operator`.
    pub fn new(operator: A, scale: Vec<f64>) -> Self {
        assert_eq!(scale.len(), operator.dimension(), "length of the diagonal");
        Self { operator, scale }
    }

    fn scaled(&self, vector: &[f64]) -> Vec<f64> {
        let scale = self.scale.iter().zip(vector);
        scale.map(|(scale, value)| scale * value).collect()
    }
}

impl<A: LinearOperator> LinearOperator for Preconditioned<A> {
    fn dimension(&self) -> usize {
        self.scale.len()
    }

    fn apply(&self, vector: &[f64]) -> Vec<f64> {
        assert_eq!(vector.len(), self.dimension(), "length of the vector");
        self.scaled(&self.operator.apply(&self.scaled(vector)))
    }
}

impl<B: Backend> Objective<B> {
    /// `M^{1/2} H M^{1/2}` for the layers' relative learning rates `M`.
    ///
    /// # Errors
    /// If a rate is negative or not finite.
    pub fn preconditioned_hessian(
        &self,
        rates: &LayerRates,
    ) -> Result<Preconditioned<Hessian<'_, B>>, InvalidRate> {
        let scale = self.parameters().root_rates(rates)?;
        Ok(Preconditioned::new(self.hessian(), scale))
    }

    /// `M^{1/2} G M^{1/2}` for the layers' relative learning rates `M`.
    ///
    /// # Errors
    /// If a rate is negative or not finite.
    pub fn preconditioned_gauss_newton(
        &self,
        rates: &LayerRates,
    ) -> Result<Preconditioned<GaussNewton<'_, B>>, InvalidRate> {
        let scale = self.parameters().root_rates(rates)?;
        Ok(Preconditioned::new(self.gauss_newton(), scale))
    }
}
