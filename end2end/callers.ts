// Callers of trigger URLs: how they sign, and what they are told of keys and secrets.
import { spawnSync } from "node:child_process";
import { createHash, createHmac } from "node:crypto";
import { join } from "node:path";
import type { APIRequestContext, Page } from "@playwright/test";
import { expect } from "./helpers.ts";
import type { Server } from "./server.ts";

/** Answers with what it got of the caller. */
export const SHOWS_CALLER = `import base64, json

def handler(event, context):
    shown = {
        "query": event["queryStringParameters"],
        "body": base64.b64decode(event["body"]).decode(),
        "code": event["headers"].get("x-apig-appcode"),
    }
    return {"statusCode": 200, "headers": {}, "body": json.dumps(shown), "isBase64Encoded": False}
`;

/** Signs a request as the vendor's guide says, with nothing of the server's. */
export function signed(method: string, url: string, body: string, key: string, secret: string) {
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

/** Reads what is told once; gives it by its label. */
export async function told(page: Page) {
  const dialog = page.getByRole("dialog", { name: "Copy It Now" });
  await expect(dialog).toBeVisible();
  const shown = new Map(
    await dialog.locator("dl > div").evaluateAll((rows) =>
      rows.map((row) => [row.querySelector("dt")?.textContent, row.querySelector("code")?.textContent] as const)
    ),
  );
  await dialog.getByRole("button", { name: "Done" }).click();
  await expect(dialog).toBeHidden();
  return (label: string) => shown.get(label) ?? "";
}

/** Calls a trigger URL: `200` and the body, or the status and the code. */
export async function call(request: APIRequestContext, url: string, headers: Record<string, string> = {}, body?: string) {
  const answer = await request.fetch(url, { method: body === undefined ? "GET" : "POST", headers, data: body });
  const text = await answer.text();
  return `${answer.status()} ${answer.ok() ? text : JSON.parse(text).error_code}`;
}

/** Runs the code that the one trigger card of a page shows, and gives what it prints. */
export async function runSnippet(page: Page, server: Server, language: string, edit: (code: string) => string = (code) => code) {
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
}
