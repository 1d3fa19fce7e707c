// What every spec stands on: a server with an administrator who is signed in, and the steps
// that most tests begin with, done as a user does them.
import {
  test as base,
  type BrowserContext,
  expect,
  type Locator,
  type Page,
  type TestInfo,
} from "@playwright/test";
import { Server, type User } from "./server.ts";

export { expect };

export const ADMINISTRATOR: User = { name: "admin", password: "correct horse battery" };

/** For `test.use`: a visitor without a session. */
export const SIGNED_OUT = { storageState: { cookies: [], origins: [] } };

/** The folder of compiled runtimes that global-setup.ts made. */
export const artifacts = () => process.env.SLUICE_END2END_ARTIFACTS;

type StorageState = Awaited<ReturnType<BrowserContext["storageState"]>>;

interface OfWorker {
  /** The server of all tests of this worker, with an administrator. */
  server: Server;
  /** What a browser keeps of having signed in there. */
  session: StorageState;
}

interface OfTest {
  /** A server of this test alone that nobody has visited yet. */
  newServer: Server;
  /** Makes a name that no other test of this worker has. */
  named: (start: string) => string;
  /** Adds the server's own log to the report of a test that failed. */
  serverLog: undefined;
}

let names = 0;

export const test = base.extend<OfTest, OfWorker>({
  server: [
    async ({}, use) => {
      const server = await Server.start({ artifacts: artifacts(), users: [ADMINISTRATOR] });
      await use(server);
      await server.stop();
    },
    { scope: "worker", timeout: 120_000 },
  ],
  session: [
    async ({ browser, server }, use) => {
      const page = await browser.newPage({ baseURL: server.console, javaScriptEnabled: true });
      await open(page, "/sign-in");
      await signIn(page, ADMINISTRATOR);
      await expect(page.getByRole("heading", { name: "Function List" })).toBeVisible();
      await use(await page.context().storageState());
      await page.context().close();
    },
    { scope: "worker" },
  ],
  newServer: async ({}, use, testInfo) => {
    const server = await Server.start({ artifacts: artifacts() });
    await use(server);
    await reportLog(testInfo, server.log);
    await server.stop();
  },
  named: async ({}, use) => use((start) => `${start}_${++names}`),
  serverLog: [
    async ({ server }, use, testInfo) => {
      const before = server.log.length;
      await use(undefined);
      await reportLog(testInfo, server.log.slice(before));
    },
    { auto: true },
  ],
  baseURL: async ({ server }, use) => use(server.console),
  storageState: async ({ session }, use) => use(session),
});

/** Adds what a server wrote to the report of a test that failed. */
export async function reportLog(testInfo: TestInfo, log: string) {
  if (testInfo.status !== testInfo.expectedStatus) {
    await testInfo.attach("server.log", { body: log });
  }
}

/** Loads a page of the console and waits until it answers to the user. */
export async function open(page: Page, address: string) {
  await page.goto(address);
  await hydrated(page);
}

/** Loads the page again. */
export async function reload(page: Page) {
  await page.reload();
  await hydrated(page);
}

/** Waits until the WebAssembly has taken the page over from the server. */
export async function hydrated(page: Page) {
  await expect(page.locator("body")).toHaveAttribute("data-hydrated", "true");
}

/** Fills in the sign-in form. */
export async function signIn(page: Page, { name, password }: User) {
  await page.getByRole("textbox", { name: "User Name" }).fill(name);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign In" }).click();
}

/** Presses OK and waits until the dialog is gone. */
export async function ok(page: Page) {
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "OK" }).click();
  await expect(dialog).toBeHidden();
}

/** Creates a function, which leads to its Code tab. */
export async function createFunction(page: Page, name: string) {
  await open(page, "/create-function");
  await page.getByRole("textbox", { name: "Function Name" }).fill(name);
  await page.getByRole("button", { name: "Create Function" }).click();
  await expect(editor(page)).toBeVisible();
}

/** The code editor with that file in it. */
export function editor(page: Page, file = "index.py"): Locator {
  return page.getByRole("textbox", { name: `Code of ${file}` });
}

/** Replaces the text in the editor by `code`, as if it were pasted. */
export async function writeCode(page: Page, code: string, file?: string) {
  await editor(page, file).click();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.insertText(code);
}

/** Presses Deploy and waits until it has succeeded. */
export async function deploy(page: Page) {
  await page.getByRole("button", { name: "Deploy", exact: true }).click();
  await expect(page.getByRole("status").filter({ hasText: "Deployed in" })).toBeVisible();
}

/** The text of each file that is deployed; what is no text, as the console describes it. */
export async function deployedFiles(page: Page, name: string): Promise<Record<string, unknown>> {
  const { files } = await (await page.request.get(`/api/code/find?name=${name}`)).json();
  const shown = Object.entries<{ Text?: string }>(files);
  return Object.fromEntries(shown.map(([path, file]) => [path, file.Text ?? file]));
}

/** Creates a function with this code, deployed. */
export async function createFunctionWith(page: Page, name: string, code: string) {
  await createFunction(page, name);
  await writeCode(page, code);
  await deploy(page);
}

/** Presses Test and waits until the function has run. Gives what the result is shown in. */
export async function runTest(page: Page): Promise<Locator> {
  const result = page.getByRole("region", { name: "Execution Result" });
  await page.getByRole("button", { name: "Test", exact: true }).click();
  await expect(result.getByRole("term").filter({ hasText: "Request ID" })).toBeVisible();
  return result;
}

/** The Create Trigger dialog, opened on the page of a function. */
export async function openCreateTrigger(page: Page, functionName: string): Promise<Locator> {
  await open(page, `/functions/${functionName}/configuration/triggers`);
  await page.getByRole("button", { name: "Create Trigger" }).click();
  const dialog = page.getByRole("dialog", { name: "Create Trigger" });
  await expect(dialog.getByRole("combobox", { name: "Trigger Type" })).toBeVisible();
  return dialog;
}

/** Creates an API group or an environment in its place in the dialog, which chooses it. */
export async function createInPlace(dialog: Locator, what: "API Group" | "Environment", name: string) {
  await dialog.getByRole("button", { name: `Create ${what}` }).click();
  const form = dialog.getByRole("group", { name: `Create ${what}` });
  await form.getByRole("textbox").fill(name);
  await form.getByRole("button", { name: "Create" }).click();
  await expect(chosen(dialog, what)).toHaveText(name);
}

/** The option that a list in the dialog has chosen. */
export function chosen(dialog: Locator, list: string): Locator {
  return dialog
    .getByRole("combobox", { name: list, exact: true })
    .getByRole("option", { selected: true });
}

/** What of a trigger differs from the dialog's defaults. */
export interface TriggerFields {
  group: string;
  apiName?: string;
  path?: string;
  environment?: string;
  /** What of the function is called: a version, or `prod (alias)`. */
  target?: string;
  authentication?: "App" | "IAM" | "Custom" | "None";
  /** With Custom: the name of the authorizer. */
  authorizer?: string;
  /** With App: whether an AppCode is enough. */
  appCode?: boolean;
  protocol?: "HTTP" | "HTTPS" | "HTTP&HTTPS";
  matching?: "Exact match" | "Prefix match";
  method?: string;
  timeout?: string;
}

/** Fills in the dialog. The group has to be a new one. */
export async function fillTrigger(dialog: Locator, fields: TriggerFields) {
  const { group, environment, apiName, path, timeout } = fields;
  await createInPlace(dialog, "API Group", group);
  if (environment) await createInPlace(dialog, "Environment", environment);
  const texts = { "API Name": apiName, Path: path, "Timeout (ms)": timeout };
  for (const [label, text] of Object.entries(texts)) {
    if (text) await dialog.getByLabel(label, { exact: true }).fill(text);
  }
  const { target, authentication, protocol, matching, method } = fields;
  const lists = { "Version/Alias": target, "Security Authentication": authentication, Protocol: protocol, Matching: matching, Method: method };
  for (const [label, choice] of Object.entries(lists)) {
    if (choice) await dialog.getByRole("combobox", { name: label }).selectOption(choice);
  }
  if (fields.authorizer) await dialog.getByRole("combobox", { name: "Custom Authorizer" }).selectOption(fields.authorizer);
  if (fields.appCode) await dialog.getByRole("checkbox", { name: "An AppCode is enough" }).check();
}

/** The addresses of a trigger, as its card shows them. */
export interface Addresses {
  /** By the host of its API group. */
  url: string;
  /** The same for machines that do not know that name. */
  pathUrl: string;
}

/** Creates a trigger of a function in an API group of its own. */
export async function createTrigger(
  page: Page,
  functionName: string,
  fields: TriggerFields,
): Promise<Addresses> {
  const dialog = await openCreateTrigger(page, functionName);
  await fillTrigger(dialog, fields);
  await dialog.getByRole("button", { name: "OK" }).click();
  await expect(dialog).toBeHidden();
  const card = page.getByRole("article", { name: fields.apiName ?? `API_${functionName}` });
  return {
    url: await card.getByRole("link", { name: "apig.localhost" }).innerText(),
    pathUrl: await card.getByRole("link", { name: "/_group/" }).innerText(),
  };
}
