// Versions and aliases: a stage with its own deployment, and traffic that an alias shifts.
import type { APIRequestContext, Page } from "@playwright/test";
import {
  ADMINISTRATOR,
  artifacts,
  createFunctionWith,
  createTrigger,
  deploy,
  editor,
  expect,
  ok,
  open,
  signIn,
  test,
  writeCode,
} from "../helpers.ts";
import { Server } from "../server.ts";

const tells = (text: string) => `def handler(event, context):
    return {"statusCode": 200, "headers": {}, "body": f"${text} {context.getVersion()}", "isBase64Encoded": False}
`;

async function call(request: APIRequestContext, url: string, headers: Record<string, string> = {}) {
  const answer = await request.get(url, { headers });
  return answer.text();
}

async function deployOther(page: Page, name: string, text: string) {
  await open(page, `/functions/${name}/code`);
  await expect(editor(page)).toBeVisible();
  await writeCode(page, tells(text));
  await deploy(page);
}

async function publishVersion(page: Page, name: string, version: string, description = "") {
  await open(page, `/functions/${name}/version`);
  await page.getByRole("button", { name: "Publish New Version" }).click();
  await page.getByRole("textbox", { name: "Version" }).fill(version);
  await page.getByLabel("Description").fill(description);
  await ok(page);
  await expect(page.getByRole("row", { name: version })).toContainText(description);
}

/** Has an API call something else, and publishes it in an environment. */
async function publishApi(page: Page, name: string, target: string, environment: string) {
  await open(page, `/api-gateway/apis?q=${name}`);
  await page.getByRole("link", { name: `API_${name}`, exact: true }).click();
  await page.getByRole("button", { name: "Edit", exact: true }).click();
  await page.getByLabel("Version/Alias").selectOption(target);
  await ok(page);
  // The page is made anew with what was saved, and a dialog opened before goes with the old one.
  await expect(page.locator(".tile", { hasText: "Version/Alias" }).first()).toContainText(target);
  await page.getByRole("button", { name: /^Publish Latest Version/ }).click();
  const dialog = page.getByRole("dialog", { name: "Publish Latest Version" });
  const list = dialog.getByRole("combobox", { name: "Environment" });
  const option = list.getByRole("option", { name: new RegExp(`^${environment}( \\(|$)`) });
  await list.selectOption((await option.getAttribute("value"))!);
  await ok(page);
  const card = page.getByRole("article", { name: environment, exact: true });
  await expect(card.getByText("Latest definition")).toBeVisible();
  await expect(card.locator(".tile", { hasText: "Version/Alias" })).toContainText(target);
}

async function createAlias(page: Page, name: string, alias: string, version: string) {
  await open(page, `/functions/${name}/aliases`);
  await page.getByRole("button", { name: "Create Alias" }).click();
  const dialog = page.getByRole("dialog", { name: "Create Alias" });
  await dialog.getByLabel("Alias", { exact: true }).fill(alias);
  await dialog.getByLabel("Version", { exact: true }).selectOption(version);
  return dialog;
}

test("a stage has a deployment of its own", async ({ page, request, named }) => {
  const [name, stage] = [named("versioned"), named("Stage")];
  await createFunctionWith(page, name, tells("first"));
  await publishVersion(page, name, "v1", "What callers have");
  const { pathUrl } = await createTrigger(page, name, { group: named("group"), environment: stage });
  await deployOther(page, name, "second");
  await publishApi(page, name, "v1", "RELEASE");
  expect(await call(request, pathUrl)).toBe("first v1");
  expect(await call(request, pathUrl, { "X-Stage": stage })).toBe("second latest");

  await open(page, `/functions/${name}/configuration/triggers`);
  const card = page.getByRole("article", { name: `API_${name}` });
  await expect(card.locator(".tile", { hasText: "Version/Alias" })).toHaveText([/v1$/, /latest$/]);

  await open(page, `/functions/${name}/version`);
  await page.getByRole("button", { name: "Delete v1" }).click();
  await page.getByLabel("Type DELETE to confirm").fill("DELETE");
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "OK" }).click();
  await expect(dialog.getByRole("alert")).toContainText(`API_${name}`);
  await expect(dialog.getByRole("alert")).toContainText("FSS.1154");
});

test("a version that is as the last one is not published", async ({ page, named }) => {
  const name = named("unchanged");
  await createFunctionWith(page, name, tells("first"));
  await publishVersion(page, name, "v1");
  await page.getByRole("button", { name: "Publish New Version" }).click();
  const dialog = page.getByRole("dialog", { name: "Publish New Version" });
  await dialog.getByRole("button", { name: "OK" }).click();
  await expect(dialog.getByRole("alert")).toContainText("since v1 was published");
  await page.keyboard.press("Escape");
  await deployOther(page, name, "second");
  await open(page, `/functions/${name}/version`);
  await page.getByRole("button", { name: "Publish New Version" }).click();
  await ok(page);
  await expect(page.getByRole("cell", { name: /^v\d{8}-\d{6}$/ })).toBeVisible();
});

test("an alias shifts traffic by percentage and by rules", async ({ page, request, named }) => {
  const name = named("shifted");
  await createFunctionWith(page, name, tells("first"));
  await publishVersion(page, name, "v1");
  const { pathUrl } = await createTrigger(page, name, { group: named("group") });
  await deployOther(page, name, "second");
  await publishVersion(page, name, "v2");
  const created = await createAlias(page, name, "prod", "v1");
  await created.getByRole("checkbox").check();
  await created.getByLabel("Additional Version", { exact: true }).selectOption("v2");
  await created.getByLabel("Weight (%)").fill("50");
  await ok(page);
  const row = page.getByRole("row", { name: "prod" });
  await expect(row).toContainText("v2: 50 %");
  await publishApi(page, name, "prod (alias)", "RELEASE");
  const told = [];
  for (let n = 0; n < 4; n++) told.push(await call(request, pathUrl));
  expect(told).toEqual(["first v1", "second v2", "first v1", "second v2"]);

  await open(page, `/functions/${name}/aliases`);
  await page.getByRole("button", { name: "Edit prod" }).click();
  const edited = page.getByRole("dialog", { name: "Edit Alias" });
  await edited.getByLabel("Shift By").selectOption("Rule");
  await edited.getByLabel("Header", { exact: true }).fill("X-Tester");
  await edited.getByLabel("Operator").selectOption("in");
  await edited.getByLabel("Value", { exact: true }).fill("ann, bob");
  await ok(page);
  await expect(row).toContainText("v2: by a rule");
  expect(await call(request, pathUrl, { "X-Tester": "bob" })).toBe("second v2");
  expect(await call(request, pathUrl, { "X-Tester": "eve" })).toBe("first v1");
  await open(page, `/functions/${name}/version`);
  await expect(page.getByRole("row", { name: "v1" })).toContainText("prod");
});

test("a version is served again after a restart", async ({ browser }) => {
  const first = await Server.start({ artifacts: artifacts(), users: [ADMINISTRATOR] });
  const before = await browser.newContext({ baseURL: first.console, storageState: { cookies: [], origins: [] } });
  const page = await before.newPage();
  await open(page, "/sign-in");
  await signIn(page, ADMINISTRATOR);
  await expect(page.getByRole("heading", { name: "Function List" })).toBeVisible();
  await createFunctionWith(page, "restarted", tells("first"));
  await publishVersion(page, "restarted", "v1");
  await createTrigger(page, "restarted", { group: "restarted", target: "v1" });
  await deployOther(page, "restarted", "second");
  const storageState = await before.storageState();
  await before.close();
  await first.end();

  const second = await Server.startOn(first.data);
  const after = await browser.newContext({ baseURL: second.console, storageState });
  const again = await after.newPage();
  await open(again, "/functions/restarted/configuration/triggers");
  const url = again.getByRole("article", { name: "API_restarted" }).getByRole("link", { name: "/_group/" });
  expect(await call(after.request, await url.innerText())).toBe("first v1");
  await after.close();
  await second.stop();
});
