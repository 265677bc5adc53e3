/// Arithmetic mean, or `None` of an empty slice.
pub fn mean(values: &[f64]) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    Some(values.iter().sum::<f64>() / values.len() as f64)
}

/// Geometric mean of rates given by their `log2`: `2^((1/n) sum_i log2 r_i)`,
/// or `None` of an empty slice.
pub fn geometric_mean(log2_values: &[f64]) -> Option<f64> {
    mean(log2_values).map(f64::exp2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_half_and_two_is_one() {
        assert_eq!(geometric_mean(&[-1.0, 1.0]), Some(1.0));
        assert_eq!(geometric_mean(&[]), None);
    }
}
