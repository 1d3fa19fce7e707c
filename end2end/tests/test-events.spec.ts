// Test events: Configure Test Event, and which one Test hands to the function.
import type { Page } from "@playwright/test";
import { createFunctionWith, expect, open, reload, runTest, test } from "../helpers.ts";

/** Gives back what it is called with. */
const ECHO = "def handler(event, context):\n    return event\n";

const dialogOf = (page: Page) => page.getByRole("dialog", { name: "Configure Test Event" });

async function configure(page: Page) {
  await page.getByRole("button", { name: "Configure Test Event" }).click();
  return dialogOf(page);
}

const output = async (page: Page) => JSON.parse(await (await runTest(page)).getByLabel("Function Output").innerText());

const chosen = (page: Page) => page.getByRole("combobox", { name: "Test Event" }).getByRole("option", { selected: true });

test("a test event is created from a template, chosen and kept by the server", async ({ page, named }) => {
  const name = named("saved");
  await createFunctionWith(page, name, ECHO);
  const dialog = await configure(page);
  const event = dialog.getByRole("textbox", { name: "Test Event" });
  const eventName = dialog.getByRole("textbox", { name: "Event Name" });
  const create = dialog.getByRole("button", { name: "Create" });
  await expect(dialog.getByRole("radio", { name: "Create new test event" })).toBeChecked();
  await expect(dialog.getByRole("radio", { name: "Edit saved test event" })).toBeDisabled();
  await expect(eventName).toHaveValue("blank-event");
  await dialog.getByRole("searchbox", { name: "Search event templates" }).fill("TIMER");
  await expect(dialog.getByRole("region", { name: "Event Templates" }).getByRole("button")).toHaveText(["timer-event-template"]);
  await dialog.getByRole("button", { name: "timer-event-template" }).click();
  await expect(event).toHaveValue(/"trigger_type": "TIMER"/);
  await expect(eventName).toHaveValue("timer-event");

  await event.fill('{"a": ');
  await expect(event).toHaveAccessibleDescription(/^Must be JSON: EOF/);
  await expect(create).toBeDisabled();
  await event.fill('{"a": [1, 2]}');
  await eventName.fill("1-");
  await expect(eventName).toHaveAccessibleDescription(/^Must start with a letter/);
  await expect(create).toBeDisabled();
  await eventName.fill("of-mine");
  await eventName.press("Enter");
  await expect(dialog).toBeHidden();
  await expect(chosen(page)).toHaveText("of-mine");
  expect(await output(page)).toEqual({ a: [1, 2] });
  await reload(page);
  await expect(chosen(page)).toHaveText("of-mine");
  expect(await output(page)).toEqual({ a: [1, 2] });
  await page.getByRole("combobox", { name: "Test Event" }).selectOption("blank-template");
  expect(await output(page)).toEqual({ key: "value" });
});

test("a saved test event is edited and deleted", async ({ page, named }) => {
  const name = named("edited");
  await createFunctionWith(page, name, ECHO);
  for (const [event, content] of [["first", "1"], ["second", '{"n": 2}']]) {
    const created = await page.request.post("/api/test-events/create", { data: { name, event: { name: event, content } } });
    expect(created.status()).toBe(200);
  }
  await reload(page);
  const dialog = await configure(page);
  await dialog.getByRole("textbox", { name: "Event Name" }).fill("first");
  await expect(dialog.getByRole("textbox", { name: "Event Name" })).toHaveAccessibleDescription(/^There is a test event of this name already/);
  await dialog.getByRole("radio", { name: "Edit saved test event" }).check();
  const saved = dialog.getByRole("region", { name: "Saved Test Events" });
  await expect(saved.getByRole("button")).toHaveText(["first", "second"]);
  await saved.getByRole("button", { name: "second" }).click();
  await dialog.getByRole("textbox", { name: "Test Event" }).fill('{"n": 3}');
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(dialog).toBeHidden();
  expect(await output(page)).toEqual({ n: 3 });

  // The dialog opens with the chosen one.
  await configure(page);
  await expect(saved.getByRole("button", { pressed: true })).toHaveText("second");
  await dialog.getByRole("button", { name: "Delete" }).click();
  await expect(saved.getByRole("button")).toHaveText(["first"]);
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await expect(chosen(page)).toHaveText("blank-template");
  expect(await output(page)).toEqual({ key: "value" });
});

test("a function has ten test events at most", async ({ page, named }) => {
  const name = named("full");
  await createFunctionWith(page, name, ECHO);
  const create = (n: number) => page.request.post("/api/test-events/create", { data: { name, event: { name: `e${n}`, content: "{}" } } });
  for (let n = 0; n < 10; n++) expect((await create(n)).status()).toBe(200);
  const refused = await create(10);
  expect(refused.status()).toBe(403);
  expect(await refused.text()).toContain("FSS.1068");
  await reload(page);
  const dialog = await configure(page);
  await expect(dialog.getByRole("button", { name: "Create" })).toBeDisabled();
  await expect(dialog).toContainText("The function has 10 test events, which is the most");
});

test("the result of a test has the whole log and leads to it in Monitoring", async ({ page, named }) => {
  const name = named("whole");
  await createFunctionWith(page, name, "def handler(event, context):\n    for n in range(3000):\n        print('line', n, 'x' * 50)\n");
  const result = await runTest(page);
  await expect(result.getByLabel("Log Output")).toContainText("Start invoke request");
  await expect(result.getByLabel("Log Output")).toContainText(/line 2999 x+\n/);
  const inLogs = (await result.getByRole("link", { name: "View in Logs" }).getAttribute("href"))!;
  await expect(async () => {
    await open(page, inLogs);
    await expect(page.getByRole("list", { name: "Log lines" })).toBeVisible({ timeout: 100 });
  }).toPass();
  await expect(page.getByRole("list", { name: "Log lines" })).toContainText("line 2999");
});
