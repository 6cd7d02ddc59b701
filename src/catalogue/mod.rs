//! The catalogue: control statements, the views that their tests share, and what they map to. One TOML file a control,
//! one SQL file a view, embedded in the binary; a folder given at run time adds to them or overrides them.
//!
//! To add a control: `controls/<family>/<ID>.toml` and its fixtures in `tests/controls/<ID>.toml`. No Rust. To add a kind of
//! violation that the drill plants: `controls/drills/<name>.toml`.

mod bind;
mod control;
mod drill;
mod load;

pub(crate) use bind::bind;
pub(crate) use control::placeholders;
pub use control::{AppliesTo, Control, Coverage, Empty, Kind, Map, Need, Parameter, Population, parse_duration};
pub use drill::{Drill, Expect};
pub use load::{Catalogue, CatalogueError, View};
