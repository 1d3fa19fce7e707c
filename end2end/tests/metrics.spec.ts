// Monitoring > Metrics: what is measured of a function's calls, as charts and tables.
import type { APIRequestContext, Browser, Page } from "@playwright/test";
import { bind } from "../bindings.ts";
import { createFunctionWith, createTrigger, expect, ok, open, reload, test } from "../helpers.ts";

/** Fails on demand. */
const FAILS = `def handler(event, context):
    if event["queryStringParameters"].get("fail"):
        raise ValueError("asked to fail")
    return {"statusCode": 200, "headers": {}, "body": "hello", "isBase64Encoded": False}
`;

const metricsOf = (name: string, query = "") => `/functions/${name}/monitoring/metrics${query}`;

const chart = (page: Page, title: string) => page.getByRole("region", { name: title, exact: true });

/** The numbers of the whole range, as the legend has them, once they are these. */
async function shows(page: Page, title: string, numbers: Record<string, string | RegExp>) {
  const legend = chart(page, title).getByRole("listitem");
  for (const [label, number] of Object.entries(numbers)) {
    await expect(legend.filter({ hasText: label })).toHaveText(
      typeof number === "string" ? `${label}${number}` : number,
    );
  }
}

/** Opens the page as often as it takes until all of these requests are in it. */
async function openWith(page: Page, name: string, invocations: number, query = "") {
  await expect(async () => {
    await open(page, metricsOf(name, query));
    await expect(chart(page, "Invocations").getByRole("listitem")).toHaveText(`Invocations${invocations}`, { timeout: 1 });
  }).toPass();
}

/** A function with a trigger, called three times, once to fail. */
async function calledFunction(page: Page, request: APIRequestContext, name: string, group: string) {
  await createFunctionWith(page, name, FAILS);
  const { pathUrl } = await createTrigger(page, name, { group });
  for (const [query, status] of [["", 200], ["?fail=1", 500], ["", 200]] as const) {
    expect((await request.get(`${pathUrl}${query}`)).status()).toBe(status);
  }
  return pathUrl;
}

test("a function that was not called has no charts", async ({ page, named }) => {
  const name = named("unmeasured");
  await createFunctionWith(page, name, FAILS);
  await open(page, metricsOf(name, "?range=custom&from=2001-01-01T00:00&to=2001-01-02T00:00"));
  await expect(page.getByRole("main")).toContainText("No calls in this range");
  await expect(page.getByRole("img")).toHaveCount(0);
});

test("calls are points with totals, and a table stands behind each chart", async ({ page, request, named }) => {
  const name = named("measured");
  await calledFunction(page, request, name, named("group"));
  await openWith(page, name, 3);
  await expect(page.getByRole("heading", { level: 3 })).toHaveText([
    "Invocations",
    "Errors",
    "Duration (ms)",
    "Duration Percentiles (ms)",
    "Throttles",
    "Cold Starts",
    "Instance Statistics",
    "Memory Usage (MB)",
  ]);
  await shows(page, "Errors", { Errors: "1" });
  await shows(page, "Throttles", { Instances: "0", Policy: "0" });
  await shows(page, "Cold Starts", { "Cold starts": /^Cold starts[1-3]$/ });
  await shows(page, "Duration (ms)", { "Max.": /^Max\.[\d.,]+$/, Average: /^Average[\d.,]+$/, "Min.": /^Min\.[\d.,]+$/ });
  await shows(page, "Duration Percentiles (ms)", { p50: /^p50[\d.,]+$/, p95: /^p95[\d.,]+$/, p99: /^p99[\d.,]+$/ });
  await shows(page, "Memory Usage (MB)", { "Max.": /^Max\.[\d.,]+$/ });
  await expect(chart(page, "Errors").getByRole("img")).toHaveAccessibleName("Errors. Whole range: Errors 1");
  const errors = chart(page, "Errors");
  await errors.getByText(/^Table \(\d+\)$/).click();
  const table = errors.getByRole("table", { name: "Errors" });
  await expect(table.getByRole("columnheader")).toHaveText(["Time", "Errors"]);
  await expect(table.getByRole("row").last()).toHaveText(/^\d{4}-\d\d-\d\d \d\d:\d\d1$/);
  // Instances are looked at each second.
  await expect(async () => {
    await page.getByRole("button", { name: "Refresh", exact: true }).click();
    await expect(chart(page, "Instance Statistics").getByRole("listitem").first()).toHaveText(/^At work[1-3]$/, { timeout: 1 });
  }).toPass();
  // A table stays open when the page is refreshed.
  await expect(table).toBeVisible();
});

test("a call that a policy refuses is a throttle", async ({ page, request, named }) => {
  const [name, policy] = [named("throttled"), named("Slow")];
  await createFunctionWith(page, name, FAILS);
  const { pathUrl } = await createTrigger(page, name, { group: named("group") });
  await open(page, "/api-gateway/policies");
  await page.getByRole("button", { name: "Create Policy" }).click();
  const form = page.getByRole("dialog", { name: "Create Policy" });
  await form.getByLabel("Name").fill(policy);
  await form.getByRole("combobox", { name: "Unit" }).selectOption("hour");
  await form.getByLabel("Max. Requests").fill("2");
  await ok(page);
  await bind(page, policy, `API_${name}`);
  for (const status of [200, 200, 429, 429, 429]) {
    expect((await request.get(pathUrl)).status()).toBe(status);
  }
  await openWith(page, name, 5);
  await shows(page, "Throttles", { Policy: "3", Instances: "0" });
  await shows(page, "Errors", { Errors: "0" });
});

test("the range stands in the address", async ({ page, request, named }) => {
  const name = named("ranged");
  await calledFunction(page, request, name, named("group"));
  await openWith(page, name, 3);
  const ranges = page.getByRole("navigation", { name: "Time range" });
  await expect(ranges.getByRole("link")).toHaveText([
    "Last hour",
    "Last 3 hours",
    "Last 12 hours",
    "Last day",
    "Last 3 days",
    "Custom",
  ]);
  for (const [range, query, step] of [
    ["Last 3 hours", "3h", "2 min"],
    ["Last 12 hours", "12h", "5 min"],
    ["Last day", "1d", "10 min"],
    ["Last 3 days", "3d", "30 min"],
    ["Last hour", "1h", "1 min"],
  ] as const) {
    await ranges.getByRole("link", { name: range, exact: true }).click();
    await expect(page).toHaveURL(metricsOf(name, `?range=${query}`));
    await expect(ranges.getByRole("link", { name: range, exact: true })).toHaveAttribute("aria-current", "true");
    await expect(page.getByRole("main")).toContainText(`A point stands for ${step}.`);
    await shows(page, "Errors", { Errors: "1" });
  }
  await ranges.getByRole("link", { name: "Custom" }).click();
  const search = page.getByRole("search");
  const field = (at: number) => new Date(at).toISOString().slice(0, 16);
  const between = async (from: number, to: number) => {
    await search.getByLabel("From (UTC)").fill(field(from));
    await search.getByLabel("To (UTC)").fill(field(to));
    await search.getByRole("button", { name: "Show" }).click();
  };
  const hour = 3_600_000;
  const [now, before] = [Date.now(), Date.now() - 2 * hour];
  await between(before, now - hour);
  await expect(page.getByRole("main")).toContainText("No calls in this range");
  await expect(page).toHaveURL(/range=custom&from=.+&to=/);
  await between(before, now + hour);
  await shows(page, "Errors", { Errors: "1" });
  await reload(page);
  await shows(page, "Errors", { Errors: "1" });
  await between(now, before);
  await expect(page.getByRole("alert")).toContainText("The range has to begin before it ends");
});

test("a point is chosen by the pointer or the keyboard, in all charts", async ({ page, request, named }) => {
  const name = named("chosen");
  await calledFunction(page, request, name, named("group"));
  await openWith(page, name, 3);
  const time = /^\d{4}-\d\d-\d\d \d\d:\d\d$/;
  const when = chart(page, "Errors").locator(".chart__when");
  await expect(when).toHaveText("Whole range");
  const chooser = chart(page, "Invocations").getByRole("slider", { name: "Point of Invocations" });
  await chooser.focus();
  await expect(chooser).toHaveAttribute("aria-valuetext", /^\d{4}-\d\d-\d\d \d\d:\d\d: Invocations [1-3]$/);
  await expect(when).toHaveText(time);
  await page.keyboard.press("Home");
  await expect(chooser).toHaveAttribute("aria-valuetext", /: Invocations [1-3]$/);
  await chooser.blur();
  await expect(when).toHaveText("Whole range");
  await chart(page, "Invocations").locator(".chart__hit").last().hover();
  await expect(when).toHaveText(time);
});

test("Metrics and Logs lead to each other", async ({ page, named }) => {
  const name = named("sides");
  await createFunctionWith(page, name, FAILS);
  await page.getByRole("link", { name: "Monitoring" }).click();
  const sides = page.getByRole("navigation", { name: "Monitoring" });
  await expect(sides.getByRole("link", { name: "Logs" })).toHaveAttribute("aria-current", "page");
  await sides.getByRole("link", { name: "Metrics" }).click();
  await expect(page).toHaveURL(metricsOf(name));
  await expect(page.getByRole("heading", { name: "Metrics", level: 2 })).toBeVisible();
  await expect(sides.getByRole("link", { name: "Metrics" })).toHaveAttribute("aria-current", "page");
});

/** The same page where no JavaScript runs. */
async function withoutJavaScript(browser: Browser, page: Page) {
  const storageState = await page.context().storageState();
  const baseURL = new URL(page.url()).origin;
  return await browser.newPage({ baseURL, storageState, javaScriptEnabled: false });
}

test("without JavaScript the charts and tables can be read", async ({ page, browser, request, named }) => {
  const name = named("plain");
  await calledFunction(page, request, name, named("group"));
  await openWith(page, name, 3);
  const plain = await withoutJavaScript(browser, page);
  await plain.goto(metricsOf(name));
  await shows(plain, "Errors", { Errors: "1" });
  await expect(chart(plain, "Errors").getByRole("img")).toHaveAccessibleName("Errors. Whole range: Errors 1");
  await expect(chart(plain, "Errors").getByRole("slider")).toHaveCount(0);
  await chart(plain, "Errors").getByText(/^Table/).click();
  await expect(chart(plain, "Errors").getByRole("row").last()).toHaveText(/1$/);
  await plain.getByRole("link", { name: "Last 3 days" }).click();
  await expect(plain).toHaveURL(metricsOf(name, "?range=3d"));
  await shows(plain, "Errors", { Errors: "1" });
  await plain.context().close();
});
