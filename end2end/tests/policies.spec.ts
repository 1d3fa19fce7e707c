// API Gateway > Policies: how often APIs are called, and from where.
import type { APIRequestContext, Page } from "@playwright/test";
import { bind, card } from "../bindings.ts";
import { told } from "../callers.ts";
import { createFunctionWith, createTrigger, expect, ok, open, test } from "../helpers.ts";

const ANSWERS = `def handler(event, context):
    return {"statusCode": 200, "headers": {}, "body": "hello", "isBase64Encoded": False}
`;

async function openForm(page: Page) {
  await open(page, "/api-gateway/policies");
  await page.getByRole("button", { name: "Create Policy" }).click();
  return page.getByRole("dialog", { name: "Create Policy" });
}

async function remove(page: Page, name: string) {
  await page.getByRole("button", { name: `Delete ${name}` }).click();
  await page.getByLabel("Type DELETE to confirm").fill("DELETE");
  await ok(page);
  await expect(card(page, name)).toHaveCount(0);
}

async function call(request: APIRequestContext, url: string) {
  const answer = await request.get(url);
  const text = await answer.text();
  return answer.ok() ? text : `${answer.status()} ${JSON.parse(text).error_code} ${JSON.parse(text).error_msg}`;
}

test("an API that is called too often answers 429 until it may be called more", async ({ page, request, named }) => {
  const [name, policy] = [named("busy"), named("Slow")];
  await createFunctionWith(page, name, ANSWERS);
  const { pathUrl: url } = await createTrigger(page, name, { group: named("group") });
  const form = await openForm(page);
  await form.getByLabel("Name").fill(policy);
  await form.getByRole("combobox", { name: "Unit" }).selectOption("hour");
  await form.getByLabel("Max. Requests").fill("2");
  await ok(page);
  await expect(card(page, policy)).toContainText("2 per hour");
  await expect(card(page, policy)).toContainText("None: it has no effect yet.");
  for (let n = 0; n < 4; n++) expect(await call(request, url)).toBe("hello");
  await bind(page, policy, `API_${name}`);
  expect(await call(request, url)).toBe("hello");
  expect(await call(request, url)).toBe("hello");
  const refused = await request.get(url);
  expect(refused.status()).toBe(429);
  expect(Number(refused.headers()["retry-after"])).toBeGreaterThan(1700);
  expect(await call(request, url)).toBe(
    "429 APIG.0308 The throttling threshold has been reached: policy api over ratelimit,limit:2,time:1 hour",
  );
  // Publishing something else does not begin the count anew; changing the policy does.
  await createTrigger(page, name, { group: named("group"), apiName: `Other_${name}` });
  expect(await call(request, url)).toMatch(/^429 /);
  await open(page, "/api-gateway/policies");
  await page.getByRole("button", { name: `Edit ${policy}` }).click();
  await page.getByRole("dialog").getByLabel("Max. Requests").fill("100");
  await ok(page);
  await expect(card(page, policy)).toContainText("100 per hour");
  for (let n = 0; n < 5; n++) expect(await call(request, url)).toBe("hello");
  await remove(page, policy);
  expect(await call(request, url)).toBe("hello");
});

test("users are counted one by one, and who is excluded has a limit of their own", async ({ page, request, named }) => {
  const [name, policy] = [named("counted"), named("Users")];
  await createFunctionWith(page, name, ANSWERS);
  const { pathUrl: url } = await createTrigger(page, name, { group: named("group"), authentication: "IAM" });
  await open(page, "/access-keys");
  await page.getByRole("button", { name: "Create Token" }).click();
  const token = (await told(page))("Token");
  const get = async () => {
    const answer = await request.get(url, { headers: { "X-Auth-Token": token } });
    const text = await answer.text();
    return answer.ok() ? text : JSON.parse(text).error_msg.replace(/^The throttling threshold has been reached: /, "");
  };
  const form = await openForm(page);
  await form.getByLabel("Name").fill(policy);
  await form.getByRole("combobox", { name: "Unit" }).selectOption("hour");
  await form.getByLabel("Max. Requests").fill("10");
  await form.getByLabel("Max. User Requests").fill("1");
  await form.getByRole("button", { name: "+ Add" }).click();
  await form.getByLabel("Threshold").fill("2");
  await expect(form.getByRole("group", { name: "Excluded" })).toHaveAccessibleDescription("Choose a credential or a user");
  await form.getByLabel("Excluded Caller").selectOption("admin");
  await ok(page);
  await expect(card(page, policy)).toContainText("1 per hour");
  await expect(card(page, policy)).toContainText("admin: 2 per hour");
  await bind(page, policy, `API_${name}`);
  for (let n = 0; n < 2; n++) expect(await get()).toBe("hello");
  expect(await get()).toBe("policy user over ratelimit,limit:2,time:1 hour");

  await page.getByRole("button", { name: `Edit ${policy}` }).click();
  await page.getByRole("dialog").getByRole("group", { name: "Excluded" }).getByRole("button", { name: "Delete" }).click();
  await ok(page);
  await expect(card(page, policy)).not.toContainText("admin");
  expect(await get()).toBe("hello");
  expect(await get()).toBe("policy user over ratelimit,limit:1,time:1 hour");
  await remove(page, policy);
});

test("an API is called from the addresses that an access control lets in", async ({ page, request, named }) => {
  const [name, policy] = [named("walled"), named("Wall")];
  await createFunctionWith(page, name, ANSWERS);
  const { pathUrl: url } = await createTrigger(page, name, { group: named("group") });
  const form = await openForm(page);
  await form.getByLabel("Name").fill(policy);
  await form.getByRole("combobox", { name: "Type" }).selectOption("Access Control");
  const addresses = form.getByLabel("IP Addresses");
  await addresses.fill("10.0.0.0/8\nsomewhere");
  await expect(addresses).toHaveAccessibleDescription(/^"somewhere" is no IP address, network such as/);
  await expect(form.getByRole("button", { name: "OK" })).toBeDisabled();
  await addresses.fill("127.0.0.0/8\n::1");
  await form.getByRole("combobox", { name: "Effect" }).selectOption("Deny");
  await ok(page);
  await bind(page, policy, `API_${name}`);
  expect(await call(request, url)).toBe("403 APIG.0402 The IP address is not authorized to access the API.");
  await page.getByRole("button", { name: `Edit ${policy}` }).click();
  await page.getByRole("dialog").getByRole("combobox", { name: "Effect" }).selectOption("Permit");
  await ok(page);
  await expect(card(page, policy)).toContainText("Permit");
  expect(await call(request, url)).toBe("hello");
  await remove(page, policy);
});

test("each field of a policy says its rule", async ({ page, named }) => {
  const form = await openForm(page);
  await form.getByLabel("Name").fill(named("Rules"));
  const check = async (field: string, wrong: string, rule: string, right: string) => {
    const input = form.getByLabel(field);
    await input.fill(wrong);
    await expect(input).toHaveAccessibleDescription(new RegExp(`^${rule}`));
    await expect(form.getByRole("button", { name: "OK" })).toBeDisabled();
    await input.fill(right);
    await expect(form.getByRole("button", { name: "OK" })).toBeEnabled();
  };
  await check("Period", "1000", "The period must be 1 to 999, not 1000", "10");
  await check("Max. Requests", "0", "The limit must be 1 to 1,000,000 requests, not 0", "10");
  await check("Max. User Requests", "11", "Must be 1 to 10, what all callers have together, not 11", "5");
  await check("Max. Credential Requests", "6", "Must be 1 to 5, what one user has, not 6", "5");
  await check("Max. IP Address Requests", "1.5", "Must be a whole number", "");
  const excluded = form.getByRole("group", { name: "Excluded" });
  await form.getByRole("button", { name: "+ Add" }).click();
  await form.getByLabel("Excluded Caller").selectOption("admin");
  for (const [threshold, rule] of [
    ["11", "Must be 1 to 10, what all callers have together, not 11"],
    ["many", "Must be a whole number"],
    ["10", ""],
  ]) {
    await form.getByLabel("Threshold").fill(threshold ?? "");
    await expect(excluded).toHaveAccessibleDescription(rule ?? "");
  }
  await form.getByRole("button", { name: "+ Add" }).click();
  await form.getByLabel("Excluded Caller").last().selectOption("admin");
  await form.getByLabel("Threshold").last().fill("1");
  await expect(excluded).toHaveAccessibleDescription("Each credential and each user may stand there once");
});
