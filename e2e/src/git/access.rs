//! Who may read a repository.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{HeaderMap, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Bytes;

/// One repository that wants credentials; the others are everybody's.
#[derive(Clone)]
pub struct Private {
    /// `/NAME.git/`.
    prefix: String,
    authorization: String,
}

impl Private {
    /// The repository `NAME.git`, for one user.
    pub fn new(name: &str, user: &str, password: &str) -> Self {
        let authorization = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
        Self { prefix: format!("/{name}.git/"), authorization }
    }

    /// Whether a request for this path may be answered.
    pub(super) fn admits(&self, path: &str, headers: &HeaderMap) -> bool {
        let given = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        !path.starts_with(&self.prefix) || given == Some(&self.authorization)
    }
}

/// Clients send credentials only after they were asked for them.
pub(super) fn who_are_you() -> Response<Full<Bytes>> {
    let response = Response::builder().status(StatusCode::UNAUTHORIZED);
    let response = response.header(WWW_AUTHENTICATE, "Basic realm=\"git\"");
    response.body(Full::default()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_private_repository_asks() {
        let private = Private::new("team", "reader", "secret");
        let nobody = HeaderMap::new();
        assert!(private.admits("/addons.git/info/refs", &nobody));
        assert!(!private.admits("/team.git/info/refs", &nobody));
        let header = |text: &str| HeaderMap::from_iter([(AUTHORIZATION, text.parse().unwrap())]);
        assert!(private.admits("/team.git/info/refs", &header("Basic cmVhZGVyOnNlY3JldA==")));
        assert!(!private.admits("/team.git/info/refs", &header("Basic cmVhZGVyOg==")));
    }
}
