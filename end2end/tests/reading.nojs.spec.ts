// The console in a browser that runs no JavaScript: one can sign in and read everything.
import type { Browser, Page } from "@playwright/test";
import {
  ADMINISTRATOR,
  createFunctionWith,
  createTrigger,
  expect,
  open,
  SIGNED_OUT,
  signIn,
  test,
} from "../helpers.ts";
import type { Server } from "../server.ts";

const CODE = "def handler(event, context):\n    print('<b>printed</b> & more')\n    return {'statusCode': 200, 'body': context.getRequestID()}\n";

/** Makes a function with a trigger that was called once, in a browser with JavaScript. */
async function calledFunction(
  browser: Browser,
  server: Server,
  storageState: Awaited<ReturnType<ReturnType<Page["context"]>["storageState"]>>,
  named: (start: string) => string,
) {
  const context = await browser.newContext({
    javaScriptEnabled: true,
    baseURL: server.console,
    storageState,
  });
  const page = await context.newPage();
  const name = named("read");
  await createFunctionWith(page, name, CODE);
  const { url, pathUrl } = await createTrigger(page, name, { group: named("group"), path: "/read" });
  const requestId = await (await context.request.get(pathUrl)).text();
  await expect(async () => {
    await open(page, `/functions/${name}/monitoring/logs`);
    await expect(page.getByRole("link", { name: requestId })).toBeVisible({ timeout: 1 });
  }).toPass();
  await context.close();
  return { name, url, requestId };
}

test.describe("signing in", () => {
  test.use(SIGNED_OUT);

  test("leads to the page that was asked for, and out again", async ({ page }) => {
    await page.goto("/create-function");
    await expect(page).toHaveURL("/sign-in?next=/create-function");
    await signIn(page, ADMINISTRATOR);
    await expect(page).toHaveURL("/create-function");
    await page.getByRole("button", { name: "Sign Out" }).click();
    await expect(page).toHaveURL("/sign-in");
    await page.goto("/functions");
    await expect(page).toHaveURL("/sign-in?next=/functions");
  });

  test("says when the password is wrong", async ({ page }) => {
    await page.goto("/sign-in?next=/create-function");
    await signIn(page, { ...ADMINISTRATOR, password: "wrong horse battery" });
    await expect(page.getByRole("alert")).toContainText("User name or password is wrong.");
    await signIn(page, ADMINISTRATOR);
    await expect(page.getByRole("navigation", { name: "Console" })).toBeVisible();
  });

  test("begins with creating the administrator", async ({ page, newServer }) => {
    await page.goto(newServer.console);
    await page.getByLabel("Password", { exact: true }).fill(ADMINISTRATOR.password);
    await page.getByLabel("Repeat Password").fill("something else");
    await page.getByRole("button", { name: "Create Administrator" }).click();
    await expect(page.getByRole("main")).toContainText("The two passwords differ");
    await page.getByLabel("Password", { exact: true }).fill(ADMINISTRATOR.password);
    await page.getByLabel("Repeat Password").fill(ADMINISTRATOR.password);
    await page.getByRole("button", { name: "Create Administrator" }).click();
    await expect(page.getByRole("heading", { name: "Function List" })).toBeVisible();
  });
});

test("a function is created by a plain form, and found by search", async ({ page, named }) => {
  const name = named("plain");
  await page.goto("/functions");
  await page.getByRole("link", { name: "Create Function" }).first().click();
  await page.getByRole("textbox", { name: "Function Name" }).fill("1st");
  await page.getByRole("button", { name: "Create Function" }).click();
  await expect(page.getByRole("textbox", { name: "Function Name" })).toHaveAccessibleDescription(
    /^Must start with a letter/,
  );
  await page.getByRole("textbox", { name: "Function Name" }).fill(name);
  await page.getByRole("button", { name: "Create Function" }).click();
  await expect(page).toHaveURL(`/functions/${name}/code`);
  await page.goto("/functions");
  const search = page.getByRole("searchbox", { name: "Search functions" });
  await search.fill(name);
  await search.press("Enter");
  await expect(page.getByRole("table", { name: "Functions" }).getByRole("link")).toHaveText([name]);
});

test("code, triggers and logs can be read", async ({ page, browser, server, session, named }) => {
  const { name, url, requestId } = await calledFunction(browser, server, session, named);
  await page.goto("/functions");
  await page.getByRole("link", { name, exact: true }).click();
  await expect(page.getByRole("main")).toContainText("print('<b>printed</b> & more')");
  await expect(page.getByRole("region", { name: "Code Attributes" })).toContainText(/\d+\.00 B/);

  await page.getByRole("link", { name: "Configuration" }).click();
  const card = page.getByRole("article", { name: `API_${name}` });
  await expect(card.getByRole("link", { name: url })).toHaveAttribute("href", url);
  await page.getByRole("link", { name: "Basic Settings" }).click();
  await expect(page.getByRole("textbox", { name: "Handler" })).toHaveValue("index.handler");
  await page.getByRole("link", { name: "Environment Variables" }).click();
  await expect(page.getByRole("region", { name: "Environment Variables" })).toContainText(
    "No environment variables.",
  );

  await page.getByRole("link", { name: "Monitoring" }).click();
  await page.getByRole("link", { name: requestId }).click();
  const lines = page.getByRole("list", { name: "Log lines" }).getByRole("listitem");
  await expect(lines.filter({ hasText: "printed" })).toHaveText("<b>printed</b> & more");
  await page.getByRole("link", { name: "Request Logs" }).click();
  await expect(page.getByRole("list", { name: "Request Logs" })).toContainText("<b>printed</b> & more");
  const keyword = page.getByRole("searchbox", { name: "Search logs by keyword" });
  await keyword.fill("nothing-has-this");
  await keyword.press("Enter");
  await expect(page.getByRole("main")).toContainText("No lines");
  await page.getByRole("link", { name: "Last 3 days" }).click();
  await expect(keyword).toHaveValue("nothing-has-this");
});

test("a page that fails says why", async ({ page }) => {
  const answer = await page.goto("/functions/no-such-function/code");
  expect(answer!.status()).toBe(404);
  await expect(page.getByRole("alert").first()).toContainText("FSS.1051: The function does not exist.");
});
