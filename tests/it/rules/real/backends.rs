//! What is behind the router: a listener on this machine for each Service, which says its name and the headers
//! that came.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    thread,
};

use acceptance::{cluster, lab::lab, process};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// What a backend says.
#[derive(Debug, Deserialize, Serialize)]
pub struct Seen {
    pub service: String,
    /// Names in lower case.
    pub headers: BTreeMap<String, Vec<String>>,
}

/// Listeners that end with the process.
#[derive(Debug)]
pub struct Backends;

impl Backends {
    /// Listens for each of the services, and tells the cluster where.
    pub fn start(namespace: &str, services: &[String]) -> Self {
        let address = machine();
        let slices: Vec<_> = services
            .iter()
            .map(|service| {
                let listener = TcpListener::bind(("0.0.0.0", 0)).expect("a port");
                let port = listener.local_addr().expect("it is bound").port();
                let name = service.clone();
                thread::spawn(move || {
                    for stream in listener.incoming().flatten() {
                        let name = name.clone();
                        thread::spawn(move || serve(&stream, &name));
                    }
                });
                json!({
                    "apiVersion": "discovery.k8s.io/v1",
                    "kind": "EndpointSlice",
                    "metadata": {
                        "name": service,
                        "namespace": namespace,
                        "labels": {"kubernetes.io/service-name": service},
                    },
                    "addressType": "IPv4",
                    "ports": [{"name": "http", "port": port}],
                    "endpoints": [{"addresses": [address], "conditions": {"ready": true}}],
                })
            })
            .collect();
        cluster::put(&json!({"apiVersion": "v1", "kind": "List", "items": slices}).to_string());
        Self
    }
}

/// This machine, as the lab's own Services have it.
fn machine() -> String {
    process::output_of(lab().command("kubectl").args([
        "get",
        "endpointslice",
        "traefik",
        "--namespace=infra",
        "--output=jsonpath={.endpoints[0].addresses[0]}",
    ]))
}

/// One connection, which the router keeps for many requests.
fn serve(stream: &TcpStream, service: &str) {
    let mut reader = BufReader::new(stream);
    loop {
        let mut headers: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut lines = 0;
        loop {
            let mut line = String::new();
            match reader.read_line(&mut line) {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
            let line = line.trim_end_matches(['\r', '\n']);
            if line.is_empty() {
                break;
            }
            if let (Some((name, value)), true) = (line.split_once(':'), lines > 0) {
                headers.entry(name.to_ascii_lowercase()).or_default().push(value.trim().to_owned());
            }
            lines += 1;
        }
        let seen = Seen { service: service.to_owned(), headers };
        let body = serde_json::to_string(&seen).expect("it is JSON");
        let mut stream = stream;
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        // Whoever stopped reading asks no more.
        if stream.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}
