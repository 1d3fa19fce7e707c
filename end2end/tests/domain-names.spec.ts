// API Gateway > Domain Names and Certificates: the APIs of a group under a name of the user's own.
import { readFileSync } from "node:fs";
import { request as https } from "node:https";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { makeCertificate } from "../certificates.ts";
import { createFunctionWith, createTrigger, expect, open, test } from "../helpers.ts";
import type { Server } from "../server.ts";

const SHOWS_HOST = `def handler(event, context):
    return {"statusCode": 200, "headers": {}, "body": event["headers"]["host"], "isBase64Encoded": False}
`;

/** Asks for a path by a name, which leads to this machine here, trusting `ca` alone. */
function get(server: Server, name: string, path: string, ca: string, maxVersion?: "TLSv1.2"): Promise<string> {
  const { port } = new URL(server.gatewayHttps);
  return new Promise((resolve) => {
    const asked = https({ host: "127.0.0.1", port, path, servername: name, headers: { host: name }, ca, maxVersion, agent: false }, (answer) => {
      answer.setEncoding("utf8");
      let text = "";
      answer.on("data", (part) => (text += part));
      answer.on("end", () => resolve(`${answer.statusCode} ${text}`));
    });
    asked.on("error", (error) => resolve(error.message));
    asked.end();
  });
}

async function upload(page: Page, name: string, { chain, key }: { chain: string; key: string }) {
  await open(page, "/api-gateway/certificates");
  await page.getByRole("button", { name: "Upload Certificate" }).click();
  const dialog = page.getByRole("dialog", { name: "Upload Certificate" });
  await dialog.getByRole("textbox", { name: "Name" }).fill(name);
  // One from a file, one pasted.
  const file = { name: "chain.pem", mimeType: "application/x-pem-file", buffer: Buffer.from(chain) };
  await dialog.getByLabel("Certificate Chain from a file").setInputFiles(file);
  await expect(dialog.getByRole("textbox", { name: "Certificate Chain" })).toHaveValue(chain);
  await dialog.getByRole("textbox", { name: "Private Key" }).fill(key);
  await dialog.getByRole("button", { name: "OK" }).click();
  return dialog;
}

async function bind(page: Page, name: string, group: string, certificate: string) {
  await open(page, "/api-gateway/domain-names");
  await page.getByRole("button", { name: "Bind Domain Name" }).click();
  const dialog = page.getByRole("dialog", { name: "Bind Domain Name" });
  await dialog.getByRole("textbox", { name: "Domain Name" }).fill(name);
  await dialog.getByRole("combobox", { name: "API Group" }).selectOption(group);
  await dialog.getByRole("combobox", { name: "Certificate" }).selectOption(certificate);
  await dialog.getByRole("button", { name: "OK" }).click();
  return dialog;
}

const row = (page: Page, name: string) => page.getByRole("row").filter({ has: page.getByRole("cell", { name, exact: true }) });

test("a function is called by a domain name with a certificate that was uploaded", async ({ page, server, named }) => {
  const [name, group] = [named("domains"), named("group")];
  await createFunctionWith(page, name, SHOWS_HOST);
  await createTrigger(page, name, { group, protocol: "HTTP&HTTPS" });
  const certificate = makeCertificate("api.example.com");
  const shop = named("Shop");
  await expect(await upload(page, shop, certificate)).toBeHidden();
  await expect(row(page, shop)).toContainText("api.example.com");
  await expect(page.locator("body")).not.toContainText("PRIVATE KEY");

  await expect(await bind(page, "api.example.com", group, shop)).toBeHidden();
  await expect(row(page, "api.example.com").getByRole("cell")).toHaveText([
    "api.example.com", group, new RegExp(`^${shop}\\s*to \\d{4}-`), "TLS 1.2", "Off", /Edit/,
  ]);
  expect(await get(server, "api.example.com", `/${name}`, certificate.chain)).toBe("200 api.example.com");
  expect(await get(server, "api.example.com", `/${name}`, certificate.chain, "TLSv1.2")).toBe("200 api.example.com");

  // The card of the trigger says so.
  await open(page, `/functions/${name}/configuration/triggers`);
  const { port } = new URL(server.gatewayHttps);
  await expect(page.getByRole("link", { name: `https://api.example.com:${port}/${name}` })).toBeVisible();

  // TLS 1.3 and a redirect count at once.
  await open(page, "/api-gateway/domain-names");
  await page.getByRole("button", { name: "Edit api.example.com" }).click();
  const dialog = page.getByRole("dialog", { name: "Edit api.example.com" });
  await dialog.getByRole("combobox", { name: "Minimum TLS Version" }).selectOption("TLS 1.3");
  await dialog.getByRole("checkbox", { name: "Redirect" }).check();
  await dialog.getByRole("button", { name: "OK" }).click();
  await expect(row(page, "api.example.com")).toContainText("TLS 1.3");
  expect(await get(server, "api.example.com", `/${name}`, certificate.chain, "TLSv1.2")).toMatch(/protocol version/);
  expect(await get(server, "api.example.com", `/${name}`, certificate.chain)).toBe("200 api.example.com");
  const { port: httpPort } = new URL(server.gatewayHttp);
  const redirected = await page.request.get(`${server.gatewayHttp}/${name}?q=1`, {
    headers: { host: `api.example.com:${httpPort}` },
    maxRedirects: 0,
  });
  expect(redirected.status()).toBe(308);
  expect(redirected.headers()["location"]).toBe(`https://api.example.com:${port}/${name}?q=1`);

  // What is used is not deleted; another certificate takes its place.
  await open(page, "/api-gateway/certificates");
  await page.getByRole("button", { name: `Delete ${shop}` }).click();
  await page.getByLabel("Type DELETE to confirm").fill("DELETE");
  await page.getByRole("dialog").getByRole("button", { name: "OK" }).click();
  await expect(page.getByRole("alert")).toContainText("A domain name has this certificate");
  await page.keyboard.press("Escape");
  const another = makeCertificate("api.example.com");
  await page.getByRole("button", { name: `Replace ${shop}` }).click();
  const replace = page.getByRole("dialog", { name: `Replace ${shop}` });
  await replace.getByRole("textbox", { name: "Certificate Chain" }).fill(another.chain);
  await replace.getByRole("textbox", { name: "Private Key" }).fill(another.key);
  await replace.getByRole("button", { name: "OK" }).click();
  await expect(replace).toBeHidden();
  expect(await get(server, "api.example.com", `/${name}`, another.chain)).toBe("200 api.example.com");

  await open(page, "/api-gateway/domain-names");
  await page.getByRole("button", { name: "Unbind api.example.com" }).click();
  await page.getByLabel("Type DELETE to confirm").fill("DELETE");
  await page.getByRole("dialog").getByRole("button", { name: "OK" }).click();
  await expect(row(page, "api.example.com")).toHaveCount(0);
  expect(await get(server, "api.example.com", `/${name}`, another.chain)).toMatch(/certificate/);
});

test("Sluice issues a certificate for a name below localhost, which a browser opens", async ({ page, server, named }) => {
  const [name, group] = [named("issued"), named("group")];
  await createFunctionWith(page, name, SHOWS_HOST);
  await createTrigger(page, name, { group });
  await expect(await bind(page, "shop.localhost", group, "Issued by Sluice")).toBeHidden();
  await expect(row(page, "shop.localhost")).toContainText("Issued by Sluice");
  const ca = readFileSync(join(server.data, "tls", "ca.pem"), "utf8");
  expect(await get(server, "shop.localhost", `/${name}`, ca)).toBe("200 shop.localhost");
  const { port } = new URL(server.gatewayHttps);
  await page.goto(`https://shop.localhost:${port}/${name}`);
  await expect(page.locator("body")).toHaveText(`shop.localhost:${port}`);

  const refused = await bind(page, "shop.example.com", group, "Issued by Sluice");
  await expect(refused).toContainText("The local authority can sign for localhost only");
});

test("what is wrong is told beside its field", async ({ page, named }) => {
  const certificate = makeCertificate("api.example.com", 3);
  const dialog = await upload(page, named("Shop"), { ...certificate, key: makeCertificate("a.example.com").key });
  await expect(dialog.getByText("Does not belong to the certificate")).toBeVisible();
  await dialog.getByRole("textbox", { name: "Private Key" }).fill("-----BEGIN ENCRYPTED PRIVATE KEY-----");
  await dialog.getByRole("button", { name: "OK" }).click();
  await expect(dialog.getByText("Encrypted private keys are not supported")).toBeVisible();
  await dialog.getByRole("textbox", { name: "Private Key" }).fill(certificate.key);
  await dialog.getByRole("button", { name: "OK" }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByText("Ends soon")).toBeVisible();

  const [name, group] = [named("wrong"), named("group")];
  await createFunctionWith(page, name, SHOWS_HOST);
  await createTrigger(page, name, { group });
  const wrong = await bind(page, "x.apig.localhost", group, "None (HTTP only)");
  await expect(wrong).toContainText("Must not be the domain of the gateway");
  await wrong.getByRole("textbox", { name: "Domain Name" }).fill("10.0.0.1");
  await expect(wrong.getByText("Must be a name, not an IP address")).toBeVisible();
  await wrong.getByRole("checkbox", { name: "Redirect" }).check();
  await expect(wrong.getByText("Needs a certificate")).toBeVisible();
  await expect(wrong.getByRole("button", { name: "OK" })).toBeDisabled();
});

test("a certificate by ACME needs a server, and what that says is shown where it fails", async ({ page, server, named }) => {
  const [name, group] = [named("acme"), named("group")];
  await createFunctionWith(page, name, SHOWS_HOST);
  await createTrigger(page, name, { group, protocol: "HTTP&HTTPS" });
  const acme = "Issue by ACME (Let’s Encrypt)";
  const early = await bind(page, "acme.example.com", group, acme);
  await expect(early.getByText("Needs a server: set it in Gateway Settings")).toBeVisible();

  await open(page, "/api-gateway/settings");
  const card = page.getByRole("region", { name: "Certificates by ACME" });
  const [directory, mail] = [card.getByRole("textbox", { name: "Directory URL" }), card.getByRole("textbox", { name: "E-mail" })];
  const terms = card.getByRole("checkbox", { name: "I agree to the terms of service" });
  const save = page.getByRole("button", { name: "Save ACME Server" });
  await expect(directory).toHaveValue("https://acme-v02.api.letsencrypt.org/directory");
  await expect(save).toBeDisabled();
  await directory.fill("http://127.0.0.1:1/directory");
  await expect(card.getByText("Must begin with https://")).toBeVisible();
  // Nobody listens there; and it is no address that users may have the server ask.
  await directory.fill("https://127.0.0.1:1/directory");
  await mail.fill("admin");
  await expect(card.getByText("Must be an e-mail address, such as admin@example.com")).toBeVisible();
  await mail.fill("admin@example.com");
  await expect(save).toBeDisabled();
  await terms.check();
  await save.click();
  await expect(page.getByText("Saved. Choose it for a domain name in Domain Names.")).toBeVisible();
  // The terms are those of one server.
  await directory.fill("https://ca.example.com/directory");
  await expect(terms).not.toBeChecked();

  const wildcard = await bind(page, "*.example.com", group, acme);
  await expect(wildcard.getByText("Is issued for one name, not for all below one")).toBeVisible();
  await expect(await bind(page, "acme.example.com", group, acme)).toBeHidden();
  const shown = row(page, "acme.example.com");
  await expect(shown).toContainText("Issued by ACME");
  await expect(shown.getByText("Failed")).toBeVisible();
  await expect(shown).toContainText("127.0.0.1 has the address 127.0.0.1, of this machine itself");
  await expect(shown).toContainText(/Next try at \d{4}-/);
  const before = await shown.getByText("Next try at").innerText();
  await shown.getByRole("button", { name: "Try again: acme.example.com" }).click();
  await expect(shown.getByText("Next try at")).not.toHaveText(before);
  // It is called over HTTP meanwhile.
  const { port } = new URL(server.gatewayHttp);
  const called = await page.request.get(`${server.gatewayHttp}/${name}`, { headers: { host: `acme.example.com:${port}` } });
  expect(await called.text()).toBe(`acme.example.com:${port}`);
});
