// What stands under (or makes up) a message. A new kind of component is one more entry of KINDS.

import { h, icon } from "./dom.js";

const STYLES = { 1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "link" };

const KINDS = {
  1: (row, use) => h("div", { class: "action-row" }, ...components(row.components, use)),
  2: button,
  10: (text) => h("div", { class: "text", html: text.html }),
  14: (line) => h("hr", { class: line.divider === false ? "separator blank" : "separator" }),
  17: (box, use) => h("div", { class: "container" }, ...components(box.components, use)),
};

// `use` has press(customId), and isBusy(customId) while an answer to a press is awaited.
export function components(list, use) {
  return (list ?? []).map((each) => KINDS[each.type]?.(each, use) ?? null);
}

function button(data, use) {
  const style = STYLES[data.style] ?? "secondary";
  const face = [];
  if (data.emoji?.name) face.push(h("span", { class: "emoji" }, data.emoji.name));
  if (data.label) face.push(data.label);
  if (style === "link") {
    return h("a", { class: "button link", href: data.url, target: "_blank", rel: "noopener noreferrer" }, ...face, icon("link"));
  }
  const busy = use.isBusy(data.custom_id);
  return h("button", {
    type: "button",
    class: `button ${style}${busy ? " busy" : ""}`,
    disabled: Boolean(data.disabled) || busy,
    "aria-busy": busy ? "true" : undefined,
    "data-custom-id": data.custom_id,
    onclick: () => use.press(data.custom_id),
  }, h("span", { class: "face" }, ...face));
}
