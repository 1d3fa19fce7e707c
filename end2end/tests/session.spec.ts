// Signing in and out, and what nobody sees without it.
import { ADMINISTRATOR, expect, hydrated, open, SIGNED_OUT, signIn, test } from "../helpers.ts";
import type { User } from "../server.ts";

test.use(SIGNED_OUT);

const COOKIE = "sluice_session";

test("the first visit creates the administrator", async ({ page, newServer }) => {
  await open(page, `${newServer.console}/functions`);
  await expect(page).toHaveURL(`${newServer.console}/welcome`);
  await expect(page.getByRole("main")).toMatchAriaSnapshot(`
    - main:
      - heading "Welcome to Sluice" [level=1]
      - paragraph: Create the administrator of this console. Everything else waits behind this account.
      - text: User Name
      - textbox "User Name": admin
      - text: Password
      - textbox "Password"
      - paragraph: 8 to 256 characters.
      - text: Repeat Password
      - textbox "Repeat Password"
      - button "Create Administrator"
  `);
  const password = page.getByLabel("Password", { exact: true });
  const repeated = page.getByLabel("Repeat Password");
  await password.fill("short");
  await expect(password).toHaveAccessibleDescription(/Must have 8 to 256 characters, has 5/);
  await password.fill(ADMINISTRATOR.password);
  await expect(password).not.toHaveAccessibleDescription(/Must have/);
  await repeated.fill("something else");
  await expect(repeated).toHaveAccessibleDescription(/The two passwords differ/);
  await repeated.fill(ADMINISTRATOR.password);
  await page.getByRole("button", { name: "Create Administrator" }).click();
  await expect(page.getByRole("heading", { name: "Function List" })).toBeVisible();

  // There is one first visit only.
  await open(page, `${newServer.console}/welcome`);
  await expect(page).toHaveURL(`${newServer.console}/functions`);
});

test("signing out ends the session", async ({ page, context }) => {
  await open(page, "/sign-in");
  await signIn(page, ADMINISTRATOR);
  await expect(page.getByRole("heading", { name: "Function List" })).toBeVisible();
  await hydrated(page);
  const before = await context.storageState();
  await page.getByRole("button", { name: "Sign Out" }).click();
  await expect(page.getByRole("heading", { name: "Sign In to Sluice" })).toBeVisible();
  await open(page, "/functions");
  await expect(page).toHaveURL("/sign-in?next=/functions");
  // Who kept the cookie has nothing of it.
  await context.addCookies(before.cookies);
  await open(page, "/functions");
  await expect(page).toHaveURL("/sign-in?next=/functions");
});

test("signing in leads to the page that was asked for", async ({ page }) => {
  await open(page, "/functions?q=one%20two");
  await expect(page).toHaveURL(/\/sign-in\?next=/);
  await signIn(page, ADMINISTRATOR);
  await expect(page).toHaveURL("/functions?q=one%20two");
});

test("signing in never leads to another site", async ({ page }) => {
  await open(page, "/sign-in?next=//example.com/");
  await signIn(page, ADMINISTRATOR);
  await expect(page).toHaveURL("/functions");
});

test("a wrong password and an unknown name get the same answer", async ({ page }) => {
  await open(page, "/sign-in");
  const check = async (user: User) => {
    const answered = page.waitForResponse(/session\/sign-in/);
    await signIn(page, user);
    expect((await answered).status()).toBe(401);
    await expect(page.getByRole("alert")).toContainText("User name or password is wrong.");
  };
  await check({ ...ADMINISTRATOR, password: "wrong horse battery" });
  await check({ ...ADMINISTRATOR, name: "nobody" });
  await signIn(page, ADMINISTRATOR);
  await expect(page.getByRole("heading", { name: "Function List" })).toBeVisible();
});

test("five wrong passwords slow the account down, and no other", async ({ page, server, named }) => {
  const slow = { name: named("slow"), password: "correct horse battery" };
  await server.addUser(slow);
  await open(page, "/sign-in");
  for (let count = 1; count <= 5; count++) {
    const answered = page.waitForResponse(/session\/sign-in/);
    await signIn(page, { ...slow, password: "wrong horse battery" });
    expect((await answered).status()).toBe(401);
  }
  await signIn(page, slow);
  await expect(page.getByRole("alert")).toContainText(/Too many wrong passwords. Try again in \d+ s./);
  await signIn(page, ADMINISTRATOR);
  await expect(page.getByRole("heading", { name: "Function List" })).toBeVisible();
});

test("without a session pages lead to the sign-in form", async ({ request }) => {
  const check = async (path: string) => {
    const answer = await request.get(path, { maxRedirects: 0 });
    return `${answer.status()} ${answer.headers().location}`;
  };
  expect(await check("/")).toBe("303 /sign-in");
  expect(await check("/functions")).toBe("303 /sign-in?next=/functions");
  expect(await check("/create-function")).toBe("303 /sign-in?next=/create-function");
  expect(await check("/functions/a/code")).toBe("303 /sign-in?next=/functions/a/code");
  expect(await check("/functions/a/monitoring/logs?request=b")).toBe(
    "303 /sign-in?next=/functions/a/monitoring/logs%3Frequest%3Db",
  );
  expect(await check("/no-such-page")).toBe("303 /sign-in?next=/no-such-page");
  expect(await check("/welcome")).toBe("303 /sign-in");
});

test("without a session the API refuses", async ({ request }) => {
  const gets = ["functions/list", "functions/find?name=a", "code/find?name=a", "triggers/choices"];
  for (const path of gets) {
    const answer = await request.get(`/api/${path}`);
    expect(answer.status(), path).toBe(401);
    expect(await answer.json(), path).toBe("SignedOut");
  }
  const posts = ["functions/create", "functions/delete", "code/deploy", "code/test"]
    .concat(["functions/update-env-vars", "triggers/create", "api-groups/create", "logs/requests"]);
  for (const path of posts) {
    const answer = await request.post(`/api/${path}`, { data: {} });
    expect(answer.status(), path).toBe(401);
  }
});

test("what another site's page sends is refused", async ({ request }) => {
  const form = { name: ADMINISTRATOR.name, password: ADMINISTRATOR.password };
  const check = async (headers: Record<string, string>) =>
    (await request.post("/api/session/sign-in", { form, headers })).status();
  expect(await check({ "sec-fetch-site": "cross-site" })).toBe(403);
  expect(await check({ "sec-fetch-site": "same-site" })).toBe(403);
  expect(await check({ origin: "https://example.com" })).toBe(403);
  expect(await check({ "sec-fetch-site": "same-origin" })).toBe(200);
});

test("the cookie is kept from scripts and from other sites and hosts", async ({ page, context }) => {
  await open(page, "/sign-in");
  const signedIn = page.waitForResponse(/session\/sign-in/);
  await signIn(page, ADMINISTRATOR);
  const line = (await (await signedIn).allHeaders())["set-cookie"]!.toLowerCase();
  expect(line).toContain("httponly");
  expect(line).toContain("samesite=lax");
  // Without a domain the browser keeps it for this host alone.
  expect(line).not.toContain("domain");
  await expect(page.getByRole("heading", { name: "Function List" })).toBeVisible();
  const cookie = (await context.cookies()).find(({ name }) => name === COOKIE)!;
  expect(cookie).toMatchObject({ domain: "localhost", path: "/", httpOnly: true, sameSite: "Lax" });
  expect(await page.evaluate(() => document.cookie)).not.toContain(COOKIE);
});

test("signing in changes the id of the session", async ({ playwright, server }) => {
  const browser = await playwright.request.newContext({ baseURL: server.console });
  const signIn = async () => {
    const answer = await browser.post("/api/session/sign-in", { form: { ...ADMINISTRATOR } });
    expect(answer.status()).toBe(200);
    const { cookies } = await browser.storageState();
    return cookies.find(({ name }) => name === COOKIE)!.value;
  };
  const first = await signIn();
  const second = await signIn();
  expect(second).not.toBe(first);
  const status = async (id: string) => {
    const headers = { cookie: `${COOKIE}=${id}` };
    const visitor = await playwright.request.newContext({ baseURL: server.console });
    const answer = await visitor.get("/api/functions/list", { headers });
    await visitor.dispose();
    return answer.status();
  };
  expect(await status(second)).toBe(200);
  expect(await status(first)).toBe(401);
  await browser.dispose();
});
