//! What forward and backward passes compute with: tensors, or tensors with a tangent.

use burn_tensor::{Tensor, backend};

use crate::activation::Activation;

/// Which of a function and its derivatives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    Value,
    Derivative,
}

/// A matrix, or several with a leading axis, whose last two axes are samples and features.
pub trait Value: Clone {
    /// The sum; axes of length 1 are repeated.
    fn plus(self, other: Self) -> Self;
    /// The product element by element; axes of length 1 are repeated.
    fn times(self, other: Self) -> Self;
    fn scaled(self, factor: f64) -> Self;
    /// The matrix product.
    fn product(self, other: Self) -> Self;
    fn transposed(self) -> Self;
    /// The sum over the samples, whose axis is kept with length 1.
    fn sample_sum(self) -> Self;
    /// The mean over the last axis, which is kept with length 1.
    fn feature_mean(self) -> Self;
    /// `(x + epsilon)^(-1/2)`.
    fn inverse_root(self, epsilon: f64) -> Self;
    fn activated(self, activation: Activation, order: Order) -> Self;
}

impl<B: backend::Backend, const D: usize> Value for Tensor<B, D> {
    fn plus(self, other: Self) -> Self {
        self + other
    }

    fn times(self, other: Self) -> Self {
        self * other
    }

    fn scaled(self, factor: f64) -> Self {
        self * factor
    }

    fn product(self, other: Self) -> Self {
        self.matmul(other)
    }

    fn transposed(self) -> Self {
        self.transpose()
    }

    fn sample_sum(self) -> Self {
        self.sum_dim(D - 2)
    }

    fn feature_mean(self) -> Self {
        self.mean_dim(D - 1)
    }

    fn inverse_root(self, epsilon: f64) -> Self {
        (self + epsilon).sqrt().recip()
    }

    fn activated(self, activation: Activation, order: Order) -> Self {
        match order {
            Order::Value => activation.value(self),
            Order::Derivative => activation.derivative(self),
        }
    }
}

/// A value and its derivative along a direction: every operation applies the chain rule
/// (forward-mode differentiation).
#[derive(Debug, Clone)]
pub(crate) struct Dual<B: backend::Backend> {
    pub(crate) value: Tensor<B, 2>,
    pub(crate) tangent: Tensor<B, 2>,
}

impl<B: backend::Backend> Dual<B> {
    pub(crate) fn constant(value: Tensor<B, 2>) -> Self {
        let tangent = value.zeros_like();
        Self { value, tangent }
    }
}

impl<B: backend::Backend> Value for Dual<B> {
    fn plus(self, other: Self) -> Self {
        Self {
            value: self.value + other.value,
            tangent: self.tangent + other.tangent,
        }
    }

    fn times(self, other: Self) -> Self {
        Self {
            tangent: self.tangent * other.value.clone() + self.value.clone() * other.tangent,
            value: self.value * other.value,
        }
    }

    fn scaled(self, factor: f64) -> Self {
        Self {
            value: self.value * factor,
            tangent: self.tangent * factor,
        }
    }

    fn product(self, other: Self) -> Self {
        Self {
            tangent: self.tangent.matmul(other.value.clone())
                + self.value.clone().matmul(other.tangent),
            value: self.value.matmul(other.value),
        }
    }

    fn transposed(self) -> Self {
        Self {
            value: self.value.transpose(),
            tangent: self.tangent.transpose(),
        }
    }

    fn sample_sum(self) -> Self {
        Self {
            value: self.value.sum_dim(0),
            tangent: self.tangent.sum_dim(0),
        }
    }

    fn feature_mean(self) -> Self {
        Self {
            value: self.value.mean_dim(1),
            tangent: self.tangent.mean_dim(1),
        }
    }

    fn inverse_root(self, epsilon: f64) -> Self {
        let value = self.value.inverse_root(epsilon);
        let slope = value.clone().powi_scalar(3) * -0.5;
        Self {
            value,
            tangent: slope * self.tangent,
        }
    }

    fn activated(self, activation: Activation, order: Order) -> Self {
        let h = self.value;
        let (value, slope) = match order {
            Order::Value => (activation.value(h.clone()), activation.derivative(h)),
            Order::Derivative => (
                activation.derivative(h.clone()),
                activation.second_derivative(h),
            ),
        };
        Self {
            value,
            tangent: slope * self.tangent,
        }
    }
}
