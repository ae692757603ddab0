// A page that has its service worker do the work.
globalThis.result = (async () => {
  await navigator.serviceWorker.register("service-worker.js", { type: "module" });
  const { active } = await navigator.serviceWorker.ready;
  const { port1, port2 } = new MessageChannel();
  active.postMessage("do the job", [port2]);
  const { data } = await new Promise((resolve) => (port1.onmessage = resolve));
  if (data.error) throw new Error(data.error);
  return data.result;
})();
