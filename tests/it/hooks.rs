//! The hooks against the emulators, and what comes between them and those.

mod access;
mod attributes;
mod calls;
mod clone;
mod crash;
mod deleted_recently;
mod delivery;
mod dropped;
pub mod kind;
mod limits;
mod marks;
mod pages;
mod race;
mod role;
mod silent_names;
mod subscriptions;
mod together;
mod waiting;
