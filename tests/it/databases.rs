//! database-hook at the lab's real PostgreSQL; and the harness's own eyes there.

mod calls;
mod crash;
mod fields;
mod fixed;
mod marks;
mod names;
mod password;
mod race;
mod seed;
mod seen;
mod stage;
mod teardown;
mod template;
mod tls;
mod waiting;
