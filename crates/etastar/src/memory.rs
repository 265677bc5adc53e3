//! Refuses networks that do not fit the memory of this machine.
//!
//! They are refused before they are built, because the operating system would
//! end the program without a message.

use std::fs;
use std::path::{Path, PathBuf};

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

/// Bytes that are left on the machine, or in the control groups of a cluster's
/// job. If it is not known, nothing is refused.
fn spare() -> u64 {
    let memory = MemoryRefreshKind::nothing().with_ram();
    let system = System::new_with_specifics(RefreshKind::nothing().with_memory(memory));
    let machine = Some(system.available_memory()).filter(|bytes| *bytes > 0);
    let groups = spare_in_groups(Path::new("/"));
    machine.into_iter().chain(groups).min().unwrap_or(u64::MAX)
}

/// The files of a control group that say how much memory it may take and takes: of version 2, and of
/// version 1. Cached files count as taken, but their memory is freed when it is needed.
struct Files {
    kind: &'static str,
    limit: &'static str,
    taken: &'static str,
    /// In `memory.stat`.
    cached: &'static str,
}

const VERSION_2: Files = Files {
    kind: "cgroup2",
    limit: "memory.max",
    taken: "memory.current",
    cached: "inactive_file ",
};

const VERSION_1: Files = Files {
    kind: "cgroup",
    limit: "memory.limit_in_bytes",
    taken: "memory.usage_in_bytes",
    cached: "total_inactive_file ",
};

/// The least that this process's control group and those around it leave, of either version: the
/// limit of a cluster's job is often that of a group further out. `root` is the folder of `proc` and
/// `sys`.
fn spare_in_groups(root: &Path) -> Option<u64> {
    let read = |name: &str| fs::read_to_string(root.join(name)).ok();
    let groups = read("proc/self/cgroup")?;
    let mounts = read("proc/self/mountinfo")?;
    // `NUMBER:CONTROLLERS:PATH`; version 2 has the number 0 and no controllers.
    let groups = groups.lines().filter_map(|line| {
        let mut fields = line.splitn(3, ':').skip(1);
        let (controllers, path) = (fields.next()?, fields.next()?);
        match controllers {
            "" => Some((VERSION_2, path)),
            some if some.split(',').any(|one| one == "memory") => Some((VERSION_1, path)),
            _ => None,
        }
    });
    let spare = groups.flat_map(|(files, path)| {
        let folders = mount(&mounts, &files).map(|(from, place)| {
            // What is mounted may itself be a group: a container sees its own as the outermost.
            let inside = Path::new(path).strip_prefix(&from).unwrap_or(Path::new(""));
            let outermost = root.join(place.trim_start_matches('/'));
            let innermost = outermost.join(inside.strip_prefix("/").unwrap_or(inside));
            let all = innermost.ancestors().map(Path::to_owned);
            let within = all.take_while(|folder| folder.starts_with(&outermost));
            within.collect::<Vec<PathBuf>>()
        });
        let folders = folders.unwrap_or_default().into_iter();
        folders.filter_map(move |folder| files.spare(&folder))
    });
    spare.min()
}

/// What is mounted where, of control groups of a version: `ID PARENT DEVICE ROOT PLACE OPTIONS .. -
/// KIND SOURCE OPTIONS` (`man 5 proc`).
fn mount(mounts: &str, files: &Files) -> Option<(String, String)> {
    mounts.lines().find_map(|line| {
        let (own, system) = line.split_once(" - ")?;
        let mut own = own.split(' ').skip(3);
        let (from, place) = (own.next()?, own.next()?);
        let mut system = system.split(' ');
        let is_kind = system.next()? == files.kind;
        let options = system.nth(1).unwrap_or_default();
        let has_memory = files.kind == VERSION_2.kind || options.split(',').any(|o| o == "memory");
        (is_kind && has_memory).then(|| (from.to_owned(), place.to_owned()))
    })
}

impl Files {
    /// Bytes left of a group's limit, if it has one.
    fn spare(&self, folder: &Path) -> Option<u64> {
        let read = |name: &str| fs::read_to_string(folder.join(name)).ok();
        let number = |text: &str| text.trim().parse::<u64>().ok();
        let limit = number(&read(self.limit)?)?;
        let taken = number(&read(self.taken)?)?;
        let statistics = read("memory.stat").unwrap_or_default();
        let cached = statistics
            .lines()
            .find_map(|line| number(line.strip_prefix(self.cached)?));
        Some(limit.saturating_sub(taken.saturating_sub(cached.unwrap_or(0))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A machine's files: name and text.
    fn spare(files: &[(&str, &str)]) -> Option<u64> {
        let root = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        spare_in_groups(root.path())
    }

    const MOUNT_2: &str = "31 23 0:27 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw\n";

    #[test]
    fn the_tightest_group_counts_however_far_out() {
        let own = "0::/slurm/job_7/step_0\n";
        let at = |group: &str, file: &str| format!("sys/fs/cgroup/{group}/{file}");
        let job = "slurm/job_7";
        let files = [
            ("proc/self/cgroup".to_owned(), own),
            ("proc/self/mountinfo".to_owned(), MOUNT_2),
            // The step has no limit, its job has, and of what it takes some is cached files.
            (at("slurm/job_7/step_0", "memory.max"), "max\n"),
            (at("slurm/job_7/step_0", "memory.current"), "100\n"),
            (at(job, "memory.max"), "1000\n"),
            (at(job, "memory.current"), "600\n"),
            (at(job, "memory.stat"), "anon 100\ninactive_file 200\n"),
            (at("slurm", "memory.max"), "5000\n"),
            (at("slurm", "memory.current"), "700\n"),
            // Another job's.
            (at("slurm/job_8", "memory.max"), "10\n"),
            (at("slurm/job_8", "memory.current"), "9\n"),
        ];
        let files: Vec<(&str, &str)> = files.iter().map(|(a, b)| (a.as_str(), *b)).collect();
        assert_eq!(spare(&files), Some(600));
    }

    #[test]
    fn the_first_version_and_containers_are_read_too() {
        let mounts = "36 25 0:31 /docker/c1 /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n\
                      35 25 0:30 / /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu\n";
        let files = [
            ("proc/self/cgroup", "4:cpu:/x\n5:memory:/docker/c1/inner\n"),
            ("proc/self/mountinfo", mounts),
            ("sys/fs/cgroup/memory/inner/memory.limit_in_bytes", "900\n"),
            ("sys/fs/cgroup/memory/inner/memory.usage_in_bytes", "100\n"),
            ("sys/fs/cgroup/memory/memory.limit_in_bytes", "500\n"),
            ("sys/fs/cgroup/memory/memory.usage_in_bytes", "150\n"),
            (
                "sys/fs/cgroup/memory/memory.stat",
                "inactive_file 9\ntotal_inactive_file 50\n",
            ),
        ];
        assert_eq!(spare(&files), Some(400));
    }

    #[test]
    fn without_a_limit_nothing_is_known() {
        assert_eq!(spare(&[]), None);
        let files = [
            ("proc/self/cgroup", "0::/\n"),
            ("proc/self/mountinfo", MOUNT_2),
            ("sys/fs/cgroup/cgroup.procs", "1\n"),
        ];
        assert_eq!(spare(&files), None);
    }
}
