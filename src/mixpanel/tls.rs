//! Whose certificates are trusted?
//!
//! The operating system's, verified by rustls with the `ring` provider. The
//! provider is given explicitly: a library inside somebody's process has no
//! business installing a global default.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;

use crate::contract::{Code, Error, Result};

/// The TLS configuration of a client; `trusted = false` for one that speaks plain http to this machine and trusts
/// nobody, so that it needs no certificates to be installed.
///
/// Errors: `NetworkError` where the system has no certificates.
pub(super) fn config(trusted: bool) -> Result<ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::new(Code::Internal, format!("TLS could not be set up: {error}")).caused_by(error))?;
    let builder = if trusted {
        builder.with_platform_verifier().map_err(|error| {
            Error::new(Code::NetworkError, format!("the certificates of this machine cannot be read: {error}"))
                .fix("Install the package ca-certificates, or set SSL_CERT_FILE to a file of trusted certificates")
                .caused_by(error)
        })?
    } else {
        builder.with_root_certificates(RootCertStore::empty())
    };
    let mut config = builder.with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}
