// Configuration > Network.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Page } from "@playwright/test";
import { createFunctionWith, expect, open, reload, runTest, test as base } from "../helpers.ts";

/** The port of a web server on this machine, which says hello. */
const test = base.extend<{ port: number }>({
  port: async ({}, use) => {
    const web = createServer((_, response) => response.end("hello"));
    await new Promise<void>((listening) => web.listen(0, "127.0.0.1", listening));
    await use((web.address() as AddressInfo).port);
    web.close();
  },
});

const hosts = (page: Page) => page.getByRole("textbox", { name: "Allowed Hosts" });
const saveButton = (page: Page) => page.getByRole("button", { name: "Save" });

/** A function that fetches from there. */
const FETCHES =
  "import urllib.request\n\ndef handler(event, context):\n    return urllib.request.urlopen('http://localhost:PORT/').read().decode()\n";

test("a function reaches the hosts that are allowed, from the next call on", async ({ page, named, port }) => {
  const name = named("outbound");
  await createFunctionWith(page, name, FETCHES.replace("PORT", String(port)));
  const refused = await runTest(page);
  await expect(refused.getByLabel("Function Output")).toContainText(
    `outbound connections are off: add localhost:${port} to the function's outbound hosts`,
  );

  await page.getByRole("link", { name: "Configuration" }).click();
  await page
    .getByRole("navigation", { name: "Configuration" })
    .getByRole("link", { name: "Network" })
    .click();
  await expect(page).toHaveURL(`/functions/${name}/configuration/network`);
  const card = page.getByRole("region", { name: "Outbound Connections" });
  await expect(card).toContainText("Off. The function cannot open connections to any host.");
  await expect(saveButton(page)).toBeDisabled();
  await hosts(page).fill(`api.example.com\n\n  LOCALHOST:${port}\n`);
  await saveButton(page).click();
  await expect(page.getByRole("status").filter({ hasText: "Saved." })).toBeVisible();
  await expect(card).toContainText("to these hosts and to no others");
  await expect(saveButton(page)).toBeDisabled();
  await reload(page);
  await expect(hosts(page)).toHaveValue(`api.example.com\nlocalhost:${port}`);

  await page.getByRole("link", { name: "Code", exact: true }).click();
  const result = await runTest(page);
  await expect(result.getByLabel("Function Output")).toContainText("hello");
  await expect(result).toContainText(`Outbound: 1 connection to localhost:${port}, sent `);
});

test("each entry says its rule", async ({ page, named }) => {
  const name = named("entries");
  await createFunctionWith(page, name, "def handler(event, context):\n    pass\n");
  await open(page, `/functions/${name}/configuration/network`);
  const check = async (wrong: string, rule: string) => {
    await hosts(page).fill(`api.example.com\n${wrong}`);
    await expect(hosts(page)).toHaveAccessibleDescription(new RegExp(`^${rule}`));
    await expect(hosts(page)).toHaveAttribute("aria-invalid", "true");
    await expect(saveButton(page)).toBeDisabled();
  };
  await check("https://api.example.com/", '"https://api.example.com/" must be a host alone');
  await check("*", '"\\*" allows too much');
  await check("db:99999", '"db:99999" needs a port from 1 to 65535');
  await check("10.0.0.1/8", 'The network of "10.0.0.1/8" is 10.0.0.0/8');
  await check("API.example.com", '"api.example.com" is given twice');
  await hosts(page).fill("*.example.com:8443");
  await expect(hosts(page)).not.toHaveAttribute("aria-invalid");
  await expect(saveButton(page)).toBeEnabled();
});
