(() => {
  const root = document.documentElement;
  const span = (seconds) => {
    const s = Math.max(0, Math.round(seconds));
    if (s < 60) return `${s} s`;
    if (s < 3600) return `${Math.floor(s / 60)} min`;
    if (s < 172800) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
    return `${Math.floor(s / 86400)} d`;
  };
  const tick = () => {
    for (const time of document.querySelectorAll("time[data-clock]")) {
      const seconds = (Date.now() - Date.parse(time.dateTime)) / 1000;
      time.textContent = span(time.dataset.clock === "until" ? -seconds : seconds);
    }
  };
  const lost = (yes) => {
    document.getElementById("lost").hidden = !yes;
  };
  let busy = false;
  const refresh = async () => {
    if (busy || document.visibilityState !== "visible") return;
    busy = true;
    try {
      const answer = await fetch(location.href, { headers: { "if-none-match": root.dataset.tag }, cache: "no-store" });
      if (answer.status === 304) {
        const asOf = document.getElementById("as-of");
        asOf.dateTime = new Date().toISOString();
        asOf.textContent = `${asOf.dateTime.slice(0, 10)} ${asOf.dateTime.slice(11, 19)} UTC`;
        lost(false);
      } else if (answer.status === 401) {
        location.reload();
      } else if (answer.ok) {
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const parts = ["main", "#now"];
        if (parts.some((part) => !page.querySelector(part))) return location.reload();
        const open = new Set([...document.querySelectorAll("details")].filter((one) => one.open).map((one) => one.id));
        const shut = new Set([...document.querySelectorAll("details")].filter((one) => !one.open).map((one) => one.id));
        for (const one of page.querySelectorAll("details")) {
          if (open.has(one.id)) one.open = true;
          if (shut.has(one.id)) one.open = false;
        }
        root.dataset.tag = page.documentElement.dataset.tag;
        for (const part of parts) document.querySelector(part).replaceWith(page.querySelector(part));
        tick();
      } else {
        lost(true);
      }
    } catch {
      lost(true);
    } finally {
      busy = false;
    }
  };
  tick();
  setInterval(tick, 1000);
  if (root.dataset.live === "on") setInterval(refresh, 5000);
})();
