use etastar_search::{Manifest, Snapshot, Strategy};

use crate::figure::Text;
use crate::page::document::{Entry, Section, Table};

/// What all rows of the store have in common.
pub(in crate::page) fn manifest(snapshot: &Snapshot) -> Section {
    let mut section = Section::new(2, "manifest", Text::plain("Manifest"));
    section.table(Table {
        caption: Text::plain("The sweep's manifest, fixed when its store was created."),
        columns: vec![Text::markup("field"), Text::markup("value")],
        rows: fields(&snapshot.manifest)
            .into_iter()
            .map(|(name, value)| {
                vec![
                    Entry::text(Text::plain(name)),
                    Entry::text(Text::code(value)),
                ]
            })
            .collect(),
        name: String::new(),
    });
    section
}

/// The fields of a manifest, but for what belongs to its analysis.
pub(in crate::page) fn fields(manifest: &Manifest) -> Vec<(String, String)> {
    let mut rows: Vec<(String, String)> = [
        ("experiment", manifest.experiment.clone()),
        ("profile", manifest.profile.clone().unwrap_or_else(none)),
        ("format version", manifest.format_version.to_string()),
        ("program version", manifest.tool_version.clone()),
        (
            "git commit",
            manifest.git_commit.clone().unwrap_or_else(none),
        ),
        ("configuration hash", manifest.configuration_hash.clone()),
        ("backend", manifest.backend.clone()),
        ("float type", manifest.float.clone()),
        ("device", manifest.device.clone()),
        ("trials", trials(manifest.strategy)),
        ("features", listed(&manifest.features)),
        ("master seed", manifest.seed.to_string()),
        ("repeats a cell", manifest.repeats.to_string()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect();
    for (file, hash) in &manifest.datasets {
        rows.push((format!("SHA-256 of {file}"), hash.clone()));
    }
    rows
}

/// When and where the sweep ran, and the commands.
pub(in crate::page) fn sessions(snapshot: &Snapshot, command: &str) -> Section {
    let mut section = Section::new(2, "sessions", Text::plain("Sessions and commands"));
    if let Some(table) = sessions_table(snapshot) {
        section.table(table);
        section.paragraph("Commands of the sessions, in order:");
        let mut commands: Vec<&str> = snapshot
            .sessions
            .iter()
            .map(|s| s.command.as_str())
            .collect();
        commands.dedup();
        section.code(&commands.join("\n"));
    } else {
        section.paragraph("No session is recorded.");
    }
    section.paragraph("This report was made by:");
    section.code(command);
    section
}

/// The runs of the program on the store, if any is recorded.
pub(in crate::page) fn sessions_table(snapshot: &Snapshot) -> Option<Table> {
    if snapshot.sessions.is_empty() {
        return None;
    }
    let words = |text: &str| Entry::text(Text::plain(text));
    let rows = snapshot
        .sessions
        .iter()
        .map(|session| {
            let host = &session.host;
            let machine = match &host.processor {
                Some(processor) => format!("{}, {}, {processor}", host.os, host.architecture),
                None => format!("{}, {}", host.os, host.architecture),
            };
            vec![
                words(&session.started_at),
                words(session.finished_at.as_deref().unwrap_or("interrupted")),
                words(&session.tool_version),
                words(&machine),
                Entry::text(match &session.arithmetic {
                    Some(arithmetic) => Text::code(arithmetic.clone()),
                    None => Text::plain(none()),
                }),
                Entry::count(host.cores),
                Entry::count(session.jobs),
            ]
        })
        .collect();
    Some(Table {
        caption: Text::plain(
            "Runs of the program on the store. The arithmetic is a fingerprint of how the machine \
             rounds: where it is equal, expect the same trials to give the same bits.",
        ),
        columns: vec![
            Text::markup("started"),
            Text::markup("ended"),
            Text::markup("version"),
            Text::markup("machine"),
            Text::markup("arithmetic"),
            Text::markup("cores"),
            Text::markup("jobs"),
        ],
        rows,
        name: String::new(),
    })
}

fn none() -> String {
    "–".to_owned()
}

fn listed(items: &[String]) -> String {
    if items.is_empty() {
        none()
    } else {
        items.join(", ")
    }
}

/// How trials were carried out, in words.
fn trials(strategy: Strategy) -> String {
    match strategy {
        Strategy::Sequential => "one network after the other",
        Strategy::Batched => "many networks in one program",
    }
    .to_owned()
}
