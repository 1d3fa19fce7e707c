// Packages of several files: Upload, Download, and what the editor does not show.
import { readFile } from "node:fs/promises";
import type { Page } from "@playwright/test";
import { createFunction, deploy, deployedFiles, editor, expect, reload, runTest, test, writeCode } from "../helpers.ts";
import { zip } from "../zip.ts";

const FILES = {
  "index.py":
    "from words.greeting import greet\n\ndef handler(event, context):\n    with open('code/data/logo.bin', 'rb') as logo:\n        return greet(len(logo.read()))\n",
  "words/greeting.py": "def greet(n):\n    return f'Hello, {n} bytes!'\n",
  "data/logo.bin": Buffer.from([0, 255, 254]),
};

const uploadDialog = (page: Page) => page.getByRole("dialog", { name: "Upload Local ZIP" });

/** Uploads an archive by the dialog, and leaves what comes of it to the test. */
async function upload(page: Page, archive: Buffer) {
  await page.getByRole("button", { name: "Upload", exact: true }).click();
  const dialog = uploadDialog(page);
  await dialog
    .getByLabel("ZIP Archive")
    .setInputFiles({ name: "package.zip", mimeType: "application/zip", buffer: archive });
  await dialog.getByRole("button", { name: "Upload and Deploy" }).click();
}

/** Uploads an archive that is deployed. */
async function uploaded(page: Page, archive: Buffer) {
  await upload(page, archive);
  await expect(page.getByRole("status").filter({ hasText: "Uploaded and deployed in" })).toBeVisible();
  await expect(uploadDialog(page)).toBeHidden();
}

test("an uploaded package runs, and the project shows its folders", async ({ page, named }) => {
  await createFunction(page, named("uploaded"));
  await uploaded(page, zip(FILES));
  await expect(page.getByRole("region", { name: "Code Source" }).getByRole("list")).toMatchAriaSnapshot(`
    - list:
      - listitem:
        - button "Folder data" [expanded]
      - listitem:
        - button "data/logo.bin binary, 3.00 B"
        - button "Delete data/logo.bin": ×
      - listitem:
        - button "index.py"
        - button "Delete index.py": ×
      - listitem:
        - button "Folder words" [expanded]
      - listitem:
        - button "words/greeting.py"
        - button "Delete words/greeting.py": ×
  `);
  await expect(editor(page)).toContainText("from words.greeting import greet");
  const result = await runTest(page);
  await expect(result.getByLabel("Function Output")).toHaveText("Hello, 3 bytes!");

  const folder = page.getByRole("button", { name: "Folder words" });
  await folder.click();
  await expect(folder).toHaveAttribute("aria-expanded", "false");
  await expect(page.getByRole("button", { name: /^words\/greeting.py/ })).toBeHidden();
});

test("what the editor does not show survives a Deploy", async ({ page, named }) => {
  const name = named("kept");
  await createFunction(page, name);
  await uploaded(page, zip({ ...FILES, "large.txt": "x".repeat(1_048_577) }));
  await page.getByRole("button", { name: /^data\/logo.bin/ }).click();
  await expect(page.getByText("This is a binary file of 3.00 B.")).toBeVisible();
  await page.getByRole("button", { name: /^large.txt/ }).click();
  await expect(page.getByText("This file has 1.00 MB, which is more than the editor takes.")).toBeVisible();

  await page.getByRole("button", { name: /^words\/greeting.py/ }).click();
  await writeCode(page, "def greet(n):\n    return f'Goodbye, {n} bytes!'\n", "words/greeting.py");
  await deploy(page);
  const files = await deployedFiles(page, name);
  expect(files["data/logo.bin"]).toEqual({ Binary: { bytes: 3 } });
  expect(files["large.txt"]).toEqual({ Large: { bytes: 1_048_577 } });
  const result = await runTest(page);
  await expect(result.getByLabel("Function Output")).toHaveText("Goodbye, 3 bytes!");
});

test("an archive that is refused is told by its entry, and nothing changes", async ({ page, named }) => {
  const name = named("refused");
  await createFunction(page, name);
  const before = await deployedFiles(page, name);
  const alert = uploadDialog(page).getByRole("alert");
  await upload(page, zip({ "index.py": "", "../outside.py": "" }));
  await expect(alert).toContainText('FSS.1011: Nothing was deployed: the archive\'s entry "../outside.py" has a name');
  await page.keyboard.press("Escape");
  await upload(page, zip({ "app/index.py": "", "app/lib.py": "" }));
  await expect(alert).toContainText('all files of the archive are in the folder "app"');
  await page.keyboard.press("Escape");
  await upload(page, zip({ "index.py": "def handler(:\n" }));
  await expect(alert).toContainText("index.py, line 1, column 13: SyntaxError");
  await page.keyboard.press("Escape");
  await upload(page, Buffer.from("no archive"));
  await expect(alert).toContainText("not a ZIP archive");
  expect(await deployedFiles(page, name)).toEqual(before);
});

test("an upload warns of changes that are not deployed, and replaces them", async ({ page, named }) => {
  const name = named("replaced");
  await createFunction(page, name);
  await writeCode(page, "# only a draft\n");
  await page.getByRole("button", { name: "Upload", exact: true }).click();
  await expect(uploadDialog(page).getByRole("status")).toContainText("Changes that are not deployed are lost");
  await page.keyboard.press("Escape");
  await uploaded(page, zip({ "main.py": "def handler(event, context):\n    return 1\n" }));
  await expect(page.getByRole("status").filter({ hasText: "looked for in index.py" })).toBeVisible();
  await expect(editor(page, "main.py")).toContainText("def handler");
  await reload(page);
  await expect(page.getByRole("button", { name: "Discard Draft" })).toHaveCount(0);
});

test("what is downloaded can be uploaded again", async ({ page, named }) => {
  const name = named("downloaded");
  await createFunction(page, name);
  await uploaded(page, zip(FILES));
  const signature = () => page.getByRole("region", { name: "Code Attributes" }).getByRole("code").getAttribute("title");
  const first = await signature();
  const downloading = page.waitForEvent("download");
  await page.getByRole("link", { name: "Download", exact: true }).click();
  const download = await downloading;
  expect(download.suggestedFilename()).toBe(`${name}.zip`);
  const archive = await readFile(await download.path());
  await writeCode(page, "def handler(event, context):\n    return 1\n");
  await deploy(page);
  expect(await signature()).not.toBe(first);
  await uploaded(page, archive);
  await expect.poll(signature).toBe(first);
});

test("a Deploy over code that another page deployed is refused, and its draft is kept", async ({ page, context, named }) => {
  const name = named("late");
  await createFunction(page, name);
  const other = await context.newPage();
  await other.goto(page.url());
  await uploaded(page, zip({ "index.py": "def handler(event, context):\n    return 'theirs'\n" }));
  await writeCode(other, "def handler(event, context):\n    return 'mine'\n");
  await other.getByRole("button", { name: "Deploy", exact: true }).click();
  await expect(other.getByRole("alert")).toContainText("Other code was deployed since this page was loaded");
  await reload(other);
  const draft = other.getByRole("status").filter({ hasText: "shown over code that was deployed after it was begun" });
  await expect(draft).toBeVisible();
  await expect(editor(other)).toContainText("'mine'");
  await deploy(other);
  expect((await deployedFiles(page, name))["index.py"]).toContain("'mine'");
});
