// API Gateway > API Groups: what groups say about all of their APIs.
import type { Locator, Page } from "@playwright/test";
import { createFunctionWith, createTrigger, expect, ok, open, test } from "../helpers.ts";

const SHOWS_VARIABLES = `import json

def handler(event, context):
    shown = json.dumps(event["requestContext"].get("stageVariables"))
    return {"statusCode": 404, "headers": {}, "body": shown, "isBase64Encoded": False}
`;

const row = (page: Page, name: string) => page.getByRole("row").filter({ hasText: name });

async function createGroup(page: Page, name: string, description: string) {
  await open(page, "/api-gateway/groups");
  await page.getByRole("button", { name: "Create API Group" }).click();
  const dialog = page.getByRole("dialog", { name: "Create API Group" });
  await dialog.getByLabel("Name").fill(name);
  await dialog.getByLabel("Description").fill(description);
  await ok(page);
  await expect(row(page, name)).toBeVisible();
}

/** Opens a tab of a group, found by its name in the list. */
async function openTab(page: Page, group: string, tab: string) {
  await open(page, "/api-gateway/groups");
  await row(page, group).getByRole("link", { name: group }).click();
  await page.getByRole("navigation", { name: "API group" }).getByRole("link", { name: tab }).click();
  await expect(page.getByRole("heading", { name: group })).toBeVisible();
}

/** Opens the dialog that changes a type of responses. */
async function editResponse(page: Page, label: string): Promise<Locator> {
  await page.getByRole("button", { name: `Edit ${label}` }).click();
  return page.getByRole("dialog", { name: "Edit Gateway Response" });
}

test("a group is created, found, changed and deleted", async ({ page, named }) => {
  const [name, other] = [named("Shop"), named("Bank")];
  await createGroup(page, name, "all of the shop");
  await createGroup(page, other, "");
  await page.getByRole("searchbox", { name: "Search API groups" }).fill("OF THE SHOP");
  await expect(row(page, name)).toContainText("all of the shop");
  await expect(row(page, other)).toHaveCount(0);
  await row(page, name).getByRole("button", { name: `Copy host of ${name}` }).click();
  const host = await page.evaluate(() => navigator.clipboard.readText());
  expect(host).toMatch(/^[0-9a-f]{32}\.apig\.localhost$/);
  await page.getByRole("searchbox").fill(host.slice(0, 32));
  await expect(row(page, name)).toBeVisible();

  await page.getByRole("button", { name: "Create API Group" }).click();
  const dialog = page.getByRole("dialog", { name: "Create API Group" });
  const field = dialog.getByLabel("Name");
  await field.fill("-a");
  await expect(field).toHaveAccessibleDescription(/^Must have 3 to 255 characters, has 2/);
  await expect(dialog.getByRole("button", { name: "OK" })).toBeDisabled();
  await field.fill(other);
  await dialog.getByRole("button", { name: "OK" }).click();
  await expect(dialog.getByRole("alert")).toContainText("APIG.3201");
  await page.keyboard.press("Escape");

  await openTab(page, name, "Group Information");
  await page.getByRole("button", { name: "Edit" }).click();
  await page.getByRole("dialog").getByLabel("Name").fill(`${name}-2`);
  await page.getByRole("dialog").getByLabel("Description").fill("changed");
  await ok(page);
  await expect(page.getByRole("heading", { name: `${name}-2` })).toBeVisible();
  await expect(page.getByRole("region", { name: "Basic Information" })).toContainText("changed");

  await open(page, "/api-gateway/groups");
  await page.getByRole("button", { name: `Delete ${name}-2` }).click();
  await page.getByLabel("Type DELETE to confirm").fill("DELETE");
  await ok(page);
  await expect(row(page, name)).toHaveCount(0);
  await expect(row(page, other)).toBeVisible();
});

test("a group with APIs is not deleted, and its host can be switched off", async ({ page, request, named }) => {
  const [name, group] = [named("listed"), named("Group")];
  await createFunctionWith(page, name, SHOWS_VARIABLES);
  const { pathUrl: url } = await createTrigger(page, name, { group });
  await open(page, "/api-gateway/groups");
  await expect(row(page, group).getByRole("cell", { name: "1", exact: true })).toBeVisible();
  await page.getByRole("button", { name: `Delete ${group}` }).click();
  await page.getByLabel("Type DELETE to confirm").fill("DELETE");
  await page.getByRole("dialog").getByRole("button", { name: "OK" }).click();
  await expect(page.getByRole("dialog").getByRole("alert")).toContainText(
    "APIG.3415: The API group cannot be deleted because it contains APIs.",
  );

  await openTab(page, group, "Group Information");
  const host = page.getByRole("region", { name: "Debugging Domain Name" });
  await host.getByRole("switch").click();
  await expect(host.getByRole("switch", { name: "Disabled" })).toBeEnabled();
  const refused = await request.get(url);
  expect(refused.status()).toBe(404);
  expect((await refused.json()).error_code).toBe("APIG.0101");
  await host.getByRole("switch").click();
  await expect(host.getByRole("switch", { name: "Enabled" })).toBeEnabled();
  expect(await (await request.get(url)).text()).toBe("null");

  await page.getByRole("navigation", { name: "API group" }).getByRole("link", { name: "APIs" }).click();
  const api = row(page, `API_${name}`);
  await expect(api).toContainText("RELEASE");
  await api.getByRole("link", { name, exact: true }).click();
  await expect(page.getByRole("article", { name: `API_${name}` })).toBeVisible();
});

test("functions get the variables of the environment that is called", async ({ page, request, named }) => {
  const [name, group, stage] = [named("staged"), named("Group"), named("STAGE")];
  await createFunctionWith(page, name, SHOWS_VARIABLES);
  const { pathUrl: url } = await createTrigger(page, name, { group, environment: stage });
  await openTab(page, group, "Environment Variables");
  await page.getByRole("combobox", { name: "Environment" }).selectOption(stage);
  await page.getByRole("button", { name: "Edit Environment Variables" }).click();
  const dialog = page.getByRole("dialog", { name: "Edit Environment Variables" });
  await dialog.getByLabel("Name").fill("ab");
  await dialog.getByLabel("Value").fill("backend.example:8080/v1");
  await expect(dialog.getByRole("alert")).toContainText('The name "ab" must have 3 to 32 characters');
  await expect(dialog.getByRole("button", { name: "OK" })).toBeDisabled();
  await dialog.getByLabel("Name").fill("Backend");
  await dialog.getByRole("button", { name: "+ Add" }).click();
  await dialog.getByLabel("Name").last().fill("level");
  await dialog.getByLabel("Value").last().fill("debug");
  await ok(page);
  const table = page.getByRole("table", { name: "Variables" });
  await expect(table.getByRole("row")).toHaveText(["NameValue", "Backendbackend.example:8080/v1", "leveldebug"]);
  const call = async () => await (await request.get(url, { headers: { "X-Stage": stage } })).text();
  expect(JSON.parse(await call())).toEqual({ Backend: "backend.example:8080/v1", level: "debug" });

  await page.getByRole("combobox", { name: "Environment" }).selectOption("RELEASE");
  await expect(page.getByText("No variables in this environment.")).toBeVisible();
  await page.getByRole("combobox", { name: "Environment" }).selectOption(stage);
  await page.getByRole("button", { name: "Edit Environment Variables" }).click();
  for (const _ of [1, 2]) await dialog.getByRole("button", { name: "Delete" }).first().click();
  await ok(page);
  expect(await call()).toBe("null");
});

test("callers get what a group says in place of a refusal, until it is reset", async ({ page, request, named }) => {
  const [name, group] = [named("changed"), named("Group")];
  await createFunctionWith(page, name, SHOWS_VARIABLES);
  const { pathUrl: url } = await createTrigger(page, name, { group });
  const missing = `${url.slice(0, url.indexOf(`/${name}`))}/nowhere/"}?a=<b>`;
  await openTab(page, group, "Gateway Responses");
  const dialog = await editResponse(page, "No match found");
  const preview = dialog.getByRole("region", { name: "Preview" });
  await expect(preview).toContainText("HTTP/1.1 404");
  await expect(preview).toContainText('"error_code":"APIG.0101"');

  const status = dialog.getByLabel("Status");
  await status.fill("444");
  await expect(status).toHaveAccessibleDescription(/^Must be 200 to 599 and not 444, is 444/);
  await status.fill("410");
  const body = dialog.getByLabel("Body");
  await body.fill('{"gone": "$context.nothing"}');
  await expect(body).toHaveAccessibleDescription(/^\$context\.nothing is no variable/);
  await expect(dialog.getByRole("button", { name: "OK" })).toBeDisabled();
  await body.fill('{"gone": $context.reqPath}');
  await expect(body).toHaveAccessibleDescription(/^Must be JSON, with variables inside of its strings/);
  await body.fill('{"gone": "$context.reqPath", "type": "$context.error.type"}');
  await dialog.getByRole("button", { name: "+ Add" }).click();
  await dialog.getByLabel("Header Name").fill("X-Request-Id");
  await dialog.getByLabel("Header Value").fill("$context.stage");
  await expect(dialog).toContainText("X-Request-Id is the gateway's own and cannot be changed");
  await dialog.getByLabel("Header Name").fill("X-Stage-Called");
  await expect(preview).toContainText("HTTP/1.1 410");
  await expect(preview).toContainText("X-Stage-Called: RELEASE");
  await expect(preview).toContainText('{"gone": "/hello", "type": "NOT_FOUND"}');
  await ok(page);
  await expect(row(page, "NOT_FOUND")).toContainText("410");
  await expect(row(page, "NOT_FOUND")).toContainText("Changed");

  const changed = await request.get(missing);
  expect(changed.status()).toBe(410);
  expect(changed.headers()["x-stage-called"]).toBe("RELEASE");
  const told = await changed.json();
  expect(told.type).toBe("NOT_FOUND");
  expect(told.gone).toMatch(/\/nowhere\//);
  // What a function answers is its own, whatever its status.
  const own = await request.get(url);
  expect([own.status(), await own.text()]).toEqual([404, "null"]);

  await page.getByRole("button", { name: "Reset No match found" }).click();
  await ok(page);
  await expect(row(page, "NOT_FOUND")).toContainText("Default");
  expect((await request.get(missing)).status()).toBe(404);
});

test("an API is refused by the gateway response that it chose", async ({ page, request, named }) => {
  const [name, group] = [named("strict"), named("Sets")];
  await createFunctionWith(page, name, SHOWS_VARIABLES);
  const { pathUrl: url } = await createTrigger(page, name, { group, authentication: "App" });
  await openTab(page, group, "Gateway Responses");
  const chosen = page.getByRole("combobox", { name: "Gateway Response" });
  await expect(chosen).toHaveValue("");
  await expect(page.getByRole("button", { name: "Rename" })).toBeHidden();
  await page.getByRole("button", { name: "Create", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Create Gateway Response" });
  const setName = dialog.getByLabel("Name");
  await setName.fill("default");
  await expect(setName).toHaveAccessibleDescription(/^Must not be default, which is there already/);
  await setName.fill("a b");
  await expect(setName).toHaveAccessibleDescription(/^May contain only letters, digits, hyphens and underscores, not ' '/);
  await setName.fill("quiet");
  await ok(page);
  await expect(chosen.getByRole("option", { selected: true })).toHaveText("quiet");
  const edit = await editResponse(page, "Identity source missing");
  await edit.getByLabel("Status").fill("418");
  await ok(page);
  await expect(row(page, "AUTH_HEADER_MISSING")).toContainText("418");
  await chosen.selectOption("default");
  await expect(row(page, "AUTH_HEADER_MISSING")).toContainText("Default");
  const status = async () => (await request.get(url)).status();
  expect(await status()).toBe(401);

  // It is part of the definition, and counts once it is published.
  await open(page, `/api-gateway/apis?q=API_${name}`);
  await page.getByRole("link", { name: `API_${name}`, exact: true }).click();
  await page.getByRole("button", { name: "Edit", exact: true }).click();
  await page.getByRole("dialog").getByRole("combobox", { name: "Gateway Response" }).selectOption("quiet");
  await ok(page);
  const difference = page.getByRole("region", { name: "Differences" }).getByRole("row", { name: "Gateway Response" });
  await expect(difference.getByRole("cell")).toHaveText(["default", "quiet"]);
  expect(await status()).toBe(401);
  await page.getByRole("button", { name: /^Publish Latest Version/ }).click();
  await ok(page);
  await expect(difference).toBeHidden();
  expect(await status()).toBe(418);

  await openTab(page, group, "Gateway Responses");
  await chosen.selectOption("quiet");
  await page.getByRole("button", { name: "Rename" }).click();
  await page.getByRole("dialog", { name: "Rename Gateway Response" }).getByLabel("Name").fill("quieter");
  await ok(page);
  await expect(chosen.getByRole("option", { selected: true })).toHaveText("quieter");
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  await page.getByLabel("Type DELETE to confirm").fill("DELETE");
  await ok(page);
  await expect(chosen.getByRole("option")).toHaveText(["default"]);
  expect(await status()).toBe(401);
});

test("a group that does not exist is told", async ({ page }) => {
  await open(page, `/api-gateway/groups/${"0".repeat(32)}/apis`);
  await expect(page.getByRole("alert")).toContainText("APIG.3001: The API group does not exist.");
});
