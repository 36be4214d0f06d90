// Improvements only: every page works without this file.

// Times in the reader's own zone: on hover, and as the text where `data-local` asks for it.
const local = new Intl.DateTimeFormat("en-GB", {
  weekday: "short", day: "numeric", month: "short", year: "numeric",
  hour: "2-digit", minute: "2-digit", timeZoneName: "short",
});
for (const time of document.querySelectorAll("time[datetime]")) {
  time.title = local.format(new Date(time.dateTime)).replaceAll(",", "");
  if ("local" in time.dataset) time.textContent = time.title;
}

// A page that the browser kept aside shows what was true when it was left (S-102): ask again.
addEventListener("pagehide", ({ persisted }) => (document.documentElement.hidden = persisted));
addEventListener("pageshow", ({ persisted }) => persisted && location.reload());

// <form data-confirm="What will happen?"> asks before it is sent.
document.addEventListener("submit", (event) => {
  const form = event.target, question = form.dataset.confirm, submitter = event.submitter;
  if (!question || form.dataset.confirmed) return;
  event.preventDefault();
  const make = (name, properties) => Object.assign(document.createElement(name), properties);
  const dialog = make("dialog"), choice = make("form", { method: "dialog", className: "actions" });
  choice.append(
    make("button", { className: "button quiet", textContent: "Cancel" }),
    make("button", { className: submitter?.className, textContent: submitter?.firstChild.data, value: "yes" }),
  );
  dialog.append(make("p", { id: "question", textContent: question }), choice);
  dialog.setAttribute("aria-labelledby", "question");
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (dialog.returnValue !== "yes") return;
    form.dataset.confirmed = "yes";
    form.requestSubmit(submitter);
    delete form.dataset.confirmed;
  });
  document.body.append(dialog);
  dialog.showModal();
});

// A double click sends a form once: the second answer would be to a session already changed.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
  setTimeout(() => delete form.dataset.sent, 2000);
});

// <table data-select-all> gets one checkbox in its first head cell, for all in its rows.
for (const table of document.querySelectorAll("table[data-select-all]")) {
  const all = Object.assign(document.createElement("input"), { type: "checkbox", ariaLabel: "Select all" });
  table.tHead.rows[0].cells[0].replaceChildren(all);
  const each = [...table.querySelectorAll("tbody input[type=checkbox]")];
  table.addEventListener("change", ({ target }) => {
    if (target === all) each.forEach((box) => (box.checked = all.checked));
    else all.checked = each.every((box) => box.checked);
  });
}
