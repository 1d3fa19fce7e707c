// All that there is to look at in the console, for the tests of how it looks.
import type { APIRequestContext, Page } from "@playwright/test";
import {
  createFunctionWith,
  createTrigger,
  expect,
  open,
  openCreateTrigger,
  runTest,
  writeCode,
} from "./helpers.ts";

/** A thing to look at: a page, or a dialog or a state of one. */
export interface View {
  name: string;
  show: (page: Page) => Promise<void>;
}

const at = (name: string, address: string): View => ({ name, show: (page) => open(page, address) });

/** Every view of the console, of a function that has all there is to have. */
export async function everyView(page: Page, request: APIRequestContext, named: (start: string) => string) {
  const name = named("looks");
  await createFunctionWith(
    page,
    name,
    "def handler(event, context):\n    context.getLogger().warn('warned')\n    context.getLogger().debug('x' * 300)\n    return 1 / 0\n",
  );
  const { pathUrl } = await createTrigger(page, name, { group: named("group") });
  await request.get(pathUrl);
  const of = `/functions/${name}`;
  await expect(async () => {
    await open(page, `${of}/monitoring/logs`);
    await expect(page.getByRole("cell", { name: "Code error" })).toBeVisible({ timeout: 1 });
  }).toPass();
  const requestId = await page.getByRole("table").getByRole("link").first().innerText();
  const views: View[] = [
    at("Function List", "/functions"),
    at("Create Function", "/create-function"),
    {
      name: "Create Function, refused",
      show: async (page) => {
        await open(page, "/create-function");
        await page.getByRole("textbox", { name: "Function Name" }).fill("1 wrong");
      },
    },
    {
      name: "Delete Function",
      show: async (page) => {
        await open(page, `/functions?q=${name}`);
        await page.getByRole("button", { name: `Delete ${name}` }).click();
        await expect(page.getByRole("textbox", { name: "Type DELETE to confirm" })).toBeVisible();
      },
    },
    at("Code", `${of}/code`),
    {
      name: "Code, Execution Result",
      show: async (page) => {
        await open(page, `${of}/code`);
        await runTest(page);
      },
    },
    {
      name: "Configure Test Event",
      show: async (page) => {
        await open(page, `${of}/code`);
        await page.getByRole("button", { name: "Configure Test Event" }).click();
        await expect(page.getByRole("textbox", { name: "Test Event" })).toBeVisible();
      },
    },
    {
      name: "Code, syntax error",
      show: async (page) => {
        await open(page, `${of}/code`);
        await writeCode(page, "def handler(event, context):\n    return (1\n");
        await page.getByRole("button", { name: "Deploy", exact: true }).click();
        await expect(page.getByRole("alert")).toBeVisible();
      },
    },
    {
      name: "Upload Local ZIP",
      show: async (page) => {
        await open(page, `${of}/code`);
        await page.getByRole("button", { name: "Upload" }).click();
        await expect(page.getByLabel("ZIP Archive")).toBeVisible();
      },
    },
    {
      name: "Code, draft",
      show: async (page) => {
        await open(page, `${of}/code`);
        await expect(page.getByRole("button", { name: "Discard Draft" })).toBeVisible();
      },
    },
    at("Logs", `${of}/monitoring/logs`),
    at("Logs, one request", `${of}/monitoring/logs?request=${requestId}`),
    at("Logs, Custom", `${of}/monitoring/logs?range=custom`),
    at("Request Logs", `${of}/monitoring/logs?view=lines`),
    at("Logs, nothing found", `${of}/monitoring/logs?q=nothing-has-this`),
    at("Version", `${of}/version`),
    at("Aliases", `${of}/aliases`),
    at("Basic Settings", `${of}/configuration/basic-settings`),
    at("Triggers", `${of}/configuration/triggers`),
    {
      name: "Triggers, Call it",
      show: async (page) => {
        await open(page, `${of}/configuration/triggers`);
        await page.getByText("Call it").click();
        await expect(page.getByRole("region", { name: "Python" })).toBeVisible();
      },
    },
    {
      name: "Create Trigger",
      show: async (page) => {
        const dialog = await openCreateTrigger(page, name);
        await dialog.getByRole("textbox", { name: "Path" }).fill("wrong");
        await dialog.getByRole("button", { name: "Create API Group" }).click();
      },
    },
    at("Network", `${of}/configuration/network`),
    {
      name: "Network, refused",
      show: async (page) => {
        await open(page, `${of}/configuration/network`);
        await page.getByRole("textbox", { name: "Allowed Hosts" }).fill("*");
      },
    },
    at("Environment Variables", `${of}/configuration/environment-variables`),
    {
      name: "Edit Environment Variables",
      show: async (page) => {
        await open(page, `${of}/configuration/environment-variables`);
        await page.getByRole("button", { name: "Edit Environment Variable" }).click();
        await page.getByRole("textbox", { name: "Key" }).fill("1");
      },
    },
    {
      name: "Create Credential, refused",
      show: async (page) => {
        await open(page, "/api-gateway/credentials");
        await page.getByRole("button", { name: "Create Credential" }).click();
        await page.getByRole("textbox", { name: "Name" }).fill("1");
      },
    },
    {
      name: "Credential, told once",
      show: async (page) => {
        await open(page, "/api-gateway/credentials");
        await page.getByRole("button", { name: "Create Credential" }).click();
        await page.getByRole("textbox", { name: "Name" }).fill(named("Looks"));
        await page.getByRole("button", { name: "OK", exact: true }).click();
        await expect(page.getByRole("dialog", { name: "Copy It Now" })).toBeVisible();
      },
    },
    at("Credentials", "/api-gateway/credentials"),
    {
      name: "Reset Secret",
      show: async (page) => {
        await open(page, "/api-gateway/credentials");
        await page.getByRole("button", { name: "Reset Secret" }).first().click();
        await expect(page.getByRole("dialog")).toContainText("A new AppSecret is made.");
      },
    },
    {
      name: "Create Policy, Request Throttling",
      show: async (page) => {
        await open(page, "/api-gateway/policies");
        await page.getByRole("button", { name: "Create Policy" }).click();
        await page.getByLabel("Max. Requests").fill("0");
      },
    },
    {
      name: "Create Policy, Access Control",
      show: async (page) => {
        await open(page, "/api-gateway/policies");
        await page.getByRole("button", { name: "Create Policy" }).click();
        await page.getByRole("textbox", { name: "Name" }).fill(named("Looks"));
        await page.getByRole("combobox", { name: "Type" }).selectOption("Access Control");
        await page.getByLabel("IP Addresses").fill("10.0.0.0/8");
      },
    },
    {
      name: "Create Policy, CORS",
      show: async (page) => {
        await open(page, "/api-gateway/policies");
        await page.getByRole("button", { name: "Create Policy" }).click();
        await page.getByRole("combobox", { name: "Type" }).selectOption("CORS");
        await page.getByLabel("Allowed Origins").fill("www.example.com");
      },
    },
    {
      name: "Create Policy, Response Headers",
      show: async (page) => {
        await open(page, "/api-gateway/policies");
        await page.getByRole("button", { name: "Create Policy" }).click();
        await page.getByLabel("Name", { exact: true }).fill(named("Looks"));
        await page.getByRole("combobox", { name: "Type" }).selectOption("Response Headers");
        await page.getByLabel("Header Name").fill("Strict-Transport-Security");
        await page.getByLabel("Header Value").fill("max-age=31536000; includeSubDomains; preload");
      },
    },
    {
      name: "Policies",
      show: async (page) => {
        await page.getByRole("dialog").getByRole("button", { name: "OK" }).click();
        await expect(page.getByRole("article").first()).toBeVisible();
      },
    },
    {
      name: "Bind to APIs",
      show: async (page) => {
        await open(page, "/api-gateway/policies");
        await page.getByRole("button", { name: "Bind to APIs" }).first().click();
        await expect(page.getByRole("checkbox").first()).toBeVisible();
      },
    },
    at("A function that does not exist", "/functions/no-such-function/code"),
  ];
  return views;
}
