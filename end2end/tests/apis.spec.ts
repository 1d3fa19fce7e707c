// API Gateway > APIs: an edit reaches callers once it is published, in one environment at a time.
import type { APIRequestContext, Page } from "@playwright/test";
import { createFunctionWith, createTrigger, expect, ok, open, openCreateTrigger, test } from "../helpers.ts";

const TELLS_STAGE = `def handler(event, context):
    return {"statusCode": 200, "headers": {}, "body": event["requestContext"]["stage"], "isBase64Encoded": False}
`;

/** Calls an address in an environment: the body, or the status and the code. */
async function call(request: APIRequestContext, url: string, stage?: string) {
  const answer = await request.get(url, { headers: stage ? { "X-Stage": stage } : {} });
  const text = await answer.text();
  return answer.ok() ? text : `${answer.status()} ${JSON.parse(text).error_code}`;
}

/** Opens the page of an API by the list of all. */
async function openApi(page: Page, name: string) {
  await open(page, `/api-gateway/apis?q=${name}`);
  await page.getByRole("link", { name, exact: true }).click();
  await expect(page.getByRole("heading", { name, level: 1 })).toBeVisible();
}

const environment = (page: Page, name: string) => page.getByRole("article", { name, exact: true });

async function editPath(page: Page, path: string) {
  await page.getByRole("button", { name: "Edit", exact: true }).click();
  await page.getByRole("dialog").getByLabel("Path").fill(path);
  await ok(page);
  await expect(page.getByRole("region", { name: "Latest Definition" })).toContainText(path);
}

async function publish(page: Page, name: string, description = "") {
  await page.getByRole("button", { name: /^Publish Latest Version/ }).click();
  const dialog = page.getByRole("dialog", { name: "Publish Latest Version" });
  const list = dialog.getByRole("combobox", { name: "Environment" });
  const option = list.getByRole("option", { name: new RegExp(`^${name}( \\(|$)`) });
  await list.selectOption((await option.getAttribute("value"))!);
  await dialog.getByLabel("Description").fill(description);
  await ok(page);
  await expect(environment(page, name).getByRole("heading", { name: `${name} Latest definition` })).toBeVisible();
}

test("an edit is not live until it is published", async ({ page, request, named }) => {
  const name = named("edited");
  await createFunctionWith(page, name, TELLS_STAGE);
  const { pathUrl: old } = await createTrigger(page, name, { group: named("group"), path: "/old" });
  const edited = old.replace("/old", "/new");
  await page.getByRole("article").getByRole("link", { name: `API_${name}`, exact: true }).click();
  await expect(page.getByRole("heading", { name: `API_${name}`, level: 1 })).toBeVisible();
  const release = environment(page, "RELEASE");
  await expect(release).toContainText("Record 1, published");
  await expect(release.getByRole("region", { name: "Differences" })).toHaveCount(0);

  await editPath(page, "/new");
  await expect(release).toContainText("Definition changed since");
  await expect(release.getByRole("row", { name: "Path /old /new" })).toBeVisible();
  expect(await call(request, old)).toBe("RELEASE");
  expect(await call(request, edited)).toBe("404 APIG.0101");

  // The list and the card of the trigger say so too; the card shows what callers reach.
  await open(page, `/api-gateway/apis?q=${name}`);
  await expect(page.getByRole("row", { name: new RegExp(`API_${name}`) })).toContainText("RELEASE: changed since");
  await open(page, `/functions/${name}/configuration/triggers`);
  const card = page.getByRole("article", { name: `API_${name}` });
  await expect(card).toContainText("The definition has changed since it was published.");
  await expect(card.getByRole("link", { name: "/_group/" })).toHaveText(/\/old$/);

  await card.getByRole("link", { name: "See what differs" }).click();
  await publish(page, "RELEASE", "the new path");
  await expect(release).toContainText("Record 2, published");
  await expect(release).toContainText("the new path");
  expect(await call(request, old)).toBe("404 APIG.0101");
  expect(await call(request, edited)).toBe("RELEASE");
});

test("a second environment is reached by X-Stage, and each is taken offline by itself", async ({ page, request, named }) => {
  const [name, stage] = [named("staged"), named("Stage")];
  await createFunctionWith(page, name, TELLS_STAGE);
  const { pathUrl: url } = await createTrigger(page, name, { group: named("group"), environment: stage });
  expect(await call(request, url)).toBe("404 APIG.0101");
  await openApi(page, `API_${name}`);
  await expect(environment(page, "RELEASE")).toContainText("It is not published here");
  await publish(page, "RELEASE");
  expect(await call(request, url)).toBe("RELEASE");
  expect(await call(request, url, stage)).toBe(stage);
  await environment(page, stage).getByText("Call it").click();
  await expect(environment(page, stage).getByRole("region", { name: "curl" })).toContainText(`-H 'X-Stage: ${stage}'`);

  for (const [left, other] of [["RELEASE", stage], [stage, "RELEASE"]] as const) {
    await page.getByRole("button", { name: `Take Offline in ${left}` }).click();
    await ok(page);
    await expect(environment(page, left)).toContainText("It is not published here");
    expect(await call(request, url, left)).toBe("404 APIG.0101");
    if (left === "RELEASE") expect(await call(request, url, other)).toBe(other);
  }
  await open(page, `/functions/${name}/configuration/triggers`);
  await expect(page.getByRole("article", { name: `API_${name}` })).toContainText("It is published in no environment");
  await open(page, "/api-gateway/environments");
  await page.getByRole("button", { name: `Delete ${stage}` }).click();
  await page.getByLabel("Type DELETE to confirm").fill("DELETE");
  await ok(page);
});

test("the records of an environment are told, and one of them is published again", async ({ page, request, named }) => {
  const name = named("recorded");
  await createFunctionWith(page, name, TELLS_STAGE);
  const { pathUrl } = await createTrigger(page, name, { group: named("group"), path: "/v1" });
  const path = (version: string) => pathUrl.replace("/v1", version);
  await openApi(page, `API_${name}`);
  await editPath(page, "/v2");
  await publish(page, "RELEASE", "second path");
  expect(await call(request, path("/v2"))).toBe("RELEASE");

  await page.getByRole("button", { name: "View Publishing Records of RELEASE" }).click();
  const dialog = page.getByRole("dialog", { name: "Publishing Records of RELEASE" });
  const rows = dialog.getByRole("table", { name: "Publishing Records" }).getByRole("row");
  await expect(rows).toHaveCount(3);
  await expect(rows.nth(1)).toContainText(/^2 Current\s*second path/);
  await expect(rows.nth(2)).toContainText(/^1/);
  await expect(dialog.getByRole("button", { name: "Switch Version to 2" })).toHaveCount(0);
  await dialog.getByRole("button", { name: "View Details of 1" }).click();
  const record = dialog.getByRole("region", { name: "Record 1" });
  await expect(record.getByRole("row", { name: "Path /v1 /v2" })).toBeVisible();
  await dialog.getByRole("button", { name: "Switch Version to 1" }).click();
  await expect(dialog).toBeHidden();
  await expect(environment(page, "RELEASE")).toContainText("Record 1, published");
  await expect(page.getByRole("region", { name: "Latest Definition" })).toContainText("/v2");
  expect(await call(request, path("/v1"))).toBe("RELEASE");
  expect(await call(request, path("/v2"))).toBe("404 APIG.0101");
});

test("an API whose path another one has is refused, with its name", async ({ page, named }) => {
  const [name, group] = [named("twins"), named("group")];
  await createFunctionWith(page, name, TELLS_STAGE);
  await createTrigger(page, name, { group, apiName: `First_${name}`, path: "/first" });
  const dialog = await openCreateTrigger(page, name);
  await dialog.getByLabel("API Name").fill(`Second_${name}`);
  await dialog.getByRole("combobox", { name: "API Group" }).selectOption(group);
  await dialog.getByLabel("Path").fill("/second");
  await dialog.getByRole("button", { name: "OK" }).click();
  await expect(dialog).toBeHidden();
  await openApi(page, `Second_${name}`);
  await editPath(page, "/first");
  await page.getByRole("button", { name: /^Publish Latest Version/ }).click();
  await page.getByRole("dialog").getByRole("button", { name: "OK" }).click();
  await expect(page.getByRole("alert")).toContainText(
    `APIG.3301: The group has an API with this path, method and matching in this environment already: First_${name}.`,
  );
  await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
  await expect(environment(page, "RELEASE")).toContainText("Record 1, published");
});

test("the list is searched as one types", async ({ page, named }) => {
  const name = named("listed");
  const group = named("Findable");
  await createFunctionWith(page, name, TELLS_STAGE);
  await createTrigger(page, name, { group, path: "/listed/{id}", method: "POST" });
  await open(page, "/api-gateway/apis");
  const row = page.getByRole("row", { name: new RegExp(`^API_${name} `) });
  for (const cell of ["/listed/{id}", "POST", "None", group, name, "RELEASE"]) {
    await expect(row.getByRole("cell", { name: cell, exact: true })).toBeVisible();
  }
  const search = page.getByRole("searchbox", { name: "Search APIs" });
  await search.fill(group.toUpperCase());
  await expect(page.getByRole("row")).toHaveCount(2);
  await search.fill("nothing has this");
  await expect(page.getByText("No API matches the search.")).toBeVisible();
  await search.fill("");
  await row.getByRole("link", { name, exact: true }).click();
  await expect(page).toHaveURL(`/functions/${name}/configuration/triggers`);
});
