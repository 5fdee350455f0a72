use crate::stream::Place;

/// Why a stream could not be rendered.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    #[error("{place}: this cannot be read: {cause}")]
    Syntax { place: Place, cause: String },
    #[error("{place}: {what} is not supported yet{remedy}")]
    Unsupported { place: Place, what: String, remedy: &'static str },
    #[error("{place}: {what}")]
    Wrong { place: Place, what: String },
    #[error("{what}")]
    Copy { what: String },
}
