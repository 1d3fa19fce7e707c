// API Gateway > Environments: where APIs are published.
import type { Page } from "@playwright/test";
import { createFunctionWith, createTrigger, expect, open, test } from "../helpers.ts";

const ANSWERS = `def handler(event, context):
    return {"statusCode": 200, "headers": {}, "body": "hello", "isBase64Encoded": False}
`;

const row = (page: Page, name: string) => page.getByRole("row", { name: new RegExp(`^${name} `) });

async function remove(page: Page, name: string) {
  await page.getByRole("button", { name: `Delete ${name}` }).click();
  const dialog = page.getByRole("dialog", { name: "Delete Environment" });
  await dialog.getByLabel("Type DELETE to confirm").fill("DELETE");
  await dialog.getByRole("button", { name: "OK" }).click();
  return dialog;
}

test("an environment is created, described and deleted", async ({ page, named }) => {
  const name = named("Tried");
  await open(page, "/api-gateway/environments");
  await expect(row(page, "RELEASE")).toContainText("Always there");
  await expect(page.getByRole("button", { name: "Delete RELEASE" })).toHaveCount(0);
  await page.getByRole("button", { name: "Create Environment" }).click();
  const form = page.getByRole("dialog", { name: "Create Environment" });
  const field = form.getByRole("textbox", { name: "Name" });
  await field.fill("1a");
  await expect(field).toHaveAccessibleDescription(/^Must have 3 to 64 characters, has 2/);
  await expect(form.getByRole("button", { name: "OK" })).toBeDisabled();
  await field.fill("RELEASE");
  const description = form.getByRole("textbox", { name: "Description" });
  await description.fill("x".repeat(256));
  await expect(description).toHaveAccessibleDescription(/^Must have at most 255 characters, has 256/);
  await description.fill("What is tried.");
  await form.getByRole("button", { name: "OK" }).click();
  await expect(form.getByRole("alert")).toContainText("APIG.3205: There is an environment of this name already.");
  await field.fill(name);
  await form.getByRole("button", { name: "OK" }).click();
  await expect(form).toBeHidden();
  await expect(row(page, name)).toContainText("What is tried.");

  await page.getByRole("button", { name: `Edit ${name}` }).click();
  const edit = page.getByRole("dialog", { name: "Edit Environment" });
  await expect(edit.getByRole("textbox", { name: "Description" })).toHaveValue("What is tried.");
  await edit.getByRole("textbox", { name: "Description" }).fill("What was tried.");
  await edit.getByRole("button", { name: "OK" }).click();
  await expect(row(page, name)).toContainText("What was tried.");
  await remove(page, name);
  await expect(row(page, name)).toHaveCount(0);
});

test("an environment with published APIs is not deleted", async ({ page, named }) => {
  const [name, stage] = [named("stays"), named("Kept")];
  await createFunctionWith(page, name, ANSWERS);
  await createTrigger(page, name, { group: named("group"), environment: stage });
  await open(page, "/api-gateway/environments");
  await expect(row(page, stage).getByRole("link", { name: "1" })).toBeVisible();
  const dialog = await remove(page, stage);
  await expect(dialog.getByRole("alert")).toContainText("APIG.3418: The environment contains published APIs");
  await dialog.getByRole("button", { name: "Cancel" }).click();

  // By the number to the API, which is taken offline.
  await row(page, stage).getByRole("link", { name: "1" }).click();
  await page.getByRole("link", { name: `API_${name}` }).click();
  await page.getByRole("button", { name: `Take Offline in ${stage}` }).click();
  await page.getByRole("dialog").getByRole("button", { name: "OK" }).click();
  await expect(page.getByRole("article", { name: stage })).toContainText("It is not published here");
  await page.getByRole("link", { name: "Environments" }).click();
  await remove(page, stage);
  await expect(row(page, stage)).toHaveCount(0);
});
