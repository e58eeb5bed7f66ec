// Where messages and commands are written: mentions, commands, files, replies.

import { CommandForm, runnable } from "./command.js";
import { avatar, byId, h, icon, iconButton, toast } from "./dom.js";
import { Picker } from "./picker.js";
import { Uploads } from "./uploads.js";

const TYPING_EVERY_MS = 8000;
const SUGGESTIONS_MAX = 8;

export class Composer {
  // `world`: people(), channels(), roles(), maxBytes(), channel(); `use`: send(fields), run(name, options), autocomplete(...), typing(), editLast()
  constructor(world, use) {
    this.world = world;
    this.use = use;
    this.commands = [];
    this.reply = null;
    this.lastTyping = 0;
    this.field = h("textarea", { id: "message-field", rows: "1", maxlength: "2000", autocomplete: "off", spellcheck: "true" });
    this.picker = new Picker(this.field, "Suggestions");
    this.uploads = new Uploads(() => ({ maxBytes: world.maxBytes() }));
    this.replyBar = h("div", { class: "reply-bar", hidden: true });
    const chooser = h("input", { type: "file", multiple: true, hidden: true, tabindex: "-1", "aria-hidden": "true" });
    chooser.addEventListener("change", () => { this.attach(chooser.files); chooser.value = ""; });
    this.attachButton = iconButton("plus", "Attach files", () => chooser.click());
    this.sendButton = h("button", { type: "button", class: "icon-button send", "aria-label": "Send", title: "Send", onclick: () => this.send() }, icon("send"));
    this.row = h("div", { class: "row" }, this.attachButton, this.field, this.sendButton);
    this.place = h("div", { class: "command-place" });
    byId("composer").append(this.picker.element, this.replyBar, this.uploads.element, this.place, this.row, chooser);
    this.field.addEventListener("input", () => this.changed());
    this.field.addEventListener("click", () => this.suggest());
    this.field.addEventListener("blur", () => this.picker.close());
    this.field.addEventListener("keydown", (event) => this.key(event));
    this.field.addEventListener("paste", (event) => {
      if (!event.clipboardData.files.length) return;
      event.preventDefault();
      this.attach(event.clipboardData.files);
    });
  }

  open(channel) {
    this.cancelReply();
    this.closeCommand(false);
    this.field.disabled = !channel.writable;
    this.attachButton.disabled = !channel.writable;
    const place = channel.direct ? `@${channel.name}` : `#${channel.name}`;
    this.field.placeholder = channel.writable ? `Message ${place}` : "You may not write here";
    this.field.setAttribute("aria-label", this.field.placeholder);
    if (matchMedia("(pointer: fine)").matches) this.field.focus();
  }

  setCommands(commands) {
    this.commands = runnable(commands);
  }

  attach(files) {
    if (this.field.disabled || !files.length) return;
    this.uploads.add(files);
    this.field.focus();
  }

  replyTo(view) {
    this.reply = view;
    this.replyBar.replaceChildren(icon("reply"), h("span", {}, "Replying to ", h("b", {}, view.author.name)), iconButton("close", "Cancel the reply", () => { this.cancelReply(); this.field.focus(); }));
    this.replyBar.hidden = false;
    this.field.focus();
  }

  cancelReply() {
    this.reply = null;
    this.replyBar.hidden = true;
  }

  changed() {
    this.resize();
    const typed = this.field.value.match(/^\/(\S+(?: \S+)*?) ([\s\S]*)$/);
    const exact = typed && this.commands.filter((command) => this.field.value.startsWith(`/${command.name} `)).sort((a, b) => b.name.length - a.name.length)[0];
    if (exact) {
      this.startCommand(exact, this.field.value.slice(exact.name.length + 2));
      return;
    }
    this.suggest();
    if (this.field.value.trim() && !this.field.value.startsWith("/") && Date.now() - this.lastTyping > TYPING_EVERY_MS) {
      this.lastTyping = Date.now();
      this.use.typing();
    }
  }

  resize() {
    this.field.style.height = "auto";
    this.field.style.height = `${this.field.scrollHeight}px`;
  }

  suggest() {
    const before = this.field.value.slice(0, this.field.selectionStart);
    if (before.startsWith("/") && !before.includes("\n")) {
      const wanted = before.slice(1).toLowerCase();
      const fitting = this.commands.filter((command) => command.name.startsWith(wanted) || command.name.split(" ").some((word) => word.startsWith(wanted)));
      this.picker.show(fitting.map((command) => ({
        face: [avatar(this.world.bot()), h("b", {}, `/${command.name}`), h("span", {}, command.description)],
        pick: () => this.startCommand(command, ""),
      })));
      return;
    }
    const mark = before.match(/(^|\s)([@#])([^\s@#]*)$/);
    if (!mark) {
      this.picker.close();
      return;
    }
    const [, , sigil, wanted] = mark;
    const named = sigil === "@" ? this.world.people() : this.world.channels();
    const fitting = named.filter((each) => each.name.toLowerCase().startsWith(wanted.toLowerCase())).slice(0, SUGGESTIONS_MAX);
    this.picker.show(fitting.map((each) => ({
      face: sigil === "@" ? [avatar(each), h("b", {}, each.name), each.bot ? h("span", { class: "badge" }, "APP") : null].filter(Boolean) : [icon("hash"), h("b", {}, each.name)],
      pick: () => this.insert(before.length - wanted.length - 1, before.length, `${sigil}${each.name} `),
    })));
  }

  insert(start, end, text) {
    this.field.setRangeText(text, start, end, "end");
    this.field.focus();
    this.resize();
  }

  key(event) {
    if (this.picker.key(event)) return;
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      this.send();
    } else if (event.key === "Escape" && this.reply) {
      this.cancelReply();
    } else if (event.key === "ArrowUp" && !this.field.value && !event.shiftKey) {
      event.preventDefault();
      this.use.editLast();
    }
  }

  // Names become the ids that Discord's messages hold; the longest name wins.
  encoded() {
    let text = this.field.value;
    for (const [sigil, named] of [["@", this.world.people()], ["#", this.world.channels()]]) {
      for (const each of [...named].sort((a, b) => b.name.length - a.name.length)) {
        const escaped = each.name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
        text = text.replace(new RegExp(`(^|[^\\w<])${sigil}${escaped}(?!\\w)`, "gi"), `$1<${sigil}${each.id}>`);
      }
    }
    return text;
  }

  async send() {
    if (this.sending || this.field.disabled) return;
    if (!this.field.value.trim() && !this.uploads.files.length) return;
    this.sending = true;
    try {
      const uploads = await this.uploads.ids();
      await this.use.send({ content: this.encoded(), uploads, reply_to: this.reply?.id ?? null });
      this.field.value = "";
      this.lastTyping = 0;
      this.resize();
      this.uploads.clear();
      this.cancelReply();
      this.picker.close();
    } catch (error) {
      toast(error.message);
    } finally {
      this.sending = false;
    }
  }

  startCommand(command, text) {
    this.picker.close();
    this.field.value = "";
    this.resize();
    this.form = new CommandForm(command, this.world, {
      submit: async (name, options) => { await this.use.run(name, options); this.closeCommand(true); },
      cancel: () => this.closeCommand(true),
      autocomplete: this.use.autocomplete,
    });
    this.place.replaceChildren(this.form.element);
    this.row.hidden = true;
    this.form.fill(text);
    this.form.focus();
  }

  closeCommand(focus) {
    this.form = null;
    this.place.replaceChildren();
    this.row.hidden = false;
    if (focus) this.field.focus();
  }
}
