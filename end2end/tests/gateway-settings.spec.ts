// API Gateway > Gateway Settings: what callers may send instead of a signature.
import { createHash } from "node:crypto";
import { call, SHOWS_CALLER, told } from "../callers.ts";
import { createFunctionWith, createTrigger, expect, open, test } from "../helpers.ts";

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
