// The server as a process: how it ends, and what is there when it starts again.
import {
  ADMINISTRATOR,
  artifacts,
  createFunctionWith,
  createTrigger,
  expect,
  open,
  SIGNED_OUT,
  signIn,
  test,
} from "../helpers.ts";
import { Server } from "../server.ts";

test.use(SIGNED_OUT);

test("a server that is stopped as soon as it says that it is ready ends cleanly", async () => {
  // Several times: a server that is ready before it listens for the signal may be lucky once.
  for (let count = 0; count < 5; count++) {
    const server = await Server.start({ artifacts: artifacts() });
    // Throws unless the exit code is 0.
    await server.stop();
  }
});

test("after a restart everything is as it was", async ({ browser }) => {
  const first = await Server.start({ artifacts: artifacts(), users: [ADMINISTRATOR] });
  const before = await browser.newContext({ baseURL: first.console });
  const page = await before.newPage();
  await open(page, "/sign-in");
  await signIn(page, ADMINISTRATOR);
  await expect(page.getByRole("heading", { name: "Function List" })).toBeVisible();
  await createFunctionWith(
    page,
    "kept",
    "def handler(event, context):\n    print('before the restart')\n    return {'statusCode': 200, 'body': context.getRequestID()}\n",
  );
  const old = await createTrigger(page, "kept", { group: "kept" });
  const requestId = await (await before.request.get(old.pathUrl)).text();
  const storageState = await before.storageState();
  await before.close();
  await first.end();

  const second = await Server.startOn(first.data);
  const after = await browser.newContext({ baseURL: second.console, storageState });
  const again = await after.newPage();
  // The session, the trigger and its host go on; the ports are others.
  await open(again, "/functions/kept/configuration/triggers");
  const url = again.getByRole("article", { name: "API_kept" }).getByRole("link", { name: "/_group/" });
  const answer = await after.request.get(await url.innerText());
  expect(answer.status()).toBe(200);
  expect(await answer.text()).not.toBe(requestId);
  await open(again, `/functions/kept/monitoring/logs?request=${requestId}`);
  await expect(again.getByRole("list", { name: "Log lines" })).toContainText("before the restart");
  await after.close();
  await second.stop();
});
