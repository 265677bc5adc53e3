//! `cargo xtask screenshots`: pictures of a report's page as a browser shows it.

use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;

use crate::command::{self, Failure, root, works};
use crate::files;

/// The names of Chromium, by distribution and vendor.
const BROWSERS: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];

/// Options for a page of one's own making, in containers without a sandbox.
const OPTIONS: [&str; 9] = [
    "--headless",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--enable-logging=stderr",
    "--no-sandbox",
];

#[derive(Debug, Args)]
pub(crate) struct ScreenshotsArguments {
    /// The page, or the folder of its `index.html`
    #[arg(default_value = "results/quick/report/index.html")]
    page: PathBuf,

    /// Widths of the window, in pixels
    #[arg(long, value_delimiter = ',', default_values_t = [1200, 600])]
    widths: Vec<u32>,

    /// Height of the window, in pixels
    #[arg(long, default_value_t = 16000)]
    height: u32,
}

/// Takes pictures of a page, light and dark, in every width, into the folder
/// `screenshots` beside it. Fails if the browser's console has a complaint.
pub(crate) fn run(arguments: &ScreenshotsArguments) -> Result<(), Failure> {
    let mut page = root().join(&arguments.page);
    if page.is_dir() {
        page.push("index.html");
    }
    let page = page.canonicalize().map_err(Failure::file(&page))?;
    let folder = page.with_file_name("screenshots");
    files::create_folder(&folder)?;
    for width in &arguments.widths {
        for (scheme, option) in [("light", None), ("dark", Some("--force-dark-mode"))] {
            let picture = folder.join(format!("{scheme}-{width}.png"));
            let mut chromium = chromium()?;
            chromium.args(option);
            chromium.arg(format!("--window-size={width},{}", arguments.height));
            take(&mut chromium, &page, &picture)?;
            println!("{}", picture.display());
        }
    }
    Ok(())
}

/// Chromium without a window, with a profile of its own to be given.
pub(crate) fn chromium() -> Result<Command, Failure> {
    let found = BROWSERS
        .into_iter()
        .find(|name| works(name, &["--version"]));
    let missing = || Failure::new("no Chromium is installed; on Debian: apt-get install chromium");
    let mut chromium = Command::new(found.ok_or_else(missing)?);
    chromium.args(OPTIONS);
    Ok(chromium)
}

fn take(chromium: &mut Command, page: &Path, picture: &Path) -> Result<(), Failure> {
    let profile = tempfile::tempdir().map_err(Failure::file(&std::env::temp_dir()))?;
    chromium.arg(format!("--user-data-dir={}", profile.path().display()));
    chromium.arg(format!("--screenshot={}", picture.display()));
    chromium.arg(format!("file://{}", page.display()));
    let stderr = command::standard_error(chromium)?;
    let complaints: Vec<&str> = stderr
        .lines()
        .filter(|line| line.contains(":CONSOLE"))
        .collect();
    if complaints.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "the browser's console has complaints about the page:\n{}",
        complaints.join("\n")
    )))
}
