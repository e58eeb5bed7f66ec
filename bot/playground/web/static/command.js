// A slash command being filled in: one field for each option, as its type wants it.

import { h, icon, iconButton, toast } from "./dom.js";
import { Picker } from "./picker.js";
import { upload } from "./uploads.js";

const [SUBCOMMAND, GROUP, STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER, ATTACHMENT] = Array.from({ length: 11 }, (_, index) => index + 1);
const AUTOCOMPLETE_AFTER_MS = 180;

// Every command that can be run, subcommands spelled out: { name, description, options }.
export function runnable(commands) {
  const found = [];
  const walk = (command, words) => {
    const nested = (command.options ?? []).filter((option) => option.type === SUBCOMMAND || option.type === GROUP);
    if (nested.length) nested.forEach((each) => walk(each, [...words, each.name]));
    else found.push({ name: words.join(" "), description: command.description ?? "", options: command.options ?? [] });
  };
  commands.filter((command) => (command.type ?? 1) === 1).forEach((command) => walk(command, [command.name]));
  return found;
}

export class CommandForm {
  // `world`: people(), channels(), roles(), maxBytes(); `use`: submit(name, options), cancel(), autocomplete(name, options, focused)
  constructor(command, world, use) {
    this.command = command;
    this.world = world;
    this.use = use;
    this.fields = new Map();
    this.rows = h("div", { class: "options" });
    this.more = h("div", { class: "more" });
    this.element = h("form", { class: "command", "aria-label": `/${command.name}`, onsubmit: (event) => { event.preventDefault(); this.submit(); } },
      h("div", { class: "command-head" }, h("b", {}, `/${command.name}`), h("span", {}, command.description), iconButton("close", "Cancel the command", () => use.cancel())),
      this.rows, this.more,
      h("div", { class: "command-foot" }, h("span", { class: "hint" }, "Enter to send, Esc to cancel"), h("button", { type: "submit", class: "button primary" }, "Send")));
    this.element.addEventListener("keydown", (event) => {
      if (event.key === "Escape") { event.preventDefault(); use.cancel(); }
    });
    command.options.filter((option) => option.required).forEach((option) => this.addField(option));
    if (!this.fields.size && command.options.length) this.addField(command.options[0]);
    this.offer();
  }

  focus() {
    (this.rows.querySelector("input, select, textarea") ?? this.element.querySelector("button[type=submit]")).focus();
  }

  fill(text) {
    const first = this.command.options.find((option) => option.type === STRING && this.fields.has(option.name));
    if (first && text) this.fields.get(first.name).input.value = text;
  }

  offer() {
    const left = this.command.options.filter((option) => !this.fields.has(option.name));
    this.more.replaceChildren(...left.map((option) => h("button", {
      type: "button", class: "chip", title: option.description,
      onclick: () => { this.addField(option); this.offer(); this.fields.get(option.name).input.focus(); },
    }, icon("plus"), option.name)));
  }

  addField(option) {
    const id = `option-${option.name}`;
    const field = this.field(option);
    const { input } = field;
    input.id = id;
    input.setAttribute("aria-describedby", `${id}-about`);
    if (option.required) input.required = true;
    const label = h("label", { for: id }, option.name, option.required ? h("span", { class: "required", title: "required" }, "*") : null);
    const about = h("small", { id: `${id}-about` }, option.description);
    const remove = option.required ? null : iconButton("close", `Leave out ${option.name}`, () => {
      row.remove();
      this.fields.delete(option.name);
      this.offer();
    });
    const row = h("div", { class: "option" }, label, h("div", { class: "control" }, input, field.picker?.element, remove), about);
    this.rows.append(row);
    this.fields.set(option.name, { ...field, option });
  }

  field(option) {
    if (option.autocomplete) return this.autocompleted(option);
    if (option.choices?.length) return select(option.choices.map((choice) => [choice.name, choice.value]));
    switch (option.type) {
      case BOOLEAN: return select([["True", true], ["False", false]]);
      case USER: case MENTIONABLE: return select(this.world.people().map((person) => [person.name, person.id]));
      case CHANNEL: return select(this.world.channels().map((channel) => [`#${channel.name}`, channel.id]));
      case ROLE: return select(this.world.roles().map((role) => [role.name, role.id]));
      case ATTACHMENT: {
        const input = h("input", { type: "file" });
        return { input, value: async () => (input.files[0] ? upload(input.files[0], this.world.maxBytes()) : undefined) };
      }
      case INTEGER: case NUMBER: {
        const input = h("input", { type: "number", step: option.type === INTEGER ? "1" : "any", min: option.min_value?.toString(), max: option.max_value?.toString() });
        return { input, value: () => (input.value === "" ? undefined : Number(input.value)) };
      }
      default: {
        const input = h("textarea", { rows: "1", maxlength: String(option.max_length ?? 6000), autocomplete: "off" });
        input.addEventListener("keydown", (event) => {
          if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
          event.preventDefault();
          this.element.requestSubmit();
        });
        return { input, value: () => input.value || undefined };
      }
    }
  }

  autocompleted(option) {
    const input = h("input", { type: "text", autocomplete: "off", inputmode: option.type === STRING ? undefined : "decimal" });
    const picker = new Picker(input, `Choices for ${option.name}`);
    let chosen = null;
    let waiting;
    let asked = 0;
    const ask = async () => {
      asked += 1;
      const mine = asked;
      const options = { ...await this.values(false), [option.name]: input.value };
      try {
        const choices = await this.use.autocomplete(this.command.name, options, option.name);
        if (mine !== asked || document.activeElement !== input) return;
        picker.show(choices.map((choice) => ({
          face: [choice.name],
          pick: () => { chosen = choice; input.value = choice.name; },
        })));
      } catch (error) {
        toast(error.message);
      }
    };
    input.addEventListener("input", () => {
      chosen = null;
      clearTimeout(waiting);
      waiting = setTimeout(ask, AUTOCOMPLETE_AFTER_MS);
    });
    input.addEventListener("focus", ask);
    input.addEventListener("blur", () => { asked += 1; clearTimeout(waiting); picker.close(); });
    input.addEventListener("keydown", (event) => picker.key(event));
    const typed = () => (option.type === STRING ? input.value : Number(input.value));
    return { input, picker, value: () => (input.value === "" ? undefined : chosen?.value ?? typed()) };
  }

  async values(files) {
    const values = {};
    for (const [name, { option, value }] of this.fields) {
      if (option.type === ATTACHMENT && !files) continue;
      const filled = await value();
      if (filled !== undefined) values[name] = filled;
    }
    return values;
  }

  async submit() {
    const send = this.element.querySelector("button[type=submit]");
    send.disabled = true;
    try {
      await this.use.submit(this.command.name, await this.values(true));
    } catch (error) {
      toast(error.message);
      send.disabled = false;
    }
  }
}

function select(pairs) {
  const input = h("select", {}, h("option", { value: "" }, "Choose…"), ...pairs.map(([name], index) => h("option", { value: String(index) }, name)));
  return { input, value: () => (input.value === "" ? undefined : pairs[Number(input.value)][1]) };
}
