// A string select: a button that opens a list. One choice is sent when it is picked, several when
// the list is closed; Escape leaves everything as it was. The button keeps the focus throughout.

import { emoji, h, icon } from "./dom.js";

const GAP_PX = 6;
const LIST_PX = 320;
const LIST_LEAST_PX = 96;
const TYPING_MS = 700;

let count = 0;

export class Select {
  constructor(data, use) {
    count += 1;
    this.id = `select-${count}`;
    this.data = data;
    this.use = use;
    this.least = data.min_values ?? 1;
    this.most = data.max_values ?? 1;
    this.busy = use.isBusy(data.custom_id);
    this.before = use.chosen(data.custom_id)
      ?? data.options.filter((option) => option.default).map((option) => option.value);
    this.values = new Set(this.before);
    this.typed = "";
    const name = data.placeholder || "Make a selection";
    this.face = h("button", {
      type: "button", class: "select-face", role: "combobox",
      disabled: Boolean(data.disabled), "aria-disabled": this.busy ? "true" : undefined, "aria-busy": this.busy ? "true" : undefined,
      "aria-label": name, "aria-haspopup": "listbox", "aria-expanded": "false", "aria-controls": this.id,
      "data-custom-id": data.custom_id,
      onclick: () => (this.isOpen ? this.close(true) : this.open()),
      onkeydown: (event) => this.key(event),
      // Firefox presses a button when the space bar comes up, whatever became of its way down.
      onkeyup: (event) => { if (event.key === " ") event.preventDefault(); },
      onblur: () => this.left(),
    });
    this.list = h("ul", { class: "choices", role: "listbox", id: this.id, "aria-label": name, "aria-multiselectable": this.most > 1 ? "true" : undefined },
      ...data.options.map((option, index) => this.option(option, index)));
    this.menu = h("div", { class: "menu", hidden: true, onmousedown: (event) => event.preventDefault() }, this.list, this.hint());
    this.element = h("div", { class: this.busy ? "select busy" : "select" }, this.face, this.menu);
    this.show();
  }

  get isOpen() {
    return !this.menu.hidden;
  }

  option(option, index) {
    return h("li", { class: "choice", role: "option", id: `${this.id}-${index}`, onclick: () => this.pick(index), onpointermove: () => this.move(index, false) },
      emoji(option.emoji),
      h("span", { class: "words" }, h("b", {}, option.label), option.description ? h("small", {}, option.description) : null),
      icon("check"));
  }

  hint() {
    if (this.most === 1) return null;
    const words = this.least === this.most ? `Choose ${this.most}.` : this.least ? `Choose ${this.least} to ${this.most}.` : `Choose up to ${this.most}.`;
    return h("p", { class: "hint" }, `${words} Closing the list sends the choice.`);
  }

  show() {
    const chosen = this.data.options.filter((option) => this.values.has(option.value));
    const words = chosen.length === 1
      ? [emoji(chosen[0].emoji), chosen[0].label].filter(Boolean)
      : [chosen.map((option) => option.label).join(", ")];
    this.face.replaceChildren(
      h("span", { class: chosen.length ? "words" : "words placeholder" }, ...(chosen.length ? words : [this.face.getAttribute("aria-label")])),
      icon("chevron"));
    const full = this.most > 1 && this.values.size >= this.most;
    [...this.list.children].forEach((item, index) => {
      const selected = this.values.has(this.data.options[index].value);
      item.setAttribute("aria-selected", String(selected));
      item.setAttribute("aria-disabled", String(full && !selected));
    });
  }

  open() {
    if (this.busy || this.data.disabled) return;
    this.menu.hidden = false;
    this.face.setAttribute("aria-expanded", "true");
    // Safari does not focus a button that is clicked.
    this.face.focus();
    this.place();
    this.move(Math.max(0, this.data.options.findIndex((option) => this.values.has(option.value))));
  }

  // Below the button, or above it where that gives more room; never outside the visible messages.
  place() {
    const around = (this.face.closest(".timeline") ?? document.documentElement).getBoundingClientRect();
    const face = this.face.getBoundingClientRect();
    const below = around.bottom - face.bottom - 2 * GAP_PX;
    const above = face.top - around.top - 2 * GAP_PX;
    const up = below < Math.min(LIST_PX, this.menu.scrollHeight) && above > below;
    this.menu.classList.toggle("up", up);
    this.menu.style.maxHeight = `${Math.max(LIST_LEAST_PX, Math.min(LIST_PX, up ? above : below))}px`;
  }

  close(send) {
    if (!this.isOpen) return;
    this.menu.hidden = true;
    this.face.setAttribute("aria-expanded", "false");
    this.face.removeAttribute("aria-activedescendant");
    const values = [...this.values];
    const changed = values.length !== this.before.length || values.some((value) => !this.before.includes(value));
    if (send && changed && values.length >= this.least && values.length <= this.most) {
      this.use.choose(this.data.custom_id, values);
      return;
    }
    this.values = new Set(this.before);
    this.show();
  }

  // The focus went elsewhere: not for a list that the page has just replaced, nor for a window
  // that is only in the background.
  left() {
    setTimeout(() => {
      if (this.element.isConnected && document.activeElement !== this.face) this.close(true);
    });
  }

  pick(index) {
    const { value } = this.data.options[index];
    if (this.values.has(value)) {
      if (this.most > 1 || this.least === 0) this.values.delete(value);
    } else if (this.most === 1) {
      this.values = new Set([value]);
    } else if (this.values.size < this.most) {
      this.values.add(value);
    }
    this.show();
    if (this.most === 1) this.close(true);
  }

  move(index, scroll = true) {
    const items = [...this.list.children];
    this.index = (index + items.length) % items.length;
    items.forEach((item, number) => item.classList.toggle("active", number === this.index));
    this.face.setAttribute("aria-activedescendant", items[this.index].id);
    if (scroll) items[this.index].scrollIntoView({ block: "nearest" });
  }

  key(event) {
    const { key } = event;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const presses = key === "Enter" || (key === " " && !this.typed);
    if (!this.isOpen) {
      if (key !== "ArrowDown" && key !== "ArrowUp" && !presses) return;
      if (!event.repeat) this.open();
    } else if (key === "ArrowDown") this.move(this.index + 1);
    else if (key === "ArrowUp") this.move(this.index - 1);
    else if (key === "Home") this.move(0);
    else if (key === "End") this.move(-1);
    else if (presses) {
      if (!event.repeat) this.pick(this.index);
    } else if (key === "Escape") this.close(false);
    else if (key.length === 1) this.find(key);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  find(letter) {
    clearTimeout(this.forgetting);
    this.forgetting = setTimeout(() => { this.typed = ""; }, TYPING_MS);
    this.typed += letter.toLowerCase();
    const found = this.data.options.findIndex((option) => option.label.toLowerCase().startsWith(this.typed));
    if (found >= 0) this.move(found);
  }
}
