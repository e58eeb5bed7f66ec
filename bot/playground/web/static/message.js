// One message as an element whose parts are replaced only when they change: a reply that grows
// must not take the focus off its Stop button, nor close a spoiler that was opened.

import { attachment } from "./attachments.js";
import { components } from "./components.js";
import { avatar, byId, h, icon, iconButton } from "./dom.js";
import { inFull, time, when, writeTimes } from "./times.js";

const MULTIPLE = new Set(["attachments", "components"]);

export class MessageElement {
  // `use`: reply(view), edit(view, text), remove(view), press(view, customId),
  // choose(view, customId, values), isBusy(view, customId), jump(id), entries(), apply(view, entry)
  constructor(view, use) {
    this.use = use;
    this.shown = {};
    // What was chosen in selects, by custom id: it shows until the bot sends other components.
    this.chosen = new Map();
    this.element = h("li", { class: "message", id: `message-${view.id}`, "data-message-id": view.id });
    this.parts = {};
    for (const name of ["above", "head", "body", "attachments", "components", "below", "tools"]) {
      this.parts[name] = h("div", { class: name });
      this.element.append(this.parts[name]);
    }
    this.update(view, false);
  }

  update(view, grouped) {
    if (JSON.stringify(view.components) !== JSON.stringify(this.view?.components)) this.chosen.clear();
    this.view = view;
    const { classList } = this.element;
    classList.toggle("grouped", grouped);
    classList.toggle("ephemeral", view.ephemeral);
    classList.toggle("for-me", view.mentions_me);
    this.part("above", [view.reply, view.command], () => this.above());
    this.part("head", [view.author, view.time, grouped], () => this.head(grouped));
    if (!this.editing) this.part("body", [view.html, view.edited, view.thinking], () => this.body());
    this.part("attachments", view.attachments, () => view.attachments.map(attachment));
    const busy = busyIds(view.components, (id) => this.use.isBusy(view, id));
    this.part("components", [view.components, busy, [...this.chosen]], () => this.components());
    this.part("below", [view.ephemeral, this.failure], () => this.below());
    this.part("tools", [view.can_edit, view.can_delete, view.thinking, view.ephemeral, this.use.entries()], () => this.tools());
  }

  part(name, facts, build) {
    const key = JSON.stringify(facts);
    if (this.shown[name] === key) return;
    this.shown[name] = key;
    const focused = this.parts[name].contains(document.activeElement) ? document.activeElement.dataset.customId : null;
    const opened = this.openSpoilers(name);
    const built = build();
    this.parts[name].replaceChildren(...(MULTIPLE.has(name) ? built : [built].flat()).filter(Boolean));
    if (focused) this.parts[name].querySelector(`[data-custom-id="${CSS.escape(focused)}"]`)?.focus();
    [...this.parts[name].querySelectorAll(".spoiler")].forEach((spoiler, index) => {
      if (opened.has(index)) reveal(spoiler);
    });
    writeTimes(this.parts[name]);
  }

  openSpoilers(name) {
    const spoilers = [...this.parts[name].querySelectorAll(".spoiler")];
    return new Set(spoilers.flatMap((spoiler, index) => (spoiler.classList.contains("open") ? [index] : [])));
  }

  above() {
    const { command, reply } = this.view;
    if (command) {
      return [h("div", { class: "reference" }, avatar(command.user), h("b", {}, command.user.name), " used ", h("span", { class: "mention" }, `/${command.name}`))];
    }
    if (!reply) return [];
    if (!reply.id) return [h("div", { class: "reference" }, h("em", {}, "The original message was deleted."))];
    const words = reply.text || (reply.files ? "Click to see the attachment" : "Click to see the message");
    return [h("button", { type: "button", class: "reference", "aria-label": `In reply to ${reply.author.name}: ${words}`, onclick: () => this.use.jump(reply.id) },
      avatar(reply.author), h("b", {}, reply.author.name), h("span", { class: "preview" }, words))];
  }

  head(grouped) {
    const { author } = this.view;
    const date = new Date(this.view.time);
    const stamp = h("time", { datetime: this.view.time, title: inFull(date) }, grouped ? time(date) : when(date));
    if (grouped) return [h("span", { class: "unseen" }, author.name), stamp];
    return [avatar(author), h("b", { class: "name" }, author.name), author.bot ? h("span", { class: "badge" }, "APP") : null, stamp];
  }

  body() {
    const { html, edited, thinking, author } = this.view;
    if (thinking) {
      return [h("div", { class: "thinking" }, h("span", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i")), `${author.name} is thinking…`)];
    }
    const text = h("div", { class: "text", html });
    if (edited) (text.querySelector(":scope > :is(.line, small):last-child") ?? text).append(" ", h("span", { class: "edited" }, "(edited)"));
    return [text];
  }

  components() {
    const { view, use } = this;
    return components(view.components, {
      press: (customId) => use.press(view, customId),
      choose: (customId, values) => {
        this.chosen.set(customId, values);
        use.choose(view, customId, values);
      },
      chosen: (customId) => this.chosen.get(customId),
      isBusy: (customId) => use.isBusy(view, customId),
    });
  }

  below() {
    const lines = [];
    if (this.failure) lines.push(h("p", { class: "failure", role: "alert" }, this.failure));
    if (this.view.ephemeral) {
      lines.push(h("p", { class: "only-you" }, icon("eye"), "Only you can see this · ",
        h("button", { type: "button", class: "as-link", onclick: () => this.use.remove(this.view) }, "Dismiss message")));
    }
    return lines;
  }

  tools() {
    const { view, use } = this;
    if (view.thinking) return [];
    const buttons = [];
    if (!view.ephemeral) buttons.push(iconButton("reply", `Reply to ${view.author.name}`, () => use.reply(view)));
    if (view.can_edit) buttons.push(iconButton("edit", "Edit", () => this.startEdit()));
    if (view.can_delete && !view.ephemeral) buttons.push(iconButton("delete", "Delete", () => use.remove(view)));
    // What stands under "Apps" in a message's menu.
    if (!view.ephemeral) buttons.push(...use.entries().map((name) => h("button", { type: "button", class: "menu-entry", onclick: () => use.apply(view, name) }, name)));
    return buttons;
  }

  // An interaction with this component came to nothing: a choice is taken back.
  unchoose(customId) {
    this.chosen.delete(customId);
  }

  fail(sentence) {
    this.failure = sentence;
    this.part("below", [this.view.ephemeral, sentence], () => this.below());
  }

  startEdit() {
    this.editing = true;
    const field = h("textarea", { class: "edit-field", rows: "1", "aria-label": "Edit your message" });
    field.value = this.view.text;
    const stop = () => {
      this.editing = false;
      this.shown.body = null;
      this.update(this.view, this.element.classList.contains("grouped"));
      byId("message-field")?.focus();
    };
    field.addEventListener("keydown", (event) => {
      if (event.key === "Escape") stop();
      else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        if (field.value.trim() && field.value !== this.view.text) this.use.edit(this.view, field.value);
        stop();
      } else return;
      event.stopPropagation();
    });
    this.parts.body.replaceChildren(field, h("p", { class: "hint" }, "Enter to save, Esc to cancel"));
    field.focus();
  }
}

export function reveal(spoiler) {
  spoiler.classList.add("open");
  spoiler.removeAttribute("role");
  spoiler.removeAttribute("tabindex");
}

function busyIds(list, isBusy) {
  const found = [];
  for (const each of list ?? []) {
    if (each.custom_id && isBusy(each.custom_id)) found.push(each.custom_id);
    found.push(...busyIds(each.components, isBusy));
  }
  return found;
}
