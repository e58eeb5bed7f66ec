// A list of suggestions over a field. The field keeps the focus; arrows move, Enter and Tab pick.

import { h } from "./dom.js";

let count = 0;

export class Picker {
  constructor(field, label) {
    count += 1;
    this.field = field;
    this.id = `picker-${count}`;
    this.element = h("ul", { class: "picker", role: "listbox", id: this.id, "aria-label": label, hidden: true });
    this.items = [];
    field.setAttribute("role", "combobox");
    field.setAttribute("aria-autocomplete", "list");
    field.setAttribute("aria-controls", this.id);
    field.setAttribute("aria-expanded", "false");
  }

  get isOpen() {
    return !this.element.hidden;
  }

  // Each item: { face: [nodes], pick() }
  show(items) {
    this.items = items;
    if (!items.length) {
      this.close();
      return;
    }
    this.element.replaceChildren(...items.map((item, index) => h("li", {
      role: "option",
      id: `${this.id}-${index}`,
      onpointerdown: (event) => { event.preventDefault(); this.pick(index); },
    }, ...item.face)));
    this.element.hidden = false;
    this.field.setAttribute("aria-expanded", "true");
    this.move(0);
  }

  close() {
    this.items = [];
    this.element.hidden = true;
    this.field.setAttribute("aria-expanded", "false");
    this.field.removeAttribute("aria-activedescendant");
  }

  move(index) {
    this.index = (index + this.items.length) % this.items.length;
    [...this.element.children].forEach((option, number) => option.setAttribute("aria-selected", String(number === this.index)));
    const option = this.element.children[this.index];
    this.field.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }

  pick(index = this.index) {
    const item = this.items[index];
    this.close();
    item.pick();
  }

  // True when the key was for the list.
  key(event) {
    if (!this.isOpen || event.isComposing) return false;
    if (event.key === "ArrowDown") this.move(this.index + 1);
    else if (event.key === "ArrowUp") this.move(this.index - 1);
    else if ((event.key === "Enter" && !event.shiftKey) || (event.key === "Tab" && !event.shiftKey)) this.pick();
    else if (event.key === "Escape") this.close();
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }
}
