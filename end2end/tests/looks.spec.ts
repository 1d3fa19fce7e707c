// What holds for every page: it has no error, axe finds nothing in either theme, a narrow window
// need not be scrolled sideways, and all can be done by the keyboard alone.
import { AxeBuilder } from "@axe-core/playwright";
import type { Locator, Page } from "@playwright/test";
import { createFunction, expect, open, SIGNED_OUT, test } from "../helpers.ts";
import { everyView } from "../views.ts";

/** What axe has against a view, one line a place. */
async function violations(page: Page, view: string, rules?: string[]): Promise<string[]> {
  const axe = new AxeBuilder({ page });
  const { violations } = await (rules ? axe.withRules(rules) : axe).analyze();
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target }) => `${view}: ${id} (${help}): ${target.join(" ")}`),
  );
}

const useTheme = (page: Page, address: string, theme: string) =>
  page.context().addCookies([{ name: "theme", value: theme, url: address }]);

/** The widest that the page of a window of 360 pixels is. */
async function narrowWidth(page: Page): Promise<number> {
  const size = page.viewportSize()!;
  await page.setViewportSize({ width: 360, height: 800 });
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  await page.setViewportSize(size);
  return width;
}

// One walk, as showing a view takes as long as asking all this of it.
test("no view has an error, axe finds nothing in either theme, and 360 pixels are enough", async ({
  page,
  request,
  server,
  named,
}) => {
  // As long as all views may take, on a machine with other work to do.
  test.setTimeout(10 * 60_000);
  await useTheme(page, server.console, "light");
  const found: string[] = [];
  let view = "before the first view";
  page.on("pageerror", (error) => found.push(`${view}: ${error.message}`));
  page.on("console", (message) => {
    // An answer that is an error is not one of the page, nor is the style that Chromium itself
    // tries to give to text that is typed over.
    const expected = /^(Failed to load resource|Applying inline style)/;
    const [text] = message.text().split("\n", 1);
    if (message.type() === "error" && !expected.test(text!)) found.push(`${view}: ${text}`);
  });
  for (const { name, show } of await everyView(page, request, named)) {
    view = name;
    await test.step(name, async () => {
      await show(page);
      // What is late belongs to this view still.
      await page.waitForLoadState("networkidle");
      found.push(...(await violations(page, name)));
      // The themes differ in nothing but colours.
      await page.evaluate(() => document.documentElement.setAttribute("data-theme", "dark"));
      found.push(...(await violations(page, `${name}, dark`, ["color-contrast"])));
      const width = await narrowWidth(page);
      if (width > 360) found.push(`${name}: ${width} pixels`);
    });
  }
  expect(found).toEqual([]);
});

test.describe("without a session", () => {
  test.use(SIGNED_OUT);

  for (const theme of ["light", "dark"]) {
    test(`the entrance has nothing for axe in the ${theme} theme`, async ({ page, server, newServer }) => {
      await useTheme(page, server.console, theme);
      const found: string[] = [];
      for (const [name, address] of [
        ["Sign In", "/sign-in"],
        ["Welcome", `${newServer.console}/welcome`],
      ] as const) {
        await open(page, address);
        found.push(...(await violations(page, name)));
        expect(await narrowWidth(page), name).toBe(360);
      }
      expect(found).toEqual([]);
    });
  }
});

test("the theme that was chosen stays", async ({ page }) => {
  await open(page, "/functions");
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const button = page.getByRole("button", { name: /^Theme: / });
  await button.click();
  await expect(button).toHaveText("Theme: Light");
  const light = await background();
  await button.click();
  await expect(button).toHaveText("Theme: Dark");
  const dark = await background();
  expect(dark).not.toBe(light);
  await page.reload();
  expect(await background()).toBe(dark);
  await expect(button).toHaveText("Theme: Dark");
});

/** Whether an element has the focus, be it inside of another one's shadow. */
const hasFocus = (target: Locator) =>
  target.evaluate((element) => (element.getRootNode() as Document | ShadowRoot).activeElement === element);

/** Presses Tab until `target` has the focus. */
async function tabTo(page: Page, target: Locator) {
  for (let presses = 0; presses < 60; presses++) {
    await page.keyboard.press("Tab");
    if (await hasFocus(target)) return;
  }
  throw new Error("60 presses of Tab did not reach it");
}

test("the first Tab offers to skip to the content", async ({ page }) => {
  await open(page, "/functions");
  await page.keyboard.press("Tab");
  const skip = page.getByRole("link", { name: "Skip to content" });
  await expect(skip).toBeFocused();
  await expect(skip).toBeInViewport();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("main")).toBeFocused();
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Create Function" }).first()).toBeFocused();
});

test("a function is created by the keyboard alone", async ({ page, named }) => {
  const name = named("keyboard");
  await open(page, "/functions");
  await tabTo(page, page.getByRole("link", { name: "Create Function" }).first());
  await page.keyboard.press("Enter");
  const field = page.getByRole("textbox", { name: "Function Name" });
  await expect(field).toBeVisible();
  if (!(await hasFocus(field))) await tabTo(page, field);
  await page.keyboard.type(name);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name })).toBeVisible();

  // Into the editor and out of it again.
  const editor = page.getByRole("textbox", { name: "Code of index.py" });
  await expect(editor).toBeVisible();
  await tabTo(page, editor);
  await page.keyboard.press("ControlOrMeta+Home");
  await page.keyboard.type("# typed");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Tab");
  await expect(editor).not.toBeFocused();
  await expect(editor).toContainText("# typed");
});

test("a dialog takes the focus, keeps it, and gives it back on Escape", async ({ page, named }) => {
  const name = named("focus");
  await createFunction(page, name);
  await open(page, `/functions/${name}/configuration/triggers`);
  const opener = page.getByRole("button", { name: "Create Trigger" });
  await tabTo(page, opener);
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Create Trigger" });
  await expect(dialog.getByRole("combobox", { name: "Method" })).toBeVisible();
  const inside = () => dialog.evaluate((element) => element.contains(document.activeElement));
  expect(await inside()).toBe(true);
  await tabTo(page, dialog.getByRole("textbox", { name: "Path" }));
  expect(await inside()).toBe(true);
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  await expect(opener).toBeFocused();

  await open(page, `/functions?q=${name}`);
  const remove = page.getByRole("button", { name: `Delete ${name}` });
  await tabTo(page, remove);
  await page.keyboard.press("Enter");
  const field = page.getByRole("textbox", { name: "Type DELETE to confirm" });
  await expect(field).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(field).toBeHidden();
  await expect(remove).toBeFocused();
});
