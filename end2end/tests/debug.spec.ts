// Debug: a request to an API from the console, its answer, and where its time went.
import type { Page } from "@playwright/test";
import { createFunctionWith, createTrigger, expect, ok, open, reload, test } from "../helpers.ts";

const ECHO = `import base64, json

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="

def handler(event, context):
    print("seen", event["httpMethod"], event["path"])
    kind = event["queryStringParameters"].get("kind")
    if kind == "page":
        return {"statusCode": 200, "headers": {"Content-Type": "text/html"}, "body": "<h1 id='theirs'>Not ours</h1><script>document.title = 'taken'</script>"}
    if kind == "picture":
        return {"statusCode": 200, "headers": {"Content-Type": "image/png"}, "body": PIXEL, "isBase64Encoded": True}
    if kind == "bytes":
        return {"statusCode": 200, "headers": {"Content-Type": "application/zip"}, "body": base64.b64encode(bytes(range(256)) * 4).decode(), "isBase64Encoded": True}
    return {"statusCode": 201, "headers": {"Content-Type": "application/json", "X-Made-By": "echo"}, "body": json.dumps({"z": event["httpMethod"], "a": event})}
`;

const answer = (page: Page) => page.getByRole("region", { name: "Answer", exact: true });
const body = (page: Page) => page.getByRole("region", { name: "Body", exact: true });
const trace = (page: Page) => page.getByRole("region", { name: "Trace" });

/** Presses Send and waits for the answer. */
async function send(page: Page, status: string) {
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await expect(answer(page).locator(".badge")).toHaveText(status);
}

/** Opens Debug from the card of a trigger. */
async function openDebug(page: Page, api: string) {
  await page.getByRole("article", { name: api }).getByRole("link", { name: `Debug ${api}` }).click();
  await expect(page.getByRole("heading", { name: `Debug ${api}` })).toBeVisible();
}

/** Adds a row to the query or the headers. */
async function add(page: Page, what: "Query Parameter" | "Header", name: string, value: string) {
  await page.getByRole("button", { name: `Add ${what}` }).click();
  await page.getByLabel(`${what} Name`).last().fill(name);
  await page.getByLabel(`${what} Value`).last().fill(value);
}

test("a request shows its answer, its trace and its log", async ({ page, named }) => {
  const name = named("debugged");
  await createFunctionWith(page, name, ECHO);
  await createTrigger(page, name, {
    group: named("group"),
    path: "/items/{id}",
    matching: "Exact match",
    authentication: "IAM",
  });
  await openDebug(page, `API_${name}`);
  await expect(page).toHaveTitle("Debug - Sluice");
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await expect(page.getByRole("alert")).toHaveText(/The path's parameter id must have a value\./);
  await page.getByLabel("{id}").fill("7/ü");
  await page.getByRole("combobox", { name: "Method" }).selectOption("PATCH");
  await add(page, "Query Parameter", "q", "a b");
  await add(page, "Query Parameter", "q", "c&d");
  await add(page, "Header", "X-Custom", "some value");
  await page.getByRole("textbox", { name: "Body" }).fill("hello");
  await expect(page.locator(".debug__url")).toHaveText(/\/_group\/[0-9a-f]{32}\/items\/7%2F%C3%BC\?q=a%20b&q=c%26d$/);
  await send(page, "201 Created");
  const shown = await body(page).innerText();
  // With line breaks, and in the order of the function.
  expect(shown).toMatch(/^\{\n  "z": "PATCH",\n  "a": \{\n/);
  expect(JSON.parse(shown).a).toMatchObject({
    httpMethod: "PATCH",
    pathParameters: { id: "7/ü" },
    queryStringParameters: { q: ["a b", "c&d"] },
    headers: { "x-custom": "some value" },
    body: Buffer.from("hello").toString("base64"),
  });
  await expect(answer(page).getByRole("row", { name: "x-made-by echo" })).toBeVisible();
  await expect(trace(page)).toContainText("/items/{id}, Exact match, in RELEASE; id = 7/ü");
  await expect(trace(page)).toContainText("IAM: not asked of admin, who is signed in");
  for (const step of ["Route", "Authentication", "Request body", "Queue", "Instance", "Handler", "Response"]) {
    await expect(trace(page).getByRole("cell", { name: new RegExp(`^${step}`) })).toBeVisible();
  }
  await answer(page).getByRole("link", { name: "Log of the request" }).click();
  await expect(page.getByRole("heading", { name: "Log of the request" })).toBeVisible();
  // The record can be a moment late.
  await expect(async () => {
    await reload(page);
    await expect(page.getByRole("list", { name: "Log lines" })).toContainText("seen PATCH /items/7/ü", { timeout: 1000 });
  }).toPass();
});

test("an answer never becomes a part of the console", async ({ page, named }) => {
  const name = named("foreign");
  await createFunctionWith(page, name, ECHO);
  await createTrigger(page, name, { group: named("group"), path: "/f" });
  await openDebug(page, `API_${name}`);
  await add(page, "Query Parameter", "kind", "page");
  await send(page, "200 OK");
  await expect(body(page)).toContainText("<h1 id='theirs'>Not ours</h1><script>");
  await expect(page.locator("#theirs")).toHaveCount(0);
  await expect(page).toHaveTitle("Debug - Sluice");
  await page.getByLabel("Query Parameter Value").fill("picture");
  await send(page, "200 OK");
  const picture = answer(page).getByRole("img", { name: "The body as a picture" });
  await expect(picture).toBeVisible();
  expect(await picture.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(1);
  await page.getByLabel("Query Parameter Value").fill("bytes");
  await send(page, "200 OK");
  await expect(body(page)).toContainText("00 01 02 03");
  await expect(answer(page)).toContainText("(1024 bytes)");
});

test("what was sent is sent again, also after a reload", async ({ page, context, named }) => {
  const name = named("again");
  await createFunctionWith(page, name, ECHO);
  await createTrigger(page, name, { group: named("group"), path: "/f", environment: named("ENV"), method: "POST" });
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await openDebug(page, `API_${name}`);
  await page.getByLabel("Below the Path").fill("one");
  await page.getByRole("textbox", { name: "Body" }).fill("it's");
  await send(page, "201 Created");
  await page.getByRole("button", { name: "Copy as curl" }).click();
  const command = await page.evaluate(() => navigator.clipboard.readText());
  expect(command).toMatch(/^curl -X POST --globoff --path-as-is 'https:\/\/.*\/f\/one' \\\n  -H 'X-Stage: ENV_\d+' \\\n/);
  expect(command).toContain(String.raw`--data-raw 'it'\''s'`);
  await page.getByLabel("Below the Path").fill("two");
  await send(page, "201 Created");
  await expect(body(page)).toContainText('"path": "/f/two"');
  await reload(page);
  const sent = page.getByRole("region", { name: "Sent" }).getByRole("listitem");
  await expect(sent).toHaveCount(2);
  await sent.filter({ hasText: "/f/one" }).getByRole("button", { name: /^Send Again: POST/ }).click();
  await expect(body(page)).toContainText('"path": "/f/one"');
  await expect(page.getByLabel("Below the Path")).toHaveValue("one");
  await expect(page.getByRole("textbox", { name: "Body" })).toHaveValue("it's");
  await expect(sent).toHaveCount(2);
});

test("an API that is not there says so", async ({ page }) => {
  await open(page, `/api-gateway/apis/${"0".repeat(32)}/debug`);
  await expect(page.getByRole("alert")).toContainText("APIG.3002: The API does not exist, or is not published");
});

test("a caller who asks is told what a call took and what is left", async ({ page, request, named }) => {
  const [name, policy] = [named("told"), named("Limit")];
  await createFunctionWith(page, name, ECHO);
  const { pathUrl } = await createTrigger(page, name, { group: named("group") });
  await open(page, "/api-gateway/policies");
  await page.getByRole("button", { name: "Create Policy" }).click();
  const form = page.getByRole("dialog", { name: "Create Policy" });
  await form.getByLabel("Name").fill(policy);
  await form.getByRole("combobox", { name: "Unit" }).selectOption("hour");
  await form.getByLabel("Max. Requests").fill("5");
  await form.getByRole("button", { name: "OK" }).click();
  await expect(form).toBeHidden();
  await page.getByRole("article", { name: policy }).getByRole("button", { name: "Bind to APIs" }).click();
  await page.getByRole("checkbox", { name: new RegExp(`^API_${name} `) }).check();
  await page.getByRole("dialog").getByRole("button", { name: "OK" }).click();
  await expect(page.getByRole("article", { name: policy })).toContainText(`API_${name} (`);
  const told = async (headers: Record<string, string>) => {
    const answer = await request.get(pathUrl, { headers });
    return Object.fromEntries(Object.entries(answer.headers()).filter(([name]) => name.startsWith("x-apig")));
  };
  expect(await told({})).toEqual({});
  expect(await told({ "X-Apig-Mode": "debug" })).toEqual({
    "x-apig-latency": expect.stringMatching(/^\d+$/),
    "x-apig-upstream-latency": expect.stringMatching(/^\d+$/),
    "x-apig-ratelimit-api": "remain:3,limit:5,time:1 hour",
  });
  // Debug is not counted.
  await open(page, `/functions/${name}/configuration/triggers`);
  await openDebug(page, `API_${name}`);
  await send(page, "201 Created");
  await expect(trace(page)).toContainText("Not applied, not counted. Of all callers: remain:3,limit:5,time:1 hour");
});

test("what an API requires is there to be filled in", async ({ page, named }) => {
  const name = named("required");
  await createFunctionWith(page, name, ECHO);
  await createTrigger(page, name, { group: named("group"), path: "/required" });
  await openDebug(page, `API_${name}`);
  await expect(page.getByLabel("Query Parameter Name")).toHaveCount(0);
  await page.getByRole("link", { name: `API API_${name}` }).click();
  await expect(page.getByRole("heading", { name: `API_${name}`, level: 1 })).toBeVisible();
  for (const [parameter, location] of [
    ["page", "Query"],
    ["X-Kind", "Header"],
  ] as const) {
    await page.getByRole("button", { name: "Add Request Parameter" }).click();
    const dialog = page.getByRole("dialog", { name: "Add Request Parameter" });
    await dialog.getByLabel("Name").fill(parameter);
    await dialog.getByLabel("Location").selectOption(location);
    await ok(page);
  }
  await page.getByRole("button", { name: /^Publish Latest Version/ }).click();
  await ok(page);
  await expect(page.getByRole("heading", { name: "RELEASE Latest definition" })).toBeVisible();
  await open(page, `/functions/${name}/configuration/triggers`);
  await openDebug(page, `API_${name}`);
  await expect(page.getByLabel("Query Parameter Name")).toHaveValue("page");
  await expect(page.getByLabel("Header Name")).toHaveValue("X-Kind");
  await expect(page.getByLabel("Header Value")).toHaveAttribute("required", "");
  await page.getByLabel("Query Parameter Value").fill("7");
  await page.getByLabel("Header Value").fill("own");
  await send(page, "201 Created");
  expect(JSON.parse(await body(page).innerText()).a).toMatchObject({
    queryStringParameters: { page: "7" },
    headers: { "x-kind": "own" },
  });
});
