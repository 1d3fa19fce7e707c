// Functions > Function List, and Create Function.
import { createFunction, editor, expect, open, reload, test } from "../helpers.ts";
import type { Page } from "@playwright/test";

/** The rows of the list that the search leaves, without the head. */
const rows = (page: Page) =>
  page.getByRole("table", { name: "Functions" }).getByRole("row").filter({ has: page.getByRole("cell") });

const search = (page: Page, text: string) =>
  page.getByRole("searchbox", { name: "Search functions" }).fill(text);

test("a console without functions says what to do", async ({ page, newServer }) => {
  await newServer.addUser({ name: "first", password: "correct horse battery" });
  await page.request.post(`${newServer.console}/api/session/sign-in`, {
    form: { name: "first", password: "correct horse battery" },
  });
  await open(page, `${newServer.console}/functions`);
  await expect(page.getByRole("main")).toMatchAriaSnapshot(`
    - main:
      - heading "Function List" [level=1]
      - link "Create Function":
        - /url: /create-function
      - paragraph: No functions yet
      - paragraph: /A function is a piece of code that runs when its URL is called/
      - link "Create Function":
        - /url: /create-function
  `);
});

test("Create Function asks for name, project, agency and runtime", async ({ page }) => {
  await open(page, "/functions");
  await page.getByRole("link", { name: "Create Function" }).first().click();
  await expect(page).toHaveURL("/create-function");
  await expect(page.getByRole("main")).toMatchAriaSnapshot(`
    - main:
      - heading "Create Function" [level=1]
      - group "Way to create":
        - radio /^Create from scratch/ [checked]
      - region "Basic Information":
        - heading "Basic Information" [level=2]
        - textbox "Function Name"
        - combobox "Enterprise Project":
          - option "default" [selected]
        - combobox "Agency":
          - option "Use no agency" [selected]
        - combobox "Runtime":
          - option "Python 3.12" [selected]
          - option "Python 3.14"
          - option "JavaScript (StarlingMonkey)"
      - link "Cancel":
        - /url: /functions
      - button "Create Function" [disabled]
  `);
});

test("a new function opens on its Code tab and stands in the list", async ({ page, named }) => {
  const name = named("new");
  await createFunction(page, name);
  await expect(page).toHaveURL(`/functions/${name}/code`);
  await expect(page).toHaveTitle(`Code - ${name} - Sluice`);
  await expect(page.getByRole("navigation", { name: "Function" })).toMatchAriaSnapshot(`
    - navigation "Function":
      - link "Code"
      - link "Monitoring"
      - link "Version"
      - link "Aliases"
      - link "Configuration"
  `);
  await page.getByRole("navigation", { name: "Console" }).getByRole("link", { name: "Function List" }).click();
  await search(page, name);
  await expect(rows(page)).toMatchAriaSnapshot(`
    - row:
      - cell:
        - checkbox "Choose ${name}"
      - cell "${name}":
        - link "${name}"
      - cell "Zip"
      - cell "Python 3.12"
      - cell "just now"
      - cell:
        - button "Copy URN of ${name}"
        - button "Delete ${name}"
  `);
});

test("the rules of a name are said beside the field as one types", async ({ page }) => {
  await open(page, "/create-function");
  const field = page.getByRole("textbox", { name: "Function Name" });
  const create = page.getByRole("button", { name: "Create Function" });
  const check = async (name: string, rule: string) => {
    await field.fill(name);
    await expect(field).toHaveAccessibleDescription(new RegExp(`^${rule}`));
    await expect(field).toHaveAttribute("aria-invalid", "true");
    await expect(create).toBeDisabled();
  };
  await check("1st", "Must start with a letter");
  await check("name_", "Must end with a letter or digit");
  await check("a b", "May contain only letters, digits, hyphens and underscores, not ' '");
  await check("ä", "Must start with a letter");
  await check("a".repeat(61), "Must have 1 to 60 characters, has 61");
  await field.fill("a".repeat(60));
  await expect(field).toHaveAccessibleDescription(/^Enter 1 to 60 characters/);
  await expect(field).not.toHaveAttribute("aria-invalid");
  await expect(create).toBeEnabled();
  await field.fill("");
  await expect(create).toBeDisabled();
});

test("the server keeps to the rules too", async ({ request }) => {
  const form = { name: "1st", runtime: "Python3.12" };
  const answer = await request.post("/api/functions/create", { form });
  expect(answer.status()).toBe(400);
  expect(await answer.text()).toContain("FSS.1002");
});

test("a name that is taken is refused beside the field", async ({ page, named }) => {
  const name = named("taken");
  await createFunction(page, name);
  await open(page, "/create-function");
  const field = page.getByRole("textbox", { name: "Function Name" });
  await field.fill(name);
  await page.getByRole("button", { name: "Create Function" }).click();
  await expect(field).toHaveAccessibleDescription(/^There is a function of this name already/);
  await expect(page).toHaveURL("/create-function");
  // Another name takes the message away.
  await field.fill(`${name}b`);
  await expect(field).not.toHaveAccessibleDescription(/already/);
  await page.getByRole("button", { name: "Create Function" }).click();
  await expect(page).toHaveURL(`/functions/${name}b/code`);
});

test("Cancel leads back and creates nothing", async ({ page, named }) => {
  const name = named("cancelled");
  await open(page, "/create-function");
  await page.getByRole("textbox", { name: "Function Name" }).fill(name);
  await page.getByRole("link", { name: "Cancel" }).click();
  await expect(page).toHaveURL("/functions");
  await open(page, `/functions/${name}`);
  await expect(page.getByRole("alert")).toContainText("FSS.1051: The function does not exist.");
});

test("the list is searched by name and sorted by the last change", async ({ page, named }) => {
  const [older, newer] = [named("sorted_older"), named("sorted_newer")];
  await createFunction(page, older);
  await createFunction(page, newer);
  await open(page, "/functions");
  await search(page, "SORTED");
  await expect(rows(page).getByRole("link")).toHaveText([newer, older]);
  const head = page.getByRole("columnheader", { name: "Last Modified" });
  await expect(head).toHaveAttribute("aria-sort", "descending");
  await head.getByRole("button").click();
  await expect(rows(page).getByRole("link")).toHaveText([older, newer]);
  await expect(head).toHaveAttribute("aria-sort", "ascending");
  await search(page, newer);
  await expect(rows(page).getByRole("link")).toHaveText([newer]);
  await search(page, "nothing is named so");
  await expect(rows(page)).toHaveCount(0);
  await expect(page.getByRole("main")).toContainText("No function matches the search.");
});

test("a function is deleted when DELETE was typed", async ({ page, named }) => {
  const name = named("deleted");
  await createFunction(page, name);
  await open(page, "/functions");
  await search(page, name);
  await page.getByRole("button", { name: `Delete ${name}` }).click();
  const dialog = page.getByRole("dialog", { name: "Delete Function" });
  const ok = dialog.getByRole("button", { name: "OK" });
  await expect(dialog).toContainText(name);
  await expect(ok).toBeDisabled();
  await dialog.getByRole("textbox", { name: "Type DELETE to confirm" }).fill("delete");
  await expect(ok).toBeDisabled();
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await expect(dialog).toBeHidden();
  await expect(rows(page)).toHaveCount(1);

  await page.getByRole("button", { name: `Delete ${name}` }).click();
  await dialog.getByRole("textbox", { name: "Type DELETE to confirm" }).fill("DELETE");
  await ok.click();
  await expect(dialog).toBeHidden();
  await expect(page.getByRole("link", { name, exact: true })).toHaveCount(0);
  await reload(page);
  await expect(page.getByRole("link", { name, exact: true })).toHaveCount(0);
});

test("several functions are deleted together", async ({ page, named }) => {
  const [one, two, kept] = [named("many_a"), named("many_b"), named("many_c")];
  for (const name of [one, two, kept]) await createFunction(page, name);
  await open(page, "/functions");
  await search(page, "many_");
  const button = page.getByRole("button", { name: /^Delete( \(\d\))?$/ });
  await expect(button).toBeDisabled();
  await page.getByRole("checkbox", { name: `Choose ${one}` }).check();
  await page.getByRole("checkbox", { name: `Choose ${two}` }).check();
  await expect(button).toHaveText("Delete (2)");
  await button.click();
  const dialog = page.getByRole("dialog", { name: "Delete Function" });
  await dialog.getByRole("textbox", { name: "Type DELETE to confirm" }).fill("DELETE");
  await dialog.getByRole("button", { name: "OK" }).click();
  await expect(dialog).toBeHidden();
  await open(page, "/functions?q=many_");
  await expect(rows(page).getByRole("link")).toHaveText([kept]);
});

for (const [runtime, file, answer] of [
  ["JavaScript (StarlingMonkey)", "index.js", "statusCode"],
  ["Python 3.14", "index.py", "statusCode"],
] as const) {
  test(`a function of ${runtime} starts with code that runs`, async ({ page, named }) => {
    await open(page, "/create-function");
    await page.getByRole("textbox", { name: "Function Name" }).fill(named("language"));
    await page.getByRole("combobox", { name: "Runtime" }).selectOption({ label: runtime });
    await page.getByRole("button", { name: "Create Function" }).click();
    await expect(editor(page, file)).toContainText(answer);
    await page.getByRole("button", { name: "Test", exact: true }).click();
    const result = page.getByRole("region", { name: "Execution Result" });
    await expect(result).toContainText("Execution successful");
    await expect(result.getByRole("region", { name: "Function Output" })).toContainText(answer);
  });
}
