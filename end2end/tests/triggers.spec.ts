// Configuration > Triggers, the Create Trigger dialog and the card of a trigger.
import {
  chosen,
  createFunction,
  createFunctionWith,
  createInPlace,
  createTrigger,
  expect,
  fillTrigger,
  open,
  openCreateTrigger,
  test,
} from "../helpers.ts";

/** Answers with the path parameters of the call. */
const SHOWS_PATH = `import json

def handler(event, context):
    shown = {"path": event["path"], "parameters": event["pathParameters"], "stage": event["requestContext"]["stage"]}
    return {"statusCode": 200, "headers": {}, "body": json.dumps(shown), "isBase64Encoded": False}
`;

test("the dialog has every field with its default", async ({ page, named }) => {
  const name = named("defaults");
  await createFunction(page, name);
  const dialog = await openCreateTrigger(page, name);
  await createInPlace(dialog, "API Group", named("group"));
  for (const [list, choice] of Object.entries({
    "Trigger Type": "API Gateway (Dedicated)",
    "API Instance": "apig-sluice",
    Environment: "RELEASE",
    "Security Authentication": "None",
    Protocol: "HTTPS",
    Matching: "Prefix match",
    Method: "ANY",
  })) {
    await expect(chosen(dialog, list), list).toHaveText(choice);
  }
  await expect(dialog.getByRole("textbox", { name: "API Name" })).toHaveValue(`API_${name}`);
  await expect(dialog.getByRole("textbox", { name: "Path" })).toHaveValue(`/${name}`);
  await expect(dialog.getByRole("spinbutton", { name: "Timeout (ms)" })).toHaveValue("5000");
  await expect(dialog.getByRole("status").filter({ hasText: "No authentication." })).toHaveText(
    /No authentication. Access is granted to all users. \(Not recommended\)/,
  );
  const optionsOf = (list: string) =>
    dialog.getByRole("combobox", { name: list }).getByRole("option").allInnerTexts();
  expect(await optionsOf("Security Authentication")).toEqual(["App", "IAM", "Custom", "None"]);
  expect(await optionsOf("Protocol")).toEqual(["HTTP", "HTTPS", "HTTP&HTTPS"]);
  expect(await optionsOf("Matching")).toEqual(["Exact match", "Prefix match"]);
  expect(await optionsOf("Method")).toEqual(
    ["GET", "POST", "DELETE", "PUT", "PATCH", "HEAD", "OPTIONS", "ANY"],
  );
  await expect(dialog.getByRole("button", { name: "OK" })).toBeEnabled();
});

test("each field says its rule, and OK waits for the last of them", async ({ page, named }) => {
  const name = named("rules");
  await createFunction(page, name);
  const dialog = await openCreateTrigger(page, name);
  await createInPlace(dialog, "API Group", named("group"));
  const ok = dialog.getByRole("button", { name: "OK" });
  const check = async (label: string, wrong: string, rule: string, right: string) => {
    const field = dialog.getByLabel(label, { exact: true });
    await field.fill(wrong);
    await expect(field).toHaveAccessibleDescription(new RegExp(`^${rule}`));
    await expect(field).toHaveAttribute("aria-invalid", "true");
    await expect(ok).toBeDisabled();
    await field.fill(right);
    await expect(field).not.toHaveAttribute("aria-invalid");
    await expect(ok).toBeEnabled();
  };
  await check("API Name", "ab", "Must have 3 to 64 characters, has 2", "abc");
  await check("API Name", "a".repeat(65), "Must have 3 to 64 characters, has 65", "a".repeat(64));
  await check("API Name", "_abc", "Must start with a letter", "abc_1");
  await check("API Name", "a-bc", "May contain only letters, digits and underscores, not '-'", "abc");
  await check("Path", "ttest", "Must start with a slash", "/ttest");
  await check("Path", "/a//b", "Must not contain an empty segment", "/a/b");
  await check("Path", "/a b", "May contain only letters, digits and", "/a_b");
  await check("Path", "/a{b}", "Must enclose a parameter as a whole segment", "/a/{b}");
  await check("Path", "/{b+}/a", "\\{b\\+\\} takes all that is left", "/a/{b+}");
  await check("Path", "/{a}/{a}", 'Parameter "a" is given twice', "/{a}/{b}");
  await check("Path", `/${"a".repeat(512)}`, "Must have 1 to 512 characters, has 513", `/${"a".repeat(511)}`);
  await check("Timeout (ms)", "0", "Must be 1 to 60,000 ms, not 0", "1");
  await check("Timeout (ms)", "60001", "Must be 1 to 60,000 ms, not 60001", "60000");
  await check("Timeout (ms)", "", "Must be a whole number", "5000");
});

test("Cancel, Escape and the cross close the dialog and create nothing", async ({ page, named }) => {
  const name = named("closed");
  await createFunction(page, name);
  const dialog = await openCreateTrigger(page, name);
  const opener = page.getByRole("button", { name: "Create Trigger" });
  await createInPlace(dialog, "API Group", named("group"));
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await expect(dialog).toBeHidden();
  await expect(opener).toBeFocused();

  await opener.click();
  await dialog.getByRole("textbox", { name: "Path" }).fill("/typed");
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  await expect(opener).toBeFocused();

  // It starts afresh each time.
  await opener.click();
  await expect(dialog.getByRole("textbox", { name: "Path" })).toHaveValue(`/${name}`);
  await dialog.getByRole("button", { name: "Close" }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByRole("region", { name: "Triggers" })).toContainText("No triggers yet");
});

test("an API group is created in its place, by its rule and only once", async ({ page, named }) => {
  const name = named("groups");
  await createFunction(page, name);
  const dialog = await openCreateTrigger(page, name);
  await dialog.getByRole("button", { name: "Create API Group" }).click();
  const form = dialog.getByRole("group", { name: "Create API Group" });
  const field = form.getByRole("textbox", { name: "Group Name" });
  await field.fill("-a");
  await expect(form).toContainText("Must have 3 to 255 characters, has 2");
  await expect(form.getByRole("button", { name: "Create" })).toBeDisabled();
  const group = named("group");
  await field.fill(group);
  // Enter creates the group and leaves the dialog open.
  await field.press("Enter");
  await expect(chosen(dialog, "API Group")).toHaveText(group);
  await expect(form).toBeHidden();
  await dialog.getByRole("button", { name: "Create API Group" }).click();
  await field.fill(group);
  await form.getByRole("button", { name: "Create" }).click();
  await expect(form).toContainText("There is an API group of this name already.");
});

test("the card shows what was set, and the URL can be copied", async ({ page, named }) => {
  const name = named("card");
  const group = named("group");
  await createFunction(page, name);
  const { url, pathUrl } = await createTrigger(page, name, {
    group,
    apiName: "API_card",
    path: "/card/{id}",
    matching: "Exact match",
    method: "GET",
    timeout: "60000",
  });
  const card = page.getByRole("article", { name: "API_card" });
  await expect(card).toMatchAriaSnapshot(`
    - article "API_card":
      - heading "API_card Enabled" [level=3]
      - button "Delete API_card"
      - term: URL
      - definition:
        - link "${url}"
        - button "Copy URL"
      - term: URL without a host name
      - definition:
        - link "${pathUrl}"
        - button "Copy URL without a host name"
      - term: API Instance
      - definition: apig-sluice
      - term: "API Group:"
      - definition: ${group}
      - term: "Environment:"
      - definition: RELEASE
      - term: "Security Authentication:"
      - definition: NONE
      - term: "Matching:"
      - definition: Exact match
      - term: "Method:"
      - definition: GET
      - term: "Protocol:"
      - definition: HTTPS
      - term: "Path:"
      - definition: /card/{id}
      - term: "Timeout:"
      - definition: 60,000 ms
  `);
  expect(url).toMatch(/^https:\/\/[0-9a-f]{32}\.apig\.localhost:\d+\/card\/\{id\}$/);
  const button = card.getByRole("button", { name: "Copy URL", exact: true });
  await button.click();
  await expect(button).toHaveText("Copied");
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(url);
  await expect(button).toHaveText("Copy");
  await card.getByRole("button", { name: "Copy URL without a host name" }).click();
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe(pathUrl);
  await expect(page.getByRole("region", { name: "Triggers" })).toContainText(
    "A dedicated APIG trigger cannot be disabled, only deleted",
  );
});

test("a path that is taken is refused beside the field", async ({ page, named }) => {
  const name = named("twice");
  const group = named("group");
  await createFunction(page, name);
  await createTrigger(page, name, { group, apiName: named("API_first"), path: "/twice" });
  const dialog = await openCreateTrigger(page, name);
  const apiName = named("API_second");
  await dialog.getByRole("textbox", { name: "API Name" }).fill(apiName);
  await dialog.getByRole("combobox", { name: "API Group" }).selectOption(group);
  const path = dialog.getByRole("textbox", { name: "Path" });
  await path.fill("/twice");
  await dialog.getByRole("button", { name: "OK" }).click();
  await expect(path).toHaveAccessibleDescription(/^The group has an API with this path, method and matching/);
  // It stands there until the form changes.
  await path.fill("/thrice");
  await expect(path).not.toHaveAccessibleDescription(/The group has an API/);
  await dialog.getByRole("button", { name: "OK" }).click();
  await expect(page.getByRole("article", { name: apiName })).toBeVisible();
  await expect(page.getByRole("region", { name: "Triggers" })).toContainText("Total: 2");
});

test("an API name that is taken is refused beside the field", async ({ page, named }) => {
  const name = named("names");
  const apiName = named("API_taken");
  await createFunction(page, name);
  await createTrigger(page, name, { group: named("group"), apiName });
  const dialog = await openCreateTrigger(page, name);
  await fillTrigger(dialog, { group: named("group"), apiName });
  await dialog.getByRole("button", { name: "OK" }).click();
  await expect(dialog.getByRole("textbox", { name: "API Name" })).toHaveAccessibleDescription(
    /^There is an API of this name already/,
  );
});

test("exact match takes the path alone, prefix match what is below it", async ({ page, request, named }) => {
  const name = named("matching");
  await createFunctionWith(page, name, SHOWS_PATH);
  const exact = await createTrigger(page, name, {
    group: named("group"),
    apiName: named("API_exact"),
    path: "/a/b",
    matching: "Exact match",
  });
  const prefix = await createTrigger(page, name, {
    group: named("group"),
    apiName: named("API_prefix"),
    path: "/a/b",
  });
  const statusOf = async (address: string) => (await request.get(address)).status();
  expect(await statusOf(exact.pathUrl)).toBe(200);
  expect(await statusOf(`${exact.pathUrl}/`)).toBe(404);
  expect(await statusOf(`${exact.pathUrl}/c`)).toBe(404);
  expect(await statusOf(exact.pathUrl.replace("/a/b", "/A/b"))).toBe(404);
  expect(await statusOf(prefix.pathUrl)).toBe(200);
  expect(await statusOf(`${prefix.pathUrl}c`)).toBe(404);
  const below = await request.get(`${prefix.pathUrl}/c/d`);
  expect(await below.json()).toEqual({ path: "/a/b/c/d", parameters: { "": "c/d" }, stage: "RELEASE" });
});

test("braces in the path are the parameters of the call", async ({ page, request, named }) => {
  const name = named("braces");
  await createFunctionWith(page, name, SHOWS_PATH);
  const { pathUrl } = await createTrigger(page, name, {
    group: named("group"),
    path: "/users/{id}/{rest+}",
    matching: "Exact match",
  });
  const answer = await request.get(pathUrl.replace("{id}/{rest+}", "J%C3%BCrgen/a/b"));
  expect(await answer.json()).toEqual({
    path: "/users/Jürgen/a/b",
    parameters: { id: "Jürgen", rest: "a/b" },
    stage: "RELEASE",
  });
});

test("the method decides who may call", async ({ page, request, named }) => {
  const name = named("method");
  await createFunctionWith(page, name, SHOWS_PATH);
  const { pathUrl } = await createTrigger(page, name, { group: named("group"), method: "POST" });
  expect((await request.post(pathUrl)).status()).toBe(200);
  const refused = await request.get(pathUrl);
  expect(refused.status()).toBe(404);
  expect(await refused.json()).toMatchObject({ error_code: "APIG.0101", error_msg: "The API does not exist." });
});

test("the protocol decides which listener answers", async ({ page, request, server, named }) => {
  const name = named("protocol");
  await createFunctionWith(page, name, SHOWS_PATH);
  const http = await createTrigger(page, name, {
    group: named("group"),
    apiName: named("API_http"),
    protocol: "HTTP",
  });
  expect(http.pathUrl).toContain(server.gatewayHttp);
  expect(http.url).toMatch(/^http:/);
  expect((await request.get(http.pathUrl)).status()).toBe(200);
  const overTls = await request.get(http.pathUrl.replace(server.gatewayHttp, server.gatewayHttps));
  expect(overTls.status()).toBe(400);
  expect(await overTls.json()).toMatchObject({
    error_code: "APIG.0607",
    error_msg: "The following protocol is supported: HTTP",
  });
  const both = await createTrigger(page, name, {
    group: named("group"),
    apiName: named("API_both"),
    protocol: "HTTP&HTTPS",
  });
  expect(both.pathUrl).toContain(server.gatewayHttps);
  expect((await request.get(both.pathUrl)).status()).toBe(200);
  const plain = await request.get(both.pathUrl.replace(server.gatewayHttps, server.gatewayHttp));
  expect(plain.status()).toBe(200);
});

test("an environment is created in its place and called by X-Stage", async ({ page, request, named }) => {
  const name = named("stage");
  await createFunctionWith(page, name, SHOWS_PATH);
  const environment = named("Test");
  const { pathUrl } = await createTrigger(page, name, { group: named("group"), environment });
  await expect(page.getByRole("article")).toContainText(environment);
  const staged = await request.get(pathUrl, { headers: { "X-Stage": environment } });
  expect(await staged.json()).toMatchObject({ stage: environment });
  const released = await request.get(pathUrl);
  expect(released.status()).toBe(404);
  expect(await released.json()).toMatchObject({
    error_code: "APIG.0101",
    error_msg: "The API does not exist or has not been published in the environment.",
  });
});

test("a function that takes longer than the trigger's timeout is not waited for", async ({
  page,
  request,
  named,
}) => {
  const name = named("waits");
  await createFunctionWith(
    page,
    name,
    "import time\n\ndef handler(event, context):\n    time.sleep(2)\n    return {'statusCode': 200}\n",
  );
  const { pathUrl } = await createTrigger(page, name, { group: named("group"), timeout: "200" });
  const answer = await request.get(pathUrl);
  expect(answer.status()).toBe(504);
  expect(await answer.json()).toMatchObject({ error_code: "APIG.0201", error_msg: "Backend timeout." });
});

test("deleting a trigger takes its URL away at once", async ({ page, request, named }) => {
  const name = named("gone");
  await createFunctionWith(page, name, SHOWS_PATH);
  const { pathUrl } = await createTrigger(page, name, { group: named("group"), apiName: "API_gone" });
  expect((await request.get(pathUrl)).status()).toBe(200);
  await page.getByRole("button", { name: "Delete API_gone" }).click();
  const dialog = page.getByRole("dialog", { name: "Delete Trigger" });
  await expect(dialog).toContainText("API_gone will be deleted with its API.");
  await expect(dialog.getByRole("button", { name: "OK" })).toBeDisabled();
  await dialog.getByRole("textbox", { name: "Type DELETE to confirm" }).fill("DELETE");
  await dialog.getByRole("button", { name: "OK" }).click();
  await expect(page.getByRole("region", { name: "Triggers" })).toContainText("No triggers yet");
  const answer = await request.get(pathUrl);
  expect(answer.status()).toBe(404);
  expect(await answer.json()).toEqual({
    error_code: "APIG.0101",
    error_msg: "The API does not exist or has not been published in the environment.",
    request_id: answer.headers()["x-request-id"],
  });
});

test("deleting a function takes the URLs of its triggers away", async ({ page, request, named }) => {
  const name = named("whole");
  await createFunctionWith(page, name, SHOWS_PATH);
  const { pathUrl } = await createTrigger(page, name, { group: named("group") });
  expect((await request.get(pathUrl)).status()).toBe(200);
  await open(page, `/functions?q=${name}`);
  await page.getByRole("button", { name: `Delete ${name}` }).click();
  await page.getByRole("textbox", { name: "Type DELETE to confirm" }).fill("DELETE");
  await page.getByRole("button", { name: "OK" }).click();
  await expect(page.getByRole("dialog")).toHaveCount(0);
  expect((await request.get(pathUrl)).status()).toBe(404);
});
