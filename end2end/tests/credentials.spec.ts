// API Gateway > Credentials: callers of triggers with App authentication.
import { spawnSync } from "node:child_process";
import { createHash, createHmac } from "node:crypto";
import { join } from "node:path";
import type { APIRequestContext, Page } from "@playwright/test";
import { createFunctionWith, createTrigger, expect, open, test } from "../helpers.ts";

/** Answers with what it got of the caller. */
const SHOWS_CALLER = `import base64, json

def handler(event, context):
    shown = {
        "query": event["queryStringParameters"],
        "body": base64.b64decode(event["body"]).decode(),
        "code": event["headers"].get("x-apig-appcode"),
    }
    return {"statusCode": 200, "headers": {}, "body": json.dumps(shown), "isBase64Encoded": False}
`;

/** Signs a request as the vendor's guide says, with nothing of the server's. */
function signed(method: string, url: string, body: string, key: string, secret: string) {
  const { host, pathname, searchParams } = new URL(url);
  const encode = (text: string) =>
    encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  const date = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
  const path = decodeURIComponent(pathname).split("/").map(encode).join("/");
  const query = [...searchParams].sort().map(([name, value]) => `${encode(name)}=${encode(value)}`).join("&");
  const hash = (text: string) => createHash("sha256").update(text).digest("hex");
  const request = [
    method,
    path.endsWith("/") ? path : `${path}/`,
    query,
    `host:${host}\nx-sdk-date:${date}\n`,
    "host;x-sdk-date",
    hash(body),
  ].join("\n");
  const signature = createHmac("sha256", secret).update(`SDK-HMAC-SHA256\n${date}\n${hash(request)}`).digest("hex");
  return {
    "X-Sdk-Date": date,
    Authorization: `SDK-HMAC-SHA256 Access=${key}, SignedHeaders=host;x-sdk-date, Signature=${signature}`,
  };
}

const card = (page: Page, name: string) => page.getByRole("article", { name });

/** What is told once, by its label. */
async function told(page: Page) {
  const dialog = page.getByRole("dialog", { name: "Copy It Now" });
  await expect(dialog).toBeVisible();
  const shown = new Map(
    await dialog.locator("dl > div").evaluateAll((rows) =>
      rows.map((row) => [row.querySelector("dt")?.textContent, row.querySelector("code")?.textContent] as const)
    ),
  );
  await dialog.getByRole("button", { name: "Done" }).click();
  await expect(dialog).toBeHidden();
  const of = (label: string) => shown.get(label) ?? "";
  return { AppKey: of("AppKey"), AppSecret: of("AppSecret"), AppCode: of("AppCode") };
}

async function createCredential(page: Page, name: string) {
  await open(page, "/api-gateway/credentials");
  await page.getByRole("button", { name: "Create Credential" }).click();
  const dialog = page.getByRole("dialog", { name: "Create Credential" });
  await dialog.getByRole("textbox", { name: "Name" }).fill(name);
  await dialog.getByRole("button", { name: "OK" }).click();
  return await told(page);
}

async function bind(page: Page, name: string, api: string) {
  await card(page, name).getByRole("button", { name: "Bind to APIs" }).click();
  const dialog = page.getByRole("dialog", { name: `Bind ${name} to APIs` });
  await dialog.getByRole("checkbox", { name: new RegExp(`^${api} `) }).check();
  await dialog.getByRole("button", { name: "OK" }).click();
  await expect(dialog).toBeHidden();
  await expect(card(page, name)).toContainText(`${api} (`);
}

async function call(request: APIRequestContext, url: string, headers: Record<string, string> = {}, body?: string) {
  const answer = await request.fetch(url, { method: body === undefined ? "GET" : "POST", headers, data: body });
  const text = await answer.text();
  return `${answer.status()} ${answer.ok() ? text : JSON.parse(text).error_code}`;
}

test("a trigger with App authentication is called with a credential made in the console", async ({ page, request, named }) => {
  const [name, credential] = [named("signed"), named("Partner")];
  await createFunctionWith(page, name, SHOWS_CALLER);
  const { pathUrl: url } = await createTrigger(page, name, { group: named("group"), authentication: "App" });
  expect(await call(request, url)).toBe("401 APIG.0303");

  const { AppKey, AppSecret } = await createCredential(page, credential);
  await expect(card(page, credential)).toContainText(AppKey);
  await expect(page.locator("body")).not.toContainText(AppSecret);
  await expect(card(page, credential)).toContainText("None: it can call nothing yet.");
  const get = (address: string) => call(request, address, signed("GET", address, "", AppKey, AppSecret));
  expect(await get(url)).toBe("403 APIG.0304");

  await bind(page, credential, `API_${name}`);
  const query = `${url}?b=2&a=gr%C3%BC%C3%9Fe%20%26&a=1`;
  expect(await get(query)).toBe('200 {"query": {"a": ["gr\\u00fc\\u00dfe &", "1"], "b": "2"}, "body": "", "code": null}');
  const body = '{"ü": 1}';
  expect(await call(request, url, signed("POST", url, body, AppKey, AppSecret), body)).toContain("\\u00fc");
  expect(await call(request, url, signed("POST", url, body, AppKey, AppSecret), "other")).toBe("401 APIG.0303");
  expect(await call(request, url, { "X-Apig-AppCode": "x" })).toBe("401 APIG.0303");

  // Another secret counts at once; the deleted credential counts no more.
  await card(page, credential).getByRole("button", { name: "Reset Secret" }).click();
  await page.getByRole("dialog", { name: `Reset Secret of ${credential}` }).getByRole("button", { name: "OK" }).click();
  const reset = await told(page);
  expect(reset.AppKey).toBe(AppKey);
  expect(await get(url)).toBe("401 APIG.0303");
  expect(await call(request, url, signed("GET", url, "", AppKey, reset.AppSecret))).toMatch(/^200 /);
  await card(page, credential).getByRole("button", { name: "Delete" }).last().click();
  await page.getByLabel("Type DELETE to confirm").fill("DELETE");
  await page.getByRole("dialog").getByRole("button", { name: "OK" }).click();
  await expect(card(page, credential)).toHaveCount(0);
  expect(await call(request, url, signed("GET", url, "", AppKey, reset.AppSecret))).toBe("401 APIG.0303");
});

test("an AppCode is enough where the trigger says so", async ({ page, request, named }) => {
  const [name, credential] = [named("simple"), named("Coded")];
  await createFunctionWith(page, name, SHOWS_CALLER);
  const { pathUrl: url } = await createTrigger(page, name, {
    group: named("group"),
    authentication: "App",
    appCode: true,
  });
  await createCredential(page, credential);
  await bind(page, credential, `API_${name}`);
  await card(page, credential).getByRole("button", { name: "Create AppCode" }).click();
  const { AppCode } = await told(page);
  const codes = card(page, credential).getByRole("list", { name: "AppCodes" });
  await expect(codes).toContainText(`…${AppCode.slice(-4)}`);
  expect(await call(request, url, { "X-Apig-AppCode": AppCode })).toBe('200 {"query": {}, "body": "", "code": null}');
  expect(await call(request, url, { "X-Apig-AppCode": `${AppCode}x` })).toBe("401 APIG.0303");
  await codes.getByRole("button", { name: "Delete AppCode" }).click();
  await expect(codes.getByRole("listitem")).toHaveCount(0);
  expect(await call(request, url, { "X-Apig-AppCode": AppCode })).toBe("401 APIG.0303");
});

test("the code that a trigger's card shows runs as it stands", async ({ page, server, named }) => {
  const [name, open_, credential] = [named("shown"), named("open"), named("Shown")];
  await createFunctionWith(page, name, SHOWS_CALLER);
  await createFunctionWith(page, open_, SHOWS_CALLER);
  const group = named("group");
  await createTrigger(page, open_, { group: named("group") });
  const run = async (language: string, edit: (code: string) => string = (code) => code) => {
    await page.getByText("Call it").click();
    const code = edit(await page.getByRole("region", { name: language, exact: true }).innerText());
    await page.getByText("Call it").click();
    const [program, ...args] = { Python: ["python3", "-"], JavaScript: ["node", "--input-type=module", "-"], curl: ["sh"] }[language] ?? [];
    const authority = join(server.data, "tls", "ca.pem");
    const { stdout } = spawnSync(program ?? "", args, {
      input: code,
      encoding: "utf8",
      env: { ...process.env, FORCE_COLOR: "0", SSL_CERT_FILE: authority, CURL_CA_BUNDLE: authority, NODE_EXTRA_CA_CERTS: authority },
    });
    return stdout.trim();
  };
  const answer = '{"query": {}, "body": "", "code": null}';
  expect(await run("Python")).toBe(answer);
  expect(await run("JavaScript")).toBe(`200 ${answer}`);

  await createTrigger(page, name, { group, authentication: "App", appCode: true });
  const { AppKey, AppSecret } = await createCredential(page, credential);
  await bind(page, credential, `API_${name}`);
  await card(page, credential).getByRole("button", { name: "Create AppCode" }).click();
  const { AppCode } = await told(page);
  await open(page, `/functions/${name}/configuration/triggers`);
  const filled = (code: string) =>
    code.replace("APP_KEY", AppKey).replace("APP_SECRET", AppSecret).replace("APP_CODE", AppCode);
  expect(await run("Python", filled)).toBe(answer);
  const asked = (code: string) => filled(code).replace(`/${name}"`, `/${name}?b=2&a=gr%C3%BC%C3%9Fe%20%26&a=1"`);
  expect(await run("Python", asked)).toContain('"a": ["gr\\u00fc\\u00dfe &", "1"]');
  expect(await run("JavaScript", asked)).toContain('"a": ["gr\\u00fc\\u00dfe &", "1"]');
  await expect(page.getByRole("region", { name: "curl", includeHidden: true })).toContainText("X-Apig-AppCode: APP_CODE");
});

test("a name is checked as it is typed and taken once", async ({ page, named }) => {
  const credential = named("Once");
  await createCredential(page, credential);
  await page.getByRole("button", { name: "Create Credential" }).click();
  const dialog = page.getByRole("dialog", { name: "Create Credential" });
  const name = dialog.getByRole("textbox", { name: "Name" });
  await name.fill("1a");
  await expect(name).toHaveAccessibleDescription(/^Must have 3 to 64 characters, has 2/);
  await expect(dialog.getByRole("button", { name: "OK" })).toBeDisabled();
  await name.fill(credential);
  await dialog.getByRole("button", { name: "OK" }).click();
  await expect(dialog.getByRole("alert")).toContainText("There is a credential of this name already");
});
