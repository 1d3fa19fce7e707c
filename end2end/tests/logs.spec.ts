// Monitoring > Logs: the Request List, one request's lines, and Request Logs.
import type { APIRequestContext, Page } from "@playwright/test";
import { createFunctionWith, createTrigger, expect, open, reload, test } from "../helpers.ts";

/** Prints what it is called with and fails on demand. */
const TALKS = `import json

def handler(event, context):
    query = event["queryStringParameters"]
    print("printed " + query.get("say", "nothing"))
    context.getLogger().warn("warned " + query.get("say", "nothing"))
    if query.get("fail"):
        raise ValueError("asked to fail")
    return {"statusCode": 200, "headers": {"Content-Type": "text/plain"}, "body": context.getRequestID(), "isBase64Encoded": False}
`;

const requests = (page: Page) =>
  page.getByRole("table", { name: "Request List" }).getByRole("row").filter({ has: page.getByRole("link") });

const logLines = (page: Page) => page.getByRole("list", { name: "Log lines" }).getByRole("listitem");

const logsOf = (name: string, query = "") => `/functions/${name}/monitoring/logs${query}`;

/** A function with a trigger, and a way to call it that gives the id of the request. */
async function talkingFunction(page: Page, request: APIRequestContext, name: string, group: string) {
  await createFunctionWith(page, name, TALKS);
  const { pathUrl } = await createTrigger(page, name, { group });
  return async (say: string) => {
    const answer = await request.get(`${pathUrl}?say=${say}`);
    expect(answer.status()).toBe(200);
    return await answer.text();
  };
}

test("a function that was not called has no requests", async ({ page, named }) => {
  const name = named("quiet");
  await createFunctionWith(page, name, TALKS);
  await page.getByRole("link", { name: "Monitoring" }).click();
  await expect(page).toHaveURL(logsOf(name));
  await expect(page.getByRole("region", { name: "Logs" })).toMatchAriaSnapshot(`
    - region "Logs":
      - heading "Logs" [level=2]
      - button "Refresh"
      - status: /All requests processed by this function are recorded here/
      - navigation "Logs":
        - link "Request List"
        - link "Request Logs"
      - navigation "Time range":
        - link "Last hour"
        - link "Last day"
        - link "Last 3 days"
        - link "Custom"
      - search:
        - searchbox "Search logs by keyword"
        - searchbox "Request ID"
        - combobox "Invocation Result"
        - combobox "Cause"
        - button "Search"
      - paragraph: No requests
  `);
});

test("a request is in the list, and a click opens its lines", async ({ page, request, named }) => {
  const name = named("opened");
  const call = await talkingFunction(page, request, name, named("group"));
  const first = await call("one");
  const second = await call("two");
  await expect(async () => {
    await open(page, logsOf(name));
    await expect(requests(page)).toHaveCount(2, { timeout: 1 });
  }).toPass();
  // The newest first.
  await expect(requests(page).getByRole("link")).toHaveText([second, first]);
  await expect(requests(page).first()).toMatchAriaSnapshot(`
    - row:
      - cell /^\\d+-\\d+-\\d+ \\d+:\\d+:\\d+$/
      - cell "${second}":
        - link "${second}"
      - cell "Execution successful"
      - cell /^\\d+\\.\\d{3}$/
      - cell /^\\d+\\.\\d{3}$/
      - cell "latest"
      - cell "Execution successful"
  `);
  await expect(requests(page).last()).toContainText("Common cold start successful");
  const link = page.getByRole("link", { name: first });
  await expect(link).toHaveAttribute("aria-expanded", "false");
  await link.click();
  await expect(link).toHaveAttribute("aria-expanded", "true");
  await expect(page).toHaveURL(logsOf(name, `?request=${first}`));
  await expect(logLines(page).filter({ hasText: "printed one" })).toHaveText("printed one");
  await expect(logLines(page).filter({ hasText: "warned one" })).toHaveText(
    new RegExp(`^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ ${first} WARN warned one$`),
  );
  await expect(logLines(page).filter({ hasText: `Start invoke request '${first}'` })).toHaveCount(1);
  await expect(logLines(page).last()).toContainText(`Finish invoke request '${first}', duration: `);
  await link.click();
  await expect(page.getByRole("list", { name: "Log lines" })).toHaveCount(0);
});

test("a request is shown half a second after its answer", async ({ page, request, named }) => {
  const name = named("soon");
  const call = await talkingFunction(page, request, name, named("group"));
  await open(page, logsOf(name));
  const requestId = await call("soon");
  await expect(async () => {
    const found = await request.post("/api/logs/request", { data: { name, request_id: requestId } });
    expect(found.status()).toBe(200);
  }).toPass({ timeout: 500, intervals: [10] });
  await page.getByRole("button", { name: "Refresh" }).click();
  await expect(page.getByRole("link", { name: requestId })).toBeVisible();
});

test("a request that failed says why, with the function's own traceback", async ({
  page,
  request,
  named,
}) => {
  const name = named("failed");
  await createFunctionWith(page, name, TALKS);
  const { pathUrl } = await createTrigger(page, name, { group: named("group") });
  const answer = await request.get(`${pathUrl}?fail=1`);
  expect(answer.status()).toBe(500);
  expect(await answer.json()).toEqual({
    errorMessage: "function invocation exception, error: asked to fail",
    errorType: "ValueError",
    stackTrace: ['File "/opt/function/code/index.py", line 8, in handler'],
  });
  await expect(async () => {
    await open(page, logsOf(name));
    await expect(requests(page)).toHaveCount(1, { timeout: 1 });
  }).toPass();
  const cells = requests(page).getByRole("cell");
  await expect(cells.nth(2)).toHaveText("Execution failed");
  await expect(cells.nth(6)).toHaveText("Code error");
  await requests(page).getByRole("link").click();
  await expect(logLines(page).filter({ hasText: "Traceback (most recent call last)" })).toHaveCount(1);
  await expect(logLines(page).filter({ hasText: "ValueError: asked to fail" })).not.toHaveCount(0);
  await expect(page.getByRole("list", { name: "Log lines" })).not.toContainText("sluice_runtime");
  await expect(logLines(page).last()).toContainText("(invoke Failed:FunctionError), duration: ");
});

test("the list is filtered by result, cause, keyword and request ID", async ({ page, request, named }) => {
  const name = named("filtered");
  await createFunctionWith(page, name, TALKS);
  const { pathUrl } = await createTrigger(page, name, { group: named("group") });
  const good = await (await request.get(`${pathUrl}?say=apple`)).text();
  await request.get(`${pathUrl}?say=pear&fail=1`);
  await expect(async () => {
    await open(page, logsOf(name));
    await expect(requests(page)).toHaveCount(2, { timeout: 1 });
  }).toPass();
  const search = page.getByRole("search");
  const press = () => search.getByRole("button", { name: "Search" }).click();

  await search.getByRole("combobox", { name: "Invocation Result" }).selectOption("Execution failed");
  await press();
  await expect(requests(page)).toHaveCount(1);
  await expect(requests(page)).toContainText("Code error");
  await search.getByRole("combobox", { name: "Cause" }).selectOption("Invocation timed out");
  await press();
  await expect(requests(page)).toHaveCount(0);

  await open(page, logsOf(name));
  const keyword = search.getByRole("searchbox", { name: "Search logs by keyword" });
  await keyword.fill("printed && APPLE");
  await keyword.press("Enter");
  await expect(requests(page).getByRole("link")).toHaveText([good]);
  await keyword.fill('"printed pear"');
  await press();
  await expect(requests(page)).toContainText("Execution failed");
  await keyword.fill("apple && pear");
  await press();
  await expect(requests(page)).toHaveCount(0);
  await keyword.fill("appl* || pear");
  await press();
  await expect(requests(page)).toHaveCount(2);
  await keyword.fill("apple &&");
  await press();
  await expect(page.getByRole("alert")).toContainText("must have a word on both sides of && and ||");

  await open(page, logsOf(name));
  await search.getByRole("searchbox", { name: "Request ID" }).fill(good);
  await press();
  await expect(requests(page).getByRole("link")).toHaveText([good]);
  // What was searched for stands in the address and outlives a reload.
  await reload(page);
  await expect(requests(page).getByRole("link")).toHaveText([good]);
  await expect(search.getByRole("searchbox", { name: "Request ID" })).toHaveValue(good);
});

test("a range decides how far back the list goes", async ({ page, request, named }) => {
  const name = named("ranges");
  const call = await talkingFunction(page, request, name, named("group"));
  const requestId = await call("now");
  await expect(async () => {
    await open(page, logsOf(name));
    await expect(requests(page)).toHaveCount(1, { timeout: 1 });
  }).toPass();
  const ranges = page.getByRole("navigation", { name: "Time range" });
  await expect(ranges.getByRole("link", { name: "Last hour" })).toHaveAttribute("aria-current", "true");
  for (const range of ["Last day", "Last 3 days"]) {
    await ranges.getByRole("link", { name: range }).click();
    await expect(ranges.getByRole("link", { name: range })).toHaveAttribute("aria-current", "true");
    await expect(page.getByRole("link", { name: requestId })).toBeVisible();
  }
  await ranges.getByRole("link", { name: "Custom" }).click();
  const search = page.getByRole("search");
  const between = async (from: number, to: number) => {
    const field = (at: number) => new Date(at).toISOString().slice(0, 16);
    await search.getByLabel("From (UTC)").fill(field(from));
    await search.getByLabel("To (UTC)").fill(field(to));
    await search.getByRole("button", { name: "Search" }).click();
  };
  const hour = 3_600_000;
  await between(Date.now() - 2 * hour, Date.now() - hour);
  await expect(page.getByRole("region", { name: "Logs" })).toContainText("No requests");
  await between(Date.now() - hour, Date.now() + hour);
  await expect(page.getByRole("link", { name: requestId })).toBeVisible();
});

test("Request Logs has the lines of all requests, by level and keyword", async ({ page, request, named }) => {
  const name = named("lines");
  await createFunctionWith(page, name, TALKS);
  const { pathUrl } = await createTrigger(page, name, { group: named("group") });
  await request.get(`${pathUrl}?say=apple`);
  await request.get(`${pathUrl}?say=pear&fail=1`);
  await expect(async () => {
    await open(page, logsOf(name));
    await expect(requests(page)).toHaveCount(2, { timeout: 1 });
  }).toPass();
  await page.getByRole("link", { name: "Request Logs" }).click();
  const lines = page.getByRole("list", { name: "Request Logs" }).getByRole("listitem");
  await expect(lines.filter({ hasText: "printed" })).toHaveText(["printed pear", "printed apple"]);
  const search = page.getByRole("search");
  const level = search.getByRole("combobox", { name: "Level" });
  const press = () => search.getByRole("button", { name: "Search" }).click();
  await level.selectOption("Error");
  await press();
  await expect(lines.filter({ hasText: "printed" })).toHaveCount(0);
  await expect(lines.filter({ hasText: "warned" })).toHaveCount(0);
  await expect(lines.filter({ hasText: "ValueError: asked to fail" })).not.toHaveCount(0);
  await level.selectOption("Error & Warning");
  await press();
  await expect(lines.filter({ hasText: "warned" })).toHaveCount(2);
  await expect(lines.filter({ hasText: "printed" })).toHaveCount(0);
  await level.selectOption("All");
  await search.getByRole("searchbox", { name: "Search logs by keyword" }).fill("printed apple");
  await press();
  await expect(lines).toHaveText(["printed apple"]);
  const downloading = page.waitForEvent("download");
  await page.getByRole("link", { name: "Download Log" }).click();
  const download = await downloading;
  expect(download.suggestedFilename()).toBe("log.txt");
});

test("a link to a request opens it, even outside the range", async ({ page, request, named }) => {
  const name = named("linked");
  const call = await talkingFunction(page, request, name, named("group"));
  const requestId = await call("linked");
  await expect(async () => {
    await open(page, logsOf(name, `?request=${requestId}`));
    await expect(requests(page)).toHaveCount(1, { timeout: 1 });
  }).toPass();
  await expect(logLines(page).filter({ hasText: "printed linked" })).toBeVisible();
  // The page goes on to answer: the request is closed and opened again.
  await page.getByRole("link", { name: requestId }).click();
  await expect(page.getByRole("list", { name: "Log lines" })).toHaveCount(0);
  await page.getByRole("link", { name: requestId }).click();
  await expect(logLines(page).filter({ hasText: "printed linked" })).toBeVisible();

  await open(page, logsOf(name, `?range=custom&to=2001-01-01T00:00&request=${requestId}`));
  await expect(requests(page)).toHaveCount(0);
  await expect(logLines(page).filter({ hasText: "printed linked" })).toBeVisible();
  const unknown = "00000000-0000-4000-8000-000000000000";
  await open(page, logsOf(name, `?request=${unknown}`));
  await expect(page.getByRole("alert")).toContainText("There is no such request");
});

test("a test of the Code tab is in the list too", async ({ page, named }) => {
  const name = named("tests");
  await createFunctionWith(page, name, "def handler(event, context):\n    print('from a test')\n");
  await page.getByRole("button", { name: "Test", exact: true }).click();
  await expect(page.getByLabel("Log Output")).toContainText("from a test");
  await expect(async () => {
    await open(page, logsOf(name));
    await expect(requests(page)).toHaveCount(1, { timeout: 1 });
  }).toPass();
  await requests(page).getByRole("link").click();
  await expect(logLines(page).filter({ hasText: "from a test" })).toHaveText("from a test");
});
