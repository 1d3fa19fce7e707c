// All that there is to look at in the console, for the tests of how it looks.
import type { APIRequestContext, Page } from "@playwright/test";
import { makeCertificate } from "./certificates.ts";
import {
  createFunctionWith,
  createTrigger,
  expect,
  ok,
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

/** Opens the page of an API by the list of all. */
async function openApi(page: Page, name: string) {
  await open(page, `/api-gateway/apis?q=${name}`);
  await page.getByRole("link", { name, exact: true }).click();
  await expect(page.getByRole("heading", { name, level: 1 })).toBeVisible();
}

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
      name: "Edit saved test event",
      show: async (page) => {
        await open(page, `${of}/code`);
        // A second look finds the event of the first.
        await page.request.post("/api/test-events/create", { data: { name, event: { name: "saved-before", content: "{}" } } });
        await open(page, `${of}/code`);
        await page.getByRole("button", { name: "Configure Test Event" }).click();
        await page.getByRole("radio", { name: "Edit saved test event" }).check();
        await page.getByRole("textbox", { name: "Test Event" }).fill('{"a": ');
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
    at("Metrics", `${of}/monitoring/metrics`),
    at("Metrics, Custom", `${of}/monitoring/metrics?range=custom`),
    at("Metrics, no calls", `${of}/monitoring/metrics?range=custom&to=2001-01-01T00:00`),
    {
      name: "Metrics, a table",
      show: async (page) => {
        await open(page, `${of}/monitoring/metrics?range=3d`);
        await page.getByText(/^Table/).first().click();
        await page.getByRole("slider").first().focus();
        await expect(page.getByRole("table", { name: "Invocations" })).toBeVisible();
      },
    },
    at("Logs", `${of}/monitoring/logs`),
    at("Logs, one request", `${of}/monitoring/logs?request=${requestId}`),
    {
      name: "Logs, Replay",
      show: async (page) => {
        await open(page, `${of}/monitoring/logs?request=${requestId}`);
        await page.getByText("What the function was called with").click();
        await page.getByRole("button", { name: "Replay" }).click();
        await expect(page.getByRole("region", { name: "Now", exact: true })).toBeVisible();
      },
    },
    {
      name: "Save as Test Event, refused",
      show: async (page) => {
        await open(page, `${of}/monitoring/logs?request=${requestId}`);
        await page.getByRole("button", { name: "Save as Test Event" }).click();
        await page.getByRole("dialog").getByRole("textbox").fill("1");
      },
    },
    at("Logs, Custom", `${of}/monitoring/logs?range=custom`),
    at("Request Logs", `${of}/monitoring/logs?view=lines`),
    at("Logs, nothing found", `${of}/monitoring/logs?q=nothing-has-this`),
    {
      name: "Publish New Version, refused",
      show: async (page) => {
        await open(page, `${of}/version`);
        await page.getByRole("button", { name: "Publish New Version" }).click();
        await page.getByRole("textbox", { name: "Version" }).fill("latest");
      },
    },
    {
      name: "Version",
      show: async (page) => {
        await page.getByRole("textbox", { name: "Version" }).fill("v1.0");
        await page.getByLabel("Description").fill("What callers have now");
        await ok(page);
        await expect(page.getByRole("row", { name: "v1.0" })).toBeVisible();
      },
    },
    at("Aliases, at first", `${of}/aliases`),
    {
      name: "Create Alias",
      show: async (page) => {
        await page.getByRole("button", { name: "Create Alias" }).click();
        await page.getByLabel("Alias", { exact: true }).fill("prod");
        await page.getByRole("checkbox").check();
        await page.getByLabel("Shift By").selectOption("Rule");
        await page.getByLabel("Header", { exact: true }).fill("X-Tester");
      },
    },
    {
      name: "Aliases",
      show: async (page) => {
        await page.getByLabel("Value", { exact: true }).fill("ann, bob");
        await ok(page);
        await expect(page.getByRole("row", { name: "prod" })).toContainText("v1.0: by a rule");
      },
    },
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
      name: "Debug",
      show: async (page) => {
        await open(page, `${of}/configuration/triggers`);
        await page.getByRole("link", { name: /^Debug / }).click();
        await expect(page.getByRole("button", { name: "Send", exact: true })).toBeVisible();
      },
    },
    {
      name: "Debug, refused",
      show: async (page) => {
        await page.getByRole("button", { name: "Add Header" }).click();
        await page.getByLabel("Header Name").fill("Host");
        await page.getByRole("button", { name: "Send", exact: true }).click();
        await expect(page.getByRole("alert")).toBeVisible();
      },
    },
    {
      name: "Debug, answered",
      show: async (page) => {
        await page.getByLabel("Header Name").fill("X-Custom");
        await page.getByRole("button", { name: "Send", exact: true }).click();
        await expect(page.getByRole("region", { name: "Trace" })).toBeVisible();
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
      name: "Create API Group, refused",
      show: async (page) => {
        await open(page, "/api-gateway/groups");
        await page.getByRole("button", { name: "Create API Group" }).click();
        await page.getByRole("dialog").getByLabel("Name").fill("-");
      },
    },
    at("API Groups", "/api-gateway/groups"),
    {
      name: "API group, APIs",
      show: async (page) => {
        await open(page, "/api-gateway/groups");
        await page.getByRole("table").getByRole("link").last().click();
        await expect(page.getByRole("heading", { name: "APIs" })).toBeVisible();
      },
    },
    {
      name: "API group, Group Information",
      show: async (page) => {
        await page.getByRole("link", { name: "Group Information" }).click();
        await expect(page.getByRole("switch")).toBeVisible();
      },
    },
    {
      name: "API group, Edit Environment Variables",
      show: async (page) => {
        await page.getByRole("link", { name: "Environment Variables" }).click();
        await page.getByRole("button", { name: "Edit Environment Variables" }).click();
        await page.getByRole("dialog").getByLabel("Name").fill("1");
      },
    },
    {
      name: "API group, Gateway Responses",
      show: async (page) => {
        await page.keyboard.press("Escape");
        await page.getByRole("link", { name: "Gateway Responses" }).click();
        await expect(page.getByRole("cell", { name: "NOT_FOUND" })).toBeVisible();
      },
    },
    {
      name: "API group, Create Gateway Response",
      show: async (page) => {
        await page.getByRole("button", { name: "Create", exact: true }).click();
        await page.getByRole("dialog").getByLabel("Name").fill("quiet");
        await page.getByRole("dialog").getByRole("button", { name: "OK" }).click();
        await expect(page.getByRole("button", { name: "Rename" })).toBeVisible();
        await page.getByRole("button", { name: "Create", exact: true }).click();
        await page.getByRole("dialog").getByLabel("Name").fill("a b");
      },
    },
    {
      name: "API group, Edit Gateway Response",
      show: async (page) => {
        await page.keyboard.press("Escape");
        await page.getByRole("button", { name: "Edit Other 4XX" }).click();
        await page.getByRole("button", { name: "+ Add" }).click();
        await page.getByLabel("Header Name").fill("X-A:");
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
    at("Gateway Settings", "/api-gateway/settings"),
    {
      name: "Create Custom Authorizer",
      show: async (page) => {
        await open(page, "/api-gateway/authorizers");
        await page.getByRole("button", { name: "Create Custom Authorizer" }).click();
        await page.getByRole("textbox", { name: "Name", exact: true }).fill(named("Looks"));
        await page.getByLabel("Source Name").fill("Authorization");
        await page.getByLabel("Validation").fill("^Bearer [\\w-]+\\.[\\w-]+\\.[\\w-]+$");
        await page.getByRole("button", { name: "+ Add" }).click();
        await page.getByLabel("Source Name").last().fill("a b");
      },
    },
    {
      name: "Custom Authorizers",
      show: async (page) => {
        await page.getByLabel("Source Name").last().fill("tenant");
        await page.getByLabel("Max. Cache Age (s)").fill("60");
        await page.getByLabel("User Data").fill("https://issuer.example/.well-known/openid-configuration");
        await page.getByRole("dialog").getByRole("button", { name: "OK" }).click();
        await expect(page.getByRole("dialog")).toBeHidden();
        await expect(page.getByRole("article").first()).toBeVisible();
      },
    },
    {
      name: "Reset Secret",
      show: async (page) => {
        await open(page, "/api-gateway/credentials");
        await page.getByRole("button", { name: "Reset Secret" }).first().click();
        await expect(page.getByRole("dialog")).toContainText("A new AppSecret is made.");
      },
    },
    {
      name: "Create Credential, customized",
      show: async (page) => {
        await open(page, "/api-gateway/credentials");
        await page.getByRole("button", { name: "Create Credential" }).click();
        await page.getByRole("checkbox", { name: "Choose the key and the secret" }).check();
        await page.getByRole("textbox", { name: "AppKey" }).fill("short");
      },
    },
    {
      name: "Access Control of a credential",
      show: async (page) => {
        await open(page, "/api-gateway/credentials");
        await page.getByRole("button", { name: "Access Control" }).first().click();
        await page.getByRole("textbox", { name: "IP Addresses" }).fill("10.0.0.0/99");
      },
    },
    at("Users", "/users"),
    {
      name: "Create User",
      show: async (page) => {
        await open(page, "/users");
        await page.getByRole("button", { name: "Create User" }).click();
        await page.getByLabel("User Name").fill("1");
      },
    },
    {
      name: "Change Role",
      show: async (page) => {
        await open(page, "/users");
        await page.getByRole("button", { name: "Change role of" }).first().click();
        await expect(page.getByRole("dialog", { name: "Change Role" })).toBeVisible();
      },
    },
    at("Audit Log", "/audit"),
    at("System", "/system"),
    at("Audit Log, nothing found", "/audit?q=nothing-has-this"),
    at("My Account", "/account"),
    at("Access Keys, at first", "/access-keys"),
    {
      name: "Access key, told once",
      show: async (page) => {
        await open(page, "/access-keys");
        // A second look finds the keys of the first.
        const first = page.getByRole("button", { name: /^Delete / }).first();
        if (await first.isVisible()) return;
        await page.getByRole("button", { name: "Create Access Key" }).click();
        await page.getByRole("button", { name: "OK", exact: true }).click();
        await expect(page.getByRole("dialog", { name: "Copy It Now" })).toBeVisible();
      },
    },
    at("Access Keys", "/access-keys"),
    {
      name: "Create Policy, Request Throttling",
      show: async (page) => {
        await open(page, "/api-gateway/policies");
        await page.getByRole("button", { name: "Create Policy" }).click();
        await page.getByRole("button", { name: "+ Add" }).click();
        await page.getByLabel("Threshold").fill("0");
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
    {
      name: "Upload Certificate, refused",
      show: async (page) => {
        await open(page, "/api-gateway/certificates");
        await page.getByRole("button", { name: "Upload Certificate" }).click();
        const dialog = page.getByRole("dialog", { name: "Upload Certificate" });
        await dialog.getByRole("textbox", { name: "Name" }).fill(named("Looks"));
        await dialog.getByRole("textbox", { name: "Certificate Chain" }).fill("hello");
        await dialog.getByRole("textbox", { name: "Private Key" }).fill("hello");
        await dialog.getByRole("button", { name: "OK" }).click();
        await expect(dialog.getByText("There is no certificate in PEM form")).toBeVisible();
      },
    },
    {
      name: "Certificates",
      show: async (page) => {
        const made = makeCertificate("api.example.com", 3);
        await page.request.post("/api/certificates/upload", { data: { name: named("Looks"), ...made } });
        await open(page, "/api-gateway/certificates");
        await expect(page.getByText("Ends soon").first()).toBeVisible();
      },
    },
    {
      name: "Bind Domain Name, refused",
      show: async (page) => {
        await open(page, "/api-gateway/domain-names");
        await page.getByRole("button", { name: "Bind Domain Name" }).click();
        await page.getByRole("textbox", { name: "Domain Name" }).fill("10.0.0.1");
        await page.getByRole("checkbox", { name: "Redirect" }).check();
      },
    },
    {
      name: "Domain Names",
      show: async (page) => {
        const { certificates } = await (await page.request.get("/api/certificates/list")).json();
        const { groups } = await (await page.request.get("/api/domain-names/list")).json();
        const certificate = { Uploaded: certificates.at(-1).certificate_id };
        const settings = { certificate, min_tls: "TLSv1.3", redirect: true };
        const bound = { name: `${named("looks").replaceAll("_", "-")}.example.com`, group_id: groups.at(-1).group_id, settings };
        await page.request.post("/api/domain-names/bind", { data: bound });
        await open(page, "/api-gateway/domain-names");
        await expect(page.getByText("For other names").first()).toBeVisible();
      },
    },
    {
      name: "Domain Name, refused by ACME",
      show: async (page) => {
        const settings = { directory: "https://127.0.0.1:1/directory", contact: "admin@example.com" };
        await page.request.post("/api/acme/update", { data: { settings, agrees_to_terms: true } });
        const { groups } = await (await page.request.get("/api/domain-names/list")).json();
        const bound = {
          name: `${named("acme").replaceAll("_", "-")}.example.com`,
          group_id: groups.at(-1).group_id,
          settings: { certificate: "Acme", min_tls: "TLSv1.2", redirect: true },
        };
        await page.request.post("/api/domain-names/bind", { data: bound });
        await open(page, "/api-gateway/domain-names");
        await expect(page.getByText("Failed").first()).toBeVisible();
      },
    },
    at("APIs", "/api-gateway/apis"),
    {
      name: "API, not found in the list",
      show: async (page) => {
        await open(page, "/api-gateway/apis?q=nothing-has-this");
        await expect(page.getByText("No API matches the search.")).toBeVisible();
      },
    },
    {
      name: "API, definition changed",
      show: async (page) => {
        await openApi(page, `API_${name}`);
        await page.getByRole("button", { name: "Edit", exact: true }).click();
        const dialog = page.getByRole("dialog", { name: "Edit API" });
        await dialog.getByLabel("Path").fill(`/${name}/changed`);
        await dialog.getByRole("button", { name: "OK" }).click();
        await expect(page.getByRole("region", { name: "Differences" })).toBeVisible();
      },
    },
    {
      name: "Edit API",
      show: async (page) => {
        await openApi(page, `API_${name}`);
        await page.getByRole("button", { name: "Edit", exact: true }).click();
        await page.getByRole("dialog").getByLabel("Path").fill("wrong");
      },
    },
    {
      name: "Add Request Parameter, refused",
      show: async (page) => {
        await openApi(page, `API_${name}`);
        await page.getByRole("button", { name: "Add Request Parameter" }).click();
        const dialog = page.getByRole("dialog", { name: "Add Request Parameter" });
        await dialog.getByLabel("Name").fill("page");
        await dialog.getByLabel("Type").selectOption("Number");
        await dialog.getByLabel("Minimum Value").fill("one");
      },
    },
    {
      name: "Request Parameters",
      show: async (page) => {
        const dialog = page.getByRole("dialog", { name: "Add Request Parameter" });
        const parameter = named("page");
        await dialog.getByLabel("Name").fill(parameter);
        await dialog.getByLabel("Minimum Value").fill("1");
        await dialog.getByRole("checkbox", { name: "A request must have it" }).uncheck();
        await dialog.getByLabel("Default Value").fill("1");
        await dialog.getByLabel("Enumerated Values").fill("1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144");
        await dialog.getByLabel("Description").fill("Which part of the list is answered, from 1 on");
        await dialog.getByRole("button", { name: "OK" }).click();
        await expect(page.getByRole("button", { name: `Delete ${parameter}` })).toBeVisible();
      },
    },
    {
      name: "Publish Latest Version",
      show: async (page) => {
        await openApi(page, `API_${name}`);
        await page.getByRole("button", { name: /^Publish Latest Version/ }).click();
        await expect(page.getByRole("dialog").getByRole("region", { name: "Differences" })).toBeVisible();
      },
    },
    {
      name: "Publishing Records",
      show: async (page) => {
        await openApi(page, `API_${name}`);
        await page.getByRole("button", { name: "View Publishing Records of RELEASE" }).click();
        await page.getByRole("button", { name: "View Details of 1" }).click();
        await expect(page.getByRole("region", { name: "Record 1" })).toBeVisible();
      },
    },
    {
      name: "Take Offline",
      show: async (page) => {
        await openApi(page, `API_${name}`);
        await page.getByRole("button", { name: "Take Offline in RELEASE" }).click();
        await expect(page.getByRole("dialog")).toBeVisible();
      },
    },
    at("Triggers, definition changed", `${of}/configuration/triggers`),
    at("An API that does not exist", `/api-gateway/apis/${"0".repeat(32)}`),
    at("Environments", "/api-gateway/environments"),
    {
      name: "Create Environment",
      show: async (page) => {
        await open(page, "/api-gateway/environments");
        await page.getByRole("button", { name: "Create Environment" }).click();
        await page.getByRole("textbox", { name: "Name" }).fill("1");
      },
    },
    at("A function that does not exist", "/functions/no-such-function/code"),
  ];
  return views;
}
