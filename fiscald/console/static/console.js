// The console's own script: everything else is done by the server, and by htmx for parts of a page.
"use strict";
(() => {
  const each = (what, where, act) => where.querySelectorAll(what).forEach(act);

  // A window that opens by itself, and is closed by its own buttons or Escape.
  const windows = () => each("dialog[data-opens]", document, (dialog) => {
    if (!dialog.open) dialog.showModal();
    dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      dialog.querySelector("form.close")?.requestSubmit();
    });
  });

  // Live parts ask for themselves again when the daemon says that something has changed.
  const live = () => {
    const parts = document.querySelectorAll("[data-live]");
    if (!parts.length) return;
    const waiting = new Map();
    const refresh = ({ id }) => {
      clearTimeout(waiting.get(id));
      waiting.set(id, setTimeout(() => {
        const part = document.getElementById(id); // the part that is there then: each answer replaces it
        if (part?.classList.contains("htmx-request")) refresh(part);
        else if (part) htmx.trigger(part, "changed");
      }, 150));
    };
    const changed = (kind, data) => each("[data-live]", document, (part) => {
      const wanted = part.dataset.live.split(" ");
      if (!wanted.includes(kind)) return;
      if (part.dataset.of && part.dataset.of !== data) return;
      refresh(part);
    });
    const read = (event, name) => { try { return name(JSON.parse(event.data)); } catch { return ""; } };
    const note = document.getElementById("lost");
    let lost = null;
    let events = null;
    const connect = () => {
      events = new EventSource("/console/events");
      events.addEventListener("printer", (event) => changed("printer", read(event, (it) => it.name)));
      events.addEventListener("job", (event) => changed("job", read(event, (it) => it.job.key)));
      events.addEventListener("licence", () => changed("licence", ""));
      events.onerror = () => {
        lost ??= setTimeout(() => { note.hidden = false; }, 2000);
        if (events.readyState === EventSource.CLOSED) setTimeout(again, 3000);
      };
      events.onopen = () => {
        clearTimeout(lost);
        lost = null;
        note.hidden = true;
        // Also the first time: something may have changed since the page was made.
        each("[data-live]", document, refresh);
      };
    };
    // The daemon refused the stream: the session may have ended, with a restart for instance.
    const again = async () => {
      try {
        const answer = await fetch("/console/", { redirect: "manual" });
        if (answer.type === "opaqueredirect") { location.reload(); return; }
      } catch { /* it is not there yet */ }
      connect();
    };
    connect();
    addEventListener("pagehide", () => events.close());
  };

  // A live part that is replaced keeps what is open in it, and where the keyboard is.
  let kept = null;
  const mark = (it) => `${it.tagName} ${it.getAttribute("href") ?? ""} ${it.textContent.trim()}`;
  document.addEventListener("htmx:beforeSwap", ({ detail: { target } }) => {
    if (!target.matches?.("[data-live]")) return;
    const open = [...target.querySelectorAll("details[open] > summary")].map(mark);
    const focus = target.contains(document.activeElement) ? mark(document.activeElement) : "";
    kept = { id: target.id, open, focus };
  });
  document.addEventListener("htmx:afterSettle", () => {
    const part = kept && document.getElementById(kept.id);
    if (part) {
      each("summary", part, (it) => { if (kept.open.includes(mark(it))) it.parentElement.open = true; });
      const same = (it) => kept.focus && mark(it) === kept.focus;
      [...part.querySelectorAll("a, button, summary, [tabindex]")].find(same)?.focus({ preventScroll: true });
    }
    kept = null;
  });

  // A form is sent once, and a slow step says that it is under way.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    setTimeout(() => { delete form.dataset.sent; }, 3000);
    const note = form.querySelector("[data-wait]");
    if (note) { note.hidden = false; }
  });
  addEventListener("pageshow", () => each("form[data-sent]", document, (form) => delete form.dataset.sent));

  // A file is read here, into the field beside it: it is sent like text that was pasted.
  document.addEventListener("change", async (event) => {
    const target = event.target;
    if (!target.matches?.("input[type=file][data-into]") || !target.files.length) return;
    const field = document.getElementById(target.dataset.into);
    const file = target.files[0];
    field.value = file.size > 100000 ? "" : await file.text();
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });

  // The fields of a licence number write its groups as one types.
  document.addEventListener("input", (event) => {
    const field = event.target;
    if (!field.matches?.("input[data-groups]") || event.isComposing) return;
    const junk = /[\s\u00ad\u200b-\u200d\u2010-\u2015\u2060\u2212\ufeff-]/g;
    const bare = field.value.replace(junk, "").toUpperCase();
    // A text that was pasted with more around the number is left as it is: the server finds the number in it.
    if (!/^[0-9A-Z]{1,29}$/.test(bare)) return;
    const before = field.value.slice(0, field.selectionStart).replace(junk, "").length;
    field.value = bare.replace(/(.{5})(?=.)/g, "$1-");
    const at = before + Math.floor(Math.max(before - 1, 0) / 5);
    field.setSelectionRange(at, at);
  });

  // A conversation that grows is shown at its end, unless the reader looks further up.
  const talk = () => each("[data-talk]", document, (box) => {
    const lines = new EventSource(box.dataset.talk);
    box.scrollTop = box.scrollHeight;
    lines.addEventListener("line", (event) => {
      const it = JSON.parse(event.data);
      const end = box.scrollHeight - box.scrollTop - box.clientHeight < 40;
      const line = document.createElement("p");
      line.className = it.kind;
      line.textContent = it.text;
      box.append(line);
      while (box.childElementCount > 500) box.firstElementChild.remove();
      if (end) box.scrollTop = box.scrollHeight;
    });
    addEventListener("pagehide", () => lines.close());
  });

  // A scan runs while its page is open, and says how far it is.
  const scans = () => each("[data-scan]", document, (box) => {
    const steps = new EventSource(box.dataset.scan);
    steps.addEventListener("progress", (event) => {
      box.querySelector("[data-progress]").textContent = JSON.parse(event.data).text;
    });
    steps.addEventListener("done", (event) => { steps.close(); location.replace(JSON.parse(event.data).to); });
    addEventListener("pagehide", () => steps.close());
  });

  addEventListener("DOMContentLoaded", () => { windows(); live(); talk(); scans(); });
})();
