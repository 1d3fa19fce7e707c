// My Credentials > Access Keys: users as callers of triggers with IAM authentication.
import type { Page } from "@playwright/test";
import { call, runSnippet, signed, SHOWS_CALLER, told } from "../callers.ts";
import { createFunctionWith, createTrigger, expect, open, signIn, SIGNED_OUT, test } from "../helpers.ts";
import type { Server } from "../server.ts";

// A user has two keys at most: each test has a user of its own.
test.use(SIGNED_OUT);

async function signInAsNew(page: Page, server: Server, name: string) {
  const user = { name, password: "correct horse battery" };
  await server.addUser(user);
  await open(page, "/sign-in");
  await signIn(page, user);
  await expect(page.getByRole("heading", { name: "Function List" })).toBeVisible();
}

/** The rows of the table without its head. */
const rows = (page: Page) =>
  page.getByRole("table", { name: "Access Keys" }).getByRole("row").filter({ has: page.getByRole("cell") });

async function createAccessKey(page: Page, description: string) {
  await open(page, "/access-keys");
  await page.getByRole("button", { name: "Create Access Key" }).click();
  const dialog = page.getByRole("dialog", { name: "Create Access Key" });
  await dialog.getByRole("textbox", { name: "Description" }).fill(description);
  await dialog.getByRole("button", { name: "OK" }).click();
  const of = await told(page);
  return { id: of("Access Key ID"), secret: of("Secret Access Key") };
}

test("a trigger with IAM authentication is called with an access key made in the console", async ({ page, request, server, named }) => {
  await signInAsNew(page, server, named("caller"));
  const name = named("users");
  await createFunctionWith(page, name, SHOWS_CALLER);
  const { pathUrl: url } = await createTrigger(page, name, { group: named("group"), authentication: "IAM" });
  expect(await call(request, url)).toBe("401 APIG.0301");

  const { id, secret } = await createAccessKey(page, "nightly job");
  const row = rows(page).filter({ hasText: id });
  await expect(row.getByRole("cell")).toHaveText([new RegExp(id), "nightly job", "Enabled", /GMT/, /Disable/]);
  await expect(page.locator("body")).not.toContainText(secret);
  const get = () => call(request, url, signed("GET", url, "", id, secret));
  const answer = '{"query": {}, "body": "", "code": null}';
  expect(await get()).toBe(`200 ${answer}`);
  expect(await call(request, url, signed("GET", url, "", id, "another"))).toBe("401 APIG.0301");

  // What is changed counts at once.
  await row.getByRole("button", { name: "Disable" }).click();
  await expect(row).toContainText("Disabled");
  expect(await get()).toBe("401 APIG.0301");
  await row.getByRole("button", { name: "Enable" }).click();
  await expect(row).toContainText("Enabled");
  expect(await get()).toBe(`200 ${answer}`);

  // The code on the card runs as it stands.
  await open(page, `/functions/${name}/configuration/triggers`);
  const filled = (code: string) => code.replace("SECRET_ACCESS_KEY", secret).replace("ACCESS_KEY_ID", id);
  expect(await runSnippet(page, server, "Python", filled)).toBe(answer);
  expect(await runSnippet(page, server, "JavaScript", filled)).toBe(`200 ${answer}`);

  await open(page, "/access-keys");
  await row.getByRole("button", { name: "Delete" }).click();
  await page.getByLabel("Type DELETE to confirm").fill("DELETE");
  await page.getByRole("dialog").getByRole("button", { name: "OK" }).click();
  await expect(page.getByText("No access keys yet")).toBeVisible();
  expect(await get()).toBe("401 APIG.0301");
});

test("a user has two access keys at most", async ({ page, server, named }) => {
  await signInAsNew(page, server, named("holder"));
  await open(page, "/functions");
  await page.getByRole("navigation", { name: "Console" }).getByRole("link", { name: "Access Keys" }).click();
  await expect(page.getByText("No access keys yet")).toBeVisible();
  await createAccessKey(page, "");
  await createAccessKey(page, "another");
  await expect(rows(page)).toHaveCount(2);
  await page.getByRole("button", { name: "Create Access Key" }).click();
  const dialog = page.getByRole("dialog", { name: "Create Access Key" });
  await dialog.getByRole("button", { name: "OK" }).click();
  await expect(dialog.getByRole("alert")).toContainText("You have 2 access keys already: delete one first.");
});

test("a token calls a trigger until it is deleted", async ({ page, request, server, named }) => {
  await signInAsNew(page, server, named("tokener"));
  const name = named("tokens");
  await createFunctionWith(page, name, SHOWS_CALLER);
  const { pathUrl: url } = await createTrigger(page, name, { group: named("group"), authentication: "IAM" });
  await open(page, "/access-keys");
  await expect(page.getByText("No tokens.")).toBeVisible();
  await page.getByRole("button", { name: "Create Token" }).click();
  const token = (await told(page))("Token");
  expect(token).toHaveLength(64);
  const row = page.getByRole("table", { name: "Tokens" }).getByRole("row").filter({ hasText: `…${token.slice(-4)}` });
  await expect(row.getByRole("cell")).toHaveText([/…/, /GMT/, /GMT/, "Delete"]);
  await expect(page.locator("body")).not.toContainText(token);
  const get = () => call(request, url, { "X-Auth-Token": token });
  expect(await get()).toBe('200 {"query": {}, "body": "", "code": null}');
  expect(await call(request, url, { "X-Auth-Token": `${token}0` })).toBe("401 APIG.0301");
  await row.getByRole("button", { name: "Delete" }).click();
  await expect(page.getByText("No tokens.")).toBeVisible();
  expect(await get()).toBe("401 APIG.0301");
});
