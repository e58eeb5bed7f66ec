// A form the bot asks a person to fill in.

import { byId, h, iconButton, toast } from "./dom.js";

const LABEL = 18, TEXT_DISPLAY = 10, TEXT_INPUT = 4, RADIO_GROUP = 21;
const PARAGRAPH = 2;

// `submit(values)` sends what was filled in and rejects with the reason when it is not taken.
export function showModal(form, submit) {
  const box = byId("modal");
  const fields = new Map();
  const rows = form.components.map((component) => {
    if (component.type === TEXT_DISPLAY) return h("p", {}, component.content);
    return component.type === LABEL ? row(component, fields) : null;
  });
  const failure = h("p", { class: "failure", role: "alert", hidden: true });
  const send = h("button", { type: "submit", class: "primary" }, "Submit");
  const body = h("form", { onsubmit: async (event) => {
    event.preventDefault();
    send.disabled = true;
    try {
      await submit(Object.fromEntries([...fields].map(([name, read]) => [name, read()])));
      box.close();
    } catch (error) {
      failure.textContent = error.message;
      failure.hidden = false;
      toast(error.message);
    }
    send.disabled = false;
  } }, h("h2", { id: "modal-title" }, form.title), ...rows.filter(Boolean), failure,
  h("div", { class: "modal-foot" }, h("button", { type: "button", onclick: () => box.close() }, "Cancel"), send));
  box.replaceChildren(body, iconButton("close", "Close", () => box.close()));
  box.showModal();
  box.querySelector("textarea, input, select")?.focus();
}

function row(component, fields) {
  const field = component.component;
  const id = `field-${field.custom_id}`;
  const required = field.required ?? true;
  const note = component.description ? h("small", {}, component.description) : null;
  if (field.type === TEXT_INPUT) {
    const tag = field.style === PARAGRAPH ? "textarea" : "input";
    const input = h(tag, { id, required, placeholder: field.placeholder, minlength: field.min_length && String(field.min_length), maxlength: String(field.max_length ?? 4000) });
    input.value = field.value ?? "";
    fields.set(field.custom_id, () => input.value);
    return h("div", { class: "modal-row" }, h("label", { for: id }, component.label), note, input);
  }
  if (field.type === RADIO_GROUP) {
    const buttons = field.options.map((option) => h("label", {}, h("input", { type: "radio", name: id, value: option.value, checked: Boolean(option.default), required }), option.label));
    const group = h("fieldset", { class: "modal-row" }, h("legend", {}, component.label), note, ...buttons);
    fields.set(field.custom_id, () => [group.querySelector(":checked")?.value].filter(Boolean));
    return group;
  }
  const menu = h("select", { id, required, multiple: (field.max_values ?? 1) > 1 },
    ...field.options.map((option) => h("option", { value: option.value, selected: Boolean(option.default) }, option.description ? `${option.label} (${option.description})` : option.label)));
  fields.set(field.custom_id, () => [...menu.selectedOptions].map((option) => option.value));
  return h("div", { class: "modal-row" }, h("label", { for: id }, component.label), note, menu);
}
