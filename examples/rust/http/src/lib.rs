//! A server of `wasi:http`: it says what was asked of it, and sends the body back.

use wasip2::http::types::{
    Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam,
};
use wasip2::io::streams::StreamError;

struct Server;

impl wasip2::exports::http::incoming_handler::Guest for Server {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let path = request.path_with_query().unwrap_or_default();
        let said = format!("{:?} {path}\n", request.method());
        let body = read(&request);

        let headers = Fields::new();
        let plain = b"text/plain; charset=utf-8".to_vec();
        headers.append("content-type", &plain).expect("it is allowed");
        let response = OutgoingResponse::new(headers);
        let answer = response.body().expect("it is taken once");
        ResponseOutparam::set(out, Ok(response));

        let stream = answer.write().expect("it is taken once");
        // A stream takes at most 4096 bytes at a time in this way.
        for chunk in said.as_bytes().chunks(4096).chain(body.chunks(4096)) {
            if stream.blocking_write_and_flush(chunk).is_err() {
                return; // nobody reads on
            }
        }
        drop(stream);
        drop(OutgoingBody::finish(answer, None));
    }
}

fn read(request: &IncomingRequest) -> Vec<u8> {
    let mut read = Vec::new();
    let body = request.consume().expect("it is taken once");
    let stream = body.stream().expect("it is taken once");
    loop {
        match stream.blocking_read(64 * 1024) {
            Ok(bytes) => read.extend(bytes),
            Err(StreamError::Closed) => return read,
            Err(StreamError::LastOperationFailed(error)) => panic!("{}", error.to_debug_string()),
        }
    }
}

wasip2::http::proxy::export!(Server);
