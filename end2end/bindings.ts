// What is bound to APIs: credentials and policies, each a card on its page.
import type { Page } from "@playwright/test";
import { expect, ok } from "./helpers.ts";

/** The card of that name. */
export const card = (page: Page, name: string) => page.getByRole("article", { name });

/** Binds what the card shows to an API. */
export async function bind(page: Page, name: string, api: string) {
  await card(page, name).getByRole("button", { name: "Bind to APIs" }).click();
  await page.getByRole("checkbox", { name: new RegExp(`^${api} `) }).check();
  await ok(page);
  await expect(card(page, name)).toContainText(`${api} (`);
}
