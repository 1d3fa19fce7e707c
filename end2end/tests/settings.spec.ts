// Configuration > Basic Settings, Environment Variables and Concurrency.
import type { Page } from "@playwright/test";
import { createFunction, createFunctionWith, expect, open, reload, runTest, test } from "../helpers.ts";

const saveButton = (page: Page) => page.getByRole("button", { name: "Save" });

const saved = (page: Page) => page.getByRole("status").filter({ hasText: "Saved." });

test("Basic Settings begin with the defaults of the runtime", async ({ page, named }) => {
  const name = named("defaults");
  await createFunction(page, name);
  await page.getByRole("link", { name: "Configuration" }).click();
  await page
    .getByRole("navigation", { name: "Configuration" })
    .getByRole("link", { name: "Basic Settings" })
    .click();
  await expect(page).toHaveURL(`/functions/${name}/configuration/basic-settings`);
  await expect(page.getByRole("region", { name: "Basic Settings" })).toMatchAriaSnapshot(`
    - region "Basic Settings":
      - heading "Basic Settings" [level=2]
      - textbox "Handler": index.handler
      - combobox "Memory (MB)":
        - option "128" [selected]
        - option "256"
      - spinbutton "Execution Timeout (s)": "3"
      - textbox "Description"
  `);
  await expect(saveButton(page)).toBeDisabled();
});

test("each setting says its rule beside the field", async ({ page, named }) => {
  const name = named("rules");
  await createFunction(page, name);
  await open(page, `/functions/${name}/configuration/basic-settings`);
  const check = async (field: string, wrong: string, rule: string, right: string) => {
    const input = page.getByLabel(field, { exact: true });
    await input.fill(wrong);
    await expect(input).toHaveAccessibleDescription(new RegExp(`^${rule}`));
    await expect(input).toHaveAttribute("aria-invalid", "true");
    await expect(saveButton(page)).toBeDisabled();
    await input.fill(right);
    await expect(input).not.toHaveAttribute("aria-invalid");
    await expect(saveButton(page)).toBeEnabled();
  };
  await check("Handler", "index", "Must have the form file.function", "index.other");
  await check("Handler", "a.", "Must have 3 to 128 characters, has 2", "index.other");
  await check("Handler", "in dex.handler", "May contain only letters", "src/index.other");
  await check("Execution Timeout (s)", "0", "Must be 1 to 900 seconds, not 0", "900");
  await check("Execution Timeout (s)", "901", "Must be 1 to 900 seconds, not 901", "5");
  await check("Execution Timeout (s)", "1.5", "Must be a whole number", "5");
  await check("Initializer", "other.init", "Must be in the file of the handler", "src/index.init");
  await check("Initialization Timeout (s)", "301", "Must be 1 to 300 seconds, not 301", "300");
  await check("Pre-stop", "other.stop", "Must be in the file of the handler", "src/index.stop");
  await check("Pre-stop Timeout (s)", "91", "Must be 1 to 90 seconds, not 91", "90");
  await check("Description", "x".repeat(513), "Must have at most 512 characters, has 513", "short");
});

test("another handler and description count from the next call on", async ({ page, named }) => {
  const name = named("settings");
  await createFunctionWith(
    page,
    name,
    "def handler(event, context):\n    return 'first'\n\ndef second(event, context):\n    return [context.getMemorySize(), context.getRunningTimeInSeconds()]\n",
  );
  await open(page, `/functions/${name}/configuration/basic-settings`);
  await page.getByLabel("Handler").fill("index.second");
  await page.getByRole("combobox", { name: "Memory (MB)" }).selectOption("256");
  await page.getByLabel("Execution Timeout (s)").fill("7");
  await page.getByLabel("Description").fill("Says what it has");
  await saveButton(page).click();
  await expect(saved(page)).toBeVisible();
  await expect(saveButton(page)).toBeDisabled();
  await reload(page);
  await expect(page.getByLabel("Handler")).toHaveValue("index.second");
  await expect(page.getByRole("combobox", { name: "Memory (MB)" })).toHaveValue("256");
  await expect(page.getByLabel("Description")).toHaveValue("Says what it has");

  await page.getByRole("link", { name: "Code", exact: true }).click();
  const information = page.getByRole("region", { name: "Basic Information" });
  await expect(information.getByRole("definition")).toHaveText(["Python 3.12", "256", "index.second", "7"]);
  const result = await runTest(page);
  expect(JSON.parse(await result.getByLabel("Function Output").innerText())).toEqual([256, 7]);
  await open(page, `/functions?q=${name}`);
  await expect(page.getByRole("row", { name })).toContainText("Says what it has");
});

test("an initializer runs before the first call", async ({ page, named }) => {
  const name = named("initializer");
  await createFunctionWith(
    page,
    name,
    "ready = []\n\ndef initializer(context):\n    ready.append(1)\n\ndef handler(event, context):\n    return ready\n",
  );
  await open(page, `/functions/${name}/configuration/basic-settings`);
  await page.getByLabel("Initializer").fill("index.initializer");
  await saveButton(page).click();
  await expect(saved(page)).toBeVisible();
  await reload(page);
  await expect(page.getByLabel("Initializer")).toHaveValue("index.initializer");
  await page.getByRole("link", { name: "Code", exact: true }).click();
  const result = await runTest(page);
  expect(JSON.parse(await result.getByLabel("Function Output").innerText())).toEqual([1]);
});

test("a pre-stop runs before an instance is stopped, and has a log", async ({ page, named }) => {
  const name = named("pre-stop");
  await createFunctionWith(
    page,
    name,
    "def stop(context):\n    print('all is put away')\n\ndef handler(event, context):\n    return 1\n",
  );
  await open(page, `/functions/${name}/configuration/basic-settings`);
  await page.getByLabel("Pre-stop", { exact: true }).fill("index.stop");
  await page.getByLabel("Pre-stop Timeout (s)").fill("5");
  await saveButton(page).click();
  await expect(saved(page)).toBeVisible();
  await page.getByRole("link", { name: "Code", exact: true }).click();
  await runTest(page);
  // Other settings make another deployment; the instance of this one is stopped.
  await open(page, `/functions/${name}/configuration/basic-settings`);
  await expect(page.getByLabel("Pre-stop", { exact: true })).toHaveValue("index.stop");
  await page.getByLabel("Description").fill("Another deployment");
  await saveButton(page).click();
  await expect(saved(page)).toBeVisible();
  await open(page, `/functions/${name}/monitoring/logs`);
  const requests = page.getByRole("table", { name: "Request List" }).getByRole("row").filter({ has: page.getByRole("link") });
  await expect(async () => {
    await reload(page);
    await expect(requests).toHaveCount(2, { timeout: 1_000 });
  }).toPass();
  await requests.first().getByRole("link").click();
  const lines = page.getByRole("list", { name: "Log lines" });
  await expect(lines).toContainText("Start pre-stop request");
  await expect(lines).toContainText("all is put away");
});

test("a handler whose file is missing cannot run", async ({ page, named }) => {
  const name = named("missing");
  await createFunction(page, name);
  await open(page, `/functions/${name}/configuration/basic-settings`);
  await page.getByLabel("Handler").fill("other.handler");
  await saveButton(page).click();
  await expect(saved(page)).toBeVisible();
  await page.getByRole("link", { name: "Code", exact: true }).click();
  const result = await runTest(page);
  await expect(result.getByRole("alert")).toContainText("Execution failed: Load failed");
  await expect(result.getByLabel("Function Output")).toContainText("not found module 'other'");
});

test("a function that runs longer than its timeout is ended", async ({ page, named }) => {
  const name = named("slow");
  await createFunctionWith(page, name, "def handler(event, context):\n    while True:\n        pass\n");
  await open(page, `/functions/${name}/configuration/basic-settings`);
  await page.getByLabel("Execution Timeout (s)").fill("1");
  await saveButton(page).click();
  await expect(saved(page)).toBeVisible();
  await page.getByRole("link", { name: "Code", exact: true }).click();
  const result = await runTest(page);
  await expect(result.getByRole("alert")).toContainText("Execution failed: Invocation timed out");
  await expect(result.getByLabel("Function Output")).toContainText("call invoke timeout 1s");
});

const variables = (page: Page) => page.getByRole("dialog", { name: "Edit Environment Variables" });

async function openVariables(page: Page) {
  await page.getByRole("button", { name: "Edit Environment Variable" }).click();
  await expect(variables(page).getByRole("textbox", { name: "Key" }).first()).toBeVisible();
}

test("a function reads its environment variables", async ({ page, named }) => {
  const name = named("variables");
  await createFunctionWith(
    page,
    name,
    "import os\n\ndef handler(event, context):\n    return [context.getUserData('GREETING'), os.environ.get('GREETING'), context.getUserData('OTHER')]\n",
  );
  const seen = async () => {
    await open(page, `/functions/${name}/code`);
    const result = await runTest(page);
    const output = JSON.parse(await result.getByLabel("Function Output").innerText());
    await open(page, `/functions/${name}/configuration/environment-variables`);
    return output;
  };
  expect(await seen()).toEqual([null, null, null]);
  await expect(page.getByRole("region", { name: "Environment Variables" })).toContainText(
    "No environment variables.",
  );

  await openVariables(page);
  const dialog = variables(page);
  await dialog.getByRole("textbox", { name: "Key" }).fill("GREETING");
  await dialog.getByRole("textbox", { name: "Value" }).fill("hello, \"you\" = ü");
  await dialog.getByRole("button", { name: "+ Add" }).click();
  await dialog.getByRole("textbox", { name: "Key" }).nth(1).fill("OTHER");
  await dialog.getByRole("textbox", { name: "Value" }).nth(1).fill("2");
  await dialog.getByRole("button", { name: "OK" }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByRole("table", { name: "Environment variables" })).toMatchAriaSnapshot(`
    - table "Environment variables":
      - caption: Environment variables
      - rowgroup:
        - row "Key Value"
      - rowgroup:
        - row /GREETING hello, "you" = ü/
        - row "OTHER 2"
  `);
  expect(await seen()).toEqual(['hello, "you" = ü', 'hello, "you" = ü', "2"]);

  await openVariables(page);
  await dialog.getByRole("textbox", { name: "Value" }).first().fill("changed");
  await dialog.getByRole("button", { name: "Delete" }).nth(1).click();
  await dialog.getByRole("button", { name: "OK" }).click();
  await expect(dialog).toBeHidden();
  expect(await seen()).toEqual(["changed", "changed", null]);
});

test("an encrypted variable is told to nobody but the function", async ({ page, named }) => {
  const name = named("encrypted");
  const told: string[] = [];
  page.on("response", async (response) => told.push(await response.text().catch(() => "")));
  await createFunctionWith(
    page,
    name,
    "import os\n\ndef handler(event, context):\n    return [len(context.getUserData('KEY') or ''), os.environ.get('KEY', '')[::-1]]\n",
  );
  const seen = async () => {
    await open(page, `/functions/${name}/code`);
    const result = await runTest(page);
    const output = JSON.parse(await result.getByLabel("Function Output").innerText());
    await open(page, `/functions/${name}/configuration/environment-variables`);
    return output;
  };
  await open(page, `/functions/${name}/configuration/environment-variables`);
  await openVariables(page);
  const dialog = variables(page);
  const value = dialog.getByLabel("Value");
  const encrypted = dialog.getByRole("checkbox", { name: "Encrypted" });
  await dialog.getByRole("textbox", { name: "Key" }).fill("KEY");
  await encrypted.check();
  await expect(value).toHaveAttribute("type", "password");
  await value.fill("open sesame");
  await dialog.getByRole("button", { name: "OK" }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByRole("row", { name: /^KEY/ })).toContainText("Encrypted");
  expect(await seen()).toEqual([11, "emases nepo"]);

  // What is stored stays as it is while another variable comes.
  await openVariables(page);
  await expect(value).toHaveAttribute("placeholder", "Unchanged");
  await expect(value).toHaveValue("");
  await dialog.getByRole("button", { name: "+ Add" }).click();
  await dialog.getByRole("textbox", { name: "Key" }).nth(1).fill("OTHER");
  await dialog.getByRole("button", { name: "OK" }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByRole("row", { name: "OTHER" })).toBeVisible();
  expect(await seen()).toEqual([11, "emases nepo"]);

  // Under another name there is nothing to keep.
  await openVariables(page);
  await dialog.getByRole("textbox", { name: "Key" }).first().fill("RENAMED");
  await expect(dialog.getByRole("alert")).toContainText('"RENAMED" needs a value');
  await dialog.getByRole("textbox", { name: "Key" }).first().fill("KEY");
  await expect(dialog.getByRole("alert")).toHaveCount(0);

  // Switching encryption off empties it.
  await encrypted.first().uncheck();
  await dialog.getByRole("button", { name: "OK" }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByRole("row", { name: /^KEY/ })).not.toContainText("Encrypted");
  expect(await seen()).toEqual([0, ""]);
  expect(told.length).toBeGreaterThan(5);
  expect(told.filter((text) => text.includes("open sesame"))).toEqual([]);
});

test("the rules of environment variables are said in the dialog", async ({ page, named }) => {
  const name = named("keys");
  await createFunction(page, name);
  await open(page, `/functions/${name}/configuration/environment-variables`);
  await openVariables(page);
  const dialog = variables(page);
  const key = dialog.getByRole("textbox", { name: "Key" });
  const check = async (wrong: string, rule: string) => {
    await key.first().fill(wrong);
    await expect(dialog.getByRole("alert")).toContainText(rule);
    await expect(dialog.getByRole("button", { name: "OK" })).toBeDisabled();
  };
  await check("1a", 'Key "1a" must start with a letter');
  await check("a b", 'Key "a b" must start with a letter and contain only');
  await check("RUNTIME_CPU", 'Key "RUNTIME_CPU" is reserved for the platform');
  await dialog.getByRole("button", { name: "+ Add" }).click();
  await key.nth(1).fill("TWICE");
  await check("TWICE", 'Key "TWICE" is given twice');
  await key.first().fill("ONCE");
  await expect(dialog.getByRole("alert")).toHaveCount(0);
  await dialog.getByRole("textbox", { name: "Value" }).first().fill("x".repeat(4096));
  await expect(dialog.getByRole("alert")).toContainText("together must have at most 4096 characters");
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await expect(dialog).toBeHidden();
  await reload(page);
  await expect(page.getByRole("table")).toHaveCount(0);
});

test("the instances of a function keep to their rules and count from the next call on", async ({ page, named }) => {
  const name = named("concurrency");
  await createFunctionWith(page, name, "count = 0\ndef handler(event, context):\n    global count\n    count += 1\n    return count\n");
  await open(page, `/functions/${name}/configuration/basic-settings`);
  await page
    .getByRole("navigation", { name: "Configuration" })
    .getByRole("link", { name: "Concurrency" })
    .click();
  await expect(page).toHaveURL(`/functions/${name}/configuration/concurrency`);
  const max = page.getByLabel("Max. Instances per Function");
  const reserved = page.getByLabel("Reserved Instances");
  await expect(max).toHaveValue("400");
  await expect(saveButton(page)).toBeDisabled();
  for (const [field, wrong, rule] of [
    [max, "0", "Must be 1 to 1000 instances, not 0"],
    [max, "1.5", "Must be a whole number"],
    [reserved, "101", "Must be 0 to 100 reserved instances, not 101"],
    [reserved, "401", "Must be 0 to 100 reserved instances, not 401"],
  ] as const) {
    const right = await field.inputValue();
    await field.fill(wrong);
    await expect(field).toHaveAccessibleDescription(new RegExp(`^${rule}`));
    await expect(saveButton(page)).toBeDisabled();
    await field.fill(right);
  }
  await max.fill("5");
  await reserved.fill("6");
  await expect(reserved).toHaveAccessibleDescription(/^Must not be more than the 5 instances of the function, is 6/);
  await reserved.fill("1");
  await page.getByLabel("Instances", { exact: true }).selectOption("Fresh for every request");
  await saveButton(page).click();
  await expect(saved(page)).toBeVisible();
  await reload(page);
  await expect(max).toHaveValue("5");
  await expect(reserved).toHaveValue("1");
  await expect(page.getByLabel("Instances", { exact: true })).toHaveValue("fresh");

  await page.getByRole("link", { name: "Code", exact: true }).click();
  for (let call = 0; call < 2; call++) {
    const result = await runTest(page);
    await expect(result.getByLabel("Function Output")).toHaveText("1");
  }
});
