//! Refuses networks that do not fit the memory of this machine.
//!
//! They are refused before they are built, because the operating system would
//! end the program without a message.

use etastar_search::PlannedCell;
use etastar_search::scale::Footprint;
use sysinfo::{MemoryRefreshKind, RefreshKind, System};

use crate::Error;

/// Checks that each of some threads can train the largest network of a grid.
/// A number takes `float_bytes` bytes.
pub(crate) fn check(grid: &[PlannedCell], float_bytes: usize, threads: usize) -> Result<(), Error> {
    let Some(largest) = Footprint::largest(grid, float_bytes) else {
        return Ok(());
    };
    let spare = spare();
    if largest.bytes.saturating_mul(threads as u64) <= spare {
        return Ok(());
    }
    Err(Error::Memory {
        parameters: largest.parameters as f64,
        needed: largest.bytes,
        threads,
        spare,
    })
}

/// Bytes that are left on the machine, or in the control group of a cluster's
/// job.
fn spare() -> u64 {
    let memory = MemoryRefreshKind::nothing().with_ram();
    let system = System::new_with_specifics(RefreshKind::nothing().with_memory(memory));
    let group = system.cgroup_limits();
    // Cached files count as used, but their memory is freed when it is needed.
    let of_group = group.map(|limits| limits.total_memory.saturating_sub(limits.rss));
    match (system.available_memory(), of_group) {
        // If it is not known, nothing is refused.
        (0, None | Some(0)) => u64::MAX,
        (0, Some(group)) => group,
        (machine, None) => machine,
        (machine, Some(group)) => machine.min(group),
    }
}
