// Monitoring > Logs: the event of a request, Replay and Save as Test Event.
import type { Page } from "@playwright/test";
import { createFunctionWith, createTrigger, deploy, expect, open, runTest, test, writeCode } from "../helpers.ts";

/** Answers with a word and what it was called with. */
const says = (word: string) => `def handler(event, context):
    print("printed ${word}")
    body = "${word} " + event["queryStringParameters"].get("q", "") + event["headers"].get("cookie", "")
    return {"statusCode": 200, "headers": {"Content-Type": "text/plain"}, "body": body, "isBase64Encoded": False}
`;

/** Opens the newest request of a function, as soon as all that were made are recorded. */
async function openNewest(page: Page, name: string, requests = 1) {
  const links = page.getByRole("table", { name: "Request List" }).getByRole("link");
  await expect(async () => {
    await open(page, `/functions/${name}/monitoring/logs`);
    await expect(links).toHaveCount(requests, { timeout: 100 });
  }).toPass();
  await links.first().click();
  await expect(page.getByRole("list", { name: "Log lines" })).toBeVisible();
}

test("a request is replayed on other code, its secrets are not kept, and both answers are shown", async ({ page, request, named }) => {
  const name = named("replayed");
  await createFunctionWith(page, name, says("old"));
  const { pathUrl } = await createTrigger(page, name, { group: named("group") });
  const answer = await request.get(`${pathUrl}?q=asked`, { headers: { Cookie: "session=hidden" } });
  expect(await answer.text()).toBe("old askedsession=hidden");
  await open(page, `/functions/${name}/code`);
  await writeCode(page, says("new"));
  await deploy(page);

  await openNewest(page, name);
  const detail = page.getByRole("region", { name: "Log of the request" });
  await expect(detail).toContainText("Secrets of the request are not kept");
  await detail.getByText("What the function was called with").click();
  const event = JSON.parse(await detail.getByRole("region", { name: "Event", exact: true }).innerText());
  expect(event.headers.cookie).toBe("[redacted]");
  expect(event.queryStringParameters).toEqual({ q: "asked" });

  await detail.getByRole("button", { name: "Replay" }).press("Enter");
  const replay = detail.getByRole("region", { name: "Replay", exact: true });
  await expect(replay).toContainText("The function answered something else.");
  const before = replay.getByRole("region", { name: "Before", exact: true });
  const now = replay.getByRole("region", { name: "Now", exact: true });
  await expect(before.getByLabel("Function Output")).toContainText("old asked");
  await expect(now.getByLabel("Function Output")).toContainText("new asked[redacted]");
  await expect(before.getByLabel("Log Output")).toContainText("printed old");
  await expect(now.getByLabel("Log Output")).toContainText("printed new");
  for (const run of [before, now]) {
    await expect(run.getByRole("definition").filter({ hasText: /^200$/ })).toHaveCount(1);
    await expect(run).toContainText("Execution successful");
  }
  // The replay is a request of its own, and can be replayed with the same answer.
  await openNewest(page, name, 2);
  await detail.getByRole("button", { name: "Replay" }).click();
  await expect(replay).toContainText("The function answered the same.");
});

test("the event of a request is saved as a test event", async ({ page, request, named }) => {
  const name = named("kept");
  await createFunctionWith(page, name, says("kept"));
  const { pathUrl } = await createTrigger(page, name, { group: named("group") });
  await request.get(`${pathUrl}?q=again`);
  await openNewest(page, name);
  await page.getByRole("button", { name: "Save as Test Event" }).click();
  const dialog = page.getByRole("dialog", { name: "Save as Test Event" });
  const eventName = dialog.getByRole("textbox", { name: "Event Name" });
  await eventName.fill("no name");
  await expect(eventName).toHaveAccessibleDescription(/^May contain only letters/);
  await eventName.fill("again");
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("status").filter({ hasText: "Saved as again" })).toBeVisible();
  await page.getByRole("link", { name: "Test it on the Code tab" }).click();
  await page.getByRole("combobox", { name: "Test Event" }).selectOption("again");
  const result = await runTest(page);
  await expect(result.getByLabel("Function Output")).toContainText("kept again");
});

test("a failed request is replayed too, and what is too large is not kept", async ({ page, request, named }) => {
  const name = named("large");
  await createFunctionWith(page, name, "def handler(event, context):\n    raise ValueError(len(event['body']))\n");
  const { pathUrl } = await createTrigger(page, name, { group: named("group") });
  await request.post(pathUrl, { data: "x".repeat(100_000) });
  await openNewest(page, name);
  await expect(page.getByText(/^The event of this request has \d+ bytes\. Those of more than 64 KB are not kept/)).toBeVisible();
  await expect(page.getByRole("button", { name: "Replay" })).toHaveCount(0);
  await request.post(pathUrl, { data: "x" });
  await openNewest(page, name, 2);
  await page.getByRole("button", { name: "Replay" }).click();
  await expect(page.getByRole("region", { name: "Replay", exact: true })).toContainText("The function answered the same.");
});
