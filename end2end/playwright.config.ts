// How the end-to-end tests run. There is no server here: each worker starts its own
// (server.ts) with its own data, and a test makes what it needs under names of its own.
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { defineConfig, devices } from "@playwright/test";

const spec = /\.spec\.ts$/;
const specWithoutJavascript = /\.nojs\.spec\.ts$/;

export default defineConfig({
  testDir: "tests",
  globalSetup: "./global-setup.ts",
  // A test that passes only sometimes is a fault to mend.
  retries: 0,
  // Files run beside each other; the tests of one file run in order.
  fullyParallel: false,
  workers: 2,
  forbidOnly: !!process.env.CI,
  // Generous: on a machine that builds something else as well, only a hang takes so long.
  timeout: 60_000,
  expect: { timeout: 15_000 },
  reporter: [["list"], ["html", { open: "never" }]],
  use: {
    ...devices["Desktop Chrome"],
    // Trigger addresses are served by the local certificate authority.
    ignoreHTTPSErrors: true,
    permissions: ["clipboard-read", "clipboard-write"],
    trace: "retain-on-failure",
    screenshot: "only-on-failure",
    launchOptions: {
      // Playwright's own, from `npx playwright install`, where the system has none.
      executablePath: systemChromium(),
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
  projects: [
    { name: "chromium", testMatch: spec, testIgnore: specWithoutJavascript },
    {
      name: "no-javascript",
      testMatch: specWithoutJavascript,
      use: { javaScriptEnabled: false },
    },
  ],
});

/** The browser that SLUICE_CHROMIUM names, or one on the PATH. */
function systemChromium(): string | undefined {
  if (process.env.SLUICE_CHROMIUM) return process.env.SLUICE_CHROMIUM;
  const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
  const folders = (process.env.PATH ?? "").split(delimiter);
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(existsSync);
}
