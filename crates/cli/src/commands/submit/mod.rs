//! Many machines: the parts of a sweep as jobs of a cluster.

mod template;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use clap::{Args, ValueEnum};
use etastar_backend::DeviceName;
use etastar_search::Experiment;

use crate::error::CliError;
use crate::numbers::{count, duration, shards};
use crate::output;
use crate::provenance;

const ARRAY: &str = include_str!("../../../templates/slurm-array.sh");
const MERGE: &str = include_str!("../../../templates/slurm-merge.sh");
const KUBERNETES: &str = include_str!("../../../templates/kubernetes-job.yaml");

/// Times that a part is started again after somebody killed it.
const RESTARTS: usize = 5;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  etastar submit experiments/power-law.toml --shards 24 --time 4h --partition cpu
  etastar submit experiments/power-law.toml --shards 6 --dry-run
  etastar submit experiments/power-law.toml --shards 6 --print-template > array.sh
  etastar submit experiments/power-law.toml --shards 6 --template array.sh

Writes NAME.jobs into --output-dir, with the scripts of an array of --shards tasks and
of a job that merges the parts and writes the report when no task is left, and
hands both to sbatch. A task that is preempted, out of time or killed is requeued
and goes on where it stopped; `etastar status NAME.jobs` tells how far all are. Tasks
share nothing but the file system. The same command again measures what is
missing. With --to kubernetes it writes the manifest of an Indexed Job instead.")]
pub(crate) struct SubmitArguments {
    /// Experiment file (TOML)
    experiment: PathBuf,

    /// Profile of the experiment
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,

    /// Parts of about equal cost, each a task
    #[arg(long, value_name = "N", value_parser = shards)]
    shards: usize,

    /// Whom to submit to
    #[arg(long, value_name = "NAME", value_enum, default_value_t = Target::Slurm)]
    to: Target,

    /// Folder for NAME.jobs, the merged store and the report; on a file system that all machines
    /// share
    #[arg(long, value_name = "FOLDER", default_value = "results")]
    output_dir: PathBuf,

    /// Burn backend and device of the tasks
    #[arg(long, value_name = "NAME[:DEVICE]")]
    backend: Option<DeviceName>,

    /// Processors of a task, and its threads
    #[arg(long, value_name = "N", default_value = "1", value_parser = count)]
    cpus_per_task: usize,

    /// Accelerators of a task
    #[arg(long, value_name = "N", value_parser = count)]
    gpus_per_task: Option<usize>,

    /// Memory of a task, as the cluster writes it, e.g. 4G (4Gi for Kubernetes)
    #[arg(long, value_name = "SIZE")]
    memory: Option<String>,

    /// Time limit of a task, e.g. 90m or 4h; a task that needs longer is requeued
    #[arg(long, value_name = "TIME", value_parser = duration)]
    time: Option<Duration>,

    /// Slurm: partition
    #[arg(long, value_name = "NAME")]
    partition: Option<String>,

    /// Slurm: any other option of sbatch, e.g. --sbatch=--account=physics; several are allowed
    #[arg(long, value_name = "OPTION", allow_hyphen_values = true)]
    sbatch: Vec<String>,

    /// Kubernetes: image with the program etastar
    #[arg(long, value_name = "IMAGE", default_value = "etastar:latest")]
    image: String,

    /// Kubernetes: persistent volume claim with the experiment's file, mounted at --output-dir
    #[arg(long, value_name = "NAME", default_value = "etastar-results")]
    claim: String,

    /// File instead of the built-in one for a task's script, or for the manifest
    #[arg(long, value_name = "FILE")]
    template: Option<PathBuf>,

    /// Print the built-in template and end
    #[arg(long)]
    print_template: bool,

    /// Show what would be written and run; write and run nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Target {
    Slurm,
    Kubernetes,
}

/// A file to be written.
struct Script {
    path: PathBuf,
    text: String,
}

pub(crate) fn run(arguments: &SubmitArguments) -> Result<(), CliError> {
    let built_in = match arguments.to {
        Target::Slurm => ARRAY,
        Target::Kubernetes => KUBERNETES,
    };
    if arguments.print_template {
        return output::print(built_in);
    }
    let experiment = Experiment::read(&arguments.experiment, arguments.profile.as_deref())?;
    let template = match &arguments.template {
        None => built_in.to_owned(),
        Some(path) => read(path)?,
    };
    let job = Job::new(arguments, &experiment)?;
    match arguments.to {
        Target::Slurm => job.to_slurm(&template),
        Target::Kubernetes => job.to_kubernetes(&template),
    }
}

struct Job<'a> {
    arguments: &'a SubmitArguments,
    folder: PathBuf,
    values: Vec<(&'static str, String)>,
}

impl<'a> Job<'a> {
    fn new(arguments: &'a SubmitArguments, experiment: &Experiment) -> Result<Self, CliError> {
        let names = [Some(experiment.name.as_str()), arguments.profile.as_deref()];
        let name = names.into_iter().flatten().collect::<Vec<_>>().join("-");
        let (outputs, experiment, program) = match arguments.to {
            Target::Slurm => (
                plain(&absolute(&arguments.output_dir)?)?,
                plain(&absolute(&arguments.experiment)?)?,
                plain(&std::env::current_exe()?)?,
            ),
            // Paths of a pod, which finds everything in the volume.
            Target::Kubernetes => {
                let outputs = Path::new("/").join(&arguments.output_dir);
                let file = arguments.experiment.file_name().unwrap_or_default();
                (
                    plain(&outputs)?,
                    plain(&outputs.join(file))?,
                    "etastar".to_owned(),
                )
            }
        };
        let folder = format!("{outputs}/{name}.jobs");
        let mut command = format!("{program} sweep {experiment}");
        if let Some(profile) = &arguments.profile {
            command.push_str(&format!(" --profile {}", provenance::quoted(profile)));
        }
        if let Some(backend) = &arguments.backend {
            command.push_str(&format!(" --backend {backend}"));
        }
        command.push_str(&format!(" --jobs {}", arguments.cpus_per_task));
        let values = vec![
            ("name", label(&name)),
            ("experiment", experiment),
            ("program", program),
            ("command", command),
            ("folder", folder.clone()),
            ("store", format!("{outputs}/{name}.db")),
            ("report", format!("{outputs}/{name}-report")),
            ("mount", outputs),
            ("shards", arguments.shards.to_string()),
            ("cpus", arguments.cpus_per_task.to_string()),
            ("restarts", RESTARTS.to_string()),
            ("image", arguments.image.clone()),
            ("claim", arguments.claim.clone()),
            (
                "memory",
                arguments.memory.clone().unwrap_or_else(|| "2Gi".to_owned()),
            ),
        ];
        Ok(Self {
            arguments,
            folder: folder.into(),
            values,
        })
    }

    fn to_slurm(&self, template: &str) -> Result<(), CliError> {
        let arguments = self.arguments;
        let anywhere = [
            arguments
                .partition
                .as_ref()
                .map(|name| format!("--partition={name}")),
            arguments
                .time
                .map(|time| format!("--time={}", slurm_time(time))),
        ];
        let anywhere: Vec<String> = anywhere.into_iter().flatten().collect();
        let of_tasks = [
            arguments
                .memory
                .as_ref()
                .map(|size| format!("--mem={size}")),
            arguments
                .gpus_per_task
                .map(|count| format!("--gpus-per-task={count}")),
        ];
        let of_tasks: Vec<String> = anywhere
            .iter()
            .cloned()
            .chain(of_tasks.into_iter().flatten())
            .collect();
        let array = self.script("array.sh", template, &of_tasks)?;
        let merge = self.script("merge.sh", MERGE, &anywhere)?;
        if arguments.dry_run {
            return output::print(&format!(
                "# {}\n{}\n# {}\n{}\nsbatch --parsable {}\nsbatch --parsable --dependency=afterany:ARRAY {}\n",
                array.path.display(),
                array.text,
                merge.path.display(),
                merge.text,
                array.path.display(),
                merge.path.display(),
            ));
        }
        create(&self.folder.join("logs"))?;
        array.write()?;
        merge.write()?;
        let array = sbatch(&["--parsable".to_owned()], &array.path)?;
        let after = [
            "--parsable".to_owned(),
            format!("--dependency=afterany:{array}"),
        ];
        let merge = sbatch(&after, &merge.path)?;
        output::print(&format!(
            "array {array} of {} parts, then merge {merge}\nlogs   {}\nstatus etastar status {}\n",
            arguments.shards,
            self.folder.join("logs").display(),
            self.folder.display(),
        ))
    }

    fn to_kubernetes(&self, template: &str) -> Result<(), CliError> {
        let gpus = self.arguments.gpus_per_task;
        let gpus = gpus.map(|count| format!("\n              nvidia.com/gpu: {count}"));
        let manifest = self.filled("job.yaml", template, gpus.unwrap_or_default())?;
        if self.arguments.dry_run {
            return output::print(&manifest.text);
        }
        create(&self.folder)?;
        manifest.write()?;
        output::print(&format!(
            "kubectl apply --filename {}",
            manifest.path.display()
        ))
    }

    fn script(&self, name: &str, template: &str, options: &[String]) -> Result<Script, CliError> {
        let options = options.iter().chain(&self.arguments.sbatch);
        let lines = options.map(|option| format!("#SBATCH {option}"));
        self.filled(name, template, lines.collect::<Vec<_>>().join("\n"))
    }

    fn filled(&self, name: &str, template: &str, options: String) -> Result<Script, CliError> {
        let mut values = self.values.clone();
        values.push(("options", options));
        let text = template::fill(template, &values).map_err(|word| {
            let names = values.iter().map(|(name, _)| *name);
            CliError::Usage(format!(
                "the template has {{{{{word}}}}}, which has no value; there are {}",
                names.collect::<Vec<_>>().join(", ")
            ))
        })?;
        Ok(Script {
            path: self.folder.join(name),
            text,
        })
    }
}

impl Script {
    fn write(&self) -> Result<(), CliError> {
        std::fs::write(&self.path, &self.text).map_err(|source| CliError::Write {
            path: self.path.clone(),
            source,
        })
    }
}

/// The number of the job that Slurm makes of a script.
fn sbatch(options: &[String], script: &Path) -> Result<String, CliError> {
    let run = Command::new("sbatch").args(options).arg(script).output();
    let run = run.map_err(|source| {
        CliError::Usage(format!(
            "cannot run sbatch: {source}; run this where Slurm is, or look at --dry-run"
        ))
    })?;
    if !run.status.success() {
        let message = String::from_utf8_lossy(&run.stderr);
        return Err(CliError::Usage(format!(
            "sbatch refused {}: {}",
            script.display(),
            message.trim()
        )));
    }
    // `NUMBER` or `NUMBER;CLUSTER`
    let text = String::from_utf8_lossy(&run.stdout);
    Ok(text.trim().split(';').next().unwrap_or_default().to_owned())
}

/// A name as Kubernetes allows it, and Slurm too.
fn label(name: &str) -> String {
    let allowed = |character: char| {
        let lower = character.to_ascii_lowercase();
        if lower.is_ascii_lowercase() || lower.is_ascii_digit() {
            lower
        } else {
            '-'
        }
    };
    let label: String = name.chars().map(allowed).take(50).collect();
    label.trim_matches('-').to_owned()
}

fn read(path: &Path) -> Result<String, CliError> {
    std::fs::read_to_string(path)
        .map_err(|source| CliError::Usage(format!("cannot read {}: {source}", path.display())))
}

fn create(folder: &Path) -> Result<(), CliError> {
    std::fs::create_dir_all(folder).map_err(|source| CliError::Write {
        path: folder.to_owned(),
        source,
    })
}

fn absolute(path: &Path) -> Result<PathBuf, CliError> {
    Ok(std::path::absolute(path)?)
}

/// A path that neither a shell nor a comment of Slurm's would read otherwise.
fn plain(path: &Path) -> Result<String, CliError> {
    let text = path.display().to_string();
    if provenance::quoted(&text) == text {
        return Ok(text);
    }
    Err(CliError::Usage(format!(
        "`{text}` has characters that scripts read otherwise; use a path of letters, digits and \
         -_./=:,+@"
    )))
}

/// `HOURS:MINUTES:SECONDS`
fn slurm_time(time: Duration) -> String {
    let seconds = time.as_secs().max(1);
    format!(
        "{}:{:02}:{:02}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_labels() {
        assert_eq!(label("Power law_quick."), "power-law-quick");
    }

    #[test]
    fn times_are_written_as_slurm_reads_them() {
        let of = |seconds| slurm_time(Duration::from_secs(seconds));
        assert_eq!((of(90), of(14_400)), ("0:01:30".into(), "4:00:00".into()));
    }
}
