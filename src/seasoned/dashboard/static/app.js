// Keys, and what plain HTML cannot do. Everything works without it, too, but for the keys.
(() => {
  "use strict";
  const $ = (selector, within = document) => within.querySelector(selector);
  const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];
  const isShown = (element) => element.checkVisibility ? element.checkVisibility() : element.offsetParent !== null;
  const isTyping = (target) => target.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable]");

  // Rows: j and k go through them, Enter follows the row's first link.
  const rows = () => $$("[data-row]").filter(isShown);
  const go = (step) => {
    const all = rows();
    if (!all.length) return;
    const at = all.findIndex((row) => row.contains(document.activeElement));
    const from = at >= 0 ? at : all.findIndex((row) => row.matches(":target, [aria-current]"));
    const next = all[Math.max(0, Math.min(all.length - 1, from < 0 ? 0 : from + step))];
    const link = next.matches("a, button") ? next : $("[data-go]", next);
    if (next.dataset.row === "follow" && link) { link.click(); return; }
    if (link) link.focus();
    else { next.tabIndex = -1; next.focus(); }
    next.scrollIntoView({ block: "nearest" });
  };

  const places = { h: "/", s: "/spaces", e: "/sessions", r: "/review", p: "/pipeline", u: "/usage" };
  let before = "";
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") {
      $$("[popover]").forEach((one) => one.matches(":popover-open") && one.hidePopover());
      if (isTyping(event.target)) event.target.blur();
      hidePeek();
      return;
    }
    if (isTyping(event.target)) return;
    const key = event.key;
    if (before === "g" && places[key]) { event.preventDefault(); before = ""; location.assign(places[key]); return; }
    before = key === "g" ? "g" : "";
    if (key === "/") { event.preventDefault(); $("#search")?.focus(); $("#search")?.select(); return; }
    if (key === "?") { event.preventDefault(); $("#keys").togglePopover(); return; }
    if (key === "j" || key === "k") { event.preventDefault(); go(key === "j" ? 1 : -1); return; }
    if (key === "t") {
      const starts = $$(".task-starts a"), under = innerHeight / 3;
      const next = starts.find((one) => one.getBoundingClientRect().top > under) ?? starts[0];
      next?.focus();
      next?.scrollIntoView({ block: "start" });
      return;
    }
    const button = $$(`[data-key="${CSS.escape(key)}"]`).find(isShown);
    if (button) { event.preventDefault(); button.focus(); button.click(); }
  });

  document.addEventListener("submit", (event) => {
    const said = event.submitter?.dataset.confirm ?? event.target.dataset.confirm;
    if (said && !confirm(said)) { event.preventDefault(); event.stopImmediatePropagation(); return; }
    // A second click would do it twice.
    if (event.target.dataset.busy) { event.preventDefault(); return; }
    if (event.target.method === "post") {
      event.target.dataset.busy = "1";
      setTimeout(() => delete event.target.dataset.busy, 4000);
    }
  }, true);

  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-opens]");
    if (opener) {
      const opened = document.getElementById(opener.dataset.opens);
      opened.hidden = !opened.hidden;
      opener.setAttribute("aria-expanded", String(!opened.hidden));
      if (!opened.hidden) $("input:not([type=hidden]), textarea", opened)?.focus();
    }
    const theme = event.target.closest("[data-theme-next]");
    if (theme) {
      const dark = matchMedia("(prefers-color-scheme: dark)").matches;
      const now = document.documentElement.dataset.theme || (dark ? "dark" : "light");
      const next = now === "dark" ? "light" : "dark";
      document.documentElement.dataset.theme = next;
      localStorage.setItem("theme", next);
    }
    const all = event.target.closest("[data-check-all]");
    if (all) $$(`input[name="${all.dataset.checkAll}"]`).forEach((box) => { box.checked = all.checked; });
  });

  // Blame in the margin: what a line rests on, while the pointer or the focus is on its mark.
  const peek = $("#peek");
  let asked = 0;
  const hidePeek = () => { asked += 1; if (peek) peek.hidden = true; };
  const showPeek = (mark) => {
    if (!peek || !mark.dataset.peek) return;
    const turn = ++asked;
    setTimeout(async () => {
      if (turn !== asked) return;
      await htmx.ajax("GET", mark.dataset.peek, { source: peek, target: "#peek", swap: "innerHTML" });
      if (turn !== asked) return;
      peek.hidden = false;
      const box = mark.getBoundingClientRect(), wide = innerWidth < 700;
      const left = wide ? 8 : Math.min(box.right + 10, innerWidth - peek.offsetWidth - 8);
      const top = wide ? box.bottom + 6 : box.top - 8;
      peek.style.setProperty("left", `${Math.max(8, left)}px`);
      peek.style.setProperty("top", `${Math.max(8, Math.min(top, innerHeight - peek.offsetHeight - 8))}px`);
    }, 120);
  };
  for (const kind of ["mouseover", "focusin"]) {
    document.addEventListener(kind, (event) => {
      const mark = event.target.closest?.("[data-peek]");
      if (mark) showPeek(mark);
      else if (peek && !peek.hidden && !event.target.closest?.("#peek")) hidePeek();
    });
  }
  addEventListener("scroll", () => { if (peek && !peek.hidden && !peek.matches(":hover")) hidePeek(); }, { passive: true });

  // What is shown live keeps quiet while somebody reads it with a screen reader or has it in focus.
  document.addEventListener("htmx:before:request", (event) => {
    if (event.target.matches?.("[data-live]") && event.target.contains(document.activeElement)) event.preventDefault();
  });
})();
