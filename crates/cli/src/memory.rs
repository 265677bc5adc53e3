//! Refuses networks that this machine has no room for, before they are built:
//! the operating system would end the program without a word.

use etastar_search::Grid;
use etastar_search::scale::Footprint;
use sysinfo::{MemoryRefreshKind, RefreshKind, System};

use crate::error::CliError;

/// Checks that so many threads can train the largest network of a grid, in a
/// float type of this many bytes.
pub(crate) fn check(grid: Grid<'_>, float_bytes: usize, threads: usize) -> Result<(), CliError> {
    let Some(largest) = Footprint::largest(grid, float_bytes) else {
        return Ok(());
    };
    let spare = spare();
    if largest.bytes.saturating_mul(threads as u64) <= spare {
        return Ok(());
    }
    Err(CliError::Memory {
        parameters: largest.parameters as f64,
        needed: largest.bytes,
        threads,
        spare,
    })
}

/// Bytes that the machine, or the control group that a cluster gives, has
/// left.
fn spare() -> u64 {
    let memory = MemoryRefreshKind::nothing().with_ram();
    let system = System::new_with_specifics(RefreshKind::nothing().with_memory(memory));
    let group = system.cgroup_limits();
    // Files that the group has read count as used, and yet give way.
    let of_group = group.map(|limits| limits.total_memory.saturating_sub(limits.rss));
    match (system.available_memory(), of_group) {
        // Where it is not known, nothing is refused.
        (0, None | Some(0)) => u64::MAX,
        (0, Some(group)) => group,
        (machine, None) => machine,
        (machine, Some(group)) => machine.min(group),
    }
}
