//! `cargo xtask slurm-test`: runs a sweep in parts on a real Slurm and disturbs it.
//!
//! Parts are cancelled, killed and requeued, as on clusters. The merged store
//! must have the rows of the same sweep in one process.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::Value;

use crate::command::{
    self, Failure, build_etastar, etastar, exported_rows, require, standard_output, target,
};
use crate::files::{self, with_ending};

#[derive(Debug, Args)]
pub(crate) struct SlurmTestArguments {
    /// Experiment file
    #[arg(long, default_value = "experiments/power-law.toml")]
    experiment: PathBuf,

    /// Profile of the experiment
    #[arg(long, default_value = "quick")]
    profile: String,

    /// Parts
    #[arg(long, default_value = "6")]
    shards: usize,

    /// Install Slurm and munge with apt-get if they are missing
    #[arg(long)]
    install: bool,
}

/// The tables that are compared.
const TABLES: [&str; 4] = ["cells", "repeats", "trials", "sharpness"];

pub(crate) fn run(arguments: &SlurmTestArguments) -> Result<(), Failure> {
    let programs = ["munged", "slurmctld", "slurmd"];
    require(&programs, &["slurm-wlm", "munge"], arguments.install)?;
    build_etastar(&[])?;
    let folder = target().join("slurm-test");
    files::create_empty_folder(&folder)?;
    let test = Test {
        arguments,
        cluster: Cluster::start(&folder)?,
        folder,
    };
    test.run()
}

struct Test<'a> {
    arguments: &'a SlurmTestArguments,
    cluster: Cluster,
    folder: PathBuf,
}

impl Test<'_> {
    fn run(&self) -> Result<(), Failure> {
        let single = self.folder.join("single.db");
        let mut sweep = etastar(&[&"sweep", &self.arguments.experiment]);
        sweep.args(["--profile", &self.arguments.profile, "--output"]);
        command::run(sweep.arg(&single))?;

        let array = self.submit()?;
        eprintln!("\npart 1 is cancelled in mid-run and requeued");
        self.wait_until_underway(1)?;
        let first = format!("{array}_1");
        self.cluster.command("scancel", &[&first])?;
        wait_for(60, "the cancelled part", || self.is_cancelled(&first))?;
        self.cluster.command("scontrol", &["requeue", &first])?;
        eprintln!("part 2 is killed with signal 9");
        self.wait_until_underway(2)?;
        command::run(Command::new("kill").args(["-9", &self.process_of(2)?]))?;
        eprintln!("part 3 is requeued in mid-run, as when it is preempted");
        self.wait_until_underway(3)?;
        let third = format!("{array}_3");
        self.cluster.command("scontrol", &["requeue", &third])?;

        wait_for(1800, "the end of all jobs", || {
            let jobs = self.cluster.command("squeue", &["--noheader"]);
            jobs.is_ok_and(|jobs| jobs.trim().is_empty())
        })?;
        self.show_logs()?;
        self.compare(&single)
    }

    /// Submits the sweep; gives the number of the array.
    fn submit(&self) -> Result<String, Failure> {
        let shards = self.arguments.shards.to_string();
        let mut submit = etastar(&[&"submit", &self.arguments.experiment]);
        submit.args(["--profile", &self.arguments.profile]);
        submit.args(["--shards", &shards, "--at-once", &shards, "--time", "60m"]);
        submit.args(["--sbatch=--comment=part", "--sbatch-merge=--comment=merge"]);
        submit.arg("--output-dir").arg(&self.folder);
        // An option of `sweep` that alters no row.
        submit.args(["--", "--networks-at-once", "2"]);
        let text = command::printed(submit.env("SLURM_CONF", &self.cluster.configuration))?;
        let number = text.split_whitespace().nth(1).map(str::to_owned);
        number.ok_or_else(|| Failure::output("etastar submit"))
    }

    /// A path that `etastar submit` has named after the experiment.
    fn path(&self, ending: &str) -> PathBuf {
        let mut paths = files::entries(&self.folder).into_iter();
        let found = paths.find(|path| files::name(path).ends_with(ending));
        found.unwrap_or_default()
    }

    fn jobs(&self) -> PathBuf {
        self.path(".jobs")
    }

    fn part(&self, index: usize) -> PathBuf {
        self.jobs().join(format!("part-{index}.db"))
    }

    /// Waits until some repeats of a part are done, but not all.
    fn wait_until_underway(&self, index: usize) -> Result<(), Failure> {
        let store = self.part(index);
        wait_for(600, "a part in mid-run", || {
            let part = status(&store).unwrap_or_default();
            let (done, repeats) = (&part["done"], &part["repeats"]);
            let underway = part["state"] == "running" && done.as_u64() > Some(0);
            if underway {
                eprintln!("  part {index}: {done} of {repeats} repeats");
            }
            underway
        })
    }

    fn process_of(&self, index: usize) -> Result<String, Failure> {
        let path = with_ending(&self.part(index), ".status.json");
        let file: Value = files::read_json(&path)?;
        Ok(file["process"].to_string())
    }

    fn is_cancelled(&self, job: &str) -> bool {
        let shown = self.cluster.command("scontrol", &["show", "job", job]);
        let shown = shown.unwrap_or_default();
        let mut words = shown.split_whitespace();
        words.any(|word| word == "JobState=CANCELLED")
    }

    fn show_logs(&self) -> Result<(), Failure> {
        let logs = self.jobs().join("logs");
        for index in 1..=self.arguments.shards {
            let log = logs.join(format!("part-{index}.log"));
            let text = files::read_text(&log).unwrap_or_default();
            eprintln!(
                "part {index}: started {} times",
                text.matches(", start ").count()
            );
        }
        eprintln!("\n{}", files::read_text(&logs.join("merge.log"))?);
        Ok(())
    }

    /// Compares the merged store with that of the single run, row by row, and
    /// shows how the work was shared out.
    fn compare(&self, single: &Path) -> Result<(), Failure> {
        let merged = self.path(&format!("{}.db", self.arguments.profile));
        println!("| table | rows | differing from the single run |\n|---|---|---|");
        let mut differing = 0;
        for table in TABLES {
            let without_times = ["--table", table, "--without-times"];
            let one = exported_rows(single, &without_times)?;
            let other = exported_rows(&merged, &without_times)?;
            let pairs = one.iter().zip(&other).filter(|(a, b)| a != b).count();
            let differ = pairs + one.len().abs_diff(other.len());
            println!("| {table} | {} | {differ} |", one.len());
            differing += differ;
        }
        println!("\n| part | repeats | seconds of trials |\n|---|---|---|");
        let (mut sum, mut largest) = (0.0, 0.0_f64);
        for index in 1..=self.arguments.shards {
            let store = self.part(index);
            let repeats = exported_rows(&store, &["--table", "repeats", "--without-times"])?.len();
            // The seconds are the last column.
            let trials = exported_rows(&store, &["--table", "trials"])?;
            let seconds = trials.iter().filter_map(|row| row.rsplit(',').next());
            let seconds: f64 = seconds.filter_map(|text| text.parse::<f64>().ok()).sum();
            println!("| {index} | {repeats} | {seconds:.1} |");
            sum += seconds;
            largest = largest.max(seconds);
        }
        let mean = sum / self.arguments.shards as f64;
        println!("\nlargest over mean: {:.2} (expected 1.00)", largest / mean);
        if differing == 0 {
            return Ok(());
        }
        Err(Failure::new(format!(
            "{differing} rows are not those of the undisturbed run"
        )))
    }
}

/// What `etastar status` tells of a part; none before it has begun.
fn status(store: &Path) -> Option<Value> {
    let text = standard_output(&mut etastar(&[&"status", &"--json", &store])).ok()?;
    let status: Value = serde_json::from_str(&text).ok()?;
    let part = status["stores"].get(0)?;
    part["shard"].is_string().then(|| part.clone())
}

/// A Slurm cluster of one node on this machine, which ends when it is dropped.
struct Cluster {
    /// The file by which Slurm's programs find the cluster.
    configuration: PathBuf,
    daemons: Vec<Child>,
}

impl Cluster {
    /// Starts munge, the controller and the node's daemon. They listen on the
    /// loopback interface alone.
    fn start(folder: &Path) -> Result<Self, Failure> {
        for name in ["state", "spool", "munge"] {
            files::create_folder(&folder.join(name))?;
        }
        let host = standard_output(&mut Command::new("hostname"))?;
        let configuration = folder.join("slurm.conf");
        let text = include_str!("../slurm.conf").replace("HOST", host.trim());
        files::write(
            &configuration,
            text.replace("FOLDER", &folder.display().to_string()),
        )?;
        let mut cluster = Self {
            configuration,
            daemons: Vec::new(),
        };
        let munge = folder.join("munge");
        let key = munge.join("munge.key");
        files::write(&key, random_bytes()?)?;
        for (path, mode) in [(&munge, 0o700), (&key, 0o400)] {
            let rights = fs::Permissions::from_mode(mode);
            fs::set_permissions(path, rights).map_err(Failure::file(path))?;
        }
        let mut munged = Command::new("munged");
        munged.args(["--foreground", "--force"]);
        for (option, file) in [
            ("key-file", "munge.key"),
            ("socket", "socket"),
            ("pid-file", "pid"),
            ("log-file", "log"),
            ("seed-file", "seed"),
        ] {
            munged.arg(format!("--{option}={}", munge.join(file).display()));
        }
        cluster.daemon(folder, &mut munged)?;
        wait_for(60, "munge", || munge.join("socket").exists())?;
        cluster.daemon(folder, Command::new("slurmctld").args(["-D", "-c"]))?;
        cluster.daemon(folder, Command::new("slurmd").arg("-D"))?;
        wait_for(60, "the node", || {
            let state = cluster.command("sinfo", &["--noheader", "--format=%t"]);
            state.is_ok_and(|state| state.trim() == "idle")
        })?;
        Ok(cluster)
    }

    /// Runs one of Slurm's programs; gives what it prints.
    fn command(&self, program: &str, arguments: &[&str]) -> Result<String, Failure> {
        let mut command = Command::new(program);
        command.args(arguments);
        standard_output(command.env("SLURM_CONF", &self.configuration))
    }

    fn daemon(&mut self, folder: &Path, command: &mut Command) -> Result<(), Failure> {
        let name = command.get_program().to_string_lossy().into_owned();
        let path = folder.join(format!("{name}.out"));
        let log = File::create(&path).map_err(Failure::file(&path))?;
        command.env("SLURM_CONF", &self.configuration);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let child = command.stderr(log).spawn().map_err(Failure::start(&name))?;
        self.daemons.push(child);
        Ok(())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for daemon in self.daemons.iter_mut().rev() {
            // A daemon may have ended already.
            let _ = daemon.kill();
            let _ = daemon.wait();
        }
    }
}

/// Waits up to some seconds, looking five times a second.
fn wait_for(seconds: u64, what: &str, mut ready: impl FnMut() -> bool) -> Result<(), Failure> {
    let begun = Instant::now();
    while !ready() {
        if begun.elapsed() > Duration::from_secs(seconds) {
            return Err(Failure::new(format!("waited too long for {what}")));
        }
        sleep(Duration::from_millis(200));
    }
    Ok(())
}

fn random_bytes() -> Result<[u8; 1024], Failure> {
    let mut bytes = [0; 1024];
    let path = Path::new("/dev/urandom");
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut bytes));
    read.map(|()| bytes).map_err(Failure::file(path))
}
