//! Copies behind every kind of route, on the real router: who answers, in which protocol, in which state, and
//! that base never notices.

mod protocols;
mod rows;
mod states;
mod steady;

use acceptance::{
    helm::Version,
    witness::{Application, Route},
};

/// Does the same behind each kind of route, all at once, and returns what came of it.
fn behind_every_route<T: Send>(
    version: Version,
    test: &str,
    look: impl Fn(&Application) -> T + Sync,
) -> Vec<(Route, T)> {
    std::thread::scope(|scope| {
        let look = &look;
        let threads = Route::ALL.map(|route| {
            scope.spawn(move || {
                let application = Application::deploy(version, route, test);
                (route, look(&application))
            })
        });
        // All of them come to their end, and then the first that failed is what is told.
        let ended = threads.map(std::thread::ScopedJoinHandle::join);
        ended.into_iter().map(|end| end.unwrap_or_else(|cause| std::panic::resume_unwind(cause))).collect()
    })
}
