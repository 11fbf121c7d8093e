//! ServiceAccount tokens whose times a test chooses, signed with the API server's own key.

use anyhow::{Context, Result, anyhow};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject;
use serde_json::{Value, json};

use crate::cluster::ControlPlane;

/// What a token says of itself.
pub fn claims(token: &str) -> Result<Value> {
    let payload = token.split('.').nth(1).context("no JSON Web Token")?;
    Ok(serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload)?)?)
}

impl ControlPlane {
    /// The same token, issued so many seconds earlier and expiring as much earlier: as if that time had gone by.
    pub fn aged(&self, token: &str, seconds: i64) -> Result<String> {
        let mut claims = claims(token)?;
        for key in ["iat", "nbf", "exp"] {
            let time = claims[key].as_i64().with_context(|| format!("the token has no {key}"))?;
            claims[key] = json!(time - seconds);
        }
        self.sign(&claims)
    }

    fn sign(&self, claims: &Value) -> Result<String> {
        let pem = std::fs::read(self.folder().join("service-account.key"))?;
        let key = PrivatePkcs8KeyDer::from_pem_slice(&pem)?;
        let random = SystemRandom::new();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, key.secret_pkcs8_der(), &random)
            .map_err(|error| anyhow!("the key is not usable: {error}"))?;
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", encode(&json!({ "alg": "ES256" })), encode(claims));
        let signature = key.sign(&random, signed.as_bytes()).map_err(|_| anyhow!("it cannot be signed"))?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}
