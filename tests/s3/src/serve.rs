//! The server: a thread, a port, and the faults between the wire and the service.
use std::{convert::Infallible, io, net::TcpListener as StdListener, sync::atomic::Ordering, thread, time::Duration};

use bytes::Bytes;
use futures::{StreamExt, stream};
use http_body_util::{BodyExt, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::{
    Request, Response, StatusCode, body::Frame, body::Incoming, header, server::conn::http1, service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use s3s::{
    auth::SimpleAuth,
    service::{S3Service, S3ServiceBuilder},
};
use tokio::{net::TcpListener, runtime::Builder, sync::oneshot};

use crate::{
    Fault, Rule, Seen,
    cut::{Connection, Switch},
    faults::Faults,
    objects::Objects,
    seen::Log,
    service::Service,
};

/// The one key that the server knows.
pub const ACCESS_KEY: &str = "test";
/// Its secret.
pub const SECRET_KEY: &str = "testtest";

/// How long a dropped server waits for requests that it is answering.
const ENDING: Duration = Duration::from_secs(5);

/// Time for bytes before a reset to reach the client: RST makes the kernel drop what it has not read.
const DELIVERY: Duration = Duration::from_millis(30);

type Body = UnsyncBoxBody<Bytes, io::Error>;

/// A running server; it ends when dropped. It runs on threads of its own, so that any kind of test can use it.
pub struct Server {
    address: std::net::SocketAddr,
    objects: Objects,
    faults: Faults,
    log: Log,
    stop: Option<oneshot::Sender<Infallible>>,
    thread: Option<thread::JoinHandle<()>>,
}

#[derive(Clone)]
struct Shared {
    s3: S3Service,
    faults: Faults,
    log: Log,
}

impl Server {
    /// Starts an empty server on a free port.
    pub fn start() -> Self {
        Self::start_on(0)
    }

    /// Starts an empty server on this port.
    ///
    /// # Panics
    /// If the port is taken: a test cannot go on without its server.
    pub fn start_on(port: u16) -> Self {
        let listener = StdListener::bind(("127.0.0.1", port)).expect("the port is free");
        listener.set_nonblocking(true).expect("a socket");
        let address = listener.local_addr().expect("a bound socket");
        let (stop, stopped) = oneshot::channel();
        let (objects, faults, log) = (Objects::default(), Faults::default(), Log::default());
        let mut builder = S3ServiceBuilder::new(Service(objects.clone()));
        builder.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
        let shared = Shared {
            s3: builder.build(),
            faults: faults.clone(),
            log: log.clone(),
        };
        let run = move || {
            let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build();
            let runtime = runtime.expect("a runtime");
            runtime.block_on(async {
                tokio::select! {
                    () = accept(listener, shared) => {}
                    _ = stopped => {}
                }
            });
            runtime.shutdown_timeout(ENDING);
        };
        let thread = thread::Builder::new().name("s3-server".into()).spawn(run);
        let thread = thread.expect("a thread");
        Self {
            address,
            objects,
            faults,
            log,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// Its URL.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What a command needs in its environment to find the server.
    pub fn environment(&self) -> [(&'static str, String); 4] {
        [
            ("AWS_ENDPOINT_URL", self.endpoint()),
            ("AWS_ACCESS_KEY_ID", ACCESS_KEY.into()),
            ("AWS_SECRET_ACCESS_KEY", SECRET_KEY.into()),
            ("AWS_REGION", "us-east-1".into()),
        ]
    }

    /// Creates a bucket; one that is there stays.
    pub fn create_bucket(&self, name: &str) {
        self.objects.with(|state| {
            state.buckets.entry(name.to_owned()).or_default();
        });
    }

    /// Has requests go wrong from now on.
    pub fn inject(&self, rule: Rule) {
        self.faults.add(rule);
    }

    /// Ends all faults; says how often they struck.
    pub fn heal(&self) -> usize {
        self.faults.clear()
    }

    /// The requests that came since this was last called.
    pub fn take_requests(&self) -> Vec<Seen> {
        self.log.take()
    }

    /// Keys in a bucket, without asking over the wire.
    pub fn keys(&self, bucket: &str) -> Vec<String> {
        self.objects.with(|state| {
            state
                .buckets
                .get(bucket)
                .map(|keys| keys.keys().cloned().collect())
                .unwrap_or_default()
        })
    }

    /// Multipart uploads that are neither completed nor aborted.
    pub fn open_uploads(&self) -> usize {
        self.objects.with(|state| state.uploads.len())
    }
}

/// A dropped server answers nothing any more, also on connections that are open.
impl Drop for Server {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn accept(listener: StdListener, shared: Shared) {
    let listener = TcpListener::from_std(listener).expect("a listening socket");
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        let _ = stream.set_nodelay(true);
        let (connection, switch) = Connection::new(stream);
        let shared = shared.clone();
        let service = service_fn(move |request| answer(request, shared.clone(), switch.clone()));
        let serving = http1::Builder::new()
            .timer(TokioTimer::new())
            .serve_connection(TokioIo::new(connection), service);
        tokio::spawn(serving);
    }
}

/// An error makes hyper drop the connection.
async fn answer(request: Request<Incoming>, shared: Shared, switch: Switch) -> io::Result<Response<Body>> {
    shared.log.add(&request);
    let reset = || {
        switch.store(true, Ordering::Relaxed);
        io::Error::from(io::ErrorKind::ConnectionReset)
    };
    let fault = shared.faults.pick(&request);
    match fault {
        Some(Fault::Answer(status, code)) => {
            // A client that is still sending would see a broken pipe instead of the answer.
            let _ = request.into_body().collect().await;
            return Ok(refusal(status, code));
        }
        Some(Fault::Reset) => {
            let _ = request.into_body().collect().await;
            return Err(reset());
        }
        Some(Fault::Delay(time)) => tokio::time::sleep(time).await,
        _ => {}
    }
    let (parts, body) = request.into_parts();
    let request = Request::from_parts(parts, s3s::Body::from(body));
    let answer = shared.s3.call(request).await;
    let answer = answer.map_err(|error| io::Error::other(format!("{error:?}")))?;
    let (head, body) = answer.into_parts();
    let body: Body = body.map_err(io::Error::other).boxed_unsync();
    match fault {
        Some(Fault::ResetAfter) => {
            let _ = body.collect().await;
            Err(reset())
        }
        Some(Fault::Truncate(length)) => Ok(Response::from_parts(head, broken(body, length, Some(switch)))),
        Some(Fault::Stall(length)) => Ok(Response::from_parts(head, broken(body, length, None))),
        _ => Ok(Response::from_parts(head, body)),
    }
}

/// The first `length` bytes, then a reset or, without a switch, silence.
fn broken(body: Body, length: usize, switch: Option<Switch>) -> Body {
    let mut left = length;
    let begin = body.into_data_stream().map(move |chunk| {
        let mut chunk = chunk?;
        chunk.truncate(left);
        left -= chunk.len();
        Ok(Frame::data(chunk))
    });
    let begin = begin.take_while(|frame: &io::Result<Frame<Bytes>>| {
        let empty = frame
            .as_ref()
            .ok()
            .and_then(Frame::data_ref)
            .is_some_and(Bytes::is_empty);
        std::future::ready(!empty)
    });
    let end = stream::once(async move {
        let Some(switch) = switch else {
            return std::future::pending().await;
        };
        tokio::time::sleep(DELIVERY).await;
        switch.store(true, Ordering::Relaxed);
        Err(io::ErrorKind::ConnectionReset.into())
    });
    StreamBody::new(begin.chain(end)).boxed_unsync()
}

fn refusal(status: u16, code: &str) -> Response<Body> {
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>a fault that a test asked for\
         </Message><RequestId>FAULT</RequestId></Error>"
    );
    let body = Full::new(Bytes::from(text)).map_err(|never| match never {});
    let mut response = Response::new(body.boxed_unsync());
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    let kind = header::HeaderValue::from_static("application/xml");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}
