// Administration > Users and Audit Log, and My Account: who may do what, and who did.
import type { Browser, Page } from "@playwright/test";
import { ADMINISTRATOR, createFunction, expect, ok, open, signIn, SIGNED_OUT, test } from "../helpers.ts";

const row = (page: Page, name: string) => page.getByRole("row").filter({ hasText: name });

/** The console as somebody else sees it, who signs in. */
async function as(browser: Browser, baseURL: string, user: { name: string; password: string }): Promise<Page> {
  const page = await browser.newPage({ baseURL, ...SIGNED_OUT });
  await open(page, "/sign-in");
  await signIn(page, user);
  return page;
}

async function createUser(page: Page, user: { name: string; password: string }, role: string) {
  await open(page, "/users");
  await page.getByRole("button", { name: "Create User" }).click();
  const dialog = page.getByRole("dialog", { name: "Create User" });
  await dialog.getByLabel("User Name").fill(user.name);
  await dialog.getByLabel("Role").selectOption(role);
  await dialog.getByLabel("Password").fill(user.password);
  await ok(page);
  await expect(row(page, user.name)).toContainText(role);
}

test("an administrator makes a viewer, who looks and changes nothing until they may", async ({ page, browser, baseURL, named }) => {
  const viewer = { name: named("vera"), password: "correct horse battery" };
  const [seen, made] = [named("seen"), named("made")];
  await createFunction(page, seen);
  await createUser(page, viewer, "Viewer");
  await expect(row(page, viewer.name)).toContainText("Never");

  const theirs = await as(browser, baseURL ?? "", viewer);
  await expect(theirs.getByRole("banner")).toContainText("View only");
  await expect(theirs.getByRole("link", { name: "Users", exact: true })).toHaveCount(0);
  await open(theirs, `/functions?q=${seen}`);
  await expect(theirs.getByRole("link", { name: seen, exact: true })).toBeVisible();
  const create = async () => {
    await open(theirs, "/create-function");
    await theirs.getByRole("textbox", { name: "Function Name" }).fill(made);
    await theirs.getByRole("button", { name: "Create Function" }).click();
  };
  await create();
  await expect(theirs.getByRole("alert")).toContainText("This takes a developer or an administrator; you are signed in as viewer.");
  await open(theirs, "/users");
  await expect(theirs.getByRole("alert")).toContainText("This takes an administrator");

  await open(page, "/users");
  await row(page, viewer.name).getByRole("button", { name: `Change role of ${viewer.name}` }).click();
  await page.getByRole("dialog", { name: "Change Role" }).getByLabel("Role").selectOption("Developer");
  await ok(page);
  await expect(row(page, viewer.name)).toContainText("Developer");
  await create();
  await expect(theirs.getByRole("heading", { name: made, level: 1 })).toBeVisible();

  // Who did it, and who tried to, can be read afterwards.
  await open(page, `/audit?user=${viewer.name}`);
  const created = page.getByRole("row").filter({ hasText: "Functions: create" });
  await expect(created.filter({ hasText: "Done" })).toContainText(made);
  await expect(created.filter({ hasText: "Refused (403)" })).toContainText(made);
  await page.getByRole("searchbox", { name: "User" }).fill(ADMINISTRATOR.name);
  await page.getByRole("searchbox", { name: "Text" }).fill(viewer.name);
  await page.getByRole("button", { name: "Search" }).click();
  await expect(page).toHaveURL(new RegExp(`/audit\\?user=${ADMINISTRATOR.name}&q=${viewer.name}`));
  await expect(page.getByRole("row").filter({ hasText: "Users: set role" })).toContainText(viewer.name);
  await expect(page.getByRole("row").filter({ hasText: "Users: create" })).toContainText(`${viewer.name}, VIEWER`);
  await theirs.close();
});

test("who is disabled is signed out, and who is deleted is gone", async ({ page, browser, baseURL, named }) => {
  const user = { name: named("dora"), password: "correct horse battery" };
  await createUser(page, user, "Developer");
  const theirs = await as(browser, baseURL ?? "", user);
  await expect(theirs.getByRole("heading", { name: "Function List" })).toBeVisible();
  await open(page, "/users");
  await row(page, user.name).getByRole("button", { name: `Disable ${user.name}` }).click();
  await expect(row(page, user.name)).toContainText("Disabled");
  await open(theirs, "/functions");
  await expect(theirs).toHaveURL(/sign-in/);
  await signIn(theirs, user);
  await expect(theirs.getByRole("alert")).toContainText("The account is disabled.");

  await row(page, user.name).getByRole("button", { name: `Enable ${user.name}` }).click();
  await expect(row(page, user.name)).toContainText("Enabled");
  await row(page, user.name).getByRole("button", { name: `Reset password of ${user.name}` }).click();
  await page.getByRole("dialog", { name: "Reset Password" }).getByLabel("New Password").fill("another password");
  await ok(page);
  await open(theirs, "/sign-in");
  await signIn(theirs, { ...user, password: "another password" });
  await expect(theirs.getByRole("heading", { name: "Function List" })).toBeVisible();

  await row(page, user.name).getByRole("button", { name: `Delete ${user.name}` }).click();
  await page.getByLabel("Type DELETE to confirm").fill("DELETE");
  await ok(page);
  await expect(row(page, user.name)).toHaveCount(0);
  await open(theirs, "/functions");
  await expect(theirs).toHaveURL(/sign-in/);
  await theirs.close();
});

test("users change their own password and stay signed in", async ({ page, browser, baseURL, named }) => {
  const user = { name: named("own"), password: "correct horse battery" };
  await createUser(page, user, "Viewer");
  const theirs = await as(browser, baseURL ?? "", user);
  await expect(theirs.getByRole("heading", { name: "Function List" })).toBeVisible();
  await theirs.getByRole("banner").getByRole("link", { name: user.name }).click();
  await expect(theirs.getByRole("heading", { name: "My Account", level: 1 })).toBeVisible();
  const field = (label: string) => theirs.getByLabel(label, { exact: true });
  await field("Current Password").fill("wrong password");
  await field("New Password").fill("another password");
  await field("Repeat New Password").fill("different password");
  await expect(field("Repeat New Password")).toHaveAccessibleDescription(/^The two passwords differ/);
  await field("Repeat New Password").fill("another password");
  await theirs.getByRole("button", { name: "Change Password" }).click();
  await expect(field("Current Password")).toHaveAccessibleDescription(/^The password is wrong/);
  await field("Current Password").fill(user.password);
  await theirs.getByRole("button", { name: "Change Password" }).click();
  await expect(theirs.getByRole("status")).toContainText("Your password is changed.");
  await open(theirs, "/functions");
  await expect(theirs.getByRole("heading", { name: "Function List" })).toBeVisible();
  await theirs.close();
});

test("a user is created by the rules of names and passwords, and once", async ({ page }) => {
  await open(page, "/users");
  await expect(page.getByRole("row").filter({ has: page.getByText("You", { exact: true }) })).toContainText(ADMINISTRATOR.name);
  await page.getByRole("button", { name: "Create User" }).click();
  const dialog = page.getByRole("dialog", { name: "Create User" });
  const [name, password] = [dialog.getByLabel("User Name"), dialog.getByLabel("Password")];
  await name.fill("1a");
  await expect(name).toHaveAccessibleDescription(/^Must start with a letter/);
  await name.fill(ADMINISTRATOR.name.toUpperCase());
  await password.fill("short");
  await expect(password).toHaveAccessibleDescription(/^Must have 8 to 256 characters, has 5/);
  await expect(dialog.getByRole("button", { name: "OK" })).toBeDisabled();
  await password.fill("long enough");
  await dialog.getByRole("button", { name: "OK" }).click();
  await expect(name).toHaveAccessibleDescription(/^There is a user of this name already/);
});

test("an administrator sees how the server fares", async ({ page }) => {
  await open(page, "/functions");
  await page.getByRole("link", { name: "System", exact: true }).click();
  await expect(page.getByRole("heading", { name: "System", level: 1 })).toBeVisible();
  await expect(page.getByRole("meter", { name: "Disk" })).toBeVisible();
  await expect(page.getByRole("region", { name: "Storage" })).toContainText("sluice backup FILE");
  // Renewed in place.
  const up = page.getByText("Up", { exact: true }).locator("+ dd");
  const first = await up.innerText();
  await expect(up).not.toHaveText(first);
});
