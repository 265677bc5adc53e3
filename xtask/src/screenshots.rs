//! `cargo xtask screenshots`: a report's page as a browser shows it.

use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;

use crate::command::{self, Failure, root};

/// Where Chromium may be found, by the names of distributions and vendors.
const BROWSERS: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
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
    let page = page
        .canonicalize()
        .map_err(|source| Failure::File { path: page, source })?;
    let folder = page.with_file_name("screenshots");
    std::fs::create_dir_all(&folder).map_err(|source| Failure::File {
        path: folder.clone(),
        source,
    })?;
    let browser = browser()?;
    for &width in &arguments.widths {
        for (scheme, dark) in [("light", false), ("dark", true)] {
            let picture = folder.join(format!("{scheme}-{width}.png"));
            let size = (width, arguments.height);
            let complaints = screenshot(&browser, &page, &picture, size, dark)?;
            println!("{}", picture.display());
            if !complaints.is_empty() {
                return Err(Failure::Page(complaints.join("\n")));
            }
        }
    }
    Ok(())
}

fn browser() -> Result<String, Failure> {
    let works = |name: &str| {
        let version = Command::new(name).arg("--version").output();
        version.is_ok_and(|output| output.status.success())
    };
    let found = BROWSERS.into_iter().find(|name| works(name));
    found.map(str::to_owned).ok_or(Failure::Missing(
        "no Chromium is installed; on Debian: apt-get install chromium",
    ))
}

/// Takes one picture; gives the lines of the browser's console.
fn screenshot(
    browser: &str,
    page: &Path,
    picture: &Path,
    (width, height): (u32, u32),
    dark: bool,
) -> Result<Vec<String>, Failure> {
    let profile = tempfile::tempdir().map_err(|source| Failure::File {
        path: std::env::temp_dir(),
        source,
    })?;
    let mut chromium = Command::new(browser);
    chromium.args([
        "--headless",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--hide-scrollbars",
        "--enable-logging=stderr",
        // Pages of one's own making, in containers that allow no sandbox.
        "--no-sandbox",
    ]);
    if dark {
        chromium.arg("--force-dark-mode");
    }
    chromium.arg(format!("--user-data-dir={}", profile.path().display()));
    chromium.arg(format!("--window-size={width},{height}"));
    chromium.arg(format!("--screenshot={}", picture.display()));
    chromium.arg(format!("file://{}", page.display()));
    let stderr = command::standard_error(&mut chromium)?;
    let complaints = stderr.lines().filter(|line| line.contains(":CONSOLE"));
    Ok(complaints.map(str::to_owned).collect())
}
