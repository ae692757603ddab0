// A server component, which does the job while it renders, with a client component in it.
import * as burrow from "burrow-store";
import { job } from "../job.mjs";
import { InBrowser } from "./in-browser.jsx";

export const dynamic = "force-dynamic";

export default async function Page() {
  const rendered = await job(burrow);
  return <InBrowser rendered={rendered} />;
}
