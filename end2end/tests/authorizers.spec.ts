// API Gateway > Custom Authorizers: functions that decide who may call an API.
import type { APIRequestContext, Page } from "@playwright/test";
import { createFunctionWith, createTrigger, expect, ok, open, test } from "../helpers.ts";

/** Lets in who has the token `open`. */
const GUARD = `import json

def handler(event, context):
    print("asked with", event["user_data"])
    status = "allow" if event["headers"]["token"] == "open" else "deny"
    return {"statusCode": 200, "headers": {}, "body": json.dumps({"status": status, "context": {"user": "anna"}}), "isBase64Encoded": False}
`;

const SHOWS = `def handler(event, context):
    return {"statusCode": 200, "headers": {}, "body": event["requestContext"]["authorizer"]["user"], "isBase64Encoded": False}
`;

const card = (page: Page, name: string) => page.getByRole("article", { name });

async function openForm(page: Page) {
  await open(page, "/api-gateway/authorizers");
  await page.getByRole("button", { name: "Create Custom Authorizer" }).click();
  return page.getByRole("dialog", { name: "Create Custom Authorizer" });
}

/** Calls with a token: `200` and the body, or the status and the code. */
async function call(request: APIRequestContext, url: string, token: string) {
  const answer = await request.get(url, { headers: { Token: token } });
  const text = await answer.text();
  return `${answer.status()} ${answer.ok() ? text : JSON.parse(text).error_code}`;
}

test("a function decides who may call an API", async ({ page, request, named }) => {
  const [guard, name, authorizer] = [named("guard"), named("guarded"), named("Guard")];
  await createFunctionWith(page, guard, GUARD);
  await createFunctionWith(page, name, SHOWS);
  const form = await openForm(page);
  await form.getByLabel("Name", { exact: true }).fill(authorizer);
  await form.getByRole("combobox", { name: "Function" }).selectOption(guard);
  await form.getByLabel("Source Name").fill("Token");
  await form.getByLabel("Validation").fill("^[a-z]+$");
  await form.getByLabel("Max. Cache Age (s)").fill("60");
  await form.getByLabel("User Data").fill("for me");
  await ok(page);
  await expect(card(page, authorizer)).toContainText("Header Token, with ^[a-z]+$");
  await expect(card(page, authorizer)).toContainText("60 s");

  const dialog = { group: named("group"), authentication: "Custom", authorizer } as const;
  const { pathUrl: url } = await createTrigger(page, name, dialog);
  await expect(card(page, `API_${name}`)).toContainText(`Custom, ${authorizer}`);
  expect(await call(request, url, "open")).toBe("200 anna");
  expect(await call(request, url, "shut")).toBe("403 APIG.0306");
  expect(await call(request, url, "1")).toBe("401 APIG.0305");
  expect((await request.get(url)).status()).toBe(401);

  // The calls of the function that decides have logs as others have.
  await expect(async () => {
    await open(page, `/functions/${guard}/monitoring/logs?view=lines`);
    await expect(page.getByText("asked with for me").first()).toBeVisible({ timeout: 1 });
  }).toPass();

  // What is changed counts at once.
  await open(page, "/api-gateway/authorizers");
  await expect(card(page, authorizer)).toContainText(`API_${name} (`);
  await page.getByRole("button", { name: `Edit ${authorizer}` }).click();
  await page.getByRole("dialog").getByLabel("Validation").fill("^[0-9]+$");
  await ok(page);
  await expect(card(page, authorizer)).toContainText("with ^[0-9]+$");
  expect(await call(request, url, "open")).toBe("401 APIG.0305");
  expect(await call(request, url, "1")).toBe("403 APIG.0306");

  // It stays while an API uses it.
  const remove = async () => {
    await page.getByRole("button", { name: `Delete ${authorizer}` }).click();
    await page.getByLabel("Type DELETE to confirm").fill("DELETE");
    await page.getByRole("dialog").getByRole("button", { name: "OK" }).click();
  };
  await remove();
  await expect(page.getByRole("dialog").getByRole("alert")).toContainText("An API uses the authorizer");
  await open(page, `/functions/${name}/configuration/triggers`);
  await page.getByRole("button", { name: `Delete API_${name}` }).click();
  await page.getByLabel("Type DELETE to confirm").fill("DELETE");
  await ok(page);
  await open(page, "/api-gateway/authorizers");
  await remove();
  await expect(card(page, authorizer)).toHaveCount(0);
});

test("each field of an authorizer says its rule", async ({ page, named }) => {
  await createFunctionWith(page, named("guard"), GUARD);
  const form = await openForm(page);
  await form.getByLabel("Name", { exact: true }).fill(named("Rules"));
  const submit = form.getByRole("button", { name: "OK" });
  const check = async (field: string, wrong: string, rule: string, right: string) => {
    const input = form.getByLabel(field, { exact: true });
    await input.fill(wrong);
    await expect(input).toHaveAccessibleDescription(new RegExp(`^${rule}`));
    await expect(submit).toBeDisabled();
    await input.fill(right);
    await expect(submit).toBeEnabled();
  };
  await check("Max. Cache Age (s)", "3601", "Must be 0 to 3600 s, not 3601", "3600");
  await check("User Data", "x".repeat(2049), "Must have at most 2048 characters, has 2049", "");
  await form.getByLabel("Source Name").fill("a b");
  await expect(form.getByRole("group", { name: "Identity Sources" })).toContainText('"a b" must have 1 to 64 letters');
  await form.getByLabel("Source Name").fill("Token");
  // What only the server can say, it says beside the field.
  await form.getByLabel("Validation").fill("(");
  await submit.click();
  await expect(form.getByRole("group", { name: "Identity Sources" })).toContainText("unclosed group");
});
