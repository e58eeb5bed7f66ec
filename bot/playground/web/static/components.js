// What stands under (or makes up) a message. A new kind of component is one more entry of KINDS.

import { emoji, h, icon } from "./dom.js";
import { Select } from "./select.js";

const STYLES = { 1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "link" };

const KINDS = {
  1: (row, use) => h("div", { class: "action-row" }, ...components(row.components, use)),
  2: button,
  3: (data, use) => new Select(data, use).element,
  10: (text) => h("div", { class: "text", html: text.html }),
  14: (line) => h("hr", { class: line.divider === false ? "separator blank" : "separator" }),
  17: (box, use) => h("div", { class: "container" }, ...components(box.components, use)),
};

// `use` has press(customId) and choose(customId, values); isBusy(customId) while the bot's word is
// awaited; chosen(customId), what was chosen since the bot sent the components.
export function components(list, use) {
  return (list ?? []).map((each) => KINDS[each.type]?.(each, use) ?? null);
}

function button(data, use) {
  const style = STYLES[data.style] ?? "secondary";
  const face = [emoji(data.emoji), data.label].filter(Boolean);
  if (style === "link") {
    // A link without an address is what a disabled link is in HTML.
    const href = data.disabled ? undefined : data.url;
    return h("a", { class: "button link", href, target: "_blank", rel: "noopener noreferrer", role: href ? undefined : "link", "aria-disabled": href ? undefined : "true" }, ...face, icon("link"));
  }
  const busy = use.isBusy(data.custom_id);
  // While busy it is not `disabled`: that would take the focus away.
  return h("button", {
    type: "button",
    class: `button ${style}${busy ? " busy" : ""}`,
    disabled: Boolean(data.disabled),
    "aria-disabled": busy ? "true" : undefined,
    "aria-busy": busy ? "true" : undefined,
    "data-custom-id": data.custom_id,
    onclick: () => { if (!busy) use.press(data.custom_id); },
  }, h("span", { class: "face" }, ...face));
}
