//! Compresses what a function answers, where the caller asks for it.
//!
//! Only text and its like, from 1 kB on: below that the packets are as many. What the function has
//! encoded itself, or wants nobody to transform, stays as it is; so does what is for one caller alone
//! (`Set-Cookie`, `Cache-Control: private` or `no-store`), whose length could tell a secret in it to who
//! has a say in the rest (BREACH), and what has a digest of its bytes.

use std::io::Write as _;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{
    ACCEPT_ENCODING, ACCEPT_RANGES, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_RANGE, CONTENT_TYPE,
    ETAG, SET_COOKIE, VARY,
};
use http::{HeaderMap, HeaderValue};

use crate::decode::{FunctionResponse, allows_body};

/// Fewest bytes that are compressed. Source: APIG, gateway parameter `gzip`.
const FEWEST_BYTES: usize = 1024;

/// Most bytes that are compressed where the request is answered; more of them, which take more than
/// a millisecond, on a thread that may block.
const MOST_AT_ONCE: usize = 32 * 1024;

/// How hard to try. Source: APIG, gateway parameter `comp_level`; for Brotli the quality that is
/// about as quick.
const GZIP_LEVEL: u32 = 6;
const BROTLI_QUALITY: i32 = 4;

/// What says of an answer that it is for one caller, or that nobody shall change it.
const KEPT: [&str; 3] = ["no-transform", "private", "no-store"];

/// Headers that tell of the bytes of a body.
const DIGESTS: [&str; 3] = ["content-digest", "digest", "content-md5"];

/// What to compress with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coding {
    Brotli,
    Gzip,
}

impl Coding {
    fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }

    /// The coding that the caller likes best. Source: RFC 9110, section 12.5.3.
    pub(crate) fn accepted(headers: &HeaderMap) -> Option<Self> {
        let (mut brotli, mut gzip, mut any) = (None, None, None);
        let values = headers.get_all(ACCEPT_ENCODING).iter();
        let codings = values.filter_map(|value| value.to_str().ok());
        for coding in codings.flat_map(|value| value.split(',')) {
            let (name, weight) = coding.split_once(';').unwrap_or((coding, "q=1"));
            let weight = weight_of(weight).unwrap_or(0.0);
            let name = name.trim();
            let is = |coding: &str| name.eq_ignore_ascii_case(coding);
            match () {
                () if is("br") => brotli = Some(weight),
                () if is("gzip") || is("x-gzip") => gzip = Some(weight),
                () if is("*") => any = Some(weight),
                () => {}
            }
        }
        let weight = |own: Option<f32>| own.or(any).unwrap_or(0.0);
        let (brotli, gzip) = (weight(brotli), weight(gzip));
        match () {
            () if brotli > 0.0 && brotli >= gzip => Some(Self::Brotli),
            () if gzip > 0.0 => Some(Self::Gzip),
            () => None,
        }
    }

    fn compressed(self, body: &[u8]) -> std::io::Result<Vec<u8>> {
        let mut packed = Vec::with_capacity(body.len() / 4);
        match self {
            Self::Brotli => {
                let params = brotli::enc::BrotliEncoderParams {
                    quality: BROTLI_QUALITY,
                    size_hint: body.len(),
                    ..Default::default()
                };
                brotli::BrotliCompress(&mut &*body, &mut packed, &params)?;
            }
            Self::Gzip => {
                let mut encoder = GzEncoder::new(&mut packed, Compression::new(GZIP_LEVEL));
                encoder.write_all(body)?;
                encoder.finish()?;
            }
        }
        Ok(packed)
    }
}

/// The weight in `q=0.5`.
fn weight_of(text: &str) -> Option<f32> {
    let text = text.trim();
    let weight = text
        .strip_prefix("q=")
        .or_else(|| text.strip_prefix("Q="))?;
    let weight: f32 = weight.trim().parse().ok()?;
    (0.0..=1.0).contains(&weight).then_some(weight)
}

/// What a trace tells of an answer whose body had so many bytes.
pub(crate) fn told(before: usize, response: &FunctionResponse) -> String {
    let after = response.body.len();
    match after < before {
        true => format!("{before} bytes made {after}"),
        false => format!("{after} bytes, as they are"),
    }
}

/// Compresses the answer, if that is for it and makes it smaller. What could be compressed says that
/// it depends on what the caller accepts, compressed or not.
pub(crate) async fn compress(response: &mut FunctionResponse, coding: Option<Coding>) {
    if !is_compressible(response) {
        return;
    }
    let varies = HeaderValue::from_static("accept-encoding");
    response.headers.append(VARY, varies);
    let Some(coding) = coding else { return };
    let body = response.body.clone();
    let packed = if body.len() <= MOST_AT_ONCE {
        coding.compressed(&body)
    } else {
        let packing = tokio::task::spawn_blocking(move || coding.compressed(&body));
        match packing.await {
            Ok(packed) => packed,
            Err(_) => return, // the server stops
        }
    };
    let Ok(packed) = packed else { return };
    if packed.len() >= response.body.len() {
        return;
    }
    response.body = Bytes::from(packed);
    let headers = &mut response.headers;
    headers.insert(CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
    headers.remove(ACCEPT_RANGES);
    // The bytes are others now: what says that they are the same may only say that they mean the same.
    if let Some(tag) = headers.get(ETAG)
        && !tag.as_bytes().starts_with(b"W/")
        && let Ok(weak) = HeaderValue::from_bytes(&[b"W/", tag.as_bytes()].concat())
    {
        headers.insert(ETAG, weak);
    }
}

fn is_compressible(response: &FunctionResponse) -> bool {
    let headers = &response.headers;
    let keeps = |name, word: &str| {
        let mut values = headers.get_all(name).iter();
        values.any(|value| {
            let value = value.to_str().unwrap_or_default().to_ascii_lowercase();
            value.split(',').any(|part| part.trim() == word)
        })
    };
    response.body.len() >= FEWEST_BYTES
        && allows_body(response.status)
        && !headers.contains_key(CONTENT_ENCODING)
        && !headers.contains_key(CONTENT_RANGE)
        && !headers.contains_key(SET_COOKIE)
        && !DIGESTS.iter().any(|name| headers.contains_key(*name))
        && !KEPT.iter().any(|word| keeps(CACHE_CONTROL, word))
        && headers.get(CONTENT_TYPE).is_some_and(is_text)
}

/// True for a type whose bytes are mostly text.
fn is_text(content_type: &HeaderValue) -> bool {
    let content_type = content_type.to_str().unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default();
    let essence = essence.trim().to_ascii_lowercase();
    // Events are to arrive one by one, when a function can send them so.
    (essence.starts_with("text/") && essence != "text/event-stream")
        || essence.ends_with("+json")
        || essence.ends_with("+xml")
        || matches!(
            essence.as_str(),
            "application/json"
                | "application/javascript"
                | "application/xml"
                | "application/x-ndjson"
                | "application/wasm"
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::StatusCode;
    use insta::assert_snapshot;
    use proptest::prelude::*;
    use std::io::Read as _;

    fn accepted(value: &str) -> Option<Coding> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_str(value).unwrap());
        Coding::accepted(&headers)
    }

    #[test]
    fn the_caller_says_what_it_accepts() {
        let cases = [
            ("gzip, deflate, br, zstd", Some(Coding::Brotli)),
            ("gzip", Some(Coding::Gzip)),
            ("GZIP ; q=0.5", Some(Coding::Gzip)),
            ("br;q=0.5, gzip;q=0.8", Some(Coding::Gzip)),
            ("br;q=0, gzip;q=0", None),
            ("*", Some(Coding::Brotli)),
            ("br;q=0, *;q=0.1", Some(Coding::Gzip)),
            ("*;q=0, gzip", Some(Coding::Gzip)),
            ("identity", None),
            ("", None),
            ("gzip;q=2", None),
            ("gzip;q=NaN", None),
            ("gzip;level=9", None),
            ("xgzip", None),
        ];
        for (value, expected) in cases {
            assert_eq!(accepted(value), expected, "{value}");
        }
    }

    fn response(headers: &[(&'static str, &str)], body: Vec<u8>) -> FunctionResponse {
        let mut response = FunctionResponse {
            status: StatusCode::OK,
            headers: HeaderMap::new(),
            body: body.into(),
        };
        for (name, value) in headers {
            response.headers.append(*name, value.parse().unwrap());
        }
        response
    }

    fn packed(mut response: FunctionResponse, coding: Option<Coding>) -> FunctionResponse {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.build().unwrap();
        runtime.block_on(compress(&mut response, coding));
        response
    }

    fn check(headers: &[(&'static str, &str)], bytes: usize, coding: Option<Coding>) -> String {
        let response = packed(response(headers, vec![b'a'; bytes]), coding);
        let headers = response.headers.iter();
        let headers = headers.filter(|(name, _)| *name != "content-type");
        let headers = headers.map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()));
        let shorter = if response.body.len() < bytes {
            "shorter"
        } else {
            "same"
        };
        format!("{shorter} {}", headers.collect::<Vec<_>>().join(", "))
    }

    #[test]
    fn what_is_long_text_is_compressed() {
        let gzip = Some(Coding::Gzip);
        let text = ("content-type", "text/html; charset=utf-8");
        assert_snapshot!(check(&[text], 1024, gzip), @"shorter vary: accept-encoding, content-encoding: gzip");
        assert_snapshot!(check(&[text], 1024, Some(Coding::Brotli)), @"shorter vary: accept-encoding, content-encoding: br");
        assert_snapshot!(check(&[text], 1024, None), @"same vary: accept-encoding");
        assert_snapshot!(check(&[text], 1023, gzip), @"same");
        assert_snapshot!(check(&[("content-type", "application/problem+JSON")], 1024, gzip), @"shorter vary: accept-encoding, content-encoding: gzip");
        assert_snapshot!(check(&[("content-type", "image/png")], 1024, gzip), @"same");
        assert_snapshot!(check(&[], 1024, gzip), @"same");
        assert_snapshot!(check(&[text, ("content-encoding", "identity")], 1024, gzip), @"same content-encoding: identity");
        assert_snapshot!(check(&[text, ("cache-control", "public, No-Transform")], 1024, gzip), @"same cache-control: public, No-Transform");
        assert_snapshot!(check(&[text, ("content-range", "bytes 0-1023/2048")], 1024, gzip), @"same content-range: bytes 0-1023/2048");
        assert_snapshot!(check(&[text, ("vary", "cookie"), ("etag", "\"1\"")], 1024, gzip), @r#"shorter vary: cookie, vary: accept-encoding, etag: W/"1", content-encoding: gzip"#);
    }

    proptest! {
        #[test]
        fn what_was_compressed_is_the_same_again(
            piece in prop::collection::vec(any::<u8>(), 1..300),
            times in 1usize..400,
            brotli in any::<bool>(),
        ) {
            let body = piece.repeat(times);
            let coding = if brotli { Coding::Brotli } else { Coding::Gzip };
            let packed = packed(response(&[("content-type", "text/plain")], body.clone()), Some(coding));
            let mut unpacked = Vec::new();
            match packed.headers.get(CONTENT_ENCODING).map(HeaderValue::as_bytes) {
                None => unpacked.extend_from_slice(&packed.body),
                Some(b"br") => { brotli::Decompressor::new(&*packed.body, 4096).read_to_end(&mut unpacked).unwrap(); }
                Some(_) => { flate2::read::GzDecoder::new(&*packed.body).read_to_end(&mut unpacked).unwrap(); }
            }
            prop_assert_eq!(unpacked, body);
        }
    }
}
