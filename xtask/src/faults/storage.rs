//! Faults of storage: disks that are full or read-only, damaged stores, a replaced data set.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::sweep::{Place, Rows, ended, start};
use crate::command::{Failure, etastar, standard_output};
use crate::files::{self, with_ending};

/// A small file system in memory, which is unmounted when this is dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(place: &Place, kibibytes: usize) -> Result<Self, Failure> {
        let folder = place.folder.join("disk");
        files::create_folder(&folder)?;
        let size = format!("size={kibibytes}k");
        mount(&["-t", "tmpfs", "-o", &size, "tmpfs"], &folder)?;
        Ok(Self(folder))
    }

    fn remount(&self, options: &str) -> Result<(), Failure> {
        mount(&["-o", &format!("remount,{options}")], &self.0)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // If this fails, the file system stays in the folder of this test.
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

fn mount(options: &[&str], folder: &Path) -> Result<(), Failure> {
    let mut mount = Command::new("mount");
    standard_output(mount.args(options).arg(folder)).map(drop)
}

/// Sweeps on a disk that is too small, and finishes when there is room.
pub(super) fn full(place: &mut Place) -> Result<(), Failure> {
    let kibibytes = place.rng.random_range(40..900);
    let disk = SmallDisk::mount(place, kibibytes)?;
    let store = disk.0.join("sweep.db");
    let answer = place.sweep(&store)?;
    place.count(!answer.succeeded());
    let told = answer.refused(1, "free space");
    place.expect(answer.succeeded() || told, &answer);
    disk.remount("size=64m")?;
    place.finish(&store)
}

/// Stops the sweep, makes the disk read-only, and asks the sweep to go on
/// there. A file system with open files cannot be made read-only at once.
pub(super) fn read_only(place: &mut Place) -> Result<(), Failure> {
    let disk = SmallDisk::mount(place, 64 << 10)?;
    let store = disk.0.join("sweep.db");
    place.killed(&store, 1)?;
    let kept = place.kept(&store);
    disk.remount("ro")?;
    let answer = place.sweep(&store)?;
    place.count(!answer.succeeded());
    place.expect(answer.refused(1, "rights"), &answer);
    disk.remount("rw")?;
    place.finish_with(&store, &kept)
}

/// The user and group `nobody`, because root may write everywhere.
const NOBODY: u32 = 65534;

/// Makes only the folder read-only, while a sweep of another user writes in
/// it. Open files stay open, but none can be created or removed.
pub(super) fn locked_folder(place: &mut Place) -> Result<(), Failure> {
    let folder = place.folder.join("locked");
    files::create_empty_folder(&folder)?;
    chown(&folder, Some(NOBODY), Some(NOBODY)).map_err(Failure::file(&folder))?;
    let rights = |mode| {
        let rights = fs::Permissions::from_mode(mode);
        fs::set_permissions(&folder, rights).map_err(Failure::file(&folder))
    };
    let store = folder.join("sweep.db");
    let sweep = place.command(&store);
    let sweep = || {
        let mut nobody = Command::new("setpriv");
        nobody.args(["--reuid=nobody", "--regid=65534", "--clear-groups"]);
        start(nobody.arg(sweep.get_program()).args(sweep.get_args()))
    };
    let mut child = sweep()?;
    sleep(place.moment());
    rights(0o555)?;
    let status = child.try_wait().map_err(Failure::start("etastar"))?;
    let answer = ended(child)?;
    place.count(status.is_none());
    let told = answer.refused(1, "rights");
    place.expect(answer.succeeded() || told, &answer);
    let kept = place.kept(&store);
    rights(0o755)?;
    let answer = ended(sweep()?)?;
    place.expect(answer.succeeded(), &answer);
    place.finish_with(&store, &kept)
}

pub(super) fn truncate(place: &mut Place) -> Result<(), Failure> {
    let mut bytes = files::read(&place.undisturbed)?;
    bytes.truncate(place.rng.random_range(1..bytes.len()));
    damaged(place, &bytes)
}

pub(super) fn flip(place: &mut Place) -> Result<(), Failure> {
    let mut bytes = files::read(&place.undisturbed)?;
    flip_a_bit(&mut bytes, &mut place.rng);
    damaged(place, &bytes)
}

fn flip_a_bit(bytes: &mut [u8], rng: &mut ChaCha8Rng) {
    let at = rng.random_range(0..bytes.len());
    bytes[at] ^= 1 << rng.random_range(0..8);
}

/// A damaged store must be refused, or its rows must be unchanged. From a
/// refused store the whole rows are recovered, and a sweep goes on with them.
fn damaged(place: &mut Place, bytes: &[u8]) -> Result<(), Failure> {
    let store = place.fresh("damaged")?;
    files::write(&store, bytes)?;
    let rows = place.rows(&store);
    place.count(rows.is_none());
    if let Some(rows) = rows {
        place.tally.wrong += rows.symmetric_difference(&place.expected).count();
        return Ok(());
    }
    let answer = place.sweep(&store)?;
    // Code 2 comes from a damaged version number of the format, 3 from other damage.
    let told = answer.refused(2, "damaged.db") || answer.refused(3, "damaged.db");
    place.expect(told, &answer);
    let rescued = place.fresh("rescued")?;
    let kept = recovered(place, &store, &rescued)?;
    place.tally.recovered.0 += kept.len();
    place.tally.recovered.1 += place.expected.len();
    place.tally.wrong += kept.difference(&place.expected).count();
    place.finish(&rescued)
}

/// The rows that `etastar merge --recover` saves. There are none if the first
/// bytes of the file are damaged.
fn recovered(place: &Place, store: &Path, rescued: &Path) -> Result<Rows, Failure> {
    let recover = || {
        let mut merge = etastar(&[&"merge", &"--recover", &store]);
        standard_output(merge.arg("--output").arg(rescued))
    };
    if recover().is_err() {
        // If the grid is damaged, recovery needs a store that has the grid.
        let mut begin = place.command(rescued);
        begin.args(["--time-limit", "0.01s"]);
        begin.output().map_err(Failure::start("etastar"))?;
        if recover().is_err() {
            return Ok(Rows::new());
        }
    }
    Ok(place.kept(rescued))
}

/// Flips a bit of the log of a killed sweep. The damaged part of the log is
/// lost: the sweep measures it again, and no row differs.
pub(super) fn flip_log(place: &mut Place) -> Result<(), Failure> {
    let store = place.fresh("log")?;
    place.killed(&store, 1)?;
    let log = with_ending(&store, "-wal");
    // A sweep that has ended leaves no log, nor does one that was killed early.
    let mut bytes = fs::read(&log).unwrap_or_default();
    place.count(!bytes.is_empty());
    if bytes.is_empty() {
        return Ok(());
    }
    flip_a_bit(&mut bytes, &mut place.rng);
    files::write(&log, bytes)?;
    let kept = place.kept(&store);
    place.tally.wrong += kept.difference(&place.expected).count();
    place.finish(&store)
}

/// Sweeps a copy of MNIST, flips a bit of its images, and sweeps again. The
/// second sweep must be refused, because only the genuine files are used.
pub(super) fn dataset_replaced(place: &mut Place) -> Result<(), Failure> {
    let data = place.folder.join("data");
    let folder = data.join("mnist");
    files::create_folder(&folder)?;
    let genuine = mnist().unwrap_or_default();
    let copies = genuine
        .each_ref()
        .map(|path| folder.join(files::name(path)));
    for (path, copy) in genuine.iter().zip(&copies) {
        files::write(copy, files::read(path)?)?;
    }
    let experiment = place.folder.join("replaced.toml");
    let text = files::read_text(&place.experiment)?
        .replace(r#"name = "digits""#, r#"name = "mnist""#)
        .replace("repeats = 6", "repeats = 1");
    files::write(&experiment, text)?;
    let store = place.fresh("replaced")?;
    let sweep = || {
        let mut sweep = etastar(&[&"sweep", &experiment, &"--output", &store]);
        ended(start(sweep.arg("--data-dir").arg(&data))?)
    };
    let answer = sweep()?;
    place.expect(answer.succeeded(), &answer);
    let before = place.kept(&store);
    let mut replaced = files::read(&copies[0])?;
    flip_a_bit(&mut replaced, &mut place.rng);
    files::write(&copies[0], replaced)?;
    let answer = sweep()?;
    let refused = answer.refused(3, "train-images");
    place.count(refused);
    place.expect(refused, &answer);
    let after = place.kept(&store);
    place.tally.lost += before.difference(&after).count();
    place.tally.wrong += after.difference(&before).count();
    Ok(())
}

/// The files of MNIST's images and labels in `ETASTAR_DATA`, packed or not.
pub(super) fn mnist() -> Option<[PathBuf; 2]> {
    let folder = PathBuf::from(std::env::var_os("ETASTAR_DATA")?).join("mnist");
    let found = |name: &str| {
        let paths = [name.to_owned(), format!("{name}.gz")].map(|name| folder.join(name));
        paths.into_iter().find(|path| path.exists())
    };
    Some([
        found("train-images-idx3-ubyte")?,
        found("train-labels-idx1-ubyte")?,
    ])
}
