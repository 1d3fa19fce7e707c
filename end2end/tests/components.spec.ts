// Functions that are WebAssembly components.
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Page } from "@playwright/test";
import { createTrigger, editor, expect, open, runTest, test } from "../helpers.ts";

/** A component that `cargo xtask setup` has built. */
const example = (name: string) =>
  readFile(fileURLToPath(new URL(`../../target/sluice/examples/${name}.wasm`, import.meta.url)));

async function createComponentFunction(page: Page, name: string) {
  await open(page, "/create-function");
  await page.getByRole("textbox", { name: "Function Name" }).fill(name);
  await page.getByRole("combobox", { name: "Runtime" }).selectOption("WebAssembly component");
  await page.getByRole("button", { name: "Create Function" }).click();
  await expect(editor(page, "README.md")).toContainText("This function waits for its component");
}

async function upload(page: Page, name: string, buffer: Buffer) {
  await page.getByRole("button", { name: "Upload", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Upload Local ZIP" });
  await dialog.getByLabel("Component or ZIP Archive").setInputFiles({ name, mimeType: "application/wasm", buffer });
  await dialog.getByRole("button", { name: "Upload and Deploy" }).click();
  return dialog;
}

test("a component is uploaded, shown and tested", async ({ page, named }) => {
  await createComponentFunction(page, named("component"));
  const missing = await runTest(page);
  await expect(missing.getByLabel("Function Output")).toContainText("upload one as index.wasm");
  await upload(page, "handle.wasm", await example("handle"));
  await expect(page.getByRole("status").filter({ hasText: "Uploaded and deployed in" })).toBeVisible();
  await expect(page.getByRole("region", { name: "Component", exact: true })).toMatchAriaSnapshot(`
    - region "Component":
      - heading "Component" [level=2]
      - term: File
      - definition:
        - code: index.wasm
      - term: Size
      - definition: /\\d+\\.\\d+ KB/
      - term: Called by
      - definition: handle, of sluice:function/component
      - term: Exports
      - definition:
        - list:
          - listitem:
            - code: handle
      - term: Imports
      - definition:
        - list:
          - listitem:
            - code: sluice:function/logger@0.1.0
  `);
  await expect(page.getByText(/^This is a binary file of/)).toBeVisible();
  const result = await runTest(page);
  await expect(result.getByLabel("Function Output")).toContainText("the event needs a text");
});

test("a component that is refused is told why", async ({ page, named }) => {
  await createComponentFunction(page, named("refused"));
  const dialog = await upload(page, "module.wasm", Buffer.from("\0asm\x01\0\0\0", "latin1"));
  await expect(dialog.getByRole("alert")).toContainText("index.wasm: it is a core module, not a component");
});

test("a server of HTTP answers at a trigger's URL", async ({ page, request, named }) => {
  const name = named("served");
  await createComponentFunction(page, name);
  await upload(page, "http.wasm", await example("http"));
  await expect(page.getByRole("status").filter({ hasText: "Uploaded and deployed in" })).toBeVisible();
  const { pathUrl } = await createTrigger(page, name, { group: named("group"), path: "/serve" });
  const answer = await request.post(`${pathUrl}?x=1`, { data: "hello" });
  expect(await answer.text()).toBe("Method::Post /serve?x=1\nhello");
  expect(answer.headers()["content-type"]).toBe("text/plain; charset=utf-8");
});
