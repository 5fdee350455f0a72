//! A nameserver that never answers: what waits for it ends when it is told to, and in time.

use std::{
    fs,
    net::UdpSocket,
    time::{Duration, Instant},
};

use acceptance::{
    emulator::REGION,
    hook::{Hook, file},
};

/// The whole of 127.0.0.0/8 is this machine, and nobody else's nameserver is here.
const NAMESERVER: &str = "127.9.9.9";

/// Starts a hook where names are asked for at the silent one.
const STARTER: &str = "mount --bind \"$0\" /etc/resolv.conf && exec \"$@\"";

#[test]
fn a_hook_that_waits_for_a_name_stops_when_it_is_told_to_and_when_its_time_is_over() {
    let silent = UdpSocket::bind((NAMESERVER, 53)).expect("nobody else listens there");
    let folder = tempfile::tempdir().expect("a folder");
    let resolv = folder.path().join("resolv.conf");
    fs::write(&resolv, format!("nameserver {NAMESERVER}\n")).expect("written");
    let starter = ["unshare", "--mount", "sh", "-c", STARTER, resolv.to_str().expect("a text")];
    let access = format!("endpointUrl: http://localstack.silent.example:4566\n  region: {REGION}");
    let config = file("silent", &format!("sqs:\n  {access}\n  queues: [{{name: silent}}]"));

    let running = Hook::sqs().under(&starter).spawn("apply", &config, &["--timeout=60s"]);
    let mut question = [0; 512];
    silent.recv(&mut question).expect("the hook asks for the name");
    let told = Instant::now();
    running.signal("TERM");
    let ended = running.wait().ends_with(1);
    assert!(told.elapsed() < Duration::from_secs(5), "{}", ended.said());
    assert!(ended.last_line().contains("stopped by SIGTERM"), "{}", ended.said());

    let began = Instant::now();
    let ended = Hook::sqs().under(&starter).run("apply", &config, &["--timeout=3s"]).ends_with(4);
    assert!(began.elapsed() < Duration::from_secs(5), "{}", ended.said());
}
