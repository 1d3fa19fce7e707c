// The page that Sluice was begun for, "API Gateway (Dedicated) Trigger", step by step in its
// own words, on a machine where Sluice never ran before.
import {
  chosen,
  createInPlace,
  deploy,
  editor,
  expect,
  hydrated,
  open,
  reload,
  reportLog,
  SIGNED_OUT,
  test,
  writeCode,
} from "../helpers.ts";
import { Server } from "../server.ts";

test.use(SIGNED_OUT);

const HANDLER = `# -*- coding:utf-8 -*-
import json
def handler (event, context):
    body = "<html><title>Functiongraph Demo</title><body><p>Hello, FunctionGraph!</p></body></html>"
    print(body)
    return {
        "statusCode":200,
        "body":body,
        "headers": {
            "Content-Type": "text/html",
        },        
        "isBase64Encoded": False
    }`;

const HTML =
  "<html><title>Functiongraph Demo</title><body><p>Hello, FunctionGraph!</p></body></html>";

test("a function gets a URL, the URL is opened, and the request is in the log", async ({
  page,
  context,
}, testInfo) => {
  // An empty data folder: the Python runtime is compiled first.
  testInfo.setTimeout(300_000);
  const server = await Server.start();

  await test.step("Log in to the console", async () => {
    await open(page, server.console);
    await page.getByRole("textbox", { name: "User Name" }).fill("admin");
    await page.getByLabel("Password", { exact: true }).fill("correct horse battery");
    await page.getByLabel("Repeat Password").fill("correct horse battery");
    await page.getByRole("button", { name: "Create Administrator" }).click();
    await expect(page.getByRole("heading", { name: "Function List" })).toBeVisible();
    await hydrated(page);
  });

  await test.step("In the navigation pane, choose Functions > Function List", async () => {
    const pane = page.getByRole("navigation", { name: "Console" });
    await expect(pane.getByRole("list", { name: "Functions" })).toBeVisible();
    await pane.getByRole("link", { name: "Function List" }).click();
  });

  await test.step("Click Create Function in the upper right corner", async () => {
    const button = page.getByRole("link", { name: "Create Function" }).first();
    const place = await button.boundingBox();
    const window = page.viewportSize();
    expect(place!.x + place!.width).toBeGreaterThan(window!.width * 0.8);
    expect(place!.y).toBeLessThan(window!.height * 0.25);
    await button.click();
  });

  await test.step("Select Create from scratch, configure the function, Create Function", async () => {
    await expect(page.getByRole("radio", { name: "Create from scratch" })).toBeChecked();
    await page.getByRole("textbox", { name: "Function Name" }).fill("apig_demo");
    const select = async (field: string, choice: string) =>
      page.getByRole("combobox", { name: field }).selectOption({ label: choice });
    await select("Enterprise Project", "default");
    await select("Agency", "Use no agency");
    await select("Runtime", "Python 3.12");
    await page.getByRole("button", { name: "Create Function" }).click();
    await expect(page.getByRole("heading", { name: "apig_demo" })).toBeVisible();
  });

  await test.step("On the Code tab page, copy the code to the editing area and click Deploy", async () => {
    await expect(page.getByRole("link", { name: "Code", exact: true })).toHaveAttribute(
      "aria-current",
      "page",
    );
    await writeCode(page, HANDLER);
    await deploy(page);
    await reload(page);
    const code = await page.request.get(`${server.console}/api/code/find?name=apig_demo`);
    expect((await code.json()).files).toEqual({ "index.py": { Text: HANDLER } });
    await expect(editor(page)).toContainText("def handler (event, context):");
  });

  await test.step("Choose Configuration > Triggers and click Create Trigger", async () => {
    await page.getByRole("link", { name: "Configuration" }).click();
    const configuration = page.getByRole("navigation", { name: "Configuration" });
    await configuration.getByRole("link", { name: "Triggers" }).click();
    await page.getByRole("button", { name: "Create Trigger" }).click();
  });

  await test.step("Set trigger parameters by referring to Table 2. Click OK", async () => {
    const dialog = page.getByRole("dialog", { name: "Create Trigger" });
    const select = async (field: string, choice: string) => {
      const list = dialog.getByRole("combobox", { name: field, exact: true });
      await list.selectOption({ label: choice });
    };
    await select("Trigger Type", "API Gateway (Dedicated)");
    await expect(chosen(dialog, "API Instance")).toHaveText("apig-sluice");
    await dialog.getByRole("textbox", { name: "API Name" }).fill("API_apig");
    // No group is available yet.
    await expect(dialog.getByRole("combobox", { name: "API Group" })).toHaveAccessibleDescription(
      /^Create an API group first/,
    );
    await expect(dialog.getByRole("button", { name: "OK" })).toBeDisabled();
    await createInPlace(dialog, "API Group", "APIGroup_test");
    await select("Environment", "RELEASE");
    await select("Security Authentication", "None");
    await select("Protocol", "HTTPS");
    await dialog.getByRole("textbox", { name: "Path" }).fill("/ttest");
    await select("Matching", "Prefix match");
    await select("Method", "ANY");
    await dialog.getByLabel("Timeout (ms)").fill("5000");
    await dialog.getByRole("button", { name: "OK" }).click();
    await expect(dialog).toBeHidden();
  });

  const url = await test.step("Copy the API URL of the APIG trigger", async () => {
    const card = page.getByRole("article", { name: "API_apig" });
    const button = card.getByRole("button", { name: "Copy URL", exact: true });
    await button.click();
    await expect(button).toHaveText("Copied");
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    const port = new URL(server.gatewayHttps).port;
    expect(copied).toMatch(new RegExp(`^https://[0-9a-f]{32}\\.apig\\.localhost:${port}/ttest$`));
    return copied;
  });

  await test.step("Open a browser, and enter the URL in the address box", async () => {
    const browser = await context.newPage();
    const answer = await browser.goto(url);
    expect(answer!.status()).toBe(200);
    await expect(browser.getByRole("paragraph")).toHaveText("Hello, FunctionGraph!");
    await expect(browser).toHaveTitle("Functiongraph Demo");
    await browser.close();
  });

  await test.step("Choose Functions > Function List. Click the function", async () => {
    await page
      .getByRole("navigation", { name: "Console" })
      .getByRole("link", { name: "Function List" })
      .click();
    await page.getByRole("table", { name: "Functions" }).getByRole("link", { name: "apig_demo" }).click();
  });

  await test.step("Choose Monitoring > Logs to query function running logs", async () => {
    await page.getByRole("link", { name: "Monitoring" }).click();
    await expect(page.getByRole("heading", { name: "Logs" })).toBeVisible();
    const row = page
      .getByRole("table", { name: "Request List" })
      .getByRole("row", { name: "Execution successful" });
    await expect(row).toHaveCount(1);
    await row.getByRole("link").click();
    const lines = page.getByRole("list", { name: "Log lines" }).getByRole("listitem");
    const requestId = await row.getByRole("link").innerText();
    await expect(lines.filter({ hasText: `Start invoke request '${requestId}'` })).toHaveCount(1);
    await expect(lines.filter({ hasText: HTML })).toHaveText(HTML);
    await expect(lines.filter({ hasText: `Finish invoke request '${requestId}'` })).toHaveCount(1);
  });

  await reportLog(testInfo, server.log);
  await server.stop();
});
