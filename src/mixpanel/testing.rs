//! A server for tests: it says what its script says, one connection after another.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use crate::{
    config::{BaseUrl, Credentials, Keeping, Region, RegionFrom, Secret, Target, Testing},
    contract::{Clock, Journal},
};

/// A target that reaches nothing.
pub fn target() -> Target {
    Target {
        credentials: Credentials::ServiceAccount { username: "sa".into(), secret: Secret::new("hunter2") },
        project_id: Some("12345".into()),
        region: Region::Eu,
        region_from: RegionFrom::File,
        workspace_id: None,
        account: Some("prod".into()),
        base_url: BaseUrl::parse("http://127.0.0.1:1").ok(),
        warnings: Vec::new(),
        hint: None,
        keeping: Keeping::none(),
        max_wait: Duration::ZERO,
        max_age: None,
        testing: Testing {
            retry_base: Some(Duration::from_millis(1)),
            timeout: Some(Duration::from_secs(1)),
            unlimited: false,
            clock: Clock::default(),
        },
        journal: Journal::default(),
    }
}

/// What the server does with one connection.
pub enum Act {
    /// Says this and closes.
    Say(Vec<u8>),
    /// Says this and then nothing more, without closing.
    Hang(Vec<u8>),
}

/// An answer with a status, headers and a body.
pub fn say(status: &str, headers: &[&str], body: &[u8]) -> Act {
    let mut bytes =
        format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n", body.len()).into_bytes();
    for header in headers {
        bytes.extend_from_slice(format!("{header}\r\n").as_bytes());
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(body);
    Act::Say(bytes)
}

/// A running server. Its thread ends with its script.
pub struct Server {
    port: u16,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub fn new(script: Vec<Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        std::thread::spawn(move || {
            let mut open = Vec::new();
            for act in script {
                let Ok((mut stream, _)) = listener.accept() else { return };
                let request = read_request(&mut stream);
                seen.lock().unwrap_or_else(PoisonError::into_inner).push(request);
                match act {
                    Act::Say(bytes) => drop(stream.write_all(&bytes)),
                    Act::Hang(bytes) => {
                        let _ = stream.write_all(&bytes);
                        open.push(stream);
                    }
                }
            }
            // Longer than any test waits for silence.
            if !open.is_empty() {
                std::thread::sleep(Duration::from_secs(5));
            }
        });
        Self { port, requests }
    }

    pub fn target(&self) -> Target {
        Target { base_url: BaseUrl::parse(&format!("http://127.0.0.1:{}", self.port)).ok(), ..target() }
    }

    /// The requests so far, as they came.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Head and body of one request.
pub(super) fn read_request(stream: &mut TcpStream) -> String {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return text;
            }
        }
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return text,
            Ok(length) => bytes.extend_from_slice(&buffer[..length]),
        }
    }
}
