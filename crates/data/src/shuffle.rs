//! Random permutations that depend on nothing but the generator's bits, so that
//! they stay the same whatever the version of `rand`.

use rand::Rng;

/// A number below `bound`, which must not be 0: the high half of a 64-bit draw
/// times `bound`. Its bias, `bound / 2^64`, is beyond detection.
fn below(bound: usize, rng: &mut (impl Rng + ?Sized)) -> usize {
    let product = u128::from(rng.next_u64()) * bound as u128;
    (product >> 64) as usize
}

/// Brings a uniformly random selection of `amount` elements, in random order,
/// to the front of `values` (Fisher-Yates, stopped early). One draw each.
///
/// The first `k` of them depend only on the generator and the length.
pub(crate) fn shuffle_front<T>(values: &mut [T], amount: usize, rng: &mut (impl Rng + ?Sized)) {
    let length = values.len();
    for position in 0..amount.min(length) {
        values.swap(position, position + below(length - position, rng));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn is_a_permutation_and_every_order_is_equally_likely() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut counts = std::collections::BTreeMap::new();
        for _ in 0..6_000 {
            let mut values = [0, 1, 2];
            shuffle_front(&mut values, 3, &mut rng);
            *counts.entry(values).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 6);
        for (order, count) in counts {
            assert!((900..1_100).contains(&count), "{order:?}: {count}");
        }
    }

    #[test]
    fn the_front_does_not_depend_on_how_much_is_shuffled() {
        let draw = |amount| {
            let mut values: Vec<u32> = (0..100).collect();
            shuffle_front(&mut values, amount, &mut ChaCha8Rng::seed_from_u64(2));
            values[..10].to_vec()
        };
        assert_eq!(draw(10), draw(1_000));
    }
}
