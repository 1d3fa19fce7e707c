// `fetch`, within the rules of the function: the executor connects, and says why it does not.
//
// The engine sends one request and says of every failure that it is a network error. Here
// redirects are followed, each of which is a request by itself, and errors get their reason.

import { anyOpen, failure } from "sluice:javascript/connections@0.1.0";

const { fetch: send } = globalThis;

/** As many as browsers follow. */
const MOST_REDIRECTS = 20;

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** What another host must not get. */
const OF_ONE_ORIGIN = ["authorization", "cookie", "proxy-authorization", "host"];

/** What describes a body. */
const OF_BODY = ["content-type", "content-length", "content-encoding", "content-language", "content-location"];

/** The global function. */
export async function fetch(input, init = {}) {
  const { redirect = "follow", body } = init;
  let request = new Request(input, init);
  for (let left = MOST_REDIRECTS; ; left -= 1) {
    const { url } = request;
    const response = await explaining(url, () => send(request));
    const location = REDIRECTS.has(response.status) && response.headers.get("location");
    if (!location || redirect === "manual") {
      return left < MOST_REDIRECTS ? redirected(response) : response;
    }
    if (redirect === "error" || left === 0) {
      throw new TypeError(`${url} redirects ${left === 0 ? "too often" : "to another address"}`);
    }
    await response.body?.cancel();
    request = next(request, response.status, new URL(location, url), body);
  }
}

/** The request that follows a redirect. */
function next(request, status, url, body) {
  if (!["http:", "https:"].includes(url.protocol)) {
    throw new TypeError(`${request.url} redirects to ${url.protocol}, which is not HTTP`);
  }
  const headers = new Headers(request.headers);
  if (url.origin !== new URL(request.url).origin) {
    OF_ONE_ORIGIN.forEach((name) => headers.delete(name));
  }
  const { method, signal } = request;
  const isRead = method === "GET" || method === "HEAD";
  if (isRead || status === 303 || (status < 303 && method === "POST")) {
    OF_BODY.forEach((name) => headers.delete(name));
    return new Request(url, { method: isRead ? method : "GET", headers, signal });
  }
  if (request.body && (body == null || body instanceof ReadableStream)) {
    throw new TypeError(`${request.url} redirects, and the body of the request cannot be sent again`);
  }
  return new Request(url, { method, headers, body, signal });
}

function redirected(response) {
  return Object.defineProperty(response, "redirected", { value: true });
}

async function explaining(url, act) {
  try {
    return await act();
  } catch (error) {
    const reason = failure(url);
    throw reason === undefined ? error : new TypeError(reason, { cause: error });
  }
}

// A body can fail when its beginning is there already.
for (const name of ["arrayBuffer", "blob", "bytes", "formData", "json", "text"]) {
  const read = Response.prototype[name];
  if (read) {
    Response.prototype[name] = function () {
      return explaining(this.url, () => read.call(this));
    };
  }
}

/** True while the engine may still hear from somebody. */
export const isConnected = anyOpen;
