// Calls of trigger URLs, as a program makes them.
import type { APIRequestContext, APIResponse } from "@playwright/test";
import { createFunctionWith, createTrigger, deploy, expect, open, test, writeCode } from "../helpers.ts";

/** Answers with the event it was called with. */
const ECHO = `import json

def handler(event, context):
    return {
        "statusCode": 201,
        "headers": {"Content-Type": "application/json", "X-Made-By": "echo", "Set-Cookie": ["a=1", "b=2"]},
        "body": json.dumps(event),
        "isBase64Encoded": False,
    }
`;

const REQUEST_ID = /^[0-9a-f]{32}$/;

/** Checks an answer of the gateway's own and that it has the id of the call. */
async function expectRefusal(answer: APIResponse, status: number, code: string, message: string) {
  expect(answer.status()).toBe(status);
  expect(answer.headers()["content-type"]).toBe("application/json");
  const requestId = answer.headers()["x-request-id"];
  expect(requestId).toMatch(REQUEST_ID);
  expect(await answer.json()).toEqual({ error_code: code, error_msg: message, request_id: requestId });
}

const eventOf = async (answer: APIResponse) => {
  expect(answer.status()).toBe(201);
  return await answer.json();
};

test("a function gets the whole request", async ({ page, request, named }) => {
  const name = named("echo");
  await createFunctionWith(page, name, ECHO);
  const { pathUrl } = await createTrigger(page, name, { group: named("group"), path: "/echo" });
  const answer = await request.post(`${pathUrl}/a%20b?x=1&y=%C3%BC+z&x=2`, {
    data: Buffer.from("the body ü"),
    headers: { "X-Custom": "some value", "Content-Type": "text/plain" },
  });
  const event = await eventOf(answer);
  expect(event).toMatchObject({
    httpMethod: "POST",
    path: "/echo/a b",
    pathParameters: { "": "a b" },
    queryStringParameters: { x: ["1", "2"], y: "ü z" },
    body: Buffer.from("the body ü").toString("base64"),
    isBase64Encoded: true,
    requestContext: { stage: "RELEASE", requestId: answer.headers()["x-request-id"] },
    headers: {
      "x-custom": "some value",
      "content-type": "text/plain",
      "x-forwarded-proto": "https",
      "x-forwarded-for": "127.0.0.1",
      "x-request-id": answer.headers()["x-request-id"],
    },
  });
  expect(event.requestContext.apiId).toMatch(REQUEST_ID);
});

test("the function's status, headers and body reach the caller", async ({ page, request, named }) => {
  const name = named("answer");
  await createFunctionWith(page, name, ECHO);
  const { pathUrl } = await createTrigger(page, name, { group: named("group") });
  const answer = await request.get(pathUrl);
  expect(answer.status()).toBe(201);
  expect(answer.headers()).toMatchObject({
    "content-type": "application/json",
    "x-made-by": "echo",
    server: "api-gateway",
  });
  expect(answer.headersArray().filter(({ name }) => name.toLowerCase() === "set-cookie")).toHaveLength(2);
  expect(answer.headers()["x-request-id"]).toMatch(REQUEST_ID);
  // Every call has an id of its own.
  const again = await request.get(pathUrl);
  expect(again.headers()["x-request-id"]).not.toBe(answer.headers()["x-request-id"]);
  const head = await request.head(pathUrl);
  expect(head.status()).toBe(201);
  expect(await head.text()).toBe("");
});

test("a body in Base64 is decoded", async ({ page, request, named }) => {
  const name = named("binary");
  await createFunctionWith(
    page,
    name,
    "import base64\n\ndef handler(event, context):\n    body = base64.b64encode(bytes(range(256))).decode()\n    return {'statusCode': 200, 'headers': {'Content-Type': 'image/png'}, 'body': body, 'isBase64Encoded': True}\n",
  );
  const { pathUrl } = await createTrigger(page, name, { group: named("group") });
  const answer = await request.get(pathUrl);
  expect(await answer.body()).toEqual(Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)));
});

test("the group's own host and the path form lead to the same API", async ({ page, context, named }) => {
  const name = named("host");
  await createFunctionWith(page, name, ECHO);
  const { url, pathUrl } = await createTrigger(page, name, { group: named("group"), path: "/host" });
  const visitor = await context.newPage();
  const eventAt = async (address: string) => {
    const answer = await visitor.goto(address);
    return await answer!.json();
  };
  const byHost = await eventAt(url);
  const byPath = await eventAt(pathUrl);
  expect(byHost.path).toBe("/host");
  expect(byPath.path).toBe("/host");
  expect(byHost.requestContext.apiId).toBe(byPath.requestContext.apiId);
  expect(byHost.headers.host).toBe(new URL(url).host);
});

test("the console's cookie never reaches a function, nor does a function set it", async ({
  page,
  context,
  server,
  named,
}) => {
  const name = named("cookie");
  await createFunctionWith(
    page,
    name,
    ECHO.replace('["a=1", "b=2"]', '["sluice_session=planted; Path=/", "own=1; Path=/"]'),
  );
  const { pathUrl } = await createTrigger(page, name, { group: named("group") });
  // Cookies know no ports: the browser sends the console's to the gateway under the same name.
  const sessionOf = async () =>
    (await context.cookies(server.console)).find(({ name }) => name === "sluice_session")?.value;
  const before = await sessionOf();
  expect(before).toBeTruthy();
  const visitor = await context.newPage();
  const answer = await visitor.goto(pathUrl);
  expect(JSON.stringify(await answer!.json())).not.toContain(before!);
  expect(await sessionOf()).toBe(before);
  // A cookie of the function's own comes back to it.
  const again = await visitor.reload();
  expect((await again!.json()).headers.cookie).toContain("own=1");
});

test("what is not published is answered with APIG.0101", async ({ request, server }) => {
  const message = "The API does not exist or has not been published in the environment.";
  const group = "0123456789abcdef0123456789abcdef";
  const check = async (address: string) =>
    expectRefusal(await request.get(address), 404, "APIG.0101", message);
  await check(`${server.gatewayHttp}/`);
  await check(`${server.gatewayHttps}/_group/${group}/ttest`);
  await check(`${server.gatewayHttps}/_group/short/ttest`);
});

test("an API for HTTPS is not answered over HTTP", async ({ page, request, server, named }) => {
  const name = named("tls");
  await createFunctionWith(page, name, ECHO);
  const { pathUrl } = await createTrigger(page, name, { group: named("group") });
  const plain = pathUrl.replace(server.gatewayHttps, server.gatewayHttp);
  await expectRefusal(
    await request.get(plain),
    400,
    "APIG.0607",
    "The following protocol is supported: HTTPS",
  );
});

test("a body may have 4 MB and not a byte more", async ({ page, request, named }) => {
  const name = named("large");
  await createFunctionWith(
    page,
    name,
    "def handler(event, context):\n    return {'statusCode': 200, 'body': str(len(event['body']))}\n",
  );
  const { pathUrl } = await createTrigger(page, name, { group: named("group") });
  const send = (bytes: number) => request.post(pathUrl, { data: Buffer.alloc(bytes) });
  const most = 4 * 1024 * 1024;
  const taken = await send(most);
  expect(taken.status()).toBe(200);
  expect(await taken.text()).toBe(String(Math.ceil(most / 3) * 4));
  // The answer comes while the body is still being sent, and must not be lost to a reset.
  for (const bytes of [most + 1, 3 * most]) {
    await expectRefusal(await send(bytes), 413, "FSS.1201", "The request body is too large.");
  }
});

test("an address or a header that is too long is refused", async ({ page, request, named }) => {
  const name = named("long");
  await createFunctionWith(page, name, ECHO);
  const { pathUrl } = await createTrigger(page, name, { group: named("group") });
  const long = "x".repeat(33 * 1024);
  await expectRefusal(await request.get(`${pathUrl}?q=${long}`), 414, "APIG.0201", "Request URI too large.");
  const headers = { "x-long": long };
  await expectRefusal(await request.get(pathUrl, { headers }), 494, "APIG.0201", "Request headers too large.");
});

const refusedResult = async (request: APIRequestContext, address: string) =>
  expectRefusal(
    await request.get(address),
    500,
    "FSS.1202",
    "The response body or callback body is invalid because they do not contain any status code.",
  );

test("a result that is no response is answered with FSS.1202", async ({ page, request, named }) => {
  const name = named("shape");
  await createFunctionWith(page, name, "def handler(event, context):\n    return 'just a text'\n");
  const { pathUrl } = await createTrigger(page, name, { group: named("group") });
  await refusedResult(request, pathUrl);
});

test("one function that never ends does not keep others from answering", async ({ page, request, named }) => {
  const [busy, quick] = [named("busy"), named("quick")];
  await createFunctionWith(page, busy, "def handler(event, context):\n    while True:\n        pass\n");
  const busyUrl = (await createTrigger(page, busy, { group: named("group") })).pathUrl;
  await createFunctionWith(page, quick, ECHO);
  const quickUrl = (await createTrigger(page, quick, { group: named("group") })).pathUrl;
  const ending = Promise.all([request.get(busyUrl), request.get(busyUrl), request.get(busyUrl)]);
  let answered = 0;
  const others = (async () => {
    for (; answered < 10; answered++) await eventOf(await request.get(quickUrl));
  })();
  for (const answer of await ending) {
    expect(answer.status()).toBe(500);
    expect(await answer.text()).toContain("call invoke timeout 3s");
  }
  // The others were done before the busy ones were ended.
  expect(answered).toBe(10);
  await others;
});

test("a new deploy serves from the next call on", async ({ page, request, named }) => {
  const name = named("redeployed");
  const answering = (text: string) =>
    `def handler(event, context):\n    return {'statusCode': 200, 'body': '${text}'}\n`;
  await createFunctionWith(page, name, answering("first"));
  const { pathUrl } = await createTrigger(page, name, { group: named("group") });
  expect(await (await request.get(pathUrl)).text()).toBe("first");
  await open(page, `/functions/${name}/code`);
  await writeCode(page, answering("second"));
  await deploy(page);
  expect(await (await request.get(pathUrl)).text()).toBe("second");
});
