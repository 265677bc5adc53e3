//! `etastar sweep --shard`, `merge`, `status` and `submit`.

use etastar_search::Measured;
use serde_json::json;

use crate::support::{Run, Sandbox, assert_contains};

fn sweep_part(etastar: &Sandbox, part: usize, parts: usize) {
    etastar.succeed(&format!(
        "sweep small.toml --shard {part}/{parts} -o parts/part-{part}.db"
    ));
}

/// The trials and the repeats of a store; the repeats with their times.
fn rows(etastar: &Sandbox, store: &str) -> [String; 2] {
    let repeats = etastar.succeed(&format!("export {store} --table repeats"));
    [etastar.table(store, "trials"), repeats]
}

#[test]
fn parts_together_are_the_sweep() {
    let etastar = Sandbox::new();
    etastar.sweep("whole.db");
    let whole = rows(&etastar, "whole.db");
    for part in 1..=3 {
        sweep_part(&etastar, part, 3);
    }
    let two = "merge -o all.db --json parts/part-1.db parts/part-2.db";
    let first = etastar.json(two);
    assert!(first["repeats"].as_u64() < Some(24), "{first}");
    let incomplete = "merge --complete -o all.db parts/part-1.db";
    etastar.fail(incomplete, 3, &["of 24 repeats are there"]);

    let merge = || etastar.json(&format!("{two} parts/part-3.db"));
    let all = merge();
    assert_eq!(
        (&all["repeats"], &all["expected"]),
        (&json!(24), &json!(24))
    );
    let parts = all["parts"].as_array().unwrap().iter();
    for (part, agreeing) in parts.zip([true, true, false]) {
        assert_eq!(part["agreeing"].as_u64() > Some(0), agreeing, "{part}");
        assert_eq!(part["new"].as_u64() == Some(0), agreeing, "{part}");
    }
    assert_eq!(rows(&etastar, "all.db"), whole);

    let sessions = || etastar.snapshot("all.db").sessions.len();
    let before = sessions();
    for part in merge()["parts"].as_array().unwrap() {
        assert_eq!(part["new"], 0);
    }
    assert_eq!(sessions(), before);
    assert_eq!(rows(&etastar, "all.db"), whole);
    // A sweep finds the merged store complete.
    etastar.sweep("all.db");
    assert_eq!(rows(&etastar, "all.db"), whole);
    etastar.succeed("report all.db -o page");
}

#[test]
fn what_does_not_belong_together_is_not_merged() {
    let etastar = Sandbox::new();
    etastar.sweep("a.db");
    etastar.write_experiment("small.toml", &[("seed = 1", "seed = 2")]);
    etastar.sweep("seed.db");
    std::fs::copy(etastar.path("a.db"), etastar.path("changed.db")).unwrap();
    let mut changed = 0;
    etastar.rewrite("changed.db", |snapshot| {
        let repeats = snapshot.cells.iter_mut().flat_map(|cell| &mut cell.repeats);
        let searches = repeats.filter_map(|repeat| match &mut repeat.result {
            Measured::EtaStar(search) => Some(&mut search.trials),
            Measured::Sharpness(_) => None,
        });
        for trial in searches.flatten().step_by(3) {
            trial.steps += 1;
            changed += 1;
        }
    });
    let disagree = format!("disagree in {changed} rows");
    for (stores, code, says) in [
        ("a.db seed.db", 2, "results of another configuration"),
        ("a.db changed.db", 3, &disagree),
        ("a.db absent.db", 3, "cannot read the store"),
        ("small.toml a.db", 3, "not an etastar store"),
        ("a.db all.db", 2, "merged into itself"),
    ] {
        etastar.fail(&format!("merge {stores} -o all.db"), code, &[says]);
    }
    // What was merged before the refusal is whole.
    assert_eq!(rows(&etastar, "all.db")[1], rows(&etastar, "a.db")[1]);
}

#[test]
fn the_status_tells_how_far_parts_are() {
    let etastar = Sandbox::new();
    sweep_part(&etastar, 2, 2);
    etastar.write_experiment("long.toml", &[("repeats = 2", "repeats = 500")]);
    etastar.fail("sweep long.toml -o parts/long.db --time-limit 1s", 5, &[]);
    let status = etastar.json("status parts --json");
    let [long, part] = status["stores"].as_array().unwrap().as_slice() else {
        panic!("{status}");
    };
    assert_eq!(
        (&part["state"], &part["shard"]),
        (&json!("complete"), &json!("2/2"))
    );
    assert_eq!(
        (&part["done"], &part["remaining"]),
        (&part["repeats"], &json!(0))
    );
    assert_eq!(long["state"], "stopped");
    assert_eq!(long["repeats"], 6000);
    let done = long["done"].as_u64().unwrap();
    assert!(
        done > 0 && long["seconds_left"].as_f64() > Some(0.0),
        "{long}"
    );
    // Without the file beside it the store itself is asked.
    std::fs::remove_file(etastar.path("parts/long.db.status.json")).unwrap();
    let status = etastar.json("status parts/long.db --json");
    let asked = &status["stores"][0];
    assert!(asked["done"].as_u64() >= Some(done), "{status}");
    assert_eq!(asked["state"], "stopped");
    assert_contains(&etastar.succeed("status parts"), &["part-2.db", "repeats"]);

    etastar.fail("status page", 3, &[]);
    std::fs::create_dir(etastar.path("empty")).unwrap();
    etastar.fail("status empty", 2, &["no store in empty"]);
}

/// The scripts, without the folders of this run.
fn scripts(etastar: &Sandbox, options: &str) -> String {
    let folder = etastar.path("").canonicalize().unwrap();
    etastar
        .succeed(&format!("submit small.toml --shards 6 {options}"))
        .replace(env!("CARGO_BIN_EXE_etastar"), "/opt/etastar")
        .replace(&folder.display().to_string(), "/shared")
}

#[test]
fn the_scripts_are_as_they_were() {
    let etastar = Sandbox::new();
    let slurm = "--dry-run --profile=smoke --partition=cpu --time=4h --memory=4G \
                 --cpus-per-task=2 --sbatch=--account=physics --sbatch-merge=--qos=short \
                 --at-once=4 -- --data-dir=/data --strategy=batched --skip-missing-data";
    insta::assert_snapshot!("slurm", scripts(&etastar, slurm));
    let gpus = "--to=kubernetes --dry-run --gpus-per-task=1 --backend=flex --at-once=2";
    insta::assert_snapshot!("kubernetes", scripts(&etastar, gpus));
    assert!(!etastar.path("results").exists());
}

/// With a program `sbatch` that writes down its arguments, or refuses.
#[cfg(unix)]
#[test]
fn jobs_are_submitted_and_manifests_written() {
    use std::os::unix::fs::PermissionsExt;

    let etastar = Sandbox::new();
    let submit = |program: &str| {
        etastar.write("bin/sbatch", format!("#!/bin/sh\n{program}\n"));
        let executable = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(etastar.path("bin/sbatch"), executable).unwrap();
        let mut submit = etastar.command(&["submit", "small.toml", "--shards", "2"]);
        submit.args(["--gpus-per-task", "1"]);
        Run::new(submit.env("PATH", etastar.path("bin")))
    };
    let submitted = submit("echo \"$@\" >> calls; echo '12;cluster'").expect(0, &[]);
    assert_contains(&submitted.stdout, &["array 12 of 2 parts, then merge 12"]);
    let calls = etastar.read(&json!("calls"));
    let [array, merge] = calls.lines().collect::<Vec<_>>()[..] else {
        panic!("{calls}");
    };
    assert!(array.starts_with("--parsable /") && array.ends_with("/results/small.jobs/array.sh"));
    assert!(merge.starts_with("--parsable --dependency=afterany:12 /"));
    assert!(merge.ends_with("/results/small.jobs/merge.sh"));
    let script = etastar.read(&json!("results/small.jobs/array.sh"));
    let options = ["#SBATCH --array=1-2", "#SBATCH --gpus-per-task=1"];
    assert_contains(&script, &options);
    assert!(etastar.path("results/small.jobs/logs").is_dir());
    submit("echo no such partition >&2; exit 1")
        .expect(2, &["sbatch refused", "no such partition"]);
    let mut without = etastar.command(&["submit", "small.toml", "--shards", "2"]);
    Run::new(without.env("PATH", "")).expect(2, &["cannot run sbatch"]);

    let outputs = etastar.path("pods");
    let line = format!(
        "submit small.toml --shards 2 --to kubernetes --output-dir {}",
        outputs.display()
    );
    let told = etastar.succeed(&line);
    assert_contains(
        &told,
        &["kubectl apply --filename ", "/pods/small.jobs/job.yaml"],
    );
    assert!(outputs.join("small.jobs/job.yaml").exists());
}

/// The script of a task, run by a shell with a program `scontrol` that writes down its arguments: a
/// part whose time was too short, or that was killed, is started again, unless it gets nowhere.
#[cfg(unix)]
#[test]
fn tasks_are_started_again_as_long_as_they_get_on() {
    use std::os::unix::fs::PermissionsExt;
    use std::process::Command;

    let etastar = Sandbox::new();
    let program = |name: &str, text: &str| {
        etastar.write(name, format!("#!/bin/sh\n{text}\n"));
        let executable = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(etastar.path(name), executable).unwrap();
    };
    program("bin/sbatch", "echo 12");
    program("bin/scontrol", "echo \"$@\" >> requeued");
    let path = format!("{}:/usr/bin:/bin", etastar.path("bin").display());
    let mut submit = etastar.command(&["submit", "small.toml", "--shards", "1"]);
    Run::new(submit.env("PATH", &path)).expect(0, &[]);
    let script = etastar.read(&json!("results/small.jobs/array.sh"));
    // A part that calls for help as Slurm does at the end of its time, once it has finished a trial;
    // one that is killed at once; and the real one.
    let real = env!("CARGO_BIN_EXE_etastar");
    let status = "results/small.jobs/part-1.db.status.json";
    let told = format!(
        "trap '' TERM; echo '\"finished\": 1,' > {status}; kill -USR1 $PPID; sleep 0.2; exit 5"
    );
    program("slow", &told);
    program("killed", "kill -9 $$");
    let requeued = |name: &str, restarts: &str| {
        let program = match name {
            "real" => real.to_owned(),
            name => etastar.path(name).display().to_string(),
        };
        etastar.write("task.sh", script.replace(real, &program));
        let mut task = Command::new("bash");
        task.arg("task.sh")
            .current_dir(etastar.path(""))
            .env("PATH", &path);
        task.env("SLURM_ARRAY_TASK_ID", "1")
            .env("SLURM_JOB_ID", "7");
        let run = Run::new(task.env("SLURM_RESTART_COUNT", restarts));
        let calls = std::fs::read_to_string(etastar.path("requeued")).unwrap_or_default();
        let _ = std::fs::remove_file(etastar.path("requeued"));
        assert!(calls.is_empty() || calls == "requeue 7\n", "{calls}");
        (run.code.unwrap(), !calls.is_empty(), run.stdout)
    };
    for (name, restarts, code, again) in [
        ("slow", "0", 5, true),
        ("slow", "99", 5, true),
        ("slow", "100", 5, false),
        ("killed", "0", 137, true),
        ("slow", "1", 5, true),
        ("killed", "4", 137, true),
        ("killed", "4", 137, false),
        ("slow", "1", 5, true),
        ("killed", "5", 137, false),
    ] {
        let (found, requeued, told) = requeued(name, restarts);
        assert_eq!(
            (found, requeued),
            (code, again),
            "{name} {restarts}: {told}"
        );
    }
    std::fs::remove_file(etastar.path(status)).unwrap();
    let (code, again, told) = requeued("real", "0");
    assert_eq!((code, again), (0, false), "{told}");
    assert!(etastar.path("results/small.jobs/part-1.db").is_file());
}

/// SQLite would keep the one in memory and read the other as an address.
#[test]
fn special_names_of_stores_are_files() {
    let etastar = Sandbox::new();
    for name in [":memory:", "file:x.db"] {
        etastar.sweep(name);
        assert!(etastar.path(name).is_file(), "{name}");
        assert!(etastar.table(name, "repeats").lines().count() > 1);
    }
}

#[test]
fn templates_are_the_user_s() {
    let etastar = Sandbox::new();
    let built_in = scripts(&etastar, "--print-template");
    etastar.write("array.sh", format!("{built_in}# mine\n"));
    let own = scripts(&etastar, "--dry-run --template=array.sh");
    assert!(own.contains("# mine") && !own.contains("{{"), "{own}");
    etastar.write("array.sh", "{{shrads}}");
    for (option, says) in [
        ("--template=array.sh", "{{shrads}}"),
        ("--template=absent.sh", "cannot read absent.sh"),
        ("--output-dir=a:;b", "letters, digits"),
        (
            "--partition=a;touch",
            "--partition `a;touch` has characters",
        ),
        ("--memory=$(touch)", "--memory `$(touch)` has characters"),
        ("--time=2m", "--time 120 s is too short"),
        ("--sbatch=--array=1-2%4", "--at-once limits"),
        ("--sbatch-merge=-a1", "--at-once limits"),
        ("-- --strategy=fast", "invalid value 'fast' for '--strategy"),
        ("-- --jobs 2", "the tasks get --jobs from `etastar submit`"),
        (
            "--to=kubernetes --image=a\"b",
            "--image `a\"b` has characters",
        ),
    ] {
        let line = format!("submit small.toml --shards=6 --dry-run {option}");
        etastar.fail(&line, 2, &[says]);
    }
    // A line of its own would run in the script.
    let line = [
        "submit",
        "small.toml",
        "--shards=6",
        "--dry-run",
        "--sbatch=--x\ntouch y",
    ];
    Run::new(&mut etastar.command(&line)).expect(2, &["a line break or invisible characters"]);
    // What a profile is called becomes part of commands and paths.
    let text = std::fs::read_to_string(etastar.path("small.toml")).unwrap();
    etastar.write(
        "evil.toml",
        format!("{text}\n[profiles.\"x/../../pwn\"]\nrepeats = 1\n"),
    );
    etastar.fail(
        "submit evil.toml --shards=6 --dry-run",
        2,
        &["a profile's name must consist"],
    );
}

#[test]
fn a_damaged_store_is_refused_and_what_is_whole_is_recovered() {
    let etastar = Sandbox::new();
    etastar.sweep("whole.db");
    // A digit of a number in a row changes: SQLite itself would not find it.
    let mut bytes = std::fs::read(etastar.path("whole.db")).unwrap();
    let row = b"\"result\":\"found\",\"eta_star\":";
    let mut windows = bytes.windows(row.len());
    let at = windows.position(|window| window == row).unwrap();
    bytes[at + row.len() + 3] ^= 1;
    etastar.write("damaged.db", bytes);
    for line in [
        "export damaged.db",
        "report damaged.db",
        "fit damaged.db",
        "sweep small.toml -o damaged.db",
        "merge whole.db damaged.db -o all.db",
    ] {
        let says = "damaged.db is damaged (rows of `repeats` are not what was written: 1)";
        etastar.fail(line, 3, &[says]);
    }
    let told = etastar.succeed("merge --recover damaged.db -o saved.db");
    assert_contains(&told, &["23 of 24 repeats in saved.db"]);
    etastar.sweep("saved.db");
    assert_eq!(rows(&etastar, "saved.db"), rows(&etastar, "whole.db"));
}

/// Strategies that look ahead try rates that others do not, and come to the same verdict.
#[test]
fn every_strategy_says_the_same_of_monotony_and_its_rows_merge() {
    let etastar = Sandbox::new();
    etastar.sweep("one.db");
    let verdicts = |store: &str| -> Vec<(bool, String)> {
        let snapshot = etastar.snapshot(store);
        let repeats = snapshot.cells.iter().flat_map(|cell| &cell.repeats);
        let searches = repeats.filter_map(|repeat| repeat.search());
        searches
            .map(|search| (search.monotone, format!("{:?}", search.eta_star)))
            .collect()
    };
    let own = verdicts("one.db");
    for networks in [2, 64] {
        let store = format!("{networks}.db");
        etastar.succeed(&format!(
            "sweep small.toml --strategy batched --networks-at-once {networks} -o {store}"
        ));
        assert_eq!(verdicts(&store), own, "{networks} networks at once");
    }
    etastar.succeed("merge 2.db 64.db -o all.db");
    assert_eq!(verdicts("all.db"), own);
    // What is finished is counted with its own trials, so that the store still opens.
    etastar.succeed("fit all.db --width-over-depth 0");
}

/// More threads than searches are not started, and an absurd number is refused.
#[test]
fn threads_are_no_more_than_searches() {
    let etastar = Sandbox::new();
    let find = "find --width 8 --depth 2 --budget 16 --repeats 2 --json --jobs";
    let rates = |jobs: usize| etastar.json(&format!("{find} {jobs}"))["repeats"].clone();
    let without_times = |mut repeats: serde_json::Value| {
        for repeat in repeats.as_array_mut().unwrap() {
            repeat
                .as_object_mut()
                .unwrap()
                .retain(|key, _| key == "eta_star");
        }
        repeats
    };
    assert_eq!(without_times(rates(1)), without_times(rates(1000)));
    etastar.fail(&format!("{find} 40000"), 2, &["40000 is not in 1..=1024"]);
}
