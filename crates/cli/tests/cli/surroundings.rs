//! What shells, file systems and networks do to a command.
#![cfg(unix)]

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::ffi::OsStrExt;
use std::process::{Command, Stdio};
use std::sync::Arc;

use serde_json::json;

use crate::support::{Run, Sandbox, assert_contains};

/// Names of files are bytes.
#[test]
fn names_of_files_need_not_be_unicode() {
    let etastar = Sandbox::new();
    let name = |bytes: &'static [u8]| OsStr::from_bytes(bytes);
    let store = name(b"r\xff.db");
    for line in [
        "sweep small.toml --profile smoke --output STORE",
        "sweep small.toml --profile smoke --output STORE --json",
        "status STORE --json",
        "status .",
        "fit STORE",
        "fit STORE --json",
        "predict STORE --width 32 --depth 2 --force",
        "export STORE --output ex",
        "report STORE --json",
        "report STORE --output REPORT",
        "compare STORE STORE",
        "merge STORE --output MERGED --json",
        "merge MERGED --recover --output m.db",
        "find --width 8 --depth 2 --repeats 1 --store FOUND --plot PLOT --curve CURVE --json",
        "find --width 16 --depth 2 --repeats 1 --warm-start STORE --input-rate 0.3 --json",
        "data verify --data-dir FOLDER --json",
    ] {
        let words = line.split(' ').map(|word| match word {
            "STORE" => store,
            "REPORT" => name(b"page\xff"),
            "MERGED" => name(b"m\xfe.db"),
            "FOUND" => name(b"f\xfd.db"),
            "PLOT" => name(b"p\xfc.svg"),
            "CURVE" => name(b"c\xfb.csv"),
            "FOLDER" => name(b"d\xfa"),
            word => OsStr::new(word),
        });
        let run = Run::new(etastar.command(&[]).args(words));
        assert_eq!(run.code, Some(0), "{line}: {}", run.stderr);
        assert!(
            !line.ends_with("--json") || run.json().is_object(),
            "{line}"
        );
    }
    assert!(
        etastar
            .path("")
            .join(name(b"r\xff-report"))
            .join("index.html")
            .is_file()
    );
    // A store keeps the name of a file of data: it has to be text.
    etastar.write("x.csv", "a,class\n1,0\n2,1\n");
    let own = etastar.path("").join(name(b"x\xff.csv"));
    std::fs::rename(etastar.path("x.csv"), &own).unwrap();
    let mut find = etastar.command(&["find", "--width", "8", "--depth", "2", "--data"]);
    Run::new(find.arg(own)).expect(3, &["its name is not Unicode"]);
}

/// A reader who has read enough, or whom nobody hears, changes no result.
#[test]
fn closed_streams_change_neither_result_nor_exit_code() {
    let etastar = Sandbox::new();
    etastar.write_experiment(
        "absent.toml",
        &[(
            "{ name = \"digits\", train = 512, validation = 128 }",
            "{ name = \"digits\", train = 512 }, { name = \"mnist\" }",
        )],
    );
    let shell = |line: &str| {
        let mut bash = Command::new("bash");
        let folder = etastar.path("");
        bash.args(["-c", line])
            .current_dir(&folder)
            .stdin(Stdio::null());
        bash.env("etastar", env!("CARGO_BIN_EXE_etastar"))
            .env("HOME", &folder);
        bash.env("XDG_CACHE_HOME", folder.join("cache"))
            .env_remove("ETASTAR_DATA");
        Run::new(&mut bash)
    };
    let find = "$etastar find --width 8 --depth 2 --repeats 1";
    let sweep = "$etastar sweep absent.toml --skip-missing-data";
    for (line, code) in [
        (format!("{sweep} -o 1.db 2> >(true)"), 0),
        (format!("{sweep} -o 2.db 2>&-"), 0),
        (format!("{sweep} -o 3.db 2>/dev/full"), 0),
        (format!("set -o pipefail; {sweep} -o 4.db | true"), 0),
        (format!("set -o pipefail; {find} | true"), 0),
        (format!("{find} > /dev/full"), 1),
        ("set -o pipefail; $etastar --help | true".to_owned(), 0),
        ("$etastar fit absent.db 2>&-".to_owned(), 3),
    ] {
        let run = shell(&line);
        assert_eq!(run.code, Some(code), "{line}: {}", run.stderr);
    }
    for store in ["2.db", "3.db", "4.db"] {
        assert_eq!(
            etastar.table(store, "trials"),
            etastar.table("1.db", "trials")
        );
    }
}

/// One file that is no store, and one whose log was left behind, hide none of the others.
#[test]
fn a_folder_of_stores_may_have_others_in_it() {
    let etastar = Sandbox::new();
    etastar.succeed("sweep small.toml --profile smoke -o all/whole.db");
    etastar.write("all/empty.db", "");
    // As it is after a kill.
    let mut sweep = etastar.start_sweep("killed.db");
    while !etastar.path("killed.db.status.json").exists() {
        assert!(sweep.try_wait().unwrap().is_none());
    }
    sweep.kill().unwrap();
    sweep.wait().unwrap();
    std::fs::copy(etastar.path("killed.db"), etastar.path("all/copy.db")).unwrap();
    let status = etastar.json("status all --json");
    let rows = status["stores"].as_array().unwrap().iter();
    let states: Vec<_> = rows
        .map(|row| json!([row["store"], row["state"]]))
        .collect();
    let expected = json!([
        ["all/copy.db", "unreadable"],
        ["all/empty.db", "unreadable"],
        ["all/whole.db", "complete"],
    ]);
    assert_eq!(json!(states), expected);
    let told = etastar.succeed("status all");
    let says = [
        "all/empty.db is not an etastar store",
        "all/copy.db is not whole without its log all/copy.db-wal",
    ];
    assert_contains(&told, &says);
    for line in [
        "status all/copy.db",
        "fit all/copy.db",
        "export all/copy.db",
    ] {
        etastar.fail(line, 3, &["all/copy.db-wal, which is not there"]);
    }
    // The sweep goes on with it.
    etastar.sweep("all/copy.db");
    etastar.succeed("status all/copy.db");
}

/// FIFOs would be read for ever.
#[test]
fn what_is_no_file_is_no_store() {
    let etastar = Sandbox::new();
    for name in ["pipe.db", "other.db.lock"] {
        let made = Command::new("mkfifo").arg(etastar.path(name)).status();
        assert!(made.unwrap().success());
    }
    for (line, code) in [
        ("fit pipe.db", 3),
        ("status pipe.db", 3),
        ("sweep small.toml -o pipe.db", 3),
        ("merge pipe.db -o m.db", 3),
        ("sweep small.toml -o other.db", 1),
    ] {
        etastar.fail(line, code, &["error: "]);
    }
}

/// Each store has a report of its own, and nobody else's folder becomes one.
#[test]
fn reports_do_not_overwrite_each_other() {
    let etastar = Sandbox::new();
    for name in ["a", "b"] {
        etastar.succeed(&format!("sweep small.toml --profile smoke -o r/{name}.db"));
        let told = etastar.succeed(&format!("report r/{name}.db"));
        assert_eq!(told.trim(), format!("r/{name}-report/index.html"));
    }
    etastar.write("thesis/chapter.tex", "mine");
    etastar.fail(
        "report r/a.db -o thesis",
        1,
        &["has other files in it, such as thesis/chapter.tex"],
    );
    assert_eq!(
        std::fs::read_dir(etastar.path("thesis")).unwrap().count(),
        1
    );
}

/// What is stored moves no cursor, turns no text around, and is no formula of a spreadsheet.
#[test]
fn stored_texts_are_shown_as_what_they_are() {
    let etastar = Sandbox::new();
    let question = "question = \"Does a small sweep work?\"";
    let evil = "question = \"=1+1 ``` \\u001b[31m \\u202e <evil> |\"";
    etastar.write_experiment("evil.toml", &[(question, evil)]);
    let samples: String = (0..80).map(|i| format!("{},{}\n", i % 2, i % 2)).collect();
    etastar.write("=1+cmd.csv", format!("a,class\n{samples}"));
    etastar.succeed("sweep evil.toml --profile smoke -o e.db");
    etastar
        .succeed("find --data =1+cmd.csv --width 8 --depth 2 --batch 8 --repeats 1 --store f.db");
    etastar.succeed("report e.db f.db -o page");
    for file in ["page/report.md", "page/index.html"] {
        let text = etastar.read(&json!(file));
        assert!(text.contains("=1+1") && text.contains('\u{fffd}'), "{file}");
        assert!(!text.contains(['\u{1b}', '\u{202e}']), "{file}");
        assert!(!text.contains("<evil>"), "{file}");
    }
    let table = etastar.table("f.db", "repeats");
    assert!(
        table.lines().nth(1).unwrap().contains(",'=1+cmd,"),
        "{table}"
    );
}

/// What would count twice, or never end, is refused before anything is done.
#[test]
fn what_makes_no_sense_is_refused_with_a_reason() {
    let etastar = Sandbox::new();
    etastar.succeed("sweep small.toml --profile smoke -o a.db");
    let analysis = "[analysis]\nshow = []\n";
    let criterion = "[[analysis.criteria]]\nclaim = \"C1\"\nsays = \"s\"\n\
        statistic = { of = \"r-squared\", law = \"depth-width\" }\nrule = { at_least = 0.9 }\n";
    let profiles = "[profiles.smoke]";
    let many = format!("{analysis}{}{profiles}", criterion.repeat(201));
    etastar.write_experiment("many.toml", &[(profiles, &many)]);
    for (line, says) in [
        ("report a.db ./a.db", "./a.db are of one measurement"),
        ("sweep many.toml", "there are 201 criteria, and 200 at most"),
        (
            "find --width 8 --depth 2 --budget 1000000000000",
            "one trial would take 231 days",
        ),
        (
            "find --width 8 --depth 2 --budget 100000000",
            "`evaluate_every` must be at least 100",
        ),
        (
            "predict --width 128 --depth 8 --input-rate 1e300",
            "rate 1e300 was not measured",
        ),
    ] {
        etastar.fail(line, 2, &[says]);
    }
    // Minus zero is zero.
    etastar.write_experiment("zero.toml", &[("[1.0, 0.1]", "[0.0, -0.0]")]);
    let swept = etastar.json("sweep zero.toml --profile smoke -o zero.db --json");
    assert_eq!(swept["cells"], 6);
}

/// A server whose certificate only the company's own authority vouches for.
#[test]
fn a_certificate_authority_of_one_s_own_is_heard() {
    let etastar = Sandbox::new();
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    etastar.write("company.pem", made.cert.pem());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = rustls::pki_types::PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("localhost:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let connection = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut tls = rustls::StreamOwned::new(connection, stream.unwrap());
            // A client that does not trust us is gone by now.
            if tls.read(&mut [0; 4096]).is_ok() {
                let _ = tls.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
            }
        }
    });
    let mirror = format!("https://localhost:{port}/");
    let fetch = |authority: Option<&str>| {
        let mut fetch = etastar.command(&["data", "fetch", "mnist", "--mirror", &mirror]);
        fetch.env_remove("SSL_CERT_FILE");
        Run::new(fetch.envs(authority.map(|file| ("SSL_CERT_FILE", file))))
    };
    fetch(None).expect(
        3,
        &["invalid peer certificate", "SSL_CERT_FILE", "`--data-dir`"],
    );
    fetch(Some("company.pem")).expect(3, &["the server answers 404"]);
}
