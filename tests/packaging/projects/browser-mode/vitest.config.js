import { playwright } from "@vitest/browser-playwright";

const { CHROMIUM: executablePath, CHROMIUM_FLAGS: flags } = process.env;

export default {
  test: {
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({ launchOptions: { executablePath, args: flags.split(" ") } }),
      instances: [{ browser: "chromium" }],
    },
  },
};
