//! How is something named without saying what it is to whoever reads the name, and as nobody else names it?

use ring::digest;

/// A name that nobody has, neither here nor in a process that was forked from this one.
pub fn random() -> String {
    let mut bytes = [0; 16];
    if ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut bytes).is_err() {
        fastrand::fill(&mut bytes);
    }
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The first 16 bytes of a SHA-256, as hexadecimal digits. `kind` keeps things apart that have the same bytes.
pub fn hex(kind: &[u8], bytes: &[u8]) -> String {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(kind);
    context.update(&[0xff]);
    context.update(bytes);
    context.finish().as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// Whether a name is one of these.
pub fn is_one(name: &str) -> bool {
    name.len() == 32 && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
