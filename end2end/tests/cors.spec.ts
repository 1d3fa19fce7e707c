// API Gateway > Policies, CORS and Response Headers: what pages of other origins can do with an
// API, in a browser that enforces it.
import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Page } from "@playwright/test";
import { bind, card } from "../bindings.ts";
import { createFunctionWith, createTrigger, expect, ok, open, test as base } from "../helpers.ts";

const ANSWERS = `def handler(event, context):
    headers = {"Content-Type": "text/plain", "X-Powered-By": "me", "X-Method": event["httpMethod"]}
    return {"statusCode": 200, "headers": headers, "body": "hello", "isBase64Encoded": False}
`;

/** Two origins with an empty page each. */
interface Pages {
  friend: string;
  stranger: string;
}

const test = base.extend<{ pages: Pages }>({
  pages: async ({}, use) => {
    const server: HttpServer = createServer((_, answer) => {
      answer.setHeader("Content-Type", "text/html").end("<!doctype html><title>Page</title>");
    });
    await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
    const { port } = server.address() as AddressInfo;
    await use({ friend: `http://127.0.0.1:${port}`, stranger: `http://localhost:${port}` });
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  },
});

async function openForm(page: Page, name: string, type: string) {
  await open(page, "/api-gateway/policies");
  await page.getByRole("button", { name: "Create Policy" }).click();
  const form = page.getByRole("dialog", { name: "Create Policy" });
  await form.getByLabel("Name", { exact: true }).fill(name);
  await form.getByRole("combobox", { name: "Type" }).selectOption(type);
  return form;
}

/** What a page of that origin gets to see of a call. */
async function fetched(page: Page, origin: string, url: string, init: RequestInit = {}) {
  await page.goto(origin);
  return await page.evaluate(
    async ([url, init]) => {
      try {
        const answer = await fetch(url, init);
        const text = await answer.text();
        const seen = ["x-method", "x-request-id"].filter((name) => answer.headers.has(name));
        return `${answer.status} ${text.slice(0, 200)} [${seen.join(", ")}]`;
      } catch (error) {
        return String(error);
      }
    },
    [url, init] as const,
  );
}

const REFUSED = "TypeError: Failed to fetch";
const JSON_PUT = { method: "PUT", body: "{}", headers: { "Content-Type": "application/json" } };

test("pages of the origins that a policy lists call an API, and no others", async ({ page, pages, named }) => {
  const [name, policy] = [named("open"), named("Pages")];
  await createFunctionWith(page, name, ANSWERS);
  const { url } = await createTrigger(page, name, { group: named("group"), protocol: "HTTP" });
  expect(await fetched(page, pages.friend, url)).toBe(REFUSED);
  const form = await openForm(page, policy, "CORS");
  await form.getByLabel("Allowed Origins").fill(`${pages.friend}/\nhttps://www.example.com`);
  await form.getByLabel("Allowed Methods").fill("get, put");
  await form.getByLabel("Allowed Headers").fill("Content-Type");
  await form.getByLabel("Exposed Headers").fill("X-Request-Id");
  await ok(page);
  await expect(card(page, policy)).toContainText(`${pages.friend}, https://www.example.com`);
  await expect(card(page, policy)).toContainText("GET, PUT");
  await bind(page, policy, `API_${name}`);
  // Without a preflight, and with one.
  expect(await fetched(page, pages.friend, url)).toBe("200 hello [x-request-id]");
  expect(await fetched(page, pages.friend, url, JSON_PUT)).toBe("200 hello [x-request-id]");
  expect(await fetched(page, pages.stranger, url)).toBe(REFUSED);
  expect(await fetched(page, pages.stranger, url, JSON_PUT)).toBe(REFUSED);
  // What the policy does not name is not let through: a method, a header, credentials.
  expect(await fetched(page, pages.friend, url, { ...JSON_PUT, method: "DELETE" })).toBe(REFUSED);
  expect(await fetched(page, pages.friend, url, { headers: { "X-Other": "1" } })).toBe(REFUSED);
  expect(await fetched(page, pages.friend, url, { credentials: "include" })).toBe(REFUSED);
  await open(page, "/api-gateway/policies");
  await page.getByRole("button", { name: `Edit ${policy}` }).click();
  const origins = page.getByRole("dialog").getByLabel("Allowed Origins");
  await expect(origins).toHaveValue(`${pages.friend}\nhttps://www.example.com`);
  await page.getByRole("checkbox", { name: "Allow Credentials" }).check();
  await ok(page);
  expect(await fetched(page, pages.friend, url, { credentials: "include" })).toBe("200 hello [x-request-id]");
});

test("a page can read why the gateway refuses its call", async ({ page, pages, named }) => {
  const [name, policy] = [named("guarded"), named("Any")];
  await createFunctionWith(page, name, ANSWERS);
  const fields = { group: named("group"), protocol: "HTTP", authentication: "App" } as const;
  const { url } = await createTrigger(page, name, fields);
  expect(await fetched(page, pages.friend, url, JSON_PUT)).toBe(REFUSED);
  const form = await openForm(page, policy, "CORS");
  await form.getByLabel("Allowed Origins").fill("*");
  await form.getByLabel("Allowed Headers").fill("*");
  await ok(page);
  await bind(page, policy, `API_${name}`);
  for (const origin of [pages.friend, pages.stranger]) {
    expect(await fetched(page, origin, url, JSON_PUT)).toMatch(/^401 .*"APIG\.0303"/);
  }
});

test("a policy changes the headers of answers", async ({ page, request, named }) => {
  const [name, policy] = [named("headers"), named("Headers")];
  await createFunctionWith(page, name, ANSWERS);
  const { pathUrl: url } = await createTrigger(page, name, { group: named("group") });
  const form = await openForm(page, policy, "Response Headers");
  const row = (n: number) => ({
    name: form.getByLabel("Header Name").nth(n),
    action: form.getByRole("combobox", { name: "Action" }).nth(n),
    value: form.getByLabel("Header Value").nth(n),
  });
  const rule = form.getByRole("group", { name: "Headers" });
  await expect(rule).toHaveAccessibleDescription("Must be 1 to 10 headers, are 0");
  for (const [header, message] of [
    ["X-Request-Id", "X-Request-Id is the gateway's own and cannot be changed"],
    ["Content-Length", "Content-Length is the gateway's own and cannot be changed"],
    ["Access-Control-Allow-Origin", "Access-Control-Allow-Origin is what a policy of the type CORS is for"],
    ["Cache-Control", "The value of Cache-Control must have 1 to 1024 characters, has 0"],
  ] as const) {
    await row(0).name.fill(header);
    await expect(rule).toHaveAccessibleDescription(message);
    await expect(form.getByRole("button", { name: "OK" })).toBeDisabled();
  }
  await row(0).value.fill("no-store");
  await form.getByRole("button", { name: "+ Add" }).click();
  await row(1).name.fill("X-Powered-By");
  await row(1).action.selectOption("Delete");
  await expect(row(1).value).toBeDisabled();
  await ok(page);
  await expect(card(page, policy)).toContainText("Cache-Control: no-store");
  await bind(page, policy, `API_${name}`);
  const changed = (await request.get(url)).headers();
  expect(changed["cache-control"]).toBe("no-store");
  expect(changed).not.toHaveProperty("x-powered-by");
  expect(changed["x-method"]).toBe("GET");
  await page.getByRole("button", { name: `Edit ${policy}` }).click();
  const editing = page.getByRole("dialog", { name: `Edit ${policy}` });
  await expect(editing.getByLabel("Header Name").nth(1)).toHaveValue("X-Powered-By");
  await editing.getByRole("button", { name: "Delete" }).nth(1).click();
  await ok(page);
  expect((await request.get(url)).headers()["x-powered-by"]).toBe("me");
});

test("each field of a CORS policy says its rule", async ({ page, named }) => {
  const form = await openForm(page, named("Rules"), "CORS");
  const check = async (field: string, wrong: string, rule: string, right: string) => {
    const input = form.getByLabel(field);
    await input.fill(wrong);
    await expect(input).toHaveAccessibleDescription(new RegExp(`^${rule}`));
    await expect(form.getByRole("button", { name: "OK" })).toBeDisabled();
    await input.fill(right);
    await expect(form.getByRole("button", { name: "OK" })).toBeEnabled();
  };
  const origin = "https://www.example.com";
  await check("Allowed Origins", "www.example.com", '"www.example.com" is no origin such as', origin);
  await check("Allowed Methods", "FETCH", '"FETCH" is none of GET, POST', "GET");
  await check("Allowed Headers", "X A", '"X A" is no name of a header', "X-A");
  await check("Exposed Headers", "X:", '"X:" is no name of a header', "");
  await check("Maximum Cache Age", "172801", "Must be 0 to 172,800 seconds, not 172801", "60");
  await form.getByRole("checkbox", { name: "Allow Credentials" }).check();
  await check("Allowed Origins", "*", "Must list the origins where credentials are allowed", origin);
  await check("Allowed Headers", "*", "Must name the headers where credentials are allowed", "");
});
