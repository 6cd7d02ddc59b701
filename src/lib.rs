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

pub mod assess;
pub mod catalogue;
pub mod collect;
pub mod config;
pub mod diag;
pub mod facts;
pub mod formats;
pub mod outputs;
pub mod pack;
pub mod period;
pub mod pipeline;
pub mod redact;
pub mod report;
