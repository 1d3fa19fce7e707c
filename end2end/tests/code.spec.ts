// The Code tab: the editor, Deploy and Test.
import { readFile } from "node:fs/promises";
import type { Page } from "@playwright/test";
import {
  createFunction,
  createFunctionWith,
  deploy,
  deployedFiles,
  editor,
  expect,
  open,
  reload,
  runTest,
  test,
  writeCode,
} from "../helpers.ts";

const deployButton = (page: Page) => page.getByRole("button", { name: "Deploy", exact: true });

test("a new function has a template with colours and line numbers", async ({ page, named }) => {
  await createFunction(page, named("template"));
  await expect(editor(page)).toContainText("def handler(event, context):");
  const coloursOf = () =>
    editor(page).evaluate((element) => {
      const words = [...element.querySelectorAll("span")];
      return new Set(words.map((word) => getComputedStyle(word).color)).size;
    });
  await expect.poll(coloursOf).toBeGreaterThan(2);
  await expect(page.getByRole("region", { name: "Code Source" })).toContainText("1234567");
  await expect(page.getByRole("region", { name: "Code Attributes" })).toMatchAriaSnapshot(`
    - region "Code Attributes":
      - heading "Code Attributes" [level=2]
      - term: Code Size
      - definition: /\\d+\\.00 B/
      - term: Code Signature
      - definition:
        - code: /[0-9a-f]{24}…/
        - button "Copy Code Signature"
      - term: Cold Start
      - definition: /\\d+\\.\\d{3} ms from the snapshot, \\d+\\.\\d{3} ms by loading the code/
      - term: Snapshot
      - definition:
        - text: /\\d+\\.\\d{3} MB, made in \\d+\\.\\d{3} ms/
        - link "Download Snapshot"
      - term: Last Modified
      - definition:
        - time: /\\d+-\\d+-\\d+ \\d+:\\d+:\\d+ GMT[+-]\\d+:\\d+/
  `);
});

test("Deploy can be pressed while the code differs from what is deployed", async ({ page, named }) => {
  const name = named("dirty");
  await createFunction(page, name);
  await expect(deployButton(page)).toBeDisabled();
  await editor(page).click();
  await page.keyboard.press("ControlOrMeta+End");
  await page.keyboard.type("# more");
  await expect(deployButton(page)).toBeEnabled();
  await expect(page.getByRole("button", { name: /^index.py.*not deployed$/ })).toBeVisible();
  // Undo.
  await page.keyboard.press("ControlOrMeta+z");
  await expect(editor(page)).not.toContainText("# more");
  await expect(deployButton(page)).toBeDisabled();
});

test("Deploy says how long it took and changes size and signature", async ({ page, named }) => {
  const name = named("deployed");
  await createFunction(page, name);
  const attributes = page.getByRole("region", { name: "Code Attributes" });
  const before = await attributes.innerText();
  await writeCode(page, "def handler(event, context):\n    return 42\n");
  await deployButton(page).click();
  await expect(page.getByRole("status").filter({ hasText: /Deployed in \d+\.\d{3} ms/ })).toBeVisible();
  await expect(deployButton(page)).toBeDisabled();
  await expect(attributes).toContainText("43.00 B");
  expect(await attributes.innerText()).not.toBe(before);
  expect(await deployedFiles(page, name)).toEqual({
    "index.py": "def handler(event, context):\n    return 42\n",
  });
});

test("Ctrl+Enter deploys", async ({ page, named }) => {
  await createFunction(page, named("keyed"));
  await writeCode(page, "def handler(event, context):\n    return 'by key'\n");
  await page.keyboard.press("ControlOrMeta+Enter");
  await expect(page.getByRole("status").filter({ hasText: "Deployed in" })).toBeVisible();
});

test("what is typed is kept in the browser until it is deployed or discarded", async ({ page, named }) => {
  const name = named("draft");
  await createFunction(page, name);
  await writeCode(page, "# only a draft\n");
  await reload(page);
  await expect(editor(page)).toContainText("# only a draft");
  await expect(deployButton(page)).toBeEnabled();
  expect((await deployedFiles(page, name))["index.py"]).not.toContain("only a draft");
  await page.getByRole("button", { name: "Discard Draft" }).click();
  await expect(editor(page)).toContainText("def handler(event, context):");
  await expect(deployButton(page)).toBeDisabled();
  await reload(page);
  await expect(editor(page)).not.toContainText("# only a draft");

  await writeCode(page, "# deployed\ndef handler(event, context):\n    return 1\n");
  await deploy(page);
  await reload(page);
  await expect(editor(page)).toContainText("# deployed");
  await expect(page.getByRole("button", { name: "Discard Draft" })).toHaveCount(0);
});

test("Ctrl+S saves a draft and says so", async ({ page, named }) => {
  await createFunction(page, named("saved"));
  await writeCode(page, "# saved by hand\n");
  const source = page.getByRole("region", { name: "Code Source" });
  await expect(source).not.toContainText("Draft saved in this browser.");
  await page.keyboard.press("ControlOrMeta+s");
  await expect(source).toContainText("Draft saved in this browser.");
  await reload(page);
  await expect(editor(page)).toContainText("# saved by hand");
});

test("a syntax error names line and column, and nothing is deployed", async ({ page, named }) => {
  const name = named("syntax");
  await createFunction(page, name);
  const before = await deployedFiles(page, name);
  await writeCode(page, "def handler(event, context):\n    return (1\n");
  await deployButton(page).click();
  await expect(page.getByRole("alert")).toContainText(
    "Nothing was deployed. index.py, line 2, column 12: SyntaxError: '(' was never closed",
  );
  const problems = page.getByRole("listbox", { name: "Diagnostics" });
  await expect(page.getByRole("alert")).toBeInViewport();
  await expect(problems.getByRole("option")).toHaveText("SyntaxError: '(' was never closed");
  await expect(editor(page)).toBeFocused();
  expect(await deployedFiles(page, name)).toEqual(before);
  // The editor is still the same: what was typed can be undone.
  await page.keyboard.press("ControlOrMeta+z");
  await expect(editor(page)).toContainText("def handler(event, context):    return {");
  // Typing takes the mark away, and the right code is deployed.
  await writeCode(page, "def handler(event, context):\n    return (1)\n");
  await expect(page.getByRole("alert")).toHaveCount(0);
  await deploy(page);
});

test("the page says why there can be no snapshot", async ({ page, named }) => {
  await createFunction(page, named("held"));
  await writeCode(
    page,
    "file = open('code/index.py')\ndef handler(event, context):\n    return file.read()\n",
  );
  await deploy(page);
  await expect(page.getByRole("region", { name: "Code Attributes" })).toContainText(
    "None: the code has a file open after it was loaded",
  );
});

test("an answer about the code before a Deploy is not shown after it", async ({ page, named }) => {
  await createFunction(page, named("late"));
  let answer = () => {};
  const answered = new Promise<void>((resolve) => (answer = resolve));
  let release = () => {};
  const deployedAnew = new Promise<void>((resolve) => (release = resolve));
  await page.route(
    "**/api/code/cold-start*",
    async (route) => {
      let response = await route.fetch();
      await expect
        .poll(async () => (response = await route.fetch()).text())
        .toContain("is_downloadable");
      answer();
      await deployedAnew;
      await route.fulfill({ response });
    },
    { times: 1 },
  );
  await writeCode(page, "def handler(event, context):\n    return 1\n");
  await deploy(page);
  await answered;
  await writeCode(page, "open('/tmp/a', 'w').write('x')\ndef handler(event, context):\n    return 2\n");
  await deploy(page);
  release();
  await expect(page.getByRole("region", { name: "Code Attributes" })).toContainText(
    "None: the code wrote to /tmp while it was loaded",
  );
});

test("Ctrl+F opens the find panel", async ({ page, named }) => {
  await createFunction(page, named("find"));
  await editor(page).click();
  await page.keyboard.press("ControlOrMeta+f");
  const find = page.getByRole("textbox", { name: "Find" });
  await expect(find).toBeFocused();
  await page.keyboard.type("statusCode");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Escape");
  await expect(find).toBeHidden();
  // What was found is selected, so typing replaces it.
  await page.keyboard.insertText("found");
  await expect(editor(page)).toContainText('"found": 200');
});

test("Test shows what the handler returned and printed, and a summary", async ({ page, named }) => {
  await createFunctionWith(
    page,
    named("tested"),
    'def handler(event, context):\n    print("printed")\n    context.getLogger().info("logged")\n    return {"got": event["key"]}\n',
  );
  const result = await runTest(page);
  await expect(result.getByRole("status").filter({ hasText: "Execution successful" })).toBeInViewport();
  await expect(result.getByLabel("Function Output")).toHaveText('{ "got": "value" }');
  const log = result.getByLabel("Log Output");
  await expect(log).toContainText("Start invoke request");
  await expect(log).toContainText(/^printed$/m);
  await expect(log).toContainText(/[0-9a-f-]{36} INFO logged/);
  await expect(log).toContainText(/Finish invoke request '[0-9a-f-]{36}', duration: \d+\.\d+ms/);
  const summary = result.getByRole("definition");
  await expect(summary.filter({ hasText: /^[0-9a-f-]{36} View in Logs$/ })).toHaveCount(1);
  await expect(summary.filter({ hasText: "128 MB" })).toHaveCount(1);
  await expect(summary.filter({ hasText: /^\d+\.\d{3} ms$/ })).not.toHaveCount(0);
  await expect(summary.filter({ hasText: /^\d+ ms$/ })).toHaveCount(1);
});

test("a handler that raises shows the failure with its own stack trace", async ({ page, named }) => {
  await createFunctionWith(page, named("failing"), "def handler(event, context):\n    return 1 / 0\n");
  const result = await runTest(page);
  await expect(result.getByRole("alert")).toContainText("Execution failed: Code error");
  const failure = JSON.parse(await result.getByLabel("Function Output").innerText());
  expect(failure).toEqual({
    errorMessage: "function invocation exception, error: division by zero",
    errorType: "ZeroDivisionError",
    stackTrace: ['File "/opt/function/code/index.py", line 2, in handler'],
  });
  await expect(result.getByLabel("Log Output")).toContainText("ZeroDivisionError: division by zero");
});

test("a file that was added can be imported", async ({ page, named }) => {
  const name = named("files");
  await createFunction(page, name);
  await page.getByRole("button", { name: "New File" }).click();
  const dialog = page.getByRole("dialog", { name: "New File" });
  const path = dialog.getByRole("textbox", { name: "File Path" });
  await path.fill("index.py");
  await expect(path).toHaveAccessibleDescription(/^There is such a file already/);
  await path.fill("../greeting.py");
  await expect(path).toHaveAttribute("aria-invalid", "true");
  await path.fill("words/greeting.py");
  await dialog.getByRole("button", { name: "OK" }).click();
  await writeCode(page, "def greet(name):\n    return f'Hello, {name}!'\n", "words/greeting.py");
  await page.getByRole("button", { name: /^index.py/ }).click();
  await writeCode(
    page,
    "from words.greeting import greet\n\ndef handler(event, context):\n    return greet('files')\n",
  );
  await deploy(page);
  expect(Object.keys(await deployedFiles(page, name))).toEqual(["index.py", "words/greeting.py"]);
  const result = await runTest(page);
  await expect(result.getByLabel("Function Output")).toHaveText("Hello, files!");
});

test("a file that was deleted is gone after Deploy", async ({ page, named }) => {
  const name = named("removed");
  await createFunction(page, name);
  await page.getByRole("button", { name: "New File" }).click();
  await page.getByRole("textbox", { name: "File Path" }).fill("extra.py");
  await page.getByRole("button", { name: "OK" }).click();
  await deploy(page);
  await page.getByRole("button", { name: "Delete extra.py" }).click();
  await deploy(page);
  expect(Object.keys(await deployedFiles(page, name))).toEqual(["index.py"]);
});

test("Test offers to deploy first what is not deployed", async ({ page, named }) => {
  await createFunction(page, named("first"));
  await writeCode(page, "def handler(event, context):\n    return 'fresh'\n");
  await page.getByRole("button", { name: "Test", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Deploy and Test" });
  await dialog.getByRole("button", { name: "Deploy and Test" }).click();
  await expect(page.getByLabel("Function Output")).toHaveText("fresh");
  await expect(deployButton(page)).toBeDisabled();
});

test("a handler that does not exist is said by Test", async ({ page, named }) => {
  await createFunctionWith(page, named("nohandler"), "def other(event, context):\n    return 1\n");
  const result = await runTest(page);
  await expect(result.getByRole("alert")).toContainText("Execution failed: Load failed");
  await expect(result.getByLabel("Function Output")).toContainText(
    "handler 'handler' not found in module 'index'",
  );
});

test("the Code tab reads well to a screen reader", async ({ page, named }) => {
  const name = named("read");
  await createFunction(page, name);
  await open(page, `/functions/${name}/code`);
  await expect(page.getByRole("main")).toMatchAriaSnapshot(`
    - main:
      - link "← Function List"
      - heading "${name}" [level=1]
      - navigation "Function"
      - region "Code Source":
        - heading "Code Source" [level=2]
        - link "Download":
          - /url: /api/code/download/${name}
        - button "Upload"
        - button "Configure Test Event"
        - combobox "Test Event":
          - option "blank-template" [selected]
        - button "Test"
        - button "Deploy" [disabled]
        - heading "Project" [level=3]
        - button "New File"
        - list:
          - listitem:
            - button "index.py"
        - textbox "Code of index.py"
      - region "Code Attributes"
      - region "Basic Information":
        - link "Edit":
          - /url: /functions/${name}/configuration/basic-settings
  `);
});

test("a snapshot is downloaded as a component, but not one with encrypted variables", async ({ page, named }) => {
  const name = named("snapshot");
  await createFunction(page, name);
  const attributes = page.getByRole("region", { name: "Code Attributes" });
  const link = attributes.getByRole("link", { name: "Download Snapshot" });
  const [download] = await Promise.all([page.waitForEvent("download"), link.click()]);
  expect(download.suggestedFilename()).toBe(`${name}.wasm`);
  const bytes = await readFile(await download.path());
  // What every component begins with; the executor's tests run one.
  expect(bytes.subarray(0, 8).toString("hex")).toBe("0061736d0d000100");
  expect(bytes.length).toBeGreaterThan(5_000_000);

  await open(page, `/functions/${name}/configuration/environment-variables`);
  await page.getByRole("button", { name: "Edit Environment Variable" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("textbox", { name: "Key" }).fill("TOKEN");
  await dialog.getByRole("checkbox", { name: "Encrypted" }).check();
  await dialog.getByLabel("Value").fill("hidden");
  await dialog.getByRole("button", { name: "OK" }).click();
  await expect(dialog).toBeHidden();
  await open(page, `/functions/${name}/code`);
  await expect(attributes).toContainText(/MB, made in/);
  await expect(link).toHaveCount(0);
  const refused = await page.request.get(`/api/code/snapshot/${name}`);
  expect(refused.status()).toBe(409);
  expect(await refused.text()).toContain("encrypted variables");
});
