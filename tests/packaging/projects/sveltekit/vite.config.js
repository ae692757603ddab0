import { sveltekit } from "@sveltejs/kit/vite";

export default {
  plugins: [sveltekit()],
  // The job is beside the routes' folder.
  server: { fs: { allow: ["job.mjs"] } },
};
