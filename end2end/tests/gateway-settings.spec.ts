// API Gateway > Gateway Settings: what callers may send instead of a signature, and what is in use of
// the gateway's limits.
import { createHash } from "node:crypto";
import { connect, type Socket } from "node:net";
import type { Page } from "@playwright/test";
import { call, SHOWS_CALLER, told } from "../callers.ts";
import { createFunctionWith, createTrigger, expect, open, test } from "../helpers.ts";
import type { Server } from "../server.ts";

test("each way of App authentication counts while it is on", async ({ page, request, named }) => {
  const [name, credential] = [named("keyed"), named("Partner")];
  await createFunctionWith(page, name, SHOWS_CALLER);
  const { pathUrl: url } = await createTrigger(page, name, { group: named("group"), authentication: "App" });
  await open(page, "/api-gateway/credentials");
  await page.getByRole("button", { name: "Create Credential" }).click();
  await page.getByRole("textbox", { name: "Name" }).fill(credential);
  await page.getByRole("dialog").getByRole("button", { name: "OK" }).click();
  const of = await told(page);
  const [key, secret] = [of("AppKey"), of("AppSecret")];
  await page.getByRole("article", { name: credential }).getByRole("button", { name: "Bind to APIs" }).click();
  await page.getByRole("checkbox", { name: new RegExp(`^API_${name} `) }).check();
  await page.getByRole("dialog").getByRole("button", { name: "OK" }).click();
  await expect(page.getByRole("article", { name: credential })).toContainText(`API_${name} (`);

  const time = String(Date.now());
  const ways: [string, string, Record<string, string>][] = [
    ["Key and secret in headers", url, { "X-HW-ID": key, "X-HW-AppKey": secret }],
    ["Basic authentication", url, { Authorization: `Basic ${Buffer.from(`${key}:${secret}`).toString("base64")}` }],
    ["API key", `${url}?apikey=${secret}`, {}],
    [
      "Digest with a time",
      url,
      { Timestamp: time, Authorization: createHash("sha256").update(key + secret + time).digest("hex") },
    ],
  ];
  const nav = page.getByRole("navigation", { name: "Console" });
  await nav.getByRole("link", { name: "Gateway Settings" }).click();
  await expect(page.getByRole("heading", { name: "Gateway Settings" })).toBeVisible();
  await expect(page.getByRole("region", { name: "Gateway", exact: true })).toContainText("apig.localhost");
  const save = page.getByRole("button", { name: "Save", exact: true });
  for (const [label, address, headers] of ways) {
    await test.step(label, async () => {
      expect(await call(request, address, headers)).toBe("401 APIG.0303");
      const box = page.getByRole("checkbox", { name: label });
      await expect(save).toBeDisabled();
      await box.check();
      await save.click();
      await expect(page.getByText("Saved. It counts from the next request on.")).toBeVisible();
      // The function sees nothing of it.
      expect(await call(request, address, headers)).toBe('200 {"query": {}, "body": "", "code": null}');
      await page.reload();
      await expect(page.locator("body[data-hydrated]")).toBeVisible();
      await expect(box).toBeChecked();
      await box.uncheck();
      await save.click();
      await expect(page.getByText("Saved. It counts from the next request on.")).toBeVisible();
      expect(await call(request, address, headers)).toBe("401 APIG.0303");
    });
  }
});

const limits = (page: Page) => page.getByRole("region", { name: "Limits" });

/** How many connections the page says there are. */
const connections = async (page: Page) =>
  Number(await limits(page).getByRole("meter", { name: "Connections", exact: true }).getAttribute("value"));

/** Opens a connection to the gateway that says nothing. */
const connected = (server: Server) =>
  new Promise<Socket>((resolve, reject) => {
    const { hostname, port } = new URL(server.gatewayHttp);
    const socket = connect({ host: hostname, port: Number(port) }, () => resolve(socket));
    socket.on("error", reject);
  });

test("what is in use of the limits is renewed while one looks", async ({ page, server }) => {
  await open(page, "/api-gateway/settings");
  await expect(limits(page)).toContainText(/1,024 bytes\/s, after 10 s\s*--body-rate/);
  await limits(page).evaluate((card) => card.setAttribute("data-kept", ""));
  // More than what other tests' callers may still hold open.
  const many = 20;
  expect(await connections(page)).toBeLessThan(many);
  const sockets = await Promise.all(Array.from({ length: many }, () => connected(server)));
  await expect.poll(() => connections(page)).toBeGreaterThanOrEqual(many);
  await expect(limits(page)).toContainText(/2\d of /);
  await expect(limits(page).getByRole("listitem").first()).toContainText(/127\.0\.0\.1 \d+ of 1,024/);
  // In place: nothing was taken away meanwhile.
  await expect(limits(page)).toHaveAttribute("data-kept", "");
  for (const socket of sockets) socket.destroy();
  await expect.poll(() => connections(page)).toBeLessThan(many);
});

test("no bar of a form lies over what is filled in", async ({ page }) => {
  for (const height of [500, 900]) {
    await page.setViewportSize({ width: 360, height });
    await open(page, "/api-gateway/settings");
    for (const [card, save] of [
      ["App Authentication", "Save"],
      ["Certificates by ACME", "Save ACME Server"],
    ] as const) {
      const end = await page.getByRole("region", { name: card }).boundingBox();
      const bar = await page.getByRole("button", { name: save, exact: true }).boundingBox();
      expect(bar!.y, `${card} at ${height} px`).toBeGreaterThanOrEqual(end!.y + end!.height);
    }
  }
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });

  test("the limits show what was in use when the page was loaded", async ({ page, server }) => {
    const socket = await connected(server);
    await page.goto("/api-gateway/settings");
    expect(await connections(page)).toBeGreaterThanOrEqual(1);
    await expect(limits(page)).toContainText(/[1-9][0-9]* of [1-9]/);
    socket.destroy();
  });
});
