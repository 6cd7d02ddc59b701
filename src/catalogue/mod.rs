//! The catalogue: control statements, the views that their tests share, and the frameworks whose requirements they support.
//! One TOML file a control, one SQL file a view, one TOML file a framework, embedded in the binary; a folder given at run
//! time adds to them or overrides them.
//!
//! To add a control: `controls/<family>/<ID>.toml` and its fixtures in `tests/controls/<ID>.toml`. To add a framework:
//! `controls/frameworks/<ID>.toml`. To add a kind of violation that the drill plants: `controls/drills/<name>.toml`. No Rust.

mod bind;
mod control;
mod drill;
mod framework;
mod load;
mod relate;
mod sampling;

pub(crate) use bind::bind;
pub(crate) use control::placeholders;
pub use control::{AppliesTo, Control, Coverage, Empty, Kind, Map, Need, Parameter, Population, parse_duration};
pub use drill::{Drill, Expect};
pub use framework::{Framework, NoDirectRequirement, Relation, Requirement, Support, Withdrawn};
pub use load::{Catalogue, CatalogueError, View};
pub use sampling::{Attribute, Per, Practice, SamplingTable};
