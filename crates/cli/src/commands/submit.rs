//! `etastar submit`: runs the parts of a sweep as jobs of a cluster.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use clap::{Args, Parser, ValueEnum};
use etastar_backend::DeviceName;
use etastar_report::page::is_hidden;
use etastar_search::Experiment;

use super::sweep::SweepArguments;
use crate::command_line::quoted;
use crate::error::CliError;
use crate::numbers::{count, duration, shards};
use crate::output;

const ARRAY: &str = include_str!("../../templates/slurm-array.sh");
const MERGE: &str = include_str!("../../templates/slurm-merge.sh");
const KUBERNETES: &str = include_str!("../../templates/kubernetes-job.yaml");

/// How often a part is started again after it was killed.
const RESTARTS: usize = 5;

/// How often it is started again when its time was too short.
const RESTARTS_IN_TIME: usize = 100;

/// Shortest time limit of a task. Slurm tells a task up to a minute early that its time ends
/// (`man sbatch`, `--signal`), and a task has to load data and finish a trial in what is left.
const LEAST_TIME: Duration = Duration::from_secs(180);

/// How long before its time limit a task is told: a quarter of it, and at most this.
const MOST_LEAD: Duration = Duration::from_secs(120);

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  etastar submit experiments/power-law.toml --shards 24 --time 4h --partition cpu
  etastar submit experiments/power-law.toml --shards 6 --dry-run
  etastar submit experiments/datasets.toml --shards 24 --at-once 4 -- --data-dir /data --skip-missing-data
  etastar submit experiments/power-law.toml --shards 6 --print-template > array.sh
  etastar submit experiments/power-law.toml --shards 6 --template array.sh

The command writes two scripts into NAME.jobs in --output-dir and hands them to sbatch:
an array of --shards tasks, and a job that merges the parts and writes the report
when no task is left. A task that is preempted, out of time or killed is requeued
and resumes where it stopped, unless two starts in a row finish nothing. `etastar status
NAME.jobs` shows the progress of all tasks. Tasks share nothing but the file system. Run the
same command again to measure what is missing. Options of `etastar sweep` for the tasks
follow two dashes. With --to kubernetes the command writes the manifest of an Indexed Job
instead.")]
pub(crate) struct SubmitArguments {
    /// Experiment file (TOML)
    experiment: PathBuf,

    /// Profile of the experiment
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,

    /// Number of parts of about equal cost; each is a task
    #[arg(long, value_name = "N", value_parser = shards)]
    shards: usize,

    /// Largest number of tasks that run at once [default: all]
    #[arg(long, value_name = "N", value_parser = count)]
    at_once: Option<usize>,

    /// The kind of cluster
    #[arg(long, value_name = "NAME", value_enum, default_value_t = Target::Slurm)]
    to: Target,

    /// Folder for NAME.jobs, the merged store and the report; it must be on a file system that all
    /// machines share
    #[arg(long, value_name = "FOLDER", default_value = "results")]
    output_dir: PathBuf,

    /// Burn backend and device of the tasks
    #[arg(long, value_name = "NAME[:DEVICE]")]
    backend: Option<DeviceName>,

    /// Processors of a task; it uses as many threads
    #[arg(long, value_name = "N", default_value = "1", value_parser = count)]
    cpus_per_task: usize,

    /// Accelerators of a task
    #[arg(long, value_name = "N", value_parser = count)]
    gpus_per_task: Option<usize>,

    /// Memory of a task, in the notation of the cluster, e.g. 4G (4Gi for Kubernetes)
    #[arg(long, value_name = "SIZE")]
    memory: Option<String>,

    /// Time limit of a task, e.g. 90m or 4h; a task that needs longer is requeued
    #[arg(long, value_name = "TIME", value_parser = duration)]
    time: Option<Duration>,

    /// Slurm: partition
    #[arg(long, value_name = "NAME")]
    partition: Option<String>,

    /// Slurm: any other option of sbatch for the tasks, e.g. --sbatch=--account=physics; may be
    /// given several times
    #[arg(long, value_name = "OPTION", allow_hyphen_values = true)]
    sbatch: Vec<String>,

    /// Slurm: any other option of sbatch for the job that merges
    #[arg(long, value_name = "OPTION", allow_hyphen_values = true)]
    sbatch_merge: Vec<String>,

    /// Kubernetes: image with the program etastar [default: etastar:latest]
    #[arg(long, value_name = "IMAGE")]
    image: Option<String>,

    /// Kubernetes: persistent volume claim with the experiment's file, mounted at --output-dir
    /// [default: etastar-results]
    #[arg(long, value_name = "NAME")]
    claim: Option<String>,

    /// Template to use instead of the built-in script of a task or the built-in manifest
    #[arg(long, value_name = "FILE")]
    template: Option<PathBuf>,

    /// Print the built-in template and exit
    #[arg(long)]
    print_template: bool,

    /// Show what would be written and run, but write and run nothing
    #[arg(long)]
    dry_run: bool,

    /// Options of `etastar sweep` for the tasks
    #[arg(last = true, value_name = "OPTIONS OF SWEEP")]
    sweep: Vec<String>,
}

/// The options of `etastar sweep` that `submit` sets itself.
const OWN: [&str; 7] = [
    "--profile",
    "--output",
    "-o",
    "--output-dir",
    "--shard",
    "--jobs",
    "--backend",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Target {
    Slurm,
    Kubernetes,
}

fn named(given: &Option<String>, default: &str) -> String {
    given.clone().unwrap_or_else(|| default.to_owned())
}

pub(crate) fn run(arguments: &SubmitArguments) -> Result<(), CliError> {
    let built_in = match arguments.to {
        Target::Slurm => ARRAY,
        Target::Kubernetes => KUBERNETES,
    };
    if arguments.print_template {
        return output::print(built_in);
    }
    let experiment = super::sweep::experiment(&arguments.experiment, arguments.profile.as_deref())?;
    let foreign: &[(&str, bool)] = match arguments.to {
        Target::Slurm => &[
            ("--image", arguments.image.is_some()),
            ("--claim", arguments.claim.is_some()),
        ],
        Target::Kubernetes => &[
            ("--time", arguments.time.is_some()),
            ("--partition", arguments.partition.is_some()),
            ("--sbatch", !arguments.sbatch.is_empty()),
            ("--sbatch-merge", !arguments.sbatch_merge.is_empty()),
        ],
    };
    if let Some((option, _)) = foreign.iter().find(|(_, is_given)| *is_given) {
        return Err(CliError::Usage(format!(
            "{option} is for the other kind of cluster: leave it out, or change --to"
        )));
    }
    let template = match &arguments.template {
        None => built_in.to_owned(),
        Some(path) => std::fs::read_to_string(path).map_err(|source| {
            CliError::Usage(format!("cannot read {}: {source}", path.display()))
        })?,
    };
    for (option, value) in [
        ("--partition", &arguments.partition),
        ("--memory", &arguments.memory),
        ("--image", &arguments.image),
        ("--claim", &arguments.claim),
    ] {
        if let Some(value) = value
            && quoted(value) != *value
        {
            return Err(CliError::Usage(format!(
                "{option} `{value}` has characters with a special meaning in scripts; use letters, \
                 digits and -_./=:,+@"
            )));
        }
    }
    check_sbatch("--sbatch", &arguments.sbatch)?;
    check_sbatch("--sbatch-merge", &arguments.sbatch_merge)?;
    check_sweep(&arguments.sweep)?;
    if let Some(time) = arguments.time.filter(|time| *time < LEAST_TIME) {
        return Err(CliError::Usage(format!(
            "--time {} s is too short: Slurm may warn a task up to a minute early that its time \
             ends, and the task would be restarted again and again; give at least {} s",
            time.as_secs(),
            LEAST_TIME.as_secs()
        )));
    }
    let job = Job::new(arguments, &experiment)?;
    match arguments.to {
        Target::Slurm => job.to_slurm(&template),
        Target::Kubernetes => job.to_kubernetes(&template),
    }
}

/// Refuses what would be another line, or another array.
fn check_sbatch(name: &str, options: &[String]) -> Result<(), CliError> {
    for option in options {
        let shown = option.escape_debug();
        let problem = if option.contains(is_hidden) {
            "has a line break or invisible characters: remove them"
        } else if option.split_whitespace().any(makes_array) {
            "makes a second array: --shards sets the size of the array, --at-once limits how many tasks \
             run at once"
        } else {
            continue;
        };
        return Err(CliError::Usage(format!("{name} `{shown}` {problem}")));
    }
    Ok(())
}

/// Whether sbatch reads a word as its option `--array`, or as an abbreviation of it.
fn makes_array(word: &str) -> bool {
    let name = word.split('=').next().unwrap_or_default();
    name.starts_with("-a") || name.len() >= "--arr".len() && "--array".starts_with(name)
}

/// Refuses options of `etastar sweep` that there are not, or that the tasks get otherwise.
fn check_sweep(options: &[String]) -> Result<(), CliError> {
    if let Some(option) = options.iter().find(|option| option.contains(is_hidden)) {
        return Err(CliError::Usage(format!(
            "the option `{}` for the tasks has invisible characters: remove them",
            option.escape_debug()
        )));
    }
    let names = options
        .iter()
        .map(|option| option.split('=').next().unwrap_or_default());
    if let Some(own) = names
        .into_iter()
        .find(|own| OWN.contains(own) || own.starts_with("-o"))
    {
        return Err(CliError::Usage(format!(
            "the tasks get {own} from `etastar submit`: give --profile, --backend, --cpus-per-task \
             (threads), --shards and --output-dir before the two dashes"
        )));
    }
    let line = ["etastar sweep", "EXPERIMENT"].map(str::to_owned);
    let parsed = Sweep::try_parse_from(line.iter().chain(options));
    parsed.map(drop).map_err(|error| {
        let text = error.to_string();
        let first = text.lines().next().unwrap_or_default();
        CliError::Usage(format!(
            "wrong options for the tasks: {}; `etastar sweep --help` lists all options",
            first.trim_start_matches("error: ")
        ))
    })
}

#[derive(Debug, Parser)]
struct Sweep {
    #[command(flatten)]
    _sweep: SweepArguments,
}

struct Job<'a> {
    arguments: &'a SubmitArguments,
    folder: PathBuf,
    /// What the words in a template stand for.
    values: Vec<(&'static str, String)>,
}

impl<'a> Job<'a> {
    fn new(arguments: &'a SubmitArguments, experiment: &Experiment) -> Result<Self, CliError> {
        let names = [Some(experiment.name.as_str()), arguments.profile.as_deref()];
        let name = names.into_iter().flatten().collect::<Vec<_>>().join("-");
        let (outputs, experiment, program) = match arguments.to {
            Target::Slurm => (
                std::path::absolute(&arguments.output_dir)?,
                std::path::absolute(&arguments.experiment)?,
                std::env::current_exe()?,
            ),
            // Paths of a pod, which finds everything in the volume.
            Target::Kubernetes => {
                let outputs = Path::new("/").join(&arguments.output_dir);
                let file = arguments.experiment.file_name().unwrap_or_default();
                let experiment = outputs.join(file);
                (outputs, experiment, "etastar".into())
            }
        };
        let [outputs, experiment, program] =
            [plain(&outputs)?, plain(&experiment)?, plain(&program)?];
        let mut command = format!("{program} sweep {experiment}");
        if let Some(profile) = &arguments.profile {
            command.push_str(&format!(" --profile {}", quoted(profile)));
        }
        if let Some(backend) = &arguments.backend {
            command.push_str(&format!(" --backend {backend}"));
        }
        command.push_str(&format!(" --jobs {}", arguments.cpus_per_task));
        for option in &arguments.sweep {
            command.push_str(&format!(" {}", quoted(option)));
        }
        let lead = arguments
            .time
            .map_or(MOST_LEAD, |time| MOST_LEAD.min(time / 4));
        let at_once = arguments.at_once.unwrap_or(arguments.shards);
        let folder = format!("{outputs}/{name}.jobs");
        let memory = arguments.memory.as_deref().unwrap_or("2Gi");
        let values = vec![
            ("name", label(&name)),
            ("experiment", experiment),
            ("program", program),
            ("command", command),
            ("folder", folder),
            ("store", format!("{outputs}/{name}.db")),
            ("report", format!("{outputs}/{name}-report")),
            ("mount", outputs),
            ("shards", arguments.shards.to_string()),
            ("cpus", arguments.cpus_per_task.to_string()),
            (
                "limit",
                arguments
                    .at_once
                    .map_or(String::new(), |limit| format!("%{limit}")),
            ),
            ("parallelism", at_once.min(arguments.shards).to_string()),
            ("lead", lead.as_secs().to_string()),
            ("restarts", RESTARTS.to_string()),
            ("restarts-in-time", RESTARTS_IN_TIME.to_string()),
            ("image", named(&arguments.image, "etastar:latest")),
            ("claim", named(&arguments.claim, "etastar-results")),
            ("memory", memory.to_owned()),
        ];
        Ok(Self {
            arguments,
            // What is written is written here, wherever a pod finds it.
            folder: std::path::absolute(&arguments.output_dir)?.join(format!("{name}.jobs")),
            values,
        })
    }

    fn to_slurm(&self, template: &str) -> Result<(), CliError> {
        let arguments = self.arguments;
        let mut of_merge = Vec::new();
        if let Some(name) = &arguments.partition {
            of_merge.push(format!("--partition={name}"));
        }
        if let Some(time) = arguments.time {
            of_merge.push(format!("--time={}", slurm_time(time)));
        }
        let mut of_tasks = of_merge.clone();
        if let Some(size) = &arguments.memory {
            of_tasks.push(format!("--mem={size}"));
        }
        if let Some(count) = arguments.gpus_per_task {
            of_tasks.push(format!("--gpus-per-task={count}"));
        }
        let [array, merge] = ["array.sh", "merge.sh"].map(|name| self.folder.join(name));
        of_tasks.extend_from_slice(&arguments.sbatch);
        of_merge.extend_from_slice(&arguments.sbatch_merge);
        let array_text = self.script(template, &of_tasks)?;
        let merge_text = self.script(MERGE, &of_merge)?;
        if arguments.dry_run {
            let [array, merge] = [array.display(), merge.display()];
            return output::print(&format!(
                "# {array}\n{array_text}\n# {merge}\n{merge_text}\nsbatch --parsable {array}\n\
                 sbatch --parsable --dependency=afterany:ARRAY {merge}\n",
            ));
        }
        let logs = self.folder.join("logs");
        std::fs::create_dir_all(&logs).map_err(CliError::write(&logs))?;
        std::fs::write(&array, array_text).map_err(CliError::write(&array))?;
        std::fs::write(&merge, merge_text).map_err(CliError::write(&merge))?;
        let array = sbatch(&["--parsable"], &array)?;
        let after = format!("--dependency=afterany:{array}");
        let merge = sbatch(&["--parsable", &after], &merge)?;
        output::print(&format!(
            "array {array} of {} parts, then merge {merge}\nlogs   {}\nstatus etastar status {}\n",
            arguments.shards,
            logs.display(),
            self.folder.display(),
        ))
    }

    fn to_kubernetes(&self, template: &str) -> Result<(), CliError> {
        let gpus = self.arguments.gpus_per_task;
        let gpus = gpus.map(|count| format!("\n              nvidia.com/gpu: {count}"));
        let manifest = self.filled(template, gpus.unwrap_or_default())?;
        if self.arguments.dry_run {
            return output::print(&manifest);
        }
        let path = self.folder.join("job.yaml");
        std::fs::create_dir_all(&self.folder).map_err(CliError::write(&self.folder))?;
        std::fs::write(&path, manifest).map_err(CliError::write(&path))?;
        output::print(&format!("kubectl apply --filename {}", path.display()))
    }

    /// A script of Slurm with options of sbatch.
    fn script(&self, template: &str, options: &[String]) -> Result<String, CliError> {
        let lines = options.iter().map(|option| format!("#SBATCH {option}"));
        self.filled(template, lines.collect::<Vec<_>>().join("\n"))
    }

    fn filled(&self, template: &str, options: String) -> Result<String, CliError> {
        let mut values = self.values.clone();
        values.push(("options", options));
        fill(template, &values).map_err(|word| {
            let names: Vec<&str> = values.iter().map(|(name, _)| *name).collect();
            CliError::Usage(format!(
                "the template has {{{{{word}}}}}, which has no value; the words with a value are {}",
                names.join(", ")
            ))
        })
    }
}

/// Replaces the words of a template, `{{word}}`, by their values.
///
/// # Errors
/// The first word that has no value.
fn fill(template: &str, values: &[(&str, String)]) -> Result<String, String> {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((word, after)) = after.split_once("}}") else {
            break;
        };
        text.push_str(before);
        let value = values.iter().find(|(name, _)| *name == word);
        let (_, value) = value.ok_or_else(|| word.to_owned())?;
        text.push_str(value);
        rest = after;
    }
    text.push_str(rest);
    Ok(text)
}

/// Submits a script; gives the number of the job.
fn sbatch(options: &[&str], script: &Path) -> Result<String, CliError> {
    let run = Command::new("sbatch").args(options).arg(script).output();
    let run = run.map_err(|source| {
        CliError::Usage(format!(
            "cannot run sbatch: {source}; run this on a machine that has Slurm, or try --dry-run"
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

/// A name in the form that Kubernetes allows, and Slurm too.
fn label(name: &str) -> String {
    let allowed = |character: char| match character.to_ascii_lowercase() {
        lower if lower.is_ascii_alphanumeric() => lower,
        _ => '-',
    };
    let label: String = name.chars().map(allowed).take(50).collect();
    match label.trim_matches('-') {
        "" => "sweep".to_owned(),
        label => label.to_owned(),
    }
}

/// A path that needs no quotes, neither in a shell nor in a comment of Slurm.
fn plain(path: &Path) -> Result<String, CliError> {
    let text = path.display().to_string();
    if quoted(&text) == text {
        return Ok(text);
    }
    Err(CliError::Usage(format!(
        "`{text}` has characters with a special meaning in scripts; use a path of letters, digits \
         and -_./=:,+@"
    )))
}

/// `HOURS:MINUTES:SECONDS`
fn slurm_time(time: Duration) -> String {
    let seconds = time.as_secs().max(1);
    let (minutes, hours) = (seconds / 60 % 60, seconds / 3600);
    format!("{hours}:{minutes:02}:{:02}", seconds % 60)
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
        let written = [90, 14_400].map(|seconds| slurm_time(Duration::from_secs(seconds)));
        assert_eq!(written, ["0:01:30", "4:00:00"]);
    }

    #[test]
    fn words_become_values_and_unknown_ones_are_named() {
        let values = [("name", "a".to_owned()), ("count", "6".to_owned())];
        assert_eq!(
            fill("{{name}}: 1-{{count}} ${x} {{", &values),
            Ok("a: 1-6 ${x} {{".into())
        );
        assert_eq!(fill("{{name}} {{nmae}}", &values), Err("nmae".into()));
    }
}
