// API Gateway > Credentials: callers of triggers with App authentication.
import type { Page } from "@playwright/test";
import { bind, card } from "../bindings.ts";
import { call, runSnippet, signed, SHOWS_CALLER, told } from "../callers.ts";
import { createFunctionWith, createTrigger, expect, open, test } from "../helpers.ts";

/** What is told of a credential. */
async function toldOf(page: Page) {
  const of = await told(page);
  return { AppKey: of("AppKey"), AppSecret: of("AppSecret"), AppCode: of("AppCode") };
}

async function createCredential(page: Page, name: string) {
  await open(page, "/api-gateway/credentials");
  await page.getByRole("button", { name: "Create Credential" }).click();
  const dialog = page.getByRole("dialog", { name: "Create Credential" });
  await dialog.getByRole("textbox", { name: "Name" }).fill(name);
  await dialog.getByRole("button", { name: "OK" }).click();
  return await toldOf(page);
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
  const reset = await toldOf(page);
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
  const { AppCode } = await toldOf(page);
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
  const run = (language: string, edit?: (code: string) => string) => runSnippet(page, server, language, edit);
  const answer = '{"query": {}, "body": "", "code": null}';
  expect(await run("Python")).toBe(answer);
  expect(await run("JavaScript")).toBe(`200 ${answer}`);

  await createTrigger(page, name, { group, authentication: "App", appCode: true });
  const { AppKey, AppSecret } = await createCredential(page, credential);
  await bind(page, credential, `API_${name}`);
  await card(page, credential).getByRole("button", { name: "Create AppCode" }).click();
  const { AppCode } = await toldOf(page);
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
  await expect(name).toHaveAccessibleDescription(/^There is a credential of this name already/);
  await expect(dialog).toBeVisible();
});

test("a key is chosen, and the secret too when it is made and when it is reset", async ({ page, request, named }) => {
  const [name, credential] = [named("chosen"), named("Chosen")];
  const [key, first, second] = [`${name}-Key_1`, `${name}!@#$%1`, `${name}!@#$%2`];
  await createFunctionWith(page, name, SHOWS_CALLER);
  const { pathUrl: url } = await createTrigger(page, name, { group: named("group"), authentication: "App" });
  await open(page, "/api-gateway/credentials");
  await page.getByRole("button", { name: "Create Credential" }).click();
  const dialog = page.getByRole("dialog", { name: "Create Credential" });
  await dialog.getByRole("textbox", { name: "Name" }).fill(credential);
  await dialog.getByRole("checkbox", { name: "Choose the key and the secret" }).check();
  const [AppKey, AppSecret] = [dialog.getByLabel("AppKey"), dialog.getByLabel("AppSecret")];
  await expect(dialog.getByRole("button", { name: "OK" })).toBeDisabled();
  await AppKey.fill("a b c d e f");
  await expect(AppKey).toHaveAccessibleDescription(/^May contain only letters, digits, underscores and hyphens/);
  await AppKey.fill(key);
  await AppSecret.fill("short");
  await expect(AppSecret).toHaveAccessibleDescription(/^Must have 8 to 128 characters, has 5/);
  await AppSecret.fill(first);
  await dialog.getByRole("button", { name: "OK" }).click();
  expect(await toldOf(page)).toMatchObject({ AppKey: key, AppSecret: first });
  await bind(page, credential, `API_${name}`);
  const get = (secret: string) => call(request, url, signed("GET", url, "", key, secret));
  expect(await get(first)).toMatch(/^200 /);

  await card(page, credential).getByRole("button", { name: "Reset Secret" }).click();
  const resetting = page.getByRole("dialog", { name: `Reset Secret of ${credential}` });
  await resetting.getByRole("checkbox", { name: "Choose the secret" }).check();
  await resetting.getByLabel("AppSecret").fill(second);
  await resetting.getByRole("button", { name: "OK" }).click();
  expect(await toldOf(page)).toMatchObject({ AppKey: key, AppSecret: second });
  expect(await get(first)).toBe("401 APIG.0303");
  expect(await get(second)).toMatch(/^200 /);

  // The key is there once.
  await page.getByRole("button", { name: "Create Credential" }).click();
  await dialog.getByRole("textbox", { name: "Name" }).fill(named("Again"));
  await dialog.getByRole("checkbox", { name: "Choose the key and the secret" }).check();
  await AppKey.fill(key);
  await AppSecret.fill(first);
  await dialog.getByRole("button", { name: "OK" }).click();
  await expect(AppKey).toHaveAccessibleDescription(/^The AppKey already exists\./);
  await AppKey.fill(`${key}2`);
  await expect(AppKey).not.toHaveAccessibleDescription(/already exists/);
});

test("a credential counts from the addresses that its access control lets in", async ({ page, request, named }) => {
  const [name, credential] = [named("near"), named("Near")];
  await createFunctionWith(page, name, SHOWS_CALLER);
  const { pathUrl: url } = await createTrigger(page, name, { group: named("group"), authentication: "App" });
  const { AppKey, AppSecret } = await createCredential(page, credential);
  await bind(page, credential, `API_${name}`);
  const get = () => call(request, url, signed("GET", url, "", AppKey, AppSecret));
  await expect(card(page, credential)).toContainText("None: it may be used from any address.");
  const dialog = page.getByRole("dialog", { name: `Access Control of ${credential}` });
  const limit = async (effect: string, addresses: string) => {
    await card(page, credential).getByRole("button", { name: "Access Control" }).click();
    await dialog.getByLabel("Effect").selectOption(effect);
    await dialog.getByRole("textbox", { name: "IP Addresses" }).fill(addresses);
    await dialog.getByRole("button", { name: "OK" }).click();
    await expect(card(page, credential)).toContainText(`${effect}: ${addresses.replace("\n", ", ")}`);
  };
  await limit("Permit", "192.0.2.0/24\n2001:db8::/32");
  expect(await get()).toBe("403 APIG.0402");
  await limit("Deny", "192.0.2.1-192.0.2.9");
  expect(await get()).toMatch(/^200 /);
  await limit("Deny", "127.0.0.0/8\n::1");
  expect(await get()).toBe("403 APIG.0402");

  await card(page, credential).getByRole("button", { name: "Access Control" }).click();
  const addresses = dialog.getByRole("textbox", { name: "IP Addresses" });
  await addresses.fill("10.0.0.0/99");
  await expect(addresses).toHaveAccessibleDescription(/10\.0\.0\.0\/99/);
  await expect(dialog.getByRole("button", { name: "OK" })).toBeDisabled();
  await dialog.getByRole("button", { name: "Allow Any Address" }).click();
  await expect(card(page, credential)).toContainText("None: it may be used from any address.");
  expect(await get()).toMatch(/^200 /);
});
