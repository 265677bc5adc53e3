//! Which repeats of a grid are measured: all of them, or one machine's part.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt::{self, Display};
use std::str::FromStr;

use thiserror::Error;

use crate::random::content_hash;
use crate::{PlannedCell, Snapshot};

/// One of several parts of a sweep, written `2/6`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// Which part, counted from 1.
    index: usize,
    /// Number of parts.
    count: usize,
}

/// Text that names no shard.
#[derive(Debug, Clone, Copy, Error, PartialEq, Eq)]
#[error(
    "a shard is written INDEX/COUNT with an index from 1 to the count, e.g. 2/6; the count is at \
     most {most}", most = Shard::MOST
)]
pub struct InvalidShard;

impl Shard {
    /// Most parts of a sweep.
    pub const MOST: usize = 10_000;

    /// Shard `index` of `count`, counted from 1.
    ///
    /// # Errors
    /// Unless `1 <= index <= count <= MOST`.
    pub fn new(index: usize, count: usize) -> Result<Self, InvalidShard> {
        if (1..=count).contains(&index) && count <= Self::MOST {
            Ok(Self { index, count })
        } else {
            Err(InvalidShard)
        }
    }

    /// Which part, counted from 1.
    pub fn index(self) -> usize {
        self.index
    }

    /// Number of parts.
    pub fn count(self) -> usize {
        self.count
    }
}

impl FromStr for Shard {
    type Err = InvalidShard;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (index, count) = text.split_once('/').ok_or(InvalidShard)?;
        let number = |text: &str| text.parse().map_err(|_| InvalidShard);
        Self::new(number(index)?, number(count)?)
    }
}

impl Display for Shard {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.index, self.count)
    }
}

/// The repeats of a grid that are to be measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repeats {
    /// Of every cell.
    count: usize,
    /// Cell and repeat, where it is not all of them.
    own: Option<BTreeSet<(String, usize)>>,
}

impl Repeats {
    /// So many of every cell.
    pub fn all(count: usize) -> Self {
        Self { count, own: None }
    }

    /// The part of a shard. Parts are disjoint and together all; they depend
    /// on the grid, the count and the number of shards alone, not on what is
    /// measured already.
    ///
    /// The most expensive repeat goes first, each to the shard with the least
    /// expected cost so far: then no shard's cost exceeds the mean by more
    /// than a single repeat's (Graham, 1969, on longest processing time
    /// first). Of equal ones the order is that of a hash: in the grid's own,
    /// some shards would have more of one dataset or input-layer rate, whose
    /// searches take more steps than others.
    pub fn of_shard(count: usize, shard: Shard, cells: &[PlannedCell]) -> Self {
        let mut repeats: Vec<_> = costs(cells)
            .flat_map(|(id, cost)| (0..count).map(move |repeat| (id, repeat, cost)))
            .map(|(id, repeat, cost)| (id, repeat, cost, content_hash(&(id, repeat))))
            .collect();
        repeats.sort_by(|(.., cost, hash), (.., other_cost, other_hash)| {
            other_cost.total_cmp(cost).then(hash.cmp(other_hash))
        });
        let mut loads: BTreeSet<Load> = (1..=shard.count)
            .map(|index| Load { cost: 0.0, index })
            .collect();
        let mut own = BTreeSet::new();
        for (id, repeat, cost, _) in repeats {
            let Some(mut lightest) = loads.pop_first() else {
                break;
            };
            if lightest.index == shard.index {
                own.insert((id.to_owned(), repeat));
            }
            lightest.cost += cost;
            loads.insert(lightest);
        }
        Self {
            count,
            own: Some(own),
        }
    }

    /// Repeats of every cell, of all shards together.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Those of one cell, by ascending index.
    pub fn of_cell<'a>(&'a self, id: &'a str) -> impl Iterator<Item = usize> + 'a {
        (0..self.count).filter(move |&repeat| self.has(id, repeat))
    }

    /// How many of them a store of the grid has, and their expected cost.
    pub fn finished(&self, grid: &[PlannedCell], stored: &Snapshot) -> (usize, f64) {
        // The store has the grid's cells in the grid's order.
        let cells = grid.iter().zip(&stored.cells);
        cells.fold((0, 0.0), |(all, cost), (cell, kept)| {
            let is_kept = |repeat: &usize| kept.repeats.iter().any(|one| one.repeat == *repeat);
            let count = self.of_cell(&cell.id).filter(is_kept).count();
            (all + count, cost + cell.cost() * count as f64)
        })
    }

    /// How many there are in a grid.
    pub fn total(&self, cells: &[PlannedCell]) -> usize {
        match &self.own {
            Some(own) => own.len(),
            None => self.count * cells.len(),
        }
    }

    /// Expected cost of those in a grid, see [`PlannedCell::cost`].
    pub fn cost(&self, cells: &[PlannedCell]) -> f64 {
        costs(cells)
            .map(|(id, cost)| cost * self.of_cell(id).count() as f64)
            .sum()
    }

    /// Whether a repeat is one of them.
    pub(crate) fn has(&self, id: &str, repeat: usize) -> bool {
        let own = self.own.as_ref();
        own.is_none_or(|own| own.contains(&(id.to_owned(), repeat)))
    }
}

/// What a shard has so far; the lightest, and of those the first, is least.
#[derive(Debug, Clone, Copy)]
struct Load {
    cost: f64,
    index: usize,
}

impl Ord for Load {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_cost = self.cost.total_cmp(&other.cost);
        by_cost.then(self.index.cmp(&other.index))
    }
}

impl PartialOrd for Load {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Load {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Load {}

/// Every cell of a grid, with the expected cost of one of its repeats.
fn costs(cells: &[PlannedCell]) -> impl Iterator<Item = (&str, f64)> {
    cells.iter().map(|one| (one.id.as_str(), one.cost()))
}

#[cfg(test)]
mod tests {
    use etastar_data::{DatasetConfig, DatasetName};
    use proptest::prelude::*;

    use super::*;
    use crate::{Cell, Measurement, PlannedCell, Protocol};

    #[test]
    fn shards_are_counted_from_one() {
        assert_eq!("2/6".parse(), Shard::new(2, 6));
        for wrong in [
            "0/6", "7/6", "2", "2/", "/6", "a/b", "-1/2", "2/6/1", "1/10001", "",
        ] {
            assert_eq!(wrong.parse::<Shard>(), Err(InvalidShard), "{wrong}");
        }
        assert_eq!(
            Shard::new(3, 4).map(|shard| shard.to_string()),
            Ok("3/4".into())
        );
    }

    fn planned(sizes: &[(usize, usize)]) -> Vec<PlannedCell> {
        let cell = |&(width, depth): &(usize, usize)| Cell {
            dataset: DatasetConfig::new(DatasetName::Digits),
            hidden: vec![width; depth],
            bias: false,
            output_gain: 2.0,
            form: Default::default(),
            input_rate: 1.0,
            layer_rates: Vec::new(),
            checkpoint: None,
            vary: Default::default(),
            measurement: Measurement::EtaStar(Protocol::default()),
        };
        let planned = sizes.iter().enumerate().map(|(index, size)| PlannedCell {
            id: format!("cell {index}"),
            cell: cell(size),
            inputs: 64,
            outputs: 10,
        });
        planned.collect()
    }

    proptest! {
        #[test]
        fn shards_are_disjoint_complete_and_balanced(
            sizes in prop::collection::vec((1..200usize, 1..9usize), 1..12),
            count in 1..6usize,
            shards in 1..9usize,
        ) {
            let cells = planned(&sizes);
            let grid = cells.as_slice();
            let parts: Vec<Repeats> = (1..=shards)
                .map(|index| Repeats::of_shard(count, Shard::new(index, shards).unwrap(), grid))
                .collect();
            for cell in &cells {
                for repeat in 0..count {
                    let owners = parts.iter().filter(|part| part.has(&cell.id, repeat));
                    prop_assert_eq!(owners.count(), 1);
                }
            }
            let all = Repeats::all(count);
            let totals: usize = parts.iter().map(|part| part.total(grid)).sum();
            prop_assert_eq!(totals, all.total(grid));
            let mean = all.cost(grid) / shards as f64;
            let largest = cells.iter().map(PlannedCell::cost).fold(0.0, f64::max);
            for part in &parts {
                prop_assert!(part.cost(grid) <= (mean + largest) * (1.0 + 1e-12));
            }
        }
    }
}
