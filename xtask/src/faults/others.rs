//! What else goes wrong where computers are.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::Tally;
use super::sweep::{Place, ended, file, start};
use crate::command::{self, Failure};

/// A first part of the sweep now, the rest at a time long gone.
pub(super) fn clock_set_back(
    place: &Place,
    rng: &mut ChaCha8Rng,
    times: usize,
) -> Result<Tally, Failure> {
    let mut tally = Tally::default();
    for _ in 0..times {
        let store = place.fresh("clock");
        let mut child = place.start(&store)?;
        sleep(place.moment(rng));
        child.kill().map_err(start)?;
        tally.hit += usize::from(ended(child)?.code.is_none());
        tally.tried += 1;
        let kept = place.rows(&store)?.unwrap_or_default();
        let sweep = place.command(&store);
        let mut faketime = Command::new("faketime");
        faketime.arg("2001-02-03 04:05:06").arg(sweep.get_program());
        let child = faketime
            .args(sweep.get_args())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(start)?;
        let answer = ended(child)?;
        tally.expect(answer.code == Some(0), &answer);
        place.finish(&store, &kept, &mut tally)?;
    }
    Ok(tally)
}

pub(super) fn provide_faketime() -> Result<(), Failure> {
    let mut present = Command::new("faketime");
    if present
        .arg("--version")
        .stdout(Stdio::null())
        .status()
        .is_ok()
    {
        return Ok(());
    }
    let mut install = Command::new("apt-get");
    command::run(install.args(["install", "--yes", "faketime"]))
}

/// Both are started at once; one gets the store, the other is told.
pub(super) fn two_processes(
    place: &Place,
    rng: &mut ChaCha8Rng,
    times: usize,
) -> Result<Tally, Failure> {
    let mut tally = Tally::default();
    for _ in 0..times {
        let store = place.fresh("shared");
        let first = place.start(&store)?;
        sleep(place.moment(rng) / 2);
        let second = place.start(&store)?;
        let answers = [ended(second)?, ended(first)?];
        tally.tried += 1;
        for answer in &answers {
            let refused = answer.code == Some(2) && answer.message.contains("in use");
            tally.hit += usize::from(refused);
            tally.expect(answer.code == Some(0) || refused, answer);
        }
        let kept = place.rows(&store)?.unwrap_or_default();
        place.finish(&store, &kept, &mut tally)?;
    }
    Ok(tally)
}

/// A bit of the images is another one in the second run: only the genuine
/// files are ever used. Tried where `ETASTAR_DATA` has MNIST.
pub(super) fn dataset_replaced(
    place: &Place,
    rng: &mut ChaCha8Rng,
    times: usize,
) -> Result<Tally, Failure> {
    let mut tally = Tally::default();
    let Some(genuine) = mnist() else {
        eprintln!("ETASTAR_DATA has no MNIST: a replaced dataset is not tried");
        return Ok(tally);
    };
    let data = place.folder.join("data");
    let folder = data.join("mnist");
    fs::create_dir_all(&folder).map_err(|source| file(&folder, source))?;
    for path in &genuine {
        let copy = folder.join(path.file_name().unwrap_or_default());
        fs::copy(path, &copy).map_err(|source| file(&copy, source))?;
    }
    let images = folder.join(genuine[0].file_name().unwrap_or_default());
    let bytes = fs::read(&images).map_err(|source| file(&images, source))?;
    let text = fs::read_to_string(&place.experiment);
    let text = text.map_err(|source| file(&place.experiment, source))?;
    let experiment = place.folder.join("replaced.toml");
    let text = text
        .replace(r#"name = "digits""#, r#"name = "mnist""#)
        .replace("repeats = 6", "repeats = 1");
    write(&experiment, text.as_bytes())?;
    for _ in 0..times {
        write(&images, &bytes)?;
        let store = place.fresh("replaced");
        let sweep = || {
            let mut command = command::etastar();
            command
                .arg("sweep")
                .arg(&experiment)
                .arg("--output")
                .arg(&store);
            command.arg("--data-dir").arg(&data);
            let command = command.stdout(Stdio::null()).stderr(Stdio::piped());
            ended(command.spawn().map_err(start)?)
        };
        let answer = sweep()?;
        tally.expect(answer.code == Some(0), &answer);
        let before = place.rows(&store)?.unwrap_or_default();
        let mut replaced = bytes.clone();
        let at = rng.random_range(0..replaced.len());
        replaced[at] ^= 1 << rng.random_range(0..8);
        write(&images, &replaced)?;
        let answer = sweep()?;
        tally.tried += 1;
        let refused = answer.code == Some(3) && answer.message.contains("train-images");
        tally.hit += usize::from(refused);
        tally.expect(refused, &answer);
        let after = place.rows(&store)?.unwrap_or_default();
        tally.lost += before.difference(&after).count();
        tally.wrong += after.difference(&before).count();
    }
    Ok(tally)
}

/// Images and labels, packed or not.
fn mnist() -> Option<[PathBuf; 2]> {
    let folder = PathBuf::from(std::env::var_os("ETASTAR_DATA")?).join("mnist");
    let found = |name: &str| {
        let names = [name.to_owned(), format!("{name}.gz")];
        let paths = names.map(|name| folder.join(name));
        paths.into_iter().find(|path| path.exists())
    };
    Some([
        found("train-images-idx3-ubyte")?,
        found("train-labels-idx1-ubyte")?,
    ])
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    fs::write(path, bytes).map_err(|source| file(path, source))
}
