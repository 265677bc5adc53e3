//! A scripted HTTP server on this machine: one reply per connection, in order;
//! when the script is over it is gone.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// What a client asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) path: String,
    pub(crate) range: Option<String>,
}

/// Makes a response of a request.
pub(crate) type Answer = Box<dyn Fn(&Request) -> Vec<u8> + Send>;

/// What the server does with a connection.
pub(crate) enum Reply {
    /// Sends these bytes and closes.
    Bytes(Vec<u8>),
    /// Sends what the function makes of the request and closes.
    Answer(Answer),
    /// Sends these bytes and then zeros until the client hangs up.
    Endless(Vec<u8>),
}

pub(crate) struct Server {
    pub(crate) url: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    pub(crate) fn start(script: Vec<Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/data/", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        thread::spawn(move || {
            for reply in script {
                let (stream, _) = listener.accept().unwrap();
                serve(stream, &reply, &seen);
            }
        });
        Self { url, requests }
    }

    /// An address where nobody listens.
    pub(crate) fn gone() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}/", listener.local_addr().unwrap())
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// The `Range` headers of all requests so far.
    pub(crate) fn ranges(&self) -> Vec<Option<String>> {
        self.requests()
            .into_iter()
            .map(|request| request.range)
            .collect()
    }
}

fn serve(mut stream: TcpStream, reply: &Reply, seen: &Mutex<Vec<Request>>) {
    let mut request = Request {
        path: String::new(),
        range: None,
    };
    for line in BufReader::new(&stream).lines() {
        let line = line.unwrap();
        if line.is_empty() {
            break;
        }
        if let Some(rest) = line.strip_prefix("GET ") {
            request.path = rest.split(' ').next().unwrap().to_owned();
        } else if let Some((name, value)) = line.split_once(": ")
            && name.eq_ignore_ascii_case("range")
        {
            request.range = Some(value.to_owned());
        }
    }
    seen.lock().unwrap().push(request.clone());
    // A client that hangs up early is part of several scripts.
    match reply {
        Reply::Bytes(bytes) => drop(stream.write_all(bytes)),
        Reply::Answer(answer) => drop(stream.write_all(&answer(&request))),
        Reply::Endless(bytes) => {
            let mut going = stream.write_all(bytes).is_ok();
            while going {
                going = stream.write_all(&[0; 4_096]).is_ok();
            }
        }
    }
}

/// A response whose `Content-Length` is as told.
pub(crate) fn response(status: &str, headers: &str, length: usize, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n{headers}\r\n"
    );
    [head.as_bytes(), body].concat()
}

/// The whole body, correctly announced.
pub(crate) fn whole(body: &[u8]) -> Reply {
    Reply::Bytes(response("200 OK", "", body.len(), body))
}

/// The first `sent` bytes of the body, announced as whole.
pub(crate) fn broken_off(body: &[u8], sent: usize) -> Reply {
    Reply::Bytes(response("200 OK", "", body.len(), &body[..sent]))
}

/// The body from the byte asked for on, as a server does that can resume.
pub(crate) fn resuming(body: &[u8]) -> Reply {
    let body = body.to_vec();
    Reply::Answer(Box::new(move |request| {
        let Some(start) = range_start(request) else {
            return response("200 OK", "", body.len(), &body);
        };
        let rest = &body[start..];
        let range = format!(
            "Content-Range: bytes {start}-{}/{}\r\n",
            body.len() - 1,
            body.len()
        );
        response("206 Partial Content", &range, rest.len(), rest)
    }))
}

/// An error status.
pub(crate) fn status(status: &str) -> Reply {
    Reply::Bytes(response(status, "", 4, b"oops"))
}

fn range_start(request: &Request) -> Option<usize> {
    let range = request.range.as_deref()?.strip_prefix("bytes=")?;
    range.strip_suffix('-')?.parse().ok()
}
