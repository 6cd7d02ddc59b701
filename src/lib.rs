//! Steadfast turns operational records into audit evidence.
//!
//! The pipeline is one line of stages, each a module, each depending only on those before it:
//!
//! ```text
//! evidence folders ──collect──▶ sources + facts (Parquet) + rejects
//! controls/*.toml ──catalogue─▶ controls, views
//! facts + catalogue ──assess──▶ populations, coverage, conclusions
//! conclusions ──report────────▶ one report model: every number made, every claim cited
//! report ──outputs────────────▶ HTML, Markdown, JSON, CSV …
//! outputs + facts ──pack──────▶ a sealed BagIt folder, and `verify`
//! ```
//!
//! [`pipeline`] strings them together. Reading alone needs no query engine:
//!
//! ```
//! use steadfast::collect::{CollectOptions, collect, unpack, walk};
//! use steadfast::{config::Config, period::Period};
//!
//! let folder = std::env::temp_dir().join(format!("steadfast-example-{}", std::process::id()));
//! std::fs::create_dir_all(folder.join("evidence"))?;
//! std::fs::write(folder.join("evidence/people.csv"), "person,alias\nann,ann.lee\n")?;
//!
//! let config = Config::default();
//! let period = Period::parse("2026-Q3", config.system.time_zone.0)?;
//! let files = unpack(walk(&[folder.join("evidence")])?, &folder.join("unpacked"), config.unpack)?;
//! let options = CollectOptions { config: &config, period: &period, threads: 2, progress: &|_, _| {} };
//! let collected = collect(&files, &folder.join("facts"), options)?;
//!
//! let source = &collected.sources[0];
//! assert_eq!(source.format.map(|format| format.name()), Some("people-csv"));
//! assert_eq!((source.tally.opened, source.tally.facts, source.tally.rejected), (1, 1, 0));
//! # std::fs::remove_dir_all(folder)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![cfg_attr(
    not(feature = "judge"),
    allow(dead_code, unused_imports, reason = "what only judging uses is not left out piece by piece")
)]

#[cfg(feature = "judge")]
pub mod assess;
mod bytes;
pub mod catalogue;
pub mod collect;
pub mod config;
pub mod diag;
pub mod facts;
pub mod formats;
pub mod inspect;
pub mod mapping;
#[cfg(feature = "judge")]
pub mod outputs;
#[cfg(feature = "judge")]
pub mod pack;
pub mod period;
#[cfg(feature = "judge")]
pub mod pipeline;
pub mod public_key;
pub mod redact;
#[cfg(feature = "judge")]
pub mod report;
pub mod surface;
