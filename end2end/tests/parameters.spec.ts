// API Gateway > APIs > Request Parameters: what is declared of requests is checked before the function runs.
import type { APIRequestContext, Locator, Page } from "@playwright/test";
import { createFunctionWith, createTrigger, expect, ok, test } from "../helpers.ts";

const TELLS_PARAMETERS = `import json

def handler(event, context):
    told = {"query": event["queryStringParameters"], "kind": event["headers"].get("x-kind")}
    return {"statusCode": 200, "headers": {}, "body": json.dumps(told), "isBase64Encoded": False}
`;

/** Calls an address: the body, or the status and the message. */
async function call(request: APIRequestContext, url: string, headers: Record<string, string> = {}) {
  const answer = await request.get(url, { headers });
  const body = await answer.json();
  return answer.ok() ? body : `${answer.status()} ${body.error_code} ${body.error_msg}`;
}

/** Creates a function with a trigger and opens the page of its API. */
async function openApiOfNew(page: Page, name: string, group: string, path: string) {
  await createFunctionWith(page, name, TELLS_PARAMETERS);
  const { pathUrl } = await createTrigger(page, name, { group, path });
  await page.getByRole("article").getByRole("link", { name: `API_${name}`, exact: true }).click();
  await expect(page.getByRole("heading", { name: `API_${name}`, level: 1 })).toBeVisible();
  return pathUrl;
}

async function openAdd(page: Page): Promise<Locator> {
  await page.getByRole("button", { name: "Add Request Parameter" }).click();
  return page.getByRole("dialog", { name: "Add Request Parameter" });
}

async function publish(page: Page) {
  await page.getByRole("button", { name: /^Publish Latest Version/ }).click();
  await ok(page);
  await expect(page.getByRole("heading", { name: "RELEASE Latest definition" })).toBeVisible();
}

const row = (page: Page, name: string) =>
  page.getByRole("table", { name: "Request Parameters" }).getByRole("row", { name: new RegExp(`^${name} `) });

test("what is declared is checked once it is published", async ({ page, request, named }) => {
  const url = await openApiOfNew(page, named("declared"), named("group"), "/declared");
  await expect(page.getByText("No request parameters.")).toBeVisible();

  let dialog = await openAdd(page);
  await dialog.getByLabel("Name").fill("page");
  await dialog.getByLabel("Type").selectOption("Number");
  await dialog.getByLabel("Minimum Value").fill("1");
  await ok(page);
  await expect(row(page, "page")).toContainText("At least 1");

  dialog = await openAdd(page);
  await dialog.getByLabel("Name").fill("sort");
  await dialog.getByLabel("Enumerated Values").fill("up, down");
  await dialog.getByRole("checkbox", { name: "A request must have it" }).uncheck();
  await dialog.getByLabel("Default Value").fill("up");
  await ok(page);
  await expect(row(page, "sort")).toContainText("One of up, down");

  dialog = await openAdd(page);
  await dialog.getByLabel("Name").fill("X-Kind");
  await dialog.getByLabel("Location").selectOption("Header");
  await dialog.getByLabel("Maximum Length").fill("5");
  await dialog.getByRole("checkbox", { name: "A request must have it" }).uncheck();
  await dialog.getByLabel("Default Value").fill("plain");
  await ok(page);
  await expect(row(page, "X-Kind")).toContainText("At most 5 characters");

  // Callers notice nothing yet, and the page says in what the definition differs.
  expect(await call(request, url)).toEqual({ query: {}, kind: null });
  const differences = page.getByRole("region", { name: "Differences" });
  await expect(differences.getByRole("row", { name: "Parameter page in the query — Number, required. At least 1." })).toBeVisible();
  await publish(page);
  await expect(differences).toHaveCount(0);

  expect(await call(request, url)).toBe("400 APIG.0201 Parameter page in the query: is required");
  expect(await call(request, `${url}?page=0`)).toBe("400 APIG.0201 Parameter page in the query: must be at least 1");
  expect(await call(request, `${url}?page=x`)).toBe("400 APIG.0201 Parameter page in the query: must be a decimal number");
  expect(await call(request, `${url}?page=1&sort=left`)).toBe(
    "400 APIG.0201 Parameter sort in the query: must be one of up, down",
  );
  expect(await call(request, `${url}?page=1`, { "X-KIND": "too long" })).toBe(
    "400 APIG.0201 Parameter X-Kind in the headers: must have at most 5 characters",
  );
  expect(await call(request, `${url}?page=1&other=2`)).toEqual({
    query: { page: "1", sort: "up", other: "2" },
    kind: "plain",
  });
  expect(await call(request, `${url}?page=7&sort=down`, { "X-Kind": "own" })).toEqual({
    query: { page: "7", sort: "down" },
    kind: "own",
  });
  // The code that calls it has what is required.
  await page.getByText("Call it").click();
  await expect(page.getByRole("region", { name: "curl" })).toContainText("/declared?page=1'");
});

test("a parameter is changed and deleted, and counts until that is published", async ({ page, request, named }) => {
  const url = await openApiOfNew(page, named("changed"), named("group"), "/changed");
  const dialog = await openAdd(page);
  await dialog.getByLabel("Name").fill("q");
  await dialog.getByLabel("Description").fill("What is looked for");
  await ok(page);
  await publish(page);
  expect(await call(request, url)).toBe("400 APIG.0201 Parameter q in the query: is required");

  await page.getByRole("button", { name: "Edit q" }).click();
  const edit = page.getByRole("dialog", { name: "Edit Request Parameter" });
  await expect(edit.getByLabel("Name")).toHaveValue("q");
  await expect(edit.getByLabel("Description")).toHaveValue("What is looked for");
  await edit.getByRole("checkbox", { name: "The function gets it" }).uncheck();
  await ok(page);
  await expect(row(page, "q")).toContainText("Any text; kept from the function");
  expect(await call(request, `${url}?q=a`)).toEqual({ query: { q: "a" }, kind: null });
  await publish(page);
  expect(await call(request, `${url}?q=a`)).toEqual({ query: {}, kind: null });

  await page.getByRole("button", { name: "Delete q" }).click();
  await page.getByLabel("Type DELETE to confirm").fill("DELETE");
  await ok(page);
  await expect(page.getByText("No request parameters.")).toBeVisible();
  expect(await call(request, url)).toBe("400 APIG.0201 Parameter q in the query: is required");
  await publish(page);
  expect(await call(request, url)).toEqual({ query: {}, kind: null });
});

test("what stands in the path is a parameter of it", async ({ page, request, named }) => {
  const url = await openApiOfNew(page, named("path"), named("group"), "/items/{id}");
  await expect(row(page, "id")).toContainText("Any text");
  await expect(page.getByRole("button", { name: "Delete id" })).toHaveCount(0);
  await page.getByRole("button", { name: "Edit id" }).click();
  const edit = page.getByRole("dialog", { name: "Edit Request Parameter" });
  await expect(edit.getByRole("checkbox", { name: "A request must have it" })).toHaveCount(0);
  await edit.getByLabel("Type").selectOption("Number");
  await ok(page);
  await expect(row(page, "id")).toContainText("Any number");
  await publish(page);
  expect(await call(request, url.replace("{id}", "x"))).toBe("400 APIG.0201 Parameter id in the path: must be a decimal number");
  expect(await call(request, url.replace("{id}", "7"))).toEqual({ query: {}, kind: null });

  // The path cannot lose what is declared of it.
  await page.getByRole("button", { name: "Edit", exact: true }).click();
  const api = page.getByRole("dialog", { name: "Edit API" });
  await api.getByLabel("Path").fill("/items/{item}");
  await expect(api.getByText("The path has no {id}, which is declared as a parameter of it")).toBeVisible();
  await expect(api.getByRole("button", { name: "OK" })).toBeDisabled();
});

test("what is wrong is said beside its field", async ({ page, named }) => {
  await openApiOfNew(page, named("wrong"), named("group"), "/wrong");
  const dialog = await openAdd(page);
  const press = dialog.getByRole("button", { name: "OK" });
  await expect(press).toBeDisabled();
  const says = async (label: string, value: string, message: string) => {
    const field = dialog.getByLabel(label);
    await field.fill(value);
    await expect(field).toHaveAccessibleDescription(new RegExp(`^${message}`));
    await expect(press).toBeDisabled();
  };
  await says("Name", "1st", "Must have 1 to 32 characters, a letter first");
  await says("Name", "X-Stage", "Must not be a name that the gateway uses itself");
  await dialog.getByLabel("Location").selectOption("Header");
  await says("Name", "a_b", "Must not have an underscore");
  await dialog.getByLabel("Location").selectOption("Path");
  await says("Name", "id", "The path has no {id}");
  await dialog.getByLabel("Location").selectOption("Query");
  await dialog.getByLabel("Type").selectOption("Number");
  await says("Minimum Value", "one", "Must be a decimal number");
  await dialog.getByLabel("Minimum Value").fill("10");
  await says("Maximum Value", "9", "Must be at least 10, the minimum");
  await dialog.getByLabel("Maximum Value").fill("20");
  await says("Enumerated Values", "11, 21", "21 must be at most 20");
  await dialog.getByLabel("Enumerated Values").fill("");
  await dialog.getByRole("checkbox", { name: "A request must have it" }).uncheck();
  await says("Default Value", "9", "Must be at least 10");
  await dialog.getByLabel("Default Value").fill("10");
  await ok(page);
  await expect(row(page, "id")).toContainText("10 to 20");

  // A second one of the same name and location.
  const second = await openAdd(page);
  await second.getByLabel("Name").fill("id");
  await expect(second.getByLabel("Name")).toHaveAccessibleDescription(/^Parameter id in the query is given twice/);
});
