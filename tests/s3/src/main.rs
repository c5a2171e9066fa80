//! Serves S3 on a port until it is stopped.
use std::{env, thread};

#[expect(clippy::print_stdout, reason = "a command for a person")]
fn main() {
    let port = env::args()
        .nth(1)
        .and_then(|port| port.parse().ok())
        .unwrap_or_default();
    let server = s3_server::Server::start_on(port);
    for (name, value) in server.environment() {
        println!("export {name}={value}");
    }
    loop {
        thread::park();
    }
}
