//! A Slurm cluster of one node on this machine, for as long as the test runs.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::command::{self, Failure, standard_output};

/// The daemons; they end when this is dropped.
pub(super) struct Cluster {
    configuration: PathBuf,
    daemons: Vec<Child>,
}

/// Task slots of the node, whatever the machine has.
const SLOTS: usize = 2;

impl Cluster {
    /// Starts munge, the controller and the node's daemon. They listen on the
    /// loopback interface alone.
    pub(super) fn start(folder: &Path) -> Result<Self, Failure> {
        provide()?;
        for name in ["state", "spool", "munge"] {
            let path = folder.join(name);
            fs::create_dir_all(&path).map_err(|source| Failure::File { path, source })?;
        }
        let host = standard_output(&mut Command::new("hostname"))?;
        let configuration = folder.join("slurm.conf");
        write(&configuration, configured(folder, host.trim()).as_bytes())?;
        let mut cluster = Self {
            configuration,
            daemons: Vec::new(),
        };
        let munge = folder.join("munge");
        let key = munge.join("munge.key");
        write(&key, &random_bytes()?)?;
        for (path, mode) in [(&munge, 0o700), (&key, 0o400)] {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(|source| {
                Failure::File {
                    path: path.clone(),
                    source,
                }
            })?;
        }
        let option = |name: &str, file: &str| format!("--{name}={}", munge.join(file).display());
        cluster.daemon(
            folder,
            Command::new("munged")
                .args(["--foreground", "--force"])
                .args([
                    option("key-file", "munge.key"),
                    option("socket", "socket"),
                    option("pid-file", "pid"),
                    option("log-file", "log"),
                    option("seed-file", "seed"),
                ]),
        )?;
        wait_for("munge", || munge.join("socket").exists())?;
        cluster.daemon(folder, Command::new("slurmctld").args(["-D", "-c"]))?;
        cluster.daemon(folder, Command::new("slurmd").arg("-D"))?;
        wait_for("the node", || {
            let state = cluster.command("sinfo", &["--noheader", "--format=%t"]);
            state.is_ok_and(|state| state.trim() == "idle")
        })?;
        Ok(cluster)
    }

    /// Where Slurm's programs find the cluster.
    pub(super) fn configuration(&self) -> &Path {
        &self.configuration
    }

    /// What one of Slurm's programs prints.
    pub(super) fn command(&self, program: &str, arguments: &[&str]) -> Result<String, Failure> {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env("SLURM_CONF", &self.configuration);
        standard_output(&mut command)
    }

    fn daemon(&mut self, folder: &Path, command: &mut Command) -> Result<(), Failure> {
        let name = command.get_program().to_string_lossy().into_owned();
        let path = folder.join(format!("{name}.out"));
        let log = File::create(&path).map_err(|source| Failure::File { path, source })?;
        let child = command
            .env("SLURM_CONF", &self.configuration)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .map_err(|source| Failure::Start {
                program: name,
                source,
            })?;
        self.daemons.push(child);
        Ok(())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for daemon in self.daemons.iter_mut().rev() {
            // One that has ended already needs no end.
            let _ = daemon.kill();
            let _ = daemon.wait();
        }
    }
}

/// Waits up to a minute.
pub(super) fn wait_for(what: &'static str, ready: impl FnMut() -> bool) -> Result<(), Failure> {
    wait_up_to(Duration::from_secs(60), what, ready)
}

/// Waits up to some time, looking five times a second.
pub(super) fn wait_up_to(
    limit: Duration,
    what: &'static str,
    mut ready: impl FnMut() -> bool,
) -> Result<(), Failure> {
    let begun = Instant::now();
    while !ready() {
        if begun.elapsed() > limit {
            return Err(Failure::Waited(what));
        }
        sleep(Duration::from_millis(200));
    }
    Ok(())
}

/// Installs Slurm where it is missing, as Debian has it.
fn provide() -> Result<(), Failure> {
    let present = |program: &str| {
        let mut command = Command::new(program);
        let command = command
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command.status().is_ok()
    };
    if ["munged", "slurmctld", "slurmd"]
        .iter()
        .all(|program| present(program))
    {
        return Ok(());
    }
    if !present("apt-get") {
        return Err(Failure::Missing(
            "this test needs Slurm (slurmctld, slurmd) and munge; install them first",
        ));
    }
    let mut install = Command::new("apt-get");
    install.env("DEBIAN_FRONTEND", "noninteractive");
    install.args([
        "install",
        "--yes",
        "--no-install-recommends",
        "slurm-wlm",
        "munge",
    ]);
    command::run(&mut install)
}

fn configured(folder: &Path, host: &str) -> String {
    let folder = folder.display();
    format!(
        "ClusterName=etastar\n\
         SlurmctldHost={host}(127.0.0.1)\n\
         CommunicationParameters=NoCtldInAddrAny,NoInAddrAny\n\
         SlurmctldPort=16817\n\
         SlurmdPort=16818\n\
         AuthType=auth/munge\n\
         CredType=cred/munge\n\
         # A requeued job waits as long as a credential lives: not minutes here.\n\
         AuthInfo=socket={folder}/munge/socket,cred_expire=5\n\
         SlurmUser=root\n\
         SlurmdUser=root\n\
         StateSaveLocation={folder}/state\n\
         SlurmdSpoolDir={folder}/spool\n\
         SlurmctldPidFile={folder}/slurmctld.pid\n\
         SlurmdPidFile={folder}/slurmd.pid\n\
         ProctrackType=proctrack/linuxproc\n\
         TaskPlugin=task/none\n\
         SelectType=select/cons_tres\n\
         SelectTypeParameters=CR_Core\n\
         ReturnToService=2\n\
         KillWait=10\n\
         MinJobAge=3600\n\
         SchedulerParameters=batch_sched_delay=1,sched_interval=2,bf_interval=2\n\
         SlurmdParameters=config_overrides\n\
         MpiDefault=none\n\
         NodeName={host} NodeAddr=127.0.0.1 CPUs={SLOTS} RealMemory=2000 State=UNKNOWN\n\
         PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP\n"
    )
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    fs::write(path, bytes).map_err(|source| Failure::File {
        path: path.to_owned(),
        source,
    })
}

fn random_bytes() -> Result<Vec<u8>, Failure> {
    let mut bytes = vec![0; 1024];
    let path = PathBuf::from("/dev/urandom");
    File::open(&path)
        .and_then(|mut file| file.read_exact(&mut bytes))
        .map_err(|source| Failure::File { path, source })?;
    Ok(bytes)
}
