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

#![cfg_attr(
    not(feature = "judge"),
    allow(dead_code, unused_imports, reason = "what only judging uses is not left out piece by piece")
)]

#[cfg(feature = "judge")]
pub mod assess;
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
