//! Disks that are full, or may not be written any more.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::Tally;
use super::sweep::{Place, ended, file, start};
use crate::command::{Failure, standard_output};

/// A small file system in memory, for as long as this lives.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(place: &Place, kibibytes: usize) -> Result<Self, Failure> {
        let folder = place.folder.join("disk");
        fs::create_dir_all(&folder).map_err(|source| file(&folder, source))?;
        let size = format!("size={kibibytes}k");
        mount(&["-t", "tmpfs", "-o", &size, "tmpfs"], &folder)?;
        Ok(Self(folder))
    }

    fn remount(&self, options: &str) -> Result<(), Failure> {
        mount(&["-o", &format!("remount,{options}")], &self.0)
    }

    fn store(&self) -> PathBuf {
        self.0.join("sweep.db")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // What cannot be taken away stays in the folder of this test.
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

fn mount(options: &[&str], folder: &Path) -> Result<(), Failure> {
    let mut mount = Command::new("mount");
    standard_output(mount.args(options).arg(folder)).map(drop)
}

pub(super) fn full(place: &Place, rng: &mut ChaCha8Rng, times: usize) -> Result<Tally, Failure> {
    let mut tally = Tally::default();
    for _ in 0..times {
        let disk = SmallDisk::mount(place, rng.random_range(40..900))?;
        let answer = place.sweep(&disk.store())?;
        tally.tried += 1;
        tally.hit += usize::from(answer.code != Some(0));
        let told = answer.code == Some(1) && answer.message.contains("free space");
        tally.expect(answer.code == Some(0) || told, &answer);
        disk.remount("size=64m")?;
        let kept = place.rows(&disk.store())?.unwrap_or_default();
        place.finish(&disk.store(), &kept, &mut tally)?;
    }
    Ok(tally)
}

/// The sweep is stopped, the disk made read-only, and the sweep asked to go on
/// there: a file system with open files cannot be made read-only at once.
pub(super) fn read_only(
    place: &Place,
    rng: &mut ChaCha8Rng,
    times: usize,
) -> Result<Tally, Failure> {
    let mut tally = Tally::default();
    for _ in 0..times {
        let disk = SmallDisk::mount(place, 64 << 10)?;
        let mut child = place.start(&disk.store())?;
        sleep(place.moment(rng));
        child.kill().map_err(start)?;
        ended(child)?;
        let kept = place.rows(&disk.store())?.unwrap_or_default();
        disk.remount("ro")?;
        let answer = place.sweep(&disk.store())?;
        tally.tried += 1;
        tally.hit += usize::from(answer.code != Some(0));
        let told = answer.code == Some(1) && answer.message.contains("rights");
        tally.expect(told, &answer);
        disk.remount("rw")?;
        place.finish(&disk.store(), &kept, &mut tally)?;
    }
    Ok(tally)
}

/// User and group that have no rights, which root has always: `nobody`.
const NOBODY: u32 = 65534;

/// The folder alone is made read-only while a sweep of another user writes in
/// it: what is open stays so, nothing can be created or removed.
pub(super) fn locked_folder(
    place: &Place,
    rng: &mut ChaCha8Rng,
    times: usize,
) -> Result<Tally, Failure> {
    let mut tally = Tally::default();
    for _ in 0..times {
        let folder = place.folder.join("locked");
        // Of the try before.
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).map_err(|source| file(&folder, source))?;
        chown(&folder, Some(NOBODY), Some(NOBODY)).map_err(|source| file(&folder, source))?;
        let rights = |mode| {
            let rights = fs::Permissions::from_mode(mode);
            fs::set_permissions(&folder, rights).map_err(|source| file(&folder, source))
        };
        let store = folder.join("sweep.db");
        let sweep = || {
            let sweep = place.command(&store);
            let mut nobody = Command::new("setpriv");
            nobody
                .args(["--reuid=nobody", "--regid=65534", "--clear-groups"])
                .arg(sweep.get_program())
                .args(sweep.get_args());
            let nobody = nobody.stdout(Stdio::null()).stderr(Stdio::piped());
            nobody.spawn().map_err(start)
        };
        let mut child = sweep()?;
        sleep(place.moment(rng));
        rights(0o555)?;
        let underway = child.try_wait().map_err(start)?.is_none();
        let answer = ended(child)?;
        tally.tried += 1;
        tally.hit += usize::from(underway);
        let told = answer.code == Some(1) && answer.message.contains("rights");
        tally.expect(answer.code == Some(0) || told, &answer);
        let kept = place.rows(&store)?.unwrap_or_default();
        rights(0o755)?;
        let answer = ended(sweep()?)?;
        tally.expect(answer.code == Some(0), &answer);
        place.finish(&store, &kept, &mut tally)?;
    }
    Ok(tally)
}
